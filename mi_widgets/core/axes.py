"""The kinds of activation that a model has, and the axes of each."""

from __future__ import annotations

_RESIDUAL = ("batch", "pos", "d_model")
_NEURONS = ("batch", "pos", "d_mlp")
_PER_HEAD = ("batch", "pos", "head", "d_head")
_SQUARE = ("batch", "head", "query", "key")

# The axes of every kind of activation, as a run returns it, in the order of the forward pass.
AXES: dict[str, tuple[str, ...]] = {
    "embed": _RESIDUAL,
    "resid_pre": _RESIDUAL,
    "q": _PER_HEAD,
    "k": _PER_HEAD,
    "v": _PER_HEAD,
    "scores": _SQUARE,
    "pattern": _SQUARE,
    "z": _PER_HEAD,
    "attn_out": _RESIDUAL,
    "resid_mid": _RESIDUAL,
    "mlp_in": _RESIDUAL,
    "router": ("batch", "pos", "expert"),
    "mlp_pre": _NEURONS,
    "mlp_post": _NEURONS,
    "mlp_out": _RESIDUAL,
    "resid_post": _RESIDUAL,
    "logits": ("batch", "pos", "d_vocab"),
}
WHOLE_MODEL = ("embed", "logits")  # once in a model, not once a layer
PARTS = ("head", "expert")  # what one of a layer can be chosen of, as in at.z[1, 3]
