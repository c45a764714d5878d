"""Models that are not shipped: a Hugging Face id, or a folder in its layout."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch
import transformers  # as a whole: its modelling code is loaded at first use
from huggingface_hub import constants, get_session
from safetensors import SafetensorError
from torch import nn

from mi_widgets import zoo
from mi_widgets.core.errors import UnknownModel, UnsupportedModel
from mi_widgets.zoo.smollm2 import NAME as SMOLLM2

from .adapter_files import CONFIG, adapter_files
from .architectures import FAMILIES
from .complete import check_complete

_PATIENCE = 4  # seconds; transformers itself would ask six times before it gives up


def open_hub(name: str, *, dtype: torch.dtype | None, tokenizer: Any) -> tuple[nn.Module, Any]:
    """A model and its tokenizer. Only safetensors are read, and no code that comes with a model is run.

    Args:
        name: a folder with `config.json`, or a Hugging Face id; of a model, or of an adapter of one.
        dtype: of the weights; that of the file by default.
        tokenizer: one of your own, or None for the model's.

    Raises:
        UnknownModel: neither, or no connection, or no safetensors there.
        UnsupportedModel: no decoder whose sites can be found.
    """
    how = _how(name)
    # A folder has few files; of the hub is first asked what most ids are.
    adapter = adapter_files(name, how) if Path(name).is_dir() else None
    if adapter is None:
        try:
            return _open_whole(name, how, dtype, tokenizer)
        except UnknownModel:
            adapter = adapter_files(name, how)
            if adapter is None:
                raise
    base = _how(adapter.base)
    try:
        module, its_tokenizer = _open_whole(adapter.base, base, dtype, tokenizer or _tokenizer(name, how))
    except UnknownModel as error:
        raise UnknownModel(
            f"{name} is an adapter ({adapter.kind}) for {adapter.base}, which cannot be loaded: {error} Where the base "
            f"lies elsewhere now, write its place into {CONFIG} as base_model_name_or_path."
        ) from error
    return adapter.on(module, how).eval(), its_tokenizer


def _how(name: str) -> dict[str, Any]:
    """How transformers is to look for a name."""
    return {"trust_remote_code": False, "local_files_only": Path(name).is_dir() or not hub_answers()}


def _open_whole(
    name: str, how: dict[str, Any], dtype: torch.dtype | None, tokenizer: Any
) -> tuple[nn.Module, Any]:
    """A whole model and its tokenizer."""
    try:
        config = transformers.AutoConfig.from_pretrained(name, **how)
    except (OSError, ValueError) as error:
        raise UnknownModel(_nowhere(name, error)) from error
    # Before the weights are fetched.
    for kind in config.architectures or ():
        if kind not in FAMILIES and kind not in _decoders():
            raise UnsupportedModel(
                f"{name} is a {kind}, which is no causal language model of transformers: bring a decoder, such as a "
                f"GPT2LMHeadModel, or a table of a {kind}'s sites in mi_widgets/model/architectures/families.py."
            )
        if getattr(config.get_text_config(), "num_attention_heads", None) is None:
            raise UnsupportedModel(
                f"{name} is a {kind}, whose config has no attention heads (num_attention_heads), so there are no sites "
                "to look into: bring a decoder with attention, such as a GPT2LMHeadModel."
            )
    try:
        load: Any = transformers.AutoModelForCausalLM.from_pretrained
        module, found = load(
            name, config=config, dtype=dtype or "auto", use_safetensors=True, output_loading_info=True, **how
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise UnknownModel(
            f"{name} has no weights that can be loaded: {first_line(error)} Only safetensors are read (a pickle "
            "can run code); convert the weights with save_pretrained."
        ) from error
    check_complete(name, found)
    return module.eval(), tokenizer or _tokenizer(name, how)


def _tokenizer(name: str, how: dict[str, Any]) -> Any:
    try:
        return transformers.AutoTokenizer.from_pretrained(name, **how)
    except (OSError, ValueError):  # weights alone: prompts are ids then
        return None


def hub_answers() -> bool:
    """Whether there is a connection to the hub."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE)
    except Exception:  # of whatever HTTP library is underneath: no answer is no answer
        return False
    return True


def _decoders() -> frozenset[str]:
    """The causal language models of transformers, by class; what is no decoder as we read it is refused at load."""
    return frozenset(transformers.models.auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())


def _nowhere(name: str, error: Exception) -> str:
    near = difflib.get_close_matches(name, [*zoo.models(), SMOLLM2], n=1)
    files = sorted(Path(name).glob("*.gguf")) if Path(name).is_dir() else []
    near += [str(file) for file in files[:1]]
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"There is no shipped model {name!r}.{meant} The shipped ones are {', '.join(zoo.models())}. It is no "
        f"folder with a config.json either, and as a Hugging Face id: {first_line(error)}"
    )


def first_line(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
