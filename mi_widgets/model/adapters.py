"""Adapters of peft that a module has: which, where, and whether they are in what it computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from mi_widgets.core.errors import UnsupportedModel

from .trust import Check

# What a module computes turns on these, and they are no tensors.
_HAS_ADAPTERS = "_disable_adapters"
_SWITCHES = ("_active_adapter", _HAS_ADAPTERS, "merged_adapters", "scaling")
_KINDS = {"lora": "LoRA", "adalora": "AdaLoRA", "ia3": "IA3", "loha": "LoHa", "lokr": "LoKr", "oft": "OFT"}


def switches_of(module: nn.Module) -> str:
    """How the adapters of a module are set; nothing where it has none. By duck typing: peft may not be installed."""
    return "; ".join(
        f"{path}.{name}={part.__dict__[name]!r}"
        for path, part in module.named_modules()
        if _HAS_ADAPTERS in part.__dict__
        for name in _SWITCHES
        if name in part.__dict__
    )


def check_adapters(module: nn.Module) -> None:
    """Refuse adapters that are in what some tokens of a prompt are computed by, and not in the rest.

    Raises:
        UnsupportedModel: there is one, active or not: it could be switched on later.
    """
    for path, part in module.named_modules():
        for adapter, variant in getattr(part, "lora_variant", {}).items():
            if type(variant).__name__.startswith("ALora"):
                raise UnsupportedModel(
                    f"The adapter {adapter!r} on {path} is an activated LoRA (alora_invocation_tokens): it is left out "
                    "of every token before some that call it, so that no weights are those of all tokens. Bring a "
                    "plain LoRA, or the model without this adapter: model.delete_adapter(name), or model.unload()."
                )


def adapter_checks(module: nn.Module) -> Iterator[Check]:
    """A note of its adapters, where it has some."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, part in module.named_modules():
        if _HAS_ADAPTERS not in part.__dict__:
            continue
        leaf = path.removesuffix(".token_adapter").rpartition(".")[2]
        for adapter in _names(part):
            places = found.setdefault((_kind(part), adapter, _state(part, adapter)), [])
            if leaf not in places:
                places.append(leaf)
    said = [
        f"{kind} {name!r} on {', '.join(places)}: {state}" for (kind, name, state), places in found.items()
    ]
    if said:
        yield Check("adapters", "note", "; ".join(said))


def _names(part: Any) -> list[str]:
    """The adapters that a part has, in the order in which they came."""
    held = [getattr(part, name, {}) for name in getattr(part, "adapter_layer_names", ())]
    held.append(part._modules.get("modules_to_save") or {})
    return list(dict.fromkeys(name for some in held for name in some))


def _kind(part: Any) -> str:
    if "modules_to_save" in part._modules:
        return "own copy"
    tuner = type(part).__module__.split(".")
    name = tuner[tuner.index("tuners") + 1] if "tuners" in tuner else type(part).__name__
    return f"{_KINDS.get(name, name)} adapter"


def _state(part: Any, adapter: str) -> str:
    if adapter in part.__dict__.get("merged_adapters", ()):
        return "merged into the weights"
    if part._disable_adapters:
        return "switched off, left out"
    return "active, taken in" if adapter in part.active_adapters else "not active, left out"
