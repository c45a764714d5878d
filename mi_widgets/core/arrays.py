"""`Array`: an immutable tensor inside a value, compared by its bytes."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .errors import DamagedWeights, InterventionError
from .requirements import kind_of
from .torch_defaults import torch_defaults

_INLINE_BYTES = 64 * 1024  # above it, code() puts the numbers in a file beside the script


class Array:
    """An immutable CPU copy of a tensor, equal and hashed by dtype, shape and bytes.

    Plain tensors in a frozen value break `==` and `hash`; this one keeps both.
    `repr` is short, `code()` is complete: `eval(x.code()) == x`.

        >>> Array([1.0, 2.0]) == Array([1.0, 2.0])
        True
    """

    __slots__ = ("_sha256", "_tensor")

    def __init__(self, values: Any) -> None:
        if isinstance(values, Array):
            values = values._tensor
        try:
            with torch_defaults():
                tensor = torch.as_tensor(
                    np.array(values, order="C") if isinstance(values, np.ndarray) else values
                )
                # A copy of its own: what is expanded has strides that no bytes can be read by.
                self._tensor = tensor.detach().to("cpu").clone(memory_format=torch.contiguous_format)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InterventionError(
                "An Array is made of numbers (a tensor, a numpy array, a list); got "
                f"{kind_of(values)}{_where_numbers_are(values) or f': {error}'}."
            ) from error
        header = f"{self.dtype}{tuple(self._tensor.shape)}".encode()
        self._sha256 = hashlib.sha256(header + self._bytes()).hexdigest()

    def _bytes(self) -> bytes:
        return self._tensor.reshape(-1).view(torch.uint8).numpy().tobytes()

    @property
    def tensor(self) -> Tensor:
        """A copy of the values, free to be changed."""
        return self._tensor.clone()

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes."""
        return tuple(self._tensor.shape)

    @property
    def dtype(self) -> str:
        """The name of the dtype, as in `"float32"`."""
        return str(self._tensor.dtype).removeprefix("torch.")

    @property
    def has_nan(self) -> bool:
        """Whether some of its values are no number."""
        return bool(self._tensor.isnan().any())

    @property
    def sha256(self) -> str:
        """The hash of dtype, shape and bytes: two Arrays are equal when it is."""
        return self._sha256

    @property
    def is_large(self) -> bool:
        """Whether its code puts the numbers into a file."""
        return self._tensor.nbytes > _INLINE_BYTES

    def to(self, like: Tensor) -> Tensor:
        """The values on the device and in the dtype of `like`."""
        return self._tensor.to(device=like.device, dtype=like.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """A copy of the values, as numpy asks for them."""
        exact = (
            self._tensor.float() if self.dtype == "bfloat16" else self._tensor
        )  # numpy has no such numbers
        return np.array(exact.numpy(), dtype)

    def __eq__(self, other: object) -> bool:
        return self._sha256 == other._sha256 if isinstance(other, Array) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._sha256)

    def __repr__(self) -> str:
        sizes = "×".join(str(n) for n in self.shape) or "scalar"
        return f"Array({sizes}, sha256:{self._sha256[:4]}…)"

    def code(self, *, inline: bool = False) -> str:
        """The Python that makes this Array.

        Up to 64 kB the numbers stand in the code (base64); above, they are written to
        `array-<hash>.safetensors` in the working directory, and the code loads that file.

        Args:
            inline: keep the numbers in the code, however many they are.
        """
        if self.is_large and not inline:
            path = f"array-{self._sha256[:12]}.safetensors"
            save_file({"values": self._tensor}, path)
            return f"mi.interventions.Array.load({path!r}, sha256={self._sha256!r})"
        data = base64.b64encode(self._bytes()).decode()
        return f"mi.interventions.Array.decode({data!r}, dtype={self.dtype!r}, shape={self.shape!r})"

    @classmethod
    def decode(cls, data: str, *, dtype: str, shape: tuple[int, ...]) -> Array:
        """The Array that `code()` wrote as base64."""
        flat = (
            torch.frombuffer(bytearray(base64.b64decode(data)), dtype=torch.uint8) if data else torch.empty(0)
        )
        return cls(
            flat.view(getattr(torch, dtype)).reshape(shape)
            if data
            else flat.to(getattr(torch, dtype)).reshape(shape)
        )

    @classmethod
    def load(cls, path: str | Path, *, sha256: str) -> Array:
        """The Array that `code()` wrote to a file.

        Raises:
            DamagedWeights: the file does not hold the numbers the code was written for.
        """
        array = cls(load_file(str(path))["values"])
        if array.sha256 != sha256:
            raise DamagedWeights(
                f"{path} holds other numbers than this code was written for: sha256 {array.sha256[:12]}…, "
                f"expected {sha256[:12]}…. Write the code again, or bring the file that came with it."
            )
        return array


def _where_numbers_are(given: Any) -> str:
    """Where to find numbers in what people give in their place, for a message."""
    if hasattr(given, "to_xarray"):
        return "; its numbers are result.values"
    if hasattr(given, "spans") and hasattr(given, "mask"):
        return "; its numbers are run[site], and mi.patch(site, run) puts them in place in another run"
    listed = given if isinstance(given, (list, tuple)) else [given]
    if any(isinstance(each, str) for each in listed) or (hasattr(given, "keys") and "input_ids" in given):
        return "; of texts, give what a model makes of them: model.run(texts, keep=[site])"
    return ""
