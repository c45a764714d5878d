"""The matrix of a module, by what it computes: a bare `.weight` leaves out adapters, and may be packed or elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel

_FLOATS = 2**24  # that a module is asked for at once
_PROBES = 4
# What a module that stands in for another calls it: an adapter of peft, one of its copies, torch.compile.
_INNER = ("base_layer", "original_module", "_orig_mod")


def matrix_of(module: Any, name: str = "") -> Tensor:
    """What a module multiplies by, (in, out): a linear layer's matrix, or the row of each id of an embedding.

    Adapters that are active, hooks and parametrizations are taken in, and packed weights are read as what they do.

    Args:
        module: one that is linear, whatever it is called.
        name: what it is, for the message.

    Raises:
        UnsupportedModel: it is not linear.
    """
    return linear_of(module, name)[0]


def linear_of(module: Any, name: str = "") -> tuple[Tensor, Tensor | None]:
    """The matrix, as above, and what the module gives for an input of nothing, (out,); None for a plain one without it.

    Args:
        module: one that is linear, whatever it is called.
        name: what it is, for the message.

    Raises:
        UnsupportedModel: it is not linear.
    """
    if is_plain(module):
        weight = weight_of(module)
        matrix = weight if _takes_ids(module) or is_conv(module) else weight.T
        return matrix, getattr(module, "bias", None)
    return _seen(module, name)


def sizes_of(module: nn.Module) -> tuple[int, int]:
    """What a module takes in and what it gives out: how many numbers, or how many ids.

    Raises:
        UnsupportedModel: it does not say so.
    """
    inner = inner_of(module)
    for names in (("in_features", "out_features"), ("num_embeddings", "embedding_dim"), ("nx", "nf")):
        n_in, n_out = (getattr(inner, name, None) for name in names)
        if isinstance(n_in, int) and isinstance(n_out, int):
            return n_in, n_out
    shape = getattr(weight_of(inner), "shape", ())
    if len(shape) != 2:
        raise UnsupportedModel(
            f"{type(inner).__name__} does not say how many numbers it takes in and gives out (in_features and "
            "out_features), and has no weight that shows it."
        )
    return shape[1], shape[0]


def is_matrix(module: nn.Module) -> bool:
    """Whether a module is one matrix by its looks: it has a size on either side."""
    try:
        sizes_of(module)
    except UnsupportedModel:
        return False
    return True


def inner_of(module: Any) -> nn.Module:
    """What stands inside adapters and other wrappers of one module."""
    for name in _INNER:
        inner = getattr(module, name, None)
        if isinstance(inner, nn.Module):
            return inner_of(inner)
    return module


def is_conv(module: nn.Module) -> bool:
    """Whether it is transformers' Conv1D, whose matrix is (in, out)."""
    return type(module).__name__ == "Conv1D"


def is_plain(module: Any) -> bool:
    """Whether a module computes with its `.weight` and nothing else."""
    forward = type(module).forward
    if forward is nn.Embedding.forward:
        usual = module.max_norm is None
    else:
        usual = forward is nn.Linear.forward or forward.__qualname__ == "Conv1D.forward"
    weight: Any = weight_of(module) if usual else None
    return (
        type(weight) in (Tensor, nn.Parameter)
        and weight.is_floating_point()
        and not weight.is_meta
        and not (module._forward_hooks or module._forward_pre_hooks)
        and "_hf_hook" not in module.__dict__
        and ("forward" not in module.__dict__ or _body(module) is forward)
    )


def weight_of(module: Any) -> Any:
    """The `.weight` of a module, as it computes with it; None where there is none.

    A parametrization makes it whenever it is asked for, and in training mode some change on the way (spectral_norm).
    """
    asked = twin_of(module) if "parametrizations" in module._modules else module
    return getattr(asked, "weight", None)


def place_of(module: nn.Module, otherwise: torch.device | None = None) -> tuple[torch.device, torch.dtype]:
    """Where a module computes and in what, also where its weights are elsewhere until it does (accelerate).

    Args:
        module: any.
        otherwise: where one without weights does; the CPU by default.
    """
    first = next(module.parameters(), None)
    if first is not None and not first.is_meta and first.is_floating_point() and first.itemsize > 1:
        return first.device, first.dtype
    tensors = [*module.parameters(), *module.buffers()]
    kind = next((x.dtype for x in tensors if x.is_floating_point() and x.itemsize > 1), torch.float32)
    here = next((x.device for x in tensors if not x.is_meta), None)
    if here is None:
        named = [getattr(hook, "execution_device", None) for p in module.modules() for hook in hooks_of(p)]
        here = torch.device(next((one for one in named if one is not None), otherwise or "cpu"))
    return here, kind


