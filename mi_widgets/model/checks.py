"""The checks behind `model.trust`: each looks for one silent fault of the field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel

from .attention import as_stock
from .backend import Edit, Key, element, lock_of
from .probe import Probe, probe
from .tokenizer_checks import tokenizer_checks
from .tokens import Tokenized
from .trust import Check, Trust

if TYPE_CHECKING:
    from .model import Model

_TOKENS = 8


@dataclass(frozen=True)
class _Seen:
    """What the checks look at.

    Args:
        tokenized: the prompt of all of them.
        stock: the logits of the module as it came.
        attention: the name of its attention.
        probe: what its sites pass.
        kept: the same activations by a trace.
    """

    tokenized: Tokenized
    stock: Tensor
    attention: str
    probe: Probe
    kept: dict[Key, Tensor]

    def layers(self, *names: str) -> list[int]:
        """The layers in which all of some sites were seen."""
        found = [{layer for site, layer in self.probe.activations if site == name} for name in names]
        return sorted(layer for layer in set.intersection(*found) if layer is not None)

    def __getitem__(self, key: Key) -> Tensor:
        return self.probe.activations[key].float()


def _tolerance(x: Tensor, dtype: torch.dtype) -> float:
    """How far two ways to compute `x` may differ: 1e-4 for float32 of ordinary size, more for shorter numbers."""
    return max(1e-4, 50 * torch.finfo(dtype).eps * x.float().abs().max().item())


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[list[str]]:
    """Dropout off inside, everything as before afterwards. Yields what was in training mode."""
    modes = {part: part.training for part in module.modules()}
    dropping = [
        name
        for name, part in module.named_modules()
        if part.training and isinstance(part, nn.Dropout) and part.p
    ]
    on = (["the whole model"] if module.training else []) + dropping
    module.eval()
    try:
        yield on
    finally:
        for part, mode in modes.items():
            part.training = mode


def examine(model: Model) -> Trust:
    """Check a model that has just been wrapped, and tell it which of its sites cannot be read.

    Raises:
        UnsupportedModel: it does not run, or gives no logits.
    """
    with _evaluating(model.module) as training:
        seen = _look(model)
        checks = [
            _logits(seen),
            *_sites(seen),
            _residual(seen, model),
            _rows(seen),
            _mixing(seen, model),
            _edits(seen, model),
            _padding(seen, model),
            _final_norm(seen, model),
        ]
    checks += [*_facts(seen, model), *tokenizer_checks(model), _mode(training)]
    return Trust(model.name, model.code, tuple(checks))


def _look(model: Model) -> _Seen:
    size = min(_TOKENS, model.config.d_vocab, model.config.n_ctx)
    tokenized = model.tokenize(torch.arange(size)[None])
    module, architecture = model.module, model.architecture
    ids, mask = tokenized.ids.to(model.device), tokenized.mask.to(model.device)
    inputs = architecture.inputs(ids, mask, mask.cumsum(-1) - 1, None)
    with lock_of(module), torch.no_grad():
        try:
            with as_stock(module) as attention:
                stock = element(module(**inputs), "logits")
            seen = probe(module, architecture, model.config, inputs, (1, size))
        except Exception as error:  # of code that is not ours
            raise UnsupportedModel(
                f"{model.name} does not run on {size} tokens, before anything of it is changed: "
                f"{type(error).__name__}: {error}"
            ) from error
    if ("logits", None) in seen.faults:
        raise UnsupportedModel(f"{model.name} gives no logits: {seen.faults['logits', None]}.")
    model.unreadable.update(seen.faults)
    model.layer_gives = seen.block_output
    kept = model.forward(tokenized, keep=seen.activations, edits=())
    return _Seen(tokenized, stock, attention, seen, kept)


def _logits(seen: _Seen) -> Check:
    difference = (seen.kept["logits", None].float() - seen.stock.float()).abs().max().item()
    held = difference <= _tolerance(seen.stock, seen.stock.dtype)
    return Check(
        "logits as the plain module's",
        "ok" if held else "warning",
        f"with every site read they differ by {difference:.1e} at most"
        + ("" if held else ": what is read here is not what the model computes by itself"),
    )


def _sites(seen: _Seen) -> Iterator[Check]:
    """One check a kind of fault; or one that every site is there."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for (name, layer), why in seen.probe.faults.items():
        grouped.setdefault((name, why), []).append("" if layer is None else str(layer))
    for (name, why), layers in grouped.items():
        where = f" of layer {', '.join(layers)}" if any(layers) else ""
        hint = ""
        if name in ("q", "k", "v", "scores", "pattern", "z") and "never called" in why:
            hint = f". Its attention does not ask transformers' interface; {seen.attention} attention shows no pattern"
        yield Check(f"at.{name}", "warning", f"{why}{where and f' ({where.strip()})'}{hint}", (name,))
    if not grouped:
        layers = len(seen.layers("resid_post"))
        yield Check(
            "every site is there", "ok", f"{len({n for n, _ in seen.kept})} kinds of site in {layers} layers"
        )


