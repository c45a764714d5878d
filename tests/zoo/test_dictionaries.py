"""The shipped dictionaries: their record, their card, and their files; `make verify` measures them again."""

import json
import shutil

import pytest

import mi_widgets as mi
from mi_widgets.core.errors import DamagedWeights
from mi_widgets.training.sae.recipes import RECIPES
from mi_widgets.training.ship import missed
from mi_widgets.training.small import card_of
from mi_widgets.zoo.dictionaries import DICTIONARIES, dictionaries

NAMES = ("atlas-1", "atlas-2")


def test_the_shipped_ones_are_those_of_the_recipes_and_no_models():
    assert dictionaries() == tuple(RECIPES) == NAMES
    assert not set(NAMES) & set(mi.shipped.models())


@pytest.mark.parametrize("name", NAMES)
def test_its_record_reaches_the_bars_and_its_card_says_so(name):
    recipe = RECIPES[name]
    record = json.loads((recipe.home / "expected.json").read_text("utf-8"))
    assert {path.name for path in recipe.home.iterdir()} == {*record["files"], "expected.json"}
    assert recipe.bars
    assert missed(recipe.bars, record["measures"]) == []
    assert set(record["other_seeds"]) == {"1", "2"}
    text = (recipe.home / "CARD.md").read_text("utf-8")
    assert text == card_of(recipe, record)
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120
    assert sum(path.stat().st_size for path in recipe.home.iterdir()) < 1_200_000


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_its_site_and_knows_how_to_be_loaded_again(name):
    sae, recipe = mi.sae.load(name), RECIPES[name]
    assert sae.site == recipe.site
    assert (sae.d_sae, sae.k) == (recipe.options["d_sae"], recipe.options["k"])
    assert sae.code() == f"mi.sae.load({name!r})"
    run = mi.load("atlas").run("The capital of Texas is", keep=[sae.site])
    assert ((sae.encode(run[sae.site]) > 0).sum(-1) <= sae.k).all()


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(DICTIONARIES, tmp_path / "dictionaries")
    folder = tmp_path / "dictionaries" / "atlas-2"
    monkeypatch.setattr("mi_widgets.zoo.DICTIONARIES", folder.parent)
    weights = folder / "sae_weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(DamagedWeights, match=r"sae_weights.safetensors is damaged.*training train atlas-2"):
        mi.sae.load("atlas-2")
