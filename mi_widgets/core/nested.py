"""Calls within calls, as deep as they like."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")
Steps = Generator[Any, Any, T]


def finished(steps: Steps[T]) -> T:
    """What a generator returns; what it yields are generators too, and it is sent what each of them returns.

    A result may stand on another, and so on ten thousand times: Python's own stack ends after a thousand calls, so
    here those that wait for an answer stand in a list.
    """
    waiting: list[Steps[Any]] = [steps]
    answer: Any = None
    while waiting:
        try:
            inner = waiting[-1].send(answer)
        except StopIteration as end:
            waiting.pop()
            answer = end.value
        else:
            waiting.append(inner)
            answer = None
    return answer
