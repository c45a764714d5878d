"""A wheel and an sdist, installed as a user would on a machine without Node, show a trained model."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.packaging


def run(*command, cwd, env=None):
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and an sdist built from a copy of what git has, without what a developer's folder has."""
    source = tmp_path_factory.mktemp("source")
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, source, cwd=source)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def python(built, tmp_path_factory):
    """An environment with the wheel and everything it asks for, and nothing else."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    torch = re.search(r"^torch==.*$", (ROOT / "constraints.txt").read_text(), re.M).group()
    pip = [python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt"]
    run(*pip, torch, cwd=home)
    run(*pip, built[0], cwd=home)
    return python


def readme_example():
    """The README's first Python example."""
    return re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)


def shows_a_model(python, cwd):
    script = f"{readme_example()}\nprint(mi.__file__)\nprint(heads.view())\n"
    out = run(python, "-c", script, cwd=cwd)
    assert "site-packages" in out
    assert "AttentionView(induction-2l" in out


def test_the_wheel_has_all_it_needs_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
    assert "mi_widgets/widgets/_bundles/attention.js" in names
    assert "mi_widgets/zoo/weights/induction-2l/model.safetensors" in names
    assert not [n for n in names if n.endswith(".ts") or "node_modules" in n or n.startswith("tests/")]
    with tarfile.open(built[1]) as sdist:
        inside_sdist = sdist.getnames()
    assert [n for n in inside_sdist if n.endswith("_bundles/attention.js")]
    assert [n for n in inside_sdist if n.endswith("widget.ts")]
    assert not [n for n in inside_sdist if "node_modules" in n]


def test_an_installed_wheel_shows_a_trained_model(python, tmp_path):
    shows_a_model(python, tmp_path)


def test_an_sdist_installs_without_node_and_without_the_npm_registry(built, python, tmp_path):
    bare = {name: value for name, value in os.environ.items() if not name.lower().startswith("npm_")}
    bare |= {"PATH": f"{python.parent}:/usr/bin:/bin", "npm_config_registry": "http://127.0.0.1:9"}
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall"]
    run(*pip, built[1], cwd=tmp_path, env=bare)
    shows_a_model(python, tmp_path)
