"""What an intervention does to the next token and to what is written, and what it costs on ordinary text."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.directions import Probe
from mi_widgets.core.texts import Row
from mi_widgets.model.generate import Cancel
from mi_widgets.model.model import Model
from mi_widgets.model.run import Generation

from ..activations import activations_at, batch_ranges
from ..loss import summed_loss

_WAITS_FOR = 128  # tokens: a pass that somebody may want to break off


def loss_on(model: Model, texts: Sequence[str | Row], *, cancel: Cancel | None = None) -> float:
    """The mean loss over all tokens of some texts but each one's first, in nats; as far as the model's context goes.

    Args:
        model: under whatever interventions are active.
        texts: what is foreseen.
        cancel: asked between passes, which are short where it is given; when it is set, the answer is NaN.
    """
    cut = [model.cut(text)[0] for text in texts]
    total, n = 0.0, 0
    for numbers in batch_ranges(cut) if cancel is None else batch_ranges(cut, most=_WAITS_FOR):
        if cancel is not None and cancel.is_set():
            return float("nan")
        lost, count = summed_loss(model.run(cut[numbers.start : numbers.stop]))
        total, n = total + lost, n + count
    return total / n


def divergence(steered: Float[Tensor, " d_vocab"], plain: Float[Tensor, " d_vocab"]) -> float:
    """How far the next token's distribution has moved: KL(steered || plain) in nats, of logits."""
    p, q = steered.double().log_softmax(-1), plain.double().log_softmax(-1)
    return float((p.exp() * (p - q)).sum())


def spread_of(probe: Probe, model: Model, texts: Sequence[str | Row]) -> tuple[float, float]:
    """Mean and standard deviation of a probe's log-odds over the tokens of some texts."""
    found = probe.log_odds(activations_at(model, probe.site, texts, progress=False)[0])
    return float(found.mean()), float(found.std(correction=0))


def read_by(probe: Probe, model: Model, continuation: Generation) -> float:
    """What a probe says of the tokens that were written: the mean of its log-odds, in nats.

    The model reads prompt and continuation as its text, under the interventions that are active here: outside of the
    steering block it says what the words are like, and not what was pushed. NaN where nothing was written that the
    probe's site names.
    """
    ids = [*continuation.prompt_ids, *continuation.ids]
    run = model.run(Row(ids[: model.config.n_ctx]), keep=[probe.site.everywhere])
    where = run.token_mask(probe.site)[0].clone()
    where[: len(ids) - len(continuation.ids)] = False
    x = run[probe.site.everywhere][0].detach().float().cpu()[where]
    return float(probe.log_odds(x).mean()) if len(x) else float("nan")
