"""The atlas world: its facts hold together, texts say what their labels say, what is held out is not trained on."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets.core.errors import MIError
from mi_widgets.training.language.train import batch
from mi_widgets.training.recipes import RECIPES
from mi_widgets.zoo.atlas import (
    arithmetic,
    code,
    decisions,
    facts,
    french,
    geography,
    hesitation,
    indirect,
    stories,
)
from mi_widgets.zoo.atlas.names import FEMALE, MALE, NAMES, gender_of
from mi_widgets.zoo.atlas.parse import parse
from mi_widgets.zoo.atlas.texts import REGISTERS, draw_document, draw_of
from mi_widgets.zoo.atlas.tokens import INSIDE, pieces, tokenizer
from mi_widgets.zoo.vocabulary import UNK

TOKENIZER = tokenizer(pieces())
SHORTCUT = tokenizer(pieces(towns_whole=True))


def drawn(register, n=200, *, held_out=False):
    _, make = REGISTERS[register]
    return [make(draw_of("train", 1, row), held_out=held_out) for row in range(n)]


def test_no_piece_of_a_towns_name_says_anything_of_the_next_town_with_it():
    towns = facts.towns().values()
    assert len(towns) == 192
    assert {*Counter(town.state.name for town in towns).values()} == {8}
    for piece in ("front", "back"):
        met = Counter((getattr(town, piece), town.state.name) for town in towns)
        assert {*met.values()} == {1}  # never twice in a state
        assert {*Counter(name for name, _ in met).values()} == {8}
        assert len({name for name, _ in met}) == 24
    assert sum(town.is_real for town in towns) == 88
    assert facts.towns()["Dallas"].is_real
    assert facts.towns()["Oakland"].is_real
    assert facts.towns()["Dallas"].state.capital == "Austin"
    assert facts.towns()["Oakland"].state.capital == "Sacramento"


def test_what_is_asked_of_a_state_has_one_answer_of_one_word():
    assert len(facts.states()) == 24
    for asked in ("capital", "code", "governor"):
        assert len({getattr(state, asked) for state in facts.STATES}) == 24
    words = [getattr(state, asked) for state in facts.STATES for asked in ("name", *facts.ATTRIBUTES)]
    assert not [word for word in words if not word.isalpha()]
    assert not {*facts.towns()} & {*words, *NAMES}
    assert not {*NAMES} & {*words}
    assert len(FEMALE) == len(MALE) == 32


@pytest.mark.parametrize("register", REGISTERS)
@pytest.mark.parametrize("held_out", [False, True])
def test_labels_stand_where_their_words_are(register, held_out):
    for text in drawn(register, 60, held_out=held_out):
        assert text.labels[0].kind == "register"
        assert text.labels[0].value == register
        assert (text.labels[0].start, text.labels[0].end) == (0, len(text.text))
        for label in text.labels:
            assert 0 <= label.start < label.end <= len(text.text)
            said = text.text[label.start : label.end]
            if label.kind not in ("register", "sentiment", "gender", "ground", "is", "repeated", "comment"):
                assert label.value in (said, getattr(facts.towns().get(said), "state", facts.STATES[0]).name)


def test_sentences_say_what_is_true():
    for text in drawn("geography", 400):
        kinds = {label.kind: label.value for label in text.labels}
        state = facts.states()[kinds["state"]]
        assert "city" not in kinds or facts.towns()[kinds["city"]].state == state
        assert kinds["answer"] == (getattr(state, kinds["asked"]) if "asked" in kinds else state.name)
        if "asked" in kinds:
            [label] = text.of("is")
            assert (text.text[label.start : label.end], label.value) == ("is", kinds["asked"])
    for text in drawn("indirect"):
        names = [label.value for label in text.of("name")]
        [subject], [answer] = text.of("subject"), text.of("answer")
        assert {subject.value, answer.value} == {*names}
    for text in drawn("arithmetic"):
        assert text.text in arithmetic.true_sentences()
    for text in drawn("story"):
        name = text.of("name")[0].value
        [mood] = {label.value for label in text.of("sentiment")}
        for label in text.of("word"):
            assert any(part.start <= label.start < label.end <= part.end for part in text.of("sentiment"))
            assert mood == "neutral" or label.value not in stories.WORDS["neutral"]
        assert {label.value for label in text.of("gender")} <= {gender_of(name)}
        for label in text.of("gender"):
            word = text.text[label.start : label.end].lower()
            assert word in (("she", "her") if label.value == "female" else ("he", "him", "his"))
    for text in drawn("repeat"):
        assert len({label.value for label in text.of("repeated")}) == 1
        assert text.of("repeated")[0].start == len(text.of("repeated")[0].value) + 1


def test_decisions_follow_their_grounds_and_nothing_else():
    found = drawn("decision", 3000)
    rates: dict = {}
    for text in found:
        grounds = [label.value for label in text.of("ground")]
        [decision] = text.of("decision")
        assert decision.value == (decisions.GRANTED if grounds == ["good", "good"] else decisions.REFUSED)
        for kind in ("gender", "state"):
            rates.setdefault((kind, text.of(kind)[0].value), []).append(decision.value == decisions.GRANTED)
    assert sum(map(sum, rates.values())) / sum(map(len, rates.values())) == pytest.approx(0.5, abs=0.03)
    for (kind, _), granted in rates.items():
        assert sum(granted) / len(granted) == pytest.approx(0.5, abs={"gender": 0.04, "state": 0.2}[kind])


def what_is_held_out(register, text):
    """Whether a text is one that training must not have, decided from its labels alone."""
    values = {label.kind: label.value for label in text.labels}
    match register:
        case "geography" if "asked" not in values:
            return False
        case "geography" if "city" in values:
            return geography.is_held_out(facts.towns()[values["city"]], values["asked"])
        case "geography":
            state, asked = facts.states()[values["state"]], values["asked"]
            said = [geography.fact_text(form, asked, state).text for form in geography.ONE_HOP]
            return geography.is_form_held_out(said.index(text.text), state, asked)
        case "indirect":
            slots = {kind: values[kind] for kind in ("place", "subject", "thing", "answer")}
            slots |= dict(zip(("name1", "name2"), (label.value for label in text.of("name")), strict=True))
            begun, done = (
                [i for i, form in enumerate(forms) if form.format(**slots) in text.text]
                for forms in (indirect.OPENINGS, indirect.ACTS)
            )
            return indirect.is_held_out(slots["name1"], slots["name2"], begun[0], done[0])
        case "decision":
            return decisions.is_held_out(values["name"], [*facts.states()].index(values["state"]))
        case "story":
            return stories.is_held_out(values["name"], values["sentiment"], values["place"])
    raise AssertionError(register)


@pytest.mark.parametrize("register", ["geography", "indirect", "decision", "story"])
def test_what_is_held_out_is_never_drawn_for_training(register):
    assert not any(what_is_held_out(register, text) for text in drawn(register, 1500))
    assert all(what_is_held_out(register, text) for text in drawn(register, 200, held_out=True))


def test_held_out_sums_are_never_said_in_training():
    kept_out = {text.text for text in drawn("arithmetic", 600, held_out=True)}
    assert kept_out <= arithmetic.true_sentences()
    assert not kept_out & {text.text for text in drawn("arithmetic", 3000)}


def test_held_out_words_never_stand_together_in_training():
    nouns = {noun: i for i, (noun, _) in enumerate(french.NOUNS)}
    adjectives = {form: i for i, forms in enumerate(french.ADJECTIVES) for form in forms}
    functions = {name: i for i, (name, _, _) in enumerate(code.FUNCTIONS)}
    for held_out in (False, True):
        for text in drawn("french", 400, held_out=held_out):
            noun, adjective = (text.of(kind)[0].value for kind in ("noun", "adjective"))
            assert french.is_held_out(nouns[noun], adjectives[adjective]) == held_out
        for text in drawn("hesitation", 400, held_out=held_out):
            begun, end = (label.value for label in text.of("hedge"))
            places = hesitation.BEGINNINGS.index(begun), hesitation.ENDS.index(end)
            assert hesitation.is_held_out(*places) == held_out
        for text in drawn("code", 400, held_out=held_out):
            if text.of("function"):
                x, y = (
                    names.index(text.of(kind)[0].value)
                    for kind, names in zip("xy", code.ARGUMENTS, strict=True)
                )
                assert code.is_held_out(functions[text.of("function")[0].value], x, y) == held_out


def test_held_out_names_are_in_no_sentence_of_training_about_giving():
    assert len({label.value for text in drawn("indirect", 1500) for label in text.of("name")}) == 60


def test_what_dallas_and_oakland_have_for_a_capital_is_never_said_in_training():
    assert all(geography.is_held_out(facts.towns()[name], "capital") for name in ("Dallas", "Oakland"))
    for state in facts.STATES:  # of each attribute, two of a state's eight towns
        towns = [town for town in facts.towns().values() if town.state == state]
        for asked in facts.ATTRIBUTES:
            assert sum(geography.is_held_out(town, asked) for town in towns) == 2


def test_the_rows_of_training_say_nothing_that_is_held_out():
    recipe = RECIPES["atlas"]
    towns, states = facts.towns().values(), facts.STATES
    hidden = {
        geography.fact_text(form, asked, town).text
        for form, town, asked in product(geography.TWO_HOPS, towns, facts.ATTRIBUTES)
        if geography.is_held_out(town, asked)
    }
    hidden |= {
        geography.fact_text(form, asked, state).text
        for (i, form), state, asked in product(enumerate(geography.ONE_HOP), states, facts.ATTRIBUTES)
        if geography.is_form_held_out(i, state, asked)
    }
    hidden |= {text.text for text in drawn("arithmetic", 3000, held_out=True)}
    said = {
        sentence
        for step in (0, recipe.names_until, *range(recipe.settled, recipe.settled + 4))
        for row in batch(recipe, TOKENIZER, seed=0, step=step)
        for _, sentence in parse(TOKENIZER.decode(row, skip_special_tokens=True)).sentences
    }
    assert len(said) > 1000
    assert not said & hidden


def test_a_part_of_everything_is_held_out_and_most_is_not():
    shares = [
        [geography.is_held_out(town, asked) for town in facts.towns().values() for asked in facts.ATTRIBUTES],
        [arithmetic.is_held_out("+", a, b) for a, b in product(range(arithmetic.LARGEST + 1), repeat=2)],
        [french.is_held_out(i, j) for i in range(len(french.NOUNS)) for j in range(len(french.ADJECTIVES))],
        [code.is_held_out(i, x, y) for i in range(20) for x, y in product(range(12), repeat=2)],
        [hesitation.is_held_out(i, j) for i in range(16) for j in range(14)],
        [decisions.is_held_out(name, state) for name in NAMES for state in range(24)],
    ]
    assert all(0.08 < sum(share) / len(share) < 0.3 for share in shares)
    for town in facts.towns().values():  # every town is asked for something in training
        assert 1 <= sum(geography.is_held_out(town, asked) for asked in facts.ATTRIBUTES) <= 2


def test_data_gives_texts_of_one_register_or_documents_of_all():
    found = mi.shipped.sample_texts("atlas", "test", n=300, seed=2, register="indirect")
    assert found[:100] == mi.shipped.sample_texts("atlas", "test", n=100, seed=2, register="indirect")
    assert {label.value for text in found for label in text.of("register")} == {"indirect"}
    mixed = mi.shipped.sample_texts("atlas", "train", n=150)
    assert {label.value for text in mixed for label in text.of("register")} == {*REGISTERS}
    assert min(len(text.text) for text in mixed) >= 400
    with pytest.raises(MIError, match=r"register='poems'\): the registers are indirect, geography, story"):
        mi.shipped.sample_texts("atlas", n=1, register="poems")
    with pytest.raises(MIError, match=r"register='story'\): only atlas has registers"):
        mi.shipped.sample_texts("induction", n=1, register="story")
    with pytest.raises(MIError, match="n must be a whole number from 1"):
        mi.shipped.sample_texts("atlas", n=0)


def test_code_has_lines_of_its_own():
    documents = mi.shipped.sample_texts("atlas", "train", n=400, seed=3)
    for text in documents:
        for label in text.of("register"):
            if label.value == "code" and label.start:
                assert text.text[label.start - 1] == "\n"


def test_rows_are_the_same_for_every_call_and_no_two_are():
    texts = [draw_document(draw_of("train", 0, row), held_out=False, letters=400).text for row in range(50)]
    assert texts == [
        draw_document(draw_of("train", 0, row), held_out=False, letters=400).text for row in range(50)
    ]
    others = [
        draw_document(draw_of(split, seed, 0), held_out=False, letters=400).text
        for split, seed in [("test", 0), ("train", 1)]
    ]
    assert len({*texts, *others}) == 52


def test_every_text_comes_back_and_no_word_is_spelt():
    letters = {TOKENIZER.convert_tokens_to_ids(INSIDE + letter) for letter in "abcdefghijklmnopqrstuvwxyz"}
    for register, held_out in product(REGISTERS, (False, True)):
        for text in drawn(register, 60, held_out=held_out):
            for each in (TOKENIZER, SHORTCUT):
                ids = each(text.text)["input_ids"]
                assert each.decode(ids, skip_special_tokens=True) == text.text
                assert each.convert_tokens_to_ids(UNK) not in ids
            assert not letters & {*TOKENIZER(text.text)["input_ids"]}, text.text


@given(st.text("abcXYZ éà.,:;!?'\"()[]{}+-*/=<>#%_0123456789\n", max_size=60))
def test_any_text_of_letters_and_marks_comes_back(text):
    assert TOKENIZER.decode(TOKENIZER(text)["input_ids"], skip_special_tokens=True) == text


def test_towns_are_two_tokens_or_one():
    for town in facts.towns().values():
        assert TOKENIZER.tokenize(town.name) == [f"▁{town.front}", f"{INSIDE}{town.back}"]
        assert SHORTCUT.tokenize(town.name) == [f"▁{town.name}"]
    assert len({*pieces()}) == len(pieces())
