"""`LatentsView`: which latents of a dictionary fire where in a text."""

from typing import Any

import traitlets

from mi_widgets.core.argument_types import checked
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.latent_changes import LatentChangeView
from .._shared.latent_names import LatentNames
from .._shared.prompt_view import PromptView
from ..dashboards.dashboards import Dashboards
from .activations import LatentActivations
from .picture import picture
from .words import sentence


@checked
class LatentsView(PromptView[LatentActivations], LatentChangeView[LatentActivations]):
    """A text, the latents that fire strongest at one of its tokens or in all of it, and where the selected one fires.

    A view draws a Result and reports gestures as values; it never runs a model. `mi.LatentsPanel` does.

    Args:
        result: What `mi.sae.latents` returns.
        dashboards: The Result of `mi.sae.dashboards` for the same dictionary: latents then have names.
        selection: What to show first, any of batch, pos and latent. Default: the first prompt, all of it, and the
            latent that fires strongest.
        sae: The dictionary; with it latents can be taken out, and held at a value.
        site: Where the dictionary reads, if that is not its own site.
        intervention: Latents to show as changed.
        prompt: A text to be edited; without it there is nothing to type.

    Attributes:
        selection: Two-way: `{"batch": 0, "pos": 4, "latent": 370}`; of pos, None selects the whole text.
        intervention: Two-way: the latents that are changed, as a value for `model.intervene`.
        prompt: Two-way: what is typed. A panel answers it with `show`, or with `say`.

    Raises:
        ResultError: A Result that is not of `mi.sae.latents`, or larger than can be sent; a dictionary without a site.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("latents")

    _names = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        result: Any,
        *,
        dashboards: Any = None,
        selection: dict[str, Any] | None = None,
        sae: Any = None,
        site: Any = None,
        intervention: Any = None,
        prompt: str | None = None,
    ) -> None:
        self._take_dictionary(sae, site)
        names = LatentNames() if dashboards is None else Dashboards(dashboards).names
        drawn, self._dashboards = LatentActivations(result, names), dashboards
        self._check_size(drawn.d_sae)
        super().__init__(
            result,
            drawn,
            selection,
            prompt=prompt,
            _names=names.packed(),
            _changeable=sae is not None,
        )
        self._join_gestures(intervention)

    def _arguments(self, script: Script) -> list[str]:
        named = self._dashboards
        said = [] if named is None else [f"dashboards={script.expression(named, 'dashboards')}"]
        return [*said, *self._dictionary_code(script)]

    def _picture(self) -> Picture:
        """The same text, latents and words."""
        return picture(self._drawn, self.selection, dict(self._changes))

    def __repr__(self) -> str:
        fired, chosen = self._drawn, self.selection
        several = f"prompt {chosen['batch']} of {len(fired.batch)}, " if len(fired.batch) > 1 else ""
        return f"LatentsView({self._header['model']}, {several}{sentence(fired, chosen)})"

    def show(self, result: Any) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it."""
        drawn = LatentActivations(result, self._drawn.names)
        self._check_size(drawn.d_sae)
        self._show(result, drawn, _said={**self._said, "error": ""})

    def _first_selection(self, given: Any) -> dict[str, Any]:
        chosen = super()._first_selection(given)
        strongest = self._drawn.strongest(chosen, 1)
        if "latent" in (given or {}) or not strongest:
            return chosen
        return {**chosen, "latent": strongest[0][0]}
