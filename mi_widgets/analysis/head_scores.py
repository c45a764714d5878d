"""What kind of head is it? Scores of attention heads on repeated random tokens, beside what any head would have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core import sites as at
from mi_widgets.core.errors import MIError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model

from .repeats import lengths_of, probe

Kind = Literal["previous_token", "duplicate_token", "induction"]
_SOURCES = {
    "previous_token": "Olsson et al. 2022 (arXiv:2209.11895), head activation evaluators",
    "duplicate_token": "Wang et al. 2022 (arXiv:2211.00593), section 3",
    "induction": "Olsson et al. 2022 (arXiv:2209.11895), prefix matching score",
}
_LENGTHS = (8, 16, 32)


@recorded
def head_scores(
    model: Model,
    kind: Kind,
    *,
    length: int | Iterable[int] | None = None,
    n: int = 8,
    seed: int = 0,
) -> Result:
    """How strongly every head does one known job: its score, less what it would have without doing the job.

    The score is the attention, averaged over rows and positions, that goes
    - `"previous_token"`: from each token to the one before it;
    - `"duplicate_token"`: from each token of the repeat to the same token in the first passage;
    - `"induction"`: from each token of the repeat to the token *after* the same one in the first passage
      (prefix matching).

    It is measured on random tokens that repeat once, and its control where the job cannot be done. For the repeat's two
    kinds that is the same distance back, on rows of which the second passage is other tokens: a head that always looks
    23 tokens back has there what it has on a repeat. A token has one before it whatever stands there, so for
    `"previous_token"` the control is the attention to the token *two* before, on the same rows: a head that looks at
    all that is near has as much of it.

    Args:
        model: under whatever interventions are active.
        kind: which job.
        length: the tokens of one span, or several such numbers; by default 8, 16 and 32, as far as they fit twice into
            the model's context (where none does, the longest that does).
        n: how many rows of each length, and as many for the control.
        seed: of the rows.

    Returns:
        Result (layer, head) of the excess, score less control: 1 for a head that does the job and nothing else, about 0
        for one that does not, below 0 for one that looks two tokens back. With the variables `score` and `control`,
        mean probabilities from 0 to 1, all three averaged over the lengths; and `by_length` (length, layer, head), the
        excess at each.

    Raises:
        MIError: no such kind.
        PromptError: rows that would be longer than the model's context, or a context without room for any.

    Source: Olsson et al. 2022 (arXiv:2209.11895), who score over four passages, and without a control; here there are
    two, and the tokens of a span are all different.
    """
    if kind not in get_args(Kind):
        raise MIError(f"mi.head_scores: kind={kind!r} is not known; allowed: {', '.join(get_args(Kind))}.")
    lengths = lengths_of(model, length, "mi.head_scores", usual=_LENGTHS)
    found = [_score_and_control(model, kind, one, n, seed) for one in lengths]
    score, control = (np.stack(each) for each in zip(*found, strict=True))
    unit, of_head = {"units": "mean attention"}, ("layer", "head")
    return Result(
        kind="head_scores",
        title=f"{kind.replace('_', ' ').capitalize()} score",
        dataset=xr.Dataset(
            {
                "excess": (of_head, (score - control).mean(0)),
                "score": (of_head, score.mean(0), unit),
                "control": (of_head, control.mean(0), unit),
                "by_length": (("length", *of_head), score - control, {"units": _UNIT}),
            },
            coords={
                "layer": np.arange(score.shape[1]),
                "head": np.arange(score.shape[2]),
                "length": lengths,
            },
        ),
        primary="excess",
        unit=_UNIT,
        source=_SOURCES[kind],
        provenance=model.provenance(seed=seed, sites=["pattern"]),
    )


_UNIT = "mean attention above the control"


def _score_and_control(
    model: Model, kind: Kind, length: int, n: int, seed: int
) -> tuple[Float[np.ndarray, "layer head"], Float[np.ndarray, "layer head"]]:
    rows = probe(model, length, n, seed, "mi.head_scores")
    if kind == "previous_token":
        pattern = _patterns(model, rows.repeated)
        # From the first token that has two before it; what rests on <bos> looks at no token.
        query = torch.arange(rows.start + 2, pattern.shape[-1])
        return _mean_at(pattern, query, query - 1), _mean_at(pattern, query, query - 2)
    query = torch.arange(rows.start + length, rows.start + 2 * length)
    key = query - length + (1 if kind == "induction" else 0)
    both = _patterns(model, torch.cat([rows.repeated, rows.unrepeated]))
    return _mean_at(both[:, :n], query, key), _mean_at(both[:, n:], query, key)


def _patterns(model: Model, ids: Tensor) -> Float[Tensor, "layer row head query key"]:
    return model.run(ids, keep=[at.pattern])[at.pattern]


def _mean_at(
    pattern: Float[Tensor, "layer row head query key"], query: Tensor, key: Tensor
) -> Float[np.ndarray, "layer head"]:
    return pattern[..., query, key].float().mean((1, 3)).cpu().numpy()
