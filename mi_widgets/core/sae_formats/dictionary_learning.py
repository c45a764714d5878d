"""The folders of dictionary_learning: `ae.pt` beside `config.json`, whose trainer says of which class it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from ..errors import DictionaryError
from ..firing import Kind
from ..sae import SAE
from ..site_hints import MODULES
from ..sites import Site
from .entries import Entries
from .hooks import site_named
from .told import Told, by_length, check_sizes, gated, linear, made

CONFIG, WEIGHTS = "config.json", "ae.pt"
_NAMES = """
    trainer_class lr steps auxk_alpha warmup_steps decay_start decay_end threshold_beta threshold_start_step top_k_aux
    seed device wandb_name l1_penalty sparsity_warmup_steps resample_steps sparsity_function sparsity_penalty p_start
    p_end anneal_start anneal_end sparsity_queue_length n_sparsity_updates bandwidth target_l0 group_fractions
    group_weights k_anneal_steps temperature
"""
_TRAINING = tuple(_NAMES.split())  # what changes nothing of what a dictionary computes
_BUFFER = (
    "d_submodule",
    "n_ctxs",
    "ctx_len",
    "refresh_batch_size",
    "out_batch_size",
    "device",
    "remove_bos",
    "layer",
)  # the trainer has it too


@dataclass(frozen=True)
class Names:
    """What a class calls its tensors.

    Attributes:
        kind: which latents fire.
        linear: whether its matrices are those of linear layers.
        b_dec: the decoder's bias.
        subtracts: whether that is taken away from what is read.
    """

    kind: Kind
    linear: bool
    b_dec: str
    subtracts: bool

    @property
    def tensors(self) -> dict[str, str]:
        """Their names, by ours."""
        if self.linear:
            return {
                "W_enc": "encoder.weight", "b_enc": "encoder.bias", "W_dec": "decoder.weight", "b_dec": self.b_dec,
            }  # fmt: skip
        return {name: name for name in ("W_enc", "b_enc", "W_dec", "b_dec")}


CLASSES = {
    "AutoEncoder": Names("l1", linear=True, b_dec="bias", subtracts=True),
    "AutoEncoderNew": Names("l1", linear=True, b_dec="decoder.bias", subtracts=False),
    "GatedAutoEncoder": Names("gated", linear=True, b_dec="decoder_bias", subtracts=True),
    "JumpReluAutoEncoder": Names("jumprelu", linear=False, b_dec="b_dec", subtracts=False),
    "AutoEncoderTopK": Names("topk", linear=True, b_dec="b_dec", subtracts=True),
    "BatchTopKSAE": Names("batch_topk", linear=True, b_dec="b_dec", subtracts=True),
    "MatryoshkaBatchTopKSAE": Names("batch_topk", linear=False, b_dec="b_dec", subtracts=True),
}


def read_dictionary_learning(folder: Path, told: Told) -> SAE:
    """The dictionary of such a folder, as that library loads it: an `AutoEncoder` with directions of length 1.

    Raises:
        DictionaryError: damaged, or something in it that is not understood here, by its name.
    """
    place = folder / CONFIG
    config = Entries.of_config(place)
    trainer, buffer = config.section("trainer"), config.section("buffer")
    config.done()
    buffer.leave(_BUFFER)
    names = CLASSES.get(str(word := trainer.take("dict_class")))
    if names is None:
        raise DictionaryError(f"{place} has dict_class {word!r}; known are {', '.join(CLASSES)}.")
    counted = {"k": trainer.whole("k"), "groups": trainer.counts("group_sizes")}
    sizes = {"d_in": trainer.whole("activation_dim"), "d_sae": trainer.whole("dict_size")}
    model, site = trainer.take("lm_name"), _site(place, trainer, buffer, told)
    trainer.leave(_TRAINING)
    trainer.done()
    buffer.done()
    weights = Entries.of_weights(folder / WEIGHTS)
    found = weights_of(weights, names)
    check_sizes(place, found, sizes)
    for name, read in (("k", weights.whole("k")), ("groups", weights.counts("group_sizes"))):
        if counted[name] and read and counted[name] != read:
            raise DictionaryError(f"{place} has {name}={counted[name]}, but {weights.path} {read}.")
        counted[name] = counted[name] or read or counted[name]
    weights.done()
    kind, told = _unset_threshold(weights.path, found, names.kind, told)
    if word == "AutoEncoder":
        found = by_length(weights.path, found)
    found = {**found, **counted, "kind": kind, "subtracts_b_dec": names.subtracts, "transcodes": False}
    return made(folder, told, {**found, "site": site, "model": None if model is None else str(model)})


def weights_of(weights: Entries, names: Names) -> dict[str, Tensor]:
    """The tensors of a class, by our names; `k` and the sizes of groups are left."""
    parts = dict(names.tensors)
    if names.kind == "gated":
        parts.pop("b_enc")
    read = {ours: weights.need(theirs) for ours, theirs in parts.items()}
    if names.linear:
        read |= {name: linear(read[name]) for name in ("W_enc", "W_dec")}
    if names.kind == "gated":
        read |= gated(
            weights.path, read["W_enc"], *(weights.need(name) for name in ("r_mag", "gate_bias", "mag_bias"))
        )
    elif names.kind in ("jumprelu", "batch_topk"):
        read["threshold"] = weights.need("threshold")
    elif names.kind == "topk":
        weights.leave(["threshold"])  # kept for another way to encode, which is not its own
    return read


def _unset_threshold(path: Path, found: Mapping[str, Tensor], kind: Kind, told: Told) -> tuple[Kind, Told]:
    """BatchTopK whose training ended before its threshold was measured: it stands at -1, over which all would fire."""
    if kind != "batch_topk" or not bool((found["threshold"] < 0).any()):
        return kind, told
    if told.kind not in ("topk", "l1"):
        raise unmeasured(path)
    return told.kind, replace(told, kind=None)


def unmeasured(path: Path) -> DictionaryError:
    """What is said of a threshold of -1."""
    return DictionaryError(
        f'{path} has a threshold below 0: it was never measured in training. Say how to read it: kind="topk" for the k '
        'largest at each token, or kind="l1" for all that are positive.'
    )


def _site(place: Path, trainer: Entries, buffer: Entries, told: Told) -> Site | None:
    """From `resid_post_layer_8`, as its trainers are named after what they read; what a module reads has no such name.

    Raises:
        DictionaryError: a name that means nothing here, or two that differ.
    """
    layer, said, side = (
        trainer.whole("layer"),
        trainer.take("submodule_name"),
        buffer.take("io", default="out"),
    )
    if side not in ("in", "out"):
        raise DictionaryError(
            f"{place} has io={side!r} in its buffer; known are in and out, what its submodule reads and what it gives."
        )
    if side == "in" and said and told.site is None:
        raise DictionaryError(
            f"{place} has io='in' in its buffer: it was trained on what its submodule reads, which {said!r} does not "
            "name. Say where that is: what a layer reads is site=at.resid_pre[…], what an MLP reads site=at.mlp_in[…]."
        )
    if side == "in":
        return None
    match = re.fullmatch(r"(\w+)_layer_(\d+)", str(said or ""))
    site = site_named(
        place, f"blocks.{match[2]}.hook_{match[1]}" if match else said, told.site, argument="site"
    )
    if site is not None and layer is not None and layer != site.layer:
        raise DictionaryError(f"{place} has layer={layer!r}, but its submodule is {said!r}.")
    if site is not None and site.name in MODULES and told.site is None:
        return replace(site, own_output=True)
    return site
