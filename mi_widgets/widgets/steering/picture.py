"""The steering panel without a browser: sliders, both continuations, the next tokens, and what it does and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import _marks as marks
from .._marks.inks import ACCENT, FAINT, INK, QUIET, WARN, WHITE
from .._marks.layout import Block
from .._marks.pen import Pen
from .._marks.text import TEXT, Face, cut
from .words import figures_in_words

if TYPE_CHECKING:
    from .widget import Said, Slider, SteeringView

_ROW = 24
_TRACK = (166, 220)  # where a slider begins, and how wide it is
_SAID = Face(12)


def picture(view: SteeringView) -> marks.Picture:
    """What the panel shows."""
    active = sum(scale != 0 for scale in view.scales)
    said = [
        marks.Column([_written(said, view.prompt)], name, width=306)
        for name, said in (("as it is", view.plain), ("steered", view.steered))
    ]
    rows = view._next["tokens"]
    most = max((max(p, q) for _, p, q in rows), default=1.0) or 1.0
    bars = [marks.Bar(marks.shortened(token, 12), q, f"{q:.2f}", control=p) for token, p, q in rows]
    likely = marks.Column([marks.Bars(bars, most)], "next token", "grey as it is, blue steered", width=310)
    sliders = _Sliders(view.sliders, view.scales)
    return marks.Picture(
        "Steering",
        [view.model_name, f"{active} of {len(view.sliders)} active"],
        marks.Column([sliders, marks.Row([*said, likely], gap=14)]),
        " · ".join(figures_in_words(view._figures)),
        width=980,
    )


def _written(said: Said, prompt: str) -> marks.Paragraph:
    """The prompt and what was added, or what went wrong."""
    ink = WARN if said.error else INK
    return marks.Paragraph(said.error or f"{prompt}{said.text}", ink, _SAID, most=9)


@dataclass(frozen=True)
class _Sliders:
    sliders: Sequence[Slider]
    scales: Sequence[float]

    def block(self, room: float) -> Block:
        def draw(pen: Pen, x: float, y: float) -> None:
            for i, (slider, scale) in enumerate(zip(self.sliders, self.scales, strict=True)):
                _slider(pen, (x, y + _ROW * i + 9), slider, scale, room)

        return Block(room, _ROW * len(self.sliders), draw)


def _slider(pen: Pen, at: tuple[float, float], slider: Slider, scale: float, room: float) -> None:
    """Its name, the track with a knob, the strength, and a note."""
    x, y = at
    start, width = x + _TRACK[0], _TRACK[1]
    zero = start + width / 2
    knob = zero + width / 2 * max(-1.0, min(1.0, scale / slider.reach))
    pen.text((x, y), cut(slider.name, _TRACK[0] - 14, TEXT), INK, TEXT)
    pen.box((start, y - 2, start + width, y + 2), fill=FAINT)
    pen.box((min(zero, knob), y - 2, max(zero, knob), y + 2), fill=ACCENT)
    pen.dot((knob, y), 6, fill=WHITE, outline=ACCENT, width=2)
    behind = start + width + 16
    pen.text((behind, y), f"{scale:+.2f}" if scale else "0", INK, _SAID)
    pen.text((behind + 60, y), cut(slider.note, x + room - behind - 60, TEXT), QUIET, TEXT)
