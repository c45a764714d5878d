"""Atlas is steered at sentence ends: it goes on in French, at little cost; a random direction does not do that.

More seeds, other openings, and pushes at every token are among what is soaked.
"""

import pytest

import mi_widgets as mi
from tests.zoo.steering import ENDS, cost, good, towards, wider

pytestmark = pytest.mark.slow  # of a model that is shipped


def test_a_push_at_sentence_ends_changes_the_register_and_one_by_chance_does_not():
    direction = towards("french")
    push, control = (mi.steer(ENDS, d, scale=0.8) for d in (direction, mi.directions.random_like(direction)))
    assert good("french") <= 0.1
    assert good("french", push) >= 0.85
    assert good("french", control) <= 0.1
    assert cost(push) <= 0.1
    assert cost(control) <= 0.03


def test_hesitation_needs_a_push_where_the_choice_is_still_open():
    direction = towards("hesitation")
    push, control = (mi.steer(wider(), d) for d in (direction, mi.directions.random_like(direction)))
    assert good("hesitation", push) >= 0.9
    assert good("hesitation", control) <= 0.1
    assert cost(push) <= 0.1
