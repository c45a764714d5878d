"""Notebooks are the product: run in order, short cells, outputs stored, and within Binder's memory."""

import ast
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
import transformers
from nbclient import NotebookClient

import mi_widgets as mi
from mi_widgets.zoo.shipped import WEIGHTS
from tests.conftest import small_gpt2

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
PEAK_MB = 700  # Binder guarantees 1 GB
WIDEST = 96  # characters of code that are seen without scrolling sideways beside JupyterLab's file list
# One core, as on Binder; tests that run side by side take one each.
FIRST = """
import os
number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
if hasattr(os, "sched_setaffinity"):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, [cores[number % len(cores)]])
"""
# The system's own peak since the kernel's program began: getrusage's contains that of the process that started it.
LAST = """
import re, resource, pathlib
used, status = resource.getrusage(resource.RUSAGE_SELF), pathlib.Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+(\\d+)", status.read_text()).group(1) if status.exists() else used.ru_maxrss
(int(peak) // 1024, used.ru_utime + used.ru_stime)
"""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_cells_are_short_and_were_run_once_from_top_to_bottom(notebook):
    code = code_of(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        lines = cell.source.splitlines()
        assert len(lines) <= 12, cell.source
        assert max(map(len, lines)) <= WIDEST, cell.source
        assert not [output for output in cell.outputs if output.output_type == "error"]


def test_stored_outputs_are_small_pictures_and_text(notebook):
    assert len(json.dumps(notebook)) < 1_000_000
    allowed = {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    shown = [o for c in code_of(notebook) for o in c.outputs if "data" in o]
    assert any("image/png" in output.data for output in shown)
    for output in shown:
        assert set(output.data) <= allowed
        if "application/vnd.jupyter.widget-view+json" in output.data:
            assert "image/png" in output.data, "a widget that says nothing without a kernel"


def solutions_of(notebook):
    """The Python in the folded solutions of the exercises."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    folded = re.findall(r"<summary>Solution</summary>(.*?)</details>", text, re.S)
    return [block for part in folded for block in re.findall(r"```python\n(.*?)```", part, re.S)]


@pytest.mark.notebooks
def test_it_runs_on_one_core_within_binders_memory_and_its_solutions_run_too(notebook, capsys):
    first, last = map(nbformat.v4.new_code_cell, (FIRST, LAST))
    solutions = [nbformat.v4.new_code_cell(source) for source in solutions_of(notebook)]
    notebook.cells = [first, *notebook.cells, last, *solutions]
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    megabytes, seconds = ast.literal_eval(last.outputs[0].data["text/plain"])
    title = next(c for c in notebook.cells if c.cell_type == "markdown").source.splitlines()[0]
    with capsys.disabled():
        said = f"{title}: peak memory of the kernel {megabytes} MB, {seconds:.0f} CPU-seconds on one core"
        print(f"\n{said}", file=sys.stderr)  # what is printed in a process beside others is lost
    assert megabytes < PEAK_MB


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("01_induction_heads", 3),
        ("02_modular_addition", 4),
        ("03_logit_lens", 3),
        ("04_indirect_object", 3),
        ("06_sparse_autoencoders", 3),
        ("07_steering", 3),
    ],
)
def test_a_story_has_three_exercises_with_hints_and_solutions(name, blocks):
    story = nbformat.read(NOTEBOOKS[0].with_name(f"{name}.ipynb"), as_version=4)
    text = "\n".join(cell.source for cell in story.cells)
    assert text.count("<summary>Hint</summary>") == text.count("<summary>Solution</summary>") == 3
    assert len(solutions_of(story)) == blocks


def test_exercises_that_check_themselves_wait_for_an_answer():
    story = nbformat.read(NOTEBOOKS[0].with_name("02_modular_addition.ipynb"), as_version=4)
    checks = [cell for cell in code_of(story) if "check." in cell.source]
    assert len(checks) == 3
    for cell in checks:
        assert "None" in cell.source
        assert cell.outputs[0].data["text/plain"].startswith("No answer yet.")


def _optional(name):
    """The source of a notebook's last cell, switched on."""
    story = nbformat.read(NOTEBOOKS[0].with_name(f"{name}.ipynb"), as_version=4)
    source = code_of(story)[-1].source
    assert source.startswith("GPT2 = False")
    return source.replace("GPT2 = False", "GPT2 = True")


def test_the_optional_cell_runs_on_a_gpt2(monkeypatch, capsys):
    """As it stands in the notebook, on a GPT-2 that needs no network."""
    source = _optional("01_induction_heads")
    monkeypatch.setattr(transformers.GPT2LMHeadModel, "from_pretrained", lambda *_, **__: small_gpt2())
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *_, **__: None)
    shown = []
    exec(source.replace("n=4", "n=4, length=16"), {"mi": mi, "display": shown.append})
    assert re.fullmatch(r"induction heads:( [01]\.[0-3]){5}\n", capsys.readouterr().out)
    assert len(shown) == 1


@pytest.mark.parametrize("name", ["03_logit_lens", "04_indirect_object"])
def test_the_optional_cell_draws_a_gpt2(name, monkeypatch):
    """The same, of those that need words: a random GPT-2 that has atlas's."""
    source = _optional(name)
    words = transformers.AutoTokenizer.from_pretrained(str(WEIGHTS / "atlas"))
    module = small_gpt2(vocab_size=len(words))
    monkeypatch.setattr(transformers.GPT2LMHeadModel, "from_pretrained", lambda *_, **__: module)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *_, **__: words)
    shown = []
    exec(source, {"mi": mi, "at": mi.sites, "display": shown.append})
    assert [type(view).__name__ for view in shown] == [
        {"03_logit_lens": "LogitLensView", "04_indirect_object": "PatchingView"}[name]
    ]
