"""Whether a dictionary is read where it was trained: on that model, at that site."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mi_widgets.core.sites import Site

# TransformerLens's own names of models whose other names end otherwise.
_SAME = {"gpt2-small": "gpt2", "opt": "opt-125m"}


def dictionary_warnings(
    names: Iterable[str], dictionary: Any, site: Site, *, normed_writes: bool = False, change: str = ""
) -> tuple[str, ...]:
    """What to beware of where a dictionary reads another model or another site than it was trained on.

    Args:
        names: what the model is called.
        dictionary: an `SAE`.
        site: where it reads.
        normed_writes: whether the model normalises what attention and MLP write before it adds them.
        change: what the model does to what a module gives out before it is at the site.
    """
    said, model, own = [], getattr(dictionary, "model", ""), getattr(dictionary, "site", None)
    names = [name for name in names if name]
    if model and _plain(model) not in map(_plain, names):
        said.append(
            f"the dictionary says that it was trained on {model}, and this is {names[0]}: unless these are the same, "
            "its latents mean nothing here"
        )
    if not model and normed_writes and site.written.name in ("attn_out", "mlp_out"):
        said.append(
            f"the dictionary does not say of which model it is, and {_bare(site.written)!r} of {names[0]} is what "
            "comes out of the norm behind it: many libraries mean what goes in"
        )
    here, own = _bare(site), None if own is None else _bare(own)
    if own is not None and own != here:
        said.append(
            f"the dictionary was trained at {own!r}, and reads {here!r}: its latents mean nothing there"
        )
    trained = (getattr(dictionary, name, None) for name in ("site", "writes"))
    if change and any(place is not None and place.own_output for place in trained):
        said.append(
            f"the dictionary was trained on what a module itself gives out, and {names[0]} {change}: its latents mean "
            f"nothing at {_bare(site.written)!r}"
        )
    return tuple(said)


def _bare(site: Site) -> Site:
    return replace(site, positions=None, tokens=None, latents=None)


def _plain(name: str) -> str:
    last = name.rstrip("/").rpartition("/")[2].casefold()
    return _SAME.get(last, last)
