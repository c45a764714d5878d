"""A decoder's layers, run on two prompts: what their modules pass, and who asks for attention."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.model.attention import Asked, attending, attending_in_steps
from mi_widgets.model.experts import routed

from .computed import place_of, sizes_of
from .ends import logit_scale, takes_positions
from .layer_parts import Passed
from .table import find
from .why_not import unsupported

SHAPE = (2, 7)  # of the prompts
_DEPTH = 3  # how far inside a layer is looked


def run_layers(module: Any, blocks: str) -> tuple[list[list[Passed]], list[Asked], float, bool]:
    """What the modules of each layer passed on two prompts; who asked for attention; how many times the logits are what
    the unembedding gives; and whether it takes positions."""
    last = module.get_output_embeddings()
    if last is None:
        raise unsupported(module, "it does not say which of its modules gives the logits")
    prompts = _prompts(module, sizes_of(last)[1])
    found: list[list[Passed]] = [[] for _ in find(module, blocks)]
    ends: list[Tensor] = []
    with ExitStack() as hooks:
        for layer, block in enumerate(find(module, blocks)):
            for path, part in block.named_modules():
                if path.count(".") < _DEPTH and not isinstance(part, (nn.Identity, nn.Dropout)):
                    _watch(hooks, part, path, found[layer])
        handle = last.register_forward_hook(lambda _, args, out: ends.append(_copied(out)))
        hooks.callback(handle.remove)
        try:
            with torch.no_grad(), attending(module) as asked:
                said = module(**prompts).logits
        except Exception as error:  # of code that is not ours
            why = f"it does not run on 2 prompts ({type(error).__name__}: {error})"
            raise unsupported(module, why) from error
    times = logit_scale(module, ends[-1] if ends else None, _copied(said))
    return found, asked, times, takes_positions(module, prompts["input_ids"], said)


def _prompts(module: Any, d_vocab: int) -> dict[str, Any]:
    row = torch.arange(SHAPE[1]) % d_vocab
    ids = torch.stack([row, row.flip(0)]).to(place_of(module)[0])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "use_cache": False}


def in_steps(module: Any, blocks: str, attention: str) -> list[Asked]:
    """What the attention of every layer does, where none asks the interface and all can be met step by step."""
    attentions = [dict(block.named_modules()).get(attention) for block in find(module, blocks)]
    known = [one for one in attentions if one is not None]
    if len(known) < len(attentions):
        return []
    with torch.no_grad(), attending_in_steps(module, known) as asked:
        module(**_prompts(module, sizes_of(module.get_output_embeddings())[1]))
    return asked if [one.module for one in asked] == known else []


def _watch(hooks: ExitStack, part: nn.Module, path: str, found: list[Passed]) -> None:
    """Note what a module takes in, and what it gives out, in the order in which modules end."""
    # Copied beforehand: some add to what they were given in place.
    given: list[tuple[Tensor | None, bool]] = []

    def before(_: Any, args: Any, kwargs: Any) -> None:
        x = args[0] if args else next((x for x in kwargs.values() if isinstance(x, Tensor)), None)
        given.append((_copied(x) if isinstance(x, Tensor) else None, routed(args, kwargs) is not None))

    def after(_: Any, args: Any, out: Any) -> None:
        (x, routes), out = given.pop(), out[0] if isinstance(out, tuple) else out
        if x is not None and isinstance(out, Tensor):
            found.append(Passed(path, x, _copied(out), routes, out.detach()))

    for handle in (
        part.register_forward_pre_hook(before, with_kwargs=True),
        part.register_forward_hook(after),
    ):
        hooks.callback(handle.remove)


def _copied(x: Tensor) -> Tensor:
    """On the CPU: layers may lie on several devices."""
    return x.detach().to("cpu", copy=True)
