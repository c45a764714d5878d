"""Run notebooks from top to bottom and store what they show.

    python -m tests.notebooks.store [notebooks/00_tour.ipynb …]

Progress bars are left out: in a stored notebook they are a bar that stands still.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"


def says_nothing(output: nbformat.NotebookNode) -> bool:
    """Whether an output is a widget without a picture for readers without a kernel."""
    return WIDGET in output.get("data", {}) and "image/png" not in output.data


def store(path: Path) -> None:
    """Run one notebook and write it back."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    notebook.metadata.pop("widgets", None)  # the widgets' state: megabytes that only a kernel can use
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not says_nothing(output)]
    nbformat.write(notebook, path)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(FOLDER.glob("*.ipynb")):
        store(Path(name))
