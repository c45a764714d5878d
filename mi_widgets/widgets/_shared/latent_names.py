"""What the latents of a dictionary are called: by a label that they detect well, else by the tokens they promote."""

from typing import Any

import numpy as np

from .tokens import visible
from .wire import pack, pack_whole

WELL = 0.5  # the F1 from which a label is a name
_TOKENS = 4


class LatentNames:
    """Names and peaks of some latents.

    Args:
        dataset: Of a Result of `mi.sae.dashboards`, with the axis `latent`; without one no latent has a name.

    Attributes:
        latents: The dictionary's numbers.
        labels: A label for each, "" where none is detected well.
        says: The tokens that each promotes most, as in "↑ ·le ·la".
        peaks: The greatest activation of each.
    """

    def __init__(self, dataset: Any = None) -> None:
        self.latents: list[int] = []
        if dataset is not None:
            self._read(dataset)
        self._places = {latent: i for i, latent in enumerate(self.latents)}

    def _read(self, dataset: Any) -> None:
        self.latents = [int(latent) for latent in dataset["latent"].values]
        self.peaks = np.asarray(dataset["peak"].values, np.float32)
        well = np.nan_to_num(dataset["label_f1"].values) >= WELL
        labels = dataset["label"].values
        self.labels = [str(label) if good else "" for label, good in zip(labels, well, strict=True)]
        texts = [visible(str(text)) for text in dataset["token_text"].values]
        self.says = [
            " ".join(["↑", *(texts[token] for token in row)])
            for row in dataset["promoted"].values[:, :_TOKENS]
        ]

    def name(self, latent: int) -> str:
        """The label, else what it promotes; "" for a latent that is not among these."""
        at = self._places.get(latent)
        return "" if at is None else self.labels[at] or self.says[at]

    def label(self, latent: int) -> str:
        """The label, if that is its name."""
        return self.labels[self._places[latent]]

    def peak(self, latent: int) -> float:
        """Its greatest activation."""
        return float(self.peaks[self._places[latent]])

    def packed(self) -> dict[str, Any]:
        """For the wire; nothing where there are none."""
        if not self.latents:
            return {}
        return {
            "latents": pack_whole(np.array(self.latents)),
            "labels": self.labels,
            "says": self.says,
            "peaks": pack(self.peaks),
        }
