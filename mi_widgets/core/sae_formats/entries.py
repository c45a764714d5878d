"""`Entries`: what a config or a weights file holds, each taken once; what nobody took is an error, never dropped."""

from __future__ import annotations

import difflib
import json
import math
import pickle
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import DictionaryError
from ..whole_numbers import whole

_LARGEST_CONFIG = 2**24  # bytes: no config of a dictionary is larger, a hostile one may be


class Entries:
    """Names and values of one file.

    Args:
        path: the file, for messages.
        found: what it holds.
        what: one of them is, `"key"` or `"tensor"`.
    """

    def __init__(self, path: Path, found: Mapping[str, Any], what: str) -> None:
        self.path, self._left, self._what = path, dict(found), what
        self._known: list[str] = []

    @classmethod
    def of_config(cls, path: Path) -> Entries:
        """The keys of a JSON file.

        Raises:
            DictionaryError: damaged, or no JSON object.
        """
        try:
            if path.stat().st_size > _LARGEST_CONFIG:
                raise ValueError(f"it has {path.stat().st_size / 1e6:.0f} MB, as no config has")
            found = json.loads(path.read_text("utf-8"))
            if not isinstance(found, dict):
                raise ValueError(f"it holds a {type(found).__name__}, not names with values")
        except (OSError, ValueError, RecursionError) as error:
            raise DictionaryError(f"{path} is damaged: {error}.") from error
        return cls(path, found, "key")

    @classmethod
    def of_weights(cls, path: Path) -> Entries:
        """The tensors of a file, by what it is called: `.safetensors`, `.npz`, or a PyTorch state dict.

        Raises:
            DictionaryError: damaged, or something else than tensors and numbers in it.
        """
        found = cls(path, _tensors(path), "tensor")
        for name, value in found._left.items():
            numbers = value.float() if value.dtype.itemsize == 1 else value  # torch asks it of no float8
            if numbers.is_floating_point() and not numbers.isfinite().all():
                raise DictionaryError(f"{path} is damaged: {name} holds NaN or infinity.")
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._left

    @property
    def names(self) -> frozenset[str]:
        """Those that nobody took yet."""
        return frozenset(self._left)

    def take(self, *names: str, default: Any = None) -> Any:
        """The value of something that has several names; all of them are known then.

        Raises:
            DictionaryError: it stands there twice, with two values.
        """
        self._known += names
        found = {name: self._left.pop(name) for name in names if name in self._left}
        said = {name: value for name, value in found.items() if value is not None}
        if not said:
            return default
        first, *others = said
        for other in others:
            if not _same(said[first], said[other]):
                raise DictionaryError(
                    f"{self.path} has the {self._what}s {first} and {other}, which mean the same and differ."
                )
        return said[first]

    def need(self, *names: str) -> Any:
        """The value of one that may have several names, the first of which messages call it by.

        Raises:
            DictionaryError: it is not there, or twice with two values.
        """
        if not self._left.keys() & set(names):
            has = ", ".join(sorted(self._left)) or "nothing else"
            raise DictionaryError(f"{self.path} lacks the {self._what} {names[0]}; it has {has}.")
        return self.take(*names)

    def truth(self, name: str) -> bool | None:
        """The value of one that is true or false; None where it is not there.

        Raises:
            DictionaryError: it is neither, as the text "false" is.
        """
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, value, "true or false")
        return value

    def number(self, *names: str) -> int | float | None:
        """The value of one that is a number, in a tensor or alone; None where it is not there.

        Raises:
            DictionaryError: it is none.
        """
        value = self.take(*names)
        single = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
        if single is None:
            return None
        if isinstance(single, bool) or not isinstance(single, int | float) or not math.isfinite(single):
            raise self._wrong(names[0], value, "a number")
        return int(single) if float(single).is_integer() else single

    def whole(self, *names: str) -> int | None:
        """The same of one that is a whole number.

        Raises:
            DictionaryError: it is none.
        """
        value = self.number(*names)
        if isinstance(value, float):
            raise self._wrong(names[0], value, "a whole number")
        return value

    def counts(self, name: str) -> tuple[int, ...]:
        """Several numbers of things, each at least 1; none where it is not there.

        Raises:
            DictionaryError: they are none.
        """
        value = self.take(name)
        listed = value.tolist() if isinstance(value, Tensor) else value
        numbers = [whole(n) for n in listed] if isinstance(listed, list | tuple) else [None]
        if value is not None and any(n is None or n < 1 for n in numbers):
            raise self._wrong(name, value, "a list of whole numbers from 1")
        return () if value is None else tuple(n for n in numbers if n is not None)

    def _wrong(self, name: str, value: Any, wanted: str) -> DictionaryError:
        return DictionaryError(f"{self.path} has {name}={value!r:.60}; it must be {wanted}.")

    def section(self, name: str) -> Entries:
        """The entries inside one of them, which may be missing.

        Raises:
            DictionaryError: it holds none.
        """
        inner = self.take(name, default={})
        if not isinstance(inner, Mapping):
            raise DictionaryError(f"{self.path}: {name} must hold names with values; got {inner!r:.60}.")
        return Entries(self.path, inner, self._what)

    def leave(self, names: Iterable[str]) -> None:
        """Know of some that change no number."""
        for name in names:
            self.take(name)

    def done(self) -> None:
        """Raise `DictionaryError` if something is left: what is not understood may change numbers."""
        if not self._left:
            return
        name = next(iter(self._left))
        near = difflib.get_close_matches(name, self._known, 1)
        shown = "" if self._what == "tensor" else f" ({self._left[name]!r:.60})"
        many = f" and {len(self._left) - 1} more" if len(self._left) > 1 else ""
        raise DictionaryError(
            f"{self.path} has the {self._what} {name!r}{shown}{many}, which is not understood here and may change what "
            f"the dictionary does{f' (did it mean {near[0]}?)' if near else ''}: take it out if it changes nothing."
        )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return torch.equal(torch.as_tensor(one), torch.as_tensor(other))
    return one == other


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix == ".npz":
            return _arrays(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        SafetensorError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
    ) as error:
        raise DictionaryError(f"{path} cannot be read, it is damaged or cut off: {error}") from error
    except pickle.UnpicklingError as error:
        raise DictionaryError(
            f"{path} holds more than tensors, and only tensors are read (a pickle can run code): {error}"
        ) from error
    if not isinstance(found, Mapping):
        raise DictionaryError(f"{path} holds no state dict, but {type(found).__name__}.")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, (Tensor, int, float)):
            raise DictionaryError(
                f"{path}: {name!r} is no tensor but {type(value).__name__}; give a file with the dictionary's tensors "
                "alone, by their names."
            )
    return {
        name: value if isinstance(value, Tensor) else torch.tensor(value) for name, value in found.items()
    }


def _arrays(path: Path) -> dict[str, Tensor]:
    with np.load(path, allow_pickle=False) as file:
        return {name: torch.from_numpy(np.array(file[name])) for name in file.files}
