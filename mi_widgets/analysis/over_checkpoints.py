"""The same analysis at every checkpoint of a training run, or of any several models."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import xarray as xr
from tqdm.auto import tqdm

from mi_widgets.core.argument_types import checked
from mi_widgets.core.beside import padded_apart
from mi_widgets.core.errors import MIError, ResultError
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Definition, Record
from mi_widgets.core.recording import made_by
from mi_widgets.core.results import Result
from mi_widgets.core.script import body_of
from mi_widgets.model.model import Model

from .checkpoint_series import Checkpoint, Label, series_of

_DIFFERS = "what the analysis did was not the same at every step; the code is that of the first step"


@checked
def over_checkpoints(
    models: str | os.PathLike[str] | Mapping[Any, Any],
    analysis: Callable[[Model], Result],
    *,
    steps: Iterable[Any] | None = None,
    progress: bool = True,
) -> Result:
    """One analysis of a model at every kept step of its training, or of any several models.

    Args:
        models: the name of a shipped model, or a folder that a recipe has written; or a dict of any models by their
            step (a number) or their name (a text), each a Model, a torch module, what else `mi.load` takes, or a
            function without arguments that makes one of these. They are loaded one at a time and let go.
        analysis: what to measure: called with each model, returns a Result; all of one shape. Interventions
            that are active around this call do not reach the steps' models: the analysis makes its own.
        steps: some of `mi.shipped.checkpoints(name)`, drawn in their order, or of the dict's labels; all by default.
        progress: show a bar.

    Returns:
        The analysis's Result with one more axis in front: `step`. Its views have a slider for it;
        `mi.views.TrainingView` draws it as a curve over steps that are whole numbers. Numbers rise along it; names stay
        in the order in which they were given.

    Raises:
        UnknownCheckpoint: nothing was kept of a step.
        MIError: no steps, or the analysis does not return a Result; what went wrong with one model says which.
        ResultError: its Results have not all the same axes and labels.
    """
    series = series_of(models, steps)
    results: list[Result] = []
    made: list[Record] = []
    name = _name(models)
    for checkpoint in tqdm(series, desc=name, unit="checkpoint", disable=not progress, leave=False):
        result, record = checkpoint.with_model(lambda model: _result(analysis(model)))
        results.append(result)
        made.append(record)
        _check_same_measure(results, series)
    first, labels = results[0], [checkpoint.label for checkpoint in series]
    warnings = dict.fromkeys(w for result in results for w in result.warnings)
    if not _same(results, made):
        warnings[_DIFFERS] = None
    # The analysis is written as a function, so that the code can be run again.
    given = {
        "models": _written(models, series, made),
        "analysis": Definition(first.record, made[0]),
        "steps": None if steps is None else labels,
        "progress": progress,
    }
    return Result(
        kind=first.kind,
        title=_title(results, labels),
        dataset=_joined(results, labels),
        primary=first.primary,
        unit=first.unit,
        source=first.source,
        provenance=Provenance(
            name,
            made_by("mi.over_checkpoints", signature(over_checkpoints), given),
            warnings=tuple(warnings),
            seed=first.provenance.seed,
        ),
    )


def _name(models: str | os.PathLike[str] | Mapping[Any, Any]) -> str:
    return f"{len(models)} models" if isinstance(models, Mapping) else os.fspath(models)


def _written(models: Any, series: Sequence[Checkpoint], made: Sequence[Record]) -> Any:
    """The models as code says them: names as they are, all others by what made them."""
    if not isinstance(models, Mapping):
        return os.fspath(models)
    return {
        one.label: os.fspath(one.given) if isinstance(one.given, (str, os.PathLike)) else record
        for one, record in zip(series, made, strict=True)
    }


def _result(found: object) -> Result:
    if not isinstance(found, Result):
        raise MIError(
            "the analysis must return a Result, as in lambda model: mi.head_scores(model, 'induction'); it returned "
            f"{type(found).__name__}."
        )
    return found


def _check_same_measure(results: Sequence[Result], series: Sequence[Checkpoint]) -> None:
    first, last = (
        (each.kind, each.primary, each.unit, each.dims, each.values.shape)
        for each in (results[0], results[-1])
    )
    if last != first:
        raise ResultError(
            f"mi.over_checkpoints: the analysis returned {first} at {series[0].label!r} and {last} at "
            f"{series[len(results) - 1].label!r} (kind, variable, unit, axes, sizes). Measure the same thing at every "
            "step."
        )
    if axis := padded_apart(results[0].to_xarray(), results[-1].to_xarray()):
        raise ResultError(
            f"mi.over_checkpoints: prompts are padded on one side at {series[0].label!r} and on the other at "
            f"{series[len(results) - 1].label!r}, so a column of {axis} is another token in each: run them with the "
            'padding on one side, as in model.run(texts, padding_side="right").'
        )


def _joined(results: list[Result], steps: Sequence[Label]) -> xr.Dataset:
    try:
        datasets = [result.dataset for result in results]
        return xr.concat(datasets, xr.Variable("step", list(steps)), join="exact")
    except ValueError as error:
        raise ResultError(
            f"mi.over_checkpoints: the analysis returned other labels at one step than at another ({error}). Measure "
            "the same thing at every step."
        ) from error


def _title(results: list[Result], steps: Sequence[Label]) -> str:
    """Of the whole: a title that names the model of a step speaks of each step."""
    titles = [
        re.sub(rf" at step {re.escape(str(step))}(?!\d)", " at each step", result.title)
        for result, step in zip(results, steps, strict=True)
    ]
    # Beside one checkpoint all the time, the title at that step itself is another one.
    return max(titles, key=lambda title: (titles.count(title), len(title)))


def _same(results: list[Result], models: list[Record]) -> bool:
    """Whether the same was done to the model of each step."""
    done = [
        body_of(Definition(result.record, model), hash_weights=False)
        for result, model in zip(results, models, strict=True)
    ]
    return all(lines == done[0] for lines in done)
