"""`SteeringView`: a slider for each direction, what the model says without and with them, and what that does."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import anywidget
import traitlets

from mi_widgets.core.errors import SelectionError

from .._marks import render
from .._shared.bundle import bundle
from .._shared.closing import Closing
from .picture import picture
from .shown import Said, Shown, Slider


class SteeringView(Closing, anywidget.AnyWidget):
    """The panel's picture and its controls. It draws what it is told; `mi.SteeringPanel` runs the model.

    Args:
        model_name: for the header.
        sliders: one a direction.
        prompt: what is continued.
        settings: of `choices`.
        choices: what can be chosen for each setting, as `{"site": ["as given", …]}`; a temperature and a seed are
            numbers, and are not among them.
        warnings: to beware of.

    Attributes:
        scales: Two-way: where the sliders stand, in their order.
        prompt: Two-way.
        settings: Two-way: `{"site": …, "tokens": …, "temperature": 0.0, "seed": 0}`.

    Raises:
        SelectionError: other scales or settings than there are; it keeps what it had.
    """

    _esm, _css = bundle("steering")

    scales = traitlets.List(traitlets.Float()).tag(sync=True)
    prompt = traitlets.Unicode().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)

    _header = traitlets.Dict().tag(sync=True)
    _sliders = traitlets.List().tag(sync=True)
    _choices = traitlets.Dict().tag(sync=True)
    _next = traitlets.Dict().tag(sync=True)
    _plain = traitlets.Dict().tag(sync=True)
    _steered = traitlets.Dict().tag(sync=True)
    _figures = traitlets.Dict().tag(sync=True)
    _sweep = traitlets.Dict().tag(sync=True)
    _said = traitlets.Dict().tag(sync=True)
    _code = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        model_name: str,
        sliders: Sequence[Slider],
        *,
        prompt: str,
        settings: Mapping[str, Any],
        choices: Mapping[str, Sequence[str]],
        warnings: Sequence[str] = (),
    ) -> None:
        self.model_name, self.sliders = model_name, tuple(sliders)
        self.plain, self.steered = Said(), Said()
        super().__init__(
            scales=[0.0] * len(sliders),
            prompt=prompt,
            settings=dict(settings),
            _header={"title": "Steering", "model": model_name, "warnings": list(warnings)},
            _sliders=[asdict(slider) for slider in sliders],
            _choices={name: list(labels) for name, labels in choices.items()},
            _next={"scales": [0.0] * len(sliders), "tokens": []},
            _plain=_packed(self.plain),
            _steered=_packed(self.steered),
            _said={"error": "", "busy": ""},
        )

    @traitlets.validate("scales")
    def _check_scales(self, proposal: Any) -> list[float]:
        given = list(proposal["value"])
        n = len(self.sliders)
        if len(given) != n or not all(math.isfinite(scale) for scale in given):
            raise SelectionError(f"scales must be {n} finite numbers, one a direction; got {given!r}.")
        return [float(scale) for scale in given]

    @traitlets.validate("settings")
    def _check_settings(self, proposal: Any) -> dict[str, Any]:
        given = {**self._trait_values.get("settings", {}), **proposal["value"]}
        for name, labels in (self._choices or {}).items():
            if given.get(name) not in labels:
                raise SelectionError(f"{name} must be one of {', '.join(labels)}; got {given.get(name)!r}.")
        heat, seed = given.get("temperature"), given.get("seed")
        if isinstance(heat, bool) or not isinstance(heat, int | float) or not 0 <= heat < math.inf:
            raise SelectionError(f"temperature must be a number, 0 or more; got {heat!r}.")
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise SelectionError(f"seed must be a whole number, 0 or more; got {seed!r}.")
        unknown = set(given) - {*self._choices, "temperature", "seed"}
        if unknown:
            raise SelectionError(
                f"There is no setting {', '.join(sorted(unknown))}; there are {', '.join(given)}."
            )
        return given

    def show_next(self, scales: Sequence[float], tokens: Sequence[tuple[str, float, float]]) -> None:
        """Show the likeliest next tokens.

        Args:
            scales: with which they were computed.
            tokens: text, probability as it is, and steered.
        """
        self._next = {"scales": list(scales), "tokens": [[t, round(p, 5), round(q, 5)] for t, p, q in tokens]}

    def show_plain(self, said: Said) -> None:
        """Show the continuation without steering."""
        self.plain, self._plain = said, _packed(said)

    def show_steered(self, said: Said) -> None:
        """Show the steered continuation."""
        self.steered, self._steered = said, _packed(said)

    def show_figures(self, figures: Mapping[str, Any]) -> None:
        """Show effect, cost and control below; see `Figures` of the panel. Empty: none are known."""
        self._figures = dict(figures)

    def show_sweep(self, sweep: Mapping[str, Any]) -> None:
        """Show what several strengths do. Empty: none."""
        self._sweep = dict(sweep)

    @property
    def error(self) -> str:
        """What went wrong, as it is shown; empty where nothing did."""
        return self._said["error"]

    def say(self, *, error: str | None = None, busy: str | None = None) -> None:
        """Tell the reader what went wrong, or what is being done."""
        said = {"error": error, "busy": busy}
        self._said = {**self._said, **{name: value for name, value in said.items() if value is not None}}

    def say_code(self, code: str) -> None:
        """What "copy code" copies."""
        self._code = code

    def png(self) -> bytes:
        """The same for readers without a kernel (GitHub, nbconvert)."""
        rows, figures = self._next["tokens"], self._figures
        shown = Shown(
            self.model_name, self.sliders, self.scales, self.prompt, self.plain, self.steered, rows, figures
        )
        return render(picture(shown))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundled = super()._repr_mimebundle_(**kwargs)
        if bundled is None:
            return None
        data, metadata = bundled if isinstance(bundled, tuple) else (bundled, {})
        return {**data, "image/png": base64.b64encode(self.png()).decode("ascii")}, metadata

    def __repr__(self) -> str:
        stand = ", ".join(
            f"{slider.name} {scale:+.3g}" for slider, scale in zip(self.sliders, self.scales, strict=True)
        )
        return f"SteeringView({self.model_name}, {stand}: {self.steered.text!r})"


def _packed(said: Said) -> dict[str, Any]:
    return {**asdict(said), "pieces": [list(piece) for piece in said.pieces]}
