"""Gemma Scope: `params.npz`, whose folders say of what; Gemma Scope 2: `params.safetensors` and `config.json`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import DictionaryError
from ..sae import SAE
from ..sites import Site
from .entries import Entries
from .hooks import site_named
from .told import MATRICES, Told, check_sizes, made

CONFIG, WEIGHTS, ARRAYS = "config.json", "params.safetensors", "params.npz"
_KINDS = {"res": "resid_post", "mlp": "mlp_out", "att": "z"}
_RELEASE = re.compile(r"gemma-scope-(\w+)-(pt|it)-(res|mlp|att|transcoders)")


def read_gemma_scope(file: Path, told: Told) -> SAE:
    """A dictionary of Gemma Scope: JumpReLU, which takes no `b_dec` away from what it reads.

    Args:
        file: `params.npz`; the names of its folders say the layer (`layer_20`) and the release
            (`gemma-scope-2b-pt-res`), which says the site.
        told: what the user says beside.

    Raises:
        DictionaryError: damaged; or of something that is no site here: transcoders read what is before the norm's
            weight, and those of embeddings what is before they are scaled.

    Source: Lieberum et al. 2024 (arXiv:2408.05147).
    """
    weights = Entries.of_weights(file)
    found = _tensors(weights)
    weights.done()
    path = file.absolute().as_posix()
    release, layer = _RELEASE.search(path), re.search(r"/layer_(\d+)(?=[/_])", path)
    site, model = None, None
    if release is not None:
        size, trained, what = release.groups()
        model = f"gemma-2-{size}" + ("-it" if trained == "it" else "")
        if what == "transcoders" and (told.site is None or told.writes is None):
            raise DictionaryError(
                f"{file} is a transcoder of what the norm before the MLP gives before its weight, which is no site. "
                "Divide W_enc by that weight (1 + weight in Gemma, on d_in), save it, and load that with "
                "site=at.mlp_in[…], writes=at.mlp_out[…]."
            )
        if what in _KINDS and layer is not None:
            site = Site(_KINDS[what])[int(layer[1])]
        elif what == "res" and "/embedding/" in path and told.site is None:
            raise DictionaryError(
                f"{file} is of embeddings before Gemma multiplies them by sqrt(d_model); at.embed is what comes after. "
                "Divide W_enc by that, multiply W_dec and b_dec, save it, and load that with site=at.embed."
            )
    return made(
        file, told, {**found, "kind": "jumprelu", "subtracts_b_dec": False, "site": site, "model": model}
    )


def read_gemma_scope_2(folder: Path, told: Told) -> SAE:
    """A dictionary or transcoder of Gemma Scope 2, likewise JumpReLU; its config says what modules it is of.

    Raises:
        DictionaryError: damaged, of several layers, or something in it that is not understood here, by its name.
    """
    place = folder / CONFIG
    config = Entries.of_config(place)
    word = config.take("architecture")
    if word not in ("jump_relu", "jumprelu"):
        raise DictionaryError(f"{place} is of architecture {word!r}; known is jump_relu.")
    reads, writes = config.take("hf_hook_point_in"), config.take("hf_hook_point_out")
    model, width, affine = config.take("model_name"), config.whole("width"), config.truth("affine_connection")
    config.leave(("l0", "type"))
    config.done()
    weights = Entries.of_weights(folder / WEIGHTS)
    found: dict[str, Any] = _tensors(weights)
    if affine:
        found["W_skip"] = weights.need("affine_skip_connection").T.contiguous()
    weights.done()
    check_sizes(place, found, {"d_sae": width})
    site = site_named(place, reads, told.site, argument="site")
    out = site_named(place, writes, told.writes, argument="writes") if writes not in (None, reads) else None
    model = str(model or "").removeprefix("google/").replace("gemma-v3", "gemma-3")
    # A config that is silent leaves it to the user, but for one whose skip connection says it.
    transcodes = (bool(affine) or None) if writes is None else writes != reads
    more = {
        "transcodes": transcodes,
        "kind": "jumprelu",
        "subtracts_b_dec": False,
        "site": site,
        "writes": out,
        "model": model,
    }
    return made(folder, told, {**found, **more})


def _tensors(weights: Entries) -> dict[str, Tensor]:
    """By our names; matrices are called `W_enc` or `w_enc`."""
    found = {name: weights.need(name, name.lower()) for name in (*MATRICES, "threshold")}
    if found["W_dec"].ndim != 2:
        raise DictionaryError(f"{weights.path} writes to several layers, which one dictionary here does not.")
    return {name: x.float() for name, x in found.items()}
