"""A `Transformer` of parameters from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from mi_widgets.core.errors import UnsupportedModel

from .lens_config import bos_told, dtype_told, read_config
from .lens_native import as_of_2, config_as_of_2, is_native
from .state_dicts import config_of, fitted, parameters_of
from .vouching import assumptions, vouched


def read_transformer(
    state: Mapping[str, Any], config: Any, check: Any, *, make: Callable[..., Any], shared: bool = False
) -> Any:
    """See `Transformer.from_state_dict`.

    Args:
        state: parameters by name.
        config: what is told; None for nothing.
        check: ids and logits, or None.
        make: makes a network, from its config.
        shared: whether its parameters are the tensors of `state` themselves, where they need not be changed.
    """
    if is_native(state):
        if config is None:
            raise UnsupportedModel(
                "from_state_dict: these are parameters of a network of TransformerLens 4.x, which do not say how wide "
                "a head is: give config=bridge.cfg."
            )
        config = config_as_of_2(config)
        state = as_of_2(state, config["d_head"])
    told, whole = ({}, False) if config is None else read_config(config)
    tensors = parameters_of(state, (None if config is None else dtype_told(config)) or torch.float32)
    shape, known = config_of(tensors, told)
    module = make(shape, seed=None)
    taken = fitted(tensors, module.state_dict(), shape)
    if not shared:
        taken = {name: x.clone() for name, x in taken.items()}
    module.load_state_dict(taken, assign=True)
    assumed = [] if whole else assumptions(shape, known)
    if check is not None:
        assumed = vouched(module.eval(), check, assumed)
    module.default_prepend_bos = bos_told(config)
    module.assumed = tuple(one.said for one in assumed)
    return module.eval().requires_grad_(False)
