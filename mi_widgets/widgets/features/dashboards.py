"""What the dashboards read from a Result: what each latent looks like."""

from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.given import header_of, is_result, kind_of
from .._shared.labelled import pack_dataset
from .._shared.labels import with_labels
from .._shared.latent_names import LatentNames
from .._shared.scale import Scale
from .._shared.selection import Choices

_MOST_PLACES = 8_000_000  # tokens in contexts, of 4 bytes each
_VARIABLES = (
    *("density", "peak", "histogram", "context_token", "context_activation"),
    *("promoted", "promoted_by", "suppressed", "suppressed_by", "nearest", "nearest_cosine"),
    *("label", "label_f1", "label_auc"),
)


class Dashboards:
    """The latents of a Result of `mi.features`.

    Attributes:
        data: The variables, each with the axis `latent` first.
        latents: The dictionary's numbers of the latents.
        tokens: The texts that numbers of tokens stand for.
        names: What the latents are called.
    """

    def __init__(self, result: Any) -> None:
        data = _checked(result)
        self.title, self.model_name = str(result.title), str(result.model_name)
        self._header = header_of(result)
        self._dataset = data[[*_VARIABLES]]
        self.data: dict[str, np.ndarray] = {name: data[name].values for name in _VARIABLES}
        self.place = [int(place) for place in data["place"].values]
        self.tokens = [str(text) for text in data["token_text"].values]
        self.names = LatentNames(data)
        self.latents = self.names.latents
        contexts = self.data["context_token"]
        if contexts.size > _MOST_PLACES:
            raise ResultError(
                f"FeatureView would have to send {contexts.size:,} tokens of contexts (up to {_MOST_PLACES:,}): make "
                "them fewer, as in mi.features(…, contexts=4, around=6), or choose latents with .sel(latent=[…])."
            )

    @property
    def labelled(self) -> bool:
        """Whether there were marks, so that labels have scores."""
        return bool(np.isfinite(self.data["label_f1"]).any())

    def at(self, latent: int) -> int:
        """The place of a latent."""
        return self.latents.index(latent)

    def choices(self) -> Choices:
        """The latents."""
        return {"latent": self.latents}

    def first(self) -> dict[str, Any]:
        """The latent to begin with: that of the best label, else the strongest."""
        score = self.data["label_f1"] if self.labelled else self.data["peak"]
        return {"latent": self.latents[int(np.nan_to_num(score, nan=-1.0).argmax())]}

    def contexts(self, at: int) -> list[int]:
        """The contexts of a latent that there are."""
        return [i for i, row in enumerate(self.data["context_token"][at]) if (row >= 0).any()]

    def header(self) -> dict[str, Any]:
        """What the view's header says."""
        return self._header

    def packed(self) -> dict[str, Any]:
        """For the wire: everything, so that going through the latents asks nothing of the kernel."""
        top = float(np.nanmax(self.data["context_activation"], initial=0.0)) or 1.0
        return pack_dataset(
            with_labels(self._dataset.drop_vars("peak")),  # which goes with the names
            scales={"context_activation": Scale("sequential", 0.0, top)},
            codes={"context_activation": "uint16"},
            tokens=self.tokens,
        )


def _checked(result: Any) -> Any:
    """The numbers of a Result of `mi.features`; of one latent alone with its axis."""
    if not is_result(result):
        raise ResultError(
            f"This Result is {kind_of(result)}; FeatureView draws Results of mi.features(sae, model, texts)."
        )
    data = result.dataset
    missing = [name for name in (*_VARIABLES, "token_text", "latent", "place") if name not in data.variables]
    if missing:
        raise ResultError(
            f"This Result has no {missing[0]}; FeatureView draws what mi.features(sae, model, texts) returns."
        )
    texts = data["token_text"]
    if "latent" not in data.dims:
        data = data[[*_VARIABLES]].expand_dims("latent")
        data["token_text"] = texts
    ordered = {name: data[name].dims[0] == "latent" for name in _VARIABLES}
    if not all(ordered.values()) or not data.sizes["latent"] or "token" not in texts.dims:
        raise ResultError(
            "FeatureView needs whole dashboards: choose latents alone, as in .sel(latent=[17, 203])."
        )
    return data
