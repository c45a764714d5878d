"""Language models train, go on after a stop, are read by Hugging Face's own loaders, and are held against controls."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import MIError
from mi_widgets.training.__main__ import main
from mi_widgets.training.language import train as training
from mi_widgets.training.language.train import batch, learning_rate, loss_of
from mi_widgets.training.recipes import RECIPES
from mi_widgets.training.unfinished import UnfinishedTraining
from mi_widgets.zoo.atlas.names import NAMES
from mi_widgets.zoo.atlas.parse import parse
from mi_widgets.zoo.language_models import untrained
from mi_widgets.zoo.shipped import expected
from mi_widgets.zoo.vocabulary import SPECIALS

ATLAS = RECIPES["atlas"]


def small(**changes):
    config = type(ATLAS.config)(
        **{
            **ATLAS.config.to_dict(),
            "hidden_size": 20,
            "intermediate_size": 40,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
        }
    )
    recipe = replace(
        ATLAS, config=config, steps=6, batch_size=4, context=32, warm_up=2, names_until=2, settled=4
    )
    return replace(recipe, **changes)


def trained(recipe, seed=0, **options):
    *_, (steps, module) = recipe.train(seed=seed, progress=False, **options)
    assert steps == recipe.steps
    return module


def same(one, other):
    return all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_training_lowers_the_loss_and_follows_its_seed():
    recipe, short = small(steps=60), small()
    held_out = batch(recipe, recipe.tokenizer(), seed=99, step=10)
    modules = untrained(recipe.config, seed=0), trained(recipe)
    with torch.no_grad():
        before, after = (loss_of(module(held_out).logits, held_out, pad=0) for module in modules)
    assert after < before - 0.5
    first = trained(short)
    assert same(first, trained(short))
    assert not same(first, trained(short, seed=1))


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_KEPT_EVERY", 2)
    recipe, state = small(), UnfinishedTraining(tmp_path / "state.safetensors")
    for step, _ in recipe.train(progress=False, unfinished=state):
        if step == 5:
            break
    again = UnfinishedTraining(state.path)
    steps = recipe.train(progress=False, unfinished=again)
    assert next(steps)[0] == again.step == 4
    *_, (_, module) = steps
    assert same(module, trained(recipe))
    assert again.seconds > 0
    with pytest.raises(MIError, match="is the unfinished training of another recipe or seed: delete it"):
        next(recipe.train(seed=1, progress=False, unfinished=UnfinishedTraining(state.path)))
    with pytest.raises(MIError, match="of another recipe"):
        next(replace(recipe, lr=1.0).train(progress=False, unfinished=UnfinishedTraining(state.path)))
    again.remove()
    assert [*tmp_path.iterdir()] == []


def test_rows_are_repeats_of_names_then_of_any_tokens_then_documents_begin_again_and_texts_of_training():
    shares = {"repeats": (0.5, 0.3, 0.1), "documents_again": 0.1}
    recipe = small(batch_size=20, context=128, names_until=1, settled=2, **shares)
    tokenizer = recipe.tokenizer()
    first, second, later = (batch(recipe, tokenizer, seed=0, step=step) for step in range(3))
    assert first.shape == second.shape == later.shape == (20, 128)
    assert torch.equal(first, batch(recipe, tokenizer, seed=0, step=0))
    assert {row[0].item() for row in first} == {tokenizer.bos_token_id}
    names = {*tokenizer.convert_tokens_to_ids([f"▁{name}" for name in NAMES])}
    assert all({*row.tolist()[1:]} <= names and has_period(row) for row in first[:10])
    # A token may come twice in a span.
    assert any(len({*row.tolist()[1:]}) < period_of(row) for row in first[:10])
    for row in (*second[:6], *later[:2]):
        assert has_period(row)
        assert not {*row.tolist()} <= names
        assert not {*row.tolist()[1:]} & {*range(len(SPECIALS))}
    assert max(map(period_of, second[:6])) <= recipe.short_span
    for row in later[2:4]:
        assert has_period(row)
        assert not {*row.tolist()[1:]} <= names
    for row in (*first[10:], *second[6:], *later[4:]):
        assert not has_period(row)
        assert parse(tokenizer.decode(row, skip_special_tokens=True)).sentences


def period_of(row):
    """After how many tokens all of a row repeats, or 0."""
    ids = row[row != 0].tolist()[1:]
    return next((n for n in range(3, len(ids) // 2 + 1) if ids[n:] == ids[:-n]), 0)


def has_period(row):
    return period_of(row) > 0


def test_the_last_attention_is_off_in_the_last_rows_and_only_there():
    recipe = small(last_attention_off=0.5)
    module = untrained(recipe.config, seed=0)
    ids = batch(recipe, recipe.tokenizer(), seed=0, step=0)
    whole = module(ids).logits
    with training.last_attention_off(recipe, module):
        half = module(ids).logits
    model = mi.load(module.eval(), tokenizer=recipe.tokenizer())
    with model.intervene(mi.ablate(at.attn_out[1])):
        without = model.run(ids.tolist()).logits
    assert torch.equal(half[:2], whole[:2])
    assert (half[2:] - without[2:]).abs().max() < 1e-4 < (whole[2:] - without[2:]).abs().max()
    model.release()
    assert torch.equal(module(ids).logits, whole)


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate(ATLAS, step) for step in range(ATLAS.steps)]
    assert rates.index(max(rates)) in range(ATLAS.warm_up - 2, ATLAS.warm_up + 1)
    assert rates[0] == pytest.approx(ATLAS.lr / ATLAS.warm_up)
    assert rates[-1] == pytest.approx(0.01 * ATLAS.lr, rel=0.01)


def test_what_is_written_is_read_by_our_loader_and_by_theirs(tmp_path, monkeypatch, capsys):
    recipe = small(steps=2)
    monkeypatch.setitem(RECIPES, "atlas", recipe)
    monkeypatch.setattr("mi_widgets.training.language.recipe._SAMPLES", 2)
    monkeypatch.setattr("mi_widgets.training.language.recipe.measures", lambda model, seed: {"one hop": 0.5})
    folder = tmp_path / "mine"
    assert main(["train", "atlas", "--steps", "2", "--out", str(folder)]) == 1
    assert "one hop is 0.500, the bar is 0.99 to 1.0" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    model, text = mi.load(str(folder)), "When Mary and John went to Dallas"
    assert model.dtype == torch.float32
    assert model.vocabulary_of(model.tokenize(text).ids[0].tolist())[-2:] == [" Dal", "las"]
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt").input_ids
    assert torch.equal(model.tokenize(text).ids, ids)
    assert (theirs(ids).logits - model.run(text).logits).abs().max() < 1e-5
    assert same(mi.load(str(folder), checkpoint=0).module, untrained(recipe.config, seed=0))
    samples = expected(str(folder))["samples"]
    assert {len(texts) for texts in samples.values()} == {2}
    card = (folder / "CARD.md").read_text("utf-8")
    assert "## French: 2 samples\n\n```text\n" in card
    assert samples["code"][0].replace("\n", "\\n") in card
    assert "the last, in half precision too" in card


def test_a_town_is_one_token_of_the_shortcut():
    shortcut = RECIPES["atlas-shortcut"]
    assert shortcut.config.vocab_size == len(shortcut.tokens) == ATLAS.config.vocab_size + 192
    assert shortcut.tokenizer().tokenize("Dallas") == ["▁Dallas"]
    both = ({**recipe.config.to_dict(), "vocab_size": 0} for recipe in (ATLAS, shortcut))
    assert next(both) == next(both)
