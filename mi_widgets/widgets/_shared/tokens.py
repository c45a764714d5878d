"""How a token is written for a reader: whitespace made visible. `tokens.ts` says the same in the browser."""

_VISIBLE = str.maketrans({" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍"})


def visible(token: str) -> str:
    """The token with its spaces, newlines and tabs as visible signs; control characters as a box."""
    shown = token.translate(_VISIBLE)
    return "".join(c if c.isprintable() else "□" for c in shown)


def cut(text: str, length: int) -> str:
    """At most `length` signs of a text, the last of them "…" where some are left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


def shortened(token: str, length: int = 14) -> str:
    """A token as a label: whitespace visible, at most `length` signs."""
    return cut(visible(token), length)


def quoted(token: str) -> str:
    """A token in quotation marks, its whitespace visible."""
    return f'"{visible(token)}"'
