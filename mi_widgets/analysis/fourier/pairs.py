"""What a network that computes with two numbers does on every pair, and what of it goes with the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_widgets.core.errors import MIError
from mi_widgets.core.provenance import Provenance
from mi_widgets.model.backend import Key
from mi_widgets.model.model import Model
from mi_widgets.model.tokens import TokenizedPrompts

from .basis import waves
from .task import Task

_AT_ONCE = 1024  # prompts: more of them need more memory than Binder has
_LARGEST = 1000  # modulus that is guessed: the logits of all pairs are p³ numbers
_GUESSED = 2.0  # times as often right as a guess: up to there a network is at chance


@dataclass(frozen=True)
class AllPairs:
    """The activations after the last token on all p² pairs, by a and b.

    Args:
        task: what is computed.
        logits: of the numbers; those of other tokens are left out.
        neurons: the MLP's activations.
    """

    task: Task
    logits: Float[Tensor, "p p p"]
    neurons: Float[Tensor, "p p d_mlp"]

    @property
    def p(self) -> int:
        """The modulus."""
        return len(self.logits)

    def loss(self, logits: Float[Tensor, "p p p"], some: Bool[Tensor, "p p"] | None = None) -> float:
        """The mean cross-entropy in nats, of all pairs or of some, with some logits in place of the network's own."""
        chosen = torch.ones_like(self.task.answers, dtype=torch.bool) if some is None else some
        return torch.nn.functional.cross_entropy(logits[chosen].double(), self.task.answers[chosen]).item()

    def accuracy(self, some: Bool[Tensor, "p p"] | None = None) -> float:
        """The share of all pairs, or of some, whose answer has the highest logit."""
        right = self.logits.argmax(-1) == self.task.answers
        return (right if some is None else right[some]).float().mean().item()

    def provenance(self, model: Model, sites: Iterable[str], *more: str) -> Provenance:
        """How it was made, with a warning where the network is at chance.

        Args:
            model: the network.
            sites: that were read.
            more: warnings.
        """
        found, right, chance = model.provenance(sites=sites), self.accuracy(), self.task.chance
        said = (
            f"{model.name} is right on {right:.1%} of all pairs, and a guess on {chance:.1%}: these numbers say "
            f"nothing of how it computes {self.task.said}. If it learned another operation, or is asked in another "
            "way, say so with task=mi.fourier.Task(p, operation, prompt=…)."
        )
        at_chance = [said] if right <= _GUESSED * chance else []
        return replace(found, warnings=(*found.warnings, *at_chance, *more))


def task_of(model: Model, task: Task | None, caller: str, *, neurons: bool = False) -> Task:
    """What a network computes: what the user says, or a sum of the tokens 0 … p − 1 with `=` as in `modadd-113`.

    Args:
        model: the network.
        task: what the user says.
        caller: the analysis, for the message.
        neurons: whether its one layer and its neurons are looked at.

    Raises:
        MIError: the network has not the tokens, the room or the layer.
    """
    c = model.config
    if task is None:
        task = _usual(model, caller)
    longest, last = len(task.prompt), task.last_id
    if longest > c.n_ctx or last >= c.d_vocab:
        raise MIError(
            f"{caller}: a prompt of task has {longest} tokens with ids up to {last}; {model.name} takes {c.n_ctx} "
            f"tokens with ids up to {c.d_vocab - 1}. Say how it is asked with mi.fourier.Task(p, prompt=…, first=…)."
        )
    if neurons and (c.n_layers != 1 or not c.d_mlp):
        raise MIError(
            f"{caller} looks at the neurons of a network with one layer; {model.name} has {c.n_layers} layer(s), d_mlp "
            f"{c.d_mlp}."
        )
    return task


def _usual(model: Model, caller: str) -> Task:
    c = model.config
    p = c.d_vocab - 1
    # What does not fit is seen before there is a table of all pairs, which of a real vocabulary takes gigabytes.
    if c.n_ctx >= 3 and c.n_layers == 1 and c.d_mlp and p <= _LARGEST:
        with suppress(MIError):  # p is no prime
            return Task(p)
    raise MIError(
        f"{caller}: {model.name} is no network for modular addition, which has one layer with an MLP, room for three "
        f"tokens, and the tokens 0 to p - 1 and = for a prime p, here up to {_LARGEST}; it has "
        f"{c.n_layers} layer(s), d_mlp {c.d_mlp}, n_ctx {c.n_ctx} and {c.d_vocab} tokens. "
        "mi.load('modadd-113') is one; what another network computes is said with task=mi.fourier.Task(p, …)."
    )


def all_pairs(
    model: Model, task: Task | None, caller: str, *, neurons: bool = False, by_answer: bool = False
) -> AllPairs:
    """Run a model, under the active interventions, on all pairs.

    Args:
        model: the network.
        task: what it computes; None for sums as `modadd-113` knows them.
        caller: the analysis, for the message.
        neurons: whether their activations are wanted; there are none of them otherwise.
        by_answer: whether the analysis reads the waves of the answer.

    Raises:
        MIError: the network has not what the task takes, or the answers have no waves of their own.
    """
    task = task_of(model, task, caller, neurons=neurons)
    if by_answer and not task.is_linear:
        raise MIError(
            f"{caller} reads waves of the answer, as cos(w_k(a + b)) of a sum and cos(w_k(a - b)) of a difference; "
            f"{task.said} is no sum of multiples of a and b. mi.fourier.spectrum(model, task=task, logits=[…]) and "
            "mi.fourier.neuron_frequencies(model, task=task) hold for any operation."
        )
    p, ids = task.p, task.ids
    # Filled in place: parts that are joined at the end would stand in memory twice.
    logits, all_neurons = torch.empty(p * p, p), torch.empty(p * p, model.config.d_mlp if neurons else 0)
    for first in range(0, len(ids), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        kept = _last(model, ids[part], neurons=neurons)
        if task.outputs.stop > kept["logits", None].shape[-1]:
            raise MIError(
                f"{caller}: the answers of task are the logits {task.outputs.start} to {task.outputs.stop - 1}; "
                f"{model.name} has {kept['logits', None].shape[-1]}. Say where they begin with "
                "mi.fourier.Task(p, first_answer=…)."
            )
        logits[part] = kept["logits", None][:, task.outputs]
        if neurons:
            all_neurons[part] = kept["mlp_post", 0]
    return AllPairs(task, logits.unflatten(0, (p, p)), all_neurons.unflatten(0, (p, p)))


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


def mean_by(x: Float[Tensor, "p p ..."], answers: Int[Tensor, "p p"]) -> Float[Tensor, "p ..."]:
    """The mean of what a table over a and b holds where the answer is each number; each is p times."""
    p = len(x)
    total = torch.zeros(p, *x.shape[2:], dtype=torch.float64)
    return (total.index_add(0, answers.flatten(), x.flatten(0, 1).double()) / p).float()


def along(
    x: Float[Tensor, "p p ..."], keys: Iterable[int], answers: Int[Tensor, "p p"]
) -> Float[Tensor, "p p ..."]:
    """The part of a table over a and b along cos(w_k s) and sin(w_k s), of the answer s, for some frequencies k."""
    p, chosen = len(x), [k - 1 for k in keys]
    wave = torch.cat([w[chosen] for w in waves(p)])
    means = mean_by(x, answers).reshape(p, -1)
    return (2 / p * wave.T @ (wave @ means)).reshape(p, *x.shape[2:])[answers]
