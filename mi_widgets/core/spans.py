"""Which columns of a padded batch each prompt takes up, and the part of an activation that a site names in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from .axes import AXES, PARTS
from .errors import SiteError
from .positions import Position, bare, place_of
from .sites import Site


@dataclass(frozen=True)
class PromptSpans:
    """Which columns of a padded batch each prompt takes up: positions are resolved against it, once.

    Args:
        lengths: the real tokens of each prompt.
        width: the padded length of the prompts; what lies behind it was generated.
        left: whether the padding stands on the left.
        start: how many columns a cache holds already: the activation begins behind them.
        ids: the token ids of each prompt, without padding.
        tokens: their texts.
        generated: the texts of the tokens that were generated behind each prompt, the present ones included.
        whole: the batch that these prompts were chosen from, where they are a part of one.
        chosen: which of its rows they are.
        special: the texts of special tokens, where latents are changed: these are left alone (see `Site.latent`).
        onto: the activation that is changed, where latents are read from another one.
    """

    lengths: tuple[int, ...]
    width: int
    left: bool = False
    start: int = 0
    ids: tuple[tuple[int, ...], ...] = ()
    tokens: tuple[tuple[str, ...], ...] = ()
    generated: tuple[tuple[str, ...], ...] = ()
    whole: PromptSpans | None = None
    chosen: tuple[int, ...] = ()
    special: frozenset[str] = frozenset()
    onto: Tensor | None = field(default=None, compare=False, repr=False)
    # What was resolved: reading, writing and their checks ask the same.
    _resolved: dict[tuple[Site, int], Tensor] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def resolve(self, site: Site, total: int) -> Int[Tensor, "batch n"] | None:
        """The columns of an activation that `site` names in every row, or None for all of them.

        Args:
            site: whose positions to resolve.
            total: the length of the activation's position axis.

        Raises:
            SiteError: a position outside of a prompt, a token that is not in it or stands there twice.
        """
        positions = site.positions
        if positions is None:
            return None
        if (site, total) not in self._resolved:
            self._resolved[site, total] = self._resolve(site, positions, total)
        return self._resolved[site, total]

    def _resolve(self, site: Site, positions: Position | tuple[Position, ...], total: int) -> Tensor:
        if positions == "new":
            first = max(self.width - self.start, 0)
            return torch.arange(first, total).expand(len(self.lengths), -1)
        if self.start:  # the prompt lies in the cache
            return torch.empty(len(self.lengths), 0, dtype=torch.long)
        wanted = positions if isinstance(positions, tuple) else (positions,)
        return torch.tensor(
            [[self._column(site, p, row) for p in wanted] for row in range(len(self.lengths))]
        )

    def named(self, site: Site, total: int) -> Bool[Tensor, "batch total"] | None:
        """Where the tokens under an activation's columns read as `site` says, or None if it says nothing of that.

        Args:
            site: with `tokens`.
            total: the length of the activation's position axis.

        Raises:
            SiteError: the prompts have no token texts.
        """
        if site.tokens is None:
            return None
        if (site, total) not in self._resolved:
            if not self.tokens:
                raise SiteError(f"{site!r}: these prompts have no token texts; name positions, with .pos.")
            wanted = {bare(token) for token in site.tokens}
            here = [
                [bare(token) in wanted for token in self._texts(row, total)]
                for row in range(len(self.tokens))
            ]
            self._resolved[site, total] = torch.tensor(here)
        return self._resolved[site, total]

    def leaves_out(self, site: Site, total: int) -> Bool[Tensor, "batch n"] | None:
        """The special tokens among the site's columns that a change of latents does not touch; None for none."""
        asked = site.latents is None or site.latents.special or site.tokens is not None
        if asked or site.positions not in (None, "new") or not self.special or not self.tokens:
            return None
        found = torch.tensor(
            [[text in self.special for text in self._texts(row, total)] for row in range(len(self.tokens))]
        )
        columns = self.resolve(site, total)
        found = found if columns is None else found.gather(1, columns)
        return found if found.any() else None

    def _texts(self, row: int, total: int) -> Sequence[str]:
        """The token under each column of an activation, "" at padding."""
        before, n = self.shifts[row], self.lengths[row]
        padded = [*[""] * before, *self.tokens[row], *[""] * (self.width - before - n)]
        texts = [*padded, *(self.generated[row] if self.generated else ())][self.start : self.start + total]
        return [
            *texts,
            *[""] * (total - len(texts)),
        ]  # a prompt whose answer has ended, beside others that go on

    def _column(self, site: Site, position: Position, row: int) -> int:
        length = self.lengths[row]
        if isinstance(position, str):
            if not self.tokens:
                raise SiteError(f"{site!r}: this prompt has no token texts; give the position as a number.")
            position = place_of(position, self.tokens[row], f"{site!r}: in prompt {row}")
        if not -length <= position < length:
            raise SiteError(
                f"{site!r}: position {position} is outside of prompt {row}, which has {length} tokens "
                f"(allowed: {-length} to {length - 1})."
            )
        return position % length + self.shifts[row]

    def holding(self, site: Site) -> list[int]:
        """The rows that are long enough for every number among the site's positions."""
        given = site.positions if isinstance(site.positions, tuple) else (site.positions,)
        numbers = [p for p in given if isinstance(p, int)]
        return [row for row, n in enumerate(self.lengths) if all(-n <= p < n for p in numbers)]

    @property
    def shifts(self) -> tuple[int, ...]:
        """The columns before each prompt's first token."""
        return tuple(self.width - length if self.left else 0 for length in self.lengths)

    @property
    def real(self) -> Bool[Tensor, "batch pos"]:
        """True where a prompt has a token, False at padding."""
        first = torch.tensor(self.shifts)[:, None]
        columns = torch.arange(self.width)
        return (columns >= first) & (columns < first + torch.tensor(self.lengths)[:, None])

    def real_columns(self, total: int) -> Bool[Tensor, "batch column"]:
        """True at tokens, False at padding, in the columns of an activation; what was generated are tokens.

        Args:
            total: how many columns it has.
        """
        real = self.real[:, self.start : self.start + total]
        return torch.nn.functional.pad(real, (0, total - real.shape[1]), value=True)

    def aligned(self, x: Tensor, site: Site, *, left: bool) -> Tensor:
        """An activation of the whole prompts, padded here, as it would be with the padding on a given side.

        Args:
            x: (batch, …), as `read` returns it; what has no axis of positions stays as it is.
            site: what it is.
            left: the side wanted.
        """
        dims = [axis - 1 for axis in sequence_axes(site)]
        if left == self.left or min(self.lengths) == self.width or not dims:
            return x
        shifts = replace(self, left=True).shifts
        return torch.stack([x[i].roll([s if left else -s] * len(dims), dims) for i, s in enumerate(shifts)])

    def rows(self, chosen: Sequence[int]) -> PromptSpans:
        """The spans of some of the prompts."""
        return replace(
            self,
            lengths=tuple(self.lengths[i] for i in chosen),
            ids=tuple(self.ids[i] for i in chosen) if self.ids else (),
            tokens=tuple(self.tokens[i] for i in chosen) if self.tokens else (),
            generated=tuple(self.generated[i] for i in chosen) if self.generated else (),
            whole=self.whole or self,
            chosen=tuple(self.numbers[i] for i in chosen),
        )

    @property
    def numbers(self) -> Sequence[int]:
        """Which rows of the whole batch these prompts are."""
        return range(len(self.lengths)) if self.whole is None else self.chosen


