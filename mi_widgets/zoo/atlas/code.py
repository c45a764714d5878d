"""Short Python functions, with a comment that says what they do. Kept out of training: names of functions with names of
their arguments.
"""

from __future__ import annotations

from .grammar import Draw, Text, fill, words

# what it is called, what the comment says, what it returns
FUNCTIONS = (
    ("add", "Add {x} and {y}.", "{x} + {y}"),
    ("subtract", "Take {y} from {x}.", "{x} - {y}"),
    ("multiply", "Multiply {x} by {y}.", "{x} * {y}"),
    ("divide", "Divide {x} by {y}.", "{x} / {y}"),
    ("largest", "The larger of {x} and {y}.", "max({x}, {y})"),
    ("smallest", "The smaller of {x} and {y}.", "min({x}, {y})"),
    ("same", "Whether {x} and {y} are equal.", "{x} == {y}"),
    ("less", "Whether {x} is below {y}.", "{x} < {y}"),
    ("pair", "Put {x} and {y} into a list.", "[{x}, {y}]"),
    ("repeat", "Repeat {x} as often as {y} says.", "{x} * {y}"),
    ("first", "The first {y} of {x}.", "{x}[:{y}]"),
    ("total", "The sum of {x} plus {y}.", "sum({x}) + {y}"),
    ("rest", "What is left of {x} after {y}.", "{x} % {y}"),
    ("power", "Raise {x} to the power {y}.", "{x} ** {y}"),
    ("either", "Whether {x} or {y} is true.", "{x} or {y}"),
    ("both", "Whether {x} and {y} are true.", "{x} and {y}"),
    ("inside", "Whether {y} contains {x}.", "{x} in {y}"),
    ("distance", "How far {x} is from {y}.", "abs({x} - {y})"),
    ("longer", "Whether {x} has more items than {y}.", "len({x}) > len({y})"),
    ("last", "The last of {x}, or else {y}.", "{x}[-1] or {y}"),
)
ARGUMENTS = words("a x n left value size"), words("b y m right count limit")  # first, second
FORMS = (
    "def {function}({x}, {y}):\n    # {comment}\n    return {result}\n",
    "# {comment}\ndef {function}({x}, {y}):\n    return {result}\n",
    "def {function}({x}, {y}):\n    result = {result}\n    # {comment}\n    return result\n",
    "# {comment}\n{function} = lambda {x}, {y}: {result}\n",
    "for {x} in items:\n    # {comment}\n    print({result})\n",
    "if {x} > {y}:\n    # {comment}\n    print({result})\n",
    "while {x} != {y}:\n    # {comment}\n    {x} = {result}\n",
    "# {comment}\nresult = {result}\nprint(result)\n",
    "def {function}({x}, {y}=None):\n    # {comment}\n    if {y} is None:\n        return {x}\n    return {result}\n",
    "assert {result}  # {comment}\n",
)


def is_held_out(function: int, x: int, y: int) -> bool:
    """Whether a function (its place in FUNCTIONS) of two arguments (theirs in ARGUMENTS) is kept out of training."""
    return (function + 2 * x + 3 * y) % 8 == 6


def draw_snippet(draw: Draw, *, held_out: bool) -> Text:
    """A few lines, with the labels `function`, `comment` and `x`, `y` for the arguments."""
    first, second = ARGUMENTS
    i, x, y = draw.until(
        "code",
        lambda: (
            draw.number(0, len(FUNCTIONS) - 1),
            draw.number(0, len(first) - 1),
            draw.number(0, len(second) - 1),
        ),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    function, comment, result = FUNCTIONS[i]
    arguments = {"x": first[x], "y": second[y]}
    about, returned = fill(comment, **arguments), fill(result, **arguments)
    filled = fill(
        draw.one(FORMS),
        function=function,
        comment=about.called("comment", about.text),
        result=returned,
        **arguments,
    )
    return filled.called("register", "code")
