"""Reads a direct logit attribution, and a control of the same terms, from Results."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.control import Control, named, numbers, read_control
from .._shared.given import is_result, refuse_empty, refuse_other

_HOW = "mi.direct_logit_attribution(run, answers) makes one"
# What it has besides the contribution, which is along term: the logit difference, along batch, along term.
_OTHERS = ("logit_diff", "right", "wrong", "layer", "head", "pos", "neuron")
# Terms that an analysis leaves out where they are nothing: the control may have others of them.
_OPTIONAL = ("bias", "interventions")


def attribution_dataset(result: Any, what: str) -> Any:
    """The dataset of an attribution."""
    refuse_other(result, "AttributionView", "a Result, as in mi.direct_logit_attribution(run, answers)")
    data = result.dataset
    missing = [name for name in ("contribution", *_OTHERS) if name not in data.variables]
    if missing:
        raise ResultError(
            f"{what} draws a direct logit attribution; this Result has no {missing[0]!r}. {_HOW}."
        )
    axes = [str(axis) for axis in data["contribution"].dims]
    said = ", ".join(axes) or "none"
    if "term" not in axes:
        raise ResultError(
            f"{what} needs the axis term; the axes of this Result are {said}. To look at one term, leave "
            ".sel(term=…) out and select it in the view."
        )
    more = [axis for axis in axes if axis not in ("batch", "term")]
    if more:
        raise ResultError(
            f"{what} draws the axes batch and term; the axes of this Result are {said}. Choose with "
            f".sel({more[0]}=…)."
        )
    refuse_empty(result, data["contribution"])
    return data


def names_of(data: Any) -> list[str]:
    """The names of the terms, in the order of the forward pass."""
    names = [str(name) for name in data["term"].values] if "term" in data.coords else []
    if len(set(names)) != data.sizes["term"]:
        twice = next((name for name, n in Counter(names).items() if n > 1), None)
        found = f"{twice!r} is there twice" if twice is not None else "there are no names"
        raise ResultError(f"The terms of an attribution have a name each; {found}. {_HOW}.")
    return names


def rows_of(data: Any, name: str) -> np.ndarray:
    """A variable as (batch, term), whatever the order was, and whether one prompt was chosen or there are several."""
    return np.atleast_2d(data.variables[name].transpose("batch", "term", missing_dims="ignore").values)


def control_of(given: Any, names: list[str], shape: tuple[int, int]) -> Control | None:
    """The numbers of the same terms on a baseline."""
    if given is None:
        return None
    name, part = named(given, "control")
    values = _matched(part, names) if is_result(part) else np.atleast_2d(numbers(part))
    if len(values) == 1:  # one prompt is a control of all
        values = np.broadcast_to(values, (shape[0], values.shape[1]))
    read = read_control({name: values}, "control", shape)
    return read and replace(read, given=given)


def _matched(control: Any, names: list[str]) -> np.ndarray:
    """The control's numbers in the order of our terms; 0 for a bias that one of the two does not have."""
    data = attribution_dataset(control, "control=")
    values = rows_of(data, "contribution")
    theirs = dict(zip(names_of(data), values.T, strict=True))
    ours = set(names)
    for mine, other, whose in ((names, theirs, "control has no"), (theirs, ours, "control has a")):
        odd = next((name for name in mine if name not in other and not name.endswith(_OPTIONAL)), None)
        if odd is not None:
            where = "" if mine is names else ", which the Result has not"
            raise ResultError(
                f"{whose} term {odd!r}{where}: measure the same on both, with the same by= and prompts as long."
            )
    nothing = np.zeros(len(values))
    return np.stack([theirs.get(name, nothing) for name in names], axis=1).astype(np.float32)
