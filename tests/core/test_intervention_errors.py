"""What is no intervention, or does not fit the activation that it meets, is told with what was given."""

import re

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import InterventionError, MIError
from mi_widgets.core.spans import PromptSpans
from tests.core.activations import Seen, activation

Z, RESID = at.z[0, 1], at.resid_post[0]
RIGHT, LEFT = PromptSpans((2, 4), 4), PromptSpans((2, 4), 4, left=True)
X, SQUARE, HEADS = activation("resid_post", 2, 4), activation("pattern", 2, 4), activation("z", 2, 4)
ones = torch.ones


@pytest.mark.parametrize("spans", [RIGHT, LEFT])
@pytest.mark.parametrize(
    ("value", "x", "says"),
    [
        (
            mi.patch(RESID, ones(3, 4, 4)),
            X,
            "the value has shape (3, 4, 4), the activation (2, 4, 4). Patch between",
        ),
        (mi.patch(RESID, ones(2, 3, 4)), X, "prompts of one length, or name positions with .pos(…)."),
        (mi.patch(RESID, ones(2, 4)), X, "the value has shape (2, 4), the activation (2, 4, 4)"),
        (mi.patch(RESID, 1.0), X, "the value has shape (), the activation (2, 4, 4)"),
        (mi.patch(RESID, ones(1)), X, "the value has shape (1,), the activation (2, 4, 4)"),
        (mi.patch(RESID.pos(-1), ones(3, 4)), X, "the value has shape (3, 4), the activation (2, 4)"),
        (
            mi.patch(at.pattern[0, 1].pos(0), ones(2, 3)),
            SQUARE,
            "the value has shape (2, 3), the activation (2, 4)",
        ),
        (mi.steer(RESID, ones(5)), X, "the activation at at.resid_post[0] has shape (2, 4, 4)."),
        (
            mi.steer(RESID.pos(0), ones(3, 4)),
            X,
            "the activation at at.resid_post[0].pos(0) has shape (2, 4).",
        ),
        (mi.steer(RESID, ones(3, 1, 1, 4)), X, "the activation at at.resid_post[0] has shape (2, 4, 4)."),
        (
            mi.interventions.replace(RESID, ones(2, 5, 4)),
            X,
            "the activation at at.resid_post[0] has shape (2, 4, 4).",
        ),
        (mi.ablate(Z, to="mean", data=ones(3)), HEADS, "the activation at at.z[0, 1] has shape (2, 4, 2)."),
        (mi.project_out(RESID, ones(5)), X, "directions of length 5, an activation of 4."),
        (
            mi.ablate(RESID, to="resample", data=ones(9, 5)),
            X,
            "it draws activations of shape (5,), the activation at",
        ),
        (
            mi.ablate(Z, to="resample", data=ones(9, 1)),
            HEADS,
            "shape (1,), the activation at at.z[0, 1] has (2,).",
        ),
        (
            mi.ablate(Z, to="resample", data=ones(9, 3, 2)),
            HEADS,
            "shape (3, 2), the activation at at.z[0, 1] has (2,).",
        ),
        (
            mi.ablate(at.z[0], to="resample", data=ones(9, 2)),
            HEADS,
            "shape (2,), the activation at at.z[0] has (3, 2).",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_both_shapes_on_either_side(value, x, says, spans):
    with pytest.raises(InterventionError, match=re.escape(says)) as told:
        value.apply(x, spans)
    assert str(told.value).startswith(f"{value!r} does not fit: ")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: mi.ablate(Z, to="resample"),
            "ablate(to='resample') needs data=: a run that kept the site, as in",
        ),
        (lambda: mi.ablate(Z, seed=1), "ablate: seed= goes with to=\"resample\"; to='zero' draws nothing."),
        (
            lambda: mi.ablate(Z, to="resample", data=ones(3, 2), seed=1.5),
            "seed must be a whole number from 0, of 64 bits at most, as in seed=0; got 1.5.",
        ),
        (
            lambda: mi.ablate(Z, to="resample", data=ones(3, 2), seed="a"),
            "mi.ablate: seed must be a whole number; got a str. Write mi.ablate(site, seed=…).",
        ),
        (
            lambda: mi.ablate(Z, to="resample", data=ones(2)),
            "resampling draws from (token, …); got shape (2,).",
        ),
        (
            lambda: mi.ablate(Z, to="resample", data=ones(0, 2)),
            "resampling draws from (token, …); got shape (0, 2).",
        ),
        (
            lambda: mi.ablate(at.pattern[0], to="resample", data=ones(3, 3)),
            "ablate: at.pattern[0] cannot be resampled, texts differ in length: patch it from a run.",
        ),
        (
            lambda: mi.interventions.apply(Z, list).apply(HEADS, RIGHT),
            "must return a tensor of the shape it was given, (2, 4, 2); got list.",
        ),
        (
            lambda: mi.interventions.apply(Z, lambda x: x[:1]).apply(HEADS, RIGHT),
            "given, (2, 4, 2); got shape (1, 4, 2).",
        ),
        (lambda: mi.project_out(RESID, ones(2, 4)), "the 2 rows of Array(2×4, sha256:"),
        (
            lambda: mi.project_out(RESID, ones(2, 4)),
            "span less, since one is a sum of others: leave the surplus ones out.",
        ),
        (lambda: mi.project_out(RESID, torch.randn(5, 4)), "the 5 rows of Array(5×4, sha256:"),
        (
            lambda: mi.project_out(RESID, torch.zeros(4)),
            "has a direction of zeros, along which nothing lies.",
        ),
        (
            lambda: mi.project_out(RESID, 1.0),
            "takes a vector (d,) or several (direction, d) of finite numbers; got Array(",
        ),
        (lambda: mi.project_out(RESID, [float("nan")]), "of finite numbers; got Array(1, sha256:"),
        (lambda: mi.project_out(RESID, [True, False]), "of finite numbers; got Array(2, sha256:"),
        (lambda: mi.project_out(RESID, ones(1, 2, 4)), "of finite numbers; got Array(1×2×4, sha256:"),
        (
            lambda: mi.patch(RESID.pos("new"), Seen(X, RIGHT)),
            'patch: no run has the tokens of .pos("new"): give the',
        ),
        (
            lambda: mi.interventions.freeze_pattern(X),
            "mi.interventions.freeze_pattern: run must be a Run, as in model.run(prompt); got a Tensor.",
        ),
        (
            lambda: mi.interventions.replace(RESID, Seen(X, RIGHT)),
            "replace takes numbers; what a run has is put in place by mi.patch(at.resid_post[0], run).",
        ),
        (lambda: mi.steer(RESID, Seen(X, RIGHT)), "its numbers are run[site], and mi.patch(site, run) puts"),
        (
            lambda: mi.ablate(RESID, to="mean", data=["a text"]),
            "got a list; of texts, give what a model makes of them: model.run(texts, keep=[site]).",
        ),
        (
            lambda: mi.ablate(RESID, to="mean", data={"input_ids": ones(1, 2)}),
            "got a dict; of texts, give what a model makes of them: model.run(texts, keep=[site]).",
        ),
        (lambda: mi.interventions.replace(RESID, [1.0, float("nan")]), "has NaN in it, and would spoil all"),
        (
            lambda: mi.interventions.replace(RESID.pos(0), torch.full((2, 4), torch.nan)),
            "has NaN in it, and would",
        ),
        (
            lambda: mi.steer(at.resid_post[1:3], ones(2, 4)),
            "mi.steer gives all layers of at.resid_post[1:3] one vector; got Array(2×4, sha256:",
        ),
        (
            lambda: mi.interventions.replace(at.resid_post[1:], ones(2, 4)),
            "mi.stack(*(mi.interventions.replace(at.resid_post[layer], vectors[layer]) for",
        ),
        (lambda: mi.interventions.replace(at.z, 1.0), "at.z names no layer: write at.z[0], for example."),
    ],
)
def test_what_is_no_intervention_is_told(make, says):
    with pytest.raises(MIError, match=re.escape(says)):
        make()


@pytest.mark.parametrize(
    "site", [RESID.pos(3), RESID.pos((0, 2)), RESID.pos(-3), at.pattern[0].pos(2), Z.pos(3)]
)
def test_a_patch_has_nothing_for_a_prompt_that_was_too_short(site):
    x = activation(site.name, 2, 4)
    for spans in (RIGHT, LEFT):
        patched = mi.patch(site, Seen(x, spans))
        long = spans.rows([1])
        assert torch.equal(
            patched.apply(x[1:] * 2, long), mi.patch(site, Seen(x[1:], long)).apply(x[1:] * 2, long)
        )
        with pytest.raises(
            InterventionError, match="has nothing for prompt 0: what it was taken from has no such"
        ):
            patched.apply(x, PromptSpans((4, 4), 4))
    assert eval(patched.code()) == patched
