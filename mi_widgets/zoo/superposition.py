"""Toy models of superposition: more features than dimensions, read back through a ReLU."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.arrays import Array
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import InterventionError, MIError, UnknownModel
from mi_widgets.core.record import Placeholder, Record
from mi_widgets.core.recording import made_by, recorded, serial
from mi_widgets.core.script import Script
from mi_widgets.core.whole_numbers import counted

from .shipped import EXPECTED, LAST, WEIGHTS, check_files

# A folder deeper than the models that `mi.load` opens: these are none of them.
TOYS = WEIGHTS / "superposition"
_WRITTEN_OUT = 512  # numbers in W up to which its code says them all


@argument_type("mi.toys.load(name) or mi.toys.ToyModel(W)")
@checked
@dataclass(frozen=True, init=False, repr=False)
class ToyModel:
    """Some instances of x' = ReLU(Wᵀ W x + b): n features are pressed into m dimensions and read back.

    An instance is trained on features that are 0 with a probability S, the sparsity, and else even between 0 and 1.
    What it wants is a small mean of Σ_i I_i (x_i - x'_i)², with the importances I.

    Source: Elhage et al. 2022 ("Toy Models of Superposition", arXiv:2209.10652), "Demonstrating superposition".

    Args:
        W: (instance, m, n), a column a feature; (m, n) is one instance.
        b: (instance, n) or (n,); zeros by default.
        sparsity: of each instance, or of all, from 0 (every feature in every input) to below 1.
        importance: of each feature; 1 by default.
        name: for people.
        record: the call that made it, where that was not this one.

    Raises:
        MIError: shapes that do not belong together, numbers that are none, or a sparsity that is no probability.
    """

    W: Array
    b: Array
    sparsity: Array
    importance: Array
    name: str
    _record: Record | None = field(init=False, compare=False)

    def __init__(
        self,
        W: Any,
        b: Any = None,
        *,
        sparsity: Any = 0.0,
        importance: Any = None,
        name: str = "toy model",
        record: Record | None = None,
    ) -> None:
        weights = _numbers(W, "W")
        weights = weights[None] if weights.ndim == 2 else weights
        if weights.ndim != 3 or not weights.numel():
            raise MIError(
                "mi.toys.ToyModel: W has a column a feature, shape (m, n) or (instance, m, n); "
                f"got {tuple(weights.shape)}."
            )
        k, _, n = weights.shape
        kept = {
            "W": weights,
            "b": _spread(torch.zeros(n) if b is None else b, "b", (k, n)),
            "sparsity": _spread(sparsity, "sparsity", (k,)),
            "importance": _spread(torch.ones(n) if importance is None else importance, "importance", (n,)),
        }
        if not bool(((kept["sparsity"] >= 0) & (kept["sparsity"] < 1)).all()):
            raise MIError(
                "mi.toys.ToyModel: a sparsity is the probability that a feature is 0, from 0 to below 1; got "
                f"{kept['sparsity'].tolist()}."
            )
        for part, values in kept.items():
            object.__setattr__(self, part, Array(values))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_record", record)

    @property
    def n_features(self) -> int:
        """How many features there are, n."""
        return self.W.shape[2]

    @property
    def d_hidden(self) -> int:
        """How many dimensions there are for them, m."""
        return self.W.shape[1]

    def __len__(self) -> int:
        """How many instances there are."""
        return self.W.shape[0]

    @checked
    def __call__(self, x: Tensor) -> Float[Tensor, "instance batch feature"]:
        """What each instance makes of its own inputs.

        Args:
            x: (instance, batch, feature), as `sample` draws them.

        Raises:
            MIError: inputs of another shape.
        """
        if x.ndim != 3 or len(x) != len(self) or x.shape[2] != self.n_features:
            raise MIError(
                f"{self!r} reads inputs (instance, batch, feature), here ({len(self)}, …, {self.n_features}); these "
                f"have shape {tuple(x.shape)}."
            )
        return reconstructed(x, self.W.to(x), self.b.to(x))

    @checked
    def sample(self, n: int, *, seed: int = 0) -> Float[Tensor, "instance n feature"]:
        """Inputs of each instance's sparsity: the same draws, of which a sparser one keeps fewer.

        Args:
            n: how many of each instance.
            seed: of the draws.
        """
        generator = seeded(seed)
        return drawn(counted(n, "toy.sample: n"), self.n_features, self.sparsity.tensor, generator)

    @property
    def record(self) -> Record:
        """How it was made; large weights of your own are left for you to bring."""
        if self._record is not None:
            return self._record
        if self.W.tensor.numel() > _WRITTEN_OUT:
            return Placeholder(f"your {self!r}", "toy", token=serial(self))
        given = {name: getattr(self, name) for name in ("W", "b", "sparsity", "importance", "name")}
        return made_by("mi.toys.ToyModel", signature(ToyModel), given, name="toy")

    def with_record(self, record: Record) -> ToyModel:
        """The same, made by another call."""
        return ToyModel(
            self.W, self.b, sparsity=self.sparsity, importance=self.importance, name=self.name, record=record
        )

    def code(self) -> str:
        """The Python that makes it, as `toy = …`."""
        script = Script(inline=True)
        script.assign(self.record, "toy")
        return "\n".join(script.body())

    def __repr__(self) -> str:
        several = f"{len(self)} instances" if len(self) > 1 else "1 instance"
        return f"ToyModel({self.name!r}, {self.n_features} features in {self.d_hidden} dimensions, {several})"


def reconstructed(
    x: Float[Tensor, "*instance batch feature"],
    W: Float[Tensor, "*instance hidden feature"],
    b: Float[Tensor, "*instance feature"],
) -> Float[Tensor, "*instance batch feature"]:
    """ReLU(Wᵀ W x + b), an instance a matrix."""
    return torch.relu(x @ W.mT @ W + b[..., None, :])


def drawn(
    n: int, n_features: int, sparsity: Float[Tensor, " instance"], generator: torch.Generator
) -> Float[Tensor, "instance n feature"]:
    """Inputs: a feature is 0 with the probability of its instance's sparsity, and else even between 0 and 1."""
    size, there = torch.rand(2, n, n_features, generator=generator)
    return size * (there >= sparsity[:, None, None])


@recorded
def superposition(name: str | os.PathLike[str]) -> ToyModel:
    """A shipped toy model.

    Args:
        name: `"plane"`: 5 features of falling importance in 2 dimensions, from two features with a dimension each to
            a pentagon; or `"plateau"`: many features of one importance in 20 dimensions, which share them two by two
            over a wide range of sparsities.

    Raises:
        UnknownModel: there is none of this name.
        DamagedWeights: a file's hash differs from the recorded one.
    """
    name = os.fspath(name)
    if name not in toys():
        near = difflib.get_close_matches(str(name), toys(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownModel(
            f"There is no shipped toy model {name!r}.{meant} The shipped ones are {', '.join(toys())}; "
            "mi.toys.train makes one of your own."
        )
    return read_toy(TOYS / name, name=name)


def toys() -> tuple[str, ...]:
    """The names of the shipped toy models."""
    return tuple(sorted(path.parent.name for path in TOYS.glob(f"*/{EXPECTED}")))


def read_toy(folder: Path, *, name: str) -> ToyModel:
    """The toy model in a folder that its recipe has written.

    Raises:
        DamagedWeights: a file's hash differs from the recorded one.
    """
    check_files(str(folder), [LAST])
    return ToyModel(**load_file(folder / LAST), name=name, record=None)


def _numbers(given: Any, what: str) -> Tensor:
    try:
        values = Array(given).tensor
    except InterventionError as error:
        raise MIError(f"mi.toys.ToyModel: {what} is made of numbers; got {type(given).__name__}.") from error
    if values.is_complex() or values.dtype == torch.bool or not bool(values.isfinite().all()):
        raise MIError(
            f"mi.toys.ToyModel: {what} must be real and finite; got {values.dtype} with other numbers."
        )
    return values.float()


def _spread(given: Any, what: str, shape: Sequence[int]) -> Tensor:
    """Numbers of a shape, or of its last axes, the same for all."""
    values = _numbers(given, what)
    try:
        return torch.empty(tuple(shape)).copy_(values)
    except RuntimeError as error:
        raise MIError(
            f"mi.toys.ToyModel: {what} must have the shape {tuple(shape)} that W asks for; got {tuple(values.shape)}."
        ) from error
