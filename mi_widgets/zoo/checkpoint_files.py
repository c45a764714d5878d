"""The parameters in what people keep of a training: a state dict, a file of one, or one inside a larger dict."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel

from .lens_config import NEEDED

_UNDER = ("model", "state_dict", "model_state_dict", "net", "module", "model_state", "weights")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")  # of DataParallel, torch.compile, and of wrappers
_BESIDE = ("config", "cfg", "model_config")


def open_checkpoint(given: Any) -> tuple[dict[str, Tensor], Mapping[str, Any] | None]:
    """The parameters by name, and the config that lies beside them, where there is one of TransformerLens's.

    Args:
        given: a state dict; a dict that has one under `model`, `state_dict`, `model_state_dict`, `net` …; or the path
            of a file of either (`.pt`, `.pth`, …, read as weights only, or `.safetensors`).

    Raises:
        UnsupportedModel: there is no such file, it holds more than weights, or there are no parameters in it.
    """
    state = _read(Path(given)) if isinstance(given, (str, os.PathLike)) else given
    if isinstance(state, torch.nn.Module):
        raise UnsupportedModel(
            f"from_state_dict takes a state dict or a path; got the module {type(state).__name__}: give "
            "module.state_dict(), or load it as it is: mi.load(module)."
        )
    if not isinstance(state, Mapping):
        raise UnsupportedModel(
            f"from_state_dict takes a state dict or the path of one; got {type(state).__name__}."
        )
    config = next((state[name] for name in _BESIDE if _is_config(state.get(name))), None)
    while (inside := _inside(state)) is not None:
        state = state[inside]
        config = config or next((state[name] for name in _BESIDE if _is_config(state.get(name))), None)
    return _unprefixed(state), config


def _inside(state: Mapping[str, Any]) -> str | None:
    """Under which name the parameters are, whatever lies beside them; None where none of the usual ones has any."""
    held = {name: state[name].values() for name in _UNDER if isinstance(state.get(name), Mapping)}
    arrays = (name for name, inner in held.items() if any(hasattr(x, "shape") for x in inner))
    deeper = (name for name, inner in held.items() if any(isinstance(x, Mapping) for x in inner))
    return next(arrays, None) or next(deeper, None)


def _is_config(value: Any) -> bool:
    return isinstance(value, Mapping) and all(name in value for name in NEEDED)


def _read(path: Path) -> Any:
    if not path.is_file():
        raise UnsupportedModel(f"from_state_dict: there is no file {path}.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UnsupportedModel(
            f"from_state_dict: {path} holds more than weights, and nothing else is unpickled here: it could run "
            "code of whoever wrote it. Where it was trained: torch.save(module.state_dict(), path), and keep the "
            f"config for config=. ({str(error).splitlines()[0][:120]})"
        ) from error
    except (SafetensorError, RuntimeError, OSError, EOFError, KeyError, ValueError) as error:
        raise UnsupportedModel(
            f"from_state_dict: {path} cannot be read as weights: {type(error).__name__}: {error}."
        ) from error


def _unprefixed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a wrapper puts before every name."""
    found = {str(name): value for name, value in state.items()}
    while found:
        prefix = next((p for p in _PREFIXES if all(name.startswith(p) for name in found)), None)
        if prefix is None:
            break
        found = {name.removeprefix(prefix): value for name, value in found.items()}
    return found
