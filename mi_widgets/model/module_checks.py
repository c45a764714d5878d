"""What a module is like, whatever it computes: its numbers, its attention, its ends, its mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from .examination import Examination, distance
from .fingerprint import held
from .model_core import ModelCore
from .trust import Check


def weights_that_are_no_numbers(module: nn.Module) -> list[str]:
    """The names of the parameters that hold NaN or infinity."""
    return [name for name, weight in module.named_parameters() if not _finite(held(weight)[0])]


def _finite(x: Tensor) -> bool:
    if x.is_meta or not x.numel() or not x.is_floating_point() or x.itemsize < 2:
        return True
    # Without a second tensor of the same size.
    low, high = x.aminmax()
    return bool(low.isfinite() and high.isfinite())


def module_checks(model: ModelCore, attention: str) -> Iterator[Check]:
    """What is no fault, but good to know.

    Args:
        model: the wrapped model.
        attention: the name of the attention that its module came with; empty where it needs no other.
    """
    kinds = {str(p.dtype).removeprefix("torch.") for p in model.module.parameters() if p.is_floating_point()}
    eps = max(torch.finfo(getattr(torch, kind)).eps for kind in kinds)
    coarse = eps > 1e-6
    digits = f"; numbers are good to {eps:.0e} of their size, so compare no closer" if coarse else ""
    yield Check("dtype", "note" if coarse else "ok", f"{', '.join(sorted(kinds))}{digits}")
    came = f"{attention} as it came; here it runs" if attention else "runs, as it came,"
    yield Check("attention", "ok", f"{came} in plain steps that can be read")
    if model.architecture.softcap is not None:
        cap = model.architecture.softcap
        yield Check(
            "logit soft-cap",
            "note",
            f"logits are {cap:g}·tanh(x/{cap:g}) of what the unembedding gives: directions do not add up in them",
            ("logits",),
        )
    head = model.module.get_submodule(model.architecture.unembed)
    weight = getattr(head, "weight", None)
    embed = getattr(model.module.get_submodule(model.architecture.places["embed"].path), "weight", None)
    if weight is not None and weight is embed:
        said = "W_U is W_E transposed: the direction that a token puts in is the one that it is read by"
        yield Check("tied embeddings", "note", said)


def how_it_was_read(model: ModelCore) -> Iterator[Check]:
    """What of a model nobody told and nothing has vouched for; and what is good to know of it."""
    said, remark = model.architecture.assumed, model.architecture.remark
    if remark:
        yield Check("how it was read", "note", remark)
    if said:
        told = "give Transformer.from_state_dict config=, or check=(ids, logits) that it must have"
        yield Check("told by nobody", "warning", f"assumed: {', '.join(said)}; {told}")


def evaluation_mode(seen: Examination, model: ModelCore, training: Sequence[str]) -> Check:
    """Whether what is read is the same each time, as it is without dropout.

    Args:
        seen: what was looked at.
        model: the wrapped model.
        training: the parts of it that came in training mode.
    """
    name, again = "evaluation mode", model.forward(seen.tokenized, edits=())["logits", None].float()
    first = seen.kept["logits", None].float()
    if seen.first_bad is None and not seen.agree(again, first):  # of NaN nothing can be said
        apart = distance(again, first).max()
        said = f"two runs of one prompt differ by {apart:.1e}, though nothing is in training mode: something is random"
        return Check(name, "warning", said)
    if not training:
        return Check(name, "ok", "dropout is off")
    where = ", ".join(training[:3]) + (", …" if len(training) > 3 else "")
    said = f"training mode is on in {where}: it is off in every run here, and on again afterwards"
    return Check(name, "note", said)
