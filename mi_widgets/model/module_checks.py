"""What a module is like, whatever it computes: its numbers, its attention, its ends, its mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.numbers import count_text

from .adapters import adapter_checks
from .architectures.computed import inner_of, is_matrix, is_plain, matrix_of
from .fingerprint import held
from .model_core import ModelCore
from .offloaded import offload_checks, tensors_of
from .tokens import TokenizedPrompts
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
    weight = getattr(head, "weight", None)
    if alone and weight is not None and weight is getattr(embed, "weight", None):
        factor = "" if is_plain(embed) else ", but for a factor"  # Gemma's
        said = (
            f"W_U is W_E transposed{factor}: the direction that a token puts in is the one that it is read by"
        )
        yield Check("tied embeddings", "note", said)


def _packed(module: nn.Module) -> Iterator[Check]:
    """A note of the modules that keep their numbers in fewer bits, where there are some."""
    kinds: dict[type, list[tuple[str, nn.Module]]] = {}
    for path, part in module.named_modules():
        weight = getattr(part, "weight", None)
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


@contextmanager
def evaluating(module: nn.Module) -> Iterator[list[str]]:
    """Dropout off inside, everything as before afterwards. Yields the parts that were in training mode."""
    parts = dict(module.named_modules())
    modes = {name: part.training for name, part in parts.items()}
    # Of parts inside one another the outermost; an Identity (a tap, say) does nothing in either mode.
    on = [
        name or "the whole model"
        for name, part in parts.items()
        if part.training
        and not isinstance(part, nn.Identity)
        and not (name and modes[name.rpartition(".")[0]])
    ]
    module.eval()
    try:
        yield on
    finally:
        for name, part in parts.items():
            part.training = modes[name]


def training_mode(model: ModelCore, training: list[str], tokenized: TokenizedPrompts) -> Check:
    """Whether dropout acts on what is read.

    Args:
        model: the wrapped model, in the mode in which it came.
        training: the parts of it that are in training mode.
        tokenized: a prompt to try it on.
    """
    name = "evaluation mode"
    if not training:
        return Check(name, "ok", "dropout is off")
    where = ", ".join(training[:3]) + (", …" if len(training) > 3 else "")
    with torch.random.fork_rng([model.device] if model.device.type == "cuda" else []):
        one, two = (model.forward(tokenized, edits=())["logits", None].float() for _ in range(2))
    apart = (one - two).abs().max().item()
    if apart:
        said = f"training mode is on in {where}: two runs of one prompt differ by {apart:.1e}; call module.eval()"
        return Check(name, "warning", said)
    said = f"training mode is on in {where}, but two runs agree: no dropout acts on what is read here"
    return Check(name, "note", said)
