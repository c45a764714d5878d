"""Sparse autoencoders in files: SAELens's folders, and state dicts of plain PyTorch. Nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from .argument_types import checked
from .errors import DictionaryError, SiteError
from .sae import SAE, Kind
from .sites import Site, named, transformer_lens_name

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
_ARCHITECTURES: dict[str, Kind] = {
    "standard": "l1",
    "topk": "topk",
    "jumprelu": "jumprelu",
    "batchtopk": "batch_topk",
}
_TRAINED_AS = "trained_as"  # our own word in the metadata
_NEEDED = ("W_enc", "b_enc", "W_dec", "b_dec")
# The names of dictionary_learning, whose matrices are those of linear layers.
_LINEAR = {"encoder.weight": "W_enc", "decoder.weight": "W_dec", "encoder.bias": "b_enc", "bias": "b_dec"}


@checked
def save_sae(sae: SAE, folder: str | Path) -> None:
    """Write an autoencoder as SAELens does: `cfg.json` and `sae_weights.safetensors`.

    One of batch top-k is written as a JumpReLU autoencoder, which it is once it is trained.

    Raises:
        DictionaryError: there can be no such folder.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DictionaryError(f"{folder} cannot be made: {error}. Give the path of a folder.") from error
    metadata: dict[str, Any] = {"model_name": sae.model}
    if sae.site is not None:
        metadata["hook_name"] = transformer_lens_name(sae.site)
    if sae.kind == "batch_topk":
        metadata |= {_TRAINED_AS: sae.kind, "k": sae.k}
    config = {
        "architecture": next(name for name, kind in _ARCHITECTURES.items() if kind == _saved_kind(sae)),
        "d_in": sae.d_in,
        "d_sae": sae.d_sae,
        "dtype": str(sae.W_enc.dtype).removeprefix("torch."),
        "device": "cpu",
        "apply_b_dec_to_input": sae.subtracts_b_dec,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": metadata,
    }
    if sae.kind == "topk":
        config |= {"k": sae.k, "rescale_acts_by_decoder_norm": False}
    weights = {name: getattr(sae, name) for name in _NEEDED}
    if sae.threshold is not None:
        weights["threshold"] = sae.threshold
    whole = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    new = folder / (WEIGHTS + ".new")
    save_file(whole, new)
    new.replace(folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _saved_kind(sae: SAE) -> Kind:
    return "jumprelu" if sae.kind == "batch_topk" else sae.kind


def read_sae(path: str | Path) -> SAE:
    """The autoencoder of a folder in SAELens's layout, or of a file with a PyTorch state dict (`.pt`, `.safetensors`).

    Args:
        path: of either.

    Raises:
        DictionaryError: neither, damaged, or of a kind that is not known.
    """
    path = Path(path)
    if path.is_dir():
        return _from_folder(path)
    if path.is_file():
        return _from_state_dict(path, _tensors(path))
    raise DictionaryError(
        f"There is no {path}: give a folder with {CONFIG} and {WEIGHTS}, or a state dict (.pt, .safetensors)."
    )


def _from_folder(folder: Path) -> SAE:
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise DictionaryError(
            f"{folder} lacks {' and '.join(missing)}: it is no autoencoder in SAELens's layout."
        )
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except ValueError as error:
        raise DictionaryError(f"{folder / CONFIG} is damaged: {error}.") from error
    architecture = config.get("architecture", "standard")
    if str(config.get("activation_fn_str", config.get("activation_fn", ""))) == "topk":  # older versions
        architecture, config = "topk", {"k": config["activation_fn_kwargs"]["k"], **config}
    metadata = {**config, **config.get("metadata", {})}
    kind = metadata.get(_TRAINED_AS) or _ARCHITECTURES.get(architecture)
    if kind is None:
        raise DictionaryError(
            f"{folder} is of architecture {architecture!r}; known are {', '.join(_ARCHITECTURES)}."
        )
    if config.get("normalize_activations") not in (None, "none"):
        raise DictionaryError(
            f"{folder} wants its activations normalised ({config['normalize_activations']!r}): fold that into its "
            "weights first (in SAELens: sae.fold_activation_norm_scaling_factor(…)), and save it again."
        )
    weights = _tensors(folder / WEIGHTS)
    if config.get("rescale_acts_by_decoder_norm") and "W_dec" in weights:
        weights = _with_unit_directions(weights)
    return _built(
        folder,
        weights,
        kind=kind,
        k=metadata.get("k"),
        subtracts_b_dec=bool(config.get("apply_b_dec_to_input", True)),
        site=_site(metadata.get("hook_name")),
        model=str(metadata.get("model_name") or ""),
    )


def _with_unit_directions(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What fires is decided by latent times length of its direction: the same with directions of length 1."""
    length = weights["W_dec"].norm(dim=-1)
    return {
        **weights,
        "W_enc": weights["W_enc"] * length,
        "b_enc": weights["b_enc"] * length,
        "W_dec": weights["W_dec"] / length[:, None],
    }


def _from_state_dict(path: Path, weights: Mapping[str, Tensor]) -> SAE:
    found = {}
    for name, value in weights.items():
        ours = _LINEAR.get(name, name)
        found[ours] = value.T.contiguous() if name in ("encoder.weight", "decoder.weight") else value
    k = found.get("k")
    kind: Kind = "topk" if k is not None else "jumprelu" if "threshold" in found else "l1"
    return _built(path, found, kind=kind, k=None if k is None else int(k))


def _built(place: Path, weights: Mapping[str, Tensor], **how: Any) -> SAE:
    missing = [name for name in _NEEDED if name not in weights]
    if missing:
        raise DictionaryError(f"{place} lacks {', '.join(missing)}; it holds {', '.join(weights)}.")
    bad = [
        name for name in weights if weights[name].is_floating_point() and not weights[name].isfinite().all()
    ]
    if bad:
        raise DictionaryError(f"{place} is damaged: {', '.join(bad)} holds NaN or infinity.")
    threshold = weights.get("threshold")
    if threshold is not None and how["kind"] in ("jumprelu", "batch_topk"):
        how["threshold"] = threshold.expand(weights["W_enc"].shape[1]).clone()
    try:
        return SAE(**{name: weights[name] for name in _NEEDED}, **how)
    except DictionaryError as error:
        raise DictionaryError(f"{place} does not fit together: {error}") from error


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, SafetensorError, EOFError, KeyError) as error:
        raise DictionaryError(f"{path} cannot be read, it is damaged or cut off: {error}") from error
    except Exception as error:  # torch's own, for what weights_only forbids
        raise DictionaryError(
            f"{path} holds more than tensors, and only tensors are read (a pickle can run code): {error}"
        ) from error
    if not isinstance(found, Mapping):
        raise DictionaryError(f"{path} holds no state dict, but {type(found).__name__}.")
    return {
        name: value if isinstance(value, Tensor) else torch.tensor(value)
        for name, value in found.items()
        if isinstance(value, (Tensor, int, float))
    }


def _site(hook: object) -> Site | None:
    try:
        return named(str(hook)) if hook else None
    except SiteError:
        return None
