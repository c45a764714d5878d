"""From a family's table to its Architecture: what the causal language models of transformers have in common."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import transformers  # as a whole: its modelling code is loaded at first use
from torch import Tensor, nn

from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.model.attention import TAPS, add_taps
from mi_widgets.model.experts import TAP

from .base import PARALLEL, Architecture, Inputs, ModelConfig, Place
from .queries import altered_queries
from .table import FLAT, Table, added, describe, find
from .table_weights import heads_write, is_norm, neurons_write, weights_of


def _fresh(module: Any, seed: int) -> nn.Module:
    config = copy.deepcopy(module.config)
    config._attn_implementation = "eager"  # the original's needs taps, which the new module gets at load
    with torch.random.fork_rng():
        torch.manual_seed(seeded(seed).initial_seed())
        return type(module)(config)


def _inputs(ids: Tensor, mask: Tensor, positions: Tensor, cache: Any, *, takes_positions: bool) -> Inputs:
    given: Inputs = {"input_ids": ids, "attention_mask": mask.long(), "use_cache": cache is not None}
    if takes_positions:
        given["position_ids"] = positions
    if cache is not None:
        given["past_key_values"] = cache
    return given


def _places(table: Table, c: ModelConfig) -> dict[str, Place]:
    block = f"{table.blocks}.{{layer}}"
    flat = FLAT if table.flat else None
    taps = {tap.removeprefix("tap_"): Place(f"{block}.{table.attention}.{tap}") for tap in TAPS}
    for name in ("k", "v"):
        taps[name] = Place(taps[name].path, cached=True)
    places = {
        "embed": Place(table.embed),
        "resid_pre": Place(block, "input"),
        # No module returns the sum after attention: it is read where the next norm takes it in, and changed through
        # what attention adds.
        "resid_mid": Place(
            f"{block}.{table.mid_norm}",
            "input",
            item=0,
            relative_to=block,
            write_path=f"{block}.{table.attn_out}",
            layout=flat,
            added_times=table.added_times,
        ),
        "resid_post": Place(block, item=0),
        "attn_out": Place(f"{block}.{table.attn_out}", item=0, layout=added(table.added_times, flat=False)),
        # What holds the neurons takes it in, gates and all; where nothing does, the one matrix that makes them.
        "mlp_in": Place(f"{block}.{table.mlp_pre.rpartition('.')[0] or table.mlp_pre}", "input", layout=flat),
        "mlp_pre": Place(f"{block}.{table.mlp_pre}", layout=flat),
        "mlp_post": Place(f"{block}.{table.mlp_down}", "input", layout=flat),
        "mlp_out": Place(f"{block}.{table.mlp_out}", item=0, layout=added(table.added_times, table.flat)),
        **(taps if table.taps else {}),
        **({"router": _router(table, c, block)} if table.expert_layers else {}),
        "logits": Place("", item="logits"),
        **{name: place(c, block) for name, place in table.places.items()},
    }
    for name in table.in_place:
        places[name] = replace(places[name], goes_on_as_copy=True)
    lacking = table.forbidden if not table.parallel else {"resid_mid", *table.forbidden}
    return {name: place for name, place in places.items() if name not in lacking}


def _router(table: Table, c: ModelConfig, block: str) -> Place:
    everywhere = len(table.expert_layers) == c.n_layers
    layers = None if everywhere else table.expert_layers
    return Place(f"{block}.{table.experts}.{TAP}", layout=FLAT, layers=layers)


def _add_taps(table: Table, module: Any) -> Callable[[], None]:
    blocks = find(module, table.blocks)
    attentions = [find(block, table.attention) for block in blocks] if table.taps else []
    experts = [find(blocks[layer], table.experts) for layer in table.expert_layers]
    return add_taps(module, attentions, experts, stepwise=table.stepwise)


def build(table: Table, module: Any) -> Architecture:
    """The Architecture of a module that a table fits.

    Raises:
        UnsupportedModel: it is of a variant that the table would misread.
    """
    if (
        table.unsupported is not None
        and getattr(module.config, table.unsupported[0], None) == table.unsupported[1]
    ):
        raise UnsupportedModel(
            f"This {table.family} has {table.unsupported[0]}={table.unsupported[1]!r}: its residual stream is "
            "normalised on the way, and the sites would not be what their names say. Bring another one of the family."
        )
    sizes = partial(describe, table)
    return Architecture(
        family=table.family,
        describe=sizes,
        places=_places(table, sizes(module)),
        forbidden={"resid_mid": PARALLEL, **table.forbidden} if table.parallel else table.forbidden,
        block=f"{table.blocks}.{{layer}}",
        final_norm=table.final_norm,
        unembed=table.unembed,
        logit_scale=table.logit_scale,
        sinks=table.sinks,
        vouched=table.vouched,
        softcap=getattr(module.config.get_text_config(), "final_logit_softcapping", None),
        inputs=partial(_inputs, takes_positions=table.takes_positions),
        # Without the config it crops no layer to its window, so that a key keeps its place; the mask does the rest.
        new_cache=lambda: transformers.DynamicCache(),
        weights=partial(weights_of, table),
        heads_write=partial(heads_write, table),
        neurons_write=partial(neurons_write, table),
        normed_writes=is_norm(find(module, f"{table.blocks}.0.{table.attn_out}")),
        added_times=table.added_times,
        altered=altered_queries(module),
        fresh=_fresh,
        add_taps=partial(_add_taps, table),
    )
