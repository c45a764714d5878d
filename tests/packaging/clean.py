"""What a machine starts from that has never seen this package: git's files, an empty home, an empty environment."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a developer's shell may have set, and what would be found again through it.
_DEVELOPERS = ("CONDA", "IPYTHON", "JUPYTER", "NPM_", "PYTHON", "VIRTUAL_ENV")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a command printed; its failure says what it printed last."""
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=850
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def copy_source(folder: Path) -> Path:
    """A copy of what git has or would have, without what a developer's folder has besides."""
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def empty_environment(folder: Path) -> Path:
    """The Python of a new environment that has pip and nothing else."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def variables(home: Path, *path: Path | str) -> dict[str, str]:
    """The variables of a user with an empty home and these folders on PATH.

    pip keeps this machine's settings and cache, which it would look for in the home.
    """
    home.mkdir(parents=True, exist_ok=True)
    settings = Path.home() / ".config" / "pip" / "pip.conf"
    cache = run(sys.executable, "-m", "pip", "cache", "dir", cwd=home).strip()
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_DEVELOPERS)}
    if settings.exists():
        kept["PIP_CONFIG_FILE"] = str(settings)
    return {
        **kept,
        "HOME": str(home),
        "PATH": os.pathsep.join(map(str, path)),
        "PIP_CACHE_DIR": cache,
        "PIP_RETRIES": "1",  # an index out of reach is asked for every package, and must not cost a minute each
    }
