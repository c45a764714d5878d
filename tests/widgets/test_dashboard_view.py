"""`DashboardView` in Python: what it takes, refuses, selects, changes, says and sends."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError, SelectionError, SiteError, WrongKind
from mi_widgets.widgets.dashboards.widget import DashboardView
from tests.core.dictionaries import random_sae
from tests.provenance import LOADED

from .codes import dequantise
from .dashboards import TOKENS, dashboards, firing
from .losses import text


@pytest.fixture
def view():
    return DashboardView(dashboards())


def sent(view, name):
    packed = view._data["variables"][name]["values"]
    return np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])


def test_everything_is_sent_in_few_bytes(view):
    data = view.result.dataset
    token = sent(view, "context_token")
    assert token.dtype == np.uint16
    np.testing.assert_array_equal(
        np.where(token == 65535, -1, token.astype(int)), data["context_token"].values
    )
    top = view._data["variables"]["context_activation"]["values"]["max"]
    strength = dequantise(sent(view, "context_activation"), low=0, high=top)
    np.testing.assert_allclose(strength, data["context_activation"].values, atol=1e-4)
    np.testing.assert_array_equal(sent(view, "histogram"), data["histogram"].values)
    np.testing.assert_array_equal(sent(view, "nearest"), data["nearest"].values)
    assert view._data["derived"]["tokens"] == TOKENS
    labels = [view._data["variables"]["label"]["texts"][i] for i in sent(view, "label")]
    assert labels == data["label"].values.tolist()


def test_512_latents_are_half_a_megabyte():
    view = DashboardView(dashboards(512, n_contexts=8, n_around=10))
    size = sum(len(variable["values"]["data"]) for variable in view._data["variables"].values())
    assert size < 500_000


def test_names_are_labels_that_are_detected_well_else_promoted_tokens(view):
    names = view._names
    assert names["labels"] == ["register french", ""] * 3
    assert names["says"][1] == "↑ ·le ·chat ·cat"
    assert DashboardView(dashboards(annotated=False))._names["labels"] == [""] * 6


def test_what_can_be_selected(view):
    assert view.choices() == {"latent": [0, 1, 2, 3, 4, 5]}
    assert view.selection == {"latent": 0}  # the best label
    assert DashboardView(dashboards(annotated=False)).selection == {"latent": 5}  # the strongest
    assert DashboardView(dashboards(), selection={"latent": 3}).selection == {"latent": 3}
    view.selection = {"latent": np.int64(2)}
    assert view.selection == {"latent": 2}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"latent": 6}, r"selection\['latent'\] can be 0 to 5 in this view; got 6"),
        ({"latent": None}, r"got None"),
        ({"feature": 1}, r"no key 'feature'; its keys are latent"),
    ],
)
def test_a_wrong_selection_is_refused_and_changes_nothing(view, wrong, said):
    view.selection = {"latent": 3}
    for attempt in (
        lambda: setattr(view, "selection", wrong),
        lambda: view.set_state({"selection": wrong}),
        lambda: DashboardView(dashboards(), selection=wrong),
    ):
        with pytest.raises(SelectionError, match=said):
            attempt()
    assert view.selection == {"latent": 3}


def test_some_latents_and_one_keep_their_numbers():
    some = DashboardView(dashboards().sel(latent=[5, 2]))
    assert some.choices() == {"latent": [5, 2]}
    one = DashboardView(dashboards().sel(latent=3))
    assert one.selection == {"latent": 3}
    assert "Latent 3 · asked bird (F1 0.20, AUC 0.50) · fires at 4.0 % of tokens, up to 4.00" in repr(one)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3, r"result must be a Result, as in mi\.sae\.dashboards\(model, sae, texts\); got an int"),
        (text(), r"This Result has no density; DashboardView draws what mi\.sae\.dashboards"),
        (dashboards().sel(latent=[]), r"needs whole dashboards"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        DashboardView(wrong)


def test_what_is_too_much_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr("mi_widgets.widgets.dashboards.dashboards._MOST_PLACES", 50)
    with pytest.raises(
        ResultError, match=r"90 tokens of contexts \(up to 50\).*n_contexts=4, n_around=6.*\.sel\(latent"
    ):
        DashboardView(dashboards())


def test_a_result_shows_as_its_view():
    bundle = dashboards()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"].startswith("6 latents at resid_post[2] of atlas (latent 6)")
    assert "application/vnd.jupyter.widget-view+json" in data
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.width == 900
    assert len(image.getcolors(1 << 16)) > 8


@pytest.mark.parametrize("latent", range(6))
@pytest.mark.parametrize("annotated", [True, False])
def test_every_dashboard_has_a_picture_and_words(latent, annotated):
    view = DashboardView(dashboards(annotated=annotated), selection={"latent": latent})
    assert view.png().startswith(b"\x89PNG")
    said = repr(view)
    assert f"Latent {latent}" in said
    assert ("fires at no token of these texts" in said) == (latent == 4)
    assert ("AUC" in said) == annotated


def test_silent_dictionaries_and_those_without_contexts_have_a_picture():
    assert DashboardView(dashboards(dead=range(6))).png()
    assert DashboardView(dashboards(1, dead=())).png()
    assert DashboardView(dashboards(3, n_contexts=1, n_around=0, dead=())).png()


# -- what is done to latents ----------------------------------------------------------------------------------------


@pytest.fixture
def sae():
    return random_sae(d_sae=6, site=at.resid_post[2])


def test_a_gesture_is_an_intervention_and_back(sae):
    view = DashboardView(dashboards(), sae=sae)
    assert view._changeable
    view.set_state({"_changes": [[3, None]]})
    assert view.intervention == mi.stack(mi.ablate(at.latent(sae, 3)))
    view.intervention = mi.interventions.replace(at.latent(sae, 5), 5.1)
    assert view._changes == [[5, 5.1]]
    view.set_state({"_changes": [[5, 7]]})
    assert view.intervention == mi.stack(mi.interventions.replace(at.latent(sae, 5), 7.0))
    view.intervention = None
    assert view._changes == []


def test_what_the_view_does_not_show_is_kept(sae):
    others = [
        mi.ablate(at.z[0, 1]),
        mi.scale(at.latent(sae, 2), 0.5),
        mi.ablate(at.latent(sae, [1, 2])),
        mi.ablate(at.latent(sae, 1).pos(-1)),
        mi.ablate(at.latent(random_sae(d_sae=6, site=at.resid_post[2]), 1)),
    ]
    view = DashboardView(dashboards(), sae=sae, intervention=mi.stack(mi.ablate(at.latent(sae, 0)), *others))
    assert view._changes == [[0, None]]
    view.set_state({"_changes": [[4, 2.0]]})
    assert view.intervention == mi.stack(*others, mi.interventions.replace(at.latent(sae, 4), 2.0))


def test_of_several_changes_of_a_latent_the_last_one_counts(sae):
    site = at.latent(sae, 3)
    view = DashboardView(
        dashboards(), sae=sae, intervention=mi.stack(mi.interventions.replace(site, 2.0), mi.ablate(site))
    )
    assert view._changes == [[3, None]]


def test_without_a_dictionary_nothing_can_be_changed(sae, view):
    assert not view._changeable
    view.intervention = mi.ablate(at.latent(sae, 3))
    assert view._changes == []
    assert len(view.intervention) == 1


def test_a_dictionary_must_say_where_it_reads():
    with pytest.raises(ResultError, match=r"cannot tell where SAE\(.*\) reads: give site=, as in site=at"):
        DashboardView(dashboards(), sae=random_sae(d_sae=6))
    sae = random_sae(d_sae=6)
    view = DashboardView(dashboards(), sae=sae, site=at.mlp_out[1])
    view.set_state({"_changes": [[3, None]]})
    assert view.intervention == mi.stack(mi.ablate(at.mlp_out[1].latent(sae, 3)))
    assert "site=at.mlp_out[1]" in view.code()


def test_a_dictionary_of_embeddings_reads_what_a_model_has_once():
    sae = random_sae(d_sae=6, site=at.embed)
    for view in (DashboardView(dashboards(), sae=sae), mi.views.LatentsView(firing(), sae=sae)):
        view.set_state({"_changes": [[3, None]]})
        assert view.intervention == mi.stack(mi.ablate(at.embed.latent(sae, 3)))
    for place in (at.resid_post, at.resid_post[-1]):
        with pytest.raises(ResultError, match="cannot tell where"):
            DashboardView(dashboards(), sae=sae, site=place)
    with pytest.raises(SiteError, match=r"at\.logits has no latents"):
        DashboardView(dashboards(), sae=sae, site=at.logits)


def test_a_dictionary_of_another_size_is_refused():
    with pytest.raises(
        ResultError, match=r"sae= has the latents 0 to 3, but this Result has one of number 5"
    ):
        DashboardView(dashboards(), sae=random_sae(d_sae=4, site=at.resid_post[2]))
    with pytest.raises(ResultError, match="of another dictionary"):
        mi.views.LatentsView(firing(), sae=random_sae(d_sae=4, site=at.resid_post[2]))


# -- code, links, other Results -------------------------------------------------------------------------------------


def test_its_code_loads_the_dictionary_once_and_shows_the_same():
    sae = random_sae(d_sae=6, site=at.resid_post[2]).with_record(LOADED)
    result = dashboards()
    view = DashboardView(
        result,
        sae=sae,
        selection={"latent": 2},
        intervention=mi.interventions.replace(at.latent(sae, 1), 0.5),
    )
    code = view.code()
    assert code.count("mi.sae.load('here')") == 1
    names = {"mi": mi, "at": at, "result": result, "sae": sae}
    lines = [line for line in code.splitlines() if not line.startswith(("model =", "result =", "sae ="))]
    exec("\n".join(lines), names)
    again = names["view"]
    assert again.selection == {"latent": 2}
    assert again._changes == [[1, 0.5]]
    assert "sae=" not in DashboardView(result).code()


def test_linked_views_follow_each_other(view):
    other = DashboardView(dashboards(), selection={"latent": 3})
    mi.views.link(view, other)
    assert other.selection == {"latent": 0}
    other.selection = {"latent": 5}
    assert view.selection == {"latent": 5}


def test_another_result_is_shown_in_its_place(view):
    view.selection = {"latent": 5}
    view.show(dashboards(8))
    assert view.selection == {"latent": 5}
    assert len(view._choices["latent"]) == 8
    view.show(dashboards(3))
    assert view.selection == {"latent": 0}
    with pytest.raises(ResultError):
        view.show(firing())
    assert view.result.dataset.sizes["latent"] == 3


def test_warnings_reach_the_header():
    assert DashboardView(dashboards(warnings=("beware",)))._header["warnings"] == ["beware"]
