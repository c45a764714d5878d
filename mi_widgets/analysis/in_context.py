"""Does a text become easier the longer it has been read?"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import MIError, PromptError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.patching import Patch
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.texts import Row
from mi_widgets.model.model import Model
from mi_widgets.zoo.data import Texts, data
from mi_widgets.zoo.vocabulary import vocabulary

from .loss import loss_per_token

_ROWS = 8  # at a time: more are hardly faster, and their attention would fill the memory of a small machine
_LOGITS = 50_000_000  # at a time: 200 MB


@recorded
def in_context_learning_score(
    model: Model,
    texts: Prompt | None = None,
    *,
    early: tuple[int, int] = (8, 18),
    late: tuple[int, int] = (118, 128),
    n: int = 256,
    seed: int = 0,
) -> Result:
    """How much better the model foresees a token late in a text than early in it.

    Args:
        model: under whatever interventions are active.
        texts: what to read, up to `late[1]` tokens of each: a list of texts, or rows of token ids. Default:
            held-out `mi.shipped.sample_texts("induction")`, for the shipped models.
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
    ends = _ends(early, late)
    given = _default_texts(model, n, seed) if texts is None else texts
    # Cut by hand: a text that the model could not take in whole has as many tokens all the same.
    rows = [Row(model.cut(row)[0][: ends[3]]) for row in model.listed(given)]
    # A patch was made for all prompts together. Otherwise so many at a time as leave room for their logits.
    together = any(isinstance(change, Patch) for change in model.interventions)
    size = len(rows) if together else max(1, min(_ROWS, _LOGITS // (ends[3] * model.config.d_vocab)))
    losses = [_losses(model, rows[i : i + size], ends[3]) for i in range(0, len(rows), size)]
    loss = np.concatenate(losses).mean(0)
    score = loss[ends[2] : ends[3]].mean() - loss[ends[0] : ends[1]].mean()
    return Result(
        kind="in_context_learning_score",
        title="In-context learning score",
        dataset=xr.Dataset(
            {"score": score, "loss": ("pos", loss, {"units": "nats"})}, coords={"pos": np.arange(ends[3])}
        ),
        primary="score",
        unit="nats",
        source="Olsson et al. 2022 (arXiv:2209.11895), in-context learning score",
        provenance=model.provenance(
            seed=seed if texts is None else None,
        ),
    )


def _ends(early: Any, late: Any) -> tuple[int, int, int, int]:
    """The four ends of the two ranges; the first token has no loss."""
    for name, given in (("early", early), ("late", late)):
        if isinstance(given, range):
            raise MIError(
                f"mi.in_context_learning_score: {name} is the first position and the one after the last, two numbers; "
                f"got {given!r}. Write {name}=({given.start}, {given.stop})."
            )
    try:
        (a, b), (c, d) = map(operator.index, early), map(operator.index, late)
    except (TypeError, ValueError):
        a = b = c = d = 0
    if not 1 <= a < b <= c < d:
        raise MIError(
            f"mi.in_context_learning_score: early={early} and late={late} must be ranges (first, one after the last), "
            "early before late, from position 1."
        )
    return a, b, c, d


def _default_texts(model: Model, n: int, seed: int) -> Texts:
    """Held-out texts of the kind that the shipped models were trained on."""
    if model.config.d_vocab != len(vocabulary()):
        raise PromptError(
            f"{model.name} was not trained on the shipped texts: give texts=, a list of texts of its own kind."
        )
    return data("induction", "test", n=n, seed=seed)


def _losses(model: Model, rows: Sequence[Row], needed: int) -> np.ndarray:
    run = model.run(rows)
    shortest = min(run.tokenized.lengths)
    if shortest < needed:
        raise PromptError(
            f"mi.in_context_learning_score needs texts of at least {needed} tokens (late ends there); the shortest has "
            f"{shortest}. Give longer texts, or earlier positions as late=."
        )
    return loss_per_token(run).values[:, :needed]
