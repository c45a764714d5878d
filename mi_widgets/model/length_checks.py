"""Checks of a long prompt, and of a short one beside it: positions may depend on how long prompts are."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_widgets.core.texts import Row

from .attention import as_stock
from .backend import element, lock_of
from .examination import Examination, distance
from .model_core import ModelCore
from .tokens import TokenizedPrompts
from .trust import Check, not_tried

_LONG, _SHORT = 48, 5
LONG_PROMPTS, _PADDING = "long prompts", "padding"
_APART = "run prompts of one length"


def length_checks(seen: Examination, model: ModelCore) -> tuple[list[Check], tuple[str, ...]]:
    """Whether a long prompt has the plain module's logits, and whether padding changes those of any prompt.

    Args:
        seen: what was looked at so far.
        model: the wrapped model, in evaluation mode.

    Returns:
        the checks, and the sides on which padding does.
    """
    read = sorted(set(seen.tokenized.ids[0].tolist()))  # of others nothing is known yet
    long = Row(read[(i * i + 3 * i) % len(read)] for i in range(min(_LONG, model.config.n_ctx)))
    past = model.stretched_past
    n = (
        min(_SHORT, len(long) // 2) if past is None or past >= len(long) else past + 1
    )  # else they are refused together
    short = Row(reversed(long[: max(1, n)]))
    if len(long) < 2:
        return [not_tried(_PADDING, f"{model.name} takes one token")], ()
    alone = [_logits(model, model.tokenize(row))[0] for row in (long, short)]
    padding, wrong = _padding(seen, model, (long, short), alone)
    checks = [padding, *_stretched(model)]
    if len(long) > seen.tokenized.ids.shape[1]:
        checks.insert(0, _as_the_plain_module(seen, model, long, alone[0]))
    return checks, wrong


def _logits(model: ModelCore, tokenized: TokenizedPrompts) -> Tensor:
    return model.forward(tokenized, edits=())["logits", None].float()


def _as_the_plain_module(seen: Examination, model: ModelCore, long: Row, logits: Tensor) -> Check:
    """A window or a scale of positions that our attention did not see in a few tokens shows here."""
    with lock_of(model.module), torch.no_grad(), as_stock(model.module):
        stock = element(model.module(**model.inputs(model.tokenize(long))), "logits")[0].float()
    apart = distance(logits, stock).max().item()
    said = f"{len(long)} tokens have logits that differ by {apart:.1e} at most from the plain module's"
    if seen.agree(logits, stock):
        return Check(LONG_PROMPTS, "ok", said)
    said += f", and {seen.tokenized.ids.shape[1]} tokens do not: what is read of long prompts is not what it computes"
    return Check(LONG_PROMPTS, "warning", said)


def _padding(
    seen: Examination, model: ModelCore, rows: tuple[Row, Row], alone: list[Tensor]
) -> tuple[Check, tuple[str, ...]]:
    broken: list[str] = []
    largest = 0.0
    for side in ("right", "left"):
        batch = model.tokenize(list(rows), padding_side=side)
        try:
            padded = _logits(model, batch)
        except Exception as error:  # of code that is not ours
            said = f"prompts padded on the {side} do not run ({type(error).__name__}): {_APART}"
            return Check(_PADDING, "warning", said), (*broken, side)
        for row, one in enumerate(alone):
            real = padded[row][batch.mask[row]]
            largest = max(largest, distance(real, one).max().nan_to_num(torch.inf).item())
            if not seen.agree(real, one) and side not in broken:
                broken.append(side)
    beside = f"{len(rows[1])} tokens beside {len(rows[0])}"
    if broken == ["left"]:
        said = "on the right, as runs pad, a prompt has the logits it has alone; on the left they change by up to"
        refused = 'padding_side="left" and generate_batch of prompts of several lengths are refused'
        return Check(_PADDING, "note", f"{said} {largest:.1e} ({beside}): {refused}"), ("left",)
    if broken:
        said = f"on the {' and on the '.join(broken)} it changes a prompt's logits, by up to {largest:.1e}"
        return Check(_PADDING, "warning", f"{said} ({beside}): {_APART}"), tuple(broken)
    said = f"a padded prompt has the logits it has alone, within {largest:.1e}, on either side ({beside})"
    if getattr(model.tokenizer, "padding_side", None) == "left":
        said += "; its tokenizer pads on the left, texts are padded on the right here"
    return Check(_PADDING, "ok", said), ()


def _stretched(model: ModelCore) -> Iterator[Check]:
    past = model.stretched_past
    if past is not None:
        said = (
            f"past {past} tokens it stretches the positions of all prompts of a batch, not of the long one alone: "
            "longer prompts and shorter ones are refused in one batch"
        )
        yield Check("positions of long prompts", "note", said)
