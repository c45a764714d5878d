"""How a token is written for a reader: whitespace made visible. `tokens.ts` says the same in the browser."""

_VISIBLE = str.maketrans({" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍"})


def visible(token: str) -> str:
    """The token with its spaces, newlines and tabs as visible signs; control characters as a box."""
    shown = token.translate(_VISIBLE)
    return "".join(c if c.isprintable() else "□" for c in shown)
