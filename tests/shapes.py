"""Turns jaxtyping's shape annotations into checks, and leaves the other types to pyright.

Whatever is imported of mi_widgets after this module is checked. What a user passes wrongly must meet our own error,
not a type checker's, in the tests too. Functions without shapes stay as they are: jaxtyping's own hook wraps them all,
and the tests take a fifth longer.
"""

# First of all: nnsight puts `save` on every object, and beartype cannot be imported after that.
from beartype import beartype  # isort: split

import ast
import inspect
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader

from jaxtyping import jaxtyped

_SHAPED = ("Float[", "Int[", "Bool[")


def checked(function):
    """Check the annotations of `function` that name shapes; whoever asks for its signature sees all of them."""
    signature = inspect.signature(function)
    function.__annotations__ = {
        name: hint
        for name, hint in function.__annotations__.items()
        if any(mark in str(hint) for mark in _SHAPED)
    }
    shaped = jaxtyped(typechecker=beartype)(function)
    shaped.__signature__ = signature
    return shaped


class _Loader(SourceFileLoader):
    def get_code(self, fullname):
        # Not by way of the cache: what others run is not to be decorated.
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path), path)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _has_shapes(node):
                node.decorator_list.append(
                    ast.parse("__import__('tests.shapes').shapes.checked", mode="eval").body
                )
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


def _has_shapes(node):
    given = node.args
    hints = [a.annotation for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return any(hint and mark in ast.unparse(hint) for hint in (*hints, node.returns) for mark in _SHAPED)


class _Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] != "mi_widgets":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _Finder())
