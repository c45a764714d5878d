"""TransformerLens and pyvene: the model layer's benchmark in the peers' environment."""

from __future__ import annotations

from typing import Any

import pyvene
import torch
from torch import Tensor
from transformer_lens.model_bridge.sources import build_bridge_from_module

from benchmarks.model_tools import METRIC, SITES, Kept, Shape, new_model, prompts


class TransformerLens:
    """Its bridge over the module (`HookedTransformer` is no more since 4.0), with the module's weights."""

    name = "TransformerLens"

    def __init__(self, shape: Shape) -> None:
        module = new_model(shape)
        self.model = build_bridge_from_module(module, "GPT2LMHeadModel", hf_config=module.config)
        self.ids, clean = prompts(shape)
        hooks = {name: f"attn.hook_{name}" if name == "pattern" else f"hook_{name}" for name in SITES}
        self.names = {
            site: [f"blocks.{layer}.{hook}" for layer in range(shape.n_layers)]
            for site, hook in hooks.items()
        }
        self.wanted = {name for names in self.names.values() for name in names}
        self.clean = self.kept(self._seen(clean))[1]["resid_pre"]

    def keep(self) -> Any:  # noqa: D102
        return self._seen(self.ids)

    def _seen(self, ids: Tensor) -> Any:
        with torch.no_grad():
            return self.model.run_with_cache(ids, names_filter=self.wanted.__contains__)

    def kept(self, run: Any) -> tuple[Tensor, Kept]:  # noqa: D102
        logits, cache = run
        return logits, {site: [cache[name] for name in names] for site, names in self.names.items()}

    def cell(self, layer: int, position: int) -> Tensor:  # noqa: D102
        def patch(resid: Tensor, hook: Any) -> Tensor:
            resid[:, position] = self.clean[layer][:, position]
            return resid

        hooks = [(self.names["resid_pre"][layer], patch)]
        with torch.no_grad():
            return self.model.run_with_hooks(self.ids, fwd_hooks=hooks)[:, -1, METRIC]


class Pyvene:
    """Its intervenable model; one for each layer that is patched, made before the time is taken.

    It collects what modules take in and give out, of a tuple the first thing; eager attention computes the pattern in
    no module, and pyvene removes the hooks with which transformers would return it (`output_attentions`).
    """

    name = "pyvene"
    lacks = "pattern"

    def __init__(self, shape: Shape) -> None:
        self.module = new_model(shape)
        self.ids, clean = prompts(shape)

        def collect(component: str, layer: int) -> dict[str, Any]:
            what = pyvene.CollectIntervention(embed_dim=shape.d_model, keep_last_dim=True)
            return {"layer": layer, "component": component, "intervention": what}

        self.reading = self._intervenable(
            [
                collect(component, layer)
                for layer in range(shape.n_layers)
                for component in ("block_input", f"transformer.h[{layer}].ln_2.input", "block_output")
            ]
        )
        self.patching = [
            self._intervenable(
                [
                    {
                        "layer": layer,
                        "component": "block_input",
                        "intervention_type": pyvene.VanillaIntervention,
                    }
                ]
            )
            for layer in range(shape.n_layers)
        ]
        self.clean = self.kept(self._seen(clean))[1]["resid_pre"]

    def _intervenable(self, representations: list[dict[str, Any]]) -> Any:
        return pyvene.IntervenableModel(pyvene.IntervenableConfig(representations), model=self.module)

    def keep(self) -> Any:  # noqa: D102
        return self._seen(self.ids)

    def _seen(self, ids: Tensor) -> Any:
        with torch.no_grad():
            return self.reading({"input_ids": ids, "use_cache": False})

    def kept(self, run: Any) -> tuple[Tensor, Kept]:  # noqa: D102
        (_, collected), output = run
        pre, mid, post = (collected[i::3] for i in range(3))
        return output.logits, {"resid_pre": pre, "resid_mid": mid, "resid_post": post}

    def cell(self, layer: int, position: int) -> Tensor:  # noqa: D102
        with torch.no_grad():
            _, output = self.patching[layer](
                {"input_ids": self.ids, "use_cache": False},
                unit_locations={"base": position},
                source_representations=self.clean[layer][:, position : position + 1],
            )
        return output.logits[:, -1, METRIC]


def tools(shape: Shape) -> list[Any]:
    """What is measured here."""
    return [TransformerLens(shape), Pyvene(shape)]
