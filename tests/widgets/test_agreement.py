"""Python and the browser agree: this table is run here, and by `agreement.test.ts`."""

import pytest

from .agreement import CHOSEN, DRAWN, RULES, cases, drawn_text


@pytest.mark.parametrize(("rule", "given", "wanted"), cases(CHOSEN))
def test_python_says_what_the_table_says(rule, given, wanted):
    assert (
        RULES[rule](*given) == pytest.approx(wanted, abs=1e-9)
        if "place" in rule
        else RULES[rule](*given) == wanted
    )


def test_every_rule_has_cases():
    assert {rule for rule, _, _ in cases(CHOSEN)} == set(RULES)


def test_the_drawn_cases_are_those_that_the_generator_draws():
    assert DRAWN.read_text("utf-8") == drawn_text(), "run: python -m tests.widgets.agreement"
