"""`load_sae`: dictionaries that are shipped, in folders and files, or on the Hugging Face hub."""

from __future__ import annotations

import os
from pathlib import Path

from huggingface_hub import hf_hub_download

from mi_widgets import zoo
from mi_widgets.core.errors import DictionaryError
from mi_widgets.core.firing import Kind
from mi_widgets.core.recording import recorded
from mi_widgets.core.sae import SAE
from mi_widgets.core.sae_formats.gemma_scope import ARRAYS
from mi_widgets.core.sae_formats.reading import FORMATS, read_sae
from mi_widgets.core.sae_formats.sae_lens import CONFIG, WEIGHTS
from mi_widgets.core.sae_formats.told import Told
from mi_widgets.core.sites import Site
from mi_widgets.zoo.shipped import check_files

from .hub import first_line, hub_answers

_REPO = 2  # parts of a hub id: owner, name; what follows is a folder in it


@recorded
def load_sae(
    name: str | os.PathLike[str],
    *,
    kind: Kind | None = None,
    k: int | None = None,
    site: Site | None = None,
    writes: Site | None = None,
    d_in: int | None = None,
    subtracts_b_dec: bool | None = None,
) -> SAE:
    """A dictionary: a sparse autoencoder, or a transcoder.

    What it computes is what the config beside its weights says; what is not understood there is an error. The rest is
    for files that are silent, and must not contradict them.

    Args:
        name: of a shipped one; or a folder of SAELens (`cfg.json`, `sae_weights.safetensors`), of sparsify (`cfg.json`,
            `sae.safetensors`), of dictionary_learning (`config.json`, `ae.pt`) or of Gemma Scope (`params.npz`; or
            `config.json`, `params.safetensors`); or a file with its tensors alone (`.pt`, `.safetensors`, `.npz`); or a
            Hugging Face id, with a folder in it, as in `"owner/name/blocks.8.hook_resid_pre"`. Nothing is unpickled.
        kind: which latents fire, as in `mi.sae.SAE`.
        k: how many of them.
        site: where it reads.
        writes: where a transcoder writes.
        d_in: the width of the activations; where a file's matrices may lie either way, it decides.
        subtracts_b_dec: whether `b_dec` is taken away from what is read.

    Raises:
        DictionaryError: none of these, damaged, something in it that is not understood, something that changes numbers
            and that nobody says, or something said twice otherwise; the message says which.
        DamagedWeights: the hash of a shipped file differs from the recorded one.
    """
    path = os.fspath(name)
    told = Told(kind, k, site, writes, d_in, subtracts_b_dec)
    if path in zoo.dictionaries():
        folder = zoo.DICTIONARIES / path
        check_files(str(folder), [CONFIG, WEIGHTS])
        return read_sae(folder, told)
    if Path(path).exists():
        return read_sae(path, told)
    return read_sae(_from_hub(path), told)


def _from_hub(name: str) -> Path:
    shipped = ", ".join(zoo.dictionaries()) or "none"
    parts = name.split("/")
    if len(parts) < _REPO or not all(parts):
        raise DictionaryError(
            f"There is no dictionary {name!r}: the shipped ones are {shipped}; it is no folder or file here, and no "
            "Hugging Face id (owner/name, or owner/name/folder)."
        )
    repo, folder = "/".join(parts[:_REPO]), "/".join(parts[_REPO:])
    offline, why = not hub_answers(), ""
    for files in (*((config, weights) for config, weights, _ in FORMATS), (ARRAYS,)):
        try:
            found = [
                hf_hub_download(repo, file, subfolder=folder or None, local_files_only=offline)
                for file in files
            ]
        except (OSError, ValueError) as error:
            why = why or first_line(error)
            continue
        return Path(found[0]).parent
    raise DictionaryError(
        f"There is no dictionary {name!r}: the shipped ones are {shipped}; it is no folder or file here, and as "
        f"a Hugging Face id: {why}"
    )
