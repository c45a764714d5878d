"""The peers' own environment; `KERNEL` is the kernel that runs in it."""

import hashlib
import subprocess
import venv
from pathlib import Path

KERNEL = "peers"
_HERE = Path(__file__).parent
_FOLDER = _HERE / ".peers"
_PINS = (_HERE / "peers.txt", _HERE.parent / "constraints.txt")


def environment() -> Path:
    """The Python of the peers' environment, which is made anew when what is pinned has changed."""
    python = _FOLDER / "bin" / "python"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in _PINS)).hexdigest()
    stamp = _FOLDER / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peers into benchmarks/.peers", flush=True)
        venv.create(_FOLDER, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", _PINS[0]], check=True)
        stamp.write_text(wanted)
    return python


def versions(python: Path, *packages: str) -> dict[str, str]:
    """The versions installed there."""
    code = "import sys, importlib.metadata as m; print(*(m.version(name) for name in sys.argv[1:]))"
    done = subprocess.run([python, "-c", code, *packages], check=True, capture_output=True, text=True)
    return dict(zip(packages, done.stdout.split(), strict=True))
