"""Latents of a dictionary that are taken out, or held at a value: the browser's list and the intervention it means."""

from collections.abc import Iterable
from typing import Any

import traitlets

from mi_widgets.core.argument_types import wrong_kind
from mi_widgets.core.errors import ResultError
from mi_widgets.core.script import Script

from .intervention_view import InterventionView
from .view import D


class LatentChangeView(InterventionView[D]):
    """A view in which latents can be changed: `intervention` in Python, `_changes` in the browser, kept in step.

    An entry is a latent with the value that it is held at, or with None where it is taken out. Without a dictionary
    nothing can be changed by a gesture, and every intervention is one that the view does not show.
    """

    _gestures = "_changes"
    _changes = traitlets.List().tag(sync=True)
    _changeable = traitlets.Bool().tag(sync=True)

    _place: Any = None  # the site of the dictionary
    _sae: Any = None

    def _take_dictionary(self, sae: Any, site: Any) -> None:
        """Before `super().__init__`: which dictionary, and where it reads if that is not its own site."""
        view = f"mi.views.{type(self).__name__}"
        if sae is not None and not hasattr(sae, "W_dec"):
            raise wrong_kind(view, "sae", "an SAE, as in mi.sae.load(name)", sae, f"{view}(result, sae=…)")
        if site is not None and not hasattr(site, "everywhere"):
            raise wrong_kind(
                view, "site", "a Site, as in at.resid_post[2]", site, f"{view}(result, sae=…, site=…)"
            )
        place = site if site is not None else getattr(sae, "site", None)
        if sae is not None:
            if place is None or not place.is_one_activation:
                raise ResultError(
                    f"{type(self).__name__} cannot tell where {sae!r} reads: give site=, as in site=at.resid_post[2]."
                )
            place.latent(sae)  # which refuses what has no latents
        self._sae, self._place = sae, place

    def _check_size(self, n: int) -> None:
        """The numbers that are drawn go up to n - 1; those of the dictionary must too."""
        if self._sae is not None and n > self._sae.d_sae:
            raise ResultError(
                f"sae= has the latents 0 to {self._sae.d_sae - 1}, but this Result has one of number {n - 1}: it is of "
                "another dictionary."
            )

    def _dictionary_code(self, script: Script) -> list[str]:
        """The view's arguments: the dictionary, where it reads if it does not say so itself, and what is done."""
        if self._sae is None:
            return []
        site = [] if self._place == self._sae.site else [f"site={self._place.code()}"]
        sae = f"sae={script.expression(self._sae, 'sae')}"
        return [sae, *site, *self._intervention_code(script)]

    def _made(self, gesture: Any) -> Any:
        # Here, where a value is made: they need torch, which takes a second to import.
        from mi_widgets.core.ablation import ablate
        from mi_widgets.core.edits import replace

        latent, value = gesture
        site = self._place.latent(self._sae, latent)
        return ablate(site) if value is None else replace(site, float(value))

    def _shown(self, intervention: Iterable[Any]) -> tuple[list[Any], list[Any]]:
        # Each of them sets the latent, whatever it was: of several for one latent the last one counts.
        found: dict[int, float | None] = {}
        others: list[Any] = []
        for item in intervention:
            change = self._change_of(item)
            if change is None:
                others.append(item)
            else:
                found.pop(change[0], None)
                found[change[0]] = change[1]
        return [list(change) for change in found.items()], others

    def _change_of(self, item: Any) -> tuple[int, float | None] | None:
        latents = item.site.latents
        index = None if latents is None else latents.index
        if (
            self._sae is None
            or not isinstance(index, int)
            or item.site != self._place.latent(self._sae, index)
        ):
            return None
        if item.verb == "ablate" and item.to == "zero":
            return index, None
        if item.verb == "replace" and item.value.shape == ():
            # As short as it was given: 5.1, which no float32 is.
            return index, float(str(item.value.tensor.float().numpy()))
        return None
