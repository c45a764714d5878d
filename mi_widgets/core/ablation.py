"""Ablating a site: to zero, to its mean, or to what it is on other tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from .argument_types import checked
from .arrays import Array
from .draws import seeded
from .errors import InterventionError
from .interventions import Activations, Intervention, Show
from .layers import Layers
from .sites import Site
from .spans import PromptSpans, read, touches, write
from .whole_numbers import checked_seed

Target = Literal["zero", "mean", "resample"]


@dataclass(frozen=True, repr=False)
class Ablate(Intervention):
    """Replace the activation by something that says nothing of its prompt; made by `mi.ablate`."""

    to: Target = "zero"
    data: Array | None = None  # the mean, or (token, …) what to draw from
    seed: int = 0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return torch.zeros_like(x) if self.data is None else self.data.to(x)

    def apply(self, x: Tensor, spans: PromptSpans) -> Tensor:  # noqa: D102
        if self.to != "resample" or self.data is None:
            return super().apply(x, spans)
        if not touches(x, self.site, spans):
            return x
        pool, part = self.data.to(x), self.site.part
        one = x.shape[2:] if part is None else x.shape[3:]
        if pool.shape[1:] != one:
            raise InterventionError(
                f"{self!r} does not fit: it draws activations of shape {tuple(pool.shape[1:])}, the activation at "
                f"{self.site!r} has {tuple(one)}."
            )
        # One activation is drawn for every column of every row; then the site says which of them are used.
        drawn = pool[self._draws(x.shape[1], spans).to(x.device)]
        if part is not None:
            drawn = drawn.unsqueeze(2).expand(x.shape)
        return write(x, self.site, spans, read(drawn, self.site, spans))

    def _draws(self, columns: int, spans: PromptSpans) -> Tensor:
        """What each column of each row draws, (batch, pos): by its row in the whole batch and its position alone."""
        assert self.data is not None
        last, rows = spans.start + columns, spans.numbers
        seeds = torch.randint(2**62, (max(rows) + 1,), generator=seeded(self.seed))
        draws = torch.zeros(len(rows), last, dtype=torch.long)
        for i, (row, shift) in enumerate(zip(rows, spans.shifts, strict=True)):
            generator = torch.Generator().manual_seed(int(seeds[row]))
            # Positions count from the first token: padding on the left draws nothing.
            draws[i, shift:] = torch.randint(self.data.shape[0], (last - shift,), generator=generator)
        return draws[:, spans.start :]

    def _arguments(self, show: Show) -> list[str]:
        shown = [f"to={self.to!r}"]
        if self.data is not None:
            shown.append(f"data={show(self.data)}")
        return [*shown, f"seed={self.seed}"] if self.to == "resample" else shown


@checked
def ablate(site: Site, *, to: Target = "zero", data: Any = None, seed: int | None = None) -> Ablate:
    """Ablate a site: the activation there becomes zero, what it is on average, or what it is elsewhere.

    Args:
        site: where; `at.z[1, 3]` is the output of head 3 of layer 1, before `W_O`; at `at.router[1, 3]` expert 3 gets
            no weight, and that of the others stays as it is.
        to: `"zero"`; `"mean"`: the mean over all real tokens of `data`, at whatever position; `"resample"`: at
            every token the activation of one of the real tokens of `data`, drawn at random.
        data: a run that kept the site; or the mean itself; or (token, …) the activations to draw from, as an Array
            or a tensor. For `scores` and `pattern` only a mean that is given.
        seed: of `"resample"`, a whole number, 0 by default. The draw depends on the row of the batch and the
            position alone.

    Raises:
        InterventionError: `to` is none of these, or `data` or `seed` is missing or not wanted.

    Source: mean ablation as in Wang et al. 2022 (arXiv:2211.00593), section 2, but with one mean for all
    positions; resampling as in Chan et al. 2022 ("Causal scrubbing"), but each token draws for itself, where
    they take a whole other prompt.
    """
    if to not in get_args(Target):
        raise InterventionError(f'mi.ablate: to={to!r} is not known; allowed: "zero", "mean", "resample".')
    if seed is not None and to != "resample":
        raise InterventionError(f'mi.ablate: seed= goes with to="resample"; to={to!r} draws nothing.')
    if to == "zero":
        if data is not None:
            raise InterventionError(
                'mi.ablate: data= goes with to="mean" and to="resample"; to="zero" needs none.'
            )
        return Ablate(site)
    if data is None:
        raise InterventionError(
            f"mi.ablate(to={to!r}) needs data=: a run that kept the site, as in data=model.run(texts, keep=[at.z]), "
            "or the numbers themselves."
        )
    Ablate(site)  # a wrong site is named before its activations are taken
    if isinstance(site.layer, Layers):
        raise InterventionError(
            f"mi.ablate(to={to!r}) takes what one layer has; {site!r} is several. Write one a layer, as in "
            f"mi.stack(*(mi.ablate(at.{site.name}[layer], to={to!r}, data=run) for layer in range(2, 5)))."
        )
    if to == "resample" and "query" in site.axes:
        raise InterventionError(
            f"mi.ablate: {site!r} cannot be resampled, texts differ in length: patch it from a run."
        )
    values = _real_tokens(data, site) if isinstance(data, Activations) else data
    if to == "mean":
        return Ablate(site, to, Array(values.mean(0) if isinstance(data, Activations) else values))
    pool = Array(values)
    if len(pool.shape) < (2 if site.expert is None else 1) or not pool.shape[0]:
        raise InterventionError(f"mi.ablate: resampling draws from (token, …); got shape {pool.shape}.")
    return Ablate(site, to, pool, 0 if seed is None else checked_seed(seed))


def _real_tokens(run: Activations, site: Site) -> Tensor:
    if "query" in site.axes:
        raise InterventionError(
            f"mi.ablate: {site!r} has no mean over texts of different lengths: give the mean itself as data=, "
            "an Array or a tensor that fits the activation."
        )
    x = run[replace(site, positions=None)]
    return x[run.mask.to(x.device)]
