"""Small sparse autoencoders of random weights."""

import torch

from mi_widgets.core.sae import SAE

KINDS = ("topk", "batch_topk", "jumprelu", "l1", "gated", "tanh_relu", "groupmax")


def random_sae(kind="topk", *, d_in=6, d_sae=10, k=3, seed=0, **more):
    draw = torch.Generator().manual_seed(seed)
    given = {
        "W_enc": torch.randn(d_in, d_sae, generator=draw),
        "b_enc": torch.randn(d_sae, generator=draw) / 4,
        "W_dec": torch.randn(d_sae, d_in, generator=draw),
        "b_dec": torch.randn(d_in, generator=draw),
    }
    if kind in ("batch_topk", "jumprelu", "gated"):
        given["threshold"] = torch.rand(d_sae, generator=draw)
    k = 2 if kind == "groupmax" else k  # which divides the latents
    return SAE(**{**given, "kind": kind, "k": k, **more})


def random_transcoder(kind="l1", *, d_in=6, d_out=6, skip=False, seed=0, **more):
    draw = torch.Generator().manual_seed(seed + 100)
    given = {"W_dec": torch.randn(10, d_out, generator=draw), "b_dec": torch.randn(d_out, generator=draw)}
    if skip:
        given["W_skip"] = torch.randn(d_out, d_in, generator=draw)
    return random_sae(kind, d_in=d_in, seed=seed, **given, subtracts_b_dec=False, **more)
