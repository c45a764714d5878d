"""Turns jaxtyping's shape annotations into checks, and leaves the other types to pyright.

What a user passes wrongly must meet our own error, not a type checker's, in the tests too.
"""

# First of all: nnsight puts `save` on every object, and beartype cannot be imported after that.
from beartype import beartype

_SHAPED = ("Float[", "Int[", "Bool[", "jaxtyping.")


def check(function):
    """Check the annotations of `function` that name shapes."""
    if hasattr(function, "__annotations__"):
        function.__annotations__ = {
            name: hint
            for name, hint in function.__annotations__.items()
            if any(mark in str(hint) for mark in _SHAPED)
        }
    return beartype(function)
