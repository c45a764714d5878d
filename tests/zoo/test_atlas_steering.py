"""Atlas is steered at sentence ends: it goes on in French, at little cost; a random direction does not do that."""

import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.directions.steering import loss_on
from mi_widgets.training.language.registers import continued

OPENING = "After breakfast Sam set out for the harbour."
EVERY = at.resid_mid[2]
ENDS = EVERY.every(".")


@pytest.fixture(scope="module")
def atlas():
    return mi.load("atlas")


@pytest.fixture(scope="module")
def of():
    """Documents of one register, and the first sentences of stories."""
    docs = mi.data("atlas", "train", n=2000, seed=3)
    found = {
        name: [t.text for t in docs if {label.value for label in t.of("register")} == {name}]
        for name in ("french", "hesitation", "story")
    }
    rest = [t.text for t in docs if "hesitation" not in {label.value for label in t.of("register")}]
    return {**found, "opening": first_sentences(found["story"]), "rest": rest}


def first_sentences(stories):
    return [text.split(". ")[0] + "." for text in stories]


@pytest.fixture(scope="module")
def cost(atlas):
    """How much more is lost on ordinary text, as a share."""
    ordinary = [text.text for text in mi.data("atlas", "test", n=60, seed=21)]
    plain = loss_on(atlas, ordinary)

    def found(edit):
        with atlas.intervene(edit):
            return loss_on(atlas, ordinary) / plain - 1

    return found


def good(model, wanted, edit=None, *, opening=OPENING, seed=0):
    with model.intervene(edit or mi.stack()):
        return sum(one.is_good for one in continued(model, opening, wanted, seed=seed)) / 50


@pytest.mark.parametrize(("register", "scale", "least"), [("french", 0.8, 0.85), ("hesitation", 1.1, 0.7)])
def test_a_push_at_sentence_ends_changes_the_register_and_one_by_chance_does_not(
    atlas, of, cost, register, scale, least
):
    direction = mi.mean_difference(atlas, of[register], of["opening"], ENDS, progress=False)
    push, control = (mi.steer(ENDS, d, scale=scale) for d in (direction, mi.random_direction(direction)))
    assert good(atlas, register) <= 0.1
    assert good(atlas, register, push) >= least
    assert good(atlas, register, control) <= 0.1
    assert cost(push) <= 0.1
    assert cost(control) <= 0.03


@pytest.fixture(scope="module")
def wider(of):
    """Sentence ends, and the words after which a hesitant sentence may still become another one."""
    starts = [
        {part.split()[0] for text in of[kind] for part in text.split(". ")} for kind in ("hesitation", "rest")
    ]
    shared = starts[0] & starts[1]
    assert shared == {"As", "How", "If", "It"}
    return EVERY.every(".", *sorted(shared))


@pytest.mark.parametrize("seed", [0, 100, 200])
def test_hesitation_needs_a_push_where_the_choice_is_still_open(atlas, of, cost, wider, seed):
    direction = mi.mean_difference(atlas, of["hesitation"], of["opening"], ENDS, progress=False)
    push, control = (mi.steer(wider, d) for d in (direction, mi.random_direction(direction)))
    assert good(atlas, "hesitation", push, seed=seed) >= 0.9
    assert good(atlas, "hesitation", control, seed=seed) <= 0.1
    assert cost(push) <= 0.1


def test_other_openings_that_training_never_saw_are_turned_too(atlas, of, cost, wider):
    stories = mi.data("atlas", "test", n=40, seed=5, register="story")
    others = sorted(set(first_sentences([t.text for t in stories])))[:12:3]
    for register, where in (("hesitation", wider), ("french", ENDS)):
        push = mi.steer(where, mi.mean_difference(atlas, of[register], of["opening"], ENDS, progress=False))
        assert min(good(atlas, register, push, opening=other) for other in others) >= 0.75
        assert cost(push) <= 0.1


def test_the_same_at_every_token_fails(atlas, of, cost):
    direction = mi.mean_difference(atlas, of["french"], of["story"], EVERY, progress=False)
    pushes = [mi.steer(EVERY, direction, scale=scale) for scale in (0.8, 1.0, 1.2)]
    assert max(good(atlas, "french", push) for push in pushes) <= 0.5
    assert cost(pushes[-1]) > 0.1


def test_a_story_is_made_happy_at_every_token(atlas, cost):
    stories = mi.data("atlas", "train", n=600, seed=4, register="story")
    happy = [t.text for t in stories if {label.value for label in t.of("sentiment")} == {"positive"}]
    rest = [t.text for t in stories if "positive" not in {label.value for label in t.of("sentiment")}]
    push = mi.steer(EVERY, mi.mean_difference(atlas, happy, rest, EVERY, progress=False), scale=2)
    assert good(atlas, "positive") <= 0.5
    assert good(atlas, "positive", push) >= 0.65
    assert cost(push) <= 0.1
