"""`mi.views.link` in Python: what linked views share, and what they leave alone."""

from threading import Event, Thread

import pytest

import mi_widgets as mi
from mi_widgets.core.errors import SelectionError
from mi_widgets.views import AttentionView
from mi_widgets.widgets.heat_map.widget import HeatmapView

from .grids import grid
from .patterns import result

STEPS = (0, 100, 200)


def attention():
    return AttentionView(result(steps=STEPS))


def scores(**options):
    return HeatmapView(grid((3, 2, 4), ("step", "layer", "head")), **options)


def positions(n=12):
    return HeatmapView(grid((2, n), ("layer", "pos")))


def test_keys_of_the_same_name_are_shared():
    a, b = attention(), scores()
    mi.views.link(a, b)
    a.selection = {"step": 100, "layer": 0, "head": 2}
    assert b.selection == {"step": 100, "layer": 0, "head": 2}
    b.selection = {"step": 0, "head": 1}
    assert (a.selection["step"], a.selection["layer"], a.selection["head"]) == (0, 0, 1)


def test_the_later_views_follow_the_first_at_once():
    a, b = scores(selection={"step": 0, "layer": 1, "head": 3}), attention()
    mi.views.link(a, b)
    assert (b.selection["step"], b.selection["layer"], b.selection["head"]) == (0, 1, 3)


def test_a_position_is_a_query():
    a, b = attention(), positions()
    mi.views.link(a, b)
    a.selection = {"query": 7}
    assert b.selection["pos"] == 7
    b.selection = {"pos": 3}
    assert a.selection["query"] == 3
    assert a.selection["key"] is None


def test_labels_that_the_other_lacks_are_left():
    a, b = attention(), positions(n=6)
    before = b.selection["pos"]
    mi.views.link(a, b)
    a.selection = {"query": 11, "layer": 1}
    assert b.selection == {"layer": 1, "pos": before}
    b.selection = {"layer": None, "pos": 2}
    assert a.selection["layer"] == 1  # an AttentionView always shows some layer
    assert a.selection["query"] == 2


def test_links_reach_further_than_one_view():
    a, b, c = attention(), scores(), positions()
    mi.views.link(a, b)
    mi.views.link(b, c)
    a.selection = {"layer": 0, "head": 0}
    a.selection = {"layer": 1, "head": 1}
    assert c.selection["layer"] == 1
    c.selection = {"layer": 0}
    assert (a.selection["layer"], a.selection["head"]) == (0, 1)


def test_a_change_from_the_browser_is_the_browsers_to_pass_on():
    a, b = attention(), scores()
    mi.views.link(a, b)
    before = dict(b.selection)
    a.set_state({"selection": {**a.selection, "step": 0}})
    assert a.selection["step"] == 0
    assert b.selection == before
    a.selection = {"step": 100}
    assert b.selection["step"] == 100


def test_a_cell_links_while_another_thread_applies_what_the_browser_moved():
    a, b = attention(), scores()
    mi.views.link(a, b)
    applying, done = Event(), Event()
    a.observe(lambda _change: (applying.set(), done.wait(5)), "_code")
    browser = Thread(target=a.set_state, args=({"_code": "moved"},))
    browser.start()
    assert applying.wait(5)
    assert not a.moved_in_browser  # in this thread
    done.set()
    browser.join()
    a.selection = {"step": 100}
    assert b.selection["step"] == 100


def test_a_view_that_is_given_twice_is_linked_once():
    a, b = attention(), scores()
    link = mi.views.link(a, b, a)
    assert len(a._links) == 1
    link.unlink()
    assert a._links == b._links == []


def test_the_browser_knows_the_link_by_name():
    a, b, c = attention(), scores(), positions()
    mi.views.link(a, b)
    mi.views.link(b, c)
    assert set(a._links) | set(c._links) == set(b._links)
    assert len(b._links) == 2


def test_unlinked_views_go_their_own_way():
    a, b = attention(), scores()
    link = mi.views.link(a, b)
    assert repr(link) == "Link(AttentionView, HeatmapView)"
    link.unlink()
    a.selection = {"step": 0}
    assert b.selection["step"] == 200
    assert a._links == b._links == []
    link.unlink()
    assert repr(link) == "Link()"


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ([], "two or more views.*got 0"),
        ([scores()], "got 1"),
        ([scores()] * 2, "got 1"),
        ([scores(), grid()], r"got Result 'Induction score'.*result\.view\(\) makes a view"),
    ],
)
def test_what_is_no_view_is_refused_and_nothing_is_linked(views, message):
    with pytest.raises(SelectionError, match=message):
        mi.views.link(*views)
    assert all(view._links == [] for view in views if isinstance(view, HeatmapView))
