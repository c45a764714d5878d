"""The kernel's side of a question from the browser: one answer a question, an error frame included.

The browser (`requests.ts`) keeps one question under way and the newest one pending. It would wait for ever on a
question without an answer, so a failure here is answered too.
"""

from collections.abc import Callable, Mapping
from typing import Any

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def answer_questions(widget: Any, answers: Mapping[str, Answer]) -> None:
    """Have a widget answer messages `{"ask": name, "id": n, …}` with `{"answer": n, …}`.

    An answer's "tensor" (see `wire.pack`) travels as a binary buffer. Answers may be called on a callback
    thread while a cell runs: they should only read.

    Args:
        widget: Any ipywidget.
        answers: What to call for each name; it is given the question.
    """

    def on_message(_widget: Any, content: dict[str, Any], _buffers: list[Any]) -> None:
        if not isinstance(content, dict) or "ask" not in content:
            return
        try:
            answer = dict(answers[content["ask"]](content))
        except Exception as error:  # a callback's exception reaches no cell: the widget must show it
            widget.send({"answer": content.get("id"), "error": f"{type(error).__name__}: {error}"})
            return
        tensor = dict(answer.pop("tensor"))
        data = tensor.pop("data")
        widget.send({"answer": content.get("id"), **answer, "tensor": tensor}, [data])

    widget.on_msg(on_message)
