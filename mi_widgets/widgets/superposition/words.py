"""The picture in words. `words.ts` says the same in the browser."""

from collections.abc import Mapping
from typing import Any

from .._shared.numbers import reading
from .instances import Instances

_FEW = 9  # features of a figure that are named


def sentence(drawn: Instances, selection: Mapping[str, Any]) -> str:
    """ "S = 0.90 · feature 3: 0.40 of a dimension, pentagon with 0, 1, 2, 4 · 5 of 5 features represented, …"."""
    instance, feature = drawn.place(selection)
    count, each = int(drawn.represented[instance].sum()), float(drawn.per_feature[instance])
    return (
        f"S = {drawn.sparsity_labels[instance]} · "
        f"feature {selection['feature']}: {described(drawn, instance, feature)} · "
        f"{count} of {len(drawn.features)} features represented, m/‖W‖² = {reading(each)}"
    )


def described(drawn: Instances, instance: int, feature: int) -> str:
    """ "0.40 of a dimension, pentagon with 0, 1, 2, 4"; "not represented, length 0.02"."""
    figure = drawn.figures[instance, feature]
    if not drawn.represented[instance, feature]:
        return f"{figure}, length {reading(float(drawn.lengths[instance, feature]))}"
    fellows = drawn.fellows(instance, feature)
    share = f"{reading(float(drawn.dimensionality[instance, feature]))} of a dimension, "
    if not fellows:
        return share + str(figure)
    named = ", ".join(map(str, fellows)) if len(fellows) <= _FEW else f"{len(fellows)} others"
    return f"{share}{figure if figure != 'other' else 'shared'} with {named}"
