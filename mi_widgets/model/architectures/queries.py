"""Whether queries and keys are, where they are compared, what their matrices gave out."""

from __future__ import annotations

import re

from torch import nn

_NORMS = re.compile(r"(^|\.)(q|k|qk|query|key)_?(layer)?_?norm$")
_SCALED = ("opt", "whisper")  # which scale queries by themselves, before attention is called


def altered_queries(module: nn.Module) -> tuple[str, ...]:
    """Which of `q` and `k` a decoder of transformers turns, normalises or scales; all where some layers do."""
    config = getattr(module, "config", None)
    text = config.get_text_config() if config is not None else None
    rotary = any("rotary" in type(part).__name__.lower() for part in module.modules())
    # Falcon with ALiBi makes what turns, and does not use it.
    turned = not getattr(text, "alibi", False) and (getattr(text, "rotary_dim", None) or rotary)
    normed = any(_NORMS.search(name) for name, _ in module.named_modules())
    if turned or normed:
        return ("q", "k")
    return ("q",) if getattr(text, "model_type", "") in _SCALED else ()
