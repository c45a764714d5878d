"""Drive a real JupyterLab in a real Chromium: start it, run a notebook, see what it drew and what it asked for.

    with jupyter_lab(folder) as lab, lab.open("notebook.ipynb") as notebook:
        notebook.run_all()
        assert not notebook.console_errors and not notebook.foreign_requests

Nothing of the user's JupyterLab is read or written: the server gets a configuration folder of its own.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, WebSocket, sync_playwright

from .chromium import find

_CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOCAL = ("127.0.0.1", "localhost")
# JupyterLab asks the web for news, updates and extensions unless told not to.
QUIET = (
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def write_notebook(path: Path, cells: Sequence[str], *, kernel: str = "python3") -> Path:
    """A notebook of code cells, for the kernel of that name."""
    import nbformat  # two seconds, which tests without a notebook need not wait for

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    nbformat.write(notebook, path)
    return path


@dataclass
class Notebook:
    """A notebook open in the browser.

    Attributes:
        page: Playwright's page, to click and look.
        console_errors: What the browser's console reported as an error, uncaught exceptions included.
        requests: Every address asked for.
        sockets: The connections to kernels and server.
    """

    page: Page
    console_errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    sockets: list[WebSocket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.on("websocket", lambda socket: self.sockets.append(socket))  # Playwright takes no builtin
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    @property
    def foreign_requests(self) -> list[str]:
        """The addresses asked for that are not this machine's."""
        parts = ((url, urlsplit(url)) for url in self.requests)
        return [
            url
            for url, at in parts
            if at.scheme in ("http", "https", "ws", "wss") and at.hostname not in _LOCAL
        ]

    def run_all(self, *, timeout_s: float = 120) -> None:
        """Run every cell, and wait until the last has run."""
        self.command("notebook:run-all-cells", timeout_s=timeout_s)

    def command(self, name: str, arguments: dict | None = None, *, timeout_s: float = 60) -> None:
        """Run one of JupyterLab's commands, and wait until it is done."""
        self.page.evaluate(
            """([name, args, ms]) => Promise.race([
                window.jupyterapp.commands.execute(name, args),
                new Promise((_, no) => setTimeout(() => no(new Error(`${name} took over ${ms} ms`)), ms)),
            ]).then(() => null)""",
            [name, arguments or {}, timeout_s * 1000],
        )

    def append(self, source: str) -> None:
        """Append a cell and make it the active one."""
        self.page.evaluate(
            """(source) => {
                const content = window.jupyterapp.shell.currentWidget.content;
                const model = content.model.sharedModel;
                model.insertCell(model.cells.length, { cell_type: "code", source });
                content.activeCellIndex = content.widgets.length - 1;
            }""",
            source,
        )

    def run_cell(self, source: str, *, timeout_s: float = 60) -> str:
        """Append a cell, run it, and return the text it printed or showed."""
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        n = cells.count()
        self.append(source)
        self.command("notebook:run-cell", timeout_s=timeout_s)
        cell = cells.nth(n)
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts()).strip()

    def set_theme(self, name: str) -> None:
        """Switch the theme: "JupyterLab Light" or "JupyterLab Dark"."""
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function("n => document.body.dataset.jpThemeName === n", arg=name)
        time.sleep(0.6)  # the colours come a little after the name

    def painted(self, selector: str = ".mi", *, timeout_s: float = 30) -> Locator:
        """The widgets that match, once the first of them has drawn a full picture."""
        self.page.locator(f"{selector}[data-painted]").first.wait_for(timeout=timeout_s * 1000)
        return self.page.locator(selector)


class JupyterLab:
    """A running server, its process and a page; made by `jupyter_lab`."""

    def __init__(self, url: str, token: str, pid: int, page: Page):
        self.url, self.token, self.pid, self._page = url, token, pid, page

    @contextmanager
    def open(self, path: str) -> Iterator[Notebook]:
        """Open a notebook of the server's folder, with its kernel ready."""
        notebook = Notebook(self._page)
        self._page.goto(f"{self.url}/lab/tree/{path}?token={self.token}&reset")
        self._page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self._page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )
        try:
            yield notebook
        finally:
            self._page.evaluate("() => window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")

    @contextmanager
    def another_page(self) -> Iterator["JupyterLab"]:
        """The same server in a page of its own, so that two notebooks are open at once."""
        page = self._page.context.new_page()
        try:
            yield JupyterLab(self.url, self.token, self.pid, page)
        finally:
            page.close()


@contextmanager
def jupyter_lab(
    folder: Path,
    *,
    width: int = 1280,
    height: int = 1000,
    scale: float = 1,
    python: str | Path = sys.executable,
    arguments: Sequence[str] = QUIET,
    environment: Mapping[str, str] | None = None,
    cpus: int | None = None,
) -> Iterator[JupyterLab]:
    """A JupyterLab that serves a folder on this machine, and a browser to look at it.

    Args:
        folder: Where the notebooks lie; it is also the kernels' working directory.
        width: Of the browser's window, in CSS pixels.
        height: Likewise.
        scale: Device pixels a CSS pixel.
        python: Whose JupyterLab is started; this environment's unless told otherwise.
        arguments: More of JupyterLab's command line.
        environment: More variables for the server and its kernels; they win over those set here.
        cpus: How many processors the server and its kernels may use, where the system can limit that (Linux).
    """
    path = find()  # before Playwright starts: it may have to ask a Playwright of its own
    with (
        tempfile.TemporaryDirectory(prefix="mi-jupyter-") as home,
        _server(
            [str(python), "-m", "jupyterlab", *_arguments(Path(folder)), *arguments],
            {**os.environ, **_own_folders(Path(home)), **(environment or {})},
            cpus,
        ) as (url, token, pid),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=list(_CHROMIUM_FLAGS))
        context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            permissions=["clipboard-read", "clipboard-write"],
        )
        try:
            yield JupyterLab(url, token, pid, context.new_page())
        finally:
            browser.close()


def _arguments(folder: Path) -> list[str]:
    return [
        "--no-browser",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.allow_root=True",
        "--LabApp.expose_app_in_browser=True",
    ]


@contextmanager
def _server(
    command: list[str], environment: dict[str, str], cpus: int | None
) -> Iterator[tuple[str, str, int]]:
    port, token = _free_port(), secrets.token_hex(16)
    url = f"http://127.0.0.1:{port}"
    command = [*command, f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    with tempfile.NamedTemporaryFile("w", prefix="mi-jupyter-", suffix=".log") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            if cpus and hasattr(os, "sched_setaffinity"):  # at once: its threads and kernels inherit it
                os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:cpus])
            _wait(f"{url}/api/status?token={token}", process, Path(log.name))
            yield url, token, process.pid
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _own_folders(home: Path) -> dict[str, str]:
    settings = home / "settings" / "@jupyterlab"
    for name, value in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(url: str, process: subprocess.Popen, log: Path, *, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start within {timeout_s} s:\n{log.read_text()[-2000:]}")
