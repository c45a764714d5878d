"""The sentences of the views: what a template may be, and what happens where a fact is missing."""

import json
import re
from pathlib import Path

import pytest

import mi_widgets.widgets
from mi_widgets.widgets._shared.words import fill

TEMPLATES = {
    f"{path.parent.name}: {name}": template
    for path in Path(mi_widgets.widgets.__file__).parent.glob("*/words.json")
    for name, template in json.loads(path.read_text("utf-8")).items()
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_every_template_is_whole(template):
    """Brackets and marks come in pairs, bars are in brackets: with all facts nothing of them is left."""
    facts = dict.fromkeys(re.findall(r"\{\??(\w+)\}", template), "x")
    assert not set(fill(template, facts)) & set("[]{}|*#`~^?")
    assert all(template.count(mark) % 2 == 0 for mark in "*#`~")


def test_a_fact_that_is_missing_outside_of_a_group_is_an_error():
    with pytest.raises(KeyError, match="value"):
        fill("{name}: {value}", {"name": "loss"})
    with pytest.raises(KeyError, match="value"):
        fill("{value}", {"value": None})
