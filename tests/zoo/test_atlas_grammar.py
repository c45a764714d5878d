"""Templates are filled and read back; draws know how likely they were; the parser knows what the generator can say."""

from itertools import groupby, product
from math import log

import pytest

import mi_widgets as mi
from mi_widgets.zoo.atlas.grammar import Text, fill, joined, pattern
from mi_widgets.zoo.atlas.parse import parse, sentiment
from mi_widgets.zoo.atlas.texts import REGISTERS, draw_of


def test_slots_become_labels_and_texts_in_slots_keep_theirs():
    inner = fill("{a1} and {a2}", a1="x", a2="yy")
    text = joined([fill("({both})", both=inner), Text("!"), Text("\n# <z>\n"), Text("w")])
    assert text.text == "(x and yy) !\n# <z>\nw"
    assert [(label.kind, text.text[label.start : label.end]) for label in text.labels] == [
        ("a", "x"),
        ("a", "yy"),
    ]


def test_marked_words_fill_themselves():
    text = fill("{they} <laughed>, and {they} <ran>.", they="she")
    assert text.text == "she laughed, and she ran."
    assert [(label.kind, label.value) for label in text.labels] == [
        ("they", "she"),
        ("word", "laughed"),
        ("they", "she"),
        ("word", "ran"),
    ]


def test_a_pattern_is_what_fill_makes():
    form = pattern("{a1} (<b>) {c}.", {"a": ["x", "y+"], "c": r"\d+"})
    assert form == r"(?:x|y\+)\ \((?:b)\)\ (?:\d+)\."


def test_draws_add_up_their_nats():
    draw = draw_of("test", 0, 0)
    draw.one("abcd")
    assert draw.nats == pytest.approx(log(4))
    draw.some("abcd", 2)
    assert draw.nats == pytest.approx(log(4) + log(12))
    before = draw.nats
    found = draw.weighted({"often": 3.0, "seldom": 1.0})
    assert draw.nats - before == pytest.approx(-log({"often": 0.75, "seldom": 0.25}[found]))
    before = draw.nats
    assert draw.chance(0.9) == (draw.nats - before < 1)
    before = draw.nats
    assert draw.until("even", lambda: draw.number(1, 8), lambda n: n % 2 == 0) % 2 == 0
    assert draw.nats - before == pytest.approx(log(8))  # what was thrown away is not counted
    assert draw.tries["even"] >= draw.kept["even"] == 1


def test_weighted_draws_come_in_their_shares():
    draw = draw_of("test", 0, 1)
    found = [draw.weighted({"a": 0.5, "b": 0.3, "c": 0.2}) for _ in range(4000)]
    shares = [found.count(item) / len(found) for item in "abc"]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


@pytest.mark.parametrize("split", ["train", "test"])
def test_what_the_generator_says_is_read_back(split):
    for text in mi.shipped.sample_texts("atlas", split, n=150, seed=4):
        parsed = parse(text.text)
        assert parsed.is_well_formed
        assert not parsed.rest
        said = [label.value for label in text.of("register")]
        read = [register for register, _ in parsed.sentences]  # a story is several sentences
        assert [name for name, _ in groupby(read)] == [name for name, _ in groupby(said)]
        assert parse(text.text[: len(text.text) * 2 // 3]).is_well_formed  # unfinished


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Le miroir est très perdue.", "the adjective does not agree"),
        ("When Mary and John went to the shop, John gave to Mary.", "nothing is given"),
        ("When Mary and John went to the shop, John gave a book to John.", "he is no other"),
        ("When Mary and John went to the shop, Tom gave a book to John.", "nobody knows Tom"),
        ("When Mary and Mary", "two of one name"),
        ("# Add a and b.\ndef subtract", "the comment is of another function"),
        ("# Add a and b.\nadd = lambda a, m", "there is no m"),
        ("Mary has high marks and low marks, and", "one of the grounds is missing"),
        ("The capital of Texas is mockingbird.", "no capital"),
        ("Mary laughed with joy.", "no sentence of any register begins so"),
        ('He wanted to hug the whole town. "It is Monday," said to a friend.', "nobody says it"),
        ("def add(x, y)\n", "no colon"),
        ("Dallas key Dallas lamp.", "it does not repeat"),
        ("7 + + 3 = 10.", "no sum"),
    ],
)
def test_what_is_not_well_formed_is_refused(text, why):
    assert not parse(text).is_well_formed, why


def test_form_is_not_truth():
    assert parse("The capital of Texas is Denver. 2 + 2 = 5.").sentences == (
        ("geography", "The capital of Texas is Denver."),
        ("arithmetic", "2 + 2 = 5."),
    )
    assert parse("").is_well_formed
    assert parse("When Mary and").rest == "When Mary and"


def test_every_register_has_sentences_that_no_other_has():
    for register, held_out in product(REGISTERS, (False, True)):
        for row in range(20):
            text = REGISTERS[register][1](draw_of("test", 5, row), held_out=held_out).text
            assert {name for name, _ in parse(text).sentences} == {register}
    assert parse("Mary key Mary key.", without=("repeat",)).sentences == ()


@pytest.mark.parametrize("mood", ["positive", "negative", "neutral"])
def test_a_storys_sentences_have_the_sentiment_that_they_were_made_with(mood):
    """All but the first, which tells who and where."""
    found = []
    for row in range(60):
        text = REGISTERS["story"][1](draw_of("test story", 7, row), held_out=bool(row % 2))
        told = [text.text[label.start : label.end] for label in text.of("sentiment") if label.value == mood]
        found += [sentiment(sentence) for sentence in told]
        if told:
            assert sentiment(parse(text.text).sentences[0][1]) is None
    assert len(found) > 30
    assert set(found) == {mood}
    assert sentiment("Il fait froid.") is None
