"""What Python and the browser both decide, as functions of plain values: `agreement.test.ts` has the same names.

    python -m tests.widgets.agreement

writes `agreement_drawn.json`: cases that a seeded generator draws, beside those of `agreement.json`, chosen by hand.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mi_widgets.core import numbers
from mi_widgets.widgets._shared.axis_scale import XAxis, even_axis
from mi_widgets.widgets._shared.colour import dark_ink, lookup
from mi_widgets.widgets._shared.pool import max_pool
from mi_widgets.widgets._shared.scale import ColourScale, highest
from mi_widgets.widgets._shared.selection import changes_from_linked
from mi_widgets.widgets._shared.thinning import thinned
from mi_widgets.widgets._shared.tokens import quoted, shortened, visible
from mi_widgets.widgets._shared.wire import quantise
from mi_widgets.widgets._shared.words import fill

from . import agreement_views

CHOSEN = Path(__file__).with_name("agreement.json")
DRAWN = Path(__file__).with_name("agreement_drawn.json")

RULES: dict[str, Callable[..., Any]] = {
    "fixed": numbers.fixed,
    "signed": numbers.signed,
    "scientific": numbers.scientific,
    "significant": numbers.significant,
    "power_of_ten": numbers.power_of_ten,
    "number text": numbers.number_text,
    "count": numbers.count,
    "number on scale": lambda low, high, value: ColourScale("diverging", low, high).number_text(value),
    "scale ends": lambda low, high: list(ColourScale("diverging", low, high).ends()),
    "highest": highest,
    "visible": visible,
    # Halves of a pair, which some readers of JSON refuse.
    "visible code points": lambda characters: visible("".join(map(chr, characters))),
    "shortened": shortened,
    "quoted": quoted,
    "level": lambda value, low, high: int(quantise(np.array([value]), low=low, high=high)[0]),
    "colour": lambda name, theme, level: lookup(name, theme)[level].tolist(),
    "dark ink": lambda name, theme, level: dark_ink(level, name, theme),
    "thinned": lambda n, step, room, always: thinned(n, step_px=step, min_px=room, always=always),
    "x ticks": lambda values, log, whole, most: [text for _, text in XAxis(values, log, whole).ticks(most)],
    "x place": lambda values, log, whole, value: round(XAxis(values, log, whole).place(value), 9),
    "y ticks": lambda low, high, ticks: [text for _, text in even_axis(low, high, ticks=ticks).ticks],
    "y place": lambda low, high, ticks, value: round(even_axis(low, high, ticks=ticks).place(value), 9),
    "changes from linked": changes_from_linked,
    "said": fill,
    "pooled": lambda rows, side: max_pool(np.array(rows, np.uint8), side=side).tolist(),
    **agreement_views.RULES,
}


def cases(path: Path) -> list[tuple[str, list[Any], Any]]:
    """The rule, its arguments and its answer, of every case in a file; numbers that JSON lacks are written as texts."""
    table = json.loads(path.read_text("utf-8"))
    return [
        (rule, [_number(part) for part in given], wanted) for rule in table for *given, wanted in table[rule]
    ]


def _number(part: Any) -> Any:
    if isinstance(part, list):
        return [_number(one) for one in part]
    return float(part) if part in ("NaN", "Infinity", "-Infinity") else part


def drawn() -> dict[str, list[Any]]:
    """Numbers of all sizes, and among them many that lie on a half."""
    random = np.random.default_rng(25)
    sizes = 10.0 ** random.uniform(-7, 7, 60) * random.choice([-1, 1], 60)
    halves = (random.integers(0, 2000, 60) + 0.5) / 10.0 ** random.integers(0, 4, 60)
    singles = random.uniform(-20, 20, 30).astype(np.float32).astype(float)
    values = [float(value) for value in np.concatenate([sizes, halves, singles])]
    ranges = [sorted(float(end) for end in pair) for pair in random.choice(values, (40, 2))]
    levels = [int(level) for level in random.integers(1, 255, 8)]
    arguments: dict[str, list[list[Any]]] = {
        "fixed": [
            [value, int(n)] for value, n in zip(values, random.integers(0, 5, len(values)), strict=True)
        ],
        "scientific": [[value, 1] for value in values[:60]],
        "significant": [[value, 3] for value in values[:60]],
        "number text": [[value] for value in values],
        "count": [[float(abs(value))] for value in values],
        "number on scale": [[low, high, (low + high) / 4] for low, high in ranges],
        "level": [[float(value), -1.0, 1.5] for value in random.uniform(-1.1, 1.6, 40)],
        "colour": [[name, theme, level] for name in _MAPS for theme in ("light", "dark") for level in levels],
        "dark ink": [
            [name, theme, level] for name in _MAPS for theme in ("light", "dark") for level in levels
        ],
        "x ticks": [[ends, False, False, 5] for ends in ranges],
        "y ticks": [[*ends, 5] for ends in ranges],
    }
    return {rule: [[*given, RULES[rule](*given)] for given in every] for rule, every in arguments.items()}


_MAPS = ("sequential", "viridis", "diverging")


def drawn_text() -> str:
    """The drawn cases, one rule a line."""
    lines = [
        f"  {json.dumps(rule)}: {json.dumps(rows, ensure_ascii=False)}" for rule, rows in drawn().items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    DRAWN.write_text(drawn_text(), "utf-8")
