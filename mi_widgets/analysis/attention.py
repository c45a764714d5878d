"""What every head attends to."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from mi_widgets.core import sites as at
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.run import Run


@recorded
def attention(run: Run) -> Result:
    """The attention pattern of every head.

    Args:
        run: a run that kept `at.pattern`, of all layers or of some.

    Returns:
        Result (batch, layer, head, query, key): the probability with which the query position reads from
        the key position; rows sum to 1, padding is NaN.

    Raises:
        NotKept: the run did not keep the pattern.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), section 3.2.1.
    """
    layers = [layer for layer in range(run.model.config.n_layers) if ("pattern", layer) in run.kept]
    # With nothing kept, reading says what to ask for.
    sites = [at.pattern[layer] for layer in layers] or [at.pattern]
    pattern = torch.stack([run[site] for site in sites], dim=1).float().cpu().numpy()
    mask = run.mask.numpy()
    real = mask[:, None, None, :, None] & mask[:, None, None, None, :]
    pattern = pattern if mask.all() else np.where(real, pattern, np.nan)
    tokens = np.array(run.tokens)
    n_batch, _, n_heads, n_pos, _ = pattern.shape
    return Result(
        kind="attention",
        title="Attention",
        dataset=xr.Dataset(
            {"pattern": (("batch", "layer", "head", "query", "key"), pattern)},
            coords={
                "batch": np.arange(n_batch),
                "layer": np.array(layers),
                "head": np.arange(n_heads),
                "query": np.arange(n_pos),
                "key": np.arange(n_pos),
                "query_token": (("batch", "query"), tokens),
                "key_token": (("batch", "key"), tokens),
            },
        ),
        primary="pattern",
        unit="probability",
        source="Vaswani et al. 2017 (arXiv:1706.03762), section 3.2.1",
        provenance=run.provenance(sites=["pattern"]),
    )
