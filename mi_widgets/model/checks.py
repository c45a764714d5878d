"""The checks behind `model.trust`: each looks for one silent fault of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.sites import Site
from mi_widgets.core.texts import Row

from .backend import Edit, Key
from .end_checks import FINAL_NORM, STREAM, continuing, final_norm, looking_ahead, resuming
from .evaluation import evaluating, parts_in_training
from .examination import Examination, distance, look
from .expert_checks import router
from .hook_checks import hook_check
from .length_checks import LONG_PROMPTS, length_checks
from .model_core import ModelCore
from .module_checks import evaluation_mode, module_checks, weights_that_are_no_numbers, what_nobody_told
from .tokenizer_checks import tokenizer_checks
from .trust import Check, Findings, in_layers, not_tried
from .writing_checks import writing_checks


def examine(model: ModelCore) -> Findings:
    """Check a module that has just been wrapped: what holds of it, and which of its sites cannot be read.

    Raises:
        UnsupportedModel: it does not run, or gives no logits.
    """
    training = parts_in_training(model.module)
    with evaluating(model.module):
        seen = look(model)
        checks = [_numbers(seen, model), *_sites(seen)]
        mispads: tuple[str, ...] = ()
        apart: dict[str, str] = {}
        early: dict[Key, str] = {}
        if seen.first_bad is None:  # of NaN nothing can be said
            lengths, mispads = length_checks(seen, model)
            writing, apart = writing_checks(seen, model)
            hooks, early = hook_check(seen, model)
            checks += [
                _logits(seen),
                hooks,
                _residual(seen, model),
                _attention_sums_to_1(seen, model),
                _mixing(seen, model),
                _edits(seen, model),
                *([] if (experts := router(seen, model)) is None else [experts]),
                *writing,
                *lengths,
                final_norm(seen, model),
            ]
    ends: list[Check] = []
    if seen.first_bad is None and not model.architecture.vouched:
        ends = [continuing(seen, model), resuming(seen, model)]
    checks += ends
    ahead = looking_ahead(seen, model) if seen.first_bad is None else None
    checks += [
        *what_nobody_told(model),
        *([] if ahead is None else [ahead]),
        *module_checks(model, seen.attention),
        *tokenizer_checks(model),
        evaluation_mode(seen, model, training),
    ]
    refused = {} if model.architecture.vouched else _refused(checks, model, seen)
    continues, resumes = [check.status == "ok" for check in ends] or [True, True]
    looks_ahead = model.architecture.looks_ahead or (
        ahead is not None and ahead.tried and ahead.status != "ok"
    )
    return Findings(
        tuple(checks),
        {**seen.observed.faults, **early, **refused},
        seen.observed.block_output,
        continues=continues,
        resumes=resumes,
        looks_ahead=looks_ahead,
        mispads=mispads,
        apart=apart,
    )


def _refused(checks: Iterable[Check], model: ModelCore, seen: Examination) -> dict[Key, str]:
    """The sites of a model without a table that failed a check; without logits and sums there is no such model.

    Raises:
        UnsupportedModel: logits or sums failed.
    """
    failed = [check for check in checks if check.status == "warning"]
    for check in failed:
        if check.name in (_LOGITS, _SUMS, LONG_PROMPTS):
            raise UnsupportedModel(
                f"{model.name} has no table of sites, and what was found by its structure does not hold "
                f"({check.name}): {check.seen}. A table is a few lines in mi_widgets/model/architectures/families.py."
            )
    return {
        key: f"{check.name}: {check.seen}"
        for check in failed
        # The stream is right where the lens is not; and of sites that are not there the layers are known already.
        if check.name != FINAL_NORM and not check.name.startswith("at.")
        for key in seen.observed.activations
        if key[0] in check.sites
    }


_LOGITS, _SUMS = "logits as the plain module's", "the residual stream adds up"


def _numbers(seen: Examination, model: ModelCore) -> Check:
    name, weights = "numbers", weights_that_are_no_numbers(model.module)
    if not weights and seen.first_bad is None:
        return Check(name, "ok", "no weight and no activation is NaN or infinite")
    listed = ", ".join(weights[:3]) + (f" and {len(weights) - 3} more" if len(weights) > 3 else "")
    said = [f"NaN or infinity in {listed}"] if weights else []
    if seen.first_bad is not None:
        said.append(f"NaN or infinity first at {Site(*seen.first_bad)!r}: nothing else could be checked")
    return Check(name, "warning", "; ".join(said))


def _sites(seen: Examination) -> Iterator[Check]:
    """One check a kind of fault; or one that every site is there."""
    layers_of: dict[tuple[str, str], list[int]] = {}
    for (name, layer), why in seen.observed.faults.items():
        layers_of.setdefault((name, why), []).extend([] if layer is None else [layer])
    names_of: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for (name, why), layers in layers_of.items():
        names_of.setdefault((why, tuple(layers)), []).append(name)
    for (why, layers), names in names_of.items():
        where = f"{in_layers(layers)}: " if layers else ""
        hint = ""
        if "pattern" in names and "never called" in why:
            hint = "; this attention does not go through transformers' interface (fused attention has no pattern)"
        yield Check(", ".join(f"at.{name}" for name in names), "warning", f"{where}{why}{hint}", tuple(names))
    if not names_of:
        kinds, n_layers = len({name for name, _ in seen.kept}), len(seen.layers("resid_post"))
        yield Check("every site is there", "ok", f"{kinds} kinds of site in {n_layers} layers")


def _logits(seen: Examination) -> Check:
    read = seen.kept["logits", None].float()
    apart, most = distance(read, seen.stock).max(), seen.stock.abs().max()
    said = f"with every site read, logits of up to {most:.3g} differ by {apart:.1e} at most"
    if seen.agree(read, seen.stock):
        return Check(_LOGITS, "ok", said)
    return Check(
        _LOGITS,
        "warning",
        f"{said}: what is read here is not what the model computes by itself",
    )


def _residual(seen: Examination, model: ModelCore) -> Check:
    """What each part adds, and that each layer hands on what it gives."""
    parts = ("mlp_out",) if "mlp_out" in model.architecture.places else ()
    sums: list[tuple[str, tuple[str, ...]]] = [("resid_post", ("resid_pre", "attn_out", *parts))]
    if "resid_mid" in model.architecture.places:
        sums = [("resid_mid", ("resid_pre", "attn_out")), ("resid_post", ("resid_mid", *parts))]
    claims = [
        ((total, layer), [(part, layer) for part in added])
        for total, added in sums
        for layer in seen.layers(total, *added)
    ]
    known = seen.observed.activations
    claims += [
        (("resid_pre", layer + 1), [("resid_post", layer)])
        for layer in seen.layers("resid_post")
        if ("resid_pre", layer + 1) in known
    ]
    if not claims:
        return not_tried(_SUMS, "the sites of the residual stream were not found")
    broken, largest = [], 0.0
    for total, added in claims:
        terms = [seen[key] for key in added]
        apart = (seen[total] - torch.stack(terms).sum(0)).abs()
        largest = max(largest, apart.max().item())
        # A sum is rounded by the size of its terms, not of what is left of them.
        if not (apart <= 4 * seen.eps * sum((x.abs() for x in terms), seen[total].abs()) + 1e-30).all():
            broken.append((total, added))
    name = _SUMS
    if not broken:
        return Check(name, "ok", f"{len(claims)} sums hold within {largest:.1e}")
    said = [f"{_key_text(total)} is not {' + '.join(map(_key_text, added))}" for total, added in broken]
    more = f"; and {len(said) - 3} more" if len(said) > 3 else ""
    sites = {site for total, added in broken for site, _ in (total, *added)}
    shown = f"{'; '.join(said[:3])}{more} (off by up to {largest:.1e})"
    return Check(name, "warning", shown, tuple(site for site in STREAM if site in sites))


def _key_text(key: Key) -> str:
    return f"{key[0]}[{key[1]}]"


def _attention_sums_to_1(seen: Examination, model: ModelCore) -> Check:
    name, layers = "attention rows sum to 1", seen.layers("pattern")
    if not layers:
        return not_tried(name, "there is no pattern to look at")
    sums = {layer: seen["pattern", layer].sum(-1) for layer in layers}
    off = {layer: (total - 1).abs().max().item() for layer, total in sums.items()}
    broken = [layer for layer, by in off.items() if not by < max(1e-4, 4 * seen.eps)]
    said = f"within {max(off.values()):.1e}"
    if broken and model.architecture.sinks:
        least = min(total.min().item() for total in sums.values())
        said = f"rows sum to {least:.2f} to 1: the rest of a head's attention goes to its sink, which is no token"
        return Check(name, "note", said, ("pattern",))
    if broken:
        return Check(name, "warning", f"not {in_layers(broken)}: {said}", ("pattern",))
    return Check(name, "ok", said)


def _mixing(seen: Examination, model: ModelCore) -> Check:
    """The pattern that is read is the one that mixes the values."""
    name, broken, largest = "the pattern mixes the values", [], 0.0
    layers = seen.layers("pattern", "v", "z")
    if not layers:
        return not_tried(name, "there is no pattern to look at")
    for layer in layers:
        v = seen["v", layer].repeat_interleave(model.config.n_heads // model.config.n_key_value_heads, 2)
        mixed, most = (torch.einsum("bhqk,bkhd->bqhd", seen["pattern", layer], x) for x in (v, v.abs()))
        apart = (mixed - seen["z", layer]).abs()
        largest = max(largest, apart.max().item())
        if not (apart <= 8 * seen.eps * most + 1e-30).all():
            broken.append(layer)
    if broken:
        said = f"z is not the pattern times v {in_layers(broken)}: off by up to {largest:.1e}"
        return Check(name, "warning", said, ("pattern", "v", "z"))
    return Check(name, "ok", f"z is the pattern times v, within {largest:.1e}")


def _edits(seen: Examination, model: ModelCore) -> Check:
    """Attention on the first token alone, and on the second alone, must not give the same logits."""
    name = "editing attention changes the logits"
    ids = seen.tokenized.ids[:1, :3]
    # A layer whose attention writes nothing cannot move them.
    layers = [
        layer for layer in seen.layers("pattern", "attn_out") if seen["attn_out", layer].abs().max() > 0
    ]
    if not layers or ids.shape[1] < 2:
        return not_tried(name, "there is no pattern to edit")
    row = Row(ids[0].tolist())
    batch = model.tokenize([row] * len(layers))  # in each of them one layer is changed

    def on(row: int, key: int) -> Callable[[Tensor], Tensor]:
        # Not scaled: a norm after attention, as Gemma has, would take that back.
        def change(x: Tensor) -> Tensor:
            new = x.clone()
            new[row] = 0
            new[row, ..., key] = 1
            return new

        return change

    first, second = (
        model.forward(
            batch, edits=[Edit(("pattern", layer), on(row, key)) for row, layer in enumerate(layers)]
        )["logits", None].float()
        for key in (0, 1)
    )
    moved = distance(first, second).amax((1, 2))
    broken = [layer for layer, by in zip(layers, moved, strict=True) if not by > 0]
    if broken:
        said = f"another pattern {in_layers(broken)} changes nothing: what is read there is not what is used"
        return Check(name, "warning", said, ("pattern", "scores"))
    said = "all of a layer's attention on the second token, not the first, moves them by"
    return Check(name, "ok", f"{said} {moved.min():.2g} to {moved.max():.2g}")
