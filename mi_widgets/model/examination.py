"""What an examination looks at: two prompts through a module as it came, and with every site watched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.sites import Site
from mi_widgets.core.texts import Row

from .attention import as_stock
from .backend import Key, element, lock_of
from .model_core import ModelCore
from .observation import Observation, observe
from .tokens import TokenizedPrompts

_TOKENS = 8


@dataclass(frozen=True)
class Examination:
    """What the checks look at.

    Args:
        tokenized: the prompts of all of them, two.
        stock: the logits of the module as it came.
        attention: the name of its attention; empty where it needs no other.
        observed: what its sites pass.
        kept: the same activations by a trace.
        eps: how close together the coarsest of its numbers lie.
    """

    tokenized: TokenizedPrompts
    stock: Tensor
    attention: str
    observed: Observation
    kept: dict[Key, Tensor]
    eps: float

    def layers(self, *names: str) -> list[int]:
        """The layers in which all of some sites were seen."""
        found = [{layer for site, layer in self.observed.activations if site == name} for name in names]
        return sorted(layer for layer in set.intersection(*found) if layer is not None)

    def __getitem__(self, key: Key) -> Tensor:
        return self.observed.activations[key].float().cpu()

    @cached_property
    def first_bad(self) -> Key | None:
        """The first activation that is no number; what masks is infinite by design."""
        keys = sorted(self.observed.activations, key=lambda key: Site(*key).place_in_pass)
        return next((key for key in keys if key[0] != "scores" and not _number(self[key], key)), None)

    def agree(self, logits: Tensor, others: Tensor) -> bool:
        """Whether two ways to compute the same logits agree as far as such numbers can."""
        size = others[others.isfinite()].square().mean().sqrt()
        return bool(distance(logits, others).square().mean().sqrt() <= max(1e-4, 12 * self.eps) * size)


def look(model: ModelCore) -> Examination:
    """Run two prompts through a module as it came, and then with every site watched.

    Args:
        model: it, in evaluation mode.

    Raises:
        UnsupportedModel: it does not run, or gives no logits.
    """
    module, architecture = model.module, model.architecture
    row = torch.arange(min(_TOKENS, model.config.d_vocab, model.config.n_ctx))
    # Two prompts: with one, what takes the first of a batch shows nothing.
    tokenized = model.tokenize([Row(row.tolist()), Row(row.flip(0).tolist())])
    inputs = model.inputs(tokenized)
    how = "as it came"
    with lock_of(module), torch.no_grad():
        try:
            with as_stock(module) as attention:
                stock = element(module(**inputs), "logits")
            how = "with attention that can be read"
            seen = observe(module, architecture, model.config, inputs, (len(tokenized.ids), len(row)))
        except Exception as error:  # of code that is not ours
            raise UnsupportedModel(
                f"{model.name} does not run, {how}, on 2 prompts of {len(row)} tokens: {type(error).__name__}: {error}"
            ) from error
    if ("logits", None) in seen.faults:
        why = "; ".join(f"{Site(*key)!r}: {fault}" for key, fault in seen.faults.items())
        raise UnsupportedModel(f"{model.name} gives no logits for 2 prompts of {len(row)} tokens. {why}.")
    kept = model.forward(tokenized, keep=seen.activations, edits=())
    # What is compared is compared in float32, and a GPU may multiply that as TF32, with ten bits.
    least = 2**-10 if stock.is_cuda else torch.finfo(torch.float32).eps
    eps = max(least, *(torch.finfo(x.dtype).eps for x in (stock, *seen.activations.values())))
    attention = "" if attention == "None" else attention  # a Transformer has no other
    return Examination(tokenized, stock.float(), attention, seen, kept, eps)


def distance(x: Tensor, y: Tensor) -> Tensor:
    """How far numbers lie from others; infinities that agree are not apart."""
    return torch.where(x == y, 0.0, (x - y).abs())


def _number(x: Tensor, key: Key) -> bool:
    # A logit of -infinity is a token that cannot come.
    return not bool(x.isnan().any()) if key[0] == "logits" else bool(x.isfinite().all())
