"""A benchmark in a process of its own: threads, memory and what is imported are a process's."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def last_line_of(
    module: str, *arguments: str, python: str | Path = sys.executable, env: Mapping[str, str] | None = None
) -> Any:
    """What a module prints at last, which is JSON.

    Args:
        module: as `python -m` takes it, in the repository's root.
        arguments: of its command line.
        python: of which environment.
        env: what is set for it beside what is set here.
    """
    done = subprocess.run(
        [python, "-m", module, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **(env or {})},
    )
    return json.loads(done.stdout.splitlines()[-1])
