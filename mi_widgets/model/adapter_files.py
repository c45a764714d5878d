"""A folder (or hub id) with an adapter of peft: found, and put onto the model that it was made for."""

from __future__ import annotations

import importlib.util
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers  # as a whole: its modelling code is loaded at first use
from torch import nn

from mi_widgets.core.errors import UnknownModel, UnsupportedModel

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@dataclass(frozen=True)
class AdapterFiles:
    """An adapter that was found.

    Args:
        name: its folder or hub id.
        base: the folder or hub id of the model that it was made for.
        kind: as peft calls it, as in `"LORA"`.
    """

    name: str
    base: str
    kind: str

    def on(self, module: nn.Module, how: dict[str, Any]) -> nn.Module:
        """The module with the adapter: a `PeftModel`.

        Args:
            module: its base; the adapter is put into it.
            how: where files are looked for.

        Raises:
            UnknownModel: it has no safetensors, or does not fit.
            UnsupportedModel: peft is not installed.
        """
        if importlib.util.find_spec("peft") is None:
            raise UnsupportedModel(
                f"{self.name} is an adapter ({self.kind}) for {self.base}, which peft puts into it, and peft is not "
                "installed: pip install peft."
            )
        if _file(self.name, WEIGHTS, how) is None:
            raise UnknownModel(
                f"{self.name} has no {WEIGHTS}. Only safetensors are read (a pickle can run code); convert the adapter "
                "with save_pretrained."
            )
        import peft  # here: it takes seconds to import, and few have adapters

        options = {"use_safetensors": True, "local_files_only": how["local_files_only"]}
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                adapted = peft.PeftModel.from_pretrained(module, self.name, **options)
                # Once more for what it says of the file: what has no place there is dropped without a word.
                without_place = adapted.load_adapter(self.name, "default", **options).unexpected_keys
            except Exception as error:  # of code that is not ours
                raise UnknownModel(self._does_not_fit(f"{type(error).__name__}: {error}")) from error
        lacking = [str(one.message) for one in said if "missing adapter keys" in str(one.message)]
        if lacking or without_place:
            listed = lacking[0] if lacking else ", ".join(without_place[:3])
            raise UnknownModel(self._does_not_fit(f"not every weight finds its place: {listed}"))
        return adapted

    def _does_not_fit(self, why: str) -> str:
        said = " ".join(why.split())
        shown = said if len(said) <= 300 else f"{said[:300]} …"
        return (
            f"The adapter {self.name} ({self.kind}) does not fit {self.base}, which its {CONFIG} names as "
            f"base_model_name_or_path: {shown}"
        )


def adapter_files(name: str, how: dict[str, Any]) -> AdapterFiles | None:
    """The adapter that lies there, if there is one.

    Args:
        name: a folder or a hub id.
        how: where files are looked for.

    Raises:
        UnknownModel: one that does not say what model it was made for.
    """
    path = _file(name, CONFIG, how)
    if path is None:
        return None
    try:
        config = json.loads(Path(path).read_text())
        kind, base = config["peft_type"], config["base_model_name_or_path"]
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownModel(
            f"{name} has an {CONFIG} that is none of peft's ({type(error).__name__}: {error})."
        ) from error
    if not base:
        raise UnknownModel(
            f"{name} is an adapter ({kind}) that does not say what model it was made for: write the base's folder or "
            f"Hugging Face id into its {CONFIG} as base_model_name_or_path, or bring both: "
            "mi.load(peft.PeftModel.from_pretrained(base, folder))."
        )
    return AdapterFiles(name, base, kind)


def _file(name: str, file: str, how: dict[str, Any]) -> str | None:
    """The path of a file of a folder or hub id; None where it lacks it."""
    try:
        return transformers.utils.hub.cached_file(
            name,
            file,
            local_files_only=how["local_files_only"],
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_gated_repo=False,
            _raise_exceptions_for_connection_errors=False,
        )
    except (OSError, ValueError):  # no folder, and no id of the hub
        return None
