"""Does as mybinder.org does, as far as that goes without Docker, and measures it.

    python -m tests.packaging.binder     # or: make binder

Installs `binder/requirements.txt` into a new environment, from a copy of what git has, and runs `binder/postBuild`;
starts that environment's JupyterLab on one processor, opens the tour in a browser, and runs it.
"""

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.browser.jupyter import Notebook, jupyter_lab
from tests.packaging.clean import copy_source, empty_environment, run, variables

TOUR = "notebooks/00_tour.ipynb"  # where README's badge leads
KERNEL_MB = 1000  # Binder promises 1 GB
PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"

# The page's clock begins when it is opened.
WATCH = """() => {
  const look = () => {
    if (document.querySelector(".mi[data-painted]")) window.firstView = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""


@dataclass(frozen=True)
class Installed:
    """An environment as Binder builds it."""

    python: Path
    home: Path
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Opened:
    """What a visitor waits for, what that costs, and what went wrong."""

    first_view_s: float
    all_cells_s: float
    kernel_mb: int
    server_mb: int
    package: str
    problems: list[str]


def install(source: Path, folder: Path) -> Installed:
    """Build the environment in an empty folder, as repo2docker does."""
    python = empty_environment(folder / "environment")
    # Binder's Node may be too old for the front end: with none on PATH, the build has to get its own.
    only_python = variables(folder / "home", python.parent)
    pip = [python, "-m", "pip", "install", "--quiet"]
    start = time.monotonic()
    run(*pip, "-r", "binder/requirements.txt", cwd=source, env=only_python)
    seconds = time.monotonic() - start
    run("./binder/postBuild", cwd=source, env=variables(folder / "home", python.parent, os.environ["PATH"]))
    files = [path for path in (folder / "environment").rglob("*") if not path.is_symlink() and path.is_file()]
    return Installed(python, folder / "home", seconds, sum(path.stat().st_size for path in files) / 1e6)


def open_tour(installed: Installed, source: Path) -> Opened:
    """Open the tour in a browser and run all of it, with one processor for the server and the kernel."""
    environment = variables(installed.home, installed.python.parent, os.environ["PATH"])
    environment["JUPYTERLAB_SETTINGS_DIR"] = str(installed.home / "settings")  # a visitor has none
    with (
        # No arguments: what keeps this JupyterLab quiet is what postBuild put there.
        jupyter_lab(source, python=installed.python, arguments=(), environment=environment, cpus=1) as lab,
        lab.open(TOUR) as notebook,
    ):
        notebook.page.evaluate(WATCH)
        notebook.run_all(timeout_s=300)
        all_cells = notebook.page.evaluate("() => performance.now()")
        notebook.painted()
        return Opened(
            first_view_s=notebook.page.evaluate("() => window.firstView") / 1000,
            all_cells_s=all_cells / 1000,
            kernel_mb=int(notebook.run_cell(PEAK)),
            server_mb=psutil.Process(lab.pid).memory_info().rss // 2**20,
            package=notebook.run_cell("print(mi.__file__)"),
            problems=_problems(notebook),
        )


def _problems(notebook: Notebook) -> list[str]:
    failed = notebook.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")
    asked = notebook.page.locator(".Toastify__toast")
    return [
        *(f"the console says: {text}" for text in notebook.console_errors),
        *(f"another host was asked: {url}" for url in notebook.foreign_requests),
        *(f"a cell failed: {text}" for text in failed.all_inner_texts()),
        *(f"JupyterLab asks the visitor: {text}" for text in asked.all_inner_texts()),
    ]


def report(installed: Installed, opened: Opened) -> str:
    """The measures, a line each."""
    return (
        f"environment       {installed.megabytes:6.0f} MB, installed in {installed.seconds:.0f} s\n"
        f"first view after  {opened.first_view_s:6.1f} s, all cells after {opened.all_cells_s:.1f} s, one processor\n"
        f"peak memory       {opened.kernel_mb:6d} MB for the kernel, and {opened.server_mb} MB for JupyterLab"
    )


def main() -> str | None:
    """Build, open, report; the message of failure, or None."""
    with tempfile.TemporaryDirectory(prefix="mi-binder-") as folder:
        source = copy_source(Path(folder) / "source")
        installed = install(source, Path(folder))
        opened = open_tour(installed, source)
    print(report(installed, opened))
    if opened.kernel_mb >= KERNEL_MB:
        return f"The kernel took {opened.kernel_mb} MB: Binder promises {KERNEL_MB}."
    return "\n".join(opened.problems) or None


if __name__ == "__main__":
    sys.exit(main())
