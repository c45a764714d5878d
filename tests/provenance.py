"""Provenance of Results that tests put together by hand: records, read from the code that is to be said."""

import ast
from dataclasses import replace

from mi_widgets.core.expressions import Code, Use
from mi_widgets.core.interventions import Stack
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Block, Call, Part, Record

NOTHING = Stack()


def provenance_of(
    call: str, *, model: str = "toy", run: str = "", interventions: Stack = NOTHING, **more
) -> Provenance:
    """What a Result says that was made by `call` on the model that `mi.load(model)` brings.

    Args:
        call: as in `"mi.attention(run)"`.
        model: its name.
        run: the call that makes the `run` in it.
        more: the other fields.
    """
    names: dict[str, Record] = {
        "model": Call("mi.load", (("", model),), name="model", places=("name_or_module",))
    }
    if run:
        names["run"] = made(run, names)
    record = made(call, names)
    if interventions:
        record = replace(record, within=Block(names["model"], interventions))
    return Provenance(model, record, interventions, **more)


# A dictionary that was loaded by its name.
LOADED = Call("mi.sae.load", (("", "here"),), name="sae", places=("name",))


def made(call: str, names: dict[str, Record]) -> Record:
    """The record of one call."""
    tree = ast.parse(call, mode="eval").body
    if isinstance(tree, ast.Subscript):
        return Part(made(ast.unparse(tree.value), names), f"[{ast.unparse(tree.slice)}]")
    assert isinstance(tree, ast.Call)
    if isinstance(tree.func, ast.Name):  # of the test's own
        return Call(
            tree.func.id,
            tuple(("", _value(arg, names)) for arg in tree.args),
            places=("value",) * len(tree.args),
        )
    assert isinstance(tree.func, ast.Attribute)
    owner, name = tree.func.value, tree.func.attr
    given = [
        (key.arg or "", key.value) for key in [*(ast.keyword(None, arg) for arg in tree.args), *tree.keywords]
    ]
    arguments = tuple((key, _value(value, names)) for key, value in given)
    places = tuple(key or "value" for key, _ in given)
    if isinstance(owner, ast.Call) and name in ("sel", "isel"):
        rest = ", ".join(f"{key}={ast.unparse(value)}" for key, value in given)
        return Part(made(ast.unparse(owner), names), f".{name}({rest})")
    if ast.unparse(owner) == "model.trust":
        return Call(f"trust.{name}", of=names["model"])
    if isinstance(owner, ast.Name) and owner.id in names:
        return Call(name, arguments, of=names[owner.id], places=places, name="run" if name == "run" else "")
    return Call(f"{ast.unparse(owner)}.{name}", arguments, places=places)


def _value(tree: ast.expr, names: dict[str, Record]) -> Code:
    if isinstance(tree, ast.Name) and tree.id in names:
        return Code((Use(names[tree.id], tree.id),))
    if isinstance(tree, ast.Call) and ast.unparse(tree.func) == "model.untrained":
        return Code((Use(made(ast.unparse(tree), names), "model"),))
    return Code((ast.unparse(tree),))
