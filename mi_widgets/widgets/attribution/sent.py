"""What the browser is sent of an attribution: the largest terms with their names, and the exact sums of all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.labelled import pack_dataset
from .._shared.scale import Scale
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS
from .terms import Terms

_MOST = 200  # terms a prompt …
_MOST_NAMES = 4000  # … and of all prompts together, whose names travel as text
_LEAST = 40  # a prompt, whatever the number of prompts


@dataclass(frozen=True)
class Sent:
    """The terms whose names and numbers are sent.

    Attributes:
        terms: All of them.
        kept: The places of those that are sent, in the order of the forward pass.
        reach: The size of the largest term of all prompts and of the control, and of the largest cell of the grid.
    """

    terms: Terms
    kept: np.ndarray
    reach: tuple[float, float]

    @property
    def names(self) -> list[str]:
        """Of the terms that are sent."""
        return [self.terms.names[i] for i in self.kept]

    def choices(self) -> Choices:
        """Prompts, the terms that are sent, and the model's numbers of layers and heads where terms are heads'."""
        parts = self.terms.parts
        found = {"batch": self.terms.batch, "term": [*self.names, None]}
        if not parts.heads:
            return found
        return {**found, "layer": [*parts.layers, None], "head": [*parts.heads, None]}

    def first(self) -> dict[str, Any]:
        """The first prompt, and no term."""
        return {key: labels[0] if key == "batch" else None for key, labels in self.choices().items()}

    def header(self) -> dict[str, Any]:
        """What the view's header says."""
        return self.terms.header

    def packed(self) -> dict[str, Any]:
        """For the wire: all prompts, so that going through them asks nothing of the kernel."""
        terms, parts, kept, control = self.terms, self.terms.parts, self.kept, self.terms.control
        both = [terms.values, *([] if control is None else [control.values])]
        where = {
            "row": parts.cells[kept, 0],
            "column": parts.cells[kept, 1],
            "stage": parts.stage[kept],
            "pos": terms.positions[kept],
            "alone": parts.alone[kept],
        }
        measured = xr.concat([self._measured(values) for values in both], "of", data_vars="all")
        dataset = measured.assign(
            difference=("batch", terms.differences),
            right=("batch", terms.right),
            wrong=("batch", terms.wrong),
            token=(("batch", "term"), terms.tokens[:, kept]),
            where=(("place", "term"), np.array([*where.values()], np.float32)),
        ).assign_coords(
            batch=terms.batch,
            term=self.names,
            layer=parts.layers,
            part=parts.columns,
            stage=parts.stages,
            place=list(where),
        )
        values, cells = (Scale("diverging", -reach, reach) for reach in self.reach)
        return pack_dataset(
            dataset,
            scales={"values": values, "grid": cells},
            n_terms=len(terms.names),
            heads=parts.heads,
            control=None if control is None else {"name": control.name},
        )

    def _measured(self, values: np.ndarray) -> xr.Dataset:
        """Numbers of the terms that are sent, the sum of those that are not, and the sums over parts of the model."""
        kept, parts = values[:, self.kept], self.terms.parts
        # In double precision: what is left out of 40,000 neurons is to be told exactly.
        rest = values.sum(1, dtype=np.float64) - kept.sum(1, dtype=np.float64)
        if len(self.kept) == values.shape[1]:
            rest = np.zeros(len(values))
        return xr.Dataset(
            {
                "values": (("batch", "term"), kept),
                "unsent": ("batch", rest.astype(np.float32)),
                "grid": (("batch", "layer", "part"), parts.grid(values)),
                "running": (("batch", "stage"), parts.running(values)),
            }
        )


def to_send(terms: Terms) -> Sent:
    """Choose the terms that are sent.

    Raises:
        ResultError: So many prompts that even the largest terms are too many.
    """
    kept = _largest(terms)
    if len(kept) * len(terms.values) > MOST_NUMBERS:
        raise ResultError(
            f"AttributionView would have to send {len(kept) * len(terms.values):,} numbers (up to {MOST_NUMBERS:,}): "
            "choose prompts with .sel(batch=[…])."
        )
    control = [] if terms.control is None else [terms.control.values]
    every = [terms.values, *control]
    grids = [terms.parts.grid(values) for values in every]
    return Sent(terms, kept, (_reach(*every), _reach(*grids)))


def _largest(terms: Terms) -> np.ndarray:
    sizes = np.nan_to_num(np.abs(terms.values))
    n_batch, n_terms = sizes.shape
    n = max(_LEAST, min(_MOST, _MOST_NAMES // n_batch))
    if n_terms <= n:
        return np.arange(n_terms)
    found = np.unique(np.argpartition(sizes, n_terms - n, axis=1)[:, -n:])
    return np.union1d(found, _of_cells(terms, sizes))


def _of_cells(terms: Terms, sizes: np.ndarray) -> np.ndarray:
    """What a click on a cell selects: its only term, or where neurons are summed up the largest of each prompt."""
    parts = terms.parts
    found = [np.flatnonzero(parts.alone)]
    several = (parts.cells[:, 0] >= 0) & ~parts.alone & (parts.cells[:, 1] >= len(parts.heads))
    for cell in np.unique(parts.cells[several], axis=0):
        members = np.flatnonzero((parts.cells == cell).all(1))
        found.append(members[sizes[:, members].argmax(1)])
    return np.concatenate(found)


def _reach(*several: np.ndarray) -> float:
    """The largest size; 1 where all is nothing."""
    sizes = [np.abs(values[np.isfinite(values)]).max(initial=0.0) for values in several]
    return float(max(sizes)) or 1.0
