"""What every tool of the model layer's benchmark is asked to do, and how the plain model does it.

Runs in the environment of mi_widgets and in that of its peers: torch and transformers alone are imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

TOKENS = 64
SITES = ("resid_pre", "pattern", "resid_mid", "resid_post")
METRIC = 5  # the metric is the logit of this token, after the last one of the prompt

Kept = dict[str, list[Tensor]]  # of each of SITES one tensor a layer


@dataclass(frozen=True)
class Shape:
    """The sizes of a model with random weights."""

    n_layers: int
    d_model: int
    n_heads: int
    d_vocab: int


SHAPES = {"large": Shape(12, 768, 12, 50257), "tiny": Shape(4, 256, 8, 1000)}


def new_model(shape: Shape) -> GPT2LMHeadModel:
    """A GPT-2 of this shape: the same weights at every call, in every environment."""
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=shape.n_layers,
        n_embd=shape.d_model,
        n_head=shape.n_heads,
        vocab_size=shape.d_vocab,
        bos_token_id=0,
        eos_token_id=0,
        attn_implementation="eager",
    )
    return GPT2LMHeadModel(config).eval()


def prompts(shape: Shape) -> tuple[Tensor, Tensor]:
    """The prompt that is run, and the one whose activations are patched in."""
    generator = torch.Generator().manual_seed(1)
    ids, clean = torch.randint(shape.d_vocab, (2, 1, TOKENS), generator=generator)
    return ids, clean


class Tool(Protocol):
    """A way to read and to patch a model. It holds a model of its own."""

    name: str

    def keep(self) -> Any:
        """One run that keeps SITES of every layer; what it returns holds the tensors."""
        ...

    def kept(self, run: Any) -> tuple[Tensor, Kept]:
        """The logits and the tensors of such a run, to compare them."""
        ...

    def cell(self, layer: int, position: int) -> Tensor:
        """The metric (1,) with the clean prompt's residual at the input of a layer, at one position."""
        ...


class Hooks:
    """The plain model: its eager forward, and torch's hooks to patch it."""

    name = "plain"

    def __init__(self, shape: Shape) -> None:
        self.model = new_model(shape)
        self.ids, clean = prompts(shape)
        self.clean = self.kept(self._seen(clean))[1]["resid_pre"]

    def forward(self) -> Any:
        """What all is measured against."""
        with torch.no_grad():
            return self.model(self.ids, use_cache=False)

    def keep(self) -> Any:  # noqa: D102
        return self._seen(self.ids)

    def _seen(self, ids: Tensor) -> Any:
        seen: Kept = {name: [] for name in SITES}

        def keep(name: str, item: int | None = None) -> Any:
            return lambda _, args, out=None: seen[name].append(args[0] if item is None else _item(out, item))

        handles = []
        for block in self.model.transformer.h:
            handles += [
                block.register_forward_pre_hook(keep("resid_pre")),
                block.attn.register_forward_hook(keep("pattern", 1)),
                block.ln_2.register_forward_pre_hook(keep("resid_mid")),
                block.register_forward_hook(keep("resid_post", 0)),
            ]
        try:
            with torch.no_grad():
                logits = self.model(ids, use_cache=False).logits
        finally:
            for handle in handles:
                handle.remove()
        return logits, seen

    def kept(self, run: Any) -> tuple[Tensor, Kept]:  # noqa: D102
        return run

    def cell(self, layer: int, position: int) -> Tensor:  # noqa: D102
        def patch(_: nn.Module, args: Any) -> Any:
            resid = args[0].clone()
            resid[:, position] = self.clean[layer][:, position]
            return resid, *args[1:]

        handle = self.model.transformer.h[layer].register_forward_pre_hook(patch)
        try:
            return self.forward().logits[:, -1, METRIC]
        finally:
            handle.remove()


def _item(out: Any, item: int) -> Tensor:
    return out if isinstance(out, Tensor) else out[item]