def _worst(found: dict[str, tuple[Tensor, Tensor]], dtype: torch.dtype) -> tuple[list[str], float]:
    """The identities that do not hold, and the largest difference."""
    broken, largest = [], 0.0
    for name, (left, right) in found.items():
        difference = (left - right).abs().max().item()
        largest = max(largest, difference)
        if not difference <= _tolerance(right, dtype):
            broken.append(name)
    return broken, largest


def _residual(seen: _Seen, model: Model) -> Check:
    """What each part adds, and that each layer hands on what it gives."""
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for layer in seen.layers("resid_mid", "attn_out"):
        found[f"resid_pre[{layer}] + attn_out[{layer}] is resid_mid[{layer}]"] = (
            seen["resid_pre", layer] + seen["attn_out", layer],
            seen["resid_mid", layer],
        )
    before = "resid_mid" if "resid_mid" in model.architecture.places else "resid_pre"
    parts = ("mlp_out",) if before == "resid_mid" else ("attn_out", "mlp_out")
    for layer in seen.layers(before, *parts) if model.config.d_mlp else ():
        total = seen[before, layer] + sum(seen[part, layer] for part in parts)
        found[f"{' + '.join((before, *parts))} is resid_post in layer {layer}"] = (
            total,
            seen["resid_post", layer],
        )
    given, taken = seen.layers("resid_post"), set(seen.layers("resid_pre"))
    for layer in given:
        if layer + 1 in taken:
            found[f"resid_post[{layer}] is resid_pre[{layer + 1}]"] = (
                seen["resid_post", layer],
                seen["resid_pre", layer + 1],
            )
    broken, largest = _worst(found, seen.stock.dtype)
    said = f"{len(found)} sums hold within {largest:.1e}" if not broken else f"not so: {'; '.join(broken)}"
    sites = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")
    return Check("the residual stream adds up", "warning" if broken else "ok", said, sites if broken else ())


def _rows(seen: _Seen) -> Check:
    layers = seen.layers("pattern")
    if not layers:
        return Check("attention rows sum to 1", "note", "there is no pattern to look at")
    off = {layer: (seen["pattern", layer].sum(-1) - 1).abs().max().item() for layer in layers}
    broken = [str(layer) for layer, by in off.items() if not by < 1e-2]
    said = f"within {max(off.values()):.1e}" if not broken else f"not in layer {', '.join(broken)}"
    return Check(
        "attention rows sum to 1", "warning" if broken else "ok", said, ("pattern",) if broken else ()
    )


