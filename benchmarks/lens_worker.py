"""One version's part of `lens_networks`; the last line that it prints is what it found, as JSON.

python -m benchmarks.lens_worker 2    # in an environment with TransformerLens 2.x and what this library runs on
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import torch
import transformers

import mi_widgets as mi
from tests.zoo.lens_configs import BASE, CONFIGS, REFUSED

_WITHIN = 1e-5
# Its name, what gives the module to load, and the one that says the logits.
Network = tuple[str, Callable[[], Any], Any]


def main(major: str) -> None:
    """Read all networks of a version."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    equal, wrong, refused, worst = [], {}, {}, 0.0
    for name, given, module in hooked() if major == "2" else bridges():
        ids = torch.randint(11, (3, 9), generator=torch.Generator().manual_seed(2))
        with torch.no_grad():
            wanted = module(ids)
        try:
            model = mi.load(given())
        except mi.errors.UnsupportedModel as error:
            refused[name] = str(error)
            continue
        logits = model.run(ids).logits[..., : wanted.shape[-1]]
        if "processed" in name:  # all logits of a token moved alike: what a softmax does not see
            logits, wanted = logits.log_softmax(-1), wanted.log_softmax(-1)
        apart = float((logits - wanted).abs().max() / wanted.abs().max())
        worst = max(worst, apart)
        if apart <= _WITHIN and not model.trust.warnings:
            equal.append(name)
        else:
            wrong[name] = f"logits differ by {apart:.1e}; {model.trust.warnings}"
    wrong |= dict.fromkeys(_read_in_silence(), "it is not refused by its name")
    found = {"equal": equal, "worst": worst, "refused": refused, "wrong": wrong}
    print(json.dumps({"version": version("transformer-lens"), **found}))


def _with_weights_of_1(module: torch.nn.Module) -> None:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))


def _config(of: dict[str, Any]) -> dict[str, Any]:
    return {**of, "device": "cpu", "dtype": getattr(torch, of.get("dtype", "float32"))}


def hooked() -> Iterator[Network]:
    """A HookedTransformer of each config."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    for name, config in CONFIGS.items():
        net = HookedTransformer(HookedTransformerConfig.from_dict(_config(config)))
        _with_weights_of_1(net)
        yield name, lambda net=net: net, net
        state = net.state_dict()
        yield (
            f"{name}: state dict and config",
            lambda state=state, net=net: mi.Transformer.from_state_dict(state, config=net.cfg),
            net,
        )


def bridges() -> Iterator[Network]:
    """A TransformerBridge around a network of each config that 4.x makes itself, and around models of transformers."""
    from transformer_lens import TransformerBridgeConfig
    from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
    from transformer_lens.model_bridge.sources.native import boot

    for name, config in CONFIGS.items():
        try:
            bridge = boot(TransformerBridgeConfig(**_config(config)))
        except (ValueError, TypeError) as error:
            print(f"4.x does not make {name}: {error}")
            continue
        _with_weights_of_1(bridge.original_model)
        yield name, lambda bridge=bridge: bridge, bridge
        yield (
            f"{name}: state dict and config",
            lambda bridge=bridge: mi.Transformer.from_state_dict(bridge.state_dict(), config=bridge.cfg),
            bridge,
        )
    for module in _of_transformers():
        name = type(module).__name__
        bridge = build_bridge_from_module(module.eval(), name, hf_config=module.config)
        yield name, lambda bridge=bridge: bridge, bridge
        yield f"{name}, taken out of its bridge", lambda bridge=bridge: bridge.original_model, bridge
        bridge.enable_compatibility_mode(disable_warnings=True)
        yield f"{name}, processed", lambda bridge=bridge: bridge, bridge


def _of_transformers() -> Iterator[Any]:
    sizes = {
        "num_hidden_layers": 2,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_attention_heads": 4,
        "vocab_size": 11,
        "max_position_embeddings": 32,
    }
    shared = {"num_key_value_heads": 2, "head_dim": 4}
    yield transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_layer=2, n_embd=16, n_head=4, vocab_size=11, n_positions=32)
    )
    yield transformers.GPTNeoXForCausalLM(transformers.GPTNeoXConfig(**sizes))
    for kind in ("Llama", "Qwen2", "Gemma2"):
        config = getattr(transformers, f"{kind}Config")(**sizes, **shared)
        yield getattr(transformers, f"{kind}ForCausalLM")(config)


def _read_in_silence() -> list[str]:
    """The fields that are not done, and yet are read."""
    state = mi.Transformer(mi.TransformerConfig(2, 4, 16, 4, 11, 12, 24)).state_dict()
    found = []
    for name, value in REFUSED.items():
        try:
            mi.Transformer.from_state_dict(state, config=BASE | {name: value})
        except mi.errors.UnsupportedModel as error:
            found += [] if name in str(error) else [name]
        else:
            found.append(name)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
