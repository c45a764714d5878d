"""Pictures that are composed of marks: what they hold, where it lies, and that any text can be drawn in any format."""

import base64
import io
from dataclasses import FrozenInstanceError
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from mi_widgets.widgets import _marks as marks
from mi_widgets.widgets._marks.inks import ACCENT, CONTROL, LOWERS, QUIET, RAISES, WHITE
from mi_widgets.widgets._marks.pen import Pen
from mi_widgets.widgets._marks.text import MONO, TEXT, plain, wrapped
from mi_widgets.widgets._shared.axis_scale import XAxis
from mi_widgets.widgets._shared.scale import ColourScale

SHARE = ColourScale("sequential", 0.0, 1.0)
HOSTILE = [
    "</text><script>alert(1)</script>",
    "\x00\x1b[31m\ud800\uffff",
    "$x_1$ $\\frac{1}",
    "]]>&amp;<!--",
    "🙂 東京",
    "שלום \u202e عالم",
    "two\nlines\r\n",
    "",
]


class Recorder(Pen):
    """A pen that notes what it draws, in the coordinates of the picture."""

    def __init__(self):
        super().__init__()
        self.boxes, self.texts, self.runs, self.dots, self.heats = [], [], [], [], []

    def box(self, left, top, right, bottom, fill=None, outline=None, width=1):
        x, y = self._x, self._y
        self.boxes.append(((left + x, top + y, right + x, bottom + y), fill, outline))

    def lines(self, runs, ink, width=1.0):
        self.runs += [(tuple(run), ink) for run in runs]

    def text(self, x, y, text, ink=None, face=MONO, anchor="lm", angle=0):
        start = self._x + x - {"l": 0, "m": 0.5, "r": 1}[anchor[0]] * face.width(text)
        self.texts.append((text, start, start + face.width(text), self._y + y, ink))

    def heat(self, x, y, codes, size, name):
        self.heats.append((self._x + x, self._y + y, codes, size, name))

    def dot(self, x, y, radius, fill=None, outline=None, width=1):
        self.dots.append((self._x + x, self._y + y, radius, fill))

    def filled(self, ink):
        return [box for box, fill, _ in self.boxes if fill == ink]

    def outlined(self, ink):
        return [box for box, _, outline in self.boxes if outline == ink]

    def said(self):
        return [text for text, *_ in self.texts]


def drawn(mark, room=400.0):
    recorder = Recorder()
    block = mark.block(room)
    block.draw(recorder)
    return recorder, block


def everything(text):
    """A picture of all marks, with one text wherever there can be one."""
    two = np.array([[0.2, 1.0], [np.nan, 0.5]])
    labels = marks.Labels([text, "b"], text, lit=0, turned=True)
    line = marks.Line(text, [0, 1, 2], np.array([0.1, np.nan, 0.9]), "main")
    point = marks.Point(0.5, 0.5, ACCENT, text)
    column = [
        marks.Paragraph(text),
        marks.Cells(
            two, SHARE, labels, labels, np.array([[text, "a"], ["b", "c"]]), lit=(0, None), off=[(1, 1)]
        ),
        marks.Thumbnails(np.zeros((1, 2, 3, 3), np.uint8), [text], [text, text], (0, 0), [(0, 1)]),
        marks.ColourBar(SHARE, text),
        marks.Lines([line], XAxis([0, 2]), bins=[marks.Bin(0, 1, 0.5, name=text)], names=[(1, text)]),
        marks.Bars([marks.Bar(text, 2.0, text, text, 0.1)], 1.0, around=True, chosen=0, total=(text, text)),
        marks.Tokens([text, "x"], np.array([0.0, 1.0]), SHARE, 0),
        marks.Contexts([marks.Context(text, [text, text, text], np.ones(3))], SHARE, 1),
        marks.Plane([point, point], 1.0),
        marks.Plane([point], 1.0, arrows=True),
        marks.Table([marks.Entry([[marks.StyledText(text)], [marks.StyledText(text)]], True)], (0, 60)),
    ]
    body = marks.Row([marks.Column(column[:6], text, text), marks.Column(column[6:])])
    return marks.Picture(text, [text], body, text)


# -- formats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.slow
def test_any_text_is_drawn_in_every_format(text):
    picture = everything(text)
    image = Image.open(io.BytesIO(marks.render(picture)))
    assert image.format == "PNG"
    svg = marks.render(picture, "svg")
    root = ElementTree.fromstring(svg)
    assert float(root.get("width").removesuffix("pt")) == image.width
    assert float(root.get("height").removesuffix("pt")) == image.height
    for element in root.iter():
        assert "script" not in element.tag.lower()
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert "href" not in name or value.startswith(("#", "data:image/png"))
    written = "".join(element.text or "" for element in root.iter() if element.tag.endswith("}text"))
    assert plain(text).split() == [] or " ".join(plain(text).split()) in " ".join(written.split())
    assert marks.render(picture, "pdf").startswith(b"%PDF")


