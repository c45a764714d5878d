"""`save_sae`: a dictionary as SAELens writes one, with all that is known of it."""

from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from ..argument_types import checked
from ..errors import DictionaryError
from ..firing import COUNTED, THRESHOLDED, Kind
from ..sae import SAE
from ..sites import Site
from .hooks import transformer_lens_name
from .sae_lens import CONFIG, KIND_OF, WEIGHTS
from .told import MATRICES

_VERSION = "6.0.0"  # of SAELens, whose layout this is: from there on it reads the metadata


@checked
def save_sae(sae: SAE, folder: str | Path) -> None:
    """Write a dictionary as SAELens does: `cfg.json` and `sae_weights.safetensors`.

    One of batch top-k, and a gated one, is written as a JumpReLU dictionary, which it is once it is trained. Kinds that
    SAELens does not have it refuses to read, by their names.

    Raises:
        DictionaryError: there can be no such folder.
        SiteError: it reads or writes at a layer without a number, as `at.resid_post[-1]`, which no config can name.
    """
    folder = Path(folder)
    config = (
        json.dumps(_config(sae), indent=2) + "\n"
    )  # first: what it refuses is refused before anything is written
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DictionaryError(f"{folder} cannot be made: {error}. Give the path of a folder.") from error
    weights = {name: getattr(sae, name) for name in (*MATRICES, "threshold", "W_skip")}
    whole = {name: value.detach().cpu().contiguous() for name, value in weights.items() if value is not None}
    new = {name: folder / f"{name}.new" for name in (WEIGHTS, CONFIG)}
    save_file(whole, new[WEIGHTS])
    new[CONFIG].write_text(config, "utf-8")
    for name, file in new.items():
        file.replace(folder / name)


def _config(sae: SAE) -> dict[str, Any]:
    kind = "jumprelu" if sae.kind in THRESHOLDED else sae.kind
    metadata: dict[str, Any] = {"model_name": sae.model, "sae_lens_version": _VERSION}
    metadata |= {**_hook(sae.site, ""), **_hook(sae.writes, "_out")}
    if kind != sae.kind:
        matryoshka = "matryoshka_" if sae.groups else ""
        metadata["training_architecture"] = matryoshka + _word(sae.kind)
    if sae.k is not None and sae.kind not in COUNTED:
        metadata["k"] = sae.k
    if sae.groups:
        metadata["training_architecture_details"] = {"matryoshka_widths": [*accumulate(sae.groups)]}
    config = {
        "architecture": _architecture(sae, _word(kind)),
        "d_in": sae.d_in,
        "d_sae": sae.d_sae,
        "dtype": str(sae.W_enc.dtype).removeprefix("torch."),
        "device": "cpu",
        "apply_b_dec_to_input": sae.subtracts_b_dec,
        "normalize_activations": sae.scaling,
        "reshape_activations": "hook_z" if _is_of_heads(sae.site) else "none",
        "metadata": metadata,
    }
    if sae.transcodes:
        config["d_out"] = sae.d_out
    if sae.kind in COUNTED:
        config |= {"k": sae.k, "rescale_acts_by_decoder_norm": False}
    return config


def _word(kind: Kind) -> str:
    return next(name for name, known in KIND_OF.items() if known == kind)


def _architecture(sae: SAE, word: str) -> str:
    if not sae.transcodes:
        return word
    transcoder = "transcoder" if sae.W_skip is None else "skip_transcoder"
    return transcoder if word == "standard" else f"{word}_{transcoder}"


def _hook(site: Site | None, end: str) -> dict[str, Any]:
    if site is None:
        return {}
    head = {} if site.head is None else {f"hook_head_index{end}": site.head}
    return {f"hook_name{end}": transformer_lens_name(site), **head}


def _is_of_heads(site: Site | None) -> bool:
    return site is not None and site.head is None and "head" in site.axes