def _mixing(seen: _Seen, model: Model) -> Check:
    """The pattern that is read is the one that mixes the values."""
    found = {}
    for layer in seen.layers("pattern", "v", "z"):
        v = seen["v", layer].repeat_interleave(model.config.n_heads // model.config.n_key_value_heads, 2)
        found[str(layer)] = torch.einsum("bhqk,bkhd->bqhd", seen["pattern", layer], v), seen["z", layer]
    broken, largest = _worst(found, seen.stock.dtype)
    said = (
        f"z is the pattern times v, within {largest:.1e}"
        if not broken
        else f"not in layer {', '.join(broken)}"
    )
    sites = ("pattern", "v", "z") if broken else ()
    return Check("the pattern mixes the values", "warning" if broken else "ok", said, sites)


def _edits(seen: _Seen, model: Model) -> Check:
    """Attention on the first token alone, in one layer a row, must move the logits."""
    name = "editing attention changes the logits"
    # A layer whose attention writes nothing cannot move them.
    layers = [
        layer for layer in seen.layers("pattern", "attn_out") if seen["attn_out", layer].abs().max() > 0
    ]
    if not layers:
        return Check(name, "note", "there is no pattern to edit")

    # Not scaled: a norm after attention, as Gemma has, would take that back.
    def on_first(row: int) -> Any:
        def change(x: Tensor) -> Tensor:
            new = x.clone()
            new[row] = torch.zeros_like(new[row])
            new[row, ..., 0] = 1
            return new

        return change

    batch = model.tokenize(seen.tokenized.ids.expand(len(layers) + 1, -1))
    edits = [Edit(("pattern", layer), on_first(row)) for row, layer in enumerate(layers)]
    logits = model.forward(batch, edits=edits)["logits", None].float()
    moved = (logits[:-1] - logits[-1]).abs().amax((1, 2))
    least = 4 * torch.finfo(seen.stock.dtype).eps * logits.abs().max()
    broken = [str(layer) for layer, by in zip(layers, moved, strict=True) if not by > least]
    said = f"all of one layer's attention on the first token moves them by {moved.min():.2g} to {moved.max():.2g}"
    if broken:
        said = f"another pattern in layer {', '.join(broken)} changes nothing: what is read there is not used"
    return Check(name, "warning" if broken else "ok", said, ("pattern", "scores") if broken else ())


def _padding(seen: _Seen, model: Model) -> Check:
    ids = seen.tokenized.ids[0].tolist()
    rows = [ids, ids[: max(1, len(ids) // 2)]]
    broken, largest = [], 0.0
    alone = [model.forward(model.tokenize(row), edits=())["logits", None][0].float() for row in rows]
    for side in ("right", "left"):
        batch = model.tokenize(rows, padding_side=side)
        logits = model.forward(batch, edits=())["logits", None].float()
        difference = max((logits[i][batch.mask[i]] - one).abs().max().item() for i, one in enumerate(alone))
        largest = max(largest, difference)
        if not difference <= _tolerance(alone[0], seen.stock.dtype):
            broken.append(side)
    tokenizer_side = getattr(model.tokenizer, "padding_side", None)
    said = f"a padded prompt has the logits it has alone, within {largest:.1e}, on either side"
    if broken:
        said = f"padding on the {' and '.join(broken)} changes a prompt's logits: run prompts of one length"
    elif tokenizer_side:
        said += f" (its tokenizer pads on the {tokenizer_side}; runs pad on the right)"
    return Check("padding", "warning" if broken else "ok", said)


def _final_norm(seen: _Seen, model: Model) -> Check:
    name, norm = "final norm", model.architecture.final_norm
    if norm is None:
        return Check(name, "note", "none: the unembedding reads the residual stream as it is")
    kind = type(model.module.get_submodule(norm)).__name__
    taken, given, read = (None if x is None else x.float() for x in seen.probe.final)
    last = seen.layers("resid_post")[-1:]
    raw = seen["resid_post", last[0]] if last else None

    def same(a: Tensor | None, b: Tensor | None) -> bool:
        return (
            a is not None and b is not None and a.shape == b.shape and bool(torch.allclose(a, b, atol=1e-5))
        )

    if same(read, raw) or given is None or kind == "Identity":
        why = "the unembedding reads the last residual unnormalised: the logit lens and logit attribution would mislead"
        return Check(name, "warning", f"{norm} ({kind}) is not in the way; {why}", ("resid_post", "logits"))
    if not same(read, given) or not same(taken, raw):
        why = f"between resid_post and the logits stands more than {norm}: the logit lens would mislead"
        return Check(name, "warning", why, ("resid_post", "logits"))
    return Check(name, "ok", f"{kind} between the last residual and the unembedding")


def _facts(seen: _Seen, model: Model) -> Iterator[Check]:
    """What is no fault, but good to know."""
    kinds = {str(p.dtype).removeprefix("torch.") for p in model.module.parameters() if p.is_floating_point()}
    eps = max(torch.finfo(getattr(torch, kind)).eps for kind in kinds)
    coarse = eps > 1e-6
    digits = f"; numbers are good to {eps:.0e} of their size, so compare no closer" if coarse else ""
    yield Check("number type", "note" if coarse else "ok", f"{', '.join(sorted(kinds))}{digits}")
    yield Check(
        "attention", "ok", f"{seen.attention} as it came; here it runs in plain steps that can be read"
    )
    if model.architecture.softcap is not None:
        cap = model.architecture.softcap
        yield Check(
            "logit soft-cap",
            "note",
            f"logits are {cap:g}·tanh(x/{cap:g}) of what the unembedding gives: directions do not add up in them",
            ("logits",),
        )
    head = model.module.get_submodule(model.architecture.unembed)
    weight = getattr(head, "weight", None)
    embed = getattr(model.module.get_submodule(model.architecture.places["embed"].path), "weight", None)
    if weight is not None and embed is not None and weight.data_ptr() == embed.data_ptr():
        yield Check("tied embeddings", "note", "W_U is W_E transposed: what reads a token writes it too")


def _mode(training: list[str]) -> Check:
    if not training:
        return Check("evaluation mode", "ok", "dropout is off")
    which = ", ".join(training[:3]) + (", …" if len(training) > 3 else "")
    return Check(
        "evaluation mode", "warning", f"training mode is on in {which}: runs differ; call module.eval()"
    )
