"""What a Result is as labelled numbers: an array, a table, and a term in arithmetic."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import xarray as xr

from .array_habits import ArrayHabits
from .beside import calculated, padded_apart, unlike
from .errors import NotAnArray, ResultError
from .printed import sizes
from .record import Arithmetic, Part, Record
from .terms import Term, inside, title_of, unit_of

if TYPE_CHECKING:
    import pandas as pd

# How a title writes an operation, and how Python does.
_SIGNS = {
    operator.add: ("+", "+"),
    operator.sub: ("−", "-"),
    operator.mul: ("×", "*"),
    operator.truediv: ("/", "/"),
}


class LabelledNumbers(ArrayHabits, ABC):
    """Numbers with labelled axes, a title and a unit.

    Arithmetic works on the primary variable, keeps the labels, and is written into `code()`: two Results need the same
    labels on each axis that both have, and for sums and differences the same unit. Labels beside those of an axis may
    differ, as tokens of clean and corrupted prompts do: then both are kept, as in "Mary|John".
    """

    unit: str
    provenance: Any

    @property
    @abstractmethod
    def record(self) -> Record:
        """How the numbers were made."""

    @abstractmethod
    def _derived(
        self,
        data: xr.DataArray,
        record: Record,
        *,
        title: str,
        unit: str,
        other: LabelledNumbers | None = None,
    ) -> Self:
        """Numbers that were found from these, and from others."""

    def argmax(self) -> dict[str, Any]:
        """The labels of the largest value, as a view's selection and `sel` take them.

        Raises:
            ResultError: there is no number to compare, or it holds texts.
        """
        data = self._numbers()
        if not data.size or data.isnull().all():
            raise ResultError(f"{self.title} has no numbers, so none of them is the largest.")
        place = np.unravel_index(int(np.nanargmax(data.values)), data.shape)
        return {
            str(d): data[d].values.tolist()[i] if d in data.coords else int(i)
            for d, i in zip(data.dims, place, strict=True)
        }

    def max(self, dim: str | Sequence[str] | None = None) -> Self:
        """The largest values along some axes, or of all; what is no number does not count.

        Args:
            dim: the axes that go.

        Raises:
            ResultError: there is no such axis, or no numbers are there.
        """
        return self._reduced("max", dim)

    def min(self, dim: str | Sequence[str] | None = None) -> Self:
        """The smallest values along some axes, or of all: see `max`."""
        return self._reduced("min", dim)

    def mean(self, dim: str | Sequence[str] | None = None) -> Self:
        """The means over some axes, or of all: see `max`. NaN, as at padding, is no number and does not count."""
        return self._reduced("mean", dim)

    def sum(self, dim: str | Sequence[str] | None = None) -> Self:
        """The sums over some axes, or of all: see `max`. NaN does not count; of nothing else it is NaN."""
        return self._reduced("sum", dim)

    def _reduced(self, how: str, dim: str | Sequence[str] | None) -> Self:
        data, axes = self._numbers(), self._axes(dim)
        if not all(data.sizes[axis] for axis in axes):
            raise ResultError(f"{self.title} has no numbers along {', '.join(axes)}.")
        if dim is not None and not axes:
            return self
        written = "" if dim is None else repr(axes[0] if isinstance(dim, str) else axes)
        where = "" if dim is None else f" over {', '.join(axes)}"
        return self._derived(
            data.sum(axes, min_count=1) if how == "sum" else getattr(data, how)(axes),
            Part(self.record, f".{how}({written})"),
            title=f"{inside(self.title)}: {how}{where}",
            unit=self.unit,
        )

    def _axes(self, dim: str | Sequence[str] | None) -> list[str]:
        """Those that are named, each once; all by default."""
        if dim is None:
            return [*self.dims]
        have = ", ".join(self.dims) or "none"
        if not isinstance(dim, Iterable):
            raise ResultError(f"{self.title}: axes have names, {have}; got {dim!r}.")
        axes = [*dict.fromkeys(map(str, [dim] if isinstance(dim, str) else dim))]
        if missing := [axis for axis in axes if axis not in self.dims]:
            raise ResultError(f"{self.title} has no axis {missing[0]!r}; its axes are {have}.")
        return axes

    def to_pandas(self) -> pd.DataFrame:
        """A table with a row for each number of the primary variable; its labels are the index, tokens columns."""
        data = self._dataset[self.primary]
        if data.ndim:
            return data.to_dataframe()
        return data.expand_dims("row").to_dataframe()

    # -- arithmetic -------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Self:
        return self._with(other, operator.add)

    def __radd__(self, other: Any) -> Self:
        return self._with(other, operator.add, turned=True)

    def __sub__(self, other: Any) -> Self:
        return self._with(other, operator.sub)

    def __rsub__(self, other: Any) -> Self:
        return self._with(other, operator.sub, turned=True)

    def __mul__(self, other: Any) -> Self:
        return self._with(other, operator.mul)

    def __rmul__(self, other: Any) -> Self:
        return self._with(other, operator.mul, turned=True)

    def __truediv__(self, other: Any) -> Self:
        return self._with(other, operator.truediv)

    def __rtruediv__(self, other: Any) -> Self:
        return self._with(other, operator.truediv, turned=True)

    def __neg__(self) -> Self:
        return self._alone(operator.neg, "-{}", f"−({self.title})")

    def __abs__(self) -> Self:
        return self._alone(abs, "abs({})", f"Size of {inside(self.title)}")

    def _alone(self, how: Callable[[Any], Any], written: str, title: str) -> Self:
        return self._derived(
            how(self._numbers()), Arithmetic(written, (self.record,)), title=title, unit=self.unit
        )

    def _with(self, other: Any, how: Callable[[Any, Any], Any], *, turned: bool = False) -> Self:
        mine, theirs = _term(self), _term(other)
        if mine is None or theirs is None:
            if not hasattr(other, "__array__"):
                return NotImplemented
            kinds = [type(other).__name__, "Result"] if turned else ["Result", type(other).__name__]
            raise NotAnArray(
                f"{f' {_SIGNS[how][1]} '.join(kinds)}: an array has no labels or units that can be compared. Calculate "
                "with result.values, or with result.to_xarray()."
            )
        first, second = (theirs, mine) if turned else (mine, theirs)
        if axis := padded_apart(first.data, second.data):
            raise ResultError(
                f"{first.title} and {second.title} are padded on opposite sides, so a column of {axis} is another "
                'token in each: run both with the padding on one side, as in model.run(texts, padding_side="right").'
            )
        try:
            found = calculated(how, first.data, second.data)
        except (ValueError, xr.AlignmentError) as error:
            raise ResultError(
                f"{first.title} ({sizes(first.data)}) and {second.title} ({sizes(second.data)}) have other labels "
                f"on {unlike(first.data, second.data)}: choose the same ones with .sel(…), or calculate with .values, "
                "which have no labels."
            ) from error
        sign, written = _SIGNS[how]
        return self._derived(
            found,
            Arithmetic(f"{{}} {written} {{}}", (first.operand, second.operand)),
            title=title_of(sign, first, second),
            unit=unit_of(sign, first, second),
            other=other if isinstance(other, LabelledNumbers) else None,
        )


def _term(given: Any) -> Term | None:
    if isinstance(given, LabelledNumbers):
        provenance = given.provenance
        under = repr(provenance.interventions) if provenance.interventions else ""
        return Term(given._numbers(), given.title, given.unit, given.record, provenance.model, under)
    if getattr(given, "shape", None) == () and hasattr(given, "item"):  # of numpy or torch
        given = given.item()
    if isinstance(given, Real) and not isinstance(given, bool):
        number = int(given) if isinstance(given, Integral) else float(given)
        return Term(number, "a large number" if abs(number) >= 1e300 else f"{float(number):g}", None, number)
    return None
