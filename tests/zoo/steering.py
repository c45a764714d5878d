"""What atlas's steering is measured with: its directions, where they are added, and what that costs."""

from functools import cache

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.directions.steering import loss_on
from mi_widgets.training.language.registers import continued

OPENING = "After breakfast Sam set out for the harbour."
EVERY = at.resid_mid[2]
ENDS = EVERY.every(".")

atlas = cache(lambda: mi.load("atlas"))


@cache
def of():
    """Documents of one register, and the first sentences of stories."""
    docs = mi.shipped.sample_texts("atlas", "train", n=2000, seed=3)
    found = {
        name: [t.text for t in docs if {label.value for label in t.of("register")} == {name}]
        for name in ("french", "hesitation", "story")
    }
    rest = [t.text for t in docs if "hesitation" not in {label.value for label in t.of("register")}]
    return {**found, "opening": first_sentences(found["story"]), "rest": rest}


def first_sentences(stories):
    """Of each the first."""
    return [text.split(". ")[0] + "." for text in stories]


@cache
def ordinary():
    """Texts of all registers, and what is lost on them."""
    texts = [text.text for text in mi.shipped.sample_texts("atlas", "test", n=60, seed=21)]
    return texts, loss_on(atlas(), texts)


def cost(edit):
    """How much more is lost on ordinary text, as a share."""
    texts, plain = ordinary()
    with atlas().intervene(edit):
        return loss_on(atlas(), texts) / plain - 1


def good(wanted, edit=None, *, opening=OPENING, seed=0):
    """The share of continuations that are as wanted, and well written."""
    with atlas().intervene(edit or mi.stack()):
        return sum(one.is_good for one in continued(atlas(), opening, wanted, seed=seed)) / 50


@cache
def towards(register):
    """At sentence ends, from the first sentences of stories to a register."""
    return mi.directions.mean_difference(atlas(), of()[register], of()["opening"], ENDS, progress=False)


@cache
def wider():
    """Sentence ends, and the words after which a hesitant sentence may still become another one."""
    starts = [
        {part.split()[0] for text in of()[kind] for part in text.split(". ")}
        for kind in ("hesitation", "rest")
    ]
    shared = starts[0] & starts[1]
    assert shared == {"As", "How", "If", "It"}
    return EVERY.every(".", *sorted(shared))
