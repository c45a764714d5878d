"""What a family's table says: where its sites are, and how to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor, nn

from mi_widgets.core.errors import SiteError
from mi_widgets.core.layers import numbered
from mi_widgets.core.sites import AXES, WHOLE_MODEL, Site, part_axis

from .writing import Writing

# Why there is no resid_mid where the MLP reads what attention reads.
PARALLEL = (
    "attention and MLP both read resid_pre and are added together, so there is nothing between them: use "
    "at.attn_out, at.mlp_out or at.resid_post"
)


@dataclass(frozen=True)
class ModelConfig:
    """The sizes of a model, by the field's names. `d_mlp` is 0 in an attention-only model.

    With grouped-query attention several heads share one key and value: `n_key_value_heads` is smaller. Where queries
    and keys are of another width than values (latent attention), that is `d_qk`. `n_experts` is None where no layer
    has experts.
    """

    n_layers: int
    n_heads: int
    n_key_value_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    d_vocab: int
    n_ctx: int
    d_qk: int | None = None
    n_experts: int | None = None

    def size(self, axis: str, site: str) -> int | None:
        """The length of an axis of a site; None for batch and positions."""
        if axis == "head":
            return self.n_key_value_heads if site in ("k", "v") else self.n_heads
        if axis == "expert":
            return self.n_experts
        if axis == "d_head" and site in ("q", "k") and self.d_qk is not None:
            return self.d_qk
        return getattr(self, axis, None)


@dataclass(frozen=True)
class Weights:
    """The matrices that read from the residual stream and write to it, all layers and heads in one tensor each.

    The norm before each reading, where there is one, is folded in: what reads has its weight, and, where it takes
    the mean over d_model away (LayerNorm does, RMSNorm does not), neither reading nor writing has that mean. So a
    product of these matrices is what one part does to another, but for the norm's scale. A norm of each query and key
    gives its weight to what makes them; one with a weight for each head, as Cohere's, is left out. All are float32.
    Where heads share a key and value, each has its copy. Those of the MLP are None without one, and outside of the zoo,
    where tables say nothing of them; `W_in` also where neurons have a gate: then no one matrix says what they read.
    """

    W_E: Float[Tensor, "d_vocab d_model"]
    W_Q: Float[Tensor, "layer head d_model d_head"]
    W_K: Float[Tensor, "layer head d_model d_head"]
    W_V: Float[Tensor, "layer head d_model d_head"]
    W_O: Float[Tensor, "layer head d_head d_model"]
    W_U: Float[Tensor, "d_model d_vocab"]
    W_in: Float[Tensor, "layer d_model d_mlp"] | None = None
    W_out: Float[Tensor, "layer d_mlp d_model"] | None = None


@dataclass(frozen=True)
class Layout:
    """How a site lies in the tensor that its module passes, where it is not the tensor itself.

    Args:
        out: from that tensor and the number of prompts to the site's tensor.
        back: from that tensor and the site's changed tensor to the changed one.
        times: how many times the tensor's numbers the site's are.
    """

    out: Callable[[Tensor, int], Tensor]
    back: Callable[[Tensor, Tensor], Tensor]
    times: float = 1.0

    def gradient(self, raw: Tensor, n_prompts: int) -> Tensor:
        """From the gradient with respect to that tensor to the site's."""
        return self.out(raw, n_prompts) / self.times**2


@dataclass(frozen=True)
class Place:
    """Where a site's activation passes: the input or output of a submodule.

    Args:
        path: the submodule, with `{layer}` in it; "" is the whole model.
        io: which side of it.
        item: the element, where that side is a tuple (or, by name, where it is a transformers output).
        relative_to: written as the difference to the *input* of this submodule. A residual sum that no
            module returns is changed by changing its last summand.
        write_path: the submodule to write at, where it is not the one to read at.
        layout: how the site lies in that tensor.
        cached: whether it holds what a key-value cache holds too, not the new tokens alone.
        added_times: how many times what is written at `write_path` is added.
        layers: the layers that have it; None for all.
        goes_on_as_copy: whether what follows adds to it in place, so that what is read is not what goes on.
    """

    path: str
    io: Literal["input", "output"] = "output"
    item: int | str | None = None
    relative_to: str | None = None
    write_path: str | None = None
    layout: Layout | None = None
    cached: bool = False
    added_times: float = 1.0
    layers: tuple[int, ...] | None = None
    goes_on_as_copy: bool = False


Inputs = dict[str, Any]


