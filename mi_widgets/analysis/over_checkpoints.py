"""The same analysis at every checkpoint of a training run."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace

import xarray as xr
from tqdm.auto import tqdm

from mi_widgets.core.errors import MIError, ResultError
from mi_widgets.core.interventions import Stack
from mi_widgets.core.results import Provenance, Result
from mi_widgets.model.load import load
from mi_widgets.model.model import Model
from mi_widgets.zoo.models import checkpoints

_DIFFERS = "what the analysis did was not the same at every step; the code is that of the first step"


def over_checkpoints(
    name: str,
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
        steps: some of `mi.checkpoints(name)`, drawn in their order; all by default.
        progress: show a bar.

    Returns:
        The analysis's Result with one more axis in front: `step`. Its views have a slider for it;
        `mi.TrainingView` draws it as a curve.

    Raises:
        UnknownCheckpoint: nothing was kept of a step.
        MIError: no steps, or the analysis does not return a Result.
        ResultError: its Results have not all the same axes and labels.
    """
    chosen = _steps(name, steps)
    results: list[Result] = []
    for step in tqdm(chosen, desc=name, unit="checkpoint", disable=not progress, leave=False):
        model = load(name, checkpoint=step)
        results.append(_checked(analysis(model), results))
    first = results[0]
    return Result(
        kind=first.kind,
        title=first.title,
        dataset=_joined(results, chosen),
        primary=first.primary,
        unit=first.unit,
        source=first.source,
        provenance=_provenance(name, chosen, results),
    )


def _steps(name: str, steps: Iterable[int] | None) -> list[int]:
    known = checkpoints(name)
    try:
        chosen = list(known) if steps is None else sorted({operator.index(step) for step in steps})
    except TypeError:
        chosen = []
    if not chosen:
        raise MIError(f"over_checkpoints: steps must be some of {', '.join(map(str, known))}; got {steps!r}.")
    return chosen


def _checked(result: object, before: list[Result]) -> Result:
    if not isinstance(result, Result):
        raise MIError(
            "over_checkpoints: analysis must return a Result, as in lambda model: mi.head_scores(model, 'induction'); "
            f"it returned {type(result).__name__}."
        )
    now = (result.kind, result.primary, result.unit, result.dims, result.values.shape)
    first = before[0] if before else result
    then = (first.kind, first.primary, first.unit, first.dims, first.values.shape)
    if now != then:
        raise ResultError(
            f"over_checkpoints: the analysis returned {then} at one step and {now} at another (kind, variable, unit, "
            "axes, sizes). Measure the same thing at every step."
        )
    return result


def _joined(results: list[Result], steps: list[int]) -> xr.Dataset:
    try:
        datasets = [result.dataset for result in results]
        return xr.concat(datasets, xr.Variable("step", steps), join="exact")
    except ValueError as error:
        raise ResultError(
            f"over_checkpoints: the analysis returned other labels at one step than at another ({error}). Measure the "
            "same thing at every step."
        ) from error


def _provenance(name: str, steps: list[int], results: list[Result]) -> Provenance:
    """The analysis written as a function, so that the code can be run again."""
    made = results[0].provenance
    warnings = dict.fromkeys(w for result in results for w in result.provenance.warnings)
    if any(_doing(result.provenance) != _doing(made) for result in results):
        warnings[_DIFFERS] = None
    given = "" if tuple(steps) == checkpoints(name) else f", steps={steps}"
    return replace(
        made,
        model=name,
        setup="\n".join(["def analysis(model):", *(f"    {line}" for line in _body(name, steps[0], made))]),
        run="",
        call=f"mi.over_checkpoints({name!r}, analysis{given})",
        interventions=Stack(),
        warnings=tuple(warnings),
    )


def _doing(made: Provenance) -> tuple[str, str, object]:
    """What is done to the model of a step, whichever step it is."""
    return made.call, made.run, made.interventions


def _body(name: str, step: int, made: Provenance) -> list[str]:
    loaded = f"mi.load({name!r}, checkpoint={step})"
    lines = [f"return {made.call}"]
    if made.run:
        lines.insert(0, made.run)
    if made.interventions:
        stack = made.interventions
        said = stack if isinstance(stack, str) else stack.code(inline=True)
        lines = [f"with model.intervene({said}):", *(f"    {line}" for line in lines)]
    # An analysis may look at a model made from the one it was given: its untrained control, for example.
    setup = made.setup.replace(loaded, "model")
    return lines if setup == "model = model" else [*setup.splitlines(), *lines]
