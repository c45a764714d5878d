"""How a record comes about: of a call, with all its arguments, and of whatever stands among them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from enum import Enum
from functools import wraps
from itertools import count
from math import prod
from numbers import Integral
from os import PathLike
from typing import Any, ParamSpec, TypeVar
from weakref import ref

from .argument_types import bound_to
from .public import public_name, written_name
from .record import Block, Call, Placeholder, Record
from .torch_defaults import torch_defaults

P = ParamSpec("P")
R = TypeVar("R")

_FUNCTIONS: set[Any] = set()

# One call is one moment, in which a model's weights need to be looked at once only.
moment: ContextVar[object] = ContextVar("mi_widgets_moment", default=None)
# What a recorded function calls on its way is no step of the user's, and is not written down.
_inside: ContextVar[bool] = ContextVar("mi_widgets_inside", default=False)


def recorded(function: Callable[P, R]) -> Callable[P, R]:
    """Have what a public function returns know the call that made it, with every argument.

    What is returned has `with_record`. An iterator among the arguments becomes a list, which can be read twice, and a
    whole number of numpy's one of Python's.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside.get():
            return function(*args, **kwargs)
        with torch_defaults():
            bound = bound_to(function, written_name(function), signature, args, kwargs)
            record = _call(function, bound)
            token = _inside.set(True)
            try:
                result: Any = function(*bound.args, **bound.kwargs)
            finally:
                _inside.reset(token)
            return result.with_record(record)

    _FUNCTIONS.add(call)
    return call


def call_of(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    """The record of a call, for what does a little at a time what a public function does at once."""
    return _call(function, inspect.signature(function).bind(*args, **kwargs))


def _call(function: Callable[..., Any], bound: inspect.BoundArguments) -> Call:
    """The record of a call, made in one moment; an iterator among the arguments is a list from here on.

    A whole number of numpy's is Python's: not all of torch takes the others.
    """
    for name, value in bound.arguments.items():
        if isinstance(value, Iterator):
            bound.arguments[name] = list(value)
        elif isinstance(value, Integral) and not isinstance(value, bool):
            bound.arguments[name] = int(value)
    given = dict(bound.arguments)
    is_method = "self" in given
    now = moment.set(object())
    try:
        return made_by(
            _called(function, bound.signature),
            bound.signature,
            given,
            of=record_of(given.pop("self"), "") if is_method else None,
            within=_within(bound.arguments.values()),
            name=_NAMES.get(function.__name__, ""),
        )
    finally:
        moment.reset(now)


def _called(function: Callable[..., Any], signature: inspect.Signature) -> str:
    """As code writes it; of a method its name alone."""
    return function.__name__ if "self" in signature.parameters else written_name(function)


def is_recorded(function: Callable[..., Any]) -> bool:
    """Whether what it returns knows the call that made it."""
    return function in _FUNCTIONS


# What the variables of a call's answer are called, where that is not what it is given to.
_NAMES = {
    "run": "run",
    "load_sae": "sae",
    "train_sae": "sae",
    "superposition": "toy",
    "train_superposition": "toy",
}


def made_by(
    function: str,
    signature: inspect.Signature,
    given: Mapping[str, Any],
    *,
    of: Record | None = None,
    within: Block | None = None,
    name: str = "",
) -> Call:
    """The record of a call.

    Args:
        function: as it is written.
        signature: of it.
        given: its arguments by name.
        of: what it is a method of.
        within: the interventions that are active.
        name: of the variable that holds what it returns.
    """
    arguments, places, by_position = [], [], True
    for parameter in signature.parameters.values():
        if parameter.name not in given:
            by_position = by_position and parameter.name == "self"
            continue
        value = given[parameter.name]
        if _same(value, parameter.default):
            by_position = False
            continue
        by_name = parameter.kind is parameter.KEYWORD_ONLY or not by_position
        arguments.append((parameter.name if by_name else "", kept(value, parameter.name)))
        places.append(parameter.name)
    return Call(function, tuple(arguments), of, within, name, tuple(places))


_serials: dict[int, tuple[ref[Any], int]] = {}
_count = count(1)


def serial(thing: Any) -> int:
    """A number that tells a thing from every other one, without keeping it: what is gone leaves its number behind."""
    known = _serials.get(id(thing))
    if known is not None and known[0]() is thing:
        return known[1]
    number, place = next(_count), id(thing)
    try:
        _serials[place] = ref(thing, lambda _: _serials.pop(place, None)), number
    except TypeError:  # it cannot be told apart again: the next question gets another number
        return number
    return number


def record_of(value: Any, name: str) -> Record:
    """How a value was made; brought by the user, if it does not know."""
    record = getattr(value, "record", None)
    return record if isinstance(record, Record) else Placeholder(f"your {value!r}", name, token=serial(value))


def kept(value: Any, name: str) -> Any:
    """What a record keeps of an argument: how it was made, or a value that does not change and can be written."""
    if isinstance(getattr(value, "record", None), Record) or hasattr(value, "with_record"):
        return record_of(value, name)
    if isinstance(value, Record) or hasattr(value, "code_with") or type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return kept(value.value, name)
    for plain in (str, int, float):
        if isinstance(value, plain):  # numpy's texts and floats too
            return plain(value)
    if isinstance(value, slice):
        return slice(*(kept(part, name) for part in (value.start, value.stop, value.step)))
    if isinstance(value, Mapping):
        return {kept(key, name): kept(each, name) for key, each in value.items()}
    if hasattr(value, "shape") and hasattr(value, "dtype") and not hasattr(value, "code"):
        return _numbers(value, name)
    if isinstance(value, (set, frozenset)):
        return [kept(each, name) for each in sorted(value, key=repr)]
    if type(value) is tuple:
        return tuple(kept(each, name) for each in value)
    if isinstance(value, Iterable) and not hasattr(value, "code"):
        return [kept(each, name) for each in value]
    return value if _can_be_written(value) else _brought(value, name)


def _can_be_written(value: Any) -> bool:
    of_torch = type(value).__module__ == "torch"  # a dtype or a device
    return of_torch or hasattr(value, "code") or isinstance(value, PathLike) or repr(value).startswith("mi.")


def _brought(value: Any, name: str) -> Placeholder:
    """A function of this library by its public name; everything else is the user's."""
    if callable(value) and (public := public_name(value)) is not None:
        return Placeholder("", public)
    called = str(getattr(value, "__name__", type(value).__name__))
    return Placeholder(f"yours: {called}", name, token=serial(value))


_PLAIN = (type(None), bool, int, float, str, bytes)
_FEW = 4096  # whole numbers that are written out, such as token ids
_FEWER = 64  # of other numbers


def _numbers(value: Any, name: str) -> Any:
    """Token ids and a few numbers are written out; larger tensors are the user's to bring."""
    kind = str(value.dtype).removeprefix("torch.")
    if not value.shape:
        return value.item()
    if prod(value.shape) <= (_FEW if kind.startswith(("int", "uint")) else _FEWER):
        return value.tolist()
    return Placeholder(f"yours: {kind} of shape {tuple(value.shape)}", name, token=serial(value))


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    lists = isinstance(value, (list, tuple)) and isinstance(default, (list, tuple))
    if not lists and type(value) is not type(default):
        return False
    try:
        return bool(list(value) == list(default) if lists else value == default)
    except (TypeError, ValueError, RuntimeError):  # arrays, whose comparison is no truth value
        return False


def _within(values: Any) -> Block | None:
    """The interventions on the first of the arguments that has some."""
    return next(
        (found for value in values if isinstance(found := getattr(value, "block", None), Block)), None
    )
