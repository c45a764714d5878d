"""What a module is like, whatever it computes: its numbers, its attention, its ends, its mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.numbers import count_text

from .adapters import adapter_checks
from .architectures.computed import inner_of, is_matrix, is_plain, matrix_of, weight_of
from .examination import Examination, distance
from .fingerprint import held
from .model_core import ModelCore
from .offloaded import offload_checks, tensors_of
from .trust import Check
from .wrappers import compiled_parts


def weights_that_are_no_numbers(module: nn.Module) -> list[str]:
    """The names of the parameters that hold NaN or infinity."""
    return [name for name, weight in tensors_of(module) if not _finite(held(weight)[0])]


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
    if compiled_parts(model.module):
        said = "torch.compile has compiled parts of it in their place; here they run as they were written"
        yield Check("compiled", "note", said)
    yield from offload_checks(model.module)
    yield from adapter_checks(model.module)
    yield from _packed(model.module)
    ends = (model.architecture.unembed, model.architecture.places["embed"].path)
    head, embed = (model.module.get_submodule(path) for path in ends)
    # What stands for another, as an adapter does, may be at one of them only.
    alone = all(inner_of(one) is one for one in (head, embed))
    weight = weight_of(head)
    if alone and weight is not None and weight is weight_of(embed):
        factor = "" if is_plain(embed) else ", but for a factor"  # Gemma's
        said = (
            f"W_U is W_E transposed{factor}: the direction that a token puts in is the one that it is read by"
        )
        yield Check("tied embeddings", "note", said)


def rounds_together(module: nn.Module) -> bool:
    """Whether some part rounds what comes in by the largest number of all tokens (torch's dynamic quantization)."""
    return any(".quantized.dynamic" in type(part).__module__ for part in module.modules())


def _packed(module: nn.Module) -> Iterator[Check]:
    """A note of the modules that keep their numbers in fewer bits, where there are some."""
    kinds: dict[type, list[tuple[str, nn.Module]]] = {}
    for path, part in module.named_modules():
        weight = weight_of(part)
        floats = isinstance(weight, Tensor) and weight.is_floating_point()
        if is_matrix(part) and inner_of(part) is part and not floats:
            kinds.setdefault(type(part), []).append((path, part))
    notes = []
    for kind, parts in kinds.items():
        path, part = parts[0]
        try:
            matrix_of(part)
            then = "figures of weights are of what they compute"
        except UnsupportedModel:
            then = "they are not linear, so what runs keep is right, and figures of their weights are refused"
        said = f"{count_text(len(parts), 'module')} ({kind.__name__}, as {path}) without a weight of real numbers"
        notes.append(f"{said}: {then}")
    if notes:
        yield Check("packed weights", "note", "; ".join(notes))


def what_nobody_told(model: ModelCore) -> Iterator[Check]:
    """What of a model was assumed, and nothing has vouched for."""
    said = model.architecture.assumed
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
