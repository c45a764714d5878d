"""What a user gave in a Result's place."""

from collections.abc import Iterable, Mapping
from typing import Any

from mi_widgets.core.argument_types import wrong_kind
from mi_widgets.core.errors import ResultError
from mi_widgets.core.requirements import kind_of


def is_result(given: Any) -> bool:
    """Whether something is a Result."""
    # Not isinstance: core.results needs torch, which takes a second to import.
    return all(hasattr(given, name) for name in ("dataset", "primary", "unit"))


def refuse_other(given: Any, view: str, wanted: str, what: str = "This Result") -> None:
    """Refuse what is no Result, as functions refuse what is of another kind.

    Args:
        given: What the user gave.
        view: What it is called.
        wanted: What the view draws, as in "a Result, as in mi.attention(run)".
        what: How it is named in an error: the argument, where it is not the first.

    Raises:
        WrongKind: No Result.
    """
    if not is_result(given):
        argument = "result" if what == "This Result" else what
        written = argument if argument in ("result", "measures") else f"result, {what.partition('[')[0]}=…"
        raise wrong_kind(f"mi.views.{view}", argument, wanted, given, f"mi.views.{view}({written})")


def by_name(given: Any, argument: str) -> dict[str, Any]:
    """What a user gave by name, such as controls; nothing of None.

    Raises:
        ResultError: No mapping.
    """
    if given is not None and not isinstance(given, Mapping):
        raise ResultError(
            f"{argument} takes Results by name, as in {argument}={{'name': result}}; got {kind_of(given)}."
        )
    return {str(name): each for name, each in (given or {}).items()}


def dataset_of(result: Any, view: str, call: str, variables: Iterable[str]) -> Any:
    """The labelled data that a view draws.

    Args:
        result: What the user gave.
        view: What it is called.
        call: What makes its Results.
        variables: Those that it needs.

    Raises:
        WrongKind: No Result.
        ResultError: A Result without one of the variables.
    """
    refuse_other(result, view, f"a Result, as in {call}")
    missing = [name for name in variables if name not in result.dataset.variables]
    if missing:
        raise ResultError(f"This Result has no {missing[0]}; {view} draws what {call} returns.")
    return result.dataset


def refuse_empty(result: Any, data: Any) -> None:
    """Refuse numbers of which there are none.

    Args:
        result: What the user gave.
        data: What of it is drawn.

    Raises:
        ResultError: An axis without a label.
    """
    if 0 in data.shape:
        said = ", ".join(f"{axis} {n}" for axis, n in data.sizes.items())
        raise ResultError(
            f"{result.title} has nothing to draw ({said}), and a view needs one label at least on each axis: "
            "choose labels that exist with .sel(…)."
        )


def header_of(result: Any, *more: Any) -> dict[str, Any]:
    """What a header says of a Result, with the warnings of everything that is drawn beside it."""
    return {
        "title": str(result.title),
        "model": str(result.model_name),
        "unit": str(result.unit),
        "warnings": warnings_of(result, *more),
    }


def warnings_of(*given: Any) -> list[str]:
    """What to beware of in everything that is drawn, each warning once.

    Args:
        given: Results, and mappings and pairs of them; an array among them has no warnings.
    """
    found: dict[str, None] = {}
    for part in given:
        several = part.values() if isinstance(part, Mapping) else part if isinstance(part, tuple) else None
        texts = map(str, getattr(part, "warnings", None) or ()) if several is None else warnings_of(*several)
        found.update(dict.fromkeys(texts))
    return list(found)
