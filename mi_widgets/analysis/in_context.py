"""Does a text become easier the longer it has been read?"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import xarray as xr

from mi_widgets.core.errors import MIError, PromptError
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model
from mi_widgets.zoo.data import data
from mi_widgets.zoo.vocabulary import vocabulary

from .loss import loss_per_token

_ROWS = 32  # at a time: the logits of more would need much memory, and be no faster


def in_context_learning_score(
    model: Model,
    texts: Any = None,
    *,
    early: tuple[int, int] = (8, 18),
    late: tuple[int, int] = (118, 128),
    n: int = 256,
    seed: int = 0,
) -> Result:
    """How much better the model foresees a token late in a text than early in it.

    Args:
        model: under whatever interventions are active.
        texts: what to read: a list of texts, or rows of token ids, each at least `late[1]` tokens long. Default:
            held-out `mi.data("induction")`, for the shipped models.
        early: the first position that counts as early, and the one after the last.
        late: the same for late.
        n: how many texts, where `texts` is not given.
        seed: of those texts.

    Returns:
        Result, one number in nats: the mean loss at late positions minus that at early ones. Below 0 the model
        has learned from the text; 0 is no help. The variable `loss` (pos) is the mean loss at every position.

    Raises:
        PromptError: a text is shorter than `late[1]` tokens, or the model cannot read the default's words.
        MIError: `early` and `late` are not two ranges, one after the other.

    Source: Olsson et al. 2022 (arXiv:2209.11895), "in-context learning score": the loss at token 500 of 512 minus that
    at token 50. The defaults lie at the same parts of 128 tokens, each a mean over ten neighbours.
    """
    # The first token has no loss.
    if not 1 <= early[0] < early[1] <= late[0] < late[1]:
        raise MIError(
            f"in_context_learning_score: early={early} and late={late} must be ranges (first, one after the last), "
            "early before late, from position 1."
        )
    rows = _default_texts(model, n, seed) if texts is None else getattr(texts, "ids", texts)
    if isinstance(rows, str) or not len(rows):
        raise PromptError(
            f"in_context_learning_score: texts must be a list of texts, or rows of ids; got {rows!r}."
        )
    given = (
        f"n={n}, seed={seed}" if texts is None else repr(rows.tolist() if hasattr(rows, "tolist") else rows)
    )
    losses = [_losses(model, rows[i : i + _ROWS], late[1]) for i in range(0, len(rows), _ROWS)]
    loss = np.concatenate(losses).mean(0)
    score = loss[slice(*late)].mean() - loss[slice(*early)].mean()
    return Result(
        kind="in_context_learning_score",
        title="In-context learning score",
        dataset=xr.Dataset({"score": score, "loss": ("pos", loss)}, coords={"pos": np.arange(late[1])}),
        primary="score",
        unit="nats",
        source="Olsson et al. 2022 (arXiv:2209.11895), in-context learning score",
        provenance=model.provenance(
            f"mi.in_context_learning_score(model, {given}, early={early}, late={late})",
            seed=seed if texts is None else None,
        ),
    )


def _default_texts(model: Model, n: int, seed: int) -> torch.Tensor:
    if model.config.d_vocab != len(vocabulary()):
        raise PromptError(
            f"{model.name} was not trained on the shipped texts: give texts=, a list of texts of its own kind."
        )
    return data("induction", "test", n=n, seed=seed).ids


def _losses(model: Model, rows: Any, needed: int) -> np.ndarray:
    run = model.run(rows)
    shortest = min(run.tokenized.lengths)
    if shortest < needed:
        raise PromptError(
            f"in_context_learning_score needs texts of at least {needed} tokens (late ends there); the shortest has "
            f"{shortest}. Give longer texts, or earlier positions as late=."
        )
    return loss_per_token(run).values[:, :needed]
