"""No file imports itself by way of others, in Python and in TypeScript; imports for types alone count too."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "mi_widgets"
Imports = Mapping[str, set[str]]


def circle(imports: Imports) -> str:
    """A circle as "a imports b imports a", or "" where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return " imports ".join(reversed(error.args[1]))  # it goes from what is imported
    return ""


def python_imports(package: Path) -> Imports:
    """Of each module of a package those that it names in an import, wherever that stands."""
    modules = {}
    for path in package.rglob("*.py"):
        if "node_modules" not in path.parts:
            parts = path.relative_to(package.parent).with_suffix("").parts
            modules[".".join(parts[:-1] if path.stem == "__init__" else parts)] = path
    return {name: set(_imported(name, path, modules)) for name, path in modules.items()}


def _imported(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    here = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                # `from package import name` names a module of it, or something in its __init__.
                module = f"{source}.{alias.name}"
                yield from (m for m in [module if module in modules else source] if m in modules)


def typescript_imports(folder: Path) -> Imports:
    """Of each TypeScript file below a folder those that it imports, or exports from."""
    files = {path for path in folder.rglob("*.ts") if "node_modules" not in path.parts}
    statement = re.compile(r'^(?:import|export)\b(?:[^;="]*\bfrom)?\s*"(\.[^"]+)"', re.MULTILINE)
    return {
        str(file.relative_to(folder)): {
            str(other.relative_to(folder))
            for path in statement.findall(file.read_text("utf-8"))
            for other in [Path(os.path.normpath(file.parent / f"{path}.ts"))]
            if other in files
        }
        for file in files
    }


def test_no_module_of_the_package_imports_itself_by_way_of_others():
    imports = python_imports(PACKAGE)
    assert "mi_widgets.model.model_core" in imports["mi_widgets.model.checks"]
    assert circle(imports) == ""
    # The façade names every room, not only in imports: who knows it is in a circle.
    assert [name for name, others in imports.items() if "mi_widgets" in others] == []


def test_no_file_of_the_front_end_imports_itself_by_way_of_others():
    imports = typescript_imports(PACKAGE / "widgets")
    assert len(imports) > 100
    assert circle(imports) == ""


def test_a_circle_in_python_is_found_and_named_whatever_kind_of_import_closes_it(tmp_path):
    closing = {
        "plain": "import room.a",
        "relative": "from .a import x",
        "module of a package": "from . import a",
        "for types alone": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import x",
        "in a function": "def f():\n    from room import a",
    }
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "a.py").write_text("from room.b import y\nx = 1")
    for kind, line in closing.items():
        (room / "b.py").write_text("y = 1\n")
        assert circle(python_imports(room)) == "", kind
        (room / "b.py").write_text(f"{line}\n")
        found = circle(python_imports(room))
        assert found in ("room.a imports room.b imports room.a", "room.b imports room.a imports room.b"), kind


def test_a_circle_in_typescript_is_found_and_named_whatever_kind_of_import_closes_it(tmp_path):
    closing = {
        "of values": 'import { x } from "../a";',
        "of types": 'import type { X } from "../a";',
        "in several lines": 'import {\n  x,\n  type X,\n} from "../a";',
        "handed on": 'export { x } from "../a";',
        "for its effect": 'import "../a";',
    }
    (tmp_path / "parts").mkdir()
    (tmp_path / "a.ts").write_text('import { y } from "./parts/b";\nexport const x = y;\n')
    for kind, line in closing.items():
        (tmp_path / "parts" / "b.ts").write_text('import { z } from "./c";\nexport const y = "../a";\n')
        (tmp_path / "parts" / "c.ts").write_text('import "./c.css";\nexport const z = 1;\n')
        assert circle(typescript_imports(tmp_path)) == "", kind
        (tmp_path / "parts" / "c.ts").write_text(f"{line}\nexport const z = 1;\n")
        first, *others = circle(typescript_imports(tmp_path)).split(" imports ")
        assert first == others[-1], kind
        assert set(others) == {"a.ts", "parts/b.ts", "parts/c.ts"}, kind


def test_a_model_of_our_own_needs_no_modelling_code_of_transformers_and_no_training():
    script = "import mi_widgets as mi, sys; mi.load('induction-2l'); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    loaded = done.stdout.split()
    assert "mi_widgets.model.model" in loaded
    for unused in (
        "transformers.modeling_utils",
        "scipy",
        "sympy",
        "mi_widgets.training",
        "ipywidgets",
        "matplotlib",
    ):
        assert unused not in loaded
