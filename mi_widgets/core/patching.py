"""Putting activations of another run in their place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from .argument_types import checked, wrong_kind
from .arrays import Array
from .errors import InterventionError
from .interventions import Activations, Intervention, Show, Stack, stack
from .layers import Layers
from .sites import Site, pattern
from .spans import PromptSpans, at_tokens, position_axis, read, sequence_axes, touches, write


@dataclass(frozen=True, repr=False)
class Patch(Intervention):
    """Put activations from elsewhere in their place; made by `mi.patch`."""

    value: Array  # padded on the right
    only: Array | None = None  # the ids of the prompts it was made on, -1 at padding
    # Whether it is given numbers that do not say on which side they are padded, such as none that is NaN.
    unplaced: bool = field(default=False, compare=False)

    def apply(self, x: Tensor, spans: PromptSpans) -> Tensor:  # noqa: D102
        self._check_prompts(spans)
        # A patch covers the prompt; tokens generated after it stay their own.
        w = max(spans.width - spans.start, 0)
        if self.site.positions == "new" or (x.shape[1] <= w and "query" not in self.site.axes):
            return self._put(x, spans)
        if not w:
            return x
        prompt = (
            (slice(None), slice(None), slice(w), slice(w))
            if "query" in self.site.axes
            else (slice(None), slice(w))
        )
        changed = x.clone()
        changed[prompt] = self._put(x[prompt], spans)
        return changed

    def _put(self, x: Tensor, spans: PromptSpans) -> Tensor:
        if not touches(x, self.site, spans):
            return x
        part = read(x, self.site, spans)
        new = self._laid_out(part, spans).expand_as(part)
        axis = position_axis(self.site)
        if axis is not None:
            # At padding there is nothing to put: what stands there stays.
            new = torch.where(at_tokens(spans.real, part, axis), new, part)
        return write(x, self.site, spans, new)

    def _laid_out(self, part: Tensor, spans: PromptSpans) -> Tensor:
        """The value as these prompts lie: those of the batch that are here, padded on their side."""
        value, whole = self.value.to(part), spans.whole or spans
        columns = sequence_axes(self.site)
        # Only a batch of one serves many: a wrong number of positions must not be stretched to fit.
        expected = [whole.width if axis in columns else n for axis, n in enumerate(part.shape)]
        # At one place there is a vector; of one expert a number.
        one = list(value.shape) == ([] if self.site.expert is not None else expected[-1:])
        many = (
            bool(value.ndim)
            and list(value.shape[1:]) == expected[1:]
            and len(value) in (1, len(whole.lengths))
        )
        if not (one or many):
            raise InterventionError(
                f"{self!r} does not fit: the value has shape {tuple(value.shape)}, the activation "
                f"{(len(whole.lengths), *expected[1:])}. Patch between prompts of one length, or name positions with "
                ".pos(…)."
            )
        unsure = spans.left or len(columns) > 1 or self.site.positions is not None
        if self.unplaced and unsure and min(whole.lengths) < whole.width:
            raise InterventionError(
                f"{self!r} has a number at every column, so it does not say which are tokens, and these prompts are "
                f"padded. Give the run itself, as in mi.patch({self.site!r}, run), or run these with "
                'padding_side="right".'
            )
        if one:
            value = value.expand(1, *expected[1:])
        if spans.whole is not None and len(value) > 1:
            value = value[list(spans.numbers)]
        for axis in columns:
            value = value.narrow(axis, 0, spans.width)
        value = value.expand(len(spans.lengths), *value.shape[1:])
        value = replace(spans, left=False).aligned(value, self.site, left=spans.left)
        self._check_present(value, spans)
        return value

    def _check_present(self, value: Tensor, spans: PromptSpans) -> None:
        """That no token stands where the run, whose prompt was shorter, has none: NaN (see `_read`)."""
        axis = position_axis(self.site)
        if axis is None:
            absent = value.reshape(len(value), -1).isnan().all(1)[:, None]
        else:
            absent = value.isnan().movedim(axis, 1).reshape(*spans.real.shape, -1).all(-1).cpu() & spans.real
        if absent.any():
            row = spans.numbers[int(absent.any(1).nonzero()[0])]
            raise InterventionError(
                f"{self!r} has nothing for prompt {row}: what it was taken from has no such position there. "
                "Patch between prompts of one length, or leave the short ones out."
            )

    def _check_prompts(self, spans: PromptSpans) -> None:
        ids = (spans.whole or spans).ids
        if self.only is None or not ids:
            return
        made_on = [tuple(i for i in row if i >= 0) for row in self.only.tensor.tolist()]
        if list(ids) != made_on:
            raise InterventionError(
                f"{self!r} was made to hold on its own prompts only; these are others. Run the same prompts in the "
                "same order, or make it again on a run of these."
            )

    def _arguments(self, show: Show) -> list[str]:
        return [show(self.value)] if self.only is None else [show(self.value), f"only={show(self.only)}"]


@checked
def patch(site: Site, value: Any, *, only: Any = None) -> Patch:
    """Put activations from elsewhere at `site`.

    Args:
        site: where, with or without positions. Without, the whole prompt is patched, not what `generate` adds.
        value: a run that kept the site (its activation there is taken), or the values themselves, shaped
            as `run[site]` is, whose NaN says where its padding is; one row serves every prompt of a batch, one vector
            (of one expert: one number) every place. Of a run's prompts some may be too short for the position: to
            patch these is an error. An `Array` without NaN, as in code, begins with the first token in each row.
        only: token ids (batch, pos), -1 at padding: the prompts that it holds on; on others it is an error.

    Raises:
        InterventionError: a run at `.pos("new")`, which none has; when it meets an activation of another shape, or
            other prompts than `only`; or values without NaN meet prompts that are padded on the left, since where
            theirs begin is not known.
    """
    if isinstance(site.layer, Layers):
        raise InterventionError(
            f"mi.patch puts in place what one layer has; {site!r} is several. Write one a layer, as in "
            f"mi.stack(*(mi.patch(at.{site.name}[layer], run) for layer in range(2, 5)))."
        )
    if not isinstance(value, Activations):
        return _of_values(site, value, only)
    if site.positions == "new":
        raise InterventionError('mi.patch: no run has the tokens of .pos("new"): give the values themselves.')
    put = Array(value.spans.aligned(_read(value, site), site, left=False))
    return Patch(site, put, None if only is None else Array(only))


def _of_values(site: Site, value: Any, only: Any) -> Patch:
    """A patch of numbers whose prompts are padded where they are NaN, or `only` is -1: then on the right."""
    given, columns = Array(value), sequence_axes(site)
    numbers, axis = given.tensor, position_axis(site)
    if not columns or numbers.ndim <= max(columns):  # without padding
        return Patch(site, given, None if only is None else Array(only))
    if only is not None:
        ids = Array(only).tensor
        return Patch(site, Array(_turned(numbers, ids >= 0, columns)), Array(_turned(ids, ids >= 0, [1])))
    if given.has_nan and axis is not None:
        here = ~numbers.isnan().movedim(axis, 1).flatten(2).all(-1) if numbers.ndim > 2 else ~numbers.isnan()
        return Patch(site, Array(_turned(numbers, here, columns)))
    # An Array is what the code of a patch has, whose tokens begin at the first column.
    return Patch(site, given, unplaced=not isinstance(value, Array))


def _turned(x: Tensor, here: Tensor, axes: list[int]) -> Tensor:
    """What is padded on the left as it is with the padding on the right."""
    before = here.int().argmax(1).tolist()
    if len(before) != len(x) or not any(before):
        return x
    dims = [axis - 1 for axis in axes]
    return torch.stack([row.roll([-n] * len(dims), dims) for row, n in zip(x, before, strict=True)])


def _read(run: Activations, site: Site) -> Tensor:
    """What a run has at a site; NaN for the prompts that are too short for it, if others are not."""
    rows, n = run.spans.holding(site), len(run.spans.lengths)
    if len(rows) in (0, n):
        return run[site]
    part = read(run[replace(site, head=None, expert=None, positions=None)][rows], site, run.spans.rows(rows))
    value = part.new_full((n, *part.shape[1:]), torch.nan)
    value[rows] = part
    return value


def freeze_pattern(run: Activations) -> Stack:
    """Hold every head's attention where it was in a run, on the same prompts; on others it is an error.

    With it, an ablation is *pattern-preserving*: what a head writes is taken away from what later heads copy and
    from the logits, but can no longer change where they look.

    Args:
        run: a run that kept `at.pattern`, all layers.

    Raises:
        NotKept: the run did not keep the pattern.
        WrongKind: not a run.

    Source: Olsson et al. 2022 (arXiv:2209.11895), "pattern-preserving ablation".
    """
    if not isinstance(run, Activations):
        name = "mi.interventions.freeze_pattern"  # this layer knows no Run that `checked` could ask for
        raise wrong_kind(name, "run", "a Run, as in model.run(prompt)", run, f"{name}(run)")
    width = max(run.spans.lengths)
    ids = Array([[*row, *[-1] * (width - len(row))] for row in run.spans.ids])
    return stack(*(patch(pattern[layer], run, only=ids) for layer in range(len(run[pattern]))))
