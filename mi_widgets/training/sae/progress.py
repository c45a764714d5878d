"""How far the training of an autoencoder is, as a bar, as calls, and afterwards as a Result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core.provenance import Provenance
from mi_widgets.core.results import Result

from .fit import Fit, Step

_POINTS = 100  # of a history
_UNITS = {
    "loss": "mean squared error, scaled",
    "l0": "latents",
    "dead": "latents",
    "variance_explained": "share",
}


@dataclass(frozen=True)
class Point:
    """A moment of a training.

    Attributes:
        step: steps done.
        loss: the mean squared error of activations scaled to a mean square of 1.
        l0: latents that fire at a token.
        dead: latents that have long been silent.
        variance_explained: 1 less the squared error over the variance.
    """

    step: int
    loss: float
    l0: float
    dead: int
    variance_explained: float


class Progress:
    """What is told.

    Args:
        what: is trained.
        steps: how many.
        bar: whether one shows.
        tell: is called with every `Point`, or None.
    """

    def __init__(self, what: str, steps: int, *, bar: bool, tell: Callable[[Point], None] | None) -> None:
        self._what, self._steps, self._tell = what, steps, tell
        self._every = max(1, steps // _POINTS)
        self._bar = tqdm(total=steps, desc=what, unit="step", disable=not bar, leave=False)

    def empty(self) -> Float[Tensor, "point what"]:
        """Room for all points."""
        return torch.full((self._steps // self._every, len(fields(Point))), torch.nan)

    @contextmanager
    def shown(self, done: int, fit: Fit) -> Iterator[None]:
        """Show the bar; write into the history of `fit`, so that it is kept with all else of a training."""
        self._fit = fit
        self._bar.update(done)
        try:
            yield
        finally:
            self._bar.close()

    def step(self, done: int, x: Float[Tensor, "row d_in"], step: Step) -> None:
        """A step was done, the `done`th; some are written down."""
        self._bar.update()
        if done % self._every:
            return
        with torch.no_grad():
            error = (step.reconstruction - x).square()
            spread = (x - x.mean(0)).square().sum().clamp_min(1e-12)
            point = Point(
                step=done,
                loss=float(error.mean()),
                l0=float((step.latents > 0).sum()) / len(x),
                dead=len(self._fit.dead),
                variance_explained=float(1 - error.sum() / spread),
            )
            self._fit.history[done // self._every - 1] = torch.tensor(astuple(point))
        self._bar.set_postfix_str(
            f"loss {point.loss:.4f}, L0 {point.l0:.1f}, dead {point.dead}, "
            f"variance explained {point.variance_explained:.3f}",
            refresh=False,
        )
        if self._tell is not None:
            self._tell(point)

    def result(self, provenance: Provenance) -> Result:
        """All that was written down.

        Args:
            provenance: of it.
        """
        names = [field.name for field in fields(Point)]
        table = self._fit.history.numpy().astype(np.float64)
        return Result(
            kind="sae_training",
            title=f"Training of a {self._what}",
            dataset=xr.Dataset(
                {
                    name: (("step",), table[:, i], {"units": _UNITS[name]})
                    for i, name in enumerate(names)
                    if name != "step"
                },
                coords={"step": table[:, 0].astype(int)},
            ),
            primary="loss",
            unit=_UNITS["loss"],
            source="the training itself",
            provenance=provenance,
        )
