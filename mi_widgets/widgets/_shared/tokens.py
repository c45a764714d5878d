"""How a token is written for a reader: whitespace made visible. `tokens.ts` says the same in the browser."""

_VISIBLE = str.maketrans({" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍"})
# What counts as printable, and yet draws nothing: a joiner, the fillers of Hangul, the braille pattern without dots.
_NOTHING = "\u034f\u115f\u1160\u2800\u3164\uffa0"


def visible(token: str) -> str:
    """The token with its spaces, newlines and tabs as visible characters, and all else that would not be seen as a box.

    Boxes stand for other spaces and line breaks, for control characters, for what has no width or turns the direction
    of writing, for halves of a pair, and for what has no meaning in Unicode, of which a browser may know a newer one.
    """
    shown = token.translate(_VISIBLE)
    return "".join(c if c.isprintable() and c not in _NOTHING else "□" for c in shown)


def cut(text: str, length: int) -> str:
    """At most `length` characters of a text, the last of them "…" where some are left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


def shortened(token: str, length: int = 14) -> str:
    """A token as a label: whitespace visible, at most `length` characters."""
    return cut(visible(token), length)


def quoted(token: str) -> str:
    """A token in quotation marks, its whitespace visible."""
    return f'"{visible(token)}"'
