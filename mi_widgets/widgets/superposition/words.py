"""The picture in words."""

from collections.abc import Mapping
from typing import Any

from mi_widgets.core.numbers import number_text

from .._shared.words import Words
from .instances import Instances

_FEW = 9  # features of a figure that are named
_WORDS = Words(__file__)


def sentence(drawn: Instances, selection: Mapping[str, Any]) -> str:
    """ "S = 0.90 · feature 3: 0.40 of a dimension, pentagon with 0, 1, 2, 4 · 5 of 5 features represented, …"."""
    instance, feature = drawn.place(selection)
    return _WORDS.say(
        "sentence",
        sparsity=drawn.sparsity_labels[instance],
        feature=selection["feature"],
        described=described(drawn, instance, feature),
        count=int(drawn.represented[instance].sum()),
        features=len(drawn.features),
        each=number_text(float(drawn.per_feature[instance])),
    )


def described(drawn: Instances, instance: int, feature: int) -> str:
    """ "0.40 of a dimension, pentagon with 0, 1, 2, 4"; "not represented, length 0.02"."""
    figure, fellows = str(drawn.figures[instance, feature]), drawn.fellows(instance, feature)
    few = len(fellows) <= _FEW
    return _WORDS.say(
        "described",
        represented=bool(drawn.represented[instance, feature]),
        share=number_text(float(drawn.dimensionality[instance, feature])),
        figure=figure,
        other=figure == "other",
        fellows=_WORDS.say(
            "fellows", few=", ".join(map(str, fellows)) if few else None, many=None if few else len(fellows)
        ),
        length=number_text(float(drawn.lengths[instance, feature])),
    )
