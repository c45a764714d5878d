"""The public names: where each lives, as the stub files `mi_widgets/*.pyi` list them, and how code writes it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parents[1]


@cache
def listed(stub: Path) -> dict[str, tuple[str, str]]:
    """What a stub file imports: public name -> the module it lives in, and its name there; "" is a module itself."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(stub.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                place = (node.module, alias.name) if node.module else (alias.name, "")
                found[alias.asname or alias.name] = place
    return found


def attach(module: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of a module that fetches what its stub file lists at first use.

    Args:
        module: its `__name__`.
        file: its `__file__`; the stub file lies beside it.
    """
    names = listed(Path(file).with_suffix(".pyi"))

    def fetch(name: str) -> Any:
        if name not in names:
            elsewhere = [
                name_in_code for name_in_code in public_names().values() if name_in_code.endswith(f".{name}")
            ]
            hint = f": it is {elsewhere[0]}" if elsewhere else ""
            raise AttributeError(f"module {module!r} has no attribute {name!r}{hint}")
        home, inside = names[name]
        value = import_module(f"{_PACKAGE}.{home}")
        if inside:
            value = getattr(value, inside, None) or import_module(f"{_PACKAGE}.{home}.{inside}")
        sys.modules[module].__dict__[name] = value
        return value

    return fetch, lambda: sorted(names), sorted(names)


@cache
def public_names() -> dict[tuple[str, str], str]:
    """Module and name inside it -> how code writes it, as in `mi.fourier.spectrum`."""
    found = {}
    for stub in sorted(_ROOT.glob("*.pyi")):
        group = "mi" if stub.stem == "__init__" else f"mi.{stub.stem}"
        for name, (home, inside) in listed(stub).items():
            found[f"{_PACKAGE}.{home}", inside] = f"{group}.{name}"
    return found


def written_name(function: Any) -> str:
    """How code writes a function, one that is not listed too; a method as in `model.run`."""
    owner, _, method = function.__qualname__.rpartition(".")
    if method and owner.isidentifier():
        return f"{_VARIABLES.get(owner, owner.lower())}.{method}"
    return public_name(function) or f"mi.{function.__name__}"


_VARIABLES = {
    "ToyModel": "toy",
    "Examined": "model",
}  # what an object is called in code, where not after its class


def public_name(thing: Any) -> str | None:
    """How code writes a public function or class; None for what is not public."""
    return public_names().get((getattr(thing, "__module__", ""), getattr(thing, "__name__", "")))
