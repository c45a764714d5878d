"""Weights without a config: what their names decide beyond doubt is taken, and the user says the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import DictionaryError
from ..firing import KINDS, THRESHOLDED
from ..sae import SAE
from .dictionary_learning import CLASSES, unmeasured, weights_of
from .entries import Entries
from .told import MATRICES, Told, by_length, gated, linear, made

# Other names of linear layers: whether b_dec is taken away with them nobody says, unless it is the decoder's own bias.
_LINEAR = (
    {"W_enc": "encoder.weight", "b_enc": "encoder.bias", "W_dec": "decoder.weight"},
    {"W_enc": "encoder_linear.weight", "b_enc": "encoder_linear.bias", "W_dec": "decoder_linear.weight"},
    {"W_enc": "encoder.weight", "b_enc": "encoder.bias", "W_dec": "W_dec"},  # sparsify
)


def read_bare(file: Path, told: Told) -> SAE:
    """The dictionary of a state dict.

    Raises:
        DictionaryError: damaged; a tensor that is not understood; or something that changes numbers is said by nobody.
    """
    weights = Entries.of_weights(file)
    is_auto_encoder = weights.names == set(CLASSES["AutoEncoder"].tensors.values())
    found: dict[str, Any] = _gated(weights) or _linear(weights) or _matrices(weights, told)
    k, threshold, groups = weights.whole("k"), weights.take("threshold"), weights.counts("group_sizes")
    skip = weights.take("W_skip")
    kind = found.get("kind") or _kind(file, told, k=k, threshold=threshold)
    unset = threshold is not None and bool((threshold < 0).any())
    if threshold is not None and not unset and kind not in (*THRESHOLDED, "topk"):
        raise DictionaryError(
            f"{file} has a threshold, which kind={kind!r} does not use: which of them is wrong?"
        )
    if kind == "batch_topk" and unset:
        raise unmeasured(file)
    if groups:
        found |= {"groups": groups, "subtracts_b_dec": True}
    if k is not None:
        found["k"] = k
    if is_auto_encoder and kind == "l1":  # which its library loads so, with a config beside it or without
        found |= by_length(file, {name: found[name] for name in MATRICES})
    if threshold is not None:
        found["threshold"] = threshold
    if skip is not None or told.writes is not None:
        found |= {"W_skip": skip, "subtracts_b_dec": False}
    weights.done()
    return made(file, told, {**found, "kind": kind})


def _gated(weights: Entries) -> dict[str, Any]:
    """Gated ones have tensors that no other has: dictionary_learning's names, or SAELens's."""
    if {"gate_bias", "mag_bias", "decoder_bias"} <= weights.names:
        names = CLASSES["GatedAutoEncoder"]
        return {**weights_of(weights, names), "kind": names.kind, "subtracts_b_dec": names.subtracts}
    if not {"b_gate", "b_mag"} <= weights.names:
        return {}
    read = {name: weights.need(name) for name in ("W_enc", "W_dec", "b_dec")}
    read |= gated(weights.path, read["W_enc"], *(weights.need(name) for name in ("r_mag", "b_gate", "b_mag")))
    return {**read, "kind": "gated", "subtracts_b_dec": None}


def _linear(weights: Entries) -> dict[str, Any]:
    names = next((names for names in _LINEAR if set(names.values()) <= weights.names), None)
    if names is None:
        return {}
    read: dict[str, Any] = {ours: weights.need(theirs) for ours, theirs in names.items()}
    turned = [name for name in ("W_enc", "W_dec") if names[name].endswith(".weight")]
    read |= {name: linear(read[name]) for name in turned}
    own = names["W_dec"].replace("weight", "bias")
    # "bias" and "b_dec" beside linear layers are taken away, by dictionary_learning and by sparsify.
    subtracts = own not in weights
    read["b_dec"] = weights.need(own if own in weights else "bias" if "bias" in weights else "b_dec")
    return {**read, "subtracts_b_dec": subtracts}


def _matrices(weights: Entries, told: Told) -> dict[str, Any]:
    read: dict[str, Tensor] = {name: weights.need(name, name.lower()) for name in MATRICES}
    W = read["W_enc"]
    if (
        told.d_in is not None and W.ndim == 2 and W.shape[0] != told.d_in == W.shape[1]
    ):  # they lie the other way round
        read |= {name: linear(read[name]) for name in ("W_enc", "W_dec")}
    return dict(read)


def _kind(file: Path, told: Told, *, k: int | None, threshold: Tensor | None) -> Any:
    """The kind, where the tensors leave one."""
    if told.kind is not None:
        return told.kind
    if threshold is not None and k is None:
        return "jumprelu"
    may = (
        f'it has k={k} and {"a" if threshold is not None else "no"} threshold, as kind="topk" and '
        'kind="batch_topk" have'
        if k is not None
        else 'it has neither k nor a threshold, as kind="l1" and, with k=, kind="topk" have'
    )
    raise DictionaryError(
        f"{file} has no config beside it that says which of its latents fire: {may}. Give kind=, one of "
        f"{', '.join(map(repr, KINDS))}."
    )
