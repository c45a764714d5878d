"""Cards are written from what is recorded, and say what other seeds gave."""

import json
import re

import pytest

from mi_widgets.training.__main__ import main
from mi_widgets.training.cards import card
from mi_widgets.training.recipes import recipe_for
from mi_widgets.zoo.shipped import check_files, expected, folder_of, models

RECORD = {
    "recipe": "modadd-113",
    "files": {},
    "seed": 0,
    "checkpoints": [0, 50, 100],
    "minutes": 7,
    "half_precision_costs": 0.00125,
}


@pytest.fixture
def folders(tmp_path):
    """Four trainings, of which the third misses a bar and lacks a figure."""
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        measures = {"test accuracy": 0.5 if seed == 2 else 1.0, "log10 of loss": -6.0 - seed}
        if seed == 2:
            del measures["log10 of loss"]
        record = {**RECORD, "seed": seed, "measures": measures}
        (folder / "expected.json").write_text(json.dumps(record))
    return [str(tmp_path / str(seed)) for seed in range(4)]


@pytest.mark.parametrize("name", models())
def test_what_is_shipped_has_the_card_that_its_record_says(name):
    record = expected(name)
    text = (folder_of(name) / "CARD.md").read_text("utf-8")
    assert text == card(recipe_for(record["recipe"]), record)
    prose = re.sub(r"```text\n.*?```", "", text, flags=re.DOTALL)  # samples are as long as they are
    assert max(len(line) for line in prose.splitlines() if not line.startswith("|")) <= 120


def test_figures_of_other_seeds_stand_in_the_card_with_the_bars_they_miss(folders, capsys):
    assert main(["seeds", *folders[:3]]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "test accuracy is 0.500, the bar is 0.99 to 1.0" in said[1]
    text = (folder_of(folders[0]) / "CARD.md").read_text("utf-8")
    assert "| measure | seed 0 | seed 1 | seed 2 | bar |\n|---|---|---|---|---|\n" in text
    assert "| test accuracy | 1 | 1 | 0.5 ✗ | 0.99 to 1 |" in text
    assert "| log10 of loss | -6 | -7 |  |  |" in text
    assert "Seed 0 is shipped; ✗ marks a bar that another seed misses." in text
    assert "with seed 0: 100 steps, 7 minutes" in text
    assert "half precision the steps 50; and the last" in text
    check_files(folders[0], ["CARD.md"])
    assert main(["seeds", folders[0], folders[3]]) == 0  # they replace those that were there
    assert set(expected(folders[0])["other_seeds"]) == {"3"}


def test_what_is_no_other_seed_of_a_model_is_refused(folders, capsys):
    assert main(["seeds", folders[0], folders[1], folders[1]]) == 1
    assert "has seed 1, which is there already: give other seeds" in capsys.readouterr().err
    assert main(["seeds", folders[0], folders[0]]) == 1
    assert "has seed 0, which is there already" in capsys.readouterr().err
    assert main(["seeds", "induction-2l", folders[0]]) == 1
    assert "is no other seed of induction-2l: its recipe is 'modadd-113'" in capsys.readouterr().err
    assert "other_seeds" not in expected("induction-2l")
