"""The trust view without a browser: the same lines; of many checks that held, the names."""

from collections.abc import Iterator

from .. import _marks as marks
from .._marks.inks import GOOD, INK, QUIET, WARN
from .._marks.text import MONO, STRONG, TEXT
from .checks import Check, Report

# A symbol for each status, so that no colour is needed to tell them apart.
_SYMBOLS = {"warning": ("✗", WARN), "note": ("•", QUIET), "ok": ("✓", GOOD)}
_EDGES = (0, 20, 248)


def picture(report: Report, chosen: int | str | None) -> marks.Picture:
    """What to beware of, what to note, and what held.

    Args:
        report: What was checked.
        chosen: The label of the selected check.
    """
    table = marks.Table([*_rows(report, chosen)], _EDGES)
    return marks.Picture(report.title, [report.model_name, str(report)], table, width=900)


def _rows(report: Report, chosen: int | str | None) -> Iterator[marks.Entry]:
    if report.summary:
        symbol, ink = _SYMBOLS["warning" if report.warnings else "ok"]
        yield marks.Entry(
            [[marks.StyledText(symbol, ink, STRONG)], [marks.StyledText(report.summary, ink, STRONG)]]
        )
    held = report.of("ok")
    # As in the widget, a check that is selected is seen.
    folded = report.collapses and chosen not in [check.label for check in held]
    for check in report.of("warning", "note") if folded else report.checks:
        yield _row(check, check.label == chosen)
    if folded:
        names = " · ".join(check.name for check in held)
        symbol, said = marks.StyledText(*_SYMBOLS["ok"]), marks.StyledText(names, QUIET)
        yield marks.Entry([[symbol], [marks.StyledText(f"{len(held)} checks held")], [said]])


def _row(check: Check, chosen: bool) -> marks.Entry:
    face = STRONG if check.status == "warning" else TEXT
    seen = [marks.StyledText(check.seen, QUIET if check.status == "ok" else INK)]
    if check.sites:
        seen.append(marks.StyledText(check.sites, QUIET, MONO))
    symbol, name = marks.StyledText(*_SYMBOLS[check.status], face), marks.StyledText(check.name, INK, face)
    return marks.Entry([[symbol], [name], seen], chosen)
