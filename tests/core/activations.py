"""Activations of ragged batches, drawn by hypothesis, without any model."""

from dataclasses import dataclass, replace

import torch
from hypothesis import strategies as st

from mi_widgets.core.sites import AXES, PARTS, WHOLE_MODEL, Site, part_axis
from mi_widgets.core.spans import PromptSpans, read

SIZES = {"head": 3, "expert": 3, "d_head": 2, "d_model": 4, "d_mlp": 5, "d_vocab": 6}
COLUMNS = ("pos", "query", "key")


def activation(name, batch, columns, seed=0):
    """A random activation of a site, shaped as a run returns it."""
    sizes = {"batch": batch, **dict.fromkeys(COLUMNS, columns), **SIZES}
    generator = torch.Generator().manual_seed(seed)
    return torch.randn([sizes[axis] for axis in AXES[name]], generator=generator)


@dataclass(frozen=True)
class Seen:
    """What an intervention takes from a run: one activation, and how far each prompt reaches."""

    x: torch.Tensor
    spans: PromptSpans

    @property
    def mask(self):
        rows = zip(self.spans.lengths, self.spans.shifts, strict=True)
        columns = torch.arange(self.spans.width)
        return torch.stack([(columns >= shift) & (columns < shift + n) for n, shift in rows])

    def __getitem__(self, site):
        return read(self.x, site, self.spans)


def axes_of(site):
    """The axes of what is read at a site: a chosen head or expert has none, nor one position; several share one."""
    chosen = {} if site.part is None else dict.fromkeys(PARTS, ())
    if site.positions is not None:
        several = ("chosen",) if isinstance(site.positions, tuple) or site.positions == "new" else ()
        chosen |= {"pos": several, "query": several}
    return [name for axis in site.axes for name in chosen.get(axis, (axis,))]


def real(part, site, spans, row):
    """One row of what is read at a site, without padding and without what was generated."""
    span = slice(spans.shifts[row], spans.shifts[row] + spans.lengths[row])
    return part[row][tuple(span if axis in COLUMNS else slice(None) for axis in axes_of(site)[1:])]


def picked(site, spans, row, columns):
    """An index for each place of one row that a site names, in plain numbers."""
    if site.positions is None:
        where = range(columns)
    elif site.positions == "new":
        where = range(spans.width, columns)
    else:
        given = site.positions if isinstance(site.positions, tuple) else (site.positions,)
        where = [p % spans.lengths[row] + spans.shifts[row] for p in given]
    part = slice(None) if site.part is None else site.part
    by_axis = {"batch": row, **dict.fromkeys(PARTS, part)}
    for column in where:
        by_axis |= {"pos": column, "query": column}
        yield tuple(by_axis.get(axis, slice(None)) for axis in site.axes)


@st.composite
def prompt_spans(draw):
    """Ragged prompts, padded on either side; some have no padding."""
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    return PromptSpans(tuple(lengths), max(lengths), draw(st.booleans()))


@st.composite
def sites(draw, spans, names=tuple(AXES), positions=True):
    """A site of layer 0, perhaps of one head or expert, perhaps at some positions that every prompt has."""
    name = draw(st.sampled_from(names))
    layer = None if name in WHOLE_MODEL else 0
    site = Site(name, layer)
    of = part_axis(site)
    if of and draw(st.booleans()):
        site = replace(site, **{of: draw(st.integers(0, SIZES[of] - 1))})
    if not positions:
        return site
    least = min(spans.lengths)
    one = st.integers(-least, least - 1)
    where = draw(st.none() | st.just("new") | one | st.lists(one, min_size=1, max_size=3, unique=True))
    return site if where is None else site.pos(where)
