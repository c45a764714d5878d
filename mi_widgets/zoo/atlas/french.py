"""Simple French, whose articles and adjectives agree. Kept out of training: some nouns with some adjectives."""

from __future__ import annotations

from .grammar import Draw, Text, fill, words

# noun, gender (f, m)
NOUNS = tuple(
    pair.split("/")
    for pair in words(
        """
    maison/f porte/f table/f fleur/f rivière/f ville/f lampe/f chaise/f lettre/f montagne/f pomme/f voiture/f
    forêt/f route/f jardin/m livre/m chien/m chat/m pont/m train/m village/m gâteau/m soleil/m bateau/m
    château/m marché/m cheval/m lit/m
    """
    )
)
# masculine, feminine
ADJECTIVES = tuple(
    pair.split("/")
    for pair in words("""
    petit/petite grand/grande vert/verte noir/noire blanc/blanche rond/ronde froid/froide chaud/chaude ouvert/ouverte
    perdu/perdue content/contente joli/jolie
    """)
)
PEOPLE = words("Pierre Camille Juliette Antoine Louise Gaston Élodie Mathieu")
TEMPLATES = (
    "{Le} {noun} est très {adjective}.",
    "{Le} {noun} de {person} est {adjective}.",
    "Je vois {un} {noun} {adjective} près de la gare.",
    "Il y a {un} {noun} {adjective} dans la rue.",
    "{person} cherche {un} {noun} {adjective}.",
    "Nous avons {un} {noun} {adjective} chez nous.",
    "Ce matin, {person} a vu {un} {noun} {adjective}.",
    "Où est {le} {noun} {adjective} de {person} ?",
    "Demain, {person} va acheter {un} {noun} {adjective}.",
    "{Le} {noun} n'est pas {adjective}, dit {person}.",
    "Quand il pleut, {le} {noun} est {adjective}.",
    "C'est {un} {noun} {adjective}, mais {person} l'aime bien.",
)
_ARTICLES = {"m": {"le": "le", "Le": "Le", "un": "un"}, "f": {"le": "la", "Le": "La", "un": "une"}}


def is_held_out(noun: int, adjective: int) -> bool:
    """Whether a noun (its place in NOUNS) with an adjective (in ADJECTIVES) is kept out of training."""
    return (noun + 2 * adjective) % 7 == 1


def sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sentence, with the labels `noun` and `adjective`."""
    while True:
        i, j = draw.number(0, len(NOUNS) - 1), draw.number(0, len(ADJECTIVES) - 1)
        if is_held_out(i, j) == held_out:
            break
    noun, gender = NOUNS[i]
    articles = {slot: Text(article) for slot, article in _ARTICLES[gender].items()}
    adjective = ADJECTIVES[j][gender == "f"]
    filled = fill(draw.one(TEMPLATES), noun=noun, adjective=adjective, person=draw.one(PEOPLE), **articles)
    return filled.called("register", "french")
