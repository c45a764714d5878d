"""Networks of TransformerLens, the real one: read here, and their logits compared.

One process for 2.x (HookedTransformer) and one for 4.x (TransformerBridge), each in an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import peers

_ROOT = Path(__file__).parents[1]
_WITHIN = 1e-5  # of the largest logit
_FEWEST = 18
_OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled", "PYTHONPATH": str(_ROOT)}


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
    done = subprocess.run(
        [python, "-m", "benchmarks.lens_worker", version],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env=os.environ | _OFFLINE,
    )
    return json.loads(done.stdout.splitlines()[-1])
