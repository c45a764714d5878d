"""Whether a town's state is computed or looked up: a probe of the embeddings, and a swap of states in the middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core import sites as at
from mi_widgets.core.edits import apply
from mi_widgets.model.model import Model
from mi_widgets.zoo.atlas import facts, geography
from mi_widgets.zoo.atlas.facts import State, Town
from mi_widgets.zoo.random_streams import random_stream

from .questions import Question, cut_before_answer, share_right

_FOLDS = 8  # a town of every state in each
_RIDGE = 1.0
_SHUFFLES = 20
_MADE_FROM, _TRIED_ON = geography.TWO_HOPS[::2], geography.TWO_HOPS[1::2]  # the forms of questions


def probes(model: Model, *, seed: int = 0) -> dict[str, float]:
    """How often a linear probe names the state of a town that it was not fitted to; chance is 1/24.

    Of a town's embedded tokens, side by side; of the same with shuffled states (the mean of several); and, as the
    control that states can be found in this way, of the residual stream where a question about the town is answered,
    before the final block.

    Args:
        model: with towns of one token, or of two.
        seed: of the shuffling.
    """
    towns = [town for state in facts.STATES for town in _of(state)]
    y = np.array([facts.STATES.index(town.state) for town in towns])
    embed = model.weights.W_E.detach().float().cpu().numpy()
    rows = model.tokenizer([town.name for town in towns], add_special_tokens=False).input_ids
    embedded = np.stack([embed[row].ravel() for row in rows])
    shuffled = [
        probe(embedded, y[random_stream("probe", seed + i).random(len(y)).argsort()])
        for i in range(_SHUFFLES)
    ]
    prompts = [_question(town, "capital", _TRIED_ON[0]) for town in towns]
    return {
        "state by a probe of embedded towns": probe(embedded, y),
        "the same, shuffled states": float(np.mean(shuffled)),
        "state by the same probe where the answer is due, before the final layer": probe(
            _residuals(model, prompts)[-2].float().cpu().numpy(), y
        ),
    }


def probe(x: Float[np.ndarray, "town d"], y: Int[np.ndarray, " town"]) -> float:
    """The share of towns whose state is found from the others': ridge regression to one number a state, eightfold."""
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    folds, right = np.arange(len(y)) % _FOLDS, 0
    for fold in range(_FOLDS):
        seen, new = folds != fold, folds == fold
        kernel = x[seen] @ x[seen].T + _RIDGE * x.shape[1] * np.eye(seen.sum())
        scores = x[new] @ x[seen].T @ np.linalg.solve(kernel, np.eye(y.max() + 1)[y[seen]])
        right += (scores.argmax(1) == y[new]).sum()
    return float(right / len(y))


def state_vectors(model: Model, *, without: str) -> dict[str, Float[Tensor, "layer d_model"]]:
    """What is special to each state in the residual stream where an answer is due, after every block.

    It is the mean over questions about its towns less that over all towns. None of these questions is for the attribute
    left out, nor in the forms that are tried: what the vector is tried on had no part in it.

    Args:
        model: whose.
        without: the attribute left out.
    """
    means: dict[str, list[Tensor]] = {state.name: [] for state in facts.STATES}
    for attribute in facts.ATTRIBUTES:
        if attribute == without:
            continue
        found = {
            state.name: _residuals(
                model, [_question(town, attribute, form) for town in _of(state) for form in _MADE_FROM]
            ).mean(1)
            for state in facts.STATES
        }
        middle = torch.stack([*found.values()]).mean(0)
        for name, vector in found.items():
            means[name].append(vector - middle)
    return {name: torch.stack(vectors).mean(0) for name, vectors in means.items()}


def _of(state: State) -> list[Town]:
    return [town for town in facts.towns().values() if town.state == state]


def _question(town: Town, attribute: str, form: str) -> Question:
    return cut_before_answer(geography.fact_text(form, attribute, town))


def _residuals(model: Model, questions: Sequence[Question]) -> Float[Tensor, "layer n d_model"]:
    site = at.resid_post.pos(-1)
    return model.run([each.prompt for each in questions], keep=[site])[site]


def swaps(model: Model, *, attribute: str = "capital", n: int = 240, seed: int = 0) -> dict[str, float]:
    """How often another state's vector in place of the town's own, at the last token, gives the other state's answer.

    Args:
        model: whose.
        attribute: which; the vectors are made from the others.
        n: how many pairs of a town and another state.
        seed: of the pairs and of the random vectors, which are as long as the change.

    Returns:
        The shares before the final block and after it, and those with random vectors.
    """
    rng = random_stream("swaps", seed)
    vectors, towns = state_vectors(model, without=attribute), [*facts.towns().values()]
    questions, changes = [], []
    while len(questions) < n:
        town, other = (
            towns[int(rng.random() * len(towns))],
            facts.STATES[int(rng.random() * len(facts.STATES))],
        )
        if getattr(other, attribute) == getattr(town.state, attribute):
            continue
        prompt = _question(town, attribute, _TRIED_ON[len(questions) % len(_TRIED_ON)]).prompt
        questions.append(Question(prompt, getattr(other, attribute)))
        changes.append(vectors[other.name] - vectors[town.state.name])
    layers = model.config.n_layers
    found = {}
    for when, layer in (("before the final layer", layers - 2), ("after the final layer", layers - 1)):
        change = torch.stack(changes)[:, layer]
        noise = torch.from_numpy(rng.normal(size=change.shape)).to(change)
        noise *= change.norm(dim=-1, keepdim=True) / noise.norm(dim=-1, keepdim=True)
        found[f"swapped states {when}: target's {attribute}"] = _after(model, questions, layer, change)
        found[f"random vectors {when}: target's {attribute}"] = _after(model, questions, layer, noise)
    return found


def _after(
    model: Model, questions: Sequence[Question], layer: int, change: Float[Tensor, "n d_model"]
) -> float:
    site = at.resid_post[layer].pos(-1)
    return share_right(model, questions, lambda rows: apply(site, lambda x: x + change[rows]))
