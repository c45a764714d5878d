"""What went wrong, for the reader of a panel."""

from __future__ import annotations

from mi_widgets.core.errors import MIError


def in_words(error: BaseException) -> str:
    """Our own errors are written for readers; others say what they are."""
    if isinstance(error, MIError):
        return str(error)
    name = type(error).__name__
    return f"{name}: {error}" if str(error) else name
