"""How surprised the model is at every token."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from torch.nn import functional as F

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.run import Run


@recorded
def loss_per_token(run: Run) -> Result:
    """The loss at every token: minus the log-probability that the model gave it beforehand.

    Args:
        run: any run; the logits are always kept.

    Returns:
        Result (batch, pos) in nats, 0 for a token foreseen with certainty. The first token has no
        prediction: it and padding are NaN.

    Raises:
        UnsupportedModel: its tokens see those after them.
    """
    _check_foresees(run)
    log_p = run.logits.float().log_softmax(-1).cpu()
    loss = torch.full(run.ids.shape, float("nan"))
    loss[:, 1:] = -log_p[:, :-1].gather(-1, run.ids[:, 1:, None])[..., 0]
    loss[~run.mask] = float("nan")
    foreseen = run.mask[:, 1:] & run.mask[:, :-1]
    spoilt = (loss[:, 1:].isnan() & foreseen).any(1).nonzero()[:, 0].tolist()
    return Result(
        kind="loss_per_token",
        title="Loss per token",
        dataset=xr.Dataset(
            {"loss": (("batch", "pos"), loss.numpy())},
            coords={
                "batch": np.arange(loss.shape[0]),
                "pos": np.arange(loss.shape[1]),
                "pos_token": (("batch", "pos"), np.array(run.tokens)),
            },
        ),
        primary="loss",
        unit="nats",
        source="cross-entropy of the next token",
        provenance=run.provenance(spoilt=spoilt),
    )


def summed_loss(run: Run) -> tuple[float, int]:
    """The loss over all tokens of a run but each prompt's first, in nats, and how many these are.

    Raises:
        UnsupportedModel: its tokens see those after them.
    """
    _check_foresees(run)
    # What stands behind padding is a first token too.
    targets = torch.where(run.mask[:, 1:] & run.mask[:, :-1], run.ids[:, 1:], -100).to(run.logits.device)
    logits = run.logits[:, :-1].detach().float()
    lost = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
    return float(lost), int((targets >= 0).sum())


def _check_foresees(run: Run) -> None:
    if run.model.looks_ahead:
        raise UnsupportedModel(
            f"{run.model.name} has no loss of the next token: its attention is bidirectional, so it sees that token. "
            "Mask what it is to say, and read run.logits there."
        )
