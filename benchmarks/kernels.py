"""Kernels beside JupyterLab's own: of another environment, or of another tree."""

import json
from pathlib import Path


def register(data: Path, name: str, python: str | Path, **environment: str) -> None:
    """Make a Python a kernel of this name.

    Args:
        data: a folder that is to be JupyterLab's JUPYTER_DATA_DIR.
        name: by which notebooks ask for it.
        python: the interpreter.
        environment: variables of the kernel's process.
    """
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": name, "language": "python", "env": environment}
    folder = data / "kernels" / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
