"""A benchmark in a process of its own: threads, memory and what is imported are a process's."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def last_line_of(module: str, *arguments: str) -> Any:
    """What a module prints at last, which is JSON."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
