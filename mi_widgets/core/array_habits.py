"""What people do with arrays by habit: functions of numpy and torch, comparisons, and errors where labels forbid it."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import xarray as xr

from .argument_types import kind_of
from .errors import NotAnArray
from .printed import sizes

_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}


class ArrayHabits:
    """Numbers that libraries take for an array, and of which a single one acts as a float."""

    title: str
    primary: str
    _dataset: xr.Dataset

    @property
    def values(self) -> np.ndarray:
        """The primary variable's numbers, read-only."""
        return self._dataset[self.primary].values

    @property
    def dims(self) -> tuple[str, ...]:
        """The axes of the primary variable."""
        return tuple(map(str, self._dataset[self.primary].dims))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many labels there are on each axis."""
        return self._dataset[self.primary].shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The primary variable's numbers, as numpy asks for them."""
        return np.array(self.values, dtype) if copy or dtype is not None else self.values

    __array_priority__ = 1000  # numpy's numbers leave arithmetic to us

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """numpy's functions see the numbers."""
        return function(*_arrays(args), **_arrays(kwargs))

    def __dlpack__(self, **options: Any) -> Any:
        """The numbers as `torch.tensor` asks for them; a copy, since a tensor can be written."""
        self._numbers()  # texts make no tensor
        return np.array(self.values).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()

    # One number acts as a float; of several, `.values` do.

    def __float__(self) -> float:
        """The one number that there is."""
        if self.values.size != 1:
            self._refuse("choose one with .sel(…), or use .max(), .mean() or .values.")
        return float(self._numbers().values.reshape(()))

    def __int__(self) -> int:
        return int(float(self))

    def __bool__(self) -> bool:
        if self.values.size != 1:
            self._refuse(
                "it is neither true nor false: write result.values.any() or .all(), or result is not None."
            )
        return bool(float(self))

    def __round__(self, digits: int | None = None) -> float:
        if self.values.size != 1:
            self._refuse(f"write np.round(result, {digits or 0}).")
        return round(float(self), digits)

    def __format__(self, how: str) -> str:
        return format(float(self), how) if how else str(self)

    def __lt__(self, other: Any) -> bool:
        return self._compared("<", other)

    def __le__(self, other: Any) -> bool:
        return self._compared("<=", other)

    def __gt__(self, other: Any) -> bool:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> bool:
        return self._compared(">=", other)

    def __eq__(self, other: object) -> bool:
        return self is other or self._compared("==", other)

    __hash__ = object.__hash__

    def _compared(self, sign: str, other: Any) -> bool:
        kind = str if self.values.dtype.kind in "USO" else Real
        value: Any = other
        if isinstance(other, ArrayHabits):
            single, said, written = other.values.size == 1, other._title_with_sizes(), "other.values"
            value = other.values.item() if single else None
        elif isinstance(other, kind) or getattr(other, "shape", None) == ():
            single, said, written = True, repr(other), repr(other)
        elif hasattr(other, "__array__") or isinstance(other, (list, tuple)):
            single, said, written = False, kind_of(other), "other"
        else:
            return NotImplemented
        if single and self.values.size == 1:
            return bool(_COMPARISONS[sign](self.values.item(), value))
        together = "" if single or sign != "==" else " (and np.array_equal(result, other) all of them)"
        raise NotAnArray(
            f"{sign} compares one value with one; here are {self._title_with_sizes()} and {said}. Write "
            f"result.values {sign} {written}, which compares each{together}."
        )

    # Over which axis they go their labels do not say.

    def __len__(self) -> int:
        """Of the first axis, as of an array."""
        if not self.dims:
            raise NotAnArray(f"{self.title} is one number, without a length: write float(result).")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.dims:
            raise NotAnArray(f"{self.title} is one number, with nothing to go through: write float(result).")
        axis = self.dims[0]
        raise NotAnArray(
            f"{self._title_with_sizes()} is not gone through by itself: go through result.values, or its parts, "
            f"as in [result.sel({axis}=n) for n in result.dataset[{axis!r}].values]. The largest is result.max()."
        )

    def __contains__(self, value: object) -> bool:
        raise NotAnArray(
            f"What {self._title_with_sizes()} holds is asked of its numbers: write {value!r:.40} in result.values."
        )

    def _refuse(self, instead: str) -> NoReturn:
        data = self._dataset[self.primary]
        raise NotAnArray(f"{self.title} has {data.size:,} numbers ({sizes(data)}), not one: {instead}")

    def _title_with_sizes(self) -> str:
        return f"{self.title} ({sizes(self._dataset[self.primary])})"

    if not TYPE_CHECKING:  # which would take every name for one of ours

        def __getattr__(self, name: str) -> Any:
            written = [
                f"result.{way}.{name}{'(…)' if callable(getattr(of, name)) else ''}"
                for of, way in ((np.ndarray, "values"), (xr.DataArray, "to_xarray()"))
                if not name.startswith("_") and hasattr(of, name)
            ]
            hint = f": write {' or, with labels, '.join(written)}" if written else ""
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self
            )

    def _numbers(self) -> xr.DataArray:
        data = self._dataset[self.primary]
        if data.dtype.kind not in "fiub":
            raise NotAnArray(
                f"{self.title} holds texts ({self.primary}), with which nothing can be calculated."
            )
        return data.astype(np.int64) if data.dtype.kind == "b" else data


def _arrays(given: Any) -> Any:
    """Arrays in the place of Results, in lists too."""
    if isinstance(given, ArrayHabits):
        return given.values
    if isinstance(given, dict):
        return {name: _arrays(each) for name, each in given.items()}
    return [*map(_arrays, given)] if isinstance(given, (list, tuple, deque)) else given
