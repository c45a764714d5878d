"""What the attribution view reads from a Result: its terms, what they add up to, and a control of the same terms."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.control import Control, named, numbers, read_control
from .._shared.given import header_of, is_result, kind_of
from .._shared.labels import labels_of
from .._shared.numbers import reading
from .parts import read_parts

_HOW = "mi.direct_logit_attribution(run, pair) makes one"
_VARIABLES = ("contribution", "logit_diff")
_COORDINATES = ("layer", "head", "pos", "neuron")  # along term
_ANSWERS = ("right", "wrong")  # along batch
# Terms that an analysis leaves out where they are nothing: the control may have others of them.
_OPTIONAL = ("bias", "interventions")


class Terms:
    """The terms of a direct logit attribution, one row a prompt.

    Attributes:
        names: Of the terms, in the order of the forward pass.
        values: What each adds, float32, (batch, term).
        differences: The logit differences, float32, (batch,).
        parts: Where in the model each term stands.
        positions: Of the token that a term moves, -1 for none, (term,).
        tokens: The text of the token that each term moves, "" where it moves none, (batch, term).
        batch: The labels of the prompts.
        right, wrong: The texts of the answers, one a prompt.
        control: The same terms on a baseline, (batch, term), or None.
        title, model_name, unit: Of the Result.
        header: What the view's header says, for the browser.

    Raises:
        ResultError: Something else than an attribution, one that has lost its terms, or a control of other terms.
    """

    def __init__(self, result: Any, control: Any = None):
        data = _checked(result, "AttributionView")
        self.title, self.model_name, self.unit = str(result.title), str(result.model_name), str(result.unit)
        self.names = _names(data)
        self.values = _rows(data["contribution"])
        self.differences = np.atleast_1d(np.asarray(data["logit_diff"].values, np.float32))
        self.batch = _batch(data)
        self.right, self.wrong = (
            [str(text) for text in np.atleast_1d(data[name].values)] for name in _ANSWERS
        )
        layers, heads, positions, neurons = (np.asarray(data[name].values) for name in _COORDINATES)
        self.positions = positions
        self.parts = read_parts(self.names, layers, heads, neurons)
        self.tokens = _tokens(data, positions, self.values.shape)
        self.control = _control(control, self.names, self.values.shape)
        self.header = header_of(result, control)
        self.header["warnings"] += self._unexplained()

    def _unexplained(self) -> list[str]:
        """A warning if terms were left out of the Result, so that what is drawn is not the whole."""
        sums = self.values.astype(np.float64).sum(1)
        near = 1e-3 * np.maximum(1.0, np.abs(self.values).max(1))
        wrong = np.flatnonzero(np.abs(sums - self.differences) > near)
        if not wrong.size:
            return []
        row = int(wrong[0])
        return [
            f"The terms of prompt {self.batch[row]} add up to {reading(float(sums[row]))}, not to the logit "
            f"difference {reading(float(self.differences[row]))}: some were left out of the Result."
        ]

    def row(self, selection: Mapping[str, Any]) -> int:
        """The index of the selected prompt."""
        return self.batch.index(selection["batch"])

    def token(self, row: int, term: int) -> str:
        """The text of the token that a term moves; "" if it moves none, or its text is not known."""
        return str(self.tokens[row, term])


def _checked(result: Any, what: str) -> Any:
    """The dataset of an attribution."""
    if not is_result(result):
        raise ResultError(f"{what} takes a Result, not {kind_of(result)}; {_HOW}.")
    data = result.dataset
    missing = [name for name in (*_VARIABLES, *_COORDINATES, *_ANSWERS) if name not in data.variables]
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
    if not data["contribution"].size:
        raise ResultError("The attribution is empty: choose labels that exist with .sel(…).")
    return data


def _names(data: Any) -> list[str]:
    names = [str(name) for name in data["term"].values] if "term" in data.coords else []
    if len(set(names)) != data.sizes["term"]:
        twice = next((name for name, n in Counter(names).items() if n > 1), None)
        found = f"{twice!r} is there twice" if twice is not None else "there are no names"
        raise ResultError(f"The terms of an attribution have a name each; {found}. {_HOW}.")
    return names


def _rows(variable: Any) -> np.ndarray:
    """(batch, term), whatever the order was, and whether one prompt was chosen or there are several."""
    if "batch" in variable.dims:
        variable = variable.transpose("batch", "term")
    return np.atleast_2d(np.asarray(variable.values, np.float32))


def _batch(data: Any) -> list[Any]:
    if "batch" in data["contribution"].dims:
        return labels_of(data["contribution"], "batch")
    # Of one prompt that was chosen, the label it had.
    return [int(data["batch"])] if "batch" in data.coords and data["batch"].dtype.kind in "iu" else [0]


def _tokens(data: Any, positions: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if "source_token" not in data:
        return np.full(shape, "")
    variable = data["source_token"]
    texts = variable.transpose("batch", "term") if "batch" in variable.dims else variable
    return np.where(positions >= 0, np.broadcast_to(texts.values, shape), "")


def _control(given: Any, names: list[str], shape: tuple[int, int]) -> Control | None:
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
    data = _checked(control, "control=")
    theirs = {name: i for i, name in enumerate(_names(data))}
    ours = set(names)
    for mine, other, whose in ((names, theirs, "control has no"), (theirs, ours, "control has a")):
        odd = next((name for name in mine if name not in other and not name.endswith(_OPTIONAL)), None)
        if odd is not None:
            where = "" if mine is names else ", which the Result has not"
            raise ResultError(
                f"{whose} term {odd!r}{where}: measure the same on both, with the same by= and prompts as long."
            )
    values = _rows(data["contribution"])
    found = np.zeros((len(values), len(names)), np.float32)
    both = [i for i, name in enumerate(names) if name in theirs]
    found[:, both] = values[:, [theirs[names[i]] for i in both]]
    return found
