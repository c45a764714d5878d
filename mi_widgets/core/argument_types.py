"""What kind of thing an argument must be, said in one way before anything is computed.

The kinds are those of this library: classes say with `argument_type` what makes one. What an argument must be is read
from its annotation, as `requirements` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Any, TypeVar

from .errors import WrongKind
from .layers import is_open, n_layers_of, placed
from .public import written_name
from .requirements import KINDS, Kind, kind_of, requirement_of, with_article
from .torch_defaults import torch_defaults

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


def argument_type(example: str, *, named: Callable[[str], Any] | None = None) -> Callable[[C], C]:
    """Have every argument that is annotated with a class be one.

    Args:
        example: the code that makes one, as in `"model.run(prompt)"`.
        named: makes one of its name, for which a text then stands.
    """

    def register(cls: C) -> C:
        requirement_of.cache_clear()
        KINDS[cls.__name__] = Kind(cls, with_article(cls.__name__), example, named)
        return cls

    return register


def checked(function: F) -> F:
    """Have a public function refuse what is of another kind than its arguments; a class too, for making one."""
    if not isinstance(function, type):
        return _checking(function, written_name(function))
    cls: Any = function
    cls.__init__ = _checking(cls.__init__, written_name(function))
    return cls


def _checking(function: Callable[..., Any], called: str) -> Any:
    expected = signature(function)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with torch_defaults():
            bound = bound_to(function, called, expected, args, kwargs)
            return function(*bound.args, **bound.kwargs)

    return call


def bound_to(
    function: Callable[..., Any],
    called: str,
    expected: Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> BoundArguments:
    """The arguments of a call, of the kinds that they must be.

    Args:
        function: what is called.
        called: the function, as it is written.
        expected: its signature.
        args: those by position.
        kwargs: those by name.

    Raises:
        WrongKind: one is missing or unknown; or says which argument, what it must be, what was given, and how the call
            is written.
    """
    try:
        bound = expected.bind(*args, **kwargs)
    except TypeError:
        raise _refused_by_python(function, called, args, kwargs) from None
    for name, value in bound.arguments.items():
        annotation = expected.parameters[name].annotation
        required = requirement_of(
            annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        )
        if name == "self":
            continue
        bound.arguments[name] = value = required.taken(value)
        if not required.admits(value):
            written = _written(called, expected, name)
            raise wrong_kind(called, name, required.said, value, written, got=required.refused(value))
    _place(bound)
    return bound


def _place(bound: BoundArguments) -> None:
    """Have sites name their layers as the model does that is among the arguments, or a run of it."""
    given = bound.arguments
    if any(map(is_open, given.values())):
        known = next((n for value in given.values() if (n := n_layers_of(value)) is not None), None)
        if known is not None:
            for name, value in given.items():
                given[name] = placed(value, known)


def _refused_by_python(
    function: Callable[..., Any], called: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> WrongKind:
    """What Python says of arguments that are missing or unknown, with the function's public name."""
    try:
        function(*args, **kwargs)
    except TypeError as error:
        return WrongKind(f"{called}() {str(error).partition('() ')[2]}")
    raise AssertionError(f"{called} takes what its signature does not")


def wrong_kind(called: str, name: str, wanted: str, given: Any, written: str, *, got: str = "") -> WrongKind:
    """The error that an argument of another kind is.

    Args:
        called: the function, as it is written.
        name: of the argument.
        wanted: what it must be; empty where that cannot be said in a word.
        given: what was given.
        written: the call to write.
        got: what was given in words; its kind by default.
    """
    said = f"must be {wanted}; got {got or kind_of(given)}" if wanted else f"is no {type(given).__name__}"
    return WrongKind(f"{called}: {name} {said}. Write {written}.")


def _written(called: str, expected: Signature, wrong: str) -> str:
    """The call, with what it needs and what was wrong."""
    named = [*expected.parameters]
    by_name = expected.parameters[wrong].kind is Parameter.KEYWORD_ONLY
    needed = []
    for place, (name, parameter) in enumerate(expected.parameters.items()):
        leads = not by_name and place <= named.index(wrong)
        if name != "self" and (leads or name == wrong or parameter.default is Parameter.empty):
            needed.append(f"{name}=…" if parameter.kind is Parameter.KEYWORD_ONLY else name)
    return f"{called}({', '.join(needed)})"


# -- annotations ----------------------------------------------------------------------------------------------------
