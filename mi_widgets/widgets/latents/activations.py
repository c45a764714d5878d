"""What the view of latents reads from a Result: which fire at each token of some texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.drawn import DrawnResult
from .._shared.given import dataset_of
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of, with_labels
from .._shared.latent_names import LatentNames
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS

_AXES = ("batch", "pos", "rank")


class LatentActivations(DrawnResult):
    """The latents of a Result of `mi.sae.latents`.

    Attributes:
        names: What the latents are called.
        batch, pos: the labels of prompts and positions.
        d_sae: how many latents the dictionary has.
    """

    def __init__(self, result: Any, names: LatentNames) -> None:
        data = _latents_dataset(result)
        super().__init__(result)
        self.names = names
        self.d_sae = int(data["d_sae"].values.ravel()[0])
        self.batch, self.pos = labels_of(data, "batch"), labels_of(data, "pos")
        self._tokens = np.broadcast_to(data["pos_token"].values, (len(self.batch), len(self.pos)))
        # Plain arrays, as a text may come with every key that is typed.
        self._numbers = [data["latent"].values, data["activation"].values.astype(np.float32)]
        self._data = with_labels(data[["activation", "latent"]]).assign_coords(
            pos_token=(("batch", "pos"), self._tokens)
        )
        n = self._numbers[0].size
        if n > MOST_NUMBERS:
            raise ResultError(
                f"LatentsView would have to send {n:,} numbers (up to {MOST_NUMBERS:,}): choose "
                "with .sel(batch=[…])."
            )

    def tokens(self, selection: Mapping[str, Any]) -> list[str]:
        """The selected text; "" where it is padded."""
        return [str(token) for token in self._tokens[self.batch.index(selection["batch"])]]

    def at(self, selection: Mapping[str, Any]) -> int | None:
        """The place of the selected token; None for the whole text."""
        return None if selection["pos"] is None else self.pos.index(selection["pos"])

    def strongest(self, selection: Mapping[str, Any], most: int) -> list[tuple[int, float]]:
        """The strongest latents at the selected token, or in the whole text, each at its strongest place."""
        at = self.at(selection)
        numbers, values = (part.ravel() if at is None else part[at] for part in self._text(selection))
        found: dict[int, float] = {}
        for i in np.argsort(-np.nan_to_num(values, nan=-1.0), kind="stable"):
            if len(found) == most:
                break
            if numbers[i] >= 0:
                found.setdefault(int(numbers[i]), float(values[i]))
        return list(found.items())

    def over_text(self, selection: Mapping[str, Any]) -> np.ndarray:
        """The activation of the selected latent at each position; 0 where it is silent, NaN where nothing is."""
        numbers, values = self._text(selection)
        found = np.where(numbers == selection["latent"], values, 0.0).max(-1)
        return np.where(np.array(self.tokens(selection)) == "", np.nan, found)

    def activations(self, selection: Mapping[str, Any]) -> np.ndarray:
        """All of the selected text: (pos, rank)."""
        return self._text(selection)[1]

    def _text(self, selection: Mapping[str, Any]) -> list[np.ndarray]:
        """Latents and activations of the selected text: (pos, rank)."""
        return [numbers[self.batch.index(selection["batch"])] for numbers in self._numbers]

    def choices(self) -> Choices:
        """Prompts, positions, and all latents of the dictionary."""
        return {"batch": self.batch, "pos": [*self.pos, None], "latent": [*range(self.d_sae), None]}

    def packed(self) -> dict[str, Any]:
        """For the wire: all prompts, so that going through them asks nothing of the kernel."""
        return pack_dataset(self._data)


def _latents_dataset(result: Any) -> Any:
    needed = ("activation", "latent", "d_sae", "pos_token")
    data = dataset_of(result, "LatentsView", "mi.sae.latents(run, sae)", needed)
    lacking = [axis for axis in _AXES if axis not in data["activation"].dims]
    if lacking == ["batch"]:  # one prompt, chosen
        return data.expand_dims("batch")
    if lacking or not data["activation"].size:
        raise ResultError(
            f"LatentsView needs the axes {', '.join(_AXES)}, with something on each: choose with .sel(batch=0)."
        )
    return data
