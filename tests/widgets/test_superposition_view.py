"""`SuperpositionView` in Python: what it takes, refuses, selects, says, sends and draws."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.widgets._marks import Line, Lines, Picture, render
from mi_widgets.widgets._shared.axis_scale import XAxis
from mi_widgets.widgets.superposition.instances import Instances
from mi_widgets.widgets.superposition.widget import SuperpositionView
from tests.analysis.figures_by_hand import in_a_plane, pairs, polygon, rotated, side_by_side

from .codes import dequantise
from .curves import one

EVIL = "</script><img src=x>\nof two lines"


def plane(**options):
    return mi.toys.feature_geometry(in_a_plane(**options))


def many():
    """Ten dimensions: two pentagons, five pairs and a feature of its own, shuffled."""
    W = rotated(side_by_side(polygon(5), polygon(5), pairs(5), np.eye(1)))
    shuffled = W[:, np.random.default_rng(0).permutation(W.shape[1])]
    return mi.toys.feature_geometry(mi.toys.ToyModel(np.stack([shuffled, W]), sparsity=[0.5, 0.8]))


def sent(view, name):
    packed = view._data["variables"][name]["values"]
    codes = np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])
    return dequantise(codes, low=packed["min"], high=packed["max"]) if packed["dtype"] == "uint16" else codes


def image_of(view):
    data, _ = view._repr_mimebundle_()
    picture = base64.b64decode(data["image/png"])
    return Image.open(io.BytesIO(picture)).convert("RGB"), len(picture)


def changed(result, *, without=(), **variables):
    """The same Result with other numbers, and without some."""
    return mi.Result(
        kind=result.kind,
        title=result.title,
        dataset=result.to_dataset().assign(variables).drop_vars(without),
        primary=result.primary,
        unit=result.unit,
        source="",
        provenance=result.provenance,
    )


def test_it_is_the_view_of_its_result_and_opens_on_the_sparsest_instance():
    view = plane().view()
    assert isinstance(view, SuperpositionView)
    assert view.selection == {"instance": 2, "feature": 0}
    turned = mi.toys.ToyModel(np.stack([polygon(5), pairs(2)[:, [0, 1, 2, 3, 3]]]), sparsity=[0.9, 0.0])
    assert mi.toys.feature_geometry(turned).view().selection["instance"] == 0
    assert mi.toys.interference(in_a_plane()).view()._header["title"] == "Interference of features"


def test_only_what_there_is_can_be_selected():
    view = SuperpositionView(plane(), selection={"feature": np.int64(3)})
    view.selection = {"instance": 1}
    assert view.selection == {"instance": 1, "feature": 3}
    for wrong, said in [
        ({"instance": 3}, r"selection\['instance'\] can be 0 to 2 in this view; got 3"),
        ({"feature": None}, "got None"),
        ({"head": 1}, "its keys are instance, feature"),
    ]:
        with pytest.raises(SelectionError, match=said):
            view.selection = wrong
    assert view.selection == {"instance": 1, "feature": 3}


def test_a_change_from_the_browser_can_be_observed():
    view, heard = SuperpositionView(plane()), []
    view.observe(lambda change: heard.append(change.new), "selection")
    view.set_state({"selection": {"instance": 0, "feature": 1}})
    assert heard == [{"instance": 0, "feature": 1}]
    assert "selection={'instance': 0, 'feature': 1}" in view._code


def test_everything_is_sent_at_once():
    result = plane()
    view = SuperpositionView(result)
    data = result.dataset
    np.testing.assert_array_equal(sent(view, "W"), data["W"].values)
    np.testing.assert_allclose(sent(view, "interference"), data["interference"].values, atol=1e-4)
    np.testing.assert_array_equal(sent(view, "dimensionality"), data["dimensionality"].values)
    names = view._data["variables"]["figure"]["texts"]
    figures = sent(view, "figure").astype(int)
    assert [[names[i] for i in row] for row in figures] == data["figure"].values.tolist()
    derived = view._data["derived"]
    assert derived["x"] == pytest.approx([1, 10 / 3, 10])
    assert derived["sparsities"] == ["0.00", "0.70", "0.90"]
    before = view._data
    view.selection = {"instance": 0}
    assert view._data is before


def test_the_dashed_lines_are_the_figures_fractions():
    assert Instances(plane()).levels == pytest.approx(
        {
            "1 own dimension": 1,
            "3/4 tetrahedron": 3 / 4,
            "2/3 triangle": 2 / 3,
            "1/2 antipodal pair": 1 / 2,
            "2/5 pentagon": 2 / 5,
            "3/8 square antiprism": 3 / 8,
        }
    )


def test_in_many_dimensions_the_grid_has_each_figure_side_by_side():
    drawn = Instances(many())
    assert drawn.vectors is None
    assert drawn.curves == []  # a thicket
    order = drawn.order(0)
    assert sorted(order) == list(range(21))
    assert drawn.figures[0][order].tolist() == ["own dimension", *["antipodal pair"] * 10, *["pentagon"] * 10]
    groups = drawn.groups[0][order]
    assert (np.diff(groups) != 0).sum() == 7  # 8 figures, none of them apart
    assert Instances(plane()).order(2) == [0, 1, 2, 3, 4]
    assert Instances(plane()).curves == [0, 1, 2, 3, 4]


def test_sparsities_that_are_repeated_or_close_are_told_apart():
    W = np.stack([polygon(5)] * 2)
    same = Instances(mi.toys.feature_geometry(mi.toys.ToyModel(W, sparsity=0.5)))
    assert not same.by_sparsity
    assert same.x.tolist() == [0, 1]
    assert same.sparsity_labels == ["0.50 (instance 0)", "0.50 (instance 1)"]
    close = Instances(mi.toys.feature_geometry(mi.toys.ToyModel(W, sparsity=[0.951, 0.952])))
    assert close.sparsity_labels == ["0.951", "0.952"]


def test_one_instance_can_be_drawn():
    view = SuperpositionView(plane().sel(instance=1))
    assert view.selection == {"instance": 1, "feature": 0}
    assert view.choices()["instance"] == [1]
    assert "S = 0.70 · feature 0: 0.50 of a dimension, antipodal pair with 2" in repr(view)
    assert view.png()
    several = SuperpositionView(plane().sel(instance=[0, 2]))
    assert several.choices()["instance"] == [0, 2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, r"result must be a Result, as in mi\.toys\.feature_geometry\(toy\); got None"),
        (one(), "draws the geometry of features; this Result has no 'dimensionality'"),
        (changed(plane(), without=["group"]), "this Result has no 'group'"),
        (plane().sel(feature=3), r"needs 'dimensionality' along instance, feature; .*leave \.sel\(…\) out"),
        (plane().sel(feature=[0, 1]), r"leave \.sel\(feature=…\) out"),
        (plane().sel(instance=[]), r"has nothing to draw \(instance 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        SuperpositionView(wrong)


def test_too_many_numbers_are_refused(monkeypatch):
    monkeypatch.setattr("mi_widgets.widgets.superposition.instances.MOST_NUMBERS", 50)
    with pytest.raises(ResultError, match=r"75 numbers.*up to 50.*\.sel\(instance=\[…\]\)"):
        SuperpositionView(plane())


def test_the_sentence_says_the_feature_and_the_instance():
    view = SuperpositionView(plane())
    end = "features represented, m/‖W‖² ="
    said = f"S = 0.90 · feature 0: 0.40 of a dimension, pentagon with 1, 2, 3, 4 · 5 of 5 {end} 0.40"
    assert repr(view) == f"SuperpositionView(by hand; {said})"
    view.selection = {"instance": 1, "feature": 4}
    assert f"feature 4: not represented, length 0.00 · 4 of 5 {end} 0.50" in repr(view)
    view.selection = {"instance": 0, "feature": 1}
    assert f"feature 1: 1.00 of a dimension, own dimension · 2 of 5 {end} 1.00" in repr(view)
    shared = mi.toys.feature_geometry(mi.toys.ToyModel(np.random.default_rng(0).normal(size=(2, 30))))
    assert "of a dimension, shared with 26 others" in repr(SuperpositionView(shared))


def test_header_says_what_is_seen():
    view = SuperpositionView(plane())
    assert view._header == {
        "title": "Geometry of features",
        "facts": ["by hand", "5 features in 2 dimensions", "share of a dimension"],
        "warnings": [],
    }
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == repr(view)
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}


def test_code_makes_the_same_view():
    for toy in (in_a_plane(), mi.toys.load("plane")):
        view = SuperpositionView(mi.toys.feature_geometry(toy), selection={"instance": 1, "feature": 3})
        made = {}
        exec(view.code(), made)
        assert repr(made["view"]) == repr(view)
        assert made["view"].selection == view.selection


def test_show_draws_another_toy_model_and_keeps_what_it_can():
    view = SuperpositionView(plane(), selection={"instance": 1, "feature": 4})
    view.show(many())
    assert view.selection == {"instance": 1, "feature": 4}
    assert "21 features in 10 dimensions" in view._header["facts"]
    view.show(plane().sel(instance=[2]))
    assert view.selection == {"instance": 2, "feature": 4}
    with pytest.raises(ResultError):
        view.show(one())
    assert view.selection == {"instance": 2, "feature": 4}


def test_views_that_are_linked_share_their_feature():
    first, second = SuperpositionView(plane()), SuperpositionView(many())
    mi.views.link(first, second)
    first.selection = {"feature": 3}
    assert second.selection["feature"] == 3


@pytest.mark.parametrize(
    "result",
    [
        plane(),
        plane().sel(instance=0),
        many(),
        mi.toys.feature_geometry(mi.toys.load("plateau")),
        mi.toys.feature_geometry(mi.toys.ToyModel(np.zeros((2, 3)), name=EVIL)),
        mi.toys.feature_geometry(mi.toys.ToyModel([[1.0]])),
    ],
)
def test_the_picture_is_a_small_png(result):
    image, size = image_of(SuperpositionView(result))
    assert size < 60_000
    assert image.width == 960
    assert image.height < 600
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_picture_survives_numbers_that_are_none():
    result = plane()
    none = {
        name: result.dataset[name] * np.nan
        for name in ("W", "interference", "dimensionality", "length", "dimensions_per_feature")
    }
    view = SuperpositionView(changed(result, **none))
    assert "none of a dimension" in repr(view)
    assert view.png()


def test_level_lines_of_the_picture_can_be_dashed():
    def grey(dashed):
        line = Line("", [], np.array([0.3]), "control", dashed=dashed)
        chart = Lines([line], XAxis([0, 1]), names=(), height=100)
        encoded = render(Picture("", [], chart, width=400))
        return (np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).max(-1) < 170).sum()

    assert 0.4 < grey(True) / grey(False) < 0.9


def test_vectors_of_the_picture_follow_the_instance():
    def blue(instance):
        image, _ = image_of(SuperpositionView(plane(), selection={"instance": instance, "feature": 4}))
        part = np.asarray(image).astype(int)[70:360, 20:310]
        return (np.abs(part - [31, 111, 235]) < 12).all(-1).sum()

    assert 0 < blue(0) < blue(1) < blue(2) + blue(0)
