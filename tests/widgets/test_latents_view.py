"""`LatentsView` in Python: what it takes, refuses, selects, changes, says and sends."""

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.widgets.latents.widget import LatentsView
from tests.core.dictionaries import random_sae
from tests.provenance import LOADED

from .dashboards import dashboards, firing
from .losses import text

TEXTS = ((" le", " chat", " sat"), (" cat",))


@pytest.fixture
def view():
    return LatentsView(firing(), dashboards=dashboards())


def test_it_begins_with_the_latent_that_fires_strongest(view):
    assert view.selection == {"batch": 0, "pos": None, "latent": 0}
    assert LatentsView(firing(), selection={"pos": 2}).selection == {"batch": 0, "pos": 2, "latent": 2}
    assert LatentsView(firing(), selection={"latent": None}).selection["latent"] is None
    assert view.choices() == {"batch": [0], "pos": [0, 1, 2, None], "latent": [0, 1, 2, 3, 4, 5, None]}


def test_what_fires_where_is_said(view):
    assert (
        repr(view)
        == "LatentsView(atlas, Latent 0 (register french) fires at 1 of 3 tokens, most at 0 ·le: 10.0)"
    )
    view.selection = {"latent": 5}
    assert "Latent 5 (↑ ·le ·chat ·cat) fires at 1 of 3 tokens, most at 1 ·chat: 1.00" in repr(view)
    view.selection = {"latent": 4}
    assert "Latent 4 (register french) fires at none of 3 tokens" in repr(view)
    view.selection = {"latent": None, "pos": 1}
    assert "Strongest at 1 ·chat: latent 1 (↑ ·le ·chat ·cat) 9.00" in repr(view)
    assert repr(LatentsView(firing())).endswith("Latent 0 fires at 1 of 3 tokens, most at 0 ·le: 10.0)")


def test_the_strongest_are_each_at_their_strongest_place(view):
    whole = {"batch": 0, "pos": None, "latent": None}
    assert view._drawn.strongest(whole, 9) == [(0, 10.0), (1, 9.0), (2, 8.0), (5, 1.0)]
    assert view._drawn.strongest({**whole, "pos": 1}, 9) == [(1, 9.0), (5, 1.0)]
    np.testing.assert_array_equal(view._drawn.over_text({**whole, "latent": 5}), [0, 1, 0])


def test_several_prompts_and_their_padding():
    view = LatentsView(firing(TEXTS), selection={"batch": 1})
    [pos] = [axis for axis in view._data["axes"] if axis["name"] == "pos"]
    assert pos["texts"] == [[" le", " chat", " sat"], [" cat", "", ""]]
    assert "prompt 1 of 2, Latent 0 fires at 1 of 1 tokens" in repr(view)
    assert view.png()
    one = LatentsView(firing(TEXTS).sel(batch=1))
    assert one.choices()["batch"] == [1]
    assert LatentsView(firing(TEXTS).sel(batch=[1])).choices()["batch"] == [1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, r"result must be a Result, as in mi\.sae\.latents\(run, sae\); got None"),
        (text(), r"This Result has no activation; LatentsView draws what mi\.sae\.latents"),
        (firing().sel(batch=0, pos=1), r"needs the axes batch, pos, rank"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        LatentsView(wrong)


def test_what_is_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("mi_widgets.widgets.latents.activations.MOST_NUMBERS", 5)
    with pytest.raises(ResultError, match=r"6 numbers \(up to 5\)"):
        LatentsView(firing())


def test_a_wrong_selection_is_refused(view):
    with pytest.raises(SelectionError, match=r"\['latent'\] can be 0 to 5 in this view; got 6"):
        view.selection = {"latent": 6}
    with pytest.raises(SelectionError, match=r"\['pos'\] can be 0 to 2"):
        LatentsView(firing(), selection={"pos": 3})


def test_another_text_keeps_what_it_has_of_the_selection(view):
    view.selection = {"pos": 2, "latent": 5}
    view.say(error="no", busy=True)
    view.show(firing(((" a", " b"),)))
    assert view.selection == {"batch": 0, "pos": None, "latent": 5}
    assert view._said == {"error": "", "busy": True}
    view.say(busy=False)
    assert view._said == {"error": "", "busy": False}


def test_gestures_are_values_and_the_code_says_them():
    sae = random_sae(d_sae=6, site=at.resid_post[2]).with_record(LOADED)
    seen, result = dashboards(), firing()
    view = LatentsView(result, dashboards=seen, sae=sae)
    view.set_state({"_changes": [[3, None], [0, 5]]})
    assert view.intervention == mi.stack(
        mi.ablate(at.latent(sae, 3)), mi.interventions.replace(at.latent(sae, 0), 5.0)
    )
    assert view.png()
    code = view.code()
    assert code.count("mi.sae.load('here')") == 1
    names = {"mi": mi, "at": at, "result": result, "dashboards": seen, "sae": sae}
    given = ("model =", "run =", "result =", "dashboards =", "sae =")
    exec("\n".join(line for line in code.splitlines() if not line.startswith(given)), names)
    assert names["view"]._changes == [[3, None], [0, 5.0]]


def test_without_dashboards_latents_are_numbers():
    view = LatentsView(firing())
    assert view._names == {}
    assert not view._changeable
    assert view.prompt is None
    assert LatentsView(firing(), prompt="le chat").prompt == "le chat"


def test_a_result_shows_as_its_view():
    bundle = firing()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"].startswith("Latents at resid_post[2] of atlas")
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"]


def test_it_links_with_dashboards(view):
    other = mi.views.DashboardView(dashboards(), selection={"latent": 3})
    mi.views.link(view, other)
    assert other.selection == {"latent": 0}
    other.selection = {"latent": 5}
    assert view.selection == {"batch": 0, "pos": None, "latent": 5}
    view.selection = {"latent": None}  # of which a dashboard there is none
    assert other.selection == {"latent": 5}