def test_a_picture_is_drawn_the_same_at_any_time():
    for kind in ("png", "svg", "pdf"):
        assert marks.render(everything("a"), kind) == marks.render(everything("a"), kind)


def test_spaces_of_a_text_are_kept_in_svg():
    tokens = marks.Contexts([marks.Context("", [" a", " b"], np.ones(2))], SHARE, 0)
    svg = marks.render(marks.Picture("", [], tokens), "svg").decode()
    assert "\N{NO-BREAK SPACE}a<" in svg


def test_an_svg_has_the_colours_of_the_png():
    values = np.arange(9.0).reshape(3, 3) / 8
    labels = marks.Labels(["a", "b", "c"])
    root = ElementTree.fromstring(
        marks.render(marks.Picture("", [], marks.Cells(values, SHARE, labels, labels)), "svg")
    )
    [image] = [element for element in root.iter() if element.tag.endswith("}image")]
    encoded = next(value for name, value in image.attrib.items() if name.endswith("href"))
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded.partition(",")[2]))).convert("RGB"))
    assert pixels.reshape(-1, 3).min(0).tolist() == [8, 48, 107]
    assert pixels.reshape(-1, 3).max(0).tolist() == [255, 255, 255]


def test_marks_are_values():
    bar = marks.Bar("a", 1.0)
    assert bar == marks.Bar("a", 1.0)
    with pytest.raises(FrozenInstanceError):
        bar.value = 2.0


# -- placing -----------------------------------------------------------------------------------------------------------


def test_marks_stand_beside_and_under_each_other():
    plane = marks.Plane([marks.Point(0, 0, ACCENT)], 1.0, side=50)
    recorder, block = drawn(marks.Row([plane, marks.Column([plane, plane], "name", gap=8)], gap=10))
    assert [dot[:2] for dot in recorder.dots] == [(25, 25), (85, 47), (85, 105)]
    assert (block.width, block.height) == (110, 22 + 50 + 8 + 50)


def test_a_mark_takes_the_width_that_others_have_left_over():
    plane = marks.Plane([marks.Point(0, 0, ACCENT)], 1.0, side=100)
    lines = marks.Lines([], XAxis([0, 1]))
    assert marks.Row([plane, lines], gap=20).block(500).width == 500
    assert marks.Row([lines, plane], gap=20).block(500).width > 500


@pytest.mark.parametrize("room", [-50, 0, 1])
def test_a_text_without_room_is_one_letter_a_line(room):
    assert wrapped("abc d", room, TEXT) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("width", [0, 700])
def test_a_picture_is_as_wide_as_it_is_told_or_must_be(width):
    image = Image.open(io.BytesIO(marks.render(marks.Picture("t", ["f"], marks.Paragraph("p"), width=width))))
    assert image.width == (width or 340)


# -- cells -------------------------------------------------------------------------------------------------------------


def test_cells_say_numbers_where_they_have_room():
    labels = marks.Labels([str(i) for i in range(40)])
    few, many = (
        drawn(marks.Cells(np.full((n, n), 0.25), SHARE, *[marks.Labels(labels.texts[:n])] * 2))[0]
        for n in (4, 40)
    )
    assert few.said().count("0.25") == 16
    assert "0.25" not in many.said()


def test_a_cell_that_is_off_is_covered_and_one_that_is_lit_outlined():
    labels = marks.Labels(["a", "b"])
    cells = marks.Cells(np.ones((2, 2)), SHARE, labels, labels, lit=(1, 0), off=[(0, 1)])
    recorder, _ = drawn(cells)
    x, y, _, (across, down), _ = recorder.heats[0]
    assert (x + across, y, x + 2 * across - 1, y + down - 1) in recorder.filled(WHITE)
    assert recorder.outlined(ACCENT) == [(x - 1, y + down - 1, x + across + 1, y + 2 * down + 1)]
    assert recorder.said().count("off") == 1
    assert recorder.said().count("1.00") == 3


