"""What people do with arrays by habit: functions of numpy and torch, comparisons, and errors where labels forbid it."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import xarray as xr

from .beside import padded_apart
from .errors import NotAnArray
from .printed import sizes
from .requirements import kind_of
from .without_nan import without_nan

_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
# What numpy makes of an operator with an array on its left: of which method of ours, and of which sign seen from here.
_ARITHMETIC = {np.add: "add", np.subtract: "sub", np.multiply: "mul", np.true_divide: "truediv"}
_MIRRORED = {
    np.less: ">",
    np.less_equal: ">=",
    np.greater: "<",
    np.greater_equal: "<=",
    np.equal: "==",
    np.not_equal: "!=",
}


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
        """numpy's functions see the numbers; those that reduce an axis leave out what is no number, as the methods do.

        Raises:
            NotAnArray: Results with other labels, or an option that the methods do not have.
        """
        found = without_nan(self, function, args, kwargs)
        if found is not NotImplemented:
            return found
        _check_same_labels(function, [*_results_in((args, kwargs))])
        return function(*_arrays(args), **_arrays(kwargs))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Functions of a Result see its numbers; several need the same labels; arithmetic is that of the operators.

        Raises:
            NotAnArray: Results with other labels.
        """
        if method == "__call__" and not options and len(inputs) == 2:
            found = _as_operator(ufunc, *inputs)
            if found is not NotImplemented:
                return found
        if method == "__call__":
            _check_same_labels(ufunc, [*_results_in(inputs)])
        if "out" in options:
            options["out"] = tuple(_arrays(options["out"]))
        return getattr(ufunc, method)(*_arrays(inputs), **options)

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

    def __ne__(self, other: object) -> bool:
        return self is not other and self._compared("!=", other)

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
        together = (
            "" if single or sign not in ("==", "!=") else " (and np.array_equal(result, other) all of them)"
        )
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


def _as_operator(ufunc: Any, first: Any, second: Any) -> Any:
    """What an operator makes of two inputs, where numpy was asked for one; otherwise NotImplemented."""
    ours, theirs = isinstance(first, ArrayHabits), isinstance(second, ArrayHabits)
    if ufunc in _MIRRORED and theirs and not ours and hasattr(first, "dtype"):
        return second._compared(_MIRRORED[ufunc], first)
    number = isinstance(second, Real) or getattr(second, "shape", None) == ()
    if ufunc in _ARITHMETIC and ours and (theirs or number):
        return getattr(first, f"__{_ARITHMETIC[ufunc]}__")(second)
    if ufunc in _ARITHMETIC and theirs:
        return getattr(second, f"__r{_ARITHMETIC[ufunc]}__")(first)
    return NotImplemented


def _check_same_labels(function: Any, results: Sequence[ArrayHabits]) -> None:
    """Raise `NotAnArray` unless places are labels in all; a single number goes with any."""
    several = [result for result in results if result.dims]
    for other in several[1:]:
        _check_same_labels_of_two(function, several[0], other)


def _check_same_labels_of_two(function: Any, first: ArrayHabits, second: ArrayHabits) -> None:
    one, other = (result._dataset[result.primary] for result in (first, second))
    alike = one.dims == other.dims and all(
        one[axis].variable.equals(other[axis].variable) for axis in one.dims
    )
    if axis := padded_apart(one, other):
        raise NotAnArray(
            f"np.{function.__name__} goes by places, and along {axis} they are other tokens in "
            f"{first._title_with_sizes()} than in {second._title_with_sizes()}, padded on opposite sides: run both "
            'with the padding on one side, as in model.run(texts, padding_side="right").'
        )
    # A matrix times another goes along the columns of one and the rows of the other.
    matrices = getattr(function, "signature", None) or (function is np.dot and one.ndim > 1)
    if matrices or not alike:
        instead = "" if matrices else "choose the same labels with .sel(…), or "
        name = f"np.{function.__name__}"
        of_two = getattr(function, "nin", 0) == 2 or function is np.dot
        written = f"write {name}(one.values, other.values)" if of_two else f"give {name} the .values of each"
        raise NotAnArray(
            f"{name} goes by places, which are other labels in {first._title_with_sizes()} than in "
            f"{second._title_with_sizes()}: {instead}{written}."
        )


def _results_in(given: Any) -> Iterator[ArrayHabits]:
    """The Results among arguments, in lists too."""
    if isinstance(given, ArrayHabits):
        yield given
    elif isinstance(given, (dict, list, tuple, deque)):
        for each in given.values() if isinstance(given, dict) else given:
            yield from _results_in(each)


def _arrays(given: Any) -> Any:
    """Arrays in the place of Results, in lists too."""
    if isinstance(given, ArrayHabits):
        return given.values
    if isinstance(given, dict):
        return {name: _arrays(each) for name, each in given.items()}
    return [*map(_arrays, given)] if isinstance(given, (list, tuple, deque)) else given
