"""The models of a training run, or any several models, each loaded when its turn comes."""

from __future__ import annotations

import gc
import math
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import nn

from mi_widgets.core.errors import MIError
from mi_widgets.core.record import Record
from mi_widgets.core.requirements import kind_of
from mi_widgets.core.texts import plain_text
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.load import load
from mi_widgets.model.model import Model
from mi_widgets.zoo.shipped import checkpoints

Label = int | float | str
T = TypeVar("T")

# A module and what wraps it know each other: they stay until Python looks for such things. It takes 0.3 seconds to have
# it look, so with small ones it is left to.
_LARGE = 1 << 26  # bytes

_AS_IN = (
    'as in {0: "run/step-0", 500: "run/step-500"} or {"small": model, "large": other}: each a Model, a torch module, a '
    "name or a folder that mi.load takes, or a function without arguments that makes one of these"
)


@dataclass(frozen=True)
class Checkpoint:
    """One model of several.

    Args:
        label: its step, or its name.
        given: a Model, or what `mi.load` takes, or a function that makes one of these.
        step: of a shipped model.
    """

    label: Label
    given: Any
    step: int | None = None

    def with_model(self, do: Callable[[Model], T]) -> tuple[T, Record]:
        """What is done with its model, and the record of that model; what was loaded for it is let go.

        Raises:
            MIError: whatever went wrong, at which label; of other errors that is a note.
        """
        try:
            return self._done(do)
        except MIError as error:
            raise type(error)(f"mi.over_checkpoints, at {self.label!r}: {error}") from error
        except Exception as error:
            error.add_note(f"This came up in mi.over_checkpoints, at {self.label!r}.")
            raise

    def _done(self, do: Callable[[Model], T]) -> tuple[T, Record]:
        makes = callable(self.given) and not isinstance(self.given, nn.Module)
        given = self.given() if makes else self.given
        if isinstance(given, Model):
            return _both(do, given)
        model = load(given, checkpoint=self.step)
        size = sum(weight.nbytes for weight in model.module.parameters())
        try:
            return _both(do, model)
        finally:
            model.release()
            del model, given
            if size > _LARGE:
                gc.collect()


def _both(do: Callable[[Model], T], model: Model) -> tuple[T, Record]:
    record = model.record  # as it came: what is done may change its weights
    return do(model), record


def series_of(models: Any, steps: Iterable[Any] | None) -> list[Checkpoint]:
    """The models to go through, in their order.

    Args:
        models: a shipped model's name, a recipe's folder, or label -> model.
        steps: some of the labels; all by default.

    Raises:
        MIError: no models, or labels that are not all numbers or all texts, or none of the steps.
        UnknownModel: a name of no shipped model.
    """
    if isinstance(models, Mapping):
        known = _labelled(models)
        chosen = _chosen(known, steps, _label)
        if chosen <= set(known):
            return [Checkpoint(label, known[label]) for label in known if label in chosen]
        raise _no_such(known, steps)
    name = os.fspath(models)
    # A step of which nothing was kept `load` refuses.
    return [
        Checkpoint(step, name, step) for step in sorted(_chosen(checkpoints(name), steps, operator.index))
    ]


def _labelled(models: Mapping[Any, Any]) -> dict[Label, Any]:
    if not models:
        raise MIError(f"mi.over_checkpoints: the dict of models is empty; it is {_AS_IN}.")
    labelled: dict[Any, Any] = {}
    for given, model in models.items():
        label = _label(given)
        if label is not None and label in labelled:
            raise MIError(f"mi.over_checkpoints: two models have the label {label!r}; give each its own.")
        labelled[label] = model
    texts = [isinstance(label, str) for label in labelled]
    if None in labelled or any(texts) != all(texts):
        raise MIError(
            "mi.over_checkpoints: the labels of the models must be all numbers, as of steps, or all texts; got "
            f"{', '.join(map(repr, models))}."
        )
    for label, model in labelled.items():
        if not isinstance(model, (Model, str, os.PathLike)) and not callable(model):
            raise MIError(
                f"mi.over_checkpoints: at {label!r} there is {kind_of(model)}; models are given by label, {_AS_IN}."
            )
    return labelled if all(texts) else {label: labelled[label] for label in sorted(labelled)}


def _label(given: Any) -> Any:
    """A number or a text as Python's own; None for what is neither."""
    if isinstance(given, str):
        return plain_text(given)
    if isinstance(given, bool) or (not isinstance(given, (int, float)) and not hasattr(given, "item")):
        return None
    number = given if isinstance(given, (int, float)) else given.item()
    if whole(number) is not None:
        return whole(number)
    return number if isinstance(number, float) and math.isfinite(number) else None


def _chosen(known: Iterable[Label], steps: Iterable[Any] | None, read: Callable[[Any], Any]) -> set[Any]:
    known = list(known)
    try:
        chosen = set(known) if steps is None else {read(step) for step in steps}
    except TypeError:
        chosen = set()
    if not chosen:
        raise _no_such(known, steps)
    return chosen


def _no_such(known: Iterable[Label], steps: object) -> MIError:
    return MIError(
        f"mi.over_checkpoints: steps must be some of {', '.join(map(repr, known))}; got {steps!r}."
    )
