"""Small sparse autoencoders of random weights."""

import torch

from mi_widgets.core.sae import SAE

KINDS = ("topk", "batch_topk", "jumprelu", "l1")


def random_sae(kind="topk", *, d_in=6, d_sae=10, k=3, seed=0, **more):
    draw = torch.Generator().manual_seed(seed)
    given = {
        "W_enc": torch.randn(d_in, d_sae, generator=draw),
        "b_enc": torch.randn(d_sae, generator=draw) / 4,
        "W_dec": torch.randn(d_sae, d_in, generator=draw),
        "b_dec": torch.randn(d_in, generator=draw),
    }
    if kind in ("batch_topk", "jumprelu"):
        given["threshold"] = torch.rand(d_sae, generator=draw)
    return SAE(**{**given, "kind": kind, "k": k, **more})
