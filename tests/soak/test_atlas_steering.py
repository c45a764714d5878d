"""Atlas is steered after openings that training never saw, with other seeds, and at every token."""

import pytest

import mi_widgets as mi
from tests.zoo.steering import ENDS, EVERY, atlas, cost, first_sentences, good, of, towards, wider

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", [100, 200])
def test_hesitation_is_steered_whatever_the_seed(seed):
    direction = towards("hesitation")
    push, control = (mi.steer(wider(), d) for d in (direction, mi.directions.random_like(direction)))
    assert good("hesitation", push, seed=seed) >= 0.9
    assert good("hesitation", control, seed=seed) <= 0.1


def test_hesitation_is_steered_at_sentence_ends_alone():
    direction = towards("hesitation")
    push, control = (mi.steer(ENDS, d, scale=1.1) for d in (direction, mi.directions.random_like(direction)))
    assert good("hesitation", push) >= 0.7
    assert good("hesitation", control) <= 0.1
    assert cost(push) <= 0.1


def test_other_openings_that_training_never_saw_are_turned_too():
    stories = mi.shipped.sample_texts("atlas", "test", n=40, seed=5, register="story")
    others = sorted(set(first_sentences([t.text for t in stories])))[:12:3]
    for register, where in (("hesitation", wider()), ("french", ENDS)):
        push = mi.steer(where, towards(register))
        assert min(good(register, push, opening=other) for other in others) >= 0.75
        assert cost(push) <= 0.1


def test_the_same_at_every_token_fails():
    direction = mi.directions.mean_difference(atlas(), of()["french"], of()["story"], EVERY, progress=False)
    pushes = [mi.steer(EVERY, direction, scale=scale) for scale in (0.8, 1.0, 1.2)]
    assert max(good("french", push) for push in pushes) <= 0.5
    assert cost(pushes[-1]) > 0.1


def test_a_story_is_made_happy_at_every_token():
    stories = mi.shipped.sample_texts("atlas", "train", n=600, seed=4, register="story")
    happy = [t.text for t in stories if {label.value for label in t.of("sentiment")} == {"positive"}]
    rest = [t.text for t in stories if "positive" not in {label.value for label in t.of("sentiment")}]
    push = mi.steer(
        EVERY, mi.directions.mean_difference(atlas(), happy, rest, EVERY, progress=False), scale=2
    )
    assert good("positive") <= 0.5
    assert good("positive", push) >= 0.65
    assert cost(push) <= 0.1
