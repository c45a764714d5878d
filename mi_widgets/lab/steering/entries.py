"""What a steering panel is given: named directions, checked against the model; and what a slider's place means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mi_widgets.analysis.dictionaries.sites import in_a_title
from mi_widgets.analysis.directions.contrast import check_site
from mi_widgets.core.directions import Direction, check_direction
from mi_widgets.core.edits import Steer, steer
from mi_widgets.core.errors import InterventionError, MIError
from mi_widgets.core.interventions import Stack, stack
from mi_widgets.core.record import said_of
from mi_widgets.core.sites import AXES, Site
from mi_widgets.model.model import Model

Directions = Mapping[str, Any] | Iterable[tuple[str, Any]]
AS_GIVEN = "as given"
_TOKENS = (AS_GIVEN, "every token", "new tokens")


@dataclass(frozen=True)
class Entry:
    """One slider's direction.

    Attributes:
        name: for people.
        steer: at the scale that it was given with.
        reach: how far the slider goes: twice that.
    """

    name: str
    steer: Steer
    reach: float

    @property
    def note(self) -> str:
        """Where it comes from, in a few words."""
        direction, site = self.steer.direction, self.steer.site
        if not isinstance(direction, Direction):
            return f"{direction.shape[0]} numbers · {in_a_title(site)}"
        facts = "".join(f" · {name} {value:.4g}" for name, value in direction.facts.items())
        found = said_of(direction.record)
        return f"{found} · {in_a_title(site)} · norm {direction.norm:.3g}{facts}"


def entries(model: Model, directions: Directions) -> tuple[Entry, ...]:
    """Checked.

    Raises:
        MIError: none, two of one name, or something that is no direction.
        SiteError: a site that the model does not have, or without one vector a token.
        InterventionError: a direction of another width, of zeros, or with NaN in it.
    """
    given = directions.items() if isinstance(directions, Mapping) else directions
    pairs: list[Any] = [*given] if isinstance(given, Iterable) else []
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        pairs = []  # interventions without names
    if not pairs:
        raise MIError(
            'mi.SteeringPanel takes directions by name, as in {"French": mi.steer(site, direction)}; '
            f"got {directions!r}."
        )
    names = [name for name, _ in pairs]
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise MIError(f"mi.SteeringPanel: a direction's name is a text; got {name!r}.")
        if names.count(name) > 1:
            raise MIError(
                f"mi.SteeringPanel: {names.count(name)} directions have the name {name!r}; give each its own."
            )
    return tuple(_entry(model, name, given) for name, given in pairs)


def _entry(model: Model, name: str, given: Any) -> Entry:
    if isinstance(given, Direction):
        given = steer(given.site, given)
    if not isinstance(given, Steer):
        raise MIError(
            f"mi.SteeringPanel: {name!r} must be mi.steer(site, direction), or what mi.directions.mean_difference and "
            f"its like return; got {given!r}."
        )
    caller = f"mi.SteeringPanel: {name!r}"
    check_site(caller, given.site)
    model.layers_of(given.site)
    check_direction(caller, given.direction)
    width = width_at(model, given.site)
    if given.direction.shape != (width,):
        raise InterventionError(
            f"{caller} has {given.direction.shape[0]} numbers; {given.site!r} of {model.name} is {width} wide."
        )
    return Entry(name, given, 2 * (abs(given.scale) or 1.0))


def width_at(model: Model, site: Site) -> int:
    """The length of the vectors at a site."""
    return model.config.size(AXES[site.name][-1], site.name) or 0


def choices(model: Model, given: Sequence[Entry]) -> dict[str, list[str]]:
    """What can be chosen for all directions at once: the site, where all are of the residual stream; and the tokens."""
    sites = [AS_GIVEN]
    if all(AXES[entry.steer.site.name][-1] == "d_model" for entry in given):
        sites += [
            f"resid_{kind}[{layer}]"
            for layer in range(model.config.n_layers)
            for kind in ("pre", "mid", "post")
        ]
    return {"site": sites, "tokens": [*_TOKENS]}


def interventions(given: Sequence[Entry], scales: Sequence[float], settings: Mapping[str, Any]) -> Stack:
    """What the sliders do, as a value: those at 0 do nothing."""
    return stack(
        *(
            replace(entry.steer, site=_placed(entry.steer.site, settings), scale=float(scale))
            for entry, scale in zip(given, scales, strict=True)
            if scale
        )
    )


def _placed(site: Site, settings: Mapping[str, Any]) -> Site:
    if settings["site"] != AS_GIVEN:
        name, _, layer = settings["site"].rstrip("]").partition("[")
        site = Site(name, int(layer), positions=site.positions, tokens=site.tokens)
    if settings["tokens"] == "every token":
        site = replace(site, positions=None, tokens=None)
    if settings["tokens"] == "new tokens":
        site = replace(site, positions="new", tokens=None)
    return site
