"""Layers that are counted from the end, or several at once: which they are, a model's number of layers says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import SiteError
from .whole_numbers import whole


@dataclass(frozen=True)
class Layers:
    """Several layers, as a slice of all of them: `at.resid_post[2:5]`, `[::2]`, `[-3:]`."""

    start: int | None
    stop: int | None
    step: int | None

    @classmethod
    def of(cls, given: slice) -> Layers:
        """What was written in brackets.

        Raises:
            SiteError: its ends are no whole numbers, or its steps none from 1.
        """
        parts = [None if part is None else whole(part) for part in (given.start, given.stop, given.step)]
        wrong = [
            part
            for part, known in zip((given.start, given.stop, given.step), parts, strict=True)
            if part is not None and known is None
        ]
        if wrong or (parts[2] is not None and parts[2] < 1):
            raise SiteError(
                "Several layers are written as at.resid_post[2:5], at.resid_post[::2] or at.resid_post[-3:], with "
                f"whole numbers, and steps from 1; got {given!r}."
            )
        return cls(*parts)

    def __str__(self) -> str:
        start, stop = ("" if end is None else str(end) for end in (self.start, self.stop))
        return f"{start}:{stop}" + ("" if self.step is None else f":{self.step}")

    def numbers(self, n_layers: int) -> tuple[int, ...]:
        """Which of so many layers they are; none where an end lies outside of them."""
        if any(end is not None and not -n_layers <= end <= n_layers for end in (self.start, self.stop)):
            return ()
        return tuple(range(n_layers)[self.start : self.stop : self.step])


def numbered(layer: int | Layers, n_layers: int) -> tuple[int, ...]:
    """The layers that an index names, of so many; none where it names none of them."""
    if isinstance(layer, Layers):
        return layer.numbers(n_layers)
    return (layer % n_layers,) if -n_layers <= layer < n_layers else ()


def placed(value: Any, n_layers: int) -> Any:
    """An argument whose sites name their layers as a model of so many layers has them; all else as it is."""
    if hasattr(type(value), "in_model"):
        parts = value.in_model(n_layers)
        return parts[0] if len(parts) == 1 else value.of_several(parts)
    if type(value) in (list, tuple):
        parts = [part for each in value for part in _each(each, n_layers)]
        return type(value)(parts)
    if type(value) is dict:
        return {key: placed(each, n_layers) for key, each in value.items()}
    return value


def _each(value: Any, n_layers: int) -> tuple[Any, ...]:
    return tuple(value.in_model(n_layers)) if hasattr(type(value), "in_model") else (value,)


def is_open(value: Any) -> bool:
    """Whether a model has to say which layers are meant."""
    if type(value) in (list, tuple):
        return bool(value) and hasattr(type(value[0]), "in_model") and any(map(is_open, value))
    if type(value) is dict:
        return any(map(is_open, value.values()))
    return hasattr(type(value), "in_model") and value.is_open


def n_layers_of(value: Any) -> int | None:
    """The number of layers of a model, or of a run's model; None for all else."""
    return getattr(getattr(getattr(value, "model", value), "config", None), "n_layers", None)
