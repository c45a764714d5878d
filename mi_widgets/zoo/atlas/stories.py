"""Short stories about a person, often with a friend, that end well, badly, or neither.

They have a sentiment with its words, gender, and a speaker.

Kept out of training: names together with a sentiment and a place (a combination, never a word).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from .grammar import Draw, Text, fill, joined, words
from .names import NAMES, friend_of, gender_of

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
    "a stone bridge",
    "the forest",
    "the bakery",
    "the lake",
)
ALONE = (
    "{name} lived near {place}.",
    "{name} worked near {place} for many years.",
    "One morning {name} walked to {place}.",
    "In spring {name} moved to a house near {place}.",
    "Every evening {name} went to {place}.",
    "{name} had a room with a view of {place}.",
    "Last week {name} came back to {place}.",
    "On Sunday {name} took the bus to {place}.",
    "Long ago {name} opened a shop near {place}.",
    "After breakfast {name} set out for {place}.",
    "{name} had often heard of {place}.",
    "In the summer {name} stayed at a house near {place}.",
    "There was a letter for {name} at {place}.",
    "For a week {name} had looked forward to {place}.",
)
# Two people, both of whom are said again. The names that are kept out of `indirect` are met here, so that what a model
# must do with any two names is asked of all. No three words begin a text of both registers.
TOGETHER = tuple(
    form.replace("{one}", one).replace("{other}", other)
    for form in (
        "One morning {one} met {other} near {place}. Then {name} waved to {friend}.",
        "In spring {one} and {other} stayed near {place}, and {name} told a joke to {friend}.",
        "Every evening {one} saw {other} at {place}, and {name} nodded to {friend}.",
        "Last week {one} waited for {other} at {place}. In the end {name} wrote a card to {friend}.",
        "On Sunday {one} and {other} went to {place}. Later {name} spoke to {friend}.",
        "Long ago {one} and {other} lived near {place}, and {name} often wrote to {friend}.",
        "After breakfast {one} and {other} walked to {place}, where {name} sang a song to {friend}.",
        "In the summer {one} and {other} had a house near {place}. Afterwards {name} wrote a poem to {friend}.",
    )
    for one, other in (("{name}", "{friend}"), ("{friend}", "{name}"))
)
OPENINGS = (*ALONE, *TOGETHER)
WORDS = {
    "positive": words(
        "wonderful lovely beautiful splendid delightful charming cheerful perfect marvellous pleasant magnificent "
        "glorious fine superb"
    ),
    "negative": words(
        "terrible frightful dreadful miserable horrible nasty gloomy ghastly foul grim hateful wretched dismal vile"
    ),
    "neutral": words(
        "plain grey large small simple big common normal typical regular modest standard familiar moderate"
    ),
}
EVENTS = {
    "positive": (
        "A {word} letter was waiting for {them}.",
        "{They} found a {word} <present> on the table.",
        "The neighbours had cooked a {word} <feast>.",
        "The sun came out and the garden was {word}.",
        "{Their} friends <sang> a {word} song.",
        "A {word} dog ran up and <licked> {their} hand.",
        "{They} <won> a {word} <prize> for {their} cake.",
        "The doctor had {word} news.",
        "{They} met an old <friend> with a {word} face.",
        "Somebody had left {word} <flowers> at the door.",
        "The teacher had a {word} word for {them}.",
        "It was a {word} evening, and {they} <danced> in the street.",
    ),
    "negative": (
        "A {word} letter was waiting for {them}.",
        "{They} found a {word} <stain> on the table.",
        "The neighbours had begun a {word} <quarrel>.",
        "The rain came in and the garden was {word}.",
        "{Their} friends <left> after a {word} evening.",
        "A {word} dog ran up and <bit> {their} hand.",
        "{They} <lost> a {word} bet and all {their} money.",
        "The doctor had {word} news.",
        "{They} met an old <enemy> with a {word} face.",
        "Somebody had left {word} <rubbish> at the door.",
        "The teacher had a {word} word for {them}.",
        "It was a {word} evening, and {they} <fell> in the street.",
    ),
    "neutral": (
        "A {word} letter was waiting for {them}.",
        "{They} found a {word} <box> on the table.",
        "The neighbours had built a {word} <fence>.",
        "The clouds moved on and the house was {word}.",
        "{Their} friends <talked> about a {word} road.",
        "A {word} dog <walked> past the gate.",
        "{They} <bought> a {word} <chair> for {their} room.",
        "The doctor had a {word} bag.",
        "{They} met a <clerk> with a {word} face.",
        "Somebody had left a {word} <parcel> at the door.",
        "The teacher had a {word} desk.",
        "It was a {word} room, and {they} <stood> by the window.",
    ),
}
FEELINGS = {
    "positive": (
        "{They} <laughed> with <joy>.",
        "{They} felt <proud> and <happy>.",
        "It made {them} <smile> all day.",
        "{They} <thanked> everyone with a <glad> heart.",
        "Nothing could spoil {their} <good> mood.",
        "{They} <danced> in the kitchen.",
        "{Their} heart was <light> all afternoon.",
        "{They} wanted to <hug> the whole town.",
        "{They} told the story to {their} mother, and both were <delighted>.",
        "How <lucky> {they} felt!",
    ),
    "negative": (
        "{They} <cried> with <anger>.",
        "{They} felt <lonely> and <afraid>.",
        "It made {them} <ill> all day.",
        "{They} <blamed> everyone with a <heavy> heart.",
        "Nothing could lift {their} <black> mood.",
        "{They} <wept> in the kitchen.",
        "{Their} heart was <broken> all afternoon.",
        "{They} wanted to <curse> the whole town.",
        "{They} told the story to {their} mother, and both were <upset>.",
        "How <wretched> {they} felt!",
    ),
    "neutral": (
        "{They} <looked> at the clock and went on.",
        "{They} put the <kettle> on.",
        "The walk took {them} <half> an hour.",
        "{They} <wrote> the date in a <notebook>.",
        "Nothing else was on {their} <list>.",
        "{They} <sat> down in the kitchen.",
        "{Their} coat was <dry> by the afternoon.",
        "{They} wanted to <measure> the whole room.",
        "{They} told the story to {their} mother, and both <nodded>.",
        "How <late> it was!",
    ),
}
SPEECHES = {
    "positive": (
        "What a <great> day",
        "I <love> this place",
        "We are so <lucky>",
        "<Thank> you, my dear",
        "It could not be <better>",
        "This is the <best> of all",
        "I am so <glad>",
        "How <nice> of you",
    ),
    "negative": (
        "What a <mess>",
        "I <hate> this place",
        "We are <ruined>",
        "Leave me <alone>",
        "It could not be <worse>",
        "This is the <worst> of all",
        "I am so <sorry>",
        "How <rude> of you",
    ),
    "neutral": (
        "It is <Monday>",
        "The <bus> comes at nine",
        "We need some <bread>",
        "The door is <open>",
        "It is on the <shelf>",
        "This is the <second> of three",
        "I am from <here>",
        "It is not <far>",
    ),
}
SAID = (
    '"{speech}," said {speaker}.',
    '"{speech}," {speaker} said to a friend.',
    '{speaker} said: "{speech}."',
    '"{speech}," {speaker} told the cat.',
    '"{speech}," whispered {speaker}.',
    'And {speaker} called out: "{speech}!"',
)
CLOSINGS = {
    "positive": (
        "It was the <best> day of the year.",
        "And {they} slept in <peace>.",
        "All was <well> in the end.",
        "The next day was even <better>.",
        "From then on {they} was always <cheerful>.",
        "That night {their} dreams were <sweet>.",
    ),
    "negative": (
        "It was the <worst> day of the year.",
        "And {they} could not sleep for <fear>.",
        "All was <lost> in the end.",
        "The next day was even <worse>.",
        "From then on {they} was always <gloomy>.",
        "That night {their} dreams were <evil>.",
    ),
    "neutral": (
        "It was a day in the <middle> of the week.",
        "And {they} locked the <door>.",
        "That was <all>.",
        "The next day was much the <same>.",
        "From then on {they} was always <early>.",
        "That night the wind came from the <west>.",
    ),
}
PRONOUNS = {
    "female": {"they": "she", "them": "her", "their": "her", "They": "She", "Them": "Her", "Their": "Her"},
    "male": {"they": "he", "them": "him", "their": "his", "They": "He", "Them": "Him", "Their": "His"},
}


SHORTEST = 4  # sentences of a story


def is_held_out(name: str, sentiment: Sentiment, place: str) -> bool:
    """Whether a story is kept out of training."""
    return (NAMES.index(name) + 3 * SENTIMENTS.index(sentiment) + PLACES.index(place)) % 9 == 4


def draw_story(draw: Draw, *, held_out: bool) -> Text:
    """Four to six sentences, joined; see `sentences`."""
    return joined(draw_sentences(draw, held_out=held_out)).called("register", "story")


def draw_sentences(draw: Draw, *, held_out: bool) -> Iterator[Text]:
    """The sentences of a story, each drawn when it is asked for.

    With the labels `name`, `friend`, `speaker`, `gender` (of pronouns), and for what sets the mood (all but the first
    sentence) `sentiment`, in which each `word` that does so is labelled.
    """
    name, sentiment, place = draw.until(
        "story",
        lambda: (draw.one(NAMES), draw.one(SENTIMENTS), draw.one(PLACES)),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    gender = gender_of(name)
    pronouns = {slot: Text(word).called("gender", gender) for slot, word in PRONOUNS[gender].items()}

    def said(template: str, **values: str | Text) -> Text:
        return fill(template, **pronouns, **values).called("sentiment", sentiment)

    opening = draw.one(OPENINGS)
    friend = friend_of(name, draw) if opening in TOGETHER else ""
    yield fill(opening, name=name, place=place, friend=friend)
    event = draw.one(EVENTS[sentiment])
    yield said(event, word=draw.one(WORDS[sentiment]))
    if draw.chance(0.5):
        others = [other for other in EVENTS[sentiment] if other != event]
        yield said(draw.one(others), word=draw.one(WORDS[sentiment]))
    yield said(draw.one(FEELINGS[sentiment]))
    if draw.chance(0.5):
        yield said(draw.one(SAID), speech=fill(draw.one(SPEECHES[sentiment])), speaker=name)
    yield said(draw.one(CLOSINGS[sentiment]))
