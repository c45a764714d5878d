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
    ("first", "The first of {x}; {y} is not used.", "{x}[0]"),
    ("total", "The sum of {x}, and {y}.", "sum({x}) + {y}"),
)
ARGUMENTS = words("a b x y n m left right value count items size")
FORMS = (
    "def {function}({x}, {y}):\n    # {comment}\n    return {result}\n",
    "# {comment}\ndef {function}({x}, {y}):\n    return {result}\n",
    "def {function}({x}, {y}):\n    result = {result}\n    # {comment}\n    return result\n",
    "# {comment}\n{function} = lambda {x}, {y}: {result}\n",
    "for {x} in items:\n    # {comment}\n    print({result})\n",
    "if {x} > {y}:\n    # {comment}\n    print({result})\n",
)


def is_held_out(function: int, x: int, y: int) -> bool:
    """Whether a function (its place in FUNCTIONS) of two arguments (in ARGUMENTS) is kept out of training."""
    return (function + 2 * x + 3 * y) % 8 == 6


def snippet(draw: Draw, *, held_out: bool) -> Text:
    """A few lines, with the labels `function`, `comment` and `x`, `y` for the arguments."""
    while True:
        i = draw.number(0, len(FUNCTIONS) - 1)
        x, y = draw.some(range(len(ARGUMENTS)), 2)
        if is_held_out(i, x, y) == held_out:
            break
    function, comment, result = FUNCTIONS[i]
    arguments = {"x": ARGUMENTS[x], "y": ARGUMENTS[y]}
    about, returned = fill(comment, **arguments), fill(result, **arguments)
    filled = fill(
        draw.one(FORMS),
        function=function,
        comment=about.called("comment", about.text),
        result=returned,
        **arguments,
    )
    return filled.called("register", "code")
