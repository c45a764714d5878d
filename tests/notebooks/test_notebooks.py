"""Notebooks are the product: run in order, short cells, outputs stored, and within Binder's memory."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
PEAK_MB = 700  # Binder guarantees 1 GB


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_cells_are_short_and_were_run_once_from_top_to_bottom(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert len(cell.source.splitlines()) <= 12, cell.source
        assert not [output for output in cell.outputs if output.output_type == "error"]


def test_stored_outputs_are_small_pictures_and_text(notebook):
    assert len(json.dumps(notebook)) < 1_000_000
    allowed = {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    shown = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs if "data" in o]
    assert any("image/png" in output.data for output in shown)
    for output in shown:
        assert set(output.data) <= allowed


def test_the_kernel_stays_within_binders_memory(notebook, capsys):
    peak = "import resource; print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    notebook.cells.append(nbformat.v4.new_code_cell(peak))
    done = NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    megabytes = int(done.cells[-1].outputs[0].text.split()[1])
    with capsys.disabled():
        print(f"\n{notebook.cells[0].source.splitlines()[0]}: peak memory of the kernel {megabytes} MB")
    assert megabytes < PEAK_MB