@dataclass(frozen=True)
class Architecture:
    """One family of models.

    Args:
        family: its name, for messages.
        describe: the sizes, from the module.
        places: where each site is.
        forbidden: why the family lacks a site, and what to use instead.
        block: the path of a layer, with `{layer}` in it; its first input and output are the residual stream.
        final_norm: the path of the norm before the unembedding; None where there is none by design.
        unembed: the path of the unembedding.
        logit_scale: logits are this times what the unembedding gives.
        softcap: logits are this times tanh(logits / this), None where they are not.
        inputs: the keyword arguments of `forward`, from ids (batch, pos), the mask (batch, cached and new pos), the
            position of each id, and a cache or None.
        new_cache: an empty key-value cache.
        weights: its matrices, folded.
        heads_write: how the heads of a layer write.
        neurons_write: how its neurons do.
        sinks: whether a part of each head's attention goes to no token (gpt-oss).
        vouched: whether a table of ours says where its sites are; if not, what does not hold at load is refused.
        normed_writes: whether what attention and MLP write is normalised before it is added (Gemma).
        added_times: how many times what attention and MLP give out is added.
        altered: which of `q` and `k` are not what makes them gives out, but turned, normalised or scaled before.
        looks_ahead: whether a token sees those after it (bidirectional attention).
        assumed: what of it nobody told and nothing has vouched for.
        fresh: an untrained module of the same shape, from a module and a seed.
        add_taps: adds what the sites need to a module in memory; returns what undoes it.
    """

    family: str
    describe: Callable[[nn.Module], ModelConfig]
    places: Mapping[str, Place]
    block: str
    final_norm: str | None
    unembed: str
    inputs: Callable[[Tensor, Tensor, Tensor, Any], Inputs]
    new_cache: Callable[[], Any]
    weights: Callable[[nn.Module], Weights]
    heads_write: Callable[[nn.Module, int], Writing]
    neurons_write: Callable[[nn.Module, int], Writing]
    fresh: Callable[[nn.Module, int], nn.Module]
    forbidden: Mapping[str, str] = field(default_factory=dict)
    logit_scale: float = 1.0
    softcap: float | None = None
    normed_writes: bool = False
    added_times: float = 1.0
    altered: tuple[str, ...] = ()
    sinks: bool = False
    vouched: bool = True
    looks_ahead: bool = False
    assumed: tuple[str, ...] = ()
    add_taps: Callable[[nn.Module], Callable[[], None]] = field(default=lambda module: lambda: None)


def check_site(site: Site, name: str, config: ModelConfig, architecture: Architecture) -> None:
    """Raise `SiteError` unless the model has this site.

    Args:
        site: what was asked for.
        name: the model's name, for the message.
        config: its sizes.
        architecture: its table.
    """
    places = architecture.places
    if site.name not in places:
        why = architecture.forbidden.get(site.name)
        if why is None and site.name.startswith("mlp") and not config.d_mlp:
            why = "it is attention-only"
        if why is None and site.name == "router":
            why = "its layers have no experts"
        raise SiteError(
            f"{name} has no at.{site.name}{f' ({why})' if why else ''}; its sites are "
            f"{', '.join(s for s in AXES if s in places)}."
        )
    if site.own_output and (why := change_before(site, architecture)):
        raise SiteError(
            f"{site!r}: {name} {why}. What was named is before that (a module's own output, as hook_q, hook_k and "
            f"names of modules mean), and that is no site; {site!r} is after it: name it so, if that is meant."
        )
    n = config.n_layers
    if site.layer is not None and not numbered(site.layer, n):
        raise SiteError(
            f"{site!r}: {name} has {n} layers, so the layer must be 0 to {n - 1}, or {-n} to -1 from the end."
        )
    having = layers_of(replace(site, layer=None), config, architecture)
    without = [layer for layer in layers_of(site, config, architecture) if layer not in having]
    if without:
        raise SiteError(
            f"{site!r}: layer {without[0]} of {name} has no at.{site.name}; these layers have it: "
            f"{', '.join(map(str, having))}."
        )
    n, part = config.size(part_axis(site) or "", site.name), part_axis(site)
    if site.part is not None and n is not None and site.part >= n:
        shared = " for keys and values, which several heads share," if site.name in ("k", "v") else ""
        shared = shared if n < config.n_heads else ""
        raise SiteError(
            f"{site!r}: {name} has {n} {part}s{shared} a layer, so the {part} must be 0 to {n - 1}."
        )


def change_before(site: Site, architecture: Architecture) -> str:
    """What a model does to what a module gives out before it is at a site; "" for nothing."""
    if site.name in architecture.altered:
        return "turns, normalises or scales queries and keys before it compares them"
    if site.name not in ("attn_out", "mlp_out"):
        return ""
    if architecture.normed_writes:
        return "normalises what attention and MLP give out before it adds it"
    times = architecture.added_times
    return "" if times == 1 else f"adds {times:g} times what attention and MLP give out"


def layers_of(site: Site, config: ModelConfig, architecture: Architecture) -> tuple[int | None, ...]:
    """The layers that a site names: its own, or all that have it."""
    if site.name in WHOLE_MODEL:
        return (None,)
    having = architecture.places[site.name].layers
    if site.layer is None:
        return tuple(range(config.n_layers)) if having is None else having
    return numbered(site.layer, config.n_layers)
