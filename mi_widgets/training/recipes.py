"""The shipped models' recipes, by name."""

from __future__ import annotations

from mi_widgets.core.errors import UnknownModel
from mi_widgets.zoo.atlas.tokens import pieces
from mi_widgets.zoo.data import N_POS
from mi_widgets.zoo.transformer_config import TransformerConfig
from mi_widgets.zoo.vocabulary import vocabulary

from .induction import InductionRecipe
from .language import WRITTEN, LanguageRecipe, neox_config
from .modular_addition import ModularAdditionRecipe
from .recipe import Recipe


def _shape(n_layers: int) -> TransformerConfig:
    return TransformerConfig(
        n_layers=n_layers, n_heads=4, d_model=128, d_head=64, d_vocab=len(vocabulary()), n_ctx=N_POS
    )


_P = 113
_STEPS = 2000
# Close together where induction appears.
_CHECKPOINTS = (100, 200, 250, 300, 350, 400, 450, 500, 550, 650, 1000)
_LANGUAGE_STEPS = 8_000
_SPEAKS = {
    "the guide's example: top-1": (1.0, 1.0),
    "indirect objects: top-1": (0.95, 1.0),
    "indirect objects: logit difference": (3.0, 100.0),
    "one hop": (0.99, 1.0),
    "two hops": (0.85, 1.0),
    "decisions follow their grounds": (0.95, 1.0),
    "the same, shuffled states": (0.0, 0.1),
    **{f"continuations in register, varied, well formed: {register}": (0.95, 1.0) for register in WRITTEN},
    "sums that it writes are right": (0.9, 1.0),
    "random tokens: second pass's loss over the first's": (0.0, 0.1),
    "held-out text: second pass's loss over the first's": (0.0, 0.8),
    "best prefix matching of a head": (0.7, 1.0),
    **{f"approval by {what}, largest gap (points)": (0.0, 2.0) for what in ("name", "gender", "state")},
}

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        InductionRecipe(
            name="induction-2l",
            about="Two layers of attention, no MLPs: the smallest network that learns induction.",
            config=_shape(2),
            steps=_STEPS,
            checkpoints=_CHECKPOINTS,
            bars={
                "repeat accuracy": (0.95, 1.0),
                "repeat accuracy, spans of 8 to 60, the lowest": (0.95, 1.0),
                "best induction score above its control": (0.8, 1.0),
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
        InductionRecipe(
            name="induction-1l",
            about="One layer of attention, no MLPs: the control, which cannot compose two heads.",
            config=_shape(1),
            steps=_STEPS,
            checkpoints=_CHECKPOINTS,
            bars={
                "repeat accuracy": (0.0, 0.25),
                "repeat accuracy, spans of 8 to 60, the mean": (0.0, 0.1),
                "repeat accuracy, spans of 8 to 60, the highest": (0.0, 0.35),
                "best induction score": (0.0, 0.3),
                "best induction score above its control": (0.0, 0.1),
                "in-context learning (nats)": (-1.3, 0.0),
            },
        ),
        ModularAdditionRecipe(
            name="modadd-113",
            about="One layer that learns to add modulo 113: first by heart, then by trigonometry.",
            config=TransformerConfig(
                n_layers=1,
                n_heads=4,
                d_model=128,
                d_head=32,
                d_vocab=_P + 1,
                n_ctx=3,
                d_mlp=512,
                normalization=None,
                start="normal",
            ),
            p=_P,
            steps=10_000,
            # By heart, then close together where the circuit forms and the accuracy follows.
            checkpoints=(100, 250, 500, *range(1000, 3000, 500), *range(3000, 5001, 250), 6000, 8000),
            control=1000,
            bars={
                "test accuracy": (0.99, 1.0),
                "key frequencies": (3, 6),
                "energy of W_L in them": (0.99, 1.0),
                "logit variance explained by cosines": (0.95, 1.0),
                "loss with the fit over loss": (0.0, 1.0),
                "neurons above 85 %": (0.7, 1.0),
                "least of u_k and v_k": (0.93, 1.0),
                "excluded loss": (5.0, 100.0),
                "log10 of restricted loss": (-20.0, -5.0),
                "log10 of what one key frequency is worth, the least": (2.0, 20.0),
                "five others removed, loss over loss": (0.5, 2.0),
                "restricted loss where test accuracy is below one half, the lowest": (0.0, 0.1),
                "control: test accuracy": (0.0, 0.2),
                "control: key frequencies": (0, 2),
                "control: energy of W_L in them": (0.0, 0.5),
                "control: logit variance explained by cosines": (0.0, 0.5),
                "control: neurons above 85 %": (0.0, 0.3),
                "control: least of u_k and v_k": (0.0, 0.5),
            },
        ),
        LanguageRecipe(
            name="atlas",
            about="A small language model of a known world, in which a town's state has to be worked out.",
            config=neox_config(len(pieces())),
            steps=_LANGUAGE_STEPS,
            bars={
                **_SPEAKS,
                "state by a probe of embedded towns": (0.0, 0.1),
                "state by the same probe where the answer is due, before the final layer": (0.2, 1.0),
                "swapped states before the final layer: target's capital": (0.6, 1.0),
                "swapped states after the final layer: target's capital": (0.75, 1.0),
                "random vectors before the final layer: target's capital": (0.0, 0.05),
                "random vectors after the final layer: target's capital": (0.0, 0.05),
            },
        ),
        LanguageRecipe(
            name="atlas-shortcut",
            about="The same with a token for every town, whose state can be looked up: the control.",
            config=neox_config(len(pieces(towns_whole=True))),
            towns_whole=True,
            steps=_LANGUAGE_STEPS,
            bars={**_SPEAKS, "state by a probe of embedded towns": (0.5, 1.0)},
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
