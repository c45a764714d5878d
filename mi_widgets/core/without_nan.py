"""Functions of numpy that reduce a Result, leaving out what is no number, such as what stands at padding."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np

from .errors import NotAnArray

# By the method of that name.
_METHODS = {
    np.mean: "mean",
    np.sum: "sum",
    np.max: "max",
    np.min: "min",
    np.amax: "max",
    np.amin: "min",
}
# By the function of numpy that does, with the same arguments.
_FUNCTIONS = {
    np.argmax: np.nanargmax,
    np.argmin: np.nanargmin,
    np.median: np.nanmedian,
    np.std: np.nanstd,
    np.var: np.nanvar,
    np.percentile: np.nanpercentile,
    np.quantile: np.nanquantile,
}


def without_nan(result: Any, function: Any, args: Any, kwargs: Any) -> Any:
    """What a function of numpy makes of a Result's numbers, NaN left out; NotImplemented where it is no such function.

    Raises:
        NotAnArray: an option that the methods do not have, or nothing to choose from.
    """
    if function not in _METHODS and function not in _FUNCTIONS:
        return NotImplemented
    takes = signature(function)
    given = takes.bind(*args, **kwargs).arguments
    if given.get("a") is not result:
        return NotImplemented
    if function in _FUNCTIONS:
        try:
            return _FUNCTIONS[function](**{**given, "a": result._numbers().values})
        except ValueError as error:
            raise NotAnArray(f"np.{function.__name__} of {result._title_with_sizes()}: {error}.") from error
    options = {
        name: v for name, v in given.items() if name != "a" and v is not takes.parameters[name].default
    }
    return _by_method(result, function, **options)


def _by_method(result: Any, function: Any, axis: Any = None, keepdims: Any = False, **options: Any) -> Any:
    how = _METHODS[function]
    if options:
        raise NotAnArray(
            f"np.{function.__name__} of a Result leaves out what is no number, as .{how}() does, and takes axis "
            f"and keepdims, not {', '.join(options)}: write np.nan{how}(result.values, {'=…, '.join(options)}=…)."
        )
    every = np.arange(len(result.dims))
    places = every if axis is None else every[np.atleast_1d(axis)]
    found = getattr(result, how)([result.dims[place] for place in places]).values
    return np.expand_dims(found, tuple(places)) if keepdims else found[()]
