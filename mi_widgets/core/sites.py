"""Where in a model: a site names one kind of activation, and which layer, head and positions of it.

from mi_widgets import sites as at
at.pattern[1, 3]               # layer 1, head 3
at.resid_post[-1]              # the last layer; at.resid_post[2:5] and at.resid_post[::2] are several
at.router[1, 3]                # layer 1, expert 3: with what weight each token uses it
at.resid_post[0].pos(-1)       # the last token of the prompt
at.resid_post[0].pos(" Mary")  # the token " Mary", wherever it stands
at.resid_post[0].every(".")    # all tokens that read so, those that are generated too
at.latent(sae, 17)            # latent 17 of a sparse autoencoder, at the site that it was trained on

The names of TransformerLens and nnterp mean the same: `at.layers_output[3]`, or
`at.named("blocks.3.hook_resid_post")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .argument_types import argument_type
from .axes import AXES, PARTS, WHOLE_MODEL
from .brackets import in_brackets
from .errors import SiteError
from .latents import Dictionary, Latents
from .layers import Layers, numbered
from .positions import Position, Positions, read_positions
from .site_hints import OWN_OUTPUTS, TRANSFORMER_LENS, meant_by
from .texts import plain_text


@argument_type("at.resid_post[2]", named=lambda name: named(name))
@dataclass(frozen=True)
class Site:
    """One place in a model, as a value: build it from the names in this module.

    `layer=None` means every layer (for reading); `positions=None` means every position. A layer may be counted from
    the end, and several may be a slice: a model resolves them, and results name the layers that they are. A `router`
    holds the weight with which each expert is used, 0 for those that a token does not use; what is written there is
    used as it is, so the weights that stay are not made larger when one is ablated.
    Positions are absolute, negative ones count from the end of each prompt; a text means the token that
    reads so; `"new"` means the tokens that `generate` adds. In `scores` and `pattern` the positions are
    those of the query; what is masked in `scores` stays masked, whatever is done to them. `tokens` means
    all tokens that read as one of these. `own_output` is of names elsewhere that mean what a module itself gives out
    (TransformerLens's `hook_q`): a model that changes that before it is at the site refuses it.
    """

    name: str
    layer: int | Layers | None = None
    head: int | None = None
    positions: Positions = None
    latents: Latents | None = None
    tokens: tuple[str, ...] | None = None
    expert: int | None = None
    own_output: bool = field(default=False, compare=False)

    @property
    def part(self) -> int | None:
        """The head or the expert that it names."""
        return self.expert if self.head is None else self.head

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of one layer's tensor, before a head or a position is chosen."""
        axes = AXES[self.name]
        if self.latents is None:
            return axes
        kept = tuple(axis for axis in axes[:-1] if axis != "head" or self.head is not None)
        return (*kept, *self.latents.axes)

    @property
    def layer_number(self) -> int | None:
        """Its layer, if that is one whose number is known."""
        return self.layer if isinstance(self.layer, int) and self.layer >= 0 else None

    @property
    def is_one_activation(self) -> bool:
        """Whether it says which activation of any model it is: a numbered layer's, or one that there is once."""
        return self.layer_number is not None or self.name in WHOLE_MODEL

    @property
    def is_open(self) -> bool:
        """Whether a model has to say which layers are meant."""
        return self.layer is not None and self.layer_number is None

    def in_model(self, n_layers: int) -> tuple[Site, ...]:
        """The same, a layer each, of a model of so many; itself where it names none, or all of them."""
        if self.layer is None:
            return (self,)
        numbers = numbered(self.layer, n_layers)
        if not numbers:
            raise SiteError(
                f"{self!r}: of {n_layers} layers, the layer must be 0 to {n_layers - 1}, or {-n_layers} to -1 from the "
                "end."
            )
        return tuple(replace(self, layer=number) for number in numbers)

    def of_several(self, _: Sequence[Site]) -> Site:
        """Where one site is taken, several layers of it are one."""
        return self

    def __getitem__(self, index: int | slice | tuple[int | slice, int]) -> Site:
        if self.layer is not None:
            raise SiteError(f"{self!r} has its layer already: index the bare site, as in at.{self.name}[0].")
        of = part_axis(self)
        layer, part = in_brackets(self.name, index, of)
        return replace(self, layer=layer, **{of: part} if of else {})

    def pos(self, positions: Position | Sequence[Position]) -> Site:
        """The same site at some positions only.

        Args:
            positions: one position (its axis is dropped when read), several, or `"new"`. A position is a number,
                or a text: the one token of the prompt that reads so, as in `" Mary"` (so `" new"` is a word).
        """
        if self.tokens is not None:
            raise SiteError(f"{self!r} names tokens by their text already: positions go without .every.")
        known = read_positions(positions)
        if known is None:
            raise SiteError(
                f'{self!r}.pos takes whole numbers, texts of tokens, or "new"; got {positions!r}.'
            )
        return replace(self, positions=known)

    def every(self, *tokens: str) -> Site:
        """The same site at all tokens that read so, wherever they stand; in what `generate` adds too.

        How many there are differs from prompt to prompt, so they can be changed but not read: read the site itself,
        and choose with `run.token_mask(site)`.

        Args:
            tokens: their texts, as in `.every(".", "!", "?")`; spaces around them do not count.
        """
        if not tokens or not all(isinstance(token, str) and token for token in tokens):
            raise SiteError(f'{self!r}.every takes texts of tokens, as in .every(".", "!"); got {tokens!r}.')
        if self.positions is not None:
            raise SiteError(f"{self!r} has its positions already: tokens are named without .pos.")
        return replace(self, tokens=tuple(dict.fromkeys(map(plain_text, tokens))))

    def latent(
        self, dictionary: Dictionary, index: int | Sequence[int] | None = None, *, special: bool = False
    ) -> Site:
        """What a dictionary reads here: a latent, several, or all of them.

        Written to, the activation moves along the decoder's directions by what has changed; all else of it stays, the
        dictionary's error too. So what is written as it was read changes nothing. A transcoder moves the activation
        that it writes. Of heads (`at.z[2]`) it reads all, one beside the other, or one (`at.z[2, 3]`).

        Args:
            dictionary: an `mi.sae.SAE`.
            index: one latent (its axis is dropped when read), several, or all by default.
            special: whether a change holds at special tokens too (such as the one that begins a text), which
                dictionaries are not trained on and `mi.sae.latents` hides. Where a token is named by `.pos(…)` or
                `.every(…)`, it holds there in any case.
        """
        if self.latents is not None or AXES[self.name][-1] not in ("d_model", "d_mlp", "d_head"):
            raise SiteError(
                f"{self!r} has no latents: a dictionary reads the residual stream, neurons, heads, or what a layer "
                "adds, as in at.resid_post[2].latent(sae, 17)."
            )
        return replace(self, latents=Latents.of(dictionary, index, special))

    @property
    def written(self) -> Site:
        """Where a change of it goes: to the site itself, but for the latents of a transcoder.

        Raises:
            SiteError: a transcoder that does not say where it writes.
        """
        dictionary = None if self.latents is None else self.latents.dictionary
        if dictionary is None or not dictionary.transcodes:
            return self
        own, writes = getattr(dictionary, "site", None), getattr(dictionary, "writes", None)
        if writes is None:
            raise SiteError(
                f"{dictionary!r} does not say where it writes: mi.sae.load(…, writes=at.mlp_out[2]), for example."
            )
        further = 0 if own is None or self.layer is None else writes.layer - own.layer
        if further and self.is_open:
            raise SiteError(f"{self!r} is written {further} layers on: name its layer from 0, and one only.")
        layer = writes.layer if own is None or self.layer is None else self.layer
        layer = layer + further if further else layer
        return replace(self, name=writes.name, layer=layer, head=writes.head, own_output=writes.own_output)

    @property
    def place_in_pass(self) -> tuple[int, int]:
        """Where the forward pass meets it: sites sort by this."""
        order = tuple(AXES).index(self.name)
        if self.name == "logits":
            return (2**31, order)
        return (self.layer if isinstance(self.layer, int) else -1, order)

    @property
    def everywhere(self) -> Site:
        """The same kind and layer, every head (or expert) and position: what has to be kept to read this site."""
        return replace(self, head=None, expert=None, positions=None, latents=None, tokens=None)

    def __repr__(self) -> str:
        return self.code_with(repr)

    def code_with(self, show: Callable[[Any], str]) -> str:
        """The Python that makes this site, with a dictionary inside written by `show`."""
        latents = "" if self.latents is None else self.latents.code_with(show)
        index = ", ".join(str(n) for n in (self.layer, self.part) if n is not None)
        at = f"at.{self.name}" + (f"[{index}]" if index else "") + latents
        if self.tokens is not None:
            return f"{at}.every({', '.join(map(repr, self.tokens))})"
        if self.positions is None:
            return at
        shown = list(self.positions) if isinstance(self.positions, tuple) else self.positions
        return f'{at}.pos("new")' if shown == "new" else f"{at}.pos({shown!r})"

    def code(self) -> str:
        """The Python that makes this site: `eval(site.code()) == site`."""
        return self.code_with(lambda dictionary: dictionary.code())


def part_axis(site: Site) -> str | None:
    """What one of can be chosen at a kind of site: "head", "expert" or nothing."""
    return next((axis for axis in PARTS if axis in site.axes), None)


def latent(
    dictionary: Dictionary, index: int | Sequence[int] | None = None, *, special: bool = False
) -> Site:
    """A sparse autoencoder's latents at the site that it was trained on; see `Site.latent`.

    Raises:
        SiteError: it does not say where it was trained; no such latent.
    """
    site = getattr(dictionary, "site", None)
    if not isinstance(site, Site):
        raise SiteError(
            f"at.latent takes a dictionary that knows its site; got {dictionary!r}. Name the site: "
            "at.resid_post[2].latent(sae, 17)."
        )
    return site.latent(dictionary, index, special=special)


embed = Site("embed")
resid_pre = Site("resid_pre")
resid_mid = Site("resid_mid")
resid_post = Site("resid_post")
attn_out = Site("attn_out")
mlp_out = Site("mlp_out")
mlp_in = Site("mlp_in")
mlp_pre = Site("mlp_pre")
mlp_post = Site("mlp_post")
q = Site("q")
k = Site("k")
v = Site("v")
z = Site("z")
scores = Site("scores")
pattern = Site("pattern")
router = Site("router")
logits = Site("logits")

# nnterp's names.
token_embeddings = embed
layers_input = resid_pre
layers_output = resid_post
attentions_output = attn_out
mlps_output = mlp_out
attention_probabilities = pattern


def named(name: str) -> Site:
    """The site that a name means: ours, nnterp's or TransformerLens's.

    Args:
        name: as in `"resid_post"`, `"layers_output"`, `"blocks.3.attn.hook_pattern"`.

    Raises:
        SiteError: no library's name.
    """
    match = re.fullmatch(r"blocks\.(\d+)\.(.+)", name)
    known = TRANSFORMER_LENS.get(match[2] if match else name, name)
    site = globals().get(known)
    if not isinstance(site, Site) or (match and (known not in AXES or site.name in WHOLE_MODEL)):
        near = meant_by(name, AXES)
        raise SiteError(
            f"{name!r} names no site{f': did you mean {near}?' if near else '.'} Names are {', '.join(AXES)}, nnterp's "
            "(layers_output, …) and TransformerLens's (blocks.0.attn.hook_pattern, …)."
        )
    site = replace(site, own_output=(match[2] if match else name) in OWN_OUTPUTS)
    return site[int(match[1])] if match else site


def __getattr__(name: str) -> Any:
    near = "" if name.startswith("__") else meant_by(name, AXES)
    hint = f": did you mean {near}?" if near else "."
    raise AttributeError(f"There is no at.{name}{hint} Sites are {', '.join(f'at.{site}' for site in AXES)}.")
