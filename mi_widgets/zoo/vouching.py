"""What of a network's shape nobody told, and whether logits that are known vouch for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel

from .state_dicts import NEVER, sayable_of
from .transformer_config import TransformerConfig

_APART = (
    1e-4  # of the largest logit: more than float32 loses on the way, less than any other shape would change
)
_ROUNDED = (
    4  # times what the dtype of known logits tells apart: those of a network that ran in it are that near
)


@dataclass(frozen=True)
class Assumption:
    """One thing that nobody told.

    Args:
        said: it, in words.
        otherwise: the fields of the config that could as well be so.
    """

    said: str
    otherwise: tuple[dict[str, Any], ...]


def assumptions(config: TransformerConfig, told: Collection[str]) -> list[Assumption]:
    """What a state dict does not say, of a config that was built without being told it.

    Args:
        config: as it was built.
        told: the fields that somebody told, or that the parameters show.
    """
    return [one for name, one in unsaid(config).items() if one is not None and name not in told]


def unsaid(config: TransformerConfig) -> dict[str, Assumption | None]:
    """What could be otherwise, by its field, where parameters need not show it; None where nothing depends on it."""
    rotary = config.positional_embedding_type == "rotary"

    def where(applies: Any, said: str, *otherwise: dict[str, Any]) -> Assumption | None:
        return Assumption(said, otherwise) if applies else None

    return {
        "attention_dir": where(True, "causal", {"attention_dir": "bidirectional"}),
        "positional_embedding_type": where(
            True, "standard positions", {"positional_embedding_type": "shortformer"}, _ALIBI
        ),
        "rotary_dim": where(rotary, "all of a head turned", {"rotary_dim": 2}),
        "rotary_base": where(rotary, f"rotary base {config.rotary_base:g}"),
        "rotary_base_local": where(rotary and config.window_size, "one rotary base"),
        "rotary_adjacent_pairs": where(
            rotary, "pairs half of rotary_dim apart", {"rotary_adjacent_pairs": True}
        ),
        "rotary_by_parts": where(rotary, "no wavelength slowed"),
        "attn_scale": where(True, "scores over the root of d_head", {"attn_scale": 1.0}),
        "scale_attn_by_inverse_layer_idx": where(
            config.n_layers > 1, "scores alike in all layers", {"scale_attn_by_inverse_layer_idx": True}
        ),
        "normalization": _norms(config),
        "final_rms": where(
            config.normalization in ("LN", "LNPre") and not config.final_rms,
            f"{config.normalization} at the end too",
            {"final_rms": True},
        ),
        "eps": where(config.normalization, f"eps {config.eps:g}"),
        "act_fn": where(config.d_mlp, config.act_fn, *_other_activations(config)),
        "parallel_attn_mlp": where(config.d_mlp, "attention before the MLP", {"parallel_attn_mlp": True}),
        "attn_types": where(True, "no window"),
        "attn_scores_soft_cap": where(True, "no soft-cap of scores"),
        "output_logits_soft_cap": where(True, "no soft-cap of logits"),
    }


def _norms(config: TransformerConfig) -> Assumption | None:
    if config.normalization is None:
        return Assumption("no norms", ({"normalization": "LNPre"}, {"normalization": "RMSPre"}))
    if config.normalization == "RMS" and not config.use_normalization_before_and_after:
        return Assumption("RMSNorm, since no norm has a bias", ({"normalization": "LN"},))
    return None


_ALIBI = {"positional_embedding_type": "alibi"}


def _other_activations(config: TransformerConfig) -> tuple[dict[str, Any], ...]:
    return tuple({"act_fn": other} for other in ("relu", "gelu", "silu") if other != config.act_fn)


@dataclass(frozen=True)
class Known:
    """Logits that a network must have.

    Args:
        ids: (batch, pos).
        logits: (batch, [pos,] d_vocab).
        rounded: what the dtype that they came in may have lost of them, as a share.
    """

    ids: Tensor
    logits: Tensor
    rounded: float

    @property
    def most(self) -> float:
        """The largest that is a number."""
        return float(torch.where(self.logits.isfinite(), self.logits.abs(), 0.0).max())


def vouched(module: Any, check: Any, assumed: Sequence[Assumption]) -> list[Assumption]:
    """What is left of assumptions once a network was compared with logits that are known.

    Whatever else could be so, and would give these logits as well, is not vouched for: what a token sees of those after
    it, say, by the logits of the last one. (A window longer than the rows of `check` shows nowhere.)

    Args:
        module: a `Transformer`.
        check: (ids, logits): token ids (batch, pos) and the logits (batch, pos, d_vocab) that they must have, or
            (batch, d_vocab) for the last token of each row.
        assumed: what nobody told.

    Raises:
        UnsupportedModel: the logits differ, or are of another shape.
    """
    known = _taken(module, check)
    by, apart = distance(module, known)
    if not by <= 1:
        why = (
            f"Assumed: {', '.join(one.said for one in assumed)}. Give config=."
            if assumed
            else "Its config is another, or its weights are."
        )
        raise UnsupportedModel(
            f"from_state_dict: the network does not give the logits of check=: of up to {known.most:.3g}, they differ "
            f"by up to {apart:.2g}{' (one is a finite number, the other is not)' if by == torch.inf else ''}. {why}"
        )
    return [one for one in assumed if any(_agrees(module, other, known) for other in one.otherwise)]


def _agrees(module: Any, other: dict[str, Any], known: Known) -> bool:
    """Whether the same parameters in another shape give the same logits."""
    shaped = type(module)(replace(module.config, **other), seed=None)
    own = shaped.to(module.unembed.W_U).state_dict()
    fitting = {n: x for n, x in module.state_dict().items() if n in own}
    shaped.load_state_dict(fitting, strict=False, assign=True)  # biases of a norm that has none stay zeros
    return distance(shaped, known)[0] <= 1


def distance(module: Any, known: Known) -> tuple[float, float]:
    """How far the logits of a network are from others: in units of what rounding may do, and as they are.

    Each token has a measure of its own, its largest logit or that of the median token, if that is more: beside one that
    is masked by a number or by infinity, all others would look alike. Infinities must be the same in both.
    """
    with torch.no_grad():
        logits = module(known.ids)
    logits = logits[:, -1] if known.logits.ndim == 2 else logits
    wanted = known.logits
    logits = logits[..., : wanted.shape[-1]].double().cpu()  # a network that says fewer tokens than it reads
    never = ~sayable_of(module.unembed)[: wanted.shape[-1]].cpu()
    silent = never & (wanted <= 0.9 * NEVER)  # by whichever number: neither says it
    apart = torch.where((logits == wanted) | silent, 0.0, (logits - wanted).abs()).nan_to_num(
        torch.inf, torch.inf
    )
    size = torch.where(wanted.isfinite() & ~never, wanted.abs(), 0.0).flatten(0, -2).amax(0)
    size = size.clamp(min=max(float(size[~never].median()), 1e-30))
    near = max(_APART, 12 * torch.finfo(next(module.parameters()).dtype).eps, known.rounded)
    return float((apart / (near * size)).max()), float(apart.max())


def _taken(module: Any, check: Any) -> Known:
    """The ids and the logits of `check`."""
    try:
        ids, logits = (torch.as_tensor(np.asarray(x) if isinstance(x, list) else x).detach() for x in check)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UnsupportedModel(
            f"from_state_dict: check= takes (ids, logits), two tensors; got {type(check).__name__}."
        ) from error
    if not ids.numel() or not logits.numel():
        raise UnsupportedModel(
            f"from_state_dict: check= has ids of shape {tuple(ids.shape)} and logits of {tuple(logits.shape)}: give at "
            "least one token and its logits."
        )
    if ids.ndim == 1:
        ids, logits = ids[None], logits[None]
    at_all, at_last = (*ids.shape, logits.shape[-1]), (ids.shape[0], logits.shape[-1])
    sayable = int(sayable_of(module.unembed).sum())
    if tuple(logits.shape) not in (at_all, at_last) or logits.shape[-1] not in (
        sayable,
        module.config.d_vocab,
    ):
        raise UnsupportedModel(
            f"from_state_dict: check= has ids of shape {tuple(ids.shape)} and logits of {tuple(logits.shape)}; for "
            f"these ids they would be ({ids.shape[0]}, {ids.shape[1]}, {sayable}), or ({ids.shape[0]}, {sayable}) for "
            "the last token."
        )
    if (
        ids.shape[1] > module.config.n_ctx
        or not 0 <= int(ids.min()) <= int(ids.max()) < module.config.d_vocab
    ):
        raise UnsupportedModel(
            f"from_state_dict: check= has rows of {ids.shape[1]} token ids from {int(ids.min())} to {int(ids.max())}; "
            f"the network takes {module.config.n_ctx} at most, from 0 to {module.config.d_vocab - 1}."
        )
    rounded = _ROUNDED * torch.finfo(logits.dtype).eps if logits.is_floating_point() else 0.0
    return Known(ids.long().to(module.unembed.b_U.device), logits.double().cpu(), rounded)
