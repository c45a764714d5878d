"""The steering panel without a browser: sliders, both continuations, and the next tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mi_widgets.core.numbers import fixed, signed

from .. import _marks as marks
from .._marks.inks import ACCENT, FAINT, INK, QUIET, WARN, WHITE
from .._marks.layout import Block
from .._marks.pen import Pen
from .._marks.text import TEXT, Face, cut
from .._shared.tokens import shortened
from .shown import Continuation, Slider

_ROW = 24
_TRACK = (166, 220)  # where a slider begins, and how wide it is
_SAID = Face(12)


def panel(
    sliders: Sequence[Slider],
    scales: Sequence[float],
    prompt: str,
    both: tuple[Continuation, Continuation],
    tokens: Sequence[Sequence[Any]],
) -> marks.Mark:
    """What a panel shows above the figures.

    Args:
        sliders: one a direction.
        scales: where they stand.
        prompt: what is continued.
        both: the continuation as it is, and the steered one.
        tokens: the likeliest next ones: text, probability as it is, and steered.
    """
    said = [
        marks.Column([_continuation(said, prompt)], name, width=306)
        for name, said in zip(("as it is", "steered"), both, strict=True)
    ]
    most = max((max(p, q) for _, p, q in tokens), default=1.0) or 1.0
    bars = [marks.Bar(shortened(token, 12), q, fixed(q, 2), control=p) for token, p, q in tokens]
    likely = marks.Column([marks.Bars(bars, most)], "next token", "grey as it is, blue steered", width=310)
    return marks.Column([_Sliders(sliders, scales), marks.Row([*said, likely], gap=14)])


def _continuation(said: Continuation, prompt: str) -> marks.Paragraph:
    """The prompt and what was added, or what went wrong."""
    ink = WARN if said.error else INK
    return marks.Paragraph(said.error or f"{prompt}{said.text}", ink, _SAID, most=9)


@dataclass(frozen=True)
class _Sliders:
    sliders: Sequence[Slider]
    scales: Sequence[float]

    def block(self, room: float) -> Block:
        def draw(pen: Pen) -> None:
            for i, (slider, scale) in enumerate(zip(self.sliders, self.scales, strict=True)):
                _slider(pen.moved(0, _ROW * i + 9), slider, scale, room)

        return Block(room, _ROW * len(self.sliders), draw)


def _slider(pen: Pen, slider: Slider, scale: float, room: float) -> None:
    """Its name, the track with a knob, the strength, and a note."""
    start, width = _TRACK
    zero, end = start + width / 2, start + width
    knob = zero + width / 2 * max(-1.0, min(1.0, scale / slider.reach))
    pen.text(0, 0, cut(slider.name, start - 14, TEXT), INK, TEXT)
    pen.box(start, -2, end, 2, FAINT)
    pen.box(min(zero, knob), -2, max(zero, knob), 2, ACCENT)
    pen.dot(knob, 0, 6, WHITE, ACCENT, 2)
    pen.text(end + 16, 0, signed(scale, 2) if scale else "0", INK, _SAID)
    pen.text(end + 76, 0, cut(slider.note, room - end - 76, TEXT), QUIET, TEXT)
