"""How each shipped model is made: its shape, its texts, its schedule, and the bars it must reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from mi_widgets.core.errors import UnknownModel
from mi_widgets.zoo.data import N_POS
from mi_widgets.zoo.transformer import TransformerConfig
from mi_widgets.zoo.vocabulary import vocabulary


@dataclass(frozen=True)
class Recipe:
    """Everything that a training run depends on, but for the seed.

    Args:
        name: of the model it makes.
        about: one line for the model's card.
        config: the shape.
        steps: optimiser steps.
        batch: rows a step, half of them repeats and half documents.
        lr: peak learning rate of AdamW.
        weight_decay: on weight matrices.
        warm_up: steps of linear warm-up.
        decay_from: the share of the steps after which the rate falls linearly to 3 %.
        short_until: steps for which repeated spans have at most `short_span` words: they come round often,
            so that induction is worth learning early.
        short_span: see there.
        head_penalty: weight of the sparsity penalty on heads (see `training.train.head_penalty`).
        penalty_from: the step after which it is raised, over `penalty_ramp` steps, from 0 to its weight.
        penalty_ramp: see there.
        penalty_until: the share of the steps after which it is gone: heads that were given up stay so, and
            those at work are no longer held back.
        checkpoints: steps to keep in half precision, besides step 0 and the last.
        bars: measure -> (lowest, highest) that every seed must reach.
    """

    name: str
    about: str
    config: TransformerConfig
    steps: int
    batch: int = 32
    lr: float = 3e-3
    weight_decay: float = 0.01
    warm_up: int = 100
    decay_from: float = 0.6
    short_until: int = 400
    short_span: int = 12
    head_penalty: float = 0.1
    penalty_from: int = 300
    penalty_ramp: int = 200
    penalty_until: float = 0.6
    checkpoints: tuple[int, ...] = ()
    bars: dict[str, tuple[float, float]] = field(default_factory=dict)


def _shape(n_layers: int) -> TransformerConfig:
    return TransformerConfig(
        n_layers=n_layers, n_heads=4, d_model=128, d_head=64, d_vocab=len(vocabulary()), n_ctx=N_POS
    )


_STEPS = 2000
# Close together where induction appears.
_CHECKPOINTS = (100, 200, 250, 300, 350, 400, 450, 500, 550, 650, 1000)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="induction-2l",
            about="Two layers of attention, no MLPs: the smallest network that learns induction.",
            config=_shape(2),
            steps=_STEPS,
            checkpoints=_CHECKPOINTS,
            bars={
                "repeat accuracy": (0.95, 1.0),
                "best induction score in layer 1": (0.8, 1.0),
                "best previous-token score in layer 0": (0.8, 1.0),
                "in-context learning (nats)": (-9.0, -2.0),
                "in-context learning lost without the previous-token head": (0.7, 2.0),
                "in-context learning lost without the induction heads": (0.7, 2.0),
                "in-context learning lost without other heads": (-0.2, 0.2),
                "phase change, share of training": (0.0, 0.2),
                "in-context learning gained in that fifth": (0.4, 1.0),
            },
        ),
        Recipe(
            name="induction-1l",
            about="One layer of attention, no MLPs: the control, which cannot compose two heads.",
            config=_shape(1),
            steps=_STEPS,
            checkpoints=_CHECKPOINTS,
            bars={
                "repeat accuracy": (0.0, 0.25),
                "best induction score": (0.0, 0.3),
                "in-context learning (nats)": (-1.3, 0.0),
            },
        ),
    )
}


def recipe_for(name: str) -> Recipe:
    """The recipe of a shipped model.

    Raises:
        UnknownModel: there is none of this name.
    """
    if name not in RECIPES:
        raise UnknownModel(f"There is no recipe {name!r}; there is one for {', '.join(RECIPES)}.")
    return RECIPES[name]
