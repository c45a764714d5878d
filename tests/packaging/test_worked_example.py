"""CONTRIBUTING's worked example, a new analysis and a new view, works as written in a copy of the package."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.widgets.build_hook import any_node
from tests.conftest import small_transformer

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]


def test_the_worked_example_of_contributing_is_right():
    names = {}
    exec(worked_example()["mi_widgets/analysis/attention_entropy.py"], names)
    model = mi.load(small_transformer())
    entropy = names["attention_entropy"](model.run([[1, 2, 3, 4]], keep=[at.pattern]))
    p = model.run([[1, 2, 3, 4]], keep=[at.pattern])[at.pattern]
    expected = -(p * p.clamp(min=1e-30).log()).sum(-1).mean((1, 3))
    assert np.allclose(entropy.values, expected.numpy(), atol=1e-5)
    assert (names["attention_entropy"](model.run([7], keep=[at.pattern])).values == 0).all()
    entropy.plot()


def worked_example():
    """The files that CONTRIBUTING writes: path -> what is in it."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return dict(re.findall(r"`(mi_widgets/[\w/.]+)`:\n\n```\w+\n(.*?)```", text, re.S))


_ENTRY = '    "attention_entropy": "mi_widgets.widgets.entropy.widget:EntropyView",'
_AGAIN = """
import mi_widgets as mi
from mi_widgets import sites as at

run = mi.load("induction-2l").run([[1, 9, 8, 7, 9, 8, 7]], keep=[at.pattern])
result = mi.attention_entropy(run)
print(mi.views.HeatmapView(result))
print(result.view(), result.view().selection)
view = mi.views.EntropyView(result, selection={"layer": 1, "head": 3})
assert view.png() != result.view().png()
names = {}
exec(view.code(), names)
print(names["view"], names["view"].selection == view.selection)
print("is not built" not in mi.views.EntropyView._esm, "{?widest}" in mi.views.EntropyView._esm)
"""


def test_the_worked_analysis_and_view_work_in_a_copy_of_the_package(tmp_path):
    example = worked_example()
    analysis, *view = example
    assert analysis == "mi_widgets/analysis/attention_entropy.py"
    package = tmp_path / "mi_widgets"
    left_out = shutil.ignore_patterns("node_modules", "__pycache__", "*.safetensors")
    shutil.copytree(ROOT / "mi_widgets", package, ignore=left_out)
    (package / "widgets" / "node_modules").symlink_to(ROOT / "mi_widgets" / "widgets" / "node_modules")
    (tmp_path / "tests").symlink_to(ROOT / "tests")  # the front end's table of cases is there
    weights = "zoo/weights/induction-2l"
    shutil.rmtree(package / weights)
    (package / weights).symlink_to(ROOT / "mi_widgets" / weights)
    (package / "widgets" / "entropy").mkdir()
    (package / "widgets" / "entropy" / "__init__.py").touch()
    for path, text in example.items():
        (tmp_path / path).write_text(text)
    _insert(package / "core/pictures.py", "VIEWS = {", _ENTRY)
    listed = "from .analysis.attention{0} import attention{0} as attention{0}"
    _insert(package / "__init__.pyi", listed.format(""), listed.format("_entropy"))
    listed = "from .widgets.{0}.widget import {1}View as {1}View"
    _insert(
        package / "views.pyi", listed.format("attention", "Attention"), listed.format("entropy", "Entropy")
    )
    # The analysis: its file, the list of names, a view that exists. The view: its folder, the list, the table of views.
    assert len({analysis, "mi_widgets/__init__.pyi", "mi_widgets/core/pictures.py"}) == 3
    assert len({*view, "entropy/__init__.py", "mi_widgets/views.pyi", "mi_widgets/core/pictures.py"}) == 6
    assert sum(len(example[path].splitlines()) for path in view) <= 250
    _build_and_check(tmp_path, [path for path in example if path.endswith(".py")])
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", _AGAIN], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert not said.returncode, said.stderr
    heat, first, chosen, built = said.stdout.splitlines()
    assert heat.startswith("HeatmapView(induction-2l, Attention entropy: layer 2, head 4")
    assert re.match(
        r"EntropyView\(induction-2l; widest: L0\.H\d · \d\.\d+ nats\) \{'layer': 0, 'head': None\}", first
    )
    assert re.match(r"EntropyView\(induction-2l; L1\.H3 · \d\.\d+ nats\) True", chosen)
    assert built == "True True"


def _build_and_check(copy, written):
    """Bundles for the copy; what is written there is typed and laid out as `make check` asks of the whole tree."""
    widgets = copy / "mi_widgets" / "widgets"
    subprocess.run(
        [sys.executable, str(widgets / "build_hook.py"), "--force"], check=True, capture_output=True
    )
    # The other views know nothing of the new one: to check them here would say nothing new.
    alone = {"extends": "./tsconfig.json", "include": ["entropy/*.ts"]}
    (widgets / "tsconfig.entropy.json").write_text(json.dumps(alone))
    for tool, *options in (
        ["typescript/bin/tsc", "--noEmit", "-p", "tsconfig.entropy.json"],
        ["prettier/bin/prettier.cjs", "--check", "--log-level=warn", "entropy"],
    ):
        command = [any_node().node, f"node_modules/{tool}", *options]
        checked = subprocess.run(command, cwd=widgets, capture_output=True, text=True)
        assert not checked.returncode, checked.stdout + checked.stderr
    ruff = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml")]
    files = [str(copy / path) for path in written]
    subprocess.run([*ruff, *files, "--ignore", "D102,D107"], check=True)


def _insert(path, after, *lines):
    text = path.read_text()
    assert text.count(f"{after}\n") == 1
    path.write_text(text.replace(f"{after}\n", "\n".join([after, *lines, ""])))
