"""Atlas is steered at sentence ends: it goes on in French, at little cost; a random direction does not do that."""

import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.directions.steering import loss_on
from mi_widgets.training.language.registers import continued

OPENING = "After breakfast Sam set out for the harbour."
SITE = at.resid_mid[2].every(".")


@pytest.fixture(scope="module")
def atlas():
    return mi.load("atlas")


@pytest.fixture(scope="module")
def texts():
    def of(register, n, together):
        some = [t.text for t in mi.data("atlas", "train", n=n * together, seed=3, register=register)]
        return [" ".join(some[i * together : (i + 1) * together]) for i in range(n)]

    return {"french": of("french", 80, 8), "story": of("story", 200, 1)}


def good(model, wanted):
    return sum(one.is_good for one in continued(model, OPENING, wanted)) / 50


def test_french_at_sentence_ends_and_not_by_chance(atlas, texts):
    ordinary = [text.text for text in mi.data("atlas", "test", n=60, seed=21)]
    plain = loss_on(atlas, ordinary)
    french = mi.mean_difference(atlas, texts["french"], texts["story"], SITE, progress=False)
    assert good(atlas, "french") <= 0.1
    for direction, least, most in ((french, 0.8, 1), (mi.random_direction(french), 0, 0.1)):
        with atlas.intervene(mi.steer(SITE, direction)):
            assert least <= good(atlas, "french") <= most
            assert loss_on(atlas, ordinary) <= 1.1 * plain


def test_the_same_push_at_every_token_fails(atlas, texts):
    ordinary = [text.text for text in mi.data("atlas", "test", n=60, seed=21)]
    plain = loss_on(atlas, ordinary)
    french = mi.mean_difference(atlas, texts["french"], texts["story"], SITE.everywhere, progress=False)
    shares = []
    for scale in (0.25, 0.5, 1.0):
        with atlas.intervene(mi.steer(SITE.everywhere, french, scale=scale)):
            if loss_on(atlas, ordinary) <= 1.15 * plain:
                shares.append(good(atlas, "french"))
    assert shares
    assert max(shares) <= 0.2
