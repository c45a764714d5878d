"""`load_sae`: autoencoders that are shipped, in folders and files, or on the Hugging Face hub."""

from __future__ import annotations

import os
from pathlib import Path

from huggingface_hub import hf_hub_download

from mi_widgets import zoo
from mi_widgets.core.errors import DictionaryError
from mi_widgets.core.recording import recorded
from mi_widgets.core.sae import SAE
from mi_widgets.core.sae_files import CONFIG, WEIGHTS, read_sae
from mi_widgets.zoo.shipped import check_files

from .hub import first_line, hub_answers

_REPO = 2  # parts of a hub id: owner, name; what follows is a folder in it


@recorded
def load_sae(name: str | os.PathLike[str]) -> SAE:
    """A sparse autoencoder.

    Args:
        name: of a shipped one; or a folder in SAELens's layout (`cfg.json`, `sae_weights.safetensors`); or a file with
            a PyTorch state dict (only tensors are read); or a Hugging Face id, with a folder in it, as in
            `"owner/name/blocks.8.hook_resid_pre"`.

    Raises:
        DictionaryError: none of these, damaged, or of a kind that is not known; the message says which.
        DamagedWeights: the hash of a shipped file differs from the recorded one.
    """
    path = os.fspath(name)
    if path in zoo.dictionaries():
        folder = zoo.DICTIONARIES / path
        check_files(str(folder), [CONFIG, WEIGHTS])
        return read_sae(folder)
    if Path(path).exists():
        return read_sae(path)
    return read_sae(_from_hub(path))


def _from_hub(name: str) -> Path:
    shipped = ", ".join(zoo.dictionaries()) or "none"
    parts = name.split("/")
    if len(parts) < _REPO or not all(parts):
        raise DictionaryError(
            f"There is no autoencoder {name!r}: the shipped ones are {shipped}; it is no folder or file here, and no "
            "Hugging Face id (owner/name, or owner/name/folder)."
        )
    repo, folder = "/".join(parts[:_REPO]), "/".join(parts[_REPO:])
    offline = not hub_answers()
    try:
        found = [
            hf_hub_download(repo, file, subfolder=folder or None, local_files_only=offline)
            for file in (CONFIG, WEIGHTS)
        ]
    except (OSError, ValueError) as error:
        raise DictionaryError(
            f"There is no autoencoder {name!r}: the shipped ones are {shipped}; it is no folder or file here, and as "
            f"a Hugging Face id: {first_line(error)}"
        ) from error
    return Path(found[0]).parent
