"""What a family's table says: where its sites are, and how to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor, nn

from mi_widgets.core.errors import SiteError
from mi_widgets.core.sites import AXES, WHOLE_MODEL, Site


@dataclass(frozen=True)
class ModelConfig:
    """The sizes of a model, by the field's names. `d_mlp` is 0 in an attention-only model."""

    n_layers: int
    n_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    d_vocab: int
    n_ctx: int


@dataclass(frozen=True)
class Weights:
    """The matrices that read from the residual stream and write to it, all layers and heads in one tensor each.

    LayerNorm, where there is one, is folded in: what reads has its weight, and neither reading nor writing has the
    mean over d_model that it takes away. So a product of these matrices is what one part does to another, but for
    LayerNorm's scale. All are float32.
    """

    W_E: Float[Tensor, "d_vocab d_model"]
    W_Q: Float[Tensor, "layer head d_model d_head"]
    W_K: Float[Tensor, "layer head d_model d_head"]
    W_V: Float[Tensor, "layer head d_model d_head"]
    W_O: Float[Tensor, "layer head d_head d_model"]
    W_U: Float[Tensor, "d_model d_vocab"]


def reading(norm: nn.Module, weight: Tensor) -> Tensor:
    """A matrix (…, d_model, out) that reads after a LayerNorm, as one that reads before it."""
    scale, weight = _scale(norm), weight.detach().float()
    if scale is None:
        return weight
    read = scale.detach().float()[:, None] * weight
    return read - read.mean(-2, keepdim=True)


def writing(norm: nn.Module, weight: Tensor) -> Tensor:
    """A matrix (…, d_model) that writes, without the mean that every LayerNorm of the model takes away."""
    written = weight.detach().float()
    return written if _scale(norm) is None else written - written.mean(-1, keepdim=True)


def _scale(norm: nn.Module) -> Tensor | None:
    return getattr(norm, "w", getattr(norm, "weight", None))


@dataclass(frozen=True)
class Place:
    """Where a site's activation passes: the input or output of a submodule.

    Args:
        path: the submodule, with `{layer}` in it.
        io: which side of it.
        item: the element, where that side is a tuple.
        relative_to: written as the difference to the *input* of this submodule. A residual sum that no
            module returns is changed by changing its last summand.
        write_path: the submodule to write at, where it is not the one to read at.
    """

    path: str
    io: Literal["input", "output"] = "output"
    item: int | None = None
    relative_to: str | None = None
    write_path: str | None = None


@dataclass(frozen=True)
class Architecture:
    """One family of models.

    Args:
        family: its name, for messages.
        describe: the sizes, from the module.
        places: where each site is; a site that is missing does not exist in the family.
        inputs: the keyword arguments of `forward`, from ids and mask.
        weights: its matrices, folded.
        fresh: an untrained module of the same shape, from a module and a seed.
        prepare: adds what the sites need to a module in memory; returns what undoes it.
    """

    family: str
    describe: Callable[[nn.Module], ModelConfig]
    places: Mapping[str, Place]
    inputs: Callable[[Tensor, Tensor], dict[str, Any]]
    weights: Callable[[nn.Module], Weights]
    fresh: Callable[[nn.Module, int], nn.Module]
    prepare: Callable[[nn.Module], Callable[[], None]] = field(default=lambda module: lambda: None)


def check_site(site: Site, name: str, config: ModelConfig, places: Mapping[str, Place]) -> None:
    """Raise `SiteError` unless the model has this site.

    Args:
        site: what was asked for.
        name: the model's name, for the message.
        config: its sizes.
        places: the sites it has.
    """
    if site.name not in places:
        why = " (it is attention-only)" if site.name.startswith("mlp") and not config.d_mlp else ""
        raise SiteError(
            f"{name} has no at.{site.name}{why}; its sites are {', '.join(s for s in AXES if s in places)}."
        )
    if site.layer is not None and site.layer >= config.n_layers:
        raise SiteError(
            f"{site!r}: {name} has {config.n_layers} layers, so the layer must be 0 to {config.n_layers - 1}."
        )
    if site.head is not None and site.head >= config.n_heads:
        raise SiteError(
            f"{site!r}: {name} has {config.n_heads} heads a layer, so the head must be 0 to {config.n_heads - 1}."
        )


def layers_of(site: Site, config: ModelConfig) -> tuple[int | None, ...]:
    """The layers that a site names: its own, or all of them."""
    if site.name in WHOLE_MODEL:
        return (None,)
    return tuple(range(config.n_layers)) if site.layer is None else (site.layer,)
