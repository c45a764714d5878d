"""What is no model that `mi.load` takes: what it is, and what to do with it; what holds a module is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mi_widgets import zoo
from mi_widgets.core.requirements import kind_of
from mi_widgets.core.results import Result
from mi_widgets.core.sae import SAE
from mi_widgets.zoo.superposition import toys

from .run import Run

_OTHER_LIBRARIES = {
    "keras",
    "tf_keras",
    "tensorflow",
    "jax",
    "jaxlib",
    "flax",
    "equinox",
    "haiku",
    "mlx",
    "onnxruntime",
}
_WEIGHTS_ALONE = (".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".npz")
_OF_A_DICTIONARY = ("cfg.json", "sae_weights.safetensors", "ae.pt", "params.npz", "sae.safetensors")
_FROM_STATE = "mi.load(mi.Transformer.from_state_dict(state)) for TransformerLens's names of parameters"

# TransformerLens's short names -> the same model's on the hub.
_HUB_NAMES = {
    r"gpt2-small": "openai-community/gpt2",
    r"(gpt2(-medium|-large|-xl)?)": r"openai-community/\1",
    r"(pythia-[\w.-]+)": r"EleutherAI/\1",
    r"gpt-j(-6B)?": "EleutherAI/gpt-j-6b",
    r"(gpt-neo-.+)": r"EleutherAI/\1",
    r"gpt-neox(-20b)?": "EleutherAI/gpt-neox-20b",
    r"(opt-.+)": r"facebook/\1",
    r"(gemma-.+)": r"google/\1",
    r"(qwen\d?[\w.-]*)": r"Qwen/\1",
    r"(phi-\d.*)": r"microsoft/\1",
    r"(bloom-.+)": r"bigscience/\1",
}
# Its toys are files of parameters by its own names.
_TOYS = r"(NeelNanda/)?((attn-only|solu|gelu)-\d+l.*|redwood_attn_2l|othello-gpt|tiny-stories-.+)"


def unwrapped(given: Any, tokenizer: Any) -> tuple[Any, Any]:
    """The module and the tokenizer inside a pipeline of transformers or a model of nnsight; all else as it is."""
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(given).__mro__}
    if "transformers.Pipeline" in kinds and isinstance(getattr(given, "model", None), nn.Module):
        return given.model, tokenizer or given.tokenizer
    if "nnsight.Envoy" in kinds and isinstance(given._module, nn.Module):
        return given._module, tokenizer or getattr(given, "tokenizer", None)
    return given, tokenizer


def said_of(given: Any) -> str:
    """What was given in place of a model, and what to do with it."""
    what = f"mi.load takes a name ({', '.join(zoo.models())}), a folder, a Hugging Face id or a torch module; got "
    for is_one, said in _KNOWN:
        if is_one(given):
            return f"{what}{said}"
    return f"{what}{kind_of(given).removeprefix('a ').removeprefix('an ')}."


def _is_state(given: Any) -> bool:
    if not isinstance(given, Mapping) or not given:
        return False
    return any(isinstance(x, Tensor) or _is_state(x) for x in given.values())


def _of(*names: str) -> Any:
    return lambda given: any(kind.__name__ in names for kind in type(given).__mro__)


_KNOWN: list[tuple[Any, str]] = [
    (
        _is_state,
        f"a dict of tensors, which says not what they are of. Write {_FROM_STATE}; else build the module, "
        "module.load_state_dict(state), and mi.load(module).",
    ),
    (
        lambda given: isinstance(given, Mapping),
        "a dict. Of a config build the module: transformers.AutoModelForCausalLM.from_config(config); several models "
        "by their step are for mi.over_checkpoints.",
    ),
    (
        _of("PretrainedConfig", "PreTrainedConfig"),
        "a config, which has no weights. Build the module: "
        "mi.load(transformers.AutoModelForCausalLM.from_config(config)).",
    ),
    (
        _of("TransformerConfig"),
        "a config, which has no weights. Build the module: mi.load(mi.Transformer(config)).",
    ),
    (
        _of("PreTrainedTokenizerBase", "Tokenizer", "ProcessorMixin"),
        "a tokenizer, which goes with a model: mi.load(module, tokenizer=tokenizer).",
    ),
    (
        lambda given: isinstance(given, SAE),
        "an SAE, which is loaded already: mi.sae.latents(run, sae) reads with it.",
    ),
    (
        lambda given: isinstance(given, (Run, Result)),
        "what was measured on a model, not a model: run.model is one.",
    ),
    (
        lambda given: isinstance(given, Tensor) or type(given).__module__ == "numpy",
        "an array of numbers, which is no model. Activations are for mi.sae.train(activations=…) and mi.fourier.norms; "
        f"weights need their names: {_FROM_STATE}.",
    ),
    (
        lambda given: any(
            kind.__module__.partition(".")[0] in _OTHER_LIBRARIES for kind in type(given).__mro__
        ),
        "a model of another library than torch, whose layers cannot be looked into here. Bring it as a torch module, "
        "as transformers' from_pretrained(folder) makes of its weights.",
    ),
    (
        lambda given: isinstance(given, type) and issubclass(given, nn.Module),
        "a class. Make a module of it: mi.load(Module(config)), or Module.from_pretrained(folder).",
    ),
]


def refused_path(path: str) -> str:
    """What a file, a folder or a name is that holds no model to load; empty where it may hold one."""
    place = Path(path)
    if path in zoo.dictionaries() or _holds_a_dictionary(place):
        return f"{path} is a sparse autoencoder: mi.sae.load({path!r})."
    if path in toys():
        return f"{path} is a toy model of superposition: mi.toys.load({path!r})."
    if place.suffix.lower() not in _WEIGHTS_ALONE or place.is_dir():
        return ""
    if not place.is_file():
        return f"There is no file {path}."
    if (place.parent / "config.json").is_file():
        return (
            f"{path} holds weights alone; its folder says what they are of: mi.load({str(place.parent)!r})."
        )
    return (
        f"{path} holds weights alone, and not what they are of. A toy network by TransformerLens's names: "
        f"mi.load(mi.Transformer.from_state_dict({path!r}, config=…)); else build the module, "
        f"module.load_state_dict({_reading(place)}), and mi.load(module). An autoencoder "
        f"is loaded by mi.sae.load({path!r})."
    )


def _holds_a_dictionary(folder: Path) -> bool:
    found = [name for name in _OF_A_DICTIONARY if (folder / name).is_file()]
    return bool(found) and ("ae.pt" in found or not (folder / "config.json").is_file())


def _reading(file: Path) -> str:
    if file.suffix == ".safetensors":
        return f"safetensors.torch.load_file({os.fspath(file)!r})"
    if file.suffix == ".npz":
        return f"numpy.load({os.fspath(file)!r})"
    return f"torch.load({os.fspath(file)!r}, weights_only=True)"


def meant_by(name: str) -> str:
    """What a name of TransformerLens's means here; empty where it is none."""
    if re.fullmatch(_TOYS, name):
        return f" It is a toy of TransformerLens's: bring its parameters, {_FROM_STATE}."
    for theirs, hub in _HUB_NAMES.items():
        if re.fullmatch(theirs, name, re.IGNORECASE):
            there = re.sub(theirs, hub, name, flags=re.IGNORECASE)
            return f" TransformerLens calls so what is on the hub as {there!r}."
    return ""
