"""A wheel and an sdist, installed as a user would on a machine without Node, show a trained model."""

import re
import sys
import tarfile
import zipfile

import pytest

from tests.packaging.clean import ROOT, run, variables

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """A wheel and an sdist."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, source, cwd=source)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def unpacked(archive, installed, folder):
    """The variables that put this archive's package before the one in the environment.

    pip installs the package alone, without Node and out of npm's reach, beside the environment, which has all that
    it asks for and which other tests use.
    """
    bare = variables(folder / "home", installed.python.parent)
    bare |= {"npm_config_registry": "http://127.0.0.1:9"}
    target = folder / "site-packages"
    pip = [installed.python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target]
    run(*pip, archive, cwd=folder, env=bare)
    return bare | {"PYTHONPATH": str(target)}


def readme_example():
    """The README's first Python example."""
    return re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)


def shows_a_model(archive, installed, folder):
    script = f"{readme_example()}\nprint(mi.__file__)\nprint(heads.view())\n"
    out = run(installed.python, "-c", script, cwd=folder, env=unpacked(archive, installed, folder))
    assert f"{folder / 'site-packages'}" in out
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


def test_an_installed_wheel_shows_a_trained_model(built, installed, tmp_path):
    shows_a_model(built[0], installed, tmp_path)


def test_an_sdist_installs_without_node_and_without_the_npm_registry(built, installed, tmp_path):
    shows_a_model(built[1], installed, tmp_path)
