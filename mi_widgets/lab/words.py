"""What went wrong, for the reader of a panel."""

from __future__ import annotations

from mi_widgets.core.errors import MIError


def in_words(error: Exception) -> str:
    """Our own errors are written for readers; others say what they are."""
    return str(error) if isinstance(error, MIError) else f"{type(error).__name__}: {error}"
