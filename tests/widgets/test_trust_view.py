"""`TrustView` in Python: what it takes, refuses, selects, says, sends and draws."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.widgets._marks.inks import ACCENT, GOOD, WARN
from mi_widgets.widgets._marks.text import TEXT, wrapped
from mi_widgets.widgets.trust.widget import TrustView

from .grids import grid
from .reports import HELD, WARNING, report

EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def view():
    return TrustView(report(warnings=[WARNING]))


def sent(view):
    """The checks that the browser is sent, as dictionaries."""
    data = view._data
    [axis] = data["axes"]
    checks = [{"label": label} for label in axis["labels"]]
    for name, variable in data["variables"].items():
        places = np.frombuffer(variable["values"]["data"], variable["values"]["dtype"])
        for check, place in zip(checks, places, strict=True):
            check[name] = variable["texts"][place]
    return checks


def names(view):
    return [check["name"] for check in sent(view)]


def image_of(view):
    data, _ = view._repr_mimebundle_()
    encoded = base64.b64decode(data["image/png"])
    return Image.open(io.BytesIO(encoded)).convert("RGB"), len(encoded)


def count_of(image, colour):
    """How many pixels have about a colour."""
    return int((np.abs(np.asarray(image).astype(int) - colour) < 20).all(-1).sum())


def test_warnings_come_first_then_notes_then_what_held(view):
    assert names(view)[:4] == ["attention backend", "BOS", "biases", HELD[0][0]]
    assert sent(view)[0] == {
        "label": WARNING[0],
        "name": WARNING[0],
        "status": "warning",
        "seen": WARNING[2],
        "sites": WARNING[3],
    }
    assert names(view)[3:] == [name for name, *_ in HELD]  # in the order of the report


@pytest.mark.parametrize(("held", "collapses"), [(0, False), (6, False), (7, True)])
def test_many_that_held_are_folded(held, collapses):
    assert TrustView(report(held=held))._data["derived"]["collapses"] is collapses


def test_header_and_repr_say_how_many(view):
    warned = f"{WARNING[0]}: {WARNING[2]}"
    assert view._header == {
        "title": "Trust",
        "model": "induction-2l",
        "checks": "15 checks",
        "warnings": [warned],
    }
    assert repr(view) == "TrustView(induction-2l, 15 checks, 1 warning; selected nothing)"
    calm = TrustView(report(held=1, notes=0), selection={"check": HELD[0][0]})
    assert repr(calm) == f"TrustView(induction-2l, 1 check, no warnings; selected {HELD[0][0]})"
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == repr(view)
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}


def test_any_check_or_none_is_selected(view):
    assert view.selection == {"check": None}
    view.selection = {"check": "BOS"}
    assert view.selection == {"check": "BOS"}
    view.set_state({"selection": {"check": "padding"}})
    assert view.selection == {"check": "padding"}
    for attempt in (
        lambda: setattr(view, "selection", {"check": "bos"}),
        lambda: view.set_state({"selection": {"check": "bos"}}),
        lambda: TrustView(report(), selection={"check": "bos"}),
    ):
        with pytest.raises(SelectionError, match=r"selection\['check'\] can be only .*BOS.*; got 'bos'"):
            attempt()
    assert view.selection == {"check": "padding"}


def test_names_that_repeat_are_told_apart_by_their_place():
    twice = TrustView(report(("BOS", "ok", "a", ""), notes=1, held=0))
    assert [check["label"] for check in sent(twice)] == [1, 0]
    assert names(twice) == ["BOS", "BOS"]
    twice.selection = {"check": 1}


def test_whitespace_that_matters_can_be_seen():
    view = TrustView(report(("a\n", "warning", "'a  b' comes back\tas 'a b'\x00 ", "")))
    assert sent(view)[0]["seen"] == "'a··b' comes back⇥as 'a b'□ "
    assert sent(view)[0]["name"] == "a⏎"
    assert len(view._header["warnings"]) == 1
    view.selection = {"check": "a\n"}


def test_a_part_of_a_report_still_warns():
    result = report(warnings=[WARNING])
    for part in (result.sel(check="BOS"), result.sel(check=["BOS"])):
        view = TrustView(part)
        assert names(view) == ["BOS"]
        assert len(view._header["warnings"]) == 1


def test_what_was_not_checked_is_not_trusted():
    view = TrustView(report().sel(check=[]))
    assert repr(view) == "TrustView(induction-2l, 0 checks, 1 warning; selected nothing)"
    assert (view._header["warnings"], sent(view)) == (["nothing was checked"], [])
    assert view._data["derived"]["summary"] == "Nothing was checked"
    assert view.choices() == {"check": [None]}
    assert count_of(image_of(view)[0], GOOD) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3, r"result must be a Result, as in model\.trust\.to_result\(\); got an int"),
        (
            grid(),
            r"Induction score is no report of checks: it has no check and no status and no seen and no sites",
        ),
        (
            report(("BOS", "bad", "x", "")),
            r"the check 'BOS' has the status 'bad'; it can be ok, note or warning",
        ),
    ],
)
def test_what_is_no_report_is_refused(wrong, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        TrustView(wrong)


def test_code_brings_the_model_and_its_report(monkeypatch):
    view = report(call="mi.made()").view()
    monkeypatch.setattr(mi, "load", lambda name: name)
    monkeypatch.setattr(mi, "made", report, raising=False)
    view.selection = {"check": "padding"}
    made = {}
    exec(view.code(), made)
    assert (made["view"].selection, repr(made["view"])) == (view.selection, repr(view))
    assert made["view"]._data == view._data
    said = TrustView(report())._code.splitlines()
    assert said[3:] == [
        "model = mi.load('induction-2l')",
        "result = model.trust.to_result()",
        "view = mi.views.TrustView(result, selection={'check': None})",
        "view",
    ]


def test_show_draws_another_report_and_keeps_what_it_can(view):
    view.selection = {"check": "BOS"}
    view.show(report(model="other"))
    assert view.selection == {"check": "BOS"}
    assert (view._header["model"], view._header["warnings"]) == ("other", [])
    view.show(report(notes=0))
    assert view.selection == {"check": None}
    assert "BOS" not in view._choices["check"]


def test_reports_of_two_models_are_linked():
    one, two = TrustView(report()), TrustView(report(model="other", held=3))
    mi.views.link(one, two)
    one.selection = {"check": "BOS"}
    assert two.selection == {"check": "BOS"}
    one.selection = {"check": "padding"}
    assert two.selection == {"check": "BOS"}  # it has no such check


@pytest.mark.parametrize(
    "result",
    [
        report(),
        report(held=6, notes=0),
        report(held=0, notes=0, warnings=[WARNING]),
        report((EVIL * 9, "warning", EVIL * 40, EVIL * 40), ("東京\n$x$", "note", "\n", " ")),
    ],
    ids=["folded", "few", "warning", "hostile"],
)
@pytest.mark.parametrize("nth", [None, 0, -1])
def test_the_picture_is_a_small_png(result, nth):
    choices = [*result.dataset["check"].values.tolist()]
    image, size = image_of(TrustView(result, selection={"check": None if nth is None else choices[nth]}))
    assert size < 60_000
    assert image.width == 900
    assert image.height < 900
    assert image.getpixel((2, 2)) == (255, 255, 255)
    assert (count_of(image, ACCENT) > 20) is (nth is not None)


def test_the_picture_is_green_or_warns():
    calm, warned = (image_of(TrustView(result))[0] for result in (report(), report(warnings=[WARNING])))
    assert count_of(calm, GOOD) > 8 * count_of(warned, GOOD)
    assert count_of(calm, WARN) == 0
    assert count_of(warned, WARN) > 5


def test_a_selected_check_is_unfolded_in_the_picture():
    view = TrustView(report())
    before = image_of(view)[0].height
    view.selection = {"check": HELD[9][0]}
    assert image_of(view)[0].height > before + 100


def test_lines_are_broken_where_they_must():
    text = "a sentence of ordinary words " * 9
    lines = wrapped(text, 200, TEXT)
    assert " ".join(lines) == text.strip()
    assert max(map(TEXT.width, lines)) <= 200
    assert "".join(wrapped("x" * 300, 200, TEXT)) == "x" * 300
    assert max(map(TEXT.width, wrapped("x" * 300, 200, TEXT))) <= 200
    assert wrapped(text, 200, TEXT, most=2) == [lines[0], f"{lines[1]} …"]
    assert wrapped("", 200, TEXT) == [""]
    assert wrapped("ab", 1, TEXT) == ["a", "b"]
