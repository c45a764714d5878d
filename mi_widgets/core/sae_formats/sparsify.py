"""The folders of EleutherAI's sparsify: `cfg.json` beside `sae.safetensors`, named after a module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import DictionaryError
from ..firing import COUNTED
from ..sae import SAE
from ..site_hints import MODULES
from ..sites import Site
from .entries import Entries
from .told import Told, check_sizes, linear, made

CONFIG, WEIGHTS = "cfg.json", "sae.safetensors"
_TRAINING = ("multi_topk", "normalize_decoder", "encoder_decay")
# The output of a layer, and of its parts; what a transcoder of one reads is known of the MLP alone.
_PARTS = {
    "": "resid_post",
    "mlp": "mlp_out",
    "attn": "attn_out",
    "self_attn": "attn_out",
    "attention": "attn_out",
}


def read_sparsify(folder: Path, told: Told) -> SAE:
    """The dictionary of such a folder.

    Raises:
        DictionaryError: damaged, or something in it that is not understood here, by its name.
    """
    place = folder / CONFIG
    config = Entries.of_config(place)
    activation = config.take("activation", default="topk")
    if activation not in COUNTED:
        raise DictionaryError(f"{place} has activation {activation!r}; known are {', '.join(COUNTED)}.")
    if config.truth("signed"):
        raise DictionaryError(f"{place} has signed latents, which may be negative: not known here.")
    k, transcodes, skip = config.whole("k"), config.truth("transcode"), config.truth("skip_connection")
    d_in, times, d_sae = (config.whole(name) for name in ("d_in", "expansion_factor", "num_latents"))
    config.leave(_TRAINING)
    config.done()
    weights = Entries.of_weights(folder / WEIGHTS)
    found = {
        "W_enc": linear(weights.need("encoder.weight")),
        "b_enc": weights.need("encoder.bias"),
        "W_dec": weights.need("W_dec"),
        "b_dec": weights.need("b_dec"),
    }
    if skip:
        found["W_skip"] = weights.need("W_skip")
    weights.done()
    check_sizes(place, found, {"d_in": d_in, "d_sae": d_sae or (d_in * times if d_in and times else None)})
    return made(
        folder,
        told,
        {
            **found,
            **_sites(folder, bool(transcodes), told),
            "transcodes": bool(transcodes),
            "kind": activation,
            "k": k,
            "subtracts_b_dec": not transcodes,
            "model": _model(folder),
        },
    )


def _sites(folder: Path, transcodes: bool, told: Told) -> dict[str, Site | None]:
    """From the folder's name, as in `layers.3.mlp`; a name of another kind says nothing."""
    match = re.search(r"(?:^|\.)(?:layers|h)\.(\d+)(?:\.(\w+))?$", folder.absolute().name)
    part = None if match is None else _PARTS.get(match[2] or "")
    if match is None or part is None or (transcodes and part != "mlp_out"):
        return {"site": None, "writes": None}
    # Unless the user says where it is, it is of what the module gives out, not of what the model makes of that.
    own_output = part in MODULES and not (told.site or told.writes)
    place = Site(part, int(match[1]), own_output=own_output)
    return (
        {"site": Site("mlp_in")[int(match[1])], "writes": place}
        if transcodes
        else {"site": place, "writes": None}
    )


def _model(folder: Path) -> Any:
    """The model's name, where the folder above has the training's config."""
    above = folder.parent / "config.json"
    return str(Entries.of_config(above).take("model") or "") if above.is_file() else None
