"""The trust view as a PNG: the same lines, for readers without the widget."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import ImageDraw

from .._shared import png
from .checks import Check, Report

_WIDTH = 900
_TOP = 46
_MARK, _NAME, _SEEN = 14, 34, 262  # where the columns begin
_RIGHT = _WIDTH - 14
_LINE = 17
_GAP = 7  # between two checks
_MOST = 8  # lines of a sentence; a longer one can be read in the widget

# A sign for each status, so that no colour is needed to tell them apart.
_MARKS = {"warning": ("✗", png.WARN), "note": ("•", png.QUIET), "ok": ("✓", png.GOOD)}


@dataclass(frozen=True)
class _Row:
    """One check as it is drawn: its lines, already broken."""

    status: str
    name: Sequence[str]
    seen: Sequence[str]
    sites: Sequence[str]
    chosen: bool = False
    quiet: bool = False

    @property
    def beside(self) -> bool:
        """Whether the sites have room behind the sentence."""
        if len(self.sites) != 1:
            return False
        used = _SEEN + _face().getlength(self.seen[-1]) + 12
        return used + _mono().getlength(self.sites[0]) <= _RIGHT

    @property
    def height(self) -> int:
        """In pixels, without the gap."""
        below = 0 if self.beside else len(self.sites)
        return _LINE * max(len(self.name), len(self.seen) + below)


def draw(report: Report, chosen: int | str | None) -> bytes:
    """PNG bytes: what to beware of, what to note, and what held.

    Args:
        report: What was checked.
        chosen: The label of the selected check.
    """
    rows = [*_rows(report, chosen)]
    height = sum(row.height + _GAP for row in rows) + (_LINE + _GAP if report.summary else 0)
    image = png.canvas(_WIDTH, _TOP + height + 8)
    png.header(image, report.title, f"{report.model_name} · {report}")
    pen, y = ImageDraw.Draw(image), _TOP
    if report.summary:
        sign, colour = _MARKS["warning" if report.warnings else "ok"]
        pen.text((_MARK, y), sign, colour, font=_face(bold=True))
        pen.text((_NAME, y), report.summary, colour, font=_face(bold=True))
        y += _LINE + _GAP
    for row in rows:
        _draw_row(pen, y, row)
        y += row.height + _GAP
    return png.encode(image)


def _rows(report: Report, chosen: int | str | None) -> Iterator[_Row]:
    held = report.of("ok")
    # As in the widget, a check that is selected is seen.
    folded = report.folds and chosen not in [check.label for check in held]
    for check in report.of("warning", "note") if folded else report.checks:
        yield _row(check, chosen)
    if folded:
        names = " · ".join(check.name for check in held)
        yield _Row("ok", [f"{len(held)} checks held"], _broken(names, _RIGHT - _SEEN), [], quiet=True)


def _row(check: Check, chosen: int | str | None) -> _Row:
    name = _broken(check.name, _SEEN - _NAME - 12, bold=check.status == "warning")
    seen = _broken(check.seen, _RIGHT - _SEEN)
    sites = png.wrapped(check.sites, _RIGHT - _SEEN, _mono(), most=_MOST) if check.sites else []
    return _Row(check.status, name, seen, sites, check.label == chosen, check.status == "ok")


def _draw_row(pen: ImageDraw.ImageDraw, y: int, row: _Row) -> None:
    sign, colour = _MARKS[row.status]
    bold = row.status == "warning"
    if row.chosen:
        pen.rectangle([0, y - 2, 3, y + row.height], fill=png.ACCENT)
    pen.text((_MARK, y), sign, colour, font=_face(bold=True))
    for i, line in enumerate(row.name):
        pen.text((_NAME, y + i * _LINE), line, png.INK, font=_face(bold=bold))
    for i, line in enumerate(row.seen):
        pen.text((_SEEN, y + i * _LINE), line, png.QUIET if row.quiet else png.INK, font=_face())
    if row.beside:
        x = _SEEN + _face().getlength(row.seen[-1]) + 12
        pen.text((x, y + (len(row.seen) - 1) * _LINE + 1), row.sites[0], png.QUIET, font=_mono())
        return
    for i, line in enumerate(row.sites, start=len(row.seen)):
        pen.text((_SEEN, y + i * _LINE + 1), line, png.QUIET, font=_mono())


def _broken(text: str, width: int, *, bold: bool = False) -> list[str]:
    return png.wrapped(text, width, _face(bold=bold), most=_MOST)


def _face(*, bold: bool = False):
    return png.font(12, mono=False, bold=bold)


def _mono():
    return png.font(11)