def test_thumbnails_that_are_off_are_empty():
    codes = np.full((2, 3, 4, 4), 200, np.uint8)
    recorder, _ = drawn(marks.Thumbnails(codes, ["0", "1"], ["a", "b", "c"], lit=(1, 2), off=[(0, 1)]))
    [(_, _, whole, _, _)] = recorder.heats
    assert (whole == 200).sum() == 5 * 60 * 60
    assert recorder.said().count("off") == len(recorder.outlined(ACCENT)) == 1


# -- lines, bars, tokens, planes, tables -------------------------------------------------------------------------------


def test_names_of_the_x_axis_never_touch_and_the_first_is_written():
    names = [(i, f"name {i}") for i in [7, *range(20)]]
    recorder, _ = drawn(marks.Lines([], XAxis([0, 19]), names=names))
    places = sorted((start, end) for text, start, end, *_ in recorder.texts if text.startswith("name"))
    assert all(end < start for (_, end), (start, _) in pairwise(places))
    assert "name 7" in recorder.said()
    assert 2 < len(places) < 20


def test_a_gap_parts_a_line():
    line = marks.Line("", [0, 1, 2, 3, 4], np.array([0.0, 1.0, np.nan, 1.0, 0.0]), "main")
    runs = [run for run, ink in drawn(marks.Lines([line], XAxis([0, 4])))[0].runs if ink == ACCENT]
    assert [len(run) for run in runs] == [2, 2]


def test_bars_go_to_both_sides_of_zero_and_are_broken_off():
    rows = [marks.Bar("up", 1.0, control=0.5), marks.Bar("down", -1.0), marks.Bar("far", 5.0)]
    recorder, _ = drawn(marks.Bars(rows, 1.0, signed=True, around=True, total=("sum", "5.00")))
    up, far = recorder.filled(RAISES)
    [down], [control] = recorder.filled(LOWERS), [box for box in recorder.filled(CONTROL) if box[3] == 16]
    assert down[2] - 1 == up[0] == far[0] == control[0]
    assert far[2] == up[2]
    assert control[2] - control[0] == pytest.approx((up[2] - up[0]) / 2, abs=1)
    assert [ink for _, ink in recorder.runs] == [WHITE, WHITE]  # what goes on is broken off
    assert recorder.said()[-2:] == ["sum", "5.00"]


def test_long_names_leave_room_for_bars():
    recorder, _ = drawn(marks.Bars([marks.Bar("n" * 200, 1.0)], 1.0))
    [bar] = recorder.filled(ACCENT)
    assert bar[2] - bar[0] > 100
    assert all(end <= bar[0] for text, _, end, *_ in recorder.texts if text.startswith("n"))


def test_tokens_run_on_line_after_line_within_the_room():
    recorder, block = drawn(marks.Tokens([" word"] * 60, np.ones(60), SHARE))
    assert recorder.said().count("·word") == 60
    assert max(end for _, _, end, *_ in recorder.texts) <= 400
    assert block.height == 20 * len({y for *_, y, _ in recorder.texts})
    recorder, _ = drawn(marks.Tokens([" word"] * 900, np.ones(900), SHARE))
    assert recorder.said()[-1] == f"… {900 - recorder.said().count('·word')} more tokens"


def test_passages_are_lined_up_and_stay_within_the_room():
    rows = [marks.Context("1", [" before" * n, " x", " after" * n], np.ones(3)) for n in (1, 30)]
    recorder, _ = drawn(marks.Contexts(rows, SHARE, 1))
    assert len({start for text, start, *_ in recorder.texts if text == " x"}) == 1
    assert min(start for _, start, *_ in recorder.texts) >= 0
    assert max(end for _, _, end, *_ in recorder.texts) <= 400
    assert sum("…" in text for text in recorder.said()) == 2


def test_points_of_a_plane_lie_where_they_should():
    points = [marks.Point(1, 0, ACCENT, "right"), marks.Point(0, 1, QUIET, "up")]
    recorder, _ = drawn(marks.Plane(points, 2.0, side=200, arrows=True))
    assert [dot for dot in recorder.dots if dot[3]] == [(150, 100, 3.5, ACCENT), (100, 50, 3.5, QUIET)]
    assert recorder.said() == ["right", "up"]
    recorder, _ = drawn(marks.Plane(points, 2.0, side=200, apart=500))
    assert recorder.said() == ["right"]


def test_a_text_of_a_table_begins_behind_the_last_where_it_has_room():
    def lines(second):
        entry = marks.Entry([[marks.StyledText("!")], [marks.StyledText("first"), marks.StyledText(second)]])
        return [y for _, _, _, y, _ in drawn(marks.Table([entry], (0, 100)))[0].texts]

    assert len(set(lines("short"))) == 1
    assert len(set(lines("much longer than the room " * 4))) > 2