def _part(x: Tensor, site: Site) -> Tensor:
    """A view of `x` with positions as axis 1 and the site's head (or expert) chosen."""
    axis = next(i for i, name in enumerate(site.axes) if name in ("pos", "query"))
    view = x.movedim(axis, 1)
    return view if site.part is None else view.select(2, site.part)


def _index(columns: Int[Tensor, "batch n"]) -> tuple[Any, Tensor]:
    """What picks each row's columns."""
    return (slice(None), columns[0]) if len(columns) == 1 else (torch.arange(len(columns))[:, None], columns)


def touches(x: Tensor, site: Site, spans: PromptSpans) -> bool:
    """Whether `site` names anything of this activation: at `.pos("new")` there is nothing before the new tokens."""
    columns = _part(x, site).shape[1]
    positions, named = spans.resolve(site, columns), spans.named(site, columns)
    return (positions is None or positions.shape[1] > 0) and (named is None or bool(named.any()))


def read(x: Tensor, site: Site, spans: PromptSpans) -> Tensor:
    """The part of one layer's activation that `site` names, its axes in the order of `site.axes`.

    Where it names tokens, all columns are read, since rows differ in how many they have; `write` writes these alone.
    """
    part = _chosen(x, site, spans)
    return part if site.latents is None else site.latents.read(beside(part, site))