def hooks_of(module: Any) -> tuple[Any, ...]:
    """accelerate's at one module; several may stand in one."""
    hook = module.__dict__.get("_hf_hook")
    return () if hook is None else tuple(getattr(hook, "hooks", (hook,)))


def twin_of(module: Any) -> Any:
    """A copy that computes the same with the same weights, in evaluation mode, and whose calls no trace sees.

    One may wait at this module in another thread, and its mode is the user's.
    """
    if "_orig_mod" in module._modules:
        return twin_of(module._orig_mod)
    twin: Any = object.__new__(type(module))
    twin.__dict__ = {**module.__dict__, "training": False, "_compiled_call_impl": None}
    twin._parameters = dict(module._parameters)
    twin._buffers = dict(module._buffers)
    twin._modules = {name: part if part is None else twin_of(part) for name, part in module._modules.items()}
    aligned = "_hf_hook" in twin.__dict__
    if aligned:  # a hook notes what it has moved
        twin._hf_hook = copy.copy(twin._hf_hook)
        if hasattr(twin._hf_hook, "hooks"):
            twin._hf_hook.hooks = tuple(map(copy.copy, twin._hf_hook.hooks))
    body = _body(module) or (type(module).forward if aligned else None)
    if body is not None:
        twin.forward = partial(_aligned, twin, body) if aligned else partial(body, twin)
    return twin


def _aligned(module: Any, body: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """As accelerate runs a module: its weights come before, and go afterwards."""
    args, options = module._hf_hook.pre_forward(module, *args, **options)
    return module._hf_hook.post_forward(module, body(module, *args, **options))


def _body(module: Any) -> Callable[..., Any] | None:
    """What nnsight, where it stands at the module's door, runs behind it."""
    door = module.__dict__.get("forward")
    return door.state.original if type(door).__module__.startswith("nnsight.") else None


def _takes_ids(module: nn.Module) -> bool:
    return hasattr(inner_of(module), "num_embeddings")


def _seen(module: nn.Module, name: str) -> tuple[Tensor, Tensor]:
    """The matrix and the bias that a module shows when it is run on one input after another."""
    kind = type(inner_of(module))
    what = f"{name or 'A module'} ({kind.__module__}.{kind.__name__})"
    try:
        n_in, n_out = sizes_of(module)
        matrix, bias, by = _run(twin_of(module), n_in, n_out, _takes_ids(module), *place_of(module))
    except UnsupportedModel:
        raise
    except Exception as error:  # of code that is not ours
        raise UnsupportedModel(
            f"{what} cannot be read as one matrix ({type(error).__name__}: {error}), so there are no figures of its "
            "weights. What a run keeps is right all the same."
        ) from error
    if not by <= 1:
        raise UnsupportedModel(
            f"{what} is not linear: what it makes of a sum is not the sum of what it makes of each (as where numbers "
            "are rounded to integers on the way), so it cannot be written as one matrix, and there are no figures "
            "of its weights. What a run keeps is right all the same."
        )
    return matrix, bias


def _run(
    twin: Any, n_in: int, n_out: int, takes_ids: bool, device: torch.device, kind: torch.dtype
) -> tuple[Tensor, Tensor, float]:
    """The matrix, the bias, and how far from linear the module is, in units of what rounding may do."""

    def through(x: Tensor) -> Tensor:
        out = twin(x[None])[0]  # a batch of one: modules may insist on three axes
        if out.shape != (len(x), n_out):
            raise ValueError(f"it gives {tuple(out.shape)} for {tuple(x.shape)}")
        return out

    rows = max(1, _FLOATS // max(n_in, n_out))
    with torch.no_grad():
        if takes_ids:
            ids = torch.arange(n_in, device=device).split(rows)
            return torch.cat([through(some) for some in ids]), torch.zeros(n_out, device=device), 0.0
        bias = through(torch.zeros(1, n_in, device=device, dtype=kind))[0]
        ones = torch.arange(n_in, device=device).split(rows)
        matrix = torch.cat([through(_unit(some, n_in, kind)) for some in ones]) - bias
        probe = torch.randn(_PROBES, n_in, generator=torch.Generator().manual_seed(0), device="cpu").to(
            device, kind
        )
        wide = torch.promote_types(kind, torch.float32)
        x, weight, added, seen = (some.to(wide) for some in (probe, matrix, bias, through(probe)))
        off = (seen - (x @ weight + added)).abs()
        allowed = 8 * torch.finfo(kind).eps * (x.abs() @ weight.abs() + added.abs()) + 1e-30
    return matrix, bias, float((off / allowed).max())


def _unit(places: Tensor, n: int, kind: torch.dtype) -> Tensor:
    """Rows of the identity."""
    return nn.functional.one_hot(places, n).to(kind)
