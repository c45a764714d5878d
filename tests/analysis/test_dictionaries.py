"""How autoencoders are judged: detectors against scikit-learn, and truths set by hand."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.activations import batch_ranges
from mi_widgets.analysis.dictionaries.detectors import Columns, f1_of
from mi_widgets.core.errors import DictionaryError, PromptError
from mi_widgets.core.sae import SAE
from tests.conftest import small_transformer
from tests.model.letters import letters


@given(
    rows=st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.floats(-1, 1)), min_size=2, max_size=40),
)
def test_f1_and_auc_are_those_of_scikit_learn(rows):
    is_it = np.array([row[0] for row in rows])
    values = np.array([row[1:] for row in rows], float)
    if is_it.all() or not is_it.any():
        return
    columns = Columns.of(values)
    best, thresholds = columns.best_f1(is_it)
    for j in range(2):
        precision, recall, _ = precision_recall_curve(is_it, values[:, j])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        assert best[j] == pytest.approx(f1.max())
        found = values[:, j] >= thresholds[j]
        assert f1_of(found, is_it) == pytest.approx(f1_score(is_it, found)) == pytest.approx(best[j])
        assert columns.auc(is_it)[j] == pytest.approx(roc_auc_score(is_it, values[:, j]))


def test_without_anything_to_find_there_is_no_auc():
    assert np.isnan(Columns.of(np.ones((3, 2))).auc(np.zeros(3, bool))).all()
    assert f1_of(np.zeros(3, bool), np.zeros(3, bool)) == 0


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(n_layers=2), tokenizer=letters())


def exact(width):
    """A dictionary that loses nothing: every dimension has a latent for each sign."""
    both = torch.cat([torch.eye(width), -torch.eye(width)])
    return SAE(W_enc=both.T, b_enc=torch.zeros(2 * width), W_dec=both, b_dec=torch.zeros(width), kind="l1",
               site=at.resid_post[0])  # fmt: skip


TEXTS = ["".join(row) for row in np.random.default_rng(3).choice(list("abcdefgh"), (40, 8))]


def test_what_loses_nothing_recovers_all(model):
    found = mi.sae.evaluate(model, exact(model.config.d_model), TEXTS, progress=False).dataset
    assert float(found["variance_explained"]) == pytest.approx(1, abs=1e-5)
    assert float(found["loss_recovered"]) == pytest.approx(1, abs=1e-4)
    assert float(found["dead"]) < 0.5
    assert found.sizes["label"] == 0


def test_what_says_nothing_recovers_as_much_as_zeros(model):
    width = model.config.d_model
    silent = SAE(W_enc=torch.zeros(width, 4), b_enc=-torch.ones(4), W_dec=torch.ones(4, width),
                 b_dec=torch.zeros(width), kind="l1", site=at.resid_post[0])  # fmt: skip
    found = mi.sae.evaluate(model, silent, TEXTS, progress=False).dataset
    assert float(found["loss_recovered"]) == pytest.approx(0, abs=1e-4)
    assert (float(found["l0"]), float(found["dead"])) == (0, 1)
    assert float(found["variance_explained"]) <= 0


def by_letter(letter="a"):
    """Annotations of every letter: which it is."""
    return [
        mi.sae.Annotation(i, place + 1, "letter", "yes" if text[place] == letter else "no")
        for i, text in enumerate(TEXTS)
        for place in range(len(text))
    ]


def letter_detector(model, letter="a"):
    """One latent along what tells the letter's embedding from all others, among noise."""
    x = model.run([letter], keep=[at.resid_pre])[at.resid_pre[0]][0, -1].detach()
    noise = torch.randn(len(x), 7, generator=torch.Generator().manual_seed(0))
    rest = [model.run([c], keep=[at.resid_pre])[at.resid_pre[0]][0, -1].detach() for c in "bcdefgh"]
    # Orthogonal to the mean of the others, so that only this letter fires.
    middle = torch.stack(rest).mean(0)
    W = torch.cat([noise, (x - middle)[:, None]], 1)
    return SAE(W_enc=W, b_enc=torch.zeros(8), W_dec=W.T.contiguous(), b_dec=torch.zeros(len(x)), kind="l1")


