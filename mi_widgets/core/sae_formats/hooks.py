"""The sites that a dictionary's file names in other libraries' words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ..errors import DictionaryError, SiteError
from ..site_hints import MODULES, OWN_OUTPUTS, TRANSFORMER_LENS
from ..sites import AXES, Site, named

# Words that mean two things: the one who has the dictionary must say which.
_AMBIGUOUS = {
    "ln2.hook_normalized": "what the norm before the MLP gives before its weight, or after it where that was not "
    "folded into the MLP; at.mlp_in is after it",
    "ln1.hook_normalized": "what the norm before attention gives; no site here",
    "hook_mlp_in": "the residual stream before the MLP's norm (at.resid_mid) in TransformerLens, and what the MLP "
    "reads (at.mlp_in) in SAELens's own configs",
}
# Of modules of transformers, by the end of their path and the side.
_MODULES = {
    "output": "resid_post",
    "self_attn.o_proj.input": "z",
    "pre_feedforward_layernorm.output": "mlp_in",
    "post_feedforward_layernorm.output": "mlp_out",
}


def site_named(
    place: Path, hook: object, told: Site | None, *, head: int | None = None, argument: str
) -> Site | None:
    """The site that a config names.

    Args:
        place: the config, for messages.
        hook: the name; None or "" where it is silent.
        told: what the user says: where the name means nothing here, that is taken.
        head: the head that it names beside.
        argument: what the user would say it with.

    Raises:
        DictionaryError: it means nothing here, and the user said nothing; or a head where there are none.
    """
    if not hook:
        return None
    site = _module_site(str(hook)) or _lens_site(str(hook))
    if site is None:
        if told is not None:
            return None
        word = re.sub(r"^blocks\.\d+\.", "", str(hook))
        why = f": it means {_AMBIGUOUS[word]}" if word in _AMBIGUOUS else ", which names no site here"
        raise DictionaryError(
            f"{place} names {hook!r}{why}. Say where it is, as in {argument}=at.mlp_in[3]; the sites are "
            f"{', '.join(AXES)}."
        )
    if told is not None:  # who says where it is knows what is there
        site = replace(site, own_output=False)
    if head is None:
        return site
    if "head" not in site.axes or site.layer_number is None:
        raise DictionaryError(f"{place} names head {head!r} of {site!r}, which has no heads.")
    if head < 0:
        raise DictionaryError(f"{place} names head {head!r} of {site!r}; heads are counted from 0.")
    return replace(site, head=head)


def _module_site(path: str) -> Site | None:
    match = re.fullmatch(r"(?:model\.)*(?:language_model\.)?layers\.(\d+)\.(.+)", path)
    if match is None:
        return None
    layer, module = int(match[1]), match[2]
    own = next((name for name, its in MODULES.items() if module == f"{its}.output"), None)
    name = own or _MODULES.get(module)
    return None if name is None else Site(name, layer, own_output=own is not None)


def _lens_site(hook: str) -> Site | None:
    try:
        return named(hook)
    except SiteError:
        return None


def transformer_lens_name(site: Site) -> str:
    """TransformerLens's name of a site, as in `"blocks.3.hook_resid_post"`; ours where it has none.

    What attention or the MLP itself gives out has the name of a module of transformers: hooks are behind the norm.

    Raises:
        SiteError: its layer has no number.
    """
    if site.is_open:
        raise SiteError(f"{site!r} has no name of TransformerLens's, whose layers have numbers from 0.")
    if site.own_output and site.name in MODULES:
        return f"model.layers.{site.layer}.{MODULES[site.name]}.output"
    names = [name for name, ours in TRANSFORMER_LENS.items() if ours == site.name]
    theirs = next((name for name in names if (name in OWN_OUTPUTS) == site.own_output), site.name)
    return theirs if site.layer is None else f"blocks.{site.layer}.{theirs}"
