"""Simple French, whose articles and adjectives agree. Kept out of training: some nouns with some adjectives."""

from __future__ import annotations

from .grammar import Draw, Text, fill, words

# noun, gender (f, m)
NOUNS = tuple(
    pair.split("/")
    for pair in words(
        """
    porte/f table/f fleur/f lampe/f chaise/f lettre/f pomme/f voiture/f boîte/f valise/f couverture/f bicyclette/f
    jupe/f tasse/f robe/f montre/f livre/m chapeau/m gâteau/m bateau/m manteau/m panier/m vase/m tapis/m cahier/m
    crayon/m sac/m lit/m miroir/m fauteuil/m tableau/m parapluie/m
    """
    )
)
# masculine, feminine
ADJECTIVES = tuple(
    pair.split("/")
    for pair in words("""
    bleu/bleue gris/grise vert/verte noir/noire blanc/blanche brun/brune rouge/rouge jaune/jaune neuf/neuve cher/chère
    perdu/perdue caché/cachée charmant/charmante propre/propre précieux/précieuse léger/légère
    """)
)
# Of two, one is a woman and one a man: see `names.two_people`.
WOMEN = words("Camille Juliette Louise Mireille Céline Margot")
MEN = words("Pierre Damien Gaston Mathieu Thierry Bruno")
PEOPLE = (*WOMEN, *MEN)
TEMPLATES = (
    "{Le} {noun} est très {adjective}.",
    "{Le} {noun} de {person1} est {adjective}.",
    "Je vois {un} {noun} {adjective} près de la gare.",
    "Il y a {un} {noun} {adjective} dans la rue.",
    "{person1} cherche {un} {noun} {adjective}.",
    "Nous avons {un} {noun} {adjective} chez nous.",
    "Ce matin, {person1} a vu {un} {noun} {adjective}.",
    "Où est {le} {noun} {adjective} de {person1} ?",
    "Demain, {person1} va acheter {un} {noun} {adjective}.",
    "{Le} {noun} n'est pas {adjective}, dit {person1}.",
    "Depuis hier, {le} {noun} est {adjective}.",
    "C'est {un} {noun} {adjective}, mais {person1} l'aime bien.",
    "Pour {person1}, {le} {noun} est trop {adjective}.",
    "Je crois que {le} {noun} est {adjective}.",
    "Sans {le} {noun} {adjective}, {person1} ne part pas.",
    "Hier soir, {le} {noun} était encore {adjective}.",
    "Tout le monde connaît {le} {noun} {adjective} de {person1}.",
    "Avec {un} {noun} {adjective}, tout est possible.",
    "{person1} et {person2} ont {un} {noun} {adjective}.",
    "Devant la maison, il y a {un} {noun} {adjective}.",
    "Mon père dit que {le} {noun} est {adjective}.",
    "{Le} {noun} {adjective} est à {person1}.",
    "Est-ce que {le} {noun} est {adjective} ?",
    "{person1} dessine {un} {noun} {adjective} pour {person2}.",
)
ARTICLES = {"m": {"le": "le", "Le": "Le", "un": "un"}, "f": {"le": "la", "Le": "La", "un": "une"}}


def is_held_out(noun: int, adjective: int) -> bool:
    """Whether a noun (its place in NOUNS) with an adjective (in ADJECTIVES) is kept out of training."""
    return (noun + 2 * adjective) % 7 == 1


def draw_sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sentence, with the labels `noun` and `adjective`."""
    i, j = draw.until(
        "french",
        lambda: (draw.number(0, len(NOUNS) - 1), draw.number(0, len(ADJECTIVES) - 1)),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    (noun, gender), template = NOUNS[i], draw.one(TEMPLATES)
    first = draw.one(PEOPLE) if "{person1}" in template else ""
    second = draw.one(MEN if first in WOMEN else WOMEN) if "{person2}" in template else ""
    filled = fill(
        template,
        noun=noun,
        adjective=ADJECTIVES[j][gender == "f"],
        **{slot: Text(article) for slot, article in ARTICLES[gender].items()},
        person1=first,
        person2=second,
    )
    return filled.called("register", "french")