def gradient(g: Tensor, site: Site, spans: PromptSpans) -> Tensor:
    """As `read`, of the gradient by one layer's activation: the one that a change of `site` goes to."""
    part = _chosen(g, site.written, spans)
    return part if site.latents is None else site.latents.gradient(beside(part, site.written))


def beside(x: Tensor, site: Site) -> Tensor:
    """An activation as a dictionary reads it: of several heads one beside the other."""
    return x.flatten(-2) if "head" in AXES[site.name] and site.head is None else x


def _chosen(x: Tensor, site: Site, spans: PromptSpans) -> Tensor:
    part = _part(x, site)
    positions = spans.resolve(site, part.shape[1])
    if positions is not None:
        part = part[_index(positions.to(x.device))]
    if single(site):
        return part[:, 0]
    # Positions go back to where they stood: behind the heads in scores and pattern.
    return part.movedim(1, 2) if "query" in site.axes and site.head is None else part


def write(x: Tensor, site: Site, spans: PromptSpans, new: Tensor) -> Tensor:
    """A copy of `x` in which the part that `site` names is `new` (shaped as `read` returns it)."""
    if site.latents is not None:
        x, new = _moved(x, site, spans, new)
        site = site.written
    copy = x.clone()
    part = _part(copy, site)
    positions = spans.resolve(site, part.shape[1])
    if single(site):
        new = new[:, None]
    elif "query" in site.axes and site.head is None:
        new = new.movedim(2, 1)
    named = spans.named(site, part.shape[1])
    if named is not None:
        part.copy_(new.where(at_tokens(named, part), part))
    elif positions is None:
        part.copy_(new)
    else:
        part[_index(positions.to(x.device))] = new
    return copy


def _moved(x: Tensor, site: Site, spans: PromptSpans, new: Tensor) -> tuple[Tensor, Tensor]:
    """The activation that new latents change, and what its part shall be."""
    assert site.latents is not None
    onto = x if site.written is site else spans.onto
    if onto is None:
        raise SiteError(f"{site!r} is changed at {site.written.everywhere!r}, in a run of a model alone.")
    there = _chosen(onto, site.written, spans)
    read_there = beside(_chosen(x, site, spans), site)
    moved = site.latents.write(read_there, new, beside(there, site.written)).reshape(there.shape)
    left = spans.leaves_out(site, x.shape[1])
    if left is not None:
        moved = torch.where(at_tokens(left, moved), there, moved)
    return onto, moved


def single(site: Site) -> bool:
    """Whether a site names one position, whose axis is dropped."""
    return isinstance(site.positions, int | str) and site.positions != "new"


def position_axis(site: Site) -> int | None:
    """The axis of what `read` returns that goes over all tokens; None where the site names some of them."""
    if site.positions is not None:
        return None
    axes = [axis for axis in site.axes if axis != "head" or site.head is None]
    return next(i for i, axis in enumerate(axes) if axis in ("pos", "query"))


def at_tokens(which: Bool[Tensor, "batch pos"], x: Tensor, axis: int = 1) -> Tensor:
    """Some tokens, laid out to be broadcast over an activation with its positions along an axis."""
    return which.to(x.device).reshape([n if i in (0, axis) else 1 for i, n in enumerate(x.shape)])


def sequence_axes(site: Site) -> list[int]:
    """The axes of what `read` returns that go over all columns of a prompt."""
    along = ("key",) if site.positions is not None else ("pos", "query", "key")
    dropped = {*(PARTS if site.part is not None else ()), *(("pos", "query") if single(site) else ())}
    return [i for i, axis in enumerate(a for a in site.axes if a not in dropped) if axis in along]
