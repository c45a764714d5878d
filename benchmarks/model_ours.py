"""mi_widgets, and nnsight by hand: the model layer's benchmark in the environment of this project."""

from __future__ import annotations

from typing import Any

import nnsight
import torch
from nnsight import NNsight
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import mi_widgets as mi
from benchmarks.model_tools import METRIC, SITES, TOKENS, Hooks, Kept, Shape, new_model, prompts
from mi_widgets import sites as at


class Nnsight:
    """One trace, written by hand, with its saves in the order of the forward pass.

    The pattern is the second thing that eager attention gives out: read so, it cannot be changed.
    """

    name = "nnsight"

    def __init__(self, shape: Shape) -> None:
        self.model = NNsight(new_model(shape))
        self.ids, clean = prompts(shape)
        self.clean = self.kept(self._seen(clean))[1]["resid_pre"]

    def keep(self) -> Any:  # noqa: D102
        return self._seen(self.ids)

    def _seen(self, ids: Tensor) -> Any:
        model = self.model
        with torch.no_grad(), model.trace(input_ids=ids, use_cache=False):
            seen = nnsight.save([])
            for block in model.transformer.h:
                seen.append(block.input)
                seen.append(block.attn.output[1])
                seen.append(block.ln_2.input)
                seen.append(block.output)
            logits = nnsight.save(model.output.logits)
        return logits, seen

    def kept(self, run: Any) -> tuple[Tensor, Kept]:  # noqa: D102
        logits, seen = run
        return logits, {
            name: [x if isinstance(x, Tensor) else x[0] for x in seen[i::4]] for i, name in enumerate(SITES)
        }

    def cell(self, layer: int, position: int) -> Tensor:  # noqa: D102
        model, value = self.model, self.clean[layer][:, position]
        with torch.no_grad(), model.trace(input_ids=self.ids, use_cache=False):
            block = model.transformer.h[layer]
            resid = block.input.clone()
            resid[:, position] = value
            block.input = resid
            logits = nnsight.save(model.output.logits)
        return logits[:, -1, METRIC]


class Ours:
    """mi_widgets."""

    name = "mi_widgets"

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.model = mi.load(new_model(shape))
        self.ids, clean = prompts(shape)
        self.clean = self.model.run(clean, keep=[at.resid_pre])
        self.swept: mi.Result | None = None

    def keep(self) -> Any:  # noqa: D102
        return self.model.run(self.ids, keep=[at.resid_pre, at.resid_mid, at.resid_post, at.pattern])

    def kept(self, run: Any) -> tuple[Tensor, Kept]:  # noqa: D102
        return run.logits, {name: list(run[at.named(name)]) for name in SITES}

    def sweep(self) -> mi.Result:
        """Every layer and position."""
        self.swept = self.model.sweep(
            self.ids,
            lambda site: mi.patch(site, self.clean),
            at.resid_pre,
            metric=lambda logits: logits[:, METRIC],
            progress=False,
        )
        return self.swept

    def cell(self, layer: int, position: int) -> Tensor:
        """As the last sweep has it."""
        swept = self.sweep() if self.swept is None else self.swept
        return torch.tensor(swept.dataset["metric"].values[:, layer, position])


def work(ours: Ours, hooks: Hooks) -> dict[str, float]:
    """The floating-point operations of a run, of the plain forward, and of a sweep, as multiples of the least.

    The least that a sweep from clean prefixes needs is one clean forward, and for each cell the layers from its own on
    and the unembedding of one position.
    """
    shape, block = ours.shape, hooks.model.transformer.h[0]
    resid = torch.zeros(1, TOKENS, shape.d_model)
    with torch.no_grad():
        forward = _count(hooks.forward)
        layer = _count(lambda: block(resid))
        unembed = _count(lambda: hooks.model.lm_head(resid[:, :1]))
    layers = sum(shape.n_layers - first for first in range(shape.n_layers))
    least = forward + TOKENS * layers * layer + TOKENS * shape.n_layers * unembed
    return {
        "run": _count(ours.keep) / forward,
        "sweep": _count(ours.sweep) / least,
        "least": least / (TOKENS * shape.n_layers * forward),
    }


def _count(do: Any) -> int:
    with FlopCounterMode(display=False) as counter:
        do()
    return counter.get_total_flops()
