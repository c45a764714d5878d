"""Directions: against plain means, scikit-learn and the paper's own formula; planted, degenerate, and by chance."""

import re

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.activations import activations_at
from mi_widgets.core.errors import InterventionError, MIError, PromptError, SiteError
from mi_widgets.core.script import code_of
from tests.conftest import small_transformer
from tests.model.letters import letters

NAMES = {"mi": mi, "at": at}
RNG = np.random.default_rng(0)
DRAWN = ["".join(RNG.choice(list("cdefgh"), 9)) for _ in range(60)]
WITH_A, WITH_B = [f"{t[:4]}a{t[4:]}" for t in DRAWN[:30]], [f"{t[:4]}b{t[4:]}" for t in DRAWN[30:]]
ALIKE = [f"{t[:4]}a{t[4:]}" for t in DRAWN[30:]]
SITE = at.resid_post[1]
BOTH = SITE.every("a", "b")


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(7, n_layers=3), tokenizer=letters())


def by_hand(model, text, keep=SITE):
    """(token, d) without the token that begins the text, and its letters."""
    run = model.run(text, keep=[keep])
    return run[keep][0, -len(text) :].detach(), text


def rows(model, texts, which):
    return torch.cat(
        [
            x[[i for i, letter in enumerate(t) if which(i, letter)]]
            for x, t in (by_hand(model, t) for t in texts)
        ]
    )


@pytest.mark.parametrize(
    ("site", "which"),
    [
        (SITE, lambda i, letter: True),
        (SITE.pos(-1), lambda i, letter: i == 9),
        (SITE.pos([-1, -3]), lambda i, letter: i in (7, 9)),
        (BOTH, lambda i, letter: letter in "ab"),
    ],
)
def test_a_mean_difference_is_the_difference_of_means(model, site, which):
    a, b = rows(model, WITH_A, which), rows(model, WITH_B, which)
    found = mi.directions.mean_difference(model, WITH_A, WITH_B, site, progress=False)
    assert torch.allclose(found.tensor, a.mean(0) - b.mean(0), atol=1e-5)
    assert found.facts == {"tokens": len(a), "other tokens": len(b)}
    assert found.site == site
    back = mi.directions.mean_difference(model, WITH_B, WITH_A, site, progress=False)
    assert torch.allclose(found.tensor, -back.tensor, atol=1e-6)


def test_a_head_has_directions_too(model):
    found = mi.directions.mean_difference(model, WITH_A, WITH_B, at.z[1, 2].every("a", "b"), progress=False)
    assert found.shape == (model.config.d_head,)
    with model.intervene(mi.steer(found.site, found)):
        model.run("abc")


def test_directions_are_made_again_by_their_code(model):
    for found in (
        mi.directions.mean_difference(model, WITH_A[:3], WITH_B[:3], BOTH, progress=False),
        mi.directions.linear_probe(model, WITH_A[:3], WITH_B[:3], BOTH, progress=False),
        mi.directions.principal_component(model, WITH_A[:3], BOTH, progress=False),
    ):
        names = {**NAMES, "load": lambda _: model}
        exec(code_of(found.record, "again").replace("model = ...", "model = load(0)"), names)
        again = names["again"]
        assert torch.allclose(again.tensor, found.tensor, atol=1e-5)
        assert type(again) is type(found)
        assert again.facts == pytest.approx(dict(found.facts))


def test_a_probe_is_scikit_learns_logistic_regression(model):
    l2 = 2.0
    found = mi.directions.linear_probe(model, WITH_A, WITH_B[:20], SITE, l2=l2, progress=False)
    halves = WITH_A[::2], WITH_B[:20:2]
    x = torch.cat([rows(model, half, lambda i, letter: True) for half in halves]).double().numpy()
    label = np.repeat([1, 0], [10 * len(half) for half in halves])
    scaler = StandardScaler().fit(x)
    theirs = LogisticRegression(C=1 / l2, class_weight="balanced", tol=1e-8, max_iter=2000)
    theirs.fit(scaler.transform(x), label)
    np.testing.assert_allclose(found.tensor.numpy() * scaler.scale_, theirs.coef_[0], atol=2e-3)
    log_odds = found.log_odds(torch.from_numpy(x).float()).numpy()
    np.testing.assert_allclose(log_odds, theirs.decision_function(scaler.transform(x)), atol=5e-3)
    held = [rows(model, half, lambda i, letter: True).numpy() for half in (WITH_A[1::2], WITH_B[1:20:2])]
    right = [(theirs.decision_function(scaler.transform(part)) > 0).mean() for part in held]
    assert found.facts["accuracy"] == pytest.approx((right[0] + 1 - right[1]) / 2, abs=0.01)


def test_what_is_planted_is_read_and_shuffled_labels_are_not(model):
    found = mi.directions.linear_probe(model, WITH_A, WITH_B, BOTH, progress=False)
    assert found.facts["accuracy"] == 1
    means = mi.directions.mean_difference(model, WITH_A, WITH_B, BOTH, progress=False)
    cosine = torch.cosine_similarity(found.tensor, means.tensor, dim=0)
    assert cosine > 0.3
    chance = [
        mi.directions.linear_probe(model, WITH_A, WITH_B, BOTH, seed=seed, progress=False).facts["shuffled"]
        for seed in range(8)
    ]
    assert abs(np.mean(chance) - 0.5) < 0.15
    with pytest.raises(InterventionError, match="is all zeros"):  # all texts begin with the same token
        mi.directions.linear_probe(model, ALIKE, WITH_A, SITE.pos(0), progress=False)


