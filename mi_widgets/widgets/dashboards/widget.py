"""`DashboardView`: what each latent of a dictionary looks like."""

from typing import Any

import traitlets

from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.latent_changes import LatentChangeView
from .dashboards import Dashboards
from .picture import picture
from .words import sentence


class DashboardView(LatentChangeView[Dashboards]):
    """A dashboard for each latent of a dictionary, beside the list of all of them.

    The dashboard of the selected latent: the strongest contexts, one a line and lined up at the token where it fires
    most, their tokens shaded by activation; how often which activation comes, and how its density compares with that of
    all latents; the tokens whose logits its direction raises and lowers; its nearest neighbours by the cosine of the
    directions; and the label that it detects best with its scores on texts that had no part in choosing it. A label
    with an F1 below 0.5 names no latent: the list then says what the latent promotes. The list can be ordered and
    filtered: by labels, promoted tokens, numbers, and the tokens at which latents fire; what only stands near these
    comes last.

    A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.sae.dashboards` returns, or some of its latents (`.sel(latent=[17, 203])`).
        selection: What to show first, as in `{"latent": 17}`. Default: the latent with the best label, or without
            marks the strongest.
        sae: The dictionary; with it the key A takes the selected latent out.
        site: Where the dictionary reads, if that is not its own site.
        intervention: Latents to show as taken out, or as held at a value.

    Attributes:
        selection: Two-way: `{"latent": 17}`.
        intervention: Two-way: the latents that are taken out, as a value for `model.intervene`.

    Raises:
        ResultError: A Result that is not of `mi.sae.dashboards`, or larger than can be sent; a dictionary without a
            site.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("dashboards")

    _names = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        sae: Any = None,
        site: Any = None,
        intervention: Any = None,
    ) -> None:
        self._take_dictionary(sae, site)
        drawn = Dashboards(result)
        self._check_size(max(drawn.latents) + 1)
        super().__init__(result, drawn, selection, _changeable=sae is not None)
        self._join_gestures(intervention)

    def _arguments(self, script: Script) -> list[str]:
        return self._dictionary_code(script)

    def _picture(self) -> Picture:
        """The same dashboard, beside the beginning of the list."""
        return picture(self._drawn, self.selection["latent"])

    def __repr__(self) -> str:
        header, said = self._header, sentence(self._drawn, self.selection["latent"])
        return f"DashboardView({header['model']}, {header['title']}; {said})"

    def show(self, result: Any) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it."""
        drawn = Dashboards(result)
        self._check_size(max(drawn.latents) + 1)
        self._show(result, drawn)

    def _traits_now(self) -> dict[str, Any]:
        return {**super()._traits_now(), "_names": self._drawn.names.packed()}
