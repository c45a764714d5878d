"""What kind of head is it? Scores of attention heads on repeated random tokens."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
import xarray as xr

from mi_widgets.core import sites as at
from mi_widgets.core.errors import MIError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model

from .repeats import repeated_tokens

Kind = Literal["previous_token", "duplicate_token", "induction"]
_SOURCES = {
    "previous_token": "Olsson et al. 2022 (arXiv:2209.11895), head activation evaluators",
    "duplicate_token": "Wang et al. 2022 (arXiv:2211.00593), section 3",
    "induction": "Olsson et al. 2022 (arXiv:2209.11895), prefix matching score",
}


@recorded
def head_scores(model: Model, kind: Kind, *, length: int = 32, n: int = 8, seed: int = 0) -> Result:
    """How strongly every head does one known job, measured on random tokens that repeat once.

    The score is the attention, averaged over rows and positions, that goes
    - `"previous_token"`: from each token to the one before it;
    - `"duplicate_token"`: from each token of the repeat to the same token in the first passage;
    - `"induction"`: from each token of the repeat to the token *after* the same one in the first passage
      (prefix matching).

    Args:
        model: under whatever interventions are active.
        kind: which job.
        length: the tokens of one span.
        n: how many rows.
        seed: of the rows.

    Returns:
        Result (layer, head), a mean probability from 0 to 1. A head that attends evenly to all it can see
        scores about ln(2)/length for the repeat's two kinds, and ln(2 length)/(2 length) for the previous token.

    Raises:
        MIError: no such kind.

    Source: Olsson et al. 2022 (arXiv:2209.11895), who score over four passages; here there are two, and the
    tokens of a span are all different.
    """
    if kind not in get_args(Kind):
        raise MIError(f"mi.head_scores: kind={kind!r} is not known; allowed: {', '.join(get_args(Kind))}.")
    ids = repeated_tokens(model, length=length, n=n, seed=seed)
    run = model.run(ids, keep=[at.pattern])
    start = ids.shape[1] - 2 * length  # where the first passage begins
    repeat = torch.arange(start + length, start + 2 * length)
    query, key = {
        "previous_token": (torch.arange(1, ids.shape[1]), torch.arange(ids.shape[1] - 1)),
        "duplicate_token": (repeat, repeat - length),
        "induction": (repeat, repeat - length + 1),
    }[kind]
    scores = run[at.pattern][..., query, key].float().mean((1, 3)).cpu().numpy()
    return Result(
        kind="head_scores",
        title=f"{kind.replace('_', ' ').capitalize()} score",
        dataset=xr.Dataset(
            {"score": (("layer", "head"), scores)},
            coords={"layer": np.arange(scores.shape[0]), "head": np.arange(scores.shape[1])},
        ),
        primary="score",
        unit="mean attention",
        source=_SOURCES[kind],
        provenance=model.provenance(
            seed=seed,
            sites=["pattern"],
        ),
    )
