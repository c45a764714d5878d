"""An operation on two numbers modulo p, as a table of its answers: from a text such as "a-b", or a function."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from mi_widgets.core.errors import MIError
from mi_widgets.core.whole_numbers import whole

Operation = str | Callable[[int, int], int]

_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_ALLOWED = "a text of a, b, whole numbers, +, -, *, ** and brackets, as in 'a-b' or 'a**2 + b', or a function of both"


def answers_of(operation: Operation, p: int, caller: str) -> Int[Tensor, "p p"]:
    """What an operation makes of every pair a, b, modulo p.

    Args:
        operation: a text, or a function that is called with two whole numbers.
        p: the modulus.
        caller: for the message.

    Raises:
        MIError: a text that is no such operation, or a function that gives something else than a whole number.
    """
    if callable(operation):
        return _of_function(operation, p, caller)
    try:
        tree = ast.parse(operation.strip(), mode="eval").body
        numbers = torch.arange(p)
        table = _value(tree, {"a": numbers[:, None], "b": numbers[None, :]}, p)
    except (SyntaxError, ValueError, AttributeError, RecursionError) as error:
        raise MIError(f"{caller}: operation is {_ALLOWED}; got {operation!r}.") from error
    return torch.as_tensor(table).expand(p, p).contiguous()


def _of_function(function: Callable[[int, int], int], p: int, caller: str) -> Int[Tensor, "p p"]:
    rows = []
    for a in range(p):
        for b in range(p):
            given = function(a, b)
            answer = whole(given)
            if answer is None:
                raise MIError(
                    f"{caller}: operation must give a whole number for all a and b from 0 to {p - 1}, as in "
                    f"lambda a, b: (a * b) % {p}; for a = {a} and b = {b} it gives {given!r}."
                )
            rows.append(answer % p)
    return torch.tensor(rows).reshape(p, p)


def _value(node: ast.AST, of: dict[str, Tensor], p: int) -> Tensor:
    """What a part of a text is, modulo p: reduced at every step, so that no number grows too large."""
    if isinstance(node, ast.Name) and node.id in of:
        return of[node.id]
    if isinstance(node, ast.Constant) and (number := whole(node.value)) is not None:
        return torch.tensor(number % p)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, of, p) % p
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, of, p), _value(node.right, of, p)) % p
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
        return _power(_value(node.left, of, p), whole(node.right.value), p)
    raise ValueError(ast.dump(node))


def _power(base: Tensor, exponent: int | None, p: int) -> Tensor:
    if exponent is None or exponent < 0:
        raise ValueError(exponent)
    result = torch.ones_like(base)
    while exponent:
        if exponent % 2:
            result = result * base % p
        base, exponent = base * base % p, exponent // 2
    return result


def is_linear(answers: Int[Tensor, "p p"]) -> bool:
    """Whether answers are x a + y b + z modulo p, with x and y not 0: then every answer stands p times in the table."""
    p = len(answers)
    z, n = answers[0, 0], torch.arange(p)
    x, y = (answers[1, 0] - z) % p, (answers[0, 1] - z) % p
    same = torch.equal(answers, (x * n[:, None] + y * n + z) % p)
    return bool(x) and bool(y) and same
