"""`read_sae`: which format a folder or a file has, by what stands beside what."""

from __future__ import annotations

from pathlib import Path

from ..errors import DictionaryError
from ..sae import SAE
from . import dictionary_learning, gemma_scope, sae_lens, sparsify
from .bare import read_bare
from .told import Told

# The config and the weights that make a format, and what reads it.
FORMATS = (
    (sae_lens.CONFIG, sae_lens.WEIGHTS, sae_lens.read_sae_lens),
    (sparsify.CONFIG, sparsify.WEIGHTS, sparsify.read_sparsify),
    (dictionary_learning.CONFIG, dictionary_learning.WEIGHTS, dictionary_learning.read_dictionary_learning),
    (gemma_scope.CONFIG, gemma_scope.WEIGHTS, gemma_scope.read_gemma_scope_2),
)


def read_sae(path: str | Path, told: Told | None = None) -> SAE:
    """The dictionary of a folder or a file.

    Args:
        path: a folder of SAELens, sparsify, dictionary_learning or Gemma Scope; or one of their weight files; or a
            file with the tensors alone (`.pt`, `.safetensors`, `.npz`).
        told: what the user says where it is silent.

    Raises:
        DictionaryError: none of these, damaged, something in it that is not understood, or something that changes
            numbers and is said by nobody.
    """
    path, told = Path(path), told or Told()
    folder = path if path.is_dir() else path.parent
    for config, weights, read in FORMATS:
        if (path.is_dir() or path.name == weights) and all(
            (folder / name).is_file() for name in (config, weights)
        ):
            return read(folder, told)
    if path.is_dir() and (path / gemma_scope.ARRAYS).is_file():
        path = path / gemma_scope.ARRAYS
    if path.name == gemma_scope.ARRAYS and path.is_file():
        return gemma_scope.read_gemma_scope(path, told)
    if path.is_file():
        return read_bare(path, told)
    known = "; ".join(f"{config} with {weights}" for config, weights, _ in FORMATS)
    if not path.is_dir():
        raise DictionaryError(
            f"There is no {path}: give a folder ({known}; or {gemma_scope.ARRAYS}), or a file with the tensors (.pt, "
            ".safetensors, .npz)."
        )
    held = sorted(file.name for file in path.iterdir())
    shown = ", ".join(held[:8]) + (", …" if len(held) > 8 else "") or "nothing"
    raise DictionaryError(
        f"{path} holds {shown}: that is no dictionary's folder. Known are {known}; or {gemma_scope.ARRAYS}."
    )
