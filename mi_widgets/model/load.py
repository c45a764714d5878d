"""`load`: from a name or a module to a `Model`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mi_widgets import zoo
from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MIError, UnknownCheckpoint, UnknownModel
from mi_widgets.core.recording import made_by
from mi_widgets.zoo.smollm2 import NAME as SMOLLM2
from mi_widgets.zoo.smollm2 import smollm2

from .architectures import architecture_of
from .backend import lock_of
from .devices import device_of, dtype_of
from .evaluation import evaluating
from .foreign import meant_by, refused_path, said_of, unwrapped
from .gguf_files import SUFFIX as GGUF
from .gguf_files import open_gguf
from .hub import open_hub
from .model import Model, model_of
from .offloaded import check_numbers
from .transformer_lens import unwrapped as of_transformer_lens
from .trust import Check
from .wrappers import as_written, compiled_parts, inside, unwrapping


@checked
def load(
    name_or_module: str | os.PathLike[str] | nn.Module | Any,
    *,
    checkpoint: Any = None,
    tokenizer: Any = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    bos: bool | None = None,
    vocabulary: Sequence[str] | None = None,
) -> Model:
    """A model to look into. What was checked, and what to beware of, is in its `trust`.

    Args:
        name_or_module: the name of a shipped model; or a folder that `python -m mi_widgets.training train` or
            `save_pretrained` has written; or a Hugging Face id (safetensors only, no code of the model's is run); or
            a `.gguf` file (llama.cpp, Ollama, LM Studio); or `"smollm2-135m-instruct"` where that is installed; or
            a module in memory, also inside a pipeline of transformers or a model of nnsight. An adapter (peft) is put
            onto the model that its folder or id names. What stands inside of `torch.compile`, a `PeftModel` or
            `DataParallel` is looked into. A module is not copied; `model.release()` takes away what is added to it.
            One of TransformerLens's (HookedTransformer of 2.x, TransformerBridge of 4.x) is read by its own config,
            with the same weights (they are shared, not copied), its tokenizer and its `default_prepend_bos`; its
            hooks are not.
        checkpoint: for a shipped model: a step of its training, one of `mi.shipped.checkpoints(name)`; the last by
            default.
        tokenizer: a Hugging Face tokenizer, for a module or in place of the model's own. Without one, prompts are
            token ids.
        device: for a name: `"cpu"`, `"cuda"`, `"cuda:1"` or `"mps"`; the CPU by default.
        dtype: for a name: as in `torch.bfloat16` or `"bfloat16"`; that of the weights' file by default.
        bos: whether a text gets the token that begins a text, exactly once: True, False, or None for what the
            tokenizer does, or what the config of a network of TransformerLens's says (`default_prepend_bos`).
        vocabulary: without a tokenizer, the texts of the token ids in their order, as in `["0", "1", "+", "="]`. A text
            is then split at white space, and each piece must be one of these, as in `model.run("1 + 1 =")`; a row of a
            list may be texts of one token each, `model.run([["1", "+", "1", "="]])`.

    Raises:
        UnknownModel: no shipped model, folder or Hugging Face id.
        UnknownCheckpoint: nothing was kept of that step.
        UnsupportedModel: no decoder whose sites can be found.
        DamagedWeights: a shipped file is not as it was shipped.
        MIError: a vocabulary beside a tokenizer, or without a text for each token id.
    """
    if bos is not None and not isinstance(bos, bool):
        raise MIError(f"mi.load: bos must be True, False or None; got {bos!r}.")
    name_or_module, tokenizer = unwrapped(name_or_module, tokenizer)
    came: tuple[Check, ...] = ()
    if isinstance(name_or_module, nn.Module):
        if checkpoint is not None:
            raise MIError(
                f"mi.load: checkpoint={checkpoint!r} goes with a shipped model's name; a module has the weights it has."
            )
        for option, value in (("device", device), ("dtype", dtype)):
            if value is not None:
                raise MIError(
                    f"mi.load: {option}={value!r} goes with a name; a module is what and where it is: "
                    "module.to(device, dtype) before you load it."
                )
        wrapper, module, record = name_or_module, inside(name_or_module), None
        name = type(module).__name__
        if (theirs := of_transformer_lens(module)) is not None:
            wrapper = module = theirs.module  # it was compared already
            came = (Check("how it was read", "note", theirs.remark),)
            bos = theirs.bos if bos is None and tokenizer is None else bos
            tokenizer = theirs.tokenizer if tokenizer is None and vocabulary is None else tokenizer
        if bos is None and getattr(tokenizer, "bos_token_id", None) is not None:
            bos = getattr(module, "default_prepend_bos", None)  # of a Transformer that was read by a config
        check_numbers(module)
    elif isinstance(name_or_module, (str, os.PathLike)):
        path, place, kind = (
            os.fspath(name_or_module),
            device_of(device, "mi.load: device"),
            dtype_of(dtype, "mi.load: dtype"),
        )
        given = {
            "checkpoint": checkpoint,
            "tokenizer": tokenizer,
            "device": device,
            "dtype": dtype,
            "bos": bos,
            "vocabulary": vocabulary,
        }
        record = made_by("mi.load", signature(load), {"name_or_module": path, **given}, name="model")
        with torch.random.fork_rng(devices=[]):  # a module draws weights before it gets those of the file
            wrapper, tokenizer, name, came = _open(path, checkpoint, kind, tokenizer, vocabulary)
        wrapper = wrapper.to(place) if kind is None else wrapper.to(place, kind)
        module = inside(wrapper)
    else:
        raise UnknownModel(said_of(name_or_module))
    with lock_of(module), evaluating(module), as_written(compiled_parts(module)):
        # A module without a table is run once to find its sites.
        architecture = architecture_of(module)
        if wrapper is not module:
            came = (*came, unwrapping(wrapper, module, architecture))
    tokens = {"tokenizer": tokenizer, "bos": bos, "vocabulary": vocabulary}
    return model_of(module, architecture=architecture, name=name, record=record, came=came, **tokens)


def _open(
    path: str, checkpoint: Any, dtype: torch.dtype | None, tokenizer: Any, vocabulary: Any
) -> tuple[nn.Module, Any, str, tuple[Check, ...]]:
    """The module, its tokenizer, its name, and what is good to know of how it came."""
    checkpoint = _plain(checkpoint)
    if zoo.is_known(path):
        for option, given in (("tokenizer", tokenizer), ("vocabulary", vocabulary)):
            if given is not None:
                raise MIError(
                    f"mi.load({path!r}): a shipped model has its own tokenizer; leave {option}= out."
                )
        module, tokenizer = zoo.open_model(path, checkpoint)
        return (
            module,
            tokenizer,
            Path(path).name + ("" if checkpoint is None else f" at step {checkpoint}"),
            (),
        )
    if checkpoint is not None:
        raise UnknownCheckpoint(
            f"checkpoint={checkpoint!r} goes with a shipped model ({', '.join(zoo.models())}); {path!r} is none."
        )
    if path == SMOLLM2 or Path(path).suffix.lower() == GGUF:
        file = str(smollm2()) if path == SMOLLM2 else path
        module, own, came = open_gguf(file, dtype=dtype, tokenizer=tokenizer)
        return module, own if vocabulary is None else tokenizer, Path(path).name.removesuffix(GGUF), came
    if refused := refused_path(path):
        raise UnknownModel(refused)
    try:
        module, own = open_hub(path, dtype=dtype, tokenizer=tokenizer)
    except UnknownModel as error:
        raise UnknownModel(f"{error}{meant_by(path)}") from error
    return module, own if vocabulary is None else tokenizer, Path(path).name, ()


def _plain(checkpoint: Any) -> Any:
    """numpy's numbers, as a Result's labels are, as Python's."""
    return checkpoint.item() if hasattr(checkpoint, "item") else checkpoint
