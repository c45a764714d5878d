"""Models that stretch the positions of a whole batch as soon as one of its prompts is long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from mi_widgets.core.errors import PromptError

_KIND = "longrope"  # of transformers' rotary positions; "dynamic" ones begin where a model's room ends
_BEFORE = "original_max_position_embeddings"


def stretched_past(module: nn.Module, n_ctx: int) -> int | None:
    """The number of tokens past which positions are stretched; None where they never are.

    Args:
        module: with a config of transformers, or without one.
        n_ctx: the longest prompt it takes.
    """
    config: Any = getattr(module, "config", None)
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    rope = getattr(text, "rope_parameters", None)
    for kind in rope.values() if isinstance(rope, dict) and "rope_type" not in rope else [rope]:
        if isinstance(kind, dict) and kind.get("rope_type") == _KIND:
            found = kind.get(_BEFORE) or getattr(text, _BEFORE, None) or n_ctx
            if found < n_ctx:
                return int(found)
    return None


def check_stretched(past: int | None, lengths: Sequence[int], name: str) -> None:
    """Raise `PromptError` where short prompts of a batch would have the stretched positions of long ones."""
    if past is not None and min(lengths) <= past < max(lengths):
        raise PromptError(
            f"{name} stretches the positions of all prompts of a batch when one has more than {past} tokens; here are "
            f"prompts of {min(lengths)} and of {max(lengths)}. Run the longer ones by themselves."
        )


def check_stretched_on(past: int | None, lengths: Sequence[int], new: int, name: str) -> None:
    """Raise `PromptError` where a continuation would be stretched on the way: what was read before would not be.

    Args:
        past: as above.
        lengths: of the prompts.
        new: how many tokens they may grow by.
        name: the model's.
    """
    if past is None or min(lengths) > past or max(lengths) + new <= past:
        return
    room = past - max(lengths)
    todo = (
        f"with prompts of up to {max(lengths)}, max_new_tokens can be at most {room}"
        if room > 0
        else f"here are prompts of {min(lengths)} and of {max(lengths)}: continue those of up to {past} by themselves"
    )
    raise PromptError(
        f"{name} stretches the positions of all tokens as soon as there are more than {past}, also of those that it "
        f"has read: {todo}."
    )