def test_a_planted_detector_is_found_and_no_other_is(model):
    found = mi.sae.evaluate(
        model, letter_detector(model), TEXTS, annotations=by_letter(), site=at.resid_pre[0], progress=False
    ).dataset.sel(label="letter yes")
    assert int(found["column"].sel(basis="latents")) == 7
    assert float(found["auc"].sel(basis="latents")) > 0.9
    assert float(found["f1"].sel(basis="latents")) > float(found["f1"].sel(basis="random dictionary"))
    assert int(found["examples"]) == sum(text.count("a") for text in TEXTS)


def test_labels_without_meaning_are_found_by_none(model):
    rng = np.random.default_rng(0)
    annotations = [mi.sae.Annotation(i, 3, "coin", str(rng.integers(2))) for i in range(len(TEXTS))]
    found = mi.sae.evaluate(
        model, exact(model.config.d_model), TEXTS, annotations=annotations, progress=False
    )
    assert abs(found.dataset["auc"].values - 0.5).max() < 0.45


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"site": None}, DictionaryError, r"does not say where it reads: site=at.resid_post\[2\]"),
        ({"texts": []}, mi.errors.PromptError, "a list with a text in it"),
        ({"annotations": [mi.sae.Annotation(99, 1, "a", "b")]}, PromptError, "is in none of the 40 texts"),
        ({"annotations": [mi.sae.Annotation(0, 50, "a", "b")]}, PromptError, "is in none of the 40 texts"),
    ],
)
def test_bad_input_is_named(model, given, error, says):
    how = {"texts": TEXTS, "annotations": by_letter(), "site": at.resid_pre[0], **given}
    texts = how.pop("texts")
    with pytest.raises(error, match=says):
        mi.sae.evaluate(model, letter_detector(model), texts, progress=False, **how)


def test_atlas_texts_say_what_is_known_where():
    texts = mi.shipped.sample_texts("atlas", "test", n=60, seed=2)
    found = mi.sae.annotations(texts)
    for annotation in found:
        text = texts[annotation.text]
        before = text.text[: annotation.end]
        if annotation.kind == "asked":
            assert any(a.value == annotation.value for a in text.of("asked"))
            assert before.endswith((" is", " is the"))
        if annotation.kind == "sentiment":
            assert any(word.end == annotation.end for word in text.of("word"))
    assert {annotation.kind for annotation in found} == {"asked", "register", "sentiment"}
    every = mi.sae.annotations(texts, every_token=True)
    count = lambda annotations: sum(annotation.kind == "sentiment" for annotation in annotations)  # noqa: E731
    assert count(every) > 3 * count(found)


@given(st.lists(st.integers(1, 1500), min_size=1, max_size=40))
def test_texts_are_run_together_in_order_and_take_little_room(lengths):
    runs = batch_ranges([[0] * length for length in lengths])
    assert [i for run in runs for i in run] == [*range(len(lengths))]
    for run in runs:
        assert len(run) == 1 or len(run) * max(lengths[i] for i in run) <= 512
    for one, next_one in itertools.pairwise(runs):  # none could have taken one more
        assert (len(one) + 1) * max(lengths[i] for i in [*one, next_one[0]]) > 512


def test_a_token_with_two_labels_is_one_example_of_both(model):
    letters = by_letter()
    twice = [
        *letters,
        *(
            mi.sae.Annotation(annotation.text, annotation.end, "again", annotation.value)
            for annotation in letters
        ),
    ]
    found = mi.sae.evaluate(
        model, letter_detector(model), TEXTS, annotations=twice, site=at.resid_pre[0], progress=False
    )
    alone = mi.sae.evaluate(
        model, letter_detector(model), TEXTS, annotations=letters, site=at.resid_pre[0], progress=False
    )
    for label in alone.dataset["label"].values:
        again = str(label).replace("letter", "again")
        for of in (label, again):
            assert (
                found.dataset["f1"]
                .sel(label=of)
                .equals(alone.dataset["f1"].sel(label=label).assign_coords(label=of))
            )
            assert int(found.dataset["examples"].sel(label=of)) == int(
                alone.dataset["examples"].sel(label=label)
            )
