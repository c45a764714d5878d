"""`train_superposition`: toy models of superposition, all instances at once, the best of some starts of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import MIError
from mi_widgets.core.recording import recorded
from mi_widgets.core.whole_numbers import counted
from mi_widgets.zoo.superposition import ToyModel, drawn, reconstructed

from ..threads import on_threads

SPARSITIES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99)
_JUDGED = 4_000_000  # numbers in what the starts are judged on, of all instances together
_SAID_EVERY = 50  # steps between two figures on the bar


@recorded
def train_superposition(
    *,
    n_features: int = 5,
    d_hidden: int = 2,
    sparsity: float | Sequence[float] = SPARSITIES,
    importance: float | Sequence[float] = 0.9,
    n_restarts: int = 8,
    n_steps: int = 2000,
    batch_size: int = 1024,
    lr: float = 1e-2,
    seed: int = 0,
    progress: bool = True,
) -> ToyModel:
    """Train toy models of superposition, an instance a sparsity.

    All are trained at once, each from several starts, of which the one with the smallest loss on inputs that none has
    seen is kept: a single start is often stuck with a feature too few. The same seed gives the same numbers on one
    machine.

    Args:
        n_features: n.
        d_hidden: m.
        sparsity: the probability that a feature is 0, one an instance.
        importance: a weight for each feature; or a number r, and feature i has r^i. With 1 all are the same.
        n_restarts: how many starts of each instance.
        n_steps: how many, of Adam.
        batch_size: inputs a step.
        lr: the learning rate at first; it falls to 0 along a cosine.
        seed: of the starts and the inputs.
        progress: whether a bar shows the mean loss.

    Raises:
        MIError: a number out of its range; more importances or fewer than features.

    Source: Elhage et al. 2022 (arXiv:2209.10652), "Demonstrating superposition": model, data and loss. Ours are the
    cosine, and that instances and starts read the same draws, thinned to each one's sparsity.
    """
    sizes = n_features, d_hidden, n_restarts, n_steps, batch_size
    _refuse(zip(("n_features", "d_hidden", "n_restarts", "n_steps", "batch_size"), sizes, strict=True), lr)
    zeros, weights = _sparsities(sparsity), _importances(importance, n_features)
    with on_threads(1):  # for such small matrices more are slower
        generator = seeded(seed)
        W, b = _start(n_restarts, len(zeros), d_hidden, n_features, generator)
        bar = tqdm(range(n_steps), desc="superposition", unit="step", disable=not progress)
        _descend(W, b, lr, bar, lambda: drawn(batch_size, n_features, zeros, generator), weights)
        with torch.no_grad():
            judged = max(batch_size, _JUDGED // (n_features * len(zeros) * n_restarts))
            best = losses(W, b, drawn(judged, n_features, zeros, generator), weights).argmin(0)
            kept = torch.arange(len(zeros))
            W, b = W[best, kept], b[best, kept]
    return ToyModel(W.detach(), b.detach(), sparsity=zeros, importance=weights)


def _descend(
    W: Tensor, b: Tensor, lr: float, bar: tqdm, inputs: Callable[[], Tensor], importance: Tensor
) -> None:
    """Adam, a step for each of the bar's."""
    optimizer = torch.optim.Adam([W, b], lr=lr)
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = lr * (1 + math.cos(math.pi * step / len(bar))) / 2
        loss = losses(W, b, inputs(), importance)
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()  # no instance and no start knows of the others
        optimizer.step()
        if step % _SAID_EVERY == 0:
            bar.set_postfix_str(f"loss {loss.mean().item():.4f}", refresh=False)


def losses(
    W: Float[Tensor, "restart instance hidden feature"],
    b: Float[Tensor, "restart instance feature"],
    x: Float[Tensor, "instance batch feature"],
    importance: Float[Tensor, " feature"],
) -> Float[Tensor, "restart instance"]:
    """Mean over inputs of Σ_i I_i (x_i - x'_i)²."""
    wrong = (x - reconstructed(x.expand(len(W), *x.shape), W, b)).square()
    return (wrong.mean(2) * importance).sum(-1)


def _start(
    n_restarts: int, instances: int, hidden: int, features: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    spread = math.sqrt(2 / (hidden + features))  # Glorot & Bengio 2010, as in the paper's code
    W = spread * torch.randn(n_restarts, instances, hidden, features, generator=generator)
    return W.requires_grad_(), torch.zeros(n_restarts, instances, features, requires_grad=True)


def _refuse(sizes: Iterable[tuple[str, Any]], lr: Any) -> None:
    for what, number in sizes:
        counted(number, f"mi.toys.train: {what}")
    if not lr > 0:
        raise MIError(f"mi.toys.train: lr must be more than 0; got {lr!r}.")


def _sparsities(given: float | Sequence[float]) -> Float[Tensor, " instance"]:
    found = torch.atleast_1d(torch.as_tensor(given, dtype=torch.float32))
    if found.ndim != 1 or not len(found) or not bool(((found >= 0) & (found < 1)).all()):
        raise MIError(
            "mi.toys.train: sparsity is the probability that a feature is 0, from 0 to below 1, one or a list of "
            f"them; got {given!r}."
        )
    return found


def _importances(given: float | Sequence[float], n: int) -> Float[Tensor, " feature"]:
    found = torch.as_tensor(given, dtype=torch.float32)
    found = found ** torch.arange(n) if found.ndim == 0 else found
    if found.shape != (n,) or not bool((found.isfinite() & (found > 0)).all()):
        raise MIError(
            f"mi.toys.train: importance is a number r above 0, for r^i, or {n} such numbers, one a feature; got "
            f"{given!r}."
        )
    return found
