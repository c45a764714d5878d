"""The peers' own environments; `KERNEL` is the kernel that runs in it."""

import hashlib
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

KERNEL = "peers"
_HERE = Path(__file__).parent


def environment() -> Path:
    """The Python of the peers' environment, which is made anew when what is pinned has changed."""
    return _made(".peers", (_HERE / "peers.txt", _HERE.parent / "constraints.txt"))


def lens_2() -> Path:
    """The Python of an environment with TransformerLens 2.x, likewise."""
    return _made(".lens2", (_HERE / "lens2.txt",), "--no-deps")


def _made(name: str, pins: Sequence[Path], *options: str) -> Path:
    folder = _HERE / name
    python = folder / "bin" / "python"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {pins[0].name} into benchmarks/{name}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *options, "-r", pins[0]], check=True)
        stamp.write_text(wanted)
    return python


def versions(python: Path, *packages: str) -> dict[str, str]:
    """The versions installed there."""
    code = "import sys, importlib.metadata as m; print(*(m.version(name) for name in sys.argv[1:]))"
    done = subprocess.run([python, "-c", code, *packages], check=True, capture_output=True, text=True)
    return dict(zip(packages, done.stdout.split(), strict=True))
