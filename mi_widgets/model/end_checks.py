"""Checks of a model's two ends: what it says of its last residual, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mi_widgets.core.texts import Row

from .backend import PassRequest, Resume
from .examination import Examination
from .model_core import ModelCore
from .module_checks import rounds_together
from .observation import block_output
from .trust import Check, not_tried

FINAL_NORM = "final norm"
STREAM = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")


def continuing(seen: Examination, model: ModelCore) -> Check:
    """The last token after a cache of those before it, against all at once."""
    name, ids, positions = "continuing with a cache", *_inputs(seen, model)
    mask, cache = torch.ones_like(ids, dtype=torch.bool), model.architecture.new_cache()

    def logits(columns: slice) -> Tensor:
        so_far = mask if columns.start else mask[:, columns]
        inputs = model.architecture.inputs(ids[:, columns], so_far, positions[:, columns], cache)
        last = torch.full((len(ids),), -1)
        one = PassRequest(inputs=inputs, batch=len(ids), keep=(("logits", None),), unembed=last)
        return model.execute(one)["logits", None][:, -1].float()

    def after_a_cache() -> Tensor:
        logits(slice(None, -1))
        return logits(slice(-1, None))

    off = "the last token after a cache has other logits than in one pass"
    wrong = _fault(seen, after_a_cache, seen.stock[:, -1], off)
    if wrong:
        return Check(name, "note", f"{wrong}: model.generate is refused, runs are right")
    return Check(name, "ok", "the last token after a cache has the logits that it has in one pass")


def resuming(seen: Examination, model: ModelCore) -> Check:
    """The last layer from the stream that it was given, against the whole pass."""
    name, last = "beginning at a layer", model.config.n_layers - 1
    if last < 1:
        return not_tried(name, "there is one layer")

    def from_the_last() -> Tensor:
        ids, positions = _inputs(seen, model)
        stream = seen.kept["resid_post", last - 1].to(model.device)
        given = block_output(stream, seen.observed.block_output)
        inputs = model.architecture.inputs(ids, torch.ones_like(ids, dtype=torch.bool), positions, None)
        one = PassRequest(inputs=inputs, batch=len(ids), keep=(("logits", None),), resume=Resume(last, given))
        return model.execute(one)["logits", None].float()

    wrong = _fault(seen, from_the_last, seen.stock, "its layers hand on more than the stream")
    if wrong:
        return Check(
            name, "note", f"{wrong}: sweeps run each cell from the embedding, which is right and slower"
        )
    return Check(name, "ok", "the last layer from the stream before it gives the same logits")


def looking_ahead(seen: Examination, model: ModelCore) -> Check:
    """Whether what a token is told depends on those after it: another last token, and the logits before it."""
    name, ids = "reads from left to right", seen.tokenized.ids.clone()
    if not model.architecture.looks_ahead and rounds_together(model.module):
        return not_tried(
            name,
            "its numbers are rounded by the largest of a batch, so every token moves all others a little",
        )
    if ids.shape[1] > 1:
        ids[:, -1] = ids[:, 0]
        changed = model.tokenize([Row(row) for row in ids.tolist()])
        with_another = model.forward(changed, edits=())["logits", None][:, :-1].float()
        if not model.architecture.looks_ahead and seen.agree(with_another, seen.stock[:, :-1]):
            return Check(name, "ok", "no logit depends on a later token")
    elif not model.architecture.looks_ahead:
        return not_tried(name, "it takes one token")
    said = "no: its attention is bidirectional, so its logits are no forecast of the next token"
    return Check(name, "note", f"{said}; model.generate and losses of the next token are refused")


def _inputs(seen: Examination, model: ModelCore) -> tuple[Tensor, Tensor]:
    ids = seen.tokenized.ids.to(model.device)
    return ids, torch.arange(ids.shape[1], device=ids.device).expand_as(ids)


def _fault(seen: Examination, compute: Callable[[], Tensor], stock: Tensor, off: str) -> str:
    """What is wrong with another way to compute the stock logits; nothing where they agree."""
    try:
        logits = compute()
    except Exception as error:  # of code that is not ours
        return f"it fails ({type(error).__name__}: {error})"
    return "" if seen.agree(logits, stock) else off


def final_norm(seen: Examination, model: ModelCore) -> Check:
    """Whether the unembedding reads the last residual through the norm that the table names."""
    name, norm, cap = FINAL_NORM, model.architecture.final_norm, model.architecture.softcap
    taken, normed, read, unembedded = (None if x is None else x.float().cpu() for x in seen.observed.final)
    last = seen.layers("resid_post")[-1:]
    raw = seen["resid_post", last[0]] if last else None
    mislead = "the logit lens and logit attribution would mislead"
    if norm is None:
        normed, kind = raw, "Identity"
    else:
        kind = type(model.module.get_submodule(norm)).__name__
        if _same(read, raw) or normed is None or kind == "Identity":
            said = f"{norm} ({kind}) is not in the way: the unembedding reads the last residual unnormalised; {mislead}"
            return Check(name, "warning", said, STREAM)
        if not _same(taken, raw):
            said = f"{norm} does not take in the last resid_post as it is; {mislead}"
            return Check(name, "warning", said, STREAM)
    if not _same(read, normed):
        said = f"the unembedding does not read what {norm or 'the last layer'} gives; {mislead}"
        return Check(name, "warning", said, STREAM)
    if unembedded is not None:
        unembedded = unembedded * model.architecture.logit_scale
    if unembedded is not None and cap is not None:
        unembedded = cap * torch.tanh(unembedded / cap)
    if unembedded is None or not seen.agree(seen["logits", None], unembedded):
        said = f"the logits are not what the unembedding gives; {mislead}"
        return Check(name, "warning", said, STREAM)
    if norm is None:
        return Check(name, "note", "none: the unembedding reads the residual stream as it is")
    return Check(name, "ok", f"{kind} between the last residual and the unembedding")


def _same(x: Tensor | None, y: Tensor | None) -> bool:
    return x is not None and y is not None and x.shape == y.shape and bool(torch.allclose(x, y, atol=1e-5))
