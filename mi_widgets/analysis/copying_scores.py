"""Does a head raise the very token that it reads? Asked of the weights alone."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model
from mi_widgets.model.sayable import sayable_tokens


@recorded
def copying_scores(model: Model) -> Result:
    """Whether what a head reads at a token raises the logit of that same token.

    The full OV circuit W_E W_V W_O W_U says what attending to one token does to the logit of every other. A head
    that copies raises what it reads, and then the eigenvalues are positive: the score is their sum over the sum
    of their sizes. Tokens that a model reads and cannot say are left out.

    Args:
        model: whose weights; interventions do not matter here.

    Returns:
        over the tokens that are both read and predicted (some models have embeddings of images, without logits), a
        Result (layer, head) from -1 (what is read is suppressed) through 0 (neither) to 1 (all is copied).

    Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", "Summarizing OV/QK matrices". The
    embedding is taken as it is; what MLPs and earlier heads add to it is not seen.
    """
    w, can = model.weights, sayable_tokens(model)
    W_U, W_E = w.W_U[:, can], w.W_E[can]
    # The eigenvalues of a product are those of its parts in another order: d_head of them, not d_vocab.
    # What all logits have in common softmax does not see: it says nothing about copying.
    both = min(W_U.shape[1], len(W_E))
    around = (W_U - W_U.mean(1, keepdim=True))[:, :both] @ W_E[:both]
    inner = (w.W_O @ around @ w.W_V).cpu()
    eigenvalues = torch.linalg.eigvals(inner)
    size = eigenvalues.abs().sum(-1)
    score = torch.where(size > 0, eigenvalues.real.sum(-1) / size, torch.zeros(()))
    return Result(
        kind="copying_scores",
        title="Copying score",
        dataset=xr.Dataset(
            {"score": (("layer", "head"), score.numpy())},
            coords={"layer": np.arange(score.shape[0]), "head": np.arange(score.shape[1])},
        ),
        primary="score",
        unit="positive share of eigenvalues, -1 to 1",
        source="Elhage et al. 2021, A Mathematical Framework for Transformer Circuits, Summarizing OV/QK matrices",
        provenance=model.provenance(sites=["resid_post"]),
    )
