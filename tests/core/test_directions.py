"""Directions are Arrays that say where they come from; what is no direction is told; a projection may be oblique."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError, InterventionError, SiteError
from mi_widgets.core.script import code_of
from mi_widgets.core.spans import PromptSpans
from tests.core.dictionaries import random_sae
from tests.provenance import provenance_of

SITE = at.resid_post[0]
NAMES = {"mi": mi, "at": at}
MADE = provenance_of("mi.directions.mean_difference(model)", model="m")


def direction(values=(3.0, 4.0, 0.0), **more):
    return mi.directions.Direction(torch.as_tensor(values), site=SITE, provenance=MADE, **more)


def test_a_direction_is_an_array_and_keeps_its_name_inside_an_intervention():
    found = direction(facts={"tokens": 7})
    assert found == mi.interventions.Array([3.0, 4.0, 0.0])
    assert found.norm == pytest.approx(5)
    assert repr(found) == "Direction(3 at at.resid_post[0], norm 5, tokens 7)"
    steer = mi.steer(SITE, found, scale=2)
    assert steer.direction.facts == {"tokens": 7}
    assert repr(found) in repr(steer)
    assert eval(steer.code(), NAMES) == steer


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0.0, 0.0], "Direction: Array(2, sha256:"),
        ([0.0, 0.0], "is all zeros, and points nowhere"),
        ([1.0, float("nan")], "takes a vector (d,) of finite numbers; got Array(2, sha256:"),
        ([1.0, float("inf")], "with NaN or infinity in it"),
        ([[1.0, 2.0]], "takes a vector (d,) of finite numbers; got Array(1×2, sha256:"),
        ([True, False], "takes a vector (d,) of finite numbers"),
    ],
)
def test_what_is_no_direction_is_told(values, says):
    with pytest.raises(InterventionError, match=re.escape(says)):
        direction(values)


def test_steering_by_nan_is_told():
    with pytest.raises(
        InterventionError, match=r"has NaN or infinity in it, and would spoil what it is added to"
    ):
        mi.steer(SITE, [1.0, float("nan")])


def test_a_probe_reads_log_odds():
    probe = mi.directions.Probe(torch.tensor([1.0, -2.0]), bias=0.5, site=SITE, provenance=MADE)
    assert probe.log_odds(torch.tensor([[[3.0, 1.0]], [[0.0, 0.0]]])).tolist() == [[1.5], [0.5]]
    with pytest.raises(InterventionError, match=r"reads activations of width 2; these have shape \(3,\)"):
        probe.log_odds(torch.zeros(3))


def test_a_random_direction_is_as_long_and_seeded():
    found = direction()
    drawn = mi.directions.random_like(found, seed=3)
    assert drawn.norm == pytest.approx(5)
    assert drawn == mi.directions.random_like(found, seed=3)
    assert drawn != mi.directions.random_like(found, seed=4)
    assert drawn.site == SITE
    assert code_of(drawn.record, "drawn").endswith(
        "like = mi.directions.mean_difference(model)\ndrawn = mi.directions.random_like(like, seed=3)"
    )


def test_a_latents_direction_is_its_row_of_the_decoder():
    sae = random_sae(site=SITE)
    assert sae.direction(2) == mi.interventions.Array(sae.W_dec[2])
    assert sae.direction(2).site == SITE
    with pytest.raises(SiteError, match="has the latents 0 to"):
        sae.direction(10_000)
    with pytest.raises(DictionaryError, match="does not say where it reads"):
        random_sae(site=None).direction(2)


vectors = st.lists(st.floats(-3, 3, width=32), min_size=4, max_size=4).map(torch.tensor)


@given(vectors, vectors, vectors, vectors)
def test_an_oblique_projection_leaves_nothing_to_read_and_the_centre_where_it_is(along, by, centre, x):
    if abs(float(along @ by)) < 0.1 * float(along.norm() * by.norm()) + 1e-3:
        return
    edit = mi.project_out(SITE, along, read_by=by, center=centre)
    spans = PromptSpans((1,), 1)
    change = lambda v: edit.apply(v[None, None], spans)[0, 0]  # noqa: E731
    assert torch.allclose(change(centre), centre, atol=1e-4)
    changed = change(x)
    scale = 1 + float(x.norm() + centre.norm()) * float(by.norm() * along.norm()) / abs(float(along @ by))
    assert float((changed - centre) @ by) == pytest.approx(0, abs=1e-4 * scale * (1 + float(by.norm())))
    moved = x - changed  # along the direction alone
    assert float((moved - along * (moved @ along) / (along @ along)).abs().max()) < 1e-4 * scale
    assert torch.allclose(change(changed), changed, atol=1e-4 * scale)
    assert eval(edit.code(), NAMES) == edit


def test_read_by_the_direction_itself_is_the_plain_projection():
    along, x = (
        torch.tensor([1.0, 2.0, 0.0, -1.0]),
        torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0)),
    )
    spans = PromptSpans((3, 3), 3)
    plain, oblique = mi.project_out(SITE, along), mi.project_out(SITE, along, read_by=3 * along)
    assert torch.allclose(plain.apply(x, spans), oblique.apply(x, spans), atol=1e-6)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"read_by": [0.0, 1.0, 0.0]}, "none of them at right angles to all of it"),
        ({"read_by": [1.0, 1.0]}, "read_by must be of the directions' shape, (1, 3)"),
        ({"read_by": [[1.0, 0, 0], [0, 1.0, 0]]}, "read_by must be of the directions' shape, (1, 3)"),
        ({"read_by": [0.0, 0.0, 0.0]}, "project_out: read_by: Array(3, sha256:"),
        ({"center": [0.0, 1.0]}, "center must be a vector of 3 finite numbers; got Array(2, sha256:"),
        ({"center": [0.0, 1.0, float("nan")]}, "center must be a vector of 3 finite numbers"),
    ],
)
def test_what_is_no_oblique_projection_is_told(given, says):
    with pytest.raises(InterventionError, match=re.escape(says)):
        mi.project_out(SITE, [1.0, 0.0, 0.0], **given)
