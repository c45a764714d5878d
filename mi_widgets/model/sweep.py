"""One intervention at every layer and position (or head) in turn, without running the whole model for each.

What lies before the intervened layer does not change: it is computed once, and each layer's cells start from there,
side by side on the batch axis.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core.errors import MetricError, SiteError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Intervention, Stack, stack
from mi_widgets.core.public import public_name
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site
from mi_widgets.core.spans import PromptSpans, single

from .backend import Edit, Key, PassRequest, Resume
from .grid import Axes, Grid
from .memory import bytes_of, free_bytes
from .model_with_provenance import ModelWithProvenance
from .tokens import TokenizedPrompts

Metric = Callable[[Float[Tensor, "batch d_vocab"]], Float[Tensor, " batch"]]
Make = Callable[[Site], Intervention | Stack]

_PAUSE = 0.05  # seconds that a chunk may take: other threads get the model in between
_MEMORY = 0.25  # of what is free, for one chunk
_AT_ONCE = (
    "q",
    "k",
    "v",
    "scores",
    "scores",
    "pattern",
    "z",
    "mlp_pre",
    "mlp_post",
    "resid_mid",
    "resid_post",
)


@dataclass(frozen=True)
class _Cell:
    """One cell: where it is in the grid, what is done there, and to which prompts (those that have the position)."""

    index: tuple[int, ...]
    interventions: Stack
    rows: tuple[int, ...]


class _Sweep:
    """A clean run to start from, and cells to run from there."""

    def __init__(self, model: ModelWithProvenance, tokenized: TokenizedPrompts, columns: Tensor) -> None:
        self._model, self._tokenized, self._columns = model, tokenized, columns
        self._ambient = model.interventions
        # What each layer but the last hands on: what is done at the next one's input is done when it is run.
        given = [("resid_post", layer) for layer in range(model.config.n_layers - 1)]
        kept = model.forward(tokenized, keep=given)
        self._given = [kept[key] for key in given]
        self.clean = kept["logits", None][torch.arange(len(columns)), columns]
        self._at_once = 4

    def run(self, cells: Sequence[_Cell]) -> Iterator[tuple[_Cell, Float[Tensor, "batch d_vocab"]]]:
        """Each cell with its logits at the column that is read. No lock is held between chunks."""
        todo, most = list(cells), self._most_at_once()
        while todo:
            n = max(1, min(self._at_once, most))
            n = math.ceil(len(todo) / math.ceil(len(todo) / n))  # a few large chunks and a tiny one cost more
            chunk, todo = todo[:n], todo[n:]
            begin = time.perf_counter()
            logits = self._chunk(chunk)
            fitting = _PAUSE * len(chunk) / (time.perf_counter() - begin)
            # One slow moment of the machine must not make all that follows small.
            self._at_once = max(1, int(min(max(fitting, n / 2), 4 * n)))
            yield from zip(chunk, logits.split([len(cell.rows) for cell in chunk]), strict=True)

    def _most_at_once(self) -> int:
        model, shape = self._model, self._tokenized.ids.shape
        kinds: list[Key] = [(name, 0) for name in _AT_ONCE if name in model.architecture.places]
        one = bytes_of(kinds, model.config, shape, model.dtype.itemsize)
        return int(_MEMORY * free_bytes(model.device) / one)

    def _chunk(self, cells: Sequence[_Cell]) -> Tensor:
        model, device = self._model, self._model.device
        here = [i for cell in cells for i in cell.interventions]
        # At the embedding there is nothing to skip; what reads in one layer and writes in another needs both.
        across = any(i.site.written.layer != i.site.layer for i in (*self._ambient, *here))
        resumes = model.resumes and not across
        first = max(0, min([model.config.n_layers - 1, *map(_layer, here)])) if resumes else 0
        ambient = stack(*(a for a in self._ambient if not first or _layer(a) >= first))
        rows = torch.tensor([row for cell in cells for row in cell.rows])
        ids, mask = self._tokenized.ids[rows].to(device), self._tokenized.mask[rows].to(device)
        resume = None
        if first:
            resume = Resume(first, model.block_output(self._given[first - 1][rows.to(device)]))
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        at_logits = any(i.site.name == "logits" for i in (*ambient, *here))
        forward = PassRequest(
            inputs=model.architecture.inputs(ids, mask, positions, None),
            batch=len(rows),
            edits=self._edits(cells, ambient),
            keep=(("logits", None),),
            resume=resume,
            unembed=None if at_logits else self._columns[rows],
        )
        logits = model.execute(forward)["logits", None]
        return logits[torch.arange(len(rows)), self._columns[rows]] if at_logits else logits[:, 0]

    def _edits(self, cells: Sequence[_Cell], ambient: Stack) -> list[Edit]:
        """One edit an activation: what holds throughout in all rows, then each cell in its own."""
        by_key: dict[Key, list[tuple[slice, Edit]]] = {}
        ends = list(itertools.accumulate(len(cell.rows) for cell in cells))
        parts = [(slice(0, ends[-1]), ambient, [row for cell in cells for row in cell.rows])]
        for cell, end in zip(cells, ends, strict=True):
            parts.append((slice(end - len(cell.rows), end), cell.interventions, list(cell.rows)))
        for where, interventions, rows in parts:
            spans = self._tokenized.spans.rows(rows)
            for edit in self._model.edits(interventions, spans):
                by_key.setdefault(edit.key, []).append((where, edit))
        return [
            Edit(key, _in_rows(by_key[key]))
            for key in sorted(by_key, key=lambda key: Site(*key).place_in_pass)
        ]


def _in_rows(edits: Sequence[tuple[slice, Edit]]) -> Callable[[Tensor], Tensor]:
    def change(x: Tensor) -> Tensor:
        new = x.clone()
        for rows, edit in edits:
            new[rows] = edit.change(new[rows])
        return new

    return change


def _layer(intervention: Intervention) -> int:
    """The first layer that sees it; -1 at the embedding, a number past all layers at the logits."""
    return intervention.site.place_in_pass[0]


@dataclass
class SweepProgress:
    """A sweep as far as it has come.

    Attributes:
        grid: its cells.
        values: (batch, *axes) of the metric, NaN where it was not measured yet.
        clean: (batch,) of the metric without the intervention.
        done: how many cells were measured, in the grid's order.
        tried: the interventions of the cell that was measured last.
    """

    grid: Grid
    values: np.ndarray
    clean: np.ndarray
    done: int = 0
    tried: Stack | None = None


def sweep(
    model: ModelWithProvenance,
    prompt: Prompt,
    make: Make,
    over: Site,
    *,
    metric: Metric,
    axes: Axes,
    read: int | str,
    progress: bool,
) -> Result:
    """See `Model.sweep`."""
    found = None
    with tqdm(desc="sweep", unit="cell", delay=1, disable=not progress, leave=False) as bar:
        for found in filling(model, prompt, make, over, metric=metric, axes=axes, read=read):
            bar.total = found.grid.size
            bar.update()
    assert found is not None  # a grid has one cell at least
    how = model.provenance(sites=[found.grid.over.name], tried=found.tried)
    return found.grid.result(found.values, found.clean, how)


def filling(
    model: ModelWithProvenance,
    prompt: Prompt,
    make: Make,
    over: Site,
    *,
    metric: Metric,
    axes: Axes,
    read: int | str,
    begun: SweepProgress | None = None,
) -> Iterator[SweepProgress]:
    """A sweep cell by cell, under the interventions that are active when it begins; the same arrays fill all the while.

    The arguments are those of `Model.sweep`, and how far the same sweep had come when something went wrong in it.
    """
    tokenized = model.tokenize(prompt)
    grid = Grid.of(model, over, tokenized, axes)
    running = _Sweep(model, tokenized, _columns(tokenized.spans, read))
    clean = _measured(metric, running.clean)
    found = begun or SweepProgress(grid, np.full((len(clean), *grid.shape), np.nan, dtype=np.float32), clean)
    known = found.done
    for sites in grid.layers():
        cells = list(_cells(model, make, sites, tokenized.spans))
        skipped, known = min(known, len(cells)), max(0, known - len(cells))
        for cell, logits in running.run(cells[skipped:]):
            rows = list(cell.rows)
            # The metric may know what each prompt is about: it sees them all, as ever in their order.
            whole = logits
            if len(rows) < len(clean):
                whole = running.clean.clone()
                whole[rows] = logits
            found.values[(rows, *cell.index)] = _measured(metric, whole)[rows]
            found.done += 1
            found.tried = cell.interventions
            yield found


def _columns(spans: PromptSpans, read: int | str) -> Tensor:
    """Where the metric reads, in each prompt."""
    # Any site with positions would do: it is said as a site's positions are.
    site = Site("resid_post", 0).pos(read)
    if not single(site):
        raise SiteError(
            f"model.sweep: read= takes one position, a number or the text of a token; got {read!r}."
        )
    columns = spans.resolve(site, spans.width)
    assert columns is not None
    return columns[:, 0]


def _cells(
    model: ModelWithProvenance, make: Make, sites: Iterable[tuple[tuple[int, ...], Site]], spans: PromptSpans
) -> Iterator[_Cell]:
    for index, site in sites:
        position = site.positions if isinstance(site.positions, int) else 0
        rows = tuple(row for row, length in enumerate(spans.lengths) if length > position)
        yield _Cell(index, model.placed(make(site)), rows)


def _measured(metric: Metric, logits: Float[Tensor, "batch d_vocab"]) -> np.ndarray:
    found = called_with("metric=lambda logits: logits[:, yes] - logits[:, no]", metric, logits)
    return found.detach().float().cpu().numpy()


def called_with(example: str, metric: Callable[..., Any], *given: Any) -> Float[Tensor, " batch"]:
    """What a metric says of logits, checked.

    Args:
        example: a metric that is right, for the message.
        metric: called as metric(logits), or metric(logits, answers).
        given: with which.

    Raises:
        MetricError: it takes other arguments, or does not return one number a prompt.
    """
    try:
        signature(metric).bind(*given)
    except TypeError as error:
        form = ", ".join(("logits", "answers")[: len(given)])
        name = public_name(metric) or getattr(metric, "__name__", repr(metric))
        raise MetricError(
            f"The metric is called here as metric({form}), which {name} does not take ({error}). Write {example}."
        ) from None
    except ValueError:  # of what is written in C nobody knows
        pass
    # What the metric raises is the user's to see as it is.
    found, logits = metric(*given), given[0]
    if not isinstance(found, Tensor) or tuple(found.shape) != (len(logits),):
        got = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise MetricError(
            f"The metric must return one number a prompt, a tensor of shape ({len(logits)},), from logits of shape "
            f"{tuple(logits.shape)}; got {got}. As in {example.partition('=')[2]}."
        )
    return found
