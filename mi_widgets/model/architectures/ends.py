"""What stands before a module's layers and after them, and how it is called."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.model.attention import attending

from .layer_parts import alike
from .table import find
from .why_not import unsupported


def as_configured(module: Any, seen: Sequence[float]) -> float:
    """A factor that was seen, as exactly as the config has it."""
    mean = sum(seen) / len(seen)
    known_to = vars(module.config.get_text_config()).values()
    values = [value for value in known_to if type(value) in (int, float) and value > 0]
    for known in (1.0, *values, *(1 / value for value in values)):
        if abs(known - mean) <= 1e-3 * mean:
            return float(known)
    return mean


def logit_scale(module: Any, unembedded: Tensor | None, logits: Tensor) -> float:
    """How many times the logits are what the unembedding gives; 1 where they are something else."""
    if unembedded is None or unembedded.shape != logits.shape:
        return 1.0
    x, y = unembedded.double().flatten(), logits.double().flatten()
    times = float(x @ y / (x @ x).clamp(min=1e-30))
    if not times > 0 or not alike(x * times, y, logits.dtype):
        return 1.0  # something else than a factor: the checks will say so
    return as_configured(module, [times])


def takes_positions(module: Any, ids: Tensor, logits: Tensor) -> bool:
    """Whether `forward` takes the positions of tokens, counted from 0; RoBERTa's begin elsewhere, and it counts itself.

    Args:
        module: of transformers.
        ids: of prompts.
        logits: what it gives for them, unasked.
    """
    if "position_ids" not in signature(type(module).forward).parameters:
        return False
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "use_cache": False}
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    try:
        with torch.no_grad(), attending(module):
            told = module(**given, position_ids=positions).logits.float()
    except Exception:  # of code that is not ours
        return False
    near = max(1e-3, 12 * torch.finfo(logits.dtype).eps)
    return bool((told - logits.float()).square().mean() <= near**2 * told.square().mean())


def path_of(module: nn.Module, part: nn.Module | None) -> str:
    """The path of a part.

    Raises:
        UnsupportedModel: the module has no such part.
    """
    path = next((path for path, one in module.named_modules() if one is part), None)
    if path is None:
        raise unsupported(module, "it does not say which modules embed and unembed")
    return path


def final_norm(module: Any, blocks: str) -> str | None:
    """The norm beside the layers that stands after them; by its name and its place, which the checks then confirm."""
    above, _, name = blocks.rpartition(".")
    names = [child for child, _ in find(module, above).named_children()]
    norms = [child for child in names if "norm" in type(getattr(find(module, above), child)).__name__.lower()]
    # Of several the last: another may stand there that normalises embeddings (MBart).
    after = [child for child in norms if names.index(child) > names.index(name)]
    return f"{above}.{[*norms[:1], *after][-1]}" if norms else None
