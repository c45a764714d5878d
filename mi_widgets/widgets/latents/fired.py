"""What the view of latents reads from a Result: which fire at each token of some texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.given import header_of, is_result, kind_of
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of, with_labels
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS

_AXES = ("batch", "pos", "rank")


class Fired:
    """The latents of a Result of `mi.latents`.

    Attributes:
        activation: (batch, pos, rank), NaN where fewer fire.
        latent: their numbers, -1 where there is none.
        tokens: the texts, (batch, pos); "" where a prompt is padded.
        batch, pos: the labels of prompts and positions.
        d_sae: how many latents the dictionary has.
    """

    def __init__(self, result: Any) -> None:
        data = _checked(result)
        self.title, self.model_name, self.unit = str(result.title), str(result.model_name), str(result.unit)
        self._header = header_of(result)
        self.activation = np.asarray(data["activation"].values, np.float32)
        self.latent = data["latent"].values
        self.d_sae = int(data["d_sae"].values.ravel()[0])
        self.batch, self.pos = labels_of(data, "batch"), labels_of(data, "pos")
        self.tokens = np.broadcast_to(data["pos_token"].values, self.activation.shape[:2])
        fired = with_labels(data[["activation", "latent"]])
        self._data = fired.assign_coords(pos_token=(("batch", "pos"), self.tokens))
        if self.activation.size > MOST_NUMBERS:
            raise ResultError(
                f"LatentsView would have to send {self.activation.size:,} numbers (up to {MOST_NUMBERS:,}): choose "
                "with .sel(batch=[…])."
            )

    def strongest(self, selection: Mapping[str, Any], most: int) -> list[tuple[int, float]]:
        """The strongest latents at the selected token, or in the whole text, each at its strongest place."""
        row = self.batch.index(selection["batch"])
        at = slice(None) if selection["pos"] is None else self.pos.index(selection["pos"])
        numbers, values = self.latent[row, at].ravel(), self.activation[row, at].ravel()
        found: dict[int, float] = {}
        for i in np.argsort(-np.nan_to_num(values, nan=-1.0), kind="stable"):
            if numbers[i] >= 0 and len(found) < most:
                found.setdefault(int(numbers[i]), float(values[i]))
        return list(found.items())

    def over_text(self, selection: Mapping[str, Any]) -> np.ndarray:
        """The activation of the selected latent at each position; 0 where it is silent, NaN where nothing is."""
        row = self.batch.index(selection["batch"])
        is_it = self.latent[row] == selection["latent"]
        values = np.where(is_it, np.nan_to_num(self.activation[row]), 0.0).max(-1)
        return np.where(self.tokens[row] == "", np.nan, values)

    def choices(self) -> Choices:
        """Prompts, positions, and all latents of the dictionary."""
        return {"batch": self.batch, "pos": [*self.pos, None], "latent": [*range(self.d_sae), None]}

    def first(self) -> dict[str, Any]:
        """All of the first prompt, and no latent."""
        return {"batch": self.batch[0], "pos": None, "latent": None}

    def header(self) -> dict[str, Any]:
        """What the view's header says."""
        return self._header

    def packed(self) -> dict[str, Any]:
        """For the wire: all prompts, so that going through them asks nothing of the kernel."""
        return pack_dataset(self._data)


def _checked(result: Any) -> Any:
    if not is_result(result):
        raise ResultError(
            f"This Result is {kind_of(result)}; LatentsView draws Results of mi.latents(run, sae)."
        )
    data = result.dataset
    missing = [name for name in ("activation", "latent", "d_sae", "pos_token") if name not in data.variables]
    if missing:
        raise ResultError(
            f"This Result has no {missing[0]}; LatentsView draws what mi.latents(run, sae) returns."
        )
    lacking = [axis for axis in _AXES if axis not in data["activation"].dims]
    if lacking == ["batch"]:  # one prompt, chosen
        return data.expand_dims("batch")
    if lacking or not data["activation"].size:
        raise ResultError(
            f"LatentsView needs the axes {', '.join(_AXES)}, with something on each: choose with .sel(batch=0)."
        )
    return data
