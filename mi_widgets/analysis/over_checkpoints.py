"""The same analysis at every checkpoint of a training run."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Callable, Iterable
from inspect import signature

import xarray as xr
from tqdm.auto import tqdm

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MIError, ResultError
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Definition, Record
from mi_widgets.core.recording import made_by
from mi_widgets.core.results import Result
from mi_widgets.core.script import body_of
from mi_widgets.model.load import load
from mi_widgets.model.model import Model
from mi_widgets.zoo.shipped import checkpoints

_DIFFERS = "what the analysis did was not the same at every step; the code is that of the first step"


@checked
def over_checkpoints(
    name: str | os.PathLike[str],
    analysis: Callable[[Model], Result],
    *,
    steps: Iterable[int] | None = None,
    progress: bool = True,
) -> Result:
    """One analysis of a model at every kept step of its training.

    Args:
        name: of a shipped model, or a folder that a recipe has written.
        analysis: what to measure: called with the model of each step, returns a Result; all of one shape. Interventions
            that are active around this call do not reach the steps' models: the analysis makes its own.
        steps: some of `mi.shipped.checkpoints(name)`, drawn in their order; all by default.
        progress: show a bar.

    Returns:
        The analysis's Result with one more axis in front: `step`. Its views have a slider for it;
        `mi.views.TrainingView` draws it as a curve.

    Raises:
        UnknownCheckpoint: nothing was kept of a step.
        MIError: no steps, or the analysis does not return a Result.
        ResultError: its Results have not all the same axes and labels.
    """
    name = os.fspath(name)
    chosen = _steps(name, steps)
    results: list[Result] = []
    models: list[Record] = []
    for step in tqdm(chosen, desc=name, unit="checkpoint", disable=not progress, leave=False):
        model = load(name, checkpoint=step)
        models.append(model.record)
        results.append(_same_measure(analysis(model), results))
    first = results[0]
    warnings = dict.fromkeys(w for result in results for w in result.warnings)
    if not _same(results, models):
        warnings[_DIFFERS] = None
    # The analysis is written as a function, so that the code can be run again.
    given = {
        "name": name,
        "analysis": Definition(first.record, models[0]),
        "steps": None if steps is None else chosen,
        "progress": progress,
    }
    return Result(
        kind=first.kind,
        title=_title(results, chosen),
        dataset=_joined(results, chosen),
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


def _steps(name: str, steps: Iterable[int] | None) -> list[int]:
    known = checkpoints(name)
    try:
        chosen = list(known) if steps is None else sorted({operator.index(step) for step in steps})
    except TypeError:
        chosen = []
    if not chosen:
        raise MIError(
            f"mi.over_checkpoints: steps must be some of {', '.join(map(str, known))}; got {steps!r}."
        )
    return chosen


def _same_measure(result: object, before: list[Result]) -> Result:
    if not isinstance(result, Result):
        raise MIError(
            "mi.over_checkpoints: analysis must return a Result, as in lambda model: mi.head_scores(model, "
            f"'induction'); it returned {type(result).__name__}."
        )
    now = (result.kind, result.primary, result.unit, result.dims, result.values.shape)
    first = before[0] if before else result
    then = (first.kind, first.primary, first.unit, first.dims, first.values.shape)
    if now != then:
        raise ResultError(
            f"mi.over_checkpoints: the analysis returned {then} at one step and {now} at another (kind, variable, "
            "unit, axes, sizes). Measure the same thing at every step."
        )
    return result


def _joined(results: list[Result], steps: list[int]) -> xr.Dataset:
    try:
        datasets = [result.dataset for result in results]
        return xr.concat(datasets, xr.Variable("step", steps), join="exact")
    except ValueError as error:
        raise ResultError(
            f"mi.over_checkpoints: the analysis returned other labels at one step than at another ({error}). Measure "
            "the same thing at every step."
        ) from error


def _title(results: list[Result], steps: list[int]) -> str:
    """Of the whole: a title that names the model of a step speaks of each step."""
    titles = [
        re.sub(rf" at step {step}(?!\d)", " at each step", result.title)
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
