"""What the dashboards read from a Result: what each latent looks like."""

from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.drawn import DrawnResult
from .._shared.given import dataset_of
from .._shared.labelled import pack_dataset
from .._shared.labels import with_labels
from .._shared.latent_names import LatentNames
from .._shared.scale import ColourScale, highest
from .._shared.selection import Choices

_MOST_PLACES = 8_000_000  # tokens in contexts, of 4 bytes each
_BINS = 24  # of the densities
_VARIABLES = (
    *("density", "peak", "histogram", "context_token", "context_activation"),
    *("promoted", "promoted_by", "suppressed", "suppressed_by", "nearest", "nearest_cosine"),
    *("label", "label_f1", "label_auc"),
)


class Dashboards(DrawnResult):
    """The latents of a Result of `mi.sae.dashboards`.

    Attributes:
        data: The variables, each with the axis `latent` first.
        latents: The dictionary's numbers of the latents.
        tokens: The texts that numbers of tokens stand for.
        names: What the latents are called.
        labelled: Whether there were annotations, so that labels have scores.
    """

    def __init__(self, result: Any) -> None:
        data = _dashboards_dataset(result)
        super().__init__(result)
        self.data = data[[*_VARIABLES]]
        self.tokens = [str(text) for text in data["token_text"].values]
        self.names = LatentNames(data)
        self.latents = self.names.latents
        self.labelled = bool(np.isfinite(data["label_f1"].values).any())
        n = data["context_token"].size
        if n > _MOST_PLACES:
            raise ResultError(
                f"DashboardView would have to send {n:,} tokens of contexts (up to {_MOST_PLACES:,}): make "
                "them fewer, as in mi.sae.dashboards(…, n_contexts=4, n_around=6), or choose latents with "
                ".sel(latent=[…])."
            )

    @property
    def score(self) -> np.ndarray:
        """What orders the list at first: how well the labels fit, without annotations how strong the latents are."""
        return self.data["label_f1" if self.labelled else "peak"].values

    @property
    def middle(self) -> int:
        """The place in a context at which the latent fires most."""
        return self.data["place"].values.tolist().index(0)

    def of(self, latent: int) -> dict[str, Any]:
        """The variables of one latent, of contexts those that there are."""
        at = self.latents.index(latent)
        found = {str(name): variable.values[at] for name, variable in self.data.items()}
        there = (found["context_token"] >= 0).any(axis=1)
        contexts = {name: found[name][there] for name in ("context_token", "context_activation")}
        return {**found, **contexts}

    def choices(self) -> Choices:
        """The latents."""
        return {"latent": self.latents}

    def first(self) -> dict[str, Any]:
        """The latent to begin with: that of the best label, else the strongest."""
        return {"latent": self.latents[int(np.nan_to_num(self.score, nan=-1.0).argmax())]}

    def packed(self) -> dict[str, Any]:
        """For the wire: everything, so that going through the latents asks nothing of the kernel."""
        top = highest(self.data["context_activation"].values) or 1.0
        return pack_dataset(
            with_labels(self.data.drop_vars("peak")),  # which goes with the names
            scales={"context_activation": ColourScale("sequential", 0.0, top)},
            codes={"context_activation": "uint16"},
            tokens=self.tokens,
            densities=binned(self.data["density"].values),
        )


def binned(density: np.ndarray) -> dict[str, Any]:
    """How many latents have which density: edges even in factors, and apart from them those that never fire."""
    fire = density[(density > 0) & np.isfinite(density)]
    edges, counts = np.array([]), np.array([])
    if fire.size:
        low, high = float(fire.min()), float(fire.max())
        edges = np.geomspace(low, high, (_BINS if high > low else 1) + 1)
        counts = np.histogram(fire, edges)[0]
    return {"edges": edges.tolist(), "counts": counts.tolist(), "never": int((density <= 0).sum())}


def _dashboards_dataset(result: Any) -> Any:
    """The numbers of a Result of `mi.sae.dashboards`; of one latent alone with its axis."""
    needed = (*_VARIABLES, "token_text", "latent", "place")
    data = dataset_of(result, "DashboardView", "mi.sae.dashboards(model, sae, texts)", needed)
    texts = data["token_text"]
    if "latent" not in data.dims:
        data = data[[*_VARIABLES]].expand_dims("latent").assign(token_text=texts)
    ordered = all(data[name].dims[0] == "latent" for name in _VARIABLES)
    parts = {"latent", "bin", "token"} <= {axis for axis, n in data.sizes.items() if n} and 0 in data["place"]
    if not ordered or not parts:
        raise ResultError(
            "DashboardView needs whole dashboards: choose latents alone, as in .sel(latent=[17, 203])."
        )
    return data
