"""`SteeringView`: what a push does and costs; in a panel a slider for each direction, and what the model says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import traitlets
import xarray as xr

from mi_widgets.core.errors import MIError, SelectionError
from mi_widgets.core.script import Script
from mi_widgets.core.whole_numbers import checked_seed

from .. import _marks as marks
from .._shared.bundle import bundle
from .._shared.labelled import pack_dataset
from .._shared.prompt_view import PromptView
from .picture import panel
from .shown import Continuation, SteeringData
from .words import effect_in_words


class _SettingError(SelectionError, traitlets.TraitError):
    """One that traitlets takes back, also while the browser's state is applied."""


class SteeringView(PromptView[SteeringData]):
    """Effect, cost and control of steering. In `mi.SteeringPanel`, which runs the model, also its controls.

    Args:
        result: of `mi.steering_effect`; None, in a panel, where nothing was measured.
        selection: nothing can be selected.
        header: of a panel.
        controls: a panel's `sliders`, `prompt`, `settings` and what is `offered`.

    Attributes:
        sliders: one a direction.
        scales: Two-way: where the sliders stand, in their order.
        prompt: Two-way; None without a panel.
        settings: Two-way: `{"site": …, "tokens": …, "temperature": 0.0, "seed": 0}`.
        offered: what can be chosen for each setting, as `{"site": ["as given", …]}`; a temperature and a seed are
            numbers, and are not among them.
        plain: the continuation without steering.
        steered: the steered one.
        writes: writes the code where a panel steers.

    Raises:
        ResultError: a Result that is not of `mi.steering_effect`, or several of them in one.
        SelectionError: other scales or settings than there are; it keeps what it had.
    """

    _esm, _css = bundle("steering")

    sliders = traitlets.Tuple().tag(sync=True, to_json=lambda sliders, _: [*map(asdict, sliders)])
    scales = traitlets.List(traitlets.Float()).tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    offered = traitlets.Dict().tag(sync=True)
    plain = traitlets.Instance(Continuation, ()).tag(sync=True, to_json=lambda said, _: asdict(said))
    steered = traitlets.Instance(Continuation, ()).tag(sync=True, to_json=lambda said, _: asdict(said))

    _next = traitlets.Dict().tag(sync=True)
    _measured = traitlets.Dict().tag(sync=True)
    _strengths = traitlets.Dict().tag(sync=True)

    writes: Callable[[Script], None] | None = None

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        **controls: Any,
    ) -> None:
        self._own_header, self._sweep = header, xr.Dataset()
        rest = [0.0] * len(controls.get("sliders", ()))
        super().__init__(
            result,
            SteeringData(result, header),
            selection,
            scales=rest,
            _next={"scales": rest, "tokens": []},
            _strengths=pack_dataset(self._sweep),
            **controls,
        )

    @traitlets.validate("scales")
    def _check_scales(self, proposal: Any) -> list[float]:
        given = list(proposal["value"])
        n = len(self.sliders)
        if len(given) != n or not all(math.isfinite(scale) for scale in given):
            raise _SettingError(f"scales must be {n} finite numbers, one a direction; got {given!r}.")
        return given

    @traitlets.validate("settings")
    def _check_settings(self, proposal: Any) -> dict[str, Any]:
        given = {**self._trait_values.get("settings", {}), **proposal["value"]}
        for name, labels in self.offered.items():
            if given.get(name) not in labels:
                raise _SettingError(f"{name} must be one of {', '.join(labels)}; got {given.get(name)!r}.")
        heat: Any = given.get("temperature")
        if getattr(heat, "shape", None) == ():  # numpy's or torch's number as Python's, a Result's too
            heat = heat.item() if hasattr(heat, "item") else float(heat)
        if isinstance(heat, bool) or not isinstance(heat, int | float) or not 0 <= heat < math.inf:
            raise _SettingError(f"temperature must be a number, 0 or more; got {heat!r}.")
        try:
            seed = checked_seed(given.get("seed"))
        except MIError as error:
            raise _SettingError(str(error)) from None
        known = [*self.offered, "temperature", "seed"]
        unknown = sorted(set(given) - {*known})
        if unknown:
            raise _SettingError(f"There is no setting {', '.join(unknown)}; there are {', '.join(known)}.")
        return {**given, "temperature": heat, "seed": seed}

    def write(self, script: Script) -> None:
        """Add the lines of `code` to a script: the panel's, where there is one."""
        (self.writes or super().write)(script)

    def show(self, result: Any, **measured: Any) -> None:
        """Show what another push does.

        Args:
            result: of `mi.steering_effect`; None where nothing is known.
            measured: `scales`, where the sliders stood then, and `ms`, how long the next token took.
        """
        self._show(result, SteeringData(result, self._own_header), _measured=measured)

    def show_sweep(self, sweep: xr.Dataset) -> None:
        """Show what several strengths of one direction do; nothing of an empty Dataset.

        Args:
            sweep: (strength) `effect` and `cost`, and of the control `control` and `control_cost`; its attribute `name`
                is the direction's.
        """
        self._sweep, self._strengths = sweep, pack_dataset(sweep, **sweep.attrs)

    def show_next(self, scales: Sequence[float], tokens: Sequence[tuple[str, float, float]]) -> None:
        """Show the likeliest next tokens.

        Args:
            scales: with which they were computed.
            tokens: text, probability as it is, and steered.
        """
        self._next = {"scales": list(scales), "tokens": [[t, round(p, 5), round(q, 5)] for t, p, q in tokens]}

    def _picture(self) -> marks.Picture:
        """The same for readers without a kernel (GitHub, nbconvert)."""
        header, said = self._header, effect_in_words(self._drawn.data)
        facts, body = [header["model"]], marks.Column([marks.Paragraph(line) for line in said])
        if not self.sliders:
            return marks.Picture(header["title"], facts, body, width=520)
        facts.append(f"{sum(scale != 0 for scale in self.scales)} of {len(self.sliders)} active")
        both = self.plain, self.steered
        body = panel(self.sliders, self.scales, self.prompt or "", both, self._next["tokens"])
        return marks.Picture(header["title"], facts, body, " · ".join(said), width=980)

    def __repr__(self) -> str:
        model = self._header["model"]
        if not self.sliders:
            return f"SteeringView({model}; {' · '.join(effect_in_words(self._drawn.data))})"
        sliders = zip(self.sliders, self.scales, strict=True)
        stand = ", ".join(f"{slider.name} {scale:+.3g}" for slider, scale in sliders)
        return f"SteeringView({model}, {stand}: {self.steered.text!r})"
