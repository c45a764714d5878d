"""What a model of the induction family does, by the library's own analyses on held-out texts."""

from __future__ import annotations

from mi_widgets.analysis.head_scores import head_scores
from mi_widgets.analysis.loss import loss_per_token
from mi_widgets.analysis.repeats import repeat_accuracy
from mi_widgets.model.model import Model
from mi_widgets.zoo.data import data

_PROBE = {"length": 50, "n": 32, "seed": 1_000}
LATE, EARLY = slice(100, 120), slice(20, 40)


def in_context_learning(model: Model, *, n: int = 200) -> float:
    """The mean loss at tokens 100 to 119 of held-out documents, minus that at tokens 20 to 39, in nats.

    Source: Olsson et al. 2022 (arXiv:2209.11895), who take token 500 minus token 50 of long texts.
    """
    loss = loss_per_token(model.run(data("documents", "test", n=n).ids)).values
    return float(loss[:, LATE].mean() - loss[:, EARLY].mean())


def measures(model: Model) -> dict[str, float]:
    """Every figure that is recorded of a shipped model."""
    induction = head_scores(model, "induction", **_PROBE).values
    previous = head_scores(model, "previous_token", **_PROBE).values
    found = {
        "repeat accuracy": repeat_accuracy(model, **_PROBE).sel(passage="repeat").values.item(),
        "best induction score": induction.max().item(),
        "best previous-token score in layer 0": previous[0].max().item(),
        "in-context learning (nats)": in_context_learning(model),
    }
    if model.config.n_layers > 1:
        found["best induction score in layer 1"] = induction[1].max().item()
    return found
