"""What a modular addition network does on every sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.errors import MIError
from mi_widgets.model.backend import Key
from mi_widgets.model.model import Model
from mi_widgets.model.tokens import TokenizedPrompts
from mi_widgets.zoo.modular_addition import Sums, as_prime, modular_sums

from .basis import waves

_AT_ONCE = 1024  # prompts: more of them need more memory than Binder has


@dataclass(frozen=True)
class AllSums:
    """The activations after `=` on all p² sums, by a and b.

    Args:
        logits: of the numbers; that of `=` is left out.
        neurons: the MLP's activations.
    """

    logits: Float[Tensor, "p p p"]
    neurons: Float[Tensor, "p p d_mlp"]

    @property
    def p(self) -> int:
        """The modulus."""
        return len(self.logits)

    def loss(self, logits: Float[Tensor, "p p p"], sums: Sums | None = None) -> float:
        """The mean cross-entropy in nats, of all sums or of some, with some logits in place of the network's own."""
        chosen = modular_sums(self.p) if sums is None else sums
        picked = logits[chosen.ids[:, 0], chosen.ids[:, 1]].double()
        return torch.nn.functional.cross_entropy(picked, chosen.answers).item()

    def accuracy(self, sums: Sums) -> float:
        """The share of some sums whose answer has the highest logit."""
        picked = self.logits[sums.ids[:, 0], sums.ids[:, 1]]
        return (picked.argmax(-1) == sums.answers).float().mean().item()


def modulus(model: Model, caller: str) -> int:
    """The p of a modular addition network.

    Args:
        model: with one layer, an MLP, and the tokens 0 … p − 1 and `=`.
        caller: the analysis, for the message.

    Raises:
        MIError: it is none.
    """
    c = model.config
    try:
        as_prime(c.d_vocab - 1)
    except MIError:
        p = None
    else:
        p = c.d_vocab - 1
    if p is None or c.n_ctx < 3 or c.n_layers != 1 or not c.d_mlp:
        raise MIError(
            f"{caller}: {model.name} is no network for modular addition, which has one layer with an MLP, room for "
            "three tokens, and the tokens 0 to p - 1 and = for a prime p; it has "
            f"{c.n_layers} layer(s), d_mlp {c.d_mlp}, n_ctx {c.n_ctx} and {c.d_vocab} tokens. "
            "mi.load('modadd-113') is one."
        )
    return p


def all_sums(model: Model, caller: str, *, neurons: bool = False) -> AllSums:
    """Run a model, under the active interventions, on all sums.

    Args:
        model: a modular addition network.
        caller: the analysis, for the message.
        neurons: whether their activations are wanted; there are none of them otherwise.

    Raises:
        MIError: the model is none.
    """
    p = modulus(model, caller)
    ids = modular_sums(p).ids
    # Filled in place: parts that are joined at the end would stand in memory twice.
    logits, all_neurons = torch.empty(p * p, p), torch.empty(p * p, model.config.d_mlp if neurons else 0)
    for first in range(0, len(ids), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        kept = _last(model, ids[part], neurons=neurons)
        logits[part] = kept["logits", None][:, :p]
        if neurons:
            all_neurons[part] = kept["mlp_post", 0]
    return AllSums(logits.unflatten(0, (p, p)), all_neurons.unflatten(0, (p, p)))


def _last(model: Model, ids: Tensor, *, neurons: bool) -> dict[Key, Tensor]:
    texts = model.vocabulary
    tokens = tuple(tuple(texts[i] for i in row) for row in ids.tolist())
    tokenized = TokenizedPrompts(ids, torch.ones_like(ids, dtype=torch.bool), tokens, False)
    wanted: list[Key] = [("mlp_post", 0)] if neurons else []
    return model.forward(tokenized, keep=wanted, stored=lambda x: x[:, -1])


def some_of(given: Iterable[int], known: Sequence[int], what: str) -> list[int]:
    """The numbers that a user names, each one of those there are.

    Args:
        given: what was named.
        known: what there is, in order.
        what: they are, for the message.

    Raises:
        MIError: another number, or one twice.
    """
    named = list(given)
    if any(n not in known or isinstance(n, bool) for n in named) or len(set(named)) < len(named):
        raise MIError(f"{what} are some of {known[0]} to {known[-1]}, each once; got {named!r}.")
    return [int(n) for n in named]


def by_sum(x: Float[Tensor, "p p ..."]) -> Float[Tensor, "p ..."]:
    """The mean of what a table over a and b holds where (a + b) mod p is each number."""
    p = len(x)
    answers = modular_sums(p).answers
    total = torch.zeros(p, *x.shape[2:], dtype=torch.float64)
    return (total.index_add(0, answers, x.flatten(0, 1).double()) / p).float()


def of_sum(x: Float[Tensor, "p ..."]) -> Float[Tensor, "p p ..."]:
    """A table over a and b that holds at each place what belongs to (a + b) mod p."""
    return x[modular_sums(len(x)).answers].unflatten(0, (len(x), len(x)))


def along(x: Float[Tensor, "p p ..."], keys: Iterable[int]) -> Float[Tensor, "p p ..."]:
    """The part of a table over a and b along cos(w_k(a + b)) and sin(w_k(a + b)) for some frequencies k."""
    p, chosen = len(x), [k - 1 for k in keys]
    wave = torch.cat([w[chosen] for w in waves(p)])
    means = by_sum(x).reshape(p, -1)
    return of_sum((2 / p * wave.T @ (wave @ means)).reshape(p, *x.shape[2:]))