def test_a_principal_component_is_scikit_learns(model):
    x = rows(model, WITH_A, lambda i, letter: True).double().numpy()
    theirs = PCA(n_components=3).fit(x)
    for number in range(3):
        found = mi.directions.principal_component(model, WITH_A, SITE, component=number, progress=False)
        ours = found.tensor.numpy() / found.norm
        assert abs(ours @ theirs.components_[number]) == pytest.approx(1, abs=1e-4)
        assert ours[np.abs(ours).argmax()] > 0
        assert found.facts["variance explained"] == pytest.approx(
            theirs.explained_variance_ratio_[number], abs=1e-4
        )
        assert found.norm == pytest.approx((x @ ours).std(), rel=1e-4)
    with pytest.raises(MIError, match=r"there are \d+ components here, from 0; got component=99"):
        mi.directions.principal_component(model, WITH_A, SITE, component=99, progress=False)


def erased(model, edit, texts):
    with model.intervene(edit):
        return activations_at(model, SITE, texts, progress=False)[0].double().numpy()


def test_after_erasure_no_line_does_better_than_a_constant(model):
    edit = mi.directions.erase_concept(model, WITH_A, WITH_B[:20], SITE, progress=False)
    a, b = erased(model, edit, WITH_A), erased(model, edit, WITH_B[:20])
    np.testing.assert_allclose(a.mean(0), b.mean(0), atol=1e-4)
    x, label = np.concatenate([a, b]), np.repeat([1, 0], [len(a), len(b)])
    scaled = StandardScaler().fit_transform(x)
    line = LogisticRegression(C=1e3, max_iter=5000).fit(scaled, label)
    share = label.mean()
    constant = log_loss(label, np.full(len(label), share))
    assert log_loss(label, line.predict_proba(scaled)[:, 1]) > constant - 1e-3
    assert line.score(scaled, label) <= max(share, 1 - share) + 1e-3
    # The same, with a direction by chance in its place: a line still tells them apart.
    control = mi.project_out(SITE, torch.randn(32, generator=torch.Generator().manual_seed(0)))
    kept = np.concatenate([erased(model, control, WITH_A), erased(model, control, WITH_B[:20])])
    kept = StandardScaler().fit_transform(kept)
    assert (
        LogisticRegression(C=1e3, max_iter=5000).fit(kept, label).score(kept, label)
        > max(share, 1 - share) + 0.05
    )


def test_erasure_is_the_papers_formula(model):
    """x - W^+ P W (x - mean): W whitens, P projects on what W makes of the covariance with the labels."""
    a, b = (rows(model, texts, lambda i, letter: True).double() for texts in (WITH_A, WITH_B))
    x = torch.cat([a, b])
    label = torch.arange(len(x)) < len(a)
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    there = values > values.max() * 1e-10
    root = torch.where(there, values.clamp(min=1e-30).sqrt(), 0)
    W = vectors @ torch.diag(torch.where(there, 1 / root.clamp(min=1e-15), 0)) @ vectors.T
    W_pseudo = vectors @ torch.diag(root) @ vectors.T
    z = label.double() - label.double().mean()
    seen = W @ (centred.T @ z / len(x))
    P = torch.outer(seen, seen) / (seen @ seen)
    expected = x - centred @ (W_pseudo @ P @ W).T
    edit = mi.directions.erase_concept(model, WITH_A, WITH_B, SITE, progress=False)
    ours = np.concatenate([erased(model, edit, WITH_A), erased(model, edit, WITH_B)])
    np.testing.assert_allclose(ours, expected.numpy(), atol=2e-3)
    assert eval(edit.code(), NAMES) == edit


def test_erasure_at_some_tokens_leaves_the_others(model):
    edit = mi.directions.erase_concept(model, WITH_A, WITH_B, BOTH, progress=False)
    assert edit.site == BOTH
    before = model.run(WITH_A[0], keep=[SITE])[SITE]
    with model.intervene(edit):
        after = model.run(WITH_A[0], keep=[SITE])[SITE]
    changed = (before - after).abs().amax(-1)[0] > 1e-5
    assert changed.nonzero()[:, 0].tolist() == [before.shape[1] - len(WITH_A[0]) + 4]


@pytest.mark.parametrize(
    "find", [mi.directions.mean_difference, mi.directions.linear_probe, mi.directions.erase_concept]
)
@pytest.mark.parametrize(
    ("a", "b", "site", "error", "says"),
    [
        ("abc", WITH_B, SITE, PromptError, "texts_a must be a list with a text in it"),
        (WITH_A, [], SITE, PromptError, "texts_b must be a list with a text in it"),
        (WITH_A, WITH_B, at.resid_post, SiteError, "takes a site with one vector a token"),
        (WITH_A, WITH_B, at.pattern[0, 1], SiteError, "got at.pattern[0, 1]"),
        (WITH_A, WITH_B, at.z[0], SiteError, "got at.z[0]"),
        (WITH_A, WITH_B, at.resid_post[9], SiteError, "9"),
        (
            WITH_A,
            WITH_B,
            SITE.every("a"),
            PromptError,
            "at.resid_post[1].every('a') names no token of these 30 texts",
        ),
    ],
)
def test_what_is_no_contrast_is_told(model, find, a, b, site, error, says):
    with pytest.raises(error, match=re.escape(says)):
        find(model, a, b, site, progress=False)


def test_two_kinds_that_are_the_same_have_no_direction(model):
    with pytest.raises(InterventionError, match="is all zeros"):
        mi.directions.mean_difference(model, WITH_A, WITH_A, SITE, progress=False)
    with pytest.raises(InterventionError, match="both kinds have the same mean"):
        mi.directions.erase_concept(model, WITH_A, WITH_A, SITE, progress=False)
    with pytest.raises(PromptError, match="needs two texts of each kind"):
        mi.directions.linear_probe(model, WITH_A[:1], WITH_B, SITE, progress=False)
