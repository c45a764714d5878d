"""What each latent looks like: counted by hand, on a small model and a dictionary of random weights."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError
from tests.conftest import small_transformer
from tests.core.dictionaries import random_sae
from tests.model.letters import letters

TEXTS = ["".join(row) for row in np.random.default_rng(3).choice(list("abcdefgh"), (40, 8))]
DEAD = 5


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(n_layers=2), tokenizer=letters())


@pytest.fixture(scope="module")
def sae(model):
    found = random_sae("l1", d_in=model.config.d_model, d_sae=12, site=at.resid_post[0])
    found.b_enc[:] = -4.0
    found.b_enc[DEAD] = -1e4
    return found


@pytest.fixture(scope="module")
def looks(model, sae):
    return mi.sae.dashboards(
        model, sae, TEXTS, n_contexts=3, n_around=2, n_promoted=4, n_neighbors=3, progress=False
    ).dataset


@pytest.fixture(scope="module")
def latents(model, sae):
    """Of every letter: (text, place, latent)."""
    run = model.run(TEXTS, keep=[at.resid_post])
    special = torch.tensor(model.tokenizer.all_special_ids)
    found = sae.encode(run[at.resid_post[0]].detach())
    return found[~torch.isin(run.ids, special)].reshape(len(TEXTS), 8, -1).numpy()


def test_density_peak_and_histogram_count_what_fires(looks, latents):
    fires = latents > 0
    assert np.allclose(looks["density"], fires.mean((0, 1)))
    assert np.allclose(looks["peak"], latents.max((0, 1)), rtol=1e-5)
    assert (looks["histogram"].sum("bin") == fires.sum((0, 1))).all()
    top = looks["histogram"].isel(bin=-1).values
    alive = looks["peak"].values > 0
    assert (top[alive] >= 1).all()


def test_contexts_are_the_strongest_places_one_a_text(looks, latents):
    for latent in np.flatnonzero(looks["peak"].values > 0):
        middle = looks["context_activation"].values[latent, :, 2]
        of_texts = np.sort(latents[..., latent].max(1))[::-1][:3]
        assert np.allclose(middle[~np.isnan(middle)], of_texts[of_texts > 0], rtol=1e-5)
        text, place = np.unravel_index(latents[..., latent].argmax(), latents.shape[:2])
        shown = looks["context_token"].values[latent, 0]
        tokens = looks["token_text"].values
        for step in range(-2, 3):
            if 0 <= place + step < 8:
                assert tokens[shown[step + 2]].strip() == TEXTS[text][place + step]
                assert looks["context_activation"].values[latent, 0, step + 2] == pytest.approx(
                    latents[text, place + step, latent], rel=1e-5
                )
            else:
                assert shown[step + 2] == -1


def test_what_never_fires_has_nothing_to_show(looks):
    dead = looks.isel(latent=DEAD)
    assert float(dead["density"]) == float(dead["peak"]) == 0
    assert not dead["histogram"].any()
    assert (dead["context_token"] == -1).all()
    assert dead["context_activation"].isnull().all()


def test_promoted_tokens_are_those_whose_logits_the_direction_moves(looks, model, sae):
    with torch.no_grad():
        effect = sae.W_dec @ model.weights.W_U
    effect -= effect.mean(-1, keepdim=True)
    assert np.allclose(looks["promoted_by"], effect.topk(4).values, atol=1e-4)
    assert np.allclose(looks["suppressed_by"], -(-effect).topk(4).values, atol=1e-4)
    names = looks["token_text"].values[looks["promoted"].values[:, 0]]
    assert [model.vocabulary_of([int(i)])[0] for i in effect.argmax(-1)] == list(names)


def test_what_cannot_be_said_is_not_promoted():
    state = small_transformer().state_dict()
    state = {**state, "unembed.W_U": state["unembed.W_U"][:, :20], "unembed.b_U": torch.zeros(20)}
    model = mi.load(mi.Transformer.from_state_dict(state))
    sae = random_sae("l1", d_in=32, d_sae=8, site=at.resid_post[1])
    looks = mi.sae.dashboards(model, sae, [[1, 2, 3]], n_promoted=30, progress=False).dataset
    effect = sae.W_dec @ model.weights.W_U[:, :20]
    effect -= effect.mean(-1, keepdim=True)
    assert np.allclose(looks["promoted_by"], effect.sort(-1, descending=True).values, atol=1e-4)
    names = set(model.vocabulary_of(range(20)))
    for which in ("promoted", "suppressed"):
        assert set(looks["token_text"].values[looks[which].values].flat) == names


def test_a_direction_in_the_neurons_speaks_through_what_they_write(model):
    sae = random_sae("l1", d_in=model.config.d_mlp, d_sae=8, site=at.mlp_post[1])
    looks = mi.sae.dashboards(model, sae, TEXTS[:4], progress=False).dataset
    with torch.no_grad():
        effect = sae.W_dec @ model.weights.W_out[1] @ model.weights.W_U
    effect -= effect.mean(-1, keepdim=True)
    assert np.allclose(looks["promoted_by"].isel(rank=0), effect.max(-1).values, atol=1e-4)


def test_neighbours_have_the_likest_directions(looks, sae):
    unit = sae.W_dec / sae.W_dec.norm(dim=-1, keepdim=True)
    likeness = (unit @ unit.T).numpy()
    np.fill_diagonal(likeness, -2)
    assert (looks["nearest"].isel(neighbor=0) == likeness.argmax(1)).all()
    assert np.allclose(looks["nearest_cosine"].isel(neighbor=0), likeness.max(1), atol=1e-5)


def test_labels_say_what_a_latent_detects(model):
    x = {c: model.run(c, keep=[at.resid_pre])[at.resid_pre[0]][0, -1].detach() for c in "abcdefgh"}
    middle = torch.stack([x[c] for c in "bcdefgh"]).mean(0)
    direction = (x["a"] - middle)[None]
    sae = random_sae("l1", d_in=len(middle), d_sae=1)
    sae = type(sae)(
        W_enc=direction.T.contiguous(), b_enc=torch.zeros(1), W_dec=direction, b_dec=middle, kind="l1"
    )
    annotations = [
        mi.sae.Annotation(i, place + 1, "letter", text[place])
        for i, text in enumerate(TEXTS)
        for place in range(8)
    ]
    looks = mi.sae.dashboards(
        model,
        sae,
        TEXTS,
        annotations=annotations,
        site=at.resid_pre[0],
        n_neighbors=1,
        n_promoted=3,
        progress=False,
    ).dataset
    assert looks["label"].item() == "letter a"
    assert looks["label_auc"].item() > 0.9


def test_bad_input_is_named(model):
    with pytest.raises(DictionaryError, match="does not say where it reads"):
        mi.sae.dashboards(model, random_sae(d_in=model.config.d_model), TEXTS)
    with pytest.raises(mi.errors.PromptError, match="a list with a text in it"):
        mi.sae.dashboards(model, random_sae(d_in=model.config.d_model, site=at.resid_post[0]), "abc")
