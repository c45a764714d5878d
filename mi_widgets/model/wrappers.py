"""What stands around a module: `torch.compile`, peft, a wrapper for several devices. What is inside is looked into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from mi_widgets.core.errors import UnsupportedModel

from .adapters import check_adapters
from .architectures import Architecture
from .architectures.computed import place_of
from .backend import element
from .trust import Check

# By class, since peft may not be installed: where what is inside hangs.
_INSIDE = {
    "OptimizedModule": "_orig_mod",
    "PeftModel": "base_model",
    "PeftMixedModel": "base_model",
    "BaseTuner": "model",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}


def inside(module: Any) -> nn.Module:
    """What stands inside of all wrappers, or the module itself.

    Raises:
        UnsupportedModel: a wrapper that does more than its inside, as prompt tuning does, or adapters that turn on
            what the tokens are.
    """
    for ancestor in type(module).__mro__:
        if ancestor.__name__ == "PeftModel" and module.active_peft_config.is_prompt_learning:
            kind = module.active_peft_config.peft_type.value
            raise UnsupportedModel(
                f"This PeftModel puts learned vectors before every prompt ({kind}), which stand at no token's "
                "position: bring adapters of the weights, such as LoRA, or what is inside, model.get_base_model()."
            )
        if ancestor.__name__ in _INSIDE:
            return inside(getattr(module, _INSIDE[ancestor.__name__]))
    check_adapters(module)
    return module


def unwrapping(wrapper: nn.Module, module: nn.Module, architecture: Architecture) -> Check:
    """What was taken off, and that what is inside computes the same.

    Args:
        wrapper: as it was given.
        module: what is inside of it.
        architecture: its table of sites.

    Raises:
        UnsupportedModel: it computes something else.
    """
    kind, inner = type(wrapper).__name__, type(module).__name__
    said = f"the {inner} inside of {kind} is what is looked into"
    if any(type(part).__name__ == "OptimizedModule" for part in wrapper.modules()):
        return Check("wrapper", "note", f"{said}, not compiled")
    row = torch.arange(min(8, architecture.describe(module).d_vocab), device=place_of(module)[0])
    ids = torch.stack([row, row.flip(0)])
    inputs = architecture.inputs(ids, torch.ones_like(ids, dtype=torch.bool), row.expand_as(ids), None)
    with torch.no_grad():
        # Logits that are no numbers are for the trust report.
        outer, own = (element(one(**inputs), "logits").float().nan_to_num() for one in (wrapper, module))
    apart = float((outer.to(own.device) - own).abs().max())
    if not apart <= 1e-4 * float(own.abs().max()):
        raise UnsupportedModel(
            f"This {kind} computes something else than the {inner} inside of it (logits are up to {apart:.1e} apart), "
            f"and only what is inside has sites: give mi.load that {inner} if it is what you mean."
        )
    return Check("wrapper", "note", f"{said}, and has the same logits, within {apart:.1e}")


def compiled_parts(module: nn.Module) -> bool:
    """Whether any part was compiled in its place."""
    return any(
        type(part).__name__ == "OptimizedModule" or part._compiled_call_impl is not None
        for part in module.modules()
    )


@contextmanager
def as_written(compiled: bool = True) -> Iterator[None]:
    """Inside, nothing is compiled: what is traced would be, anew for each set of sites."""
    if not compiled:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield
