"""`Result`: labelled numbers with their unit, their source and how they were made.

A Result wraps one `xarray.Dataset`. It never runs a model again. What draws it is looked up in a
registry of import paths, so that this layer needs to know no picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .argument_types import argument_type, checked
from .dataset_files import write_dataset
from .errors import ResultError
from .frozen import frozen
from .labelled import LabelledNumbers
from .pictures import PLOTS, VIEWS, drawn_by
from .printed import largest, sizes, span
from .provenance import Provenance
from .provenance_files import provenance_from_json, provenance_to_json
from .record import Part, Placeholder, Record
from .recording import kept, serial
from .requirements import kind_of
from .script import code_of
from .units import check_units


@argument_type("mi.attention(run)")
@checked
class Result(LabelledNumbers):
    """Labelled numbers: one Dataset, its primary variable, unit, source and provenance.

    Args:
        kind: what it is, as in `"attention"`: chooses its view.
        title: for people.
        dataset: the numbers; copied to read-only CPU float32 or int64 (labels stay text). Every other variable
            of floats says its unit in its attribute `units`; ids, counts and texts have none unless they say one.
        primary: the variable that `.values` and pictures show.
        unit: of the primary variable, as in `"probability"` or `"nats"`.
        source: the paper and section that define it.
        provenance: how it was made.
    """

    def __init__(
        self,
        *,
        kind: str,
        title: str,
        dataset: xr.Dataset,
        primary: str,
        unit: str,
        source: str,
        provenance: Provenance,
    ) -> None:
        if primary not in dataset:
            raise ResultError(
                f"Result {kind!r} has no variable {primary!r}; its variables are {', '.join(map(str, dataset))}."
            )
        check_units(kind, dataset, primary)
        self.kind, self.title, self.primary = kind, title, primary
        self.unit, self.source, self.provenance = unit, source, provenance
        self._dataset = frozen(dataset)
        self._dataset[primary].attrs["units"] = unit

    @property
    def model_name(self) -> str:
        """The name of the model it was measured on."""
        return self.provenance.model

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to beware of in these numbers."""
        return self.provenance.warnings

    @property
    def dataset(self) -> xr.Dataset:
        """All variables with their labels, read-only."""
        return self._dataset

    def to_xarray(self) -> xr.DataArray:
        """The primary variable with its labels, as a copy of your own."""
        return self._dataset[self.primary].copy(deep=True)

    def to_dataset(self) -> xr.Dataset:
        """All variables, as a copy of your own."""
        return self._dataset.copy(deep=True)

    def sel(self, **indexers: Any) -> Result:
        """The part at some labels, as `xarray.Dataset.sel` chooses it.

        Args:
            indexers: a label, several of them, or a slice, for each dimension.

        Raises:
            ResultError: a dimension or a label that is not there, or points along an axis of their own.
        """
        chosen = {name: _labels(value, name) for name, value in indexers.items()}
        written = ", ".join(f"{name}={labels!r}" for name, labels in chosen.items())
        try:
            part = self._dataset.sel(chosen)  # what is written is what is chosen
        except Exception as error:  # of xarray or pandas, each its own
            has = ", ".join(f"{d} {span(self._dataset[d].values)}" for d in self.dims)
            raise ResultError(f"sel({written}) found nothing; {self.title} has {has}.") from error
        return Result(
            kind=self.kind,
            title=self.title,
            dataset=part,
            primary=self.primary,
            unit=self.unit,
            source=self.source,
            provenance=self._part(f".sel({written})"),
        )

    def __getitem__(self, variable: str) -> Result:
        """The same numbers with another variable as the primary one: what `.values` and pictures show.

        Raises:
            ResultError: there is no such variable.
        """
        if not isinstance(variable, str) or variable not in self._dataset.data_vars:
            raise ResultError(self._no_variable(variable))
        return Result(
            kind=self.kind,
            title=f"{self.title}: {variable.replace('_', ' ')}",
            dataset=self._dataset,
            primary=variable,
            unit=str(self._dataset[variable].attrs.get("units", "")),
            source=self.source,
            provenance=self._part(f"[{str(variable)!r}]"),
        )

    @property
    def record(self) -> Record:
        """How it was made: calls, with all their arguments."""
        return self.provenance.record or Placeholder(f"your {self!r}", token=serial(self))

    def with_record(self, record: Record) -> Result:
        """The same numbers, made by another call."""
        same = copy(self)
        same.provenance = replace(self.provenance, record=record)
        return same

    def code(self) -> str:
        """The Python that makes this Result; its last line assigns `result`."""
        return code_of(self.record, "result")

    def _no_variable(self, given: Any) -> str:
        axis = next(iter(self.dims), "layer")
        if isinstance(given, str) and given in self._dataset.coords:
            return (
                f"{self.title} has labels {given!r}, which are no variable: read them in result.dataset[{given!r}], "
                f"and choose numbers by labels with result.sel({axis}=…)."
            )
        names = ", ".join(map(str, self._dataset))
        said = (
            f"{self.title} has no variable {given!r}; it has {names}"
            if isinstance(given, str)
            else f"result[…] takes the name of a variable ({names}); got {kind_of(given)}"
        )
        return f"{said}. Numbers are chosen by labels, result.sel({axis}=…), or by places, result.values[…]."

    def _part(self, chosen: str) -> Provenance:
        return replace(self.provenance, record=Part(self.record, chosen))

    def _derived(
        self,
        data: xr.DataArray,
        record: Record,
        *,
        title: str,
        unit: str,
        other: LabelledNumbers | None = None,
    ) -> Result:
        provenance = replace(self.provenance, record=record)
        if other is not None:
            provenance = provenance.with_other(other.provenance)
        return Result(
            kind="numbers",
            title=title,
            # Not `data` itself: its attributes are those of what it was found from.
            dataset=xr.Dataset({"value": (data.dims, data.values)}, coords=data.coords),
            primary="value",
            unit=unit,
            source=self.source,
            provenance=provenance,
        )

    def view(self, **options: Any) -> Any:
        """The widget that draws this Result.

        Raises:
            ResultError: no view is registered for its kind.
        """
        view = drawn_by(VIEWS, self.kind)
        if view is None:
            raise ResultError(
                f"There is no view for {self.kind!r} yet (there is for {', '.join(sorted(VIEWS))}): "
                "use .plot(), .to_xarray() or .values."
            )
        return view(self, **options)

    def plot(self) -> Any:
        """The Result as a matplotlib Figure, for print."""
        return drawn_by(PLOTS, self.kind)(self)

    @checked
    def save(self, path: str | Path) -> None:
        """Write everything to one file (safetensors); `mi.load_result` reads it."""
        write_dataset(self._dataset, _metadata(self), path)

    # A pickle, as of joblib or multiprocessing, holds what a file does. The library reads none.

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (self._dataset, _metadata(self))

    def __copy__(self) -> Result:
        same = Result.__new__(type(self))
        vars(same).update(vars(self))
        return same

    def __deepcopy__(self, memo: dict[int, Any]) -> Result:
        same = copy(self)
        same._dataset = frozen(self._dataset)
        return same

    def __repr__(self) -> str:
        return f"Result {self.title!r}{self._about()}"

    def __str__(self) -> str:
        """What it is, and its largest values with their labels."""
        active = self.provenance.active
        under = [f"  under {active:.100}"] if active else []
        return "\n".join([f"{self.title}{self._about()}", *under, *largest(self._dataset, self.primary)])

    def _about(self) -> str:
        # The title of a difference of two models names them.
        named = all(model in self.title for model in self.model_name.split(" and "))
        of = "" if named else f" of {self.model_name}"
        unit = f" in {self.unit}" if self.unit else ""
        return f"{of} ({sizes(self._dataset[self.primary])}){unit}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Drawn by its view where there is one, else as a figure, with the text beside it."""
        said = {"text/plain": str(self)}
        if drawn_by(VIEWS, self.kind) is not None:
            with suppress(ResultError):  # a part of what its view draws
                data, metadata = self.view()._repr_mimebundle_(**options)
                return {**data, **said}, metadata
        with suppress(ResultError):  # texts have no figure
            return {**said, "image/png": self.plot()._repr_png_()}
        return said


def restored(dataset: xr.Dataset, about: Mapping[str, Any]) -> Result:
    """A Result of its numbers, and of what a file or a pickle says about them."""
    return Result(
        kind=about["kind"],
        title=about["title"],
        dataset=dataset,
        primary=about["primary"],
        unit=about["unit"],
        source=about["source"],
        provenance=provenance_from_json(about["provenance"]),
    )


def _metadata(result: Result) -> dict[str, Any]:
    """Everything but the numbers, as JSON can hold it."""
    return {
        "kind": result.kind,
        "title": result.title,
        "primary": result.primary,
        "unit": result.unit,
        "source": result.source,
        "provenance": provenance_to_json(result.provenance),
    }


def _labels(value: Any, name: str) -> Any:
    """Labels as they are written out, however many: nobody else could bring them."""
    along = ", ".join(map(str, getattr(value, "dims", ())))
    if along not in ("", name):
        raise ResultError(
            f"sel takes labels of {name}; these are points along {along}. Choose points in xarray, as in "
            f"result.to_dataset().sel({name}=…)."
        )
    if hasattr(value, "shape"):
        return np.asarray(value).tolist()
    return kept([*value] if isinstance(value, tuple) else value, name)
