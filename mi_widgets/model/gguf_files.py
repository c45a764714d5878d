"""A GGUF file, as llama.cpp, Ollama and LM Studio use: its numbers, its tokenizer, and what was lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers  # as a whole: its modelling code is loaded at first use
from torch import nn

from mi_widgets.core.errors import UnknownModel, UnsupportedModel
from mi_widgets.core.numbers import count_text

from .complete import check_complete
from .gguf_settings import check_turned, unread
from .trust import Check

SUFFIX = ".gguf"
_PLAIN = ("F64", "F32", "F16", "BF16")
_IN_PLACE = ("blk.", "token_embd", "output")  # the tensors that every model has
_reading = threading.Lock()


def open_gguf(
    path: str, *, dtype: torch.dtype | None, tokenizer: Any
) -> tuple[nn.Module, Any, tuple[Check, ...]]:
    """A model and its tokenizer, and what is good to know of the file.

    Args:
        path: of the file.
        dtype: of the weights; float32 by default, since what was quantized has none.
        tokenizer: one of your own, or None for the file's.

    Raises:
        UnknownModel: there is no such file, it is damaged, or it is no model.
        UnsupportedModel: transformers cannot read its architecture or one of its types.
    """
    if not Path(path).is_file():
        raise UnknownModel(f"There is no file {path}.")
    folder, name = str(Path(path).parent), Path(path).name
    try:
        with _asked_once(path) as reader:
            _check_whole(path, reader)
            check_turned(path, reader)
            config = transformers.AutoConfig.from_pretrained(folder, gguf_file=name)
            load: Any = transformers.AutoModelForCausalLM.from_pretrained
            module, found = load(
                folder,
                gguf_file=name,
                config=config,
                dtype=dtype or torch.float32,
                output_loading_info=True,
                **_unpacked(),
            )
            tokenizer, of_tokenizer = (tokenizer, ()) if tokenizer else _tokenizer(folder, name)
    except (UnknownModel, UnsupportedModel):
        raise
    except Exception as error:  # of code that is not ours
        raise _refusal(path, error) from error
    check_complete(path, found)
    return module.eval(), tokenizer, (_types(reader), *_lost(reader, module), *of_tokenizer)


def _tokenizer(folder: str, name: str) -> tuple[Any, tuple[Check, ...]]:
    """The file's, or None and why."""
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name), ()
    except Exception as error:  # of code that is not ours
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        said = f"the file has none that transformers can read ({why}): give mi.load one, tokenizer=…, or token ids"
        return None, (Check("tokenizer of the file", "warning", said),)


def _unpacked() -> dict[str, Any]:
    """What keeps numbers from staying packed where a package of kernels is installed; older versions unpack always."""
    config = getattr(transformers, "GgufConfig", None)
    return {} if config is None else {"quantization_config": config(dequantize=True)}


class _Reader(gguf.GGUFReader):
    """gguf's, without what numpy does for each of the slices of a memory map: a vocabulary is 100,000 of them."""

    @property
    def data(self) -> np.ndarray:
        """The bytes of the file, which are read when they are asked for."""
        return self._bytes

    @data.setter
    def data(self, mapped: np.ndarray) -> None:
        self._bytes = mapped.view(np.ndarray)


@contextmanager
def _asked_once(path: str) -> Iterator[Any]:
    """transformers reads a file anew for each thing that it wants to know, and lists all names anew for each module.

    Of ten seconds for a small model eight would be that.
    """
    with _reading:
        reader, own = _Reader(path), (gguf.GGUFReader, gguf.get_tensor_name_map)
        gguf.GGUFReader = lambda *given, **how: reader  # type: ignore[misc]
        gguf.get_tensor_name_map = cache(own[1])
        try:
            yield reader
        finally:
            gguf.GGUFReader, gguf.get_tensor_name_map = own


def _check_whole(path: str, reader: Any) -> None:
    """Refuse one of several files.

    Raises:
        UnsupportedModel: it is a part.
    """
    field = reader.fields.get("split.count")
    if field is not None and field.contents() > 1:
        raise UnsupportedModel(
            f"{path} is one of {field.contents()} files that a model was split into: put them together first, "
            "llama-gguf-split --merge."
        )


def _refusal(path: str, error: Exception) -> Exception:
    """What to say of a file that cannot be read."""
    said = " ".join(str(error).split()) or type(error).__name__
    if (
        "not supported" in said
        or "Unrecognized configuration" in said
        or isinstance(error, NotImplementedError)
    ):
        return UnsupportedModel(
            f"{path} cannot be read by transformers {transformers.__version__}: {said[:300]} Bring the same model as "
            "a folder with safetensors, or in another quantization, such as Q8_0."
        )
    return UnknownModel(
        f"{path} is damaged, or no GGUF file ({type(error).__name__}: {said[:300]}): fetch it again."
    )


def _types(reader: Any) -> Check:
    """How the numbers lay in the file."""
    counts = Counter(tensor.tensor_type.name for tensor in reader.tensors).most_common()
    said = []
    for how, plain in (("dequantized from", False), ("as the file has it:", True)):
        kinds = [f"{kind} ({count_text(n, 'tensor')})" for kind, n in counts if (kind in _PLAIN) is plain]
        said += [f"{how} {', '.join(kinds)}"] if kinds else []
    return Check("GGUF", "note", "; ".join(said))


def _lost(reader: Any, module: Any) -> Iterator[Check]:
    """What the file says of the model, and transformers does not take in."""
    names = [f"{key} = {value}" for key, value in unread(reader, module.config)]
    extra = sum(tensor.n_elements for tensor in reader.tensors) - sum(x.numel() for x in module.parameters())
    apart = [tensor for tensor in reader.tensors if not tensor.name.startswith(_IN_PLACE)]
    twice = [tensor.n_elements for tensor in reader.tensors if tensor.name == "output.weight"]
    if extra > 0 and [extra] != twice:  # where the embedding is the unembedding, the file may have it twice
        names += [tensor.name for tensor in apart] or [f"{extra} numbers of its tensors"]
    if names:
        turned = all(".rope." in name or name.startswith("rope_") for name in names)
        said = (
            f"transformers does not take in {', '.join(names)}: what the model computes may differ from what the file "
            f"means{', at long prompts above all' if turned else ''}"
        )
        yield Check("GGUF read in full", "warning", said)
    else:
        yield Check(
            "GGUF read in full", "ok", "every tensor and every setting of the architecture is taken in"
        )
