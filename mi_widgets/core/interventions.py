"""What to do at a site, as frozen values: printable, comparable, and applied by the model layer.

    ablation = mi.ablate(at.z[1, 3])
    with model.intervene(ablation):
        model.run(prompt)

Each value's `apply` is plain torch: the activation in, the changed activation out. The kinds are in
`ablation`, `edits` and `patching`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from .argument_types import argument_type
from .arrays import Array
from .errors import InterventionError
from .public import public_names
from .sites import WHOLE_MODEL, Site
from .spans import PromptSpans, read, touches, write

Show = Callable[[Any], str]  # how an Array or a dictionary is written: short, or as complete code


@runtime_checkable
class Activations(Protocol):
    """What `ablate(data=…)` and `patch(…)` read from: a `Run`."""

    @property
    def mask(self) -> Tensor:
        """True at real tokens, (batch, pos)."""
        ...

    @property
    def spans(self) -> PromptSpans:
        """Which columns each prompt takes up."""
        ...

    def __getitem__(self, site: Site, /) -> Tensor: ...


@argument_type("mi.ablate(site)")
@dataclass(frozen=True, repr=False)
class Intervention:
    """A change of the activation at one site."""

    site: Site

    def __post_init__(self) -> None:
        if not isinstance(self.site, Site):
            raise InterventionError(
                f"The first argument names where to intervene, as in at.z[1, 3]; got {self.site!r}."
            )
        if self.site.layer is None and self.site.name not in WHOLE_MODEL:
            raise InterventionError(
                f"{self.site!r} names no layer: write at.{self.site.name}[0], for example."
            )

    @property
    def is_open(self) -> bool:
        """Whether a model has to say at which layers it is."""
        return self.site.is_open

    def in_model(self, n_layers: int) -> tuple[Intervention, ...]:
        """The same at each layer that its site names, in a model of so many."""
        return tuple(replace(self, site=site) for site in self.site.in_model(n_layers))

    def of_several(self, parts: Sequence[Intervention]) -> Stack:
        """At several layers it is several interventions."""
        return Stack(tuple(parts))

    def change(self, x: Tensor) -> Tensor:
        """The new values for the part that the site names, from the present ones."""
        raise NotImplementedError

    def apply(self, x: Tensor, spans: PromptSpans) -> Tensor:
        """The activation with this change made: a new tensor, `x` stays as it is."""
        if not touches(x, self.site, spans):
            return x
        return write(x, self.site, spans, self._changed(read(x, self.site, spans), spans))

    def _changed(self, part: Tensor, spans: PromptSpans) -> Tensor:
        """The new values of the part that the site names, in its shape."""
        try:
            return self.change(part).expand_as(part)
        except RuntimeError as error:
            raise InterventionError(
                f"{self!r} does not fit: the activation at {self.site!r} has shape {tuple(part.shape)}. ({error})"
            ) from error

    def _arguments(self, show: Show) -> list[str]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.code_with(repr)

    def code(self, *, inline: bool = False) -> str:
        """The Python that makes this value: `eval(x.code()) == x`. `inline` as in `Array.code`."""
        return self.code_with(_shower(inline))

    def code_with(self, show: Show) -> str:
        """The same, with what stands inside written by `show`."""
        arguments = ", ".join([self.site.code_with(show), *self._arguments(show)])
        made_by = public_names().get((type(self).__module__, self.verb), self.verb)
        return f"{made_by}({arguments})"

    @property
    def verb(self) -> str:
        """The public function that makes it."""
        return type(self).__name__.lower()


@argument_type("mi.stack(intervention, …)")
@dataclass(frozen=True)
class Stack:
    """Several interventions; made by `mi.stack`. At one site they apply in the order written."""

    interventions: tuple[Intervention, ...] = ()

    def __iter__(self) -> Iterator[Intervention]:
        return iter(self.interventions)

    def __len__(self) -> int:
        return len(self.interventions)

    @property
    def is_open(self) -> bool:
        """Whether a model has to say at which layers some of them are."""
        return any(each.is_open for each in self)

    def in_model(self, n_layers: int) -> tuple[Stack]:
        """The same, each at a layer of a model of so many."""
        return (Stack(tuple(part for each in self for part in each.in_model(n_layers))),)

    def __repr__(self) -> str:
        return f"mi.stack({', '.join(map(repr, self.interventions))})"

    def code(self, *, inline: bool = False) -> str:
        """The Python that makes this value. `inline` as in `Array.code`."""
        return self.code_with(_shower(inline))

    def code_with(self, show: Show) -> str:
        """The same, with what stands inside written by `show`."""
        return f"mi.stack({', '.join(i.code_with(show) for i in self.interventions)})"


def _shower(inline: bool) -> Show:
    return lambda part: part.code(inline=inline) if isinstance(part, Array) else part.code()


def stack(*interventions: Intervention | Stack) -> Stack:
    """Several interventions as one value; stacks inside are flattened.

    Args:
        interventions: in the order in which they are applied.
    """
    flat: list[Intervention] = []
    given: tuple[Any, ...] = interventions
    for item in given:
        if isinstance(item, Stack):
            flat.extend(item)
        elif isinstance(item, Intervention):
            flat.append(item)
        else:
            several = isinstance(item, Sequence) and any(
                isinstance(each, (Intervention, Stack)) for each in item
            )
            advice = " Several go in one by one: mi.stack(*interventions)." if several else ""
            raise InterventionError(
                "An intervention is made by mi.ablate, mi.scale, mi.steer, mi.patch, mi.project_out, mi.stack, or what "
                f"is in mi.interventions (replace, apply, freeze_pattern, ablate_sites); got {item!r}.{advice}"
            )
    return Stack(tuple(flat))


def finite(what: str, value: Any) -> float:
    """A number of any make as a float.

    Raises:
        InterventionError: not a number, or not a finite one.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):  # of torch's, for several numbers
        number = math.nan
    if not math.isfinite(number):
        raise InterventionError(f"{what} must be a finite number; got {value!r}.")
    return number
