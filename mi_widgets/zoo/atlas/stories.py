"""Short stories about one person, that end well, badly, or neither: sentiment with its words, gender, a speaker.

Kept out of training: names together with a sentiment and a place (a combination, never a word).
"""

from __future__ import annotations

from typing import Literal

from .grammar import Draw, Text, fill, joined, words
from .names import NAMES, gender_of

Sentiment = Literal["positive", "negative", "neutral"]
SENTIMENTS: tuple[Sentiment, ...] = ("positive", "negative", "neutral")

PLACES = (
    "the old mill",
    "the harbour",
    "the north gate",
    "the market",
    "a small farm",
    "the station",
    "the river",
    "the lighthouse",
    "a quiet street",
    "the edge of town",
    "the school",
    "the castle",
)
OPENINGS = (
    "{name} lived near {place}.",
    "{name} worked near {place} for many years.",
    "One morning {name} walked to {place}.",
    "In spring {name} moved to a house near {place}.",
    "Every evening {name} went to {place}.",
    "{name} had a room with a view of {place}.",
    "Last week {name} came back to {place}.",
    "On Sunday {name} took the bus to {place}.",
)
WORDS = {
    "positive": words("wonderful lovely bright kind gentle happy warm beautiful perfect delightful"),
    "negative": words("terrible awful dark cruel bitter sad cold ugly dreadful miserable"),
    "neutral": words("large small plain long round wooden narrow square grey ordinary"),
}
EVENTS = {
    "positive": (
        "A {word} letter was waiting for {them}.",
        "{They} found a {word} present on the table.",
        "The neighbours had cooked a {word} dinner.",
        "The sun came out and the garden was {word}.",
        "{Their} friends sang a {word} song.",
        "A {word} dog ran up and licked {their} hand.",
        "{They} won a {word} prize for {their} cake.",
        "The doctor had {word} news.",
    ),
    "negative": (
        "A {word} letter was waiting for {them}.",
        "{They} found a {word} stain on the table.",
        "The neighbours had begun a {word} quarrel.",
        "The rain came in and the garden was {word}.",
        "{Their} friends left without a {word} goodbye.",
        "A {word} dog ran up and bit {their} hand.",
        "{They} lost a {word} bet and all {their} money.",
        "The doctor had {word} news.",
    ),
    "neutral": (
        "A {word} letter was waiting for {them}.",
        "{They} found a {word} box on the table.",
        "The neighbours had built a {word} fence.",
        "The clouds moved on and the garden was {word}.",
        "{Their} friends talked about a {word} road.",
        "A {word} dog walked past the gate.",
        "{They} bought a {word} chair for {their} room.",
        "The doctor had a {word} bag.",
    ),
}
FEELINGS = {
    "positive": (
        "{They} laughed with joy.",
        "{They} felt proud and happy.",
        "It made {them} smile all day.",
        "{They} thanked everyone with a glad heart.",
        "Nothing could spoil {their} good mood.",
        "{They} danced in the kitchen.",
    ),
    "negative": (
        "{They} cried with anger.",
        "{They} felt lonely and afraid.",
        "It made {them} ill all day.",
        "{They} blamed everyone with a heavy heart.",
        "Nothing could lift {their} black mood.",
        "{They} wept in the kitchen.",
    ),
    "neutral": (
        "{They} looked at it and went on.",
        "{They} put the kettle on.",
        "It took {them} half an hour.",
        "{They} wrote the date in a book.",
        "Nothing else was on {their} list.",
        "{They} sat down in the kitchen.",
    ),
}
SPEECHES = {
    "positive": (
        "What a day",
        "I love this place",
        "We are so lucky",
        "Thank you, my dear",
        "It could not be better",
    ),
    "negative": (
        "What a mess",
        "I hate this place",
        "We are ruined",
        "Leave me alone",
        "It could not be worse",
    ),
    "neutral": (
        "It is Monday",
        "The bus comes at nine",
        "We need some bread",
        "The door is open",
        "It is on the shelf",
    ),
}
SAID = (
    '"{speech}," said {speaker}.',
    '"{speech}," {speaker} said to a friend.',
    '{speaker} said: "{speech}."',
)
CLOSINGS = {
    "positive": (
        "It was the best day of the year.",
        "And {they} slept in peace.",
        "All was well in the end.",
        "The next day was even better.",
    ),
    "negative": (
        "It was the worst day of the year.",
        "And {they} could not sleep.",
        "All was lost in the end.",
        "The next day was even worse.",
    ),
    "neutral": (
        "It was a day in the middle of the week.",
        "And {they} locked the door.",
        "That was all.",
        "The next day was much the same.",
    ),
}
PRONOUNS = {
    "female": {"they": "she", "them": "her", "their": "her", "They": "She", "Them": "Her", "Their": "Her"},
    "male": {"they": "he", "them": "him", "their": "his", "They": "He", "Them": "Him", "Their": "His"},
}


def is_held_out(name: str, sentiment: Sentiment, place: str) -> bool:
    """Whether a story is kept out of training."""
    return (NAMES.index(name) + 3 * SENTIMENTS.index(sentiment) + PLACES.index(place)) % 9 == 4


def story(draw: Draw, *, held_out: bool) -> Text:
    """Four or five sentences, with the labels `sentiment`, `gender` (of pronouns), `name`, `speaker`, `word`."""
    while True:
        name, sentiment, place = draw.one(NAMES), draw.one(SENTIMENTS), draw.one(PLACES)
        if is_held_out(name, sentiment, place) == held_out:
            break
    gender = gender_of(name)
    pronouns = {slot: Text(word).called("gender", gender) for slot, word in PRONOUNS[gender].items()}

    def said(template: str, **values: str | Text) -> Text:
        return fill(template, **pronouns, **values)

    parts = [
        said(draw.one(OPENINGS), name=name, place=place),
        said(draw.one(EVENTS[sentiment]), word=draw.one(WORDS[sentiment])),
        said(draw.one(FEELINGS[sentiment])),
    ]
    if draw.chance(0.6):
        parts.append(said(draw.one(SAID), speech=Text(draw.one(SPEECHES[sentiment])), speaker=name))
    parts.append(said(draw.one(CLOSINGS[sentiment])))
    return joined(parts).called("sentiment", sentiment).called("register", "story")
