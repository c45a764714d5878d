"""Networks of TransformerLens, the real one: read here, and their logits compared.

One process for 2.x (HookedTransformer) and one for 4.x (TransformerBridge), each in an environment of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.process import ROOT, last_line_of

_WITHIN = 1e-5  # of the largest logit
_FEWEST = 18
_OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled", "PYTHONPATH": str(ROOT)}


def figures(missed: list[str]) -> dict[str, Any]:
    """What each version's networks are read as.

    Args:
        missed: grows by what is not as it must be.
    """
    found = {}
    for version, python in (("2", peers.lens_2()), ("4", peers.environment())):
        seen = read(python, version)
        found[version] = seen
        print(f"TransformerLens {seen['version']}: {json.dumps(seen)}", flush=True)
        if not seen["worst"] <= _WITHIN or len(seen["equal"]) < _FEWEST:
            missed.append(
                f"TransformerLens {version}.x: {len(seen['equal'])} networks within {seen['worst']:.1e}; at least "
                f"{_FEWEST} within {_WITHIN:.0e} are wanted."
            )
        missed += [f"TransformerLens {version}.x: {name}: {why}" for name, why in seen["wrong"].items()]
    return found


def read(python: Path, version: str) -> dict[str, Any]:
    """The networks of one version, in its environment."""
    return last_line_of("benchmarks.lens_worker", version, python=python, env=_OFFLINE)
