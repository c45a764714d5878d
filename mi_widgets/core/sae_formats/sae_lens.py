"""SAELens's folders: `cfg.json` beside `sae_weights.safetensors`, of versions 2 to 6. Ours are of this kind too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import DictionaryError
from ..firing import DTYPES, SCALINGS, THRESHOLDED, Kind
from ..sae import SAE
from ..sites import Site
from .entries import Entries
from .hooks import site_named
from .sae_lens_keys import HARMLESS_MODEL_SETTINGS, OF_TRAINING
from .told import MATRICES, Told, by_length, check_latents, check_sizes, gated, made

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
# Before "transcoder" or "skip_transcoder", or alone. The last two are ours: SAELens refuses them.
KIND_OF: dict[str, Kind] = {
    "standard": "l1",
    "topk": "topk",
    "jumprelu": "jumprelu",
    "batchtopk": "batch_topk",
    "matryoshka_batchtopk": "batch_topk",
    "gated": "gated",
    "tanh_relu": "tanh_relu",
    "groupmax": "groupmax",
}
_REFUSED = {
    "abstopk": "its latents may be negative, and fire by their size",
    "matching_pursuit": "its encoder is a search, not one step",
    "temporal": "its latents depend on the tokens before, not on one activation",
}
_FOLDED = ("expected_average_only_in", "covariance_whitening")
_BY_LENGTH = ("topk", "batch_topk")


@dataclass(frozen=True)
class _Architecture:
    """What the word for an architecture says.

    Attributes:
        kind: which latents fire.
        transcodes: whether it says of one activation what another is.
        skip: whether it has a skip connection.
    """

    kind: Kind
    transcodes: bool
    skip: bool

    @classmethod
    def of(cls, place: Path, word: Any) -> _Architecture:
        word = str(word)
        transcodes, skip = word.endswith("transcoder"), word.endswith("skip_transcoder")
        base = word.removesuffix("transcoder").removesuffix("skip_").rstrip("_") if transcodes else word
        kind = KIND_OF.get(base or "standard")
        if kind is None:
            why = f": {_REFUSED[word]}" if word in _REFUSED else ""
            raise DictionaryError(
                f"{place} is of architecture {word!r}{why}; known are {', '.join(KIND_OF)}, and transcoders "
                "(transcoder, skip_transcoder, jumprelu_transcoder, …)."
            )
        return cls(kind, transcodes, skip)


def read_sae_lens(folder: Path, told: Told) -> SAE:
    """The dictionary of such a folder.

    Raises:
        DictionaryError: damaged, or something in it that is not understood here, by its name.
    """
    place = folder / CONFIG
    config = _flat(place)
    built = _Architecture.of(place, config.take("architecture", default="standard"))
    kind, k = _fires(place, config, built.kind)
    # As what it was trained, which some are no more once they are: what was folded then is folded.
    trained, training = config.take("training_architecture"), config.section("training_architecture_details")
    k = training.number("k") if k is None and kind == "jumprelu" else k
    weights = Entries.of_weights(folder / WEIGHTS)
    found = _weights(config, weights, kind, built)
    dtype = _dtype(place, config.take("dtype"))
    found = {name: x if dtype is None else x.to(dtype) for name, x in found.items()}
    check_sizes(place, found, {name: config.whole(name) for name in ("d_in", "d_sae", "d_out")})
    sites = _sites(place, config, told, built.transcodes)
    subtracts = _subtracts(place, config.truth("apply_b_dec_to_input"), built.transcodes)
    scaling, groups = _scaling(place, config), _groups(config, training, found["W_enc"].shape[-1])
    model = config.take("model_name")
    _check_model_settings(place, config.section("model_from_pretrained_kwargs"))
    config.leave(OF_TRAINING)
    config.done()
    weights.done()
    return made(
        folder,
        told,
        {
            **found,
            **sites,
            "transcodes": built.transcodes,
            "kind": _trained_as(kind, trained),
            "k": k,  # on average it may be any number
            "subtracts_b_dec": subtracts,
            "scaling": scaling,
            "groups": groups,
            "model": None if model is None else str(model),
        },
    )


def _flat(place: Path) -> Entries:
    """The config with what newer versions put in its `metadata`."""
    config = Entries.of_config(place)
    metadata = config.section("metadata")
    both: dict[str, Any] = {name: config.take(name) for name in config.names}
    for name in metadata.names:
        inner = metadata.take(name)
        if name not in OF_TRAINING and inner != both.get(name, inner):
            raise DictionaryError(f"{place} says {name}={both[name]!r}, and {inner!r} in its metadata.")
        both[name] = inner
    return Entries(place, both, "key")


def _fires(place: Path, config: Entries, kind: Kind) -> tuple[Kind, float | None]:
    """Which latents fire: older versions say top-k, and the tanh, by the name of a function."""
    function = config.take("activation_fn", "activation_fn_str", default="relu")
    options = config.section("activation_fn_kwargs")
    k, inner = config.number("k"), options.number("k")
    if None not in (k, inner) and k != inner:
        raise DictionaryError(
            f"{place} has k={k!r}, and {inner!r} in its activation_fn_kwargs: which of the two holds?"
        )
    k = inner if k is None else k
    if options.truth("signed"):
        raise DictionaryError(f"{place} has signed latents, which may be negative: not known here.")
    options.done()
    if function == "topk" and kind in ("l1", "topk"):
        return "topk", k
    if function == "tanh-relu" and kind == "l1":
        return "tanh_relu", k
    if function != "relu" and not (function == "batchtopk" and kind == "batch_topk"):
        raise DictionaryError(
            f"{place} has activation_fn {function!r} on the kind {kind!r}; known are relu, and topk and tanh-relu on "
            "the standard architecture."
        )
    return kind, k


def _weights(config: Entries, weights: Entries, kind: Kind, built: _Architecture) -> dict[str, Tensor]:
    place = weights.path
    found = {name: weights.need(name) for name in MATRICES if name != "b_enc" or kind != "gated"}
    if kind == "gated":
        parts = [weights.need(name) for name in ("r_mag", "b_gate", "b_mag")]
        found |= gated(place, found["W_enc"], *parts)
    elif kind in ("jumprelu", "batch_topk"):
        threshold, said = weights.take("threshold", "topk_threshold"), config.number("threshold")
        if threshold is not None or said is not None:
            found["threshold"] = torch.tensor(float(said or 0)) if threshold is None else threshold
    if built.skip:
        found["W_skip"] = weights.need("W_skip")
    if config.truth("rescale_acts_by_decoder_norm"):
        if kind not in _BY_LENGTH:
            raise DictionaryError(
                f"{config.path} has rescale_acts_by_decoder_norm, which only top-k and BatchTopK dictionaries can have."
            )
        found = by_length(place, found)  # a threshold is of what was rescaled already
    return _finetuned(config, weights, found, place)


def _finetuned(config: Entries, weights: Entries, found: dict[str, Tensor], place: Path) -> dict[str, Tensor]:
    """How many times the decoder takes each latent, as one direction longer or shorter."""
    times, said = weights.take("scaling_factor"), config.truth("finetuning_scaling_factor")
    if times is None and not said:
        return found
    if times is None:
        raise DictionaryError(
            f"{config.path} has finetuning_scaling_factor=true, but {place} lacks scaling_factor: it is incomplete."
        )
    if not said and not torch.equal(times, torch.ones_like(times)):
        raise DictionaryError(
            f"{place} has a scaling_factor that is not 1, but {config.path} has finetuning_scaling_factor=false: which "
            "of the two holds?"
        )
    check_latents(place, found["W_enc"], W_dec=found["W_dec"], scaling_factor=times)
    return {**found, "W_dec": found["W_dec"] * times[:, None]}


def _dtype(place: Path, said: Any) -> torch.dtype | None:
    if said is None:
        return None
    dtype = getattr(torch, str(said).removeprefix("torch."), None)
    if dtype not in DTYPES:
        known = ", ".join(str(known).removeprefix("torch.") for known in DTYPES)
        raise DictionaryError(f"{place} has dtype {said!r}; a dictionary computes in {known}.")
    return dtype


def _subtracts(place: Path, said: Any, transcodes: bool) -> bool:
    if transcodes and said:
        raise DictionaryError(
            f"{place} has apply_b_dec_to_input=true, but the b_dec of a transcoder is of what it writes."
        )
    return not transcodes if said is None else said


def _scaling(place: Path, config: Entries) -> Any:
    said = config.take("normalize_activations", default="none")
    if isinstance(said, bool):  # of versions before 3
        said = "expected_average_only_in" if said else "none"
    if said in _FOLDED:
        raise DictionaryError(
            f"{place} has normalize_activations={said!r}: its activations are to be scaled by numbers that are not in "
            "the folder. Fold them into its weights (in SAELens: sae.fold_activation_norm_scaling_factor(…)), and save "
            "it again."
        )
    if said not in SCALINGS:
        raise DictionaryError(f"{place} has normalize_activations={said!r}; known are {', '.join(SCALINGS)}.")
    return said


def _trained_as(kind: Kind, word: Any) -> Kind:
    """The kind, by the architecture that it had in training: BatchTopK and gated ones are JumpReLU ones afterwards."""
    trained = KIND_OF.get(str(word))
    return trained if kind == "jumprelu" and trained in THRESHOLDED else kind


def _groups(config: Entries, training: Entries, d_sae: int) -> tuple[int, ...]:
    """How many latents each level of a Matryoshka dictionary adds, from how many there are up to each."""
    given = config.counts("matryoshka_widths") or training.counts("matryoshka_widths")
    # The last level, of all latents, need not be written.
    widths = (*given, d_sae) if given and given[-1] < d_sae else given
    groups = tuple(b - a for a, b in zip((0, *widths), widths, strict=False))
    if groups and (min(groups) < 1 or widths[-1] != d_sae):
        raise DictionaryError(
            f"{config.path} has matryoshka_widths={[*given]}: each level holds more latents than the one before, and "
            f"the last at most all {d_sae}."
        )
    return groups


def _sites(place: Path, config: Entries, told: Told, transcodes: bool) -> dict[str, Site | None]:
    hook = config.take("hook_name", "hook_point")
    modules = config.take("hf_hook_name"), config.take("hf_hook_name_out")
    head, layer = (config.whole(f"hook_{name}", f"hook_point_{name}") for name in ("head_index", "layer"))
    out = config.take("hook_name_out")
    out_head, out_layer = (config.whole(f"hook_{name}_out") for name in ("head_index", "layer"))
    if hook == "" or hook is None or "mlp_in" in str(hook):
        hook = modules[0] or hook  # the word of modules says exactly where
    heads = config.take("reshape_activations", default="none")
    site = site_named(place, hook, told.site, head=head, argument="site")
    writes = site_named(place, out, told.writes, head=out_head, argument="writes") if transcodes else None
    if not transcodes and out not in (None, "", hook):
        raise DictionaryError(f"{place} has hook_name_out={out!r}, but is of no transcoder's architecture.")
    for name, found, number in (("hook_layer", site, layer), ("hook_layer_out", writes, out_layer)):
        if found is not None and number is not None and found.layer is not None and found.layer != number:
            raise DictionaryError(f"{place} has {name}={number!r}, but its hook is {found!r}.")
    if heads not in ("none", "hook_z") or (
        heads == "hook_z" and site is not None and "head" not in site.axes
    ):
        raise DictionaryError(
            f"{place} has reshape_activations={heads!r} for {hook!r}; known are none, and hook_z for heads."
        )
    return {"site": site, "writes": writes}


def _check_model_settings(place: Path, settings: Entries) -> None:
    """That it was trained on the model's own activations, not on those that TransformerLens makes of them."""
    given: Mapping[str, Any] = {name: settings.take(name) for name in settings.names}
    changed = [name for name, value in given.items() if value and name not in HARMLESS_MODEL_SETTINGS]
    if changed:
        raise DictionaryError(
            f"{place} has model_from_pretrained_kwargs with {changed[0]}={given[changed[0]]!r}: it was trained on "
            "activations that TransformerLens changed before, which a model here does not have."
        )
