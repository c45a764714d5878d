"""Models of TransformerLens, which is not imported: known by the names of their classes, read by their config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.zoo.reading import read_transformer
from mi_widgets.zoo.transformer import Transformer

from .backend import element
from .evaluation import evaluating

_WRAPPED = "_original_component"
_NO_DECODERS = ("HookedEncoder", "HookedEncoderDecoder", "HookedAudioEncoder", "BertNextSentencePrediction")
_ROWS, _TOKENS = 2, 24


@dataclass(frozen=True)
class Unwrapped:
    """What a model of TransformerLens is made of.

    Args:
        module: a module that is read here: a `Transformer`, or one of transformers'. Its weights are the same tensors.
        tokenizer: the model's, or None.
        bos: whether a text gets the token that begins a text, by the model's config; None without a tokenizer.
        remark: what is good to know of it.
    """

    module: nn.Module
    tokenizer: Any
    bos: bool | None
    remark: str


def unwrapped(module: nn.Module) -> Unwrapped | None:
    """What is in a model of TransformerLens, 2.x or 4.x; None for any other module.

    Its logits are compared with those of what is given back.

    Raises:
        UnsupportedModel: it is no decoder, has a field in its config that is not done, or gives other logits.
    """
    kinds = {ancestor.__name__ for ancestor in type(module).__mro__}
    for kind in _NO_DECODERS:
        if kind in kinds:
            raise UnsupportedModel(
                f"{kind} of TransformerLens is no decoder, so its sites are not known here."
            )
    if "HookedTransformer" in kinds:
        inside = _of_hooked(module)
    elif "TransformerBridge" in kinds:
        inside = _of_bridge(module.original_model)
    elif any(_WRAPPED in part._modules for part in module.modules()):
        inside = _of_bridge(module)
    else:
        return None
    remark = _compared(module, inside)
    tokenizer, config = getattr(module, "tokenizer", None), getattr(module, "cfg", None)
    bos = None
    if getattr(tokenizer, "bos_token_id", None) is not None:
        bos = getattr(config, "default_prepend_bos", None)
    return Unwrapped(inside, tokenizer, bos, remark)


def _of_hooked(module: Any) -> Transformer:
    config = dict(vars(module.cfg)) | {"dtype": _dtype(module)}
    return read_transformer(module.state_dict(), config, None, make=Transformer, shared=True)


def _of_bridge(module: Any) -> nn.Module:
    """What a bridge has wrapped piece by piece, without the wrapping."""
    state = {name.replace(f"{_WRAPPED}.", ""): x for name, x in module.state_dict().items()}
    if type(module).__name__ == "NativeModel":
        config = dict(vars(module.cfg)) | {"dtype": _dtype(module)}
        return read_transformer(state, config, None, make=Transformer, shared=True)
    if not hasattr(module, "config"):
        raise UnsupportedModel(
            f"This TransformerBridge is around {type(module).__name__}, which is neither of transformers nor a network "
            "that TransformerLens makes itself: load that one instead."
        )
    with torch.random.fork_rng(devices=[]):  # making it draws weights, which are thrown away
        plain = type(module)(module.config)
    # A bridge keeps copies of its own beside the pieces; what is missing would be random.
    missing = plain.load_state_dict(state, strict=False, assign=True).missing_keys
    if missing:
        raise UnsupportedModel(
            f"This TransformerBridge lacks {', '.join(missing[:3])} of the {type(module).__name__} that it is around."
        )
    plain.tie_weights()
    return plain.to(next(module.parameters()).device).eval().requires_grad_(False)


def _dtype(module: nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype


def _compared(module: Any, inside: nn.Module) -> str:
    """What is to be said of the logits of both; their probabilities must be the same.

    Processed weights (centred ones) move all logits of a token alike, which no probability shows.
    """
    name, config = type(module).__name__, cast(Any, inside).config
    if isinstance(inside, Transformer):
        size, room = config.d_vocab, config.n_ctx
    else:
        text = config.get_text_config()
        size, room = text.vocab_size, getattr(text, "max_position_embeddings", _TOKENS)
    room = min(room, _TOKENS)
    some = next(module.parameters())
    ids = torch.randint(size, (_ROWS, room), generator=torch.Generator().manual_seed(0)).to(some.device)
    with torch.no_grad(), evaluating(module):
        own, ours = (element(net(ids), "logits").double() for net in (module, inside))
    ours = ours[..., : own.shape[-1]]  # a network may say fewer tokens than it reads
    near = max(1e-4, 12 * torch.finfo(some.dtype).eps)
    apart, most = _distance(own.log_softmax(-1), ours.log_softmax(-1))
    if not apart <= near * max(most, 1.0):
        raise UnsupportedModel(
            f"{name} gives other logits than its weights and its config do here: log-probabilities of up to {most:.3g} "
            f"differ by {apart:.2g}. Hooks that change it would do that (module.reset_hooks()), and so would weights "
            "that were changed in the copies that a bridge keeps of them."
        )
    read = f"{name} of TransformerLens, with the same weights as {type(inside).__name__}"
    apart, most = _distance(own, ours)
    if apart <= near * most:
        return f"{read}: its own logits on {_ROWS} prompts of {room} tokens differ by {apart:.1e} at most"
    return (
        f"{read} before they were processed: {name}'s own logits differ by a number that all tokens at a place share, "
        f"up to {apart:.2g}; probabilities and differences of logits are the same"
    )


def _distance(x: Tensor, y: Tensor) -> tuple[float, float]:
    """How far numbers are from others at most, and how large those are."""
    return float((x - y).abs().max()), float(x.abs().max())
