"""What the dashboards read from a Result: what each latent looks like."""

from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.given import is_result, kind_of, warnings_of
from .._shared.latent_names import LatentNames
from .._shared.wire import pack, pack_whole, quantise

_MOST_PLACES = 8_000_000  # tokens in contexts, of 4 bytes each
# The variables of `mi.features`, and whether a token's number stands in them.
_VARIABLES = {
    "density": False,
    "peak": False,
    "histogram": False,
    "context_token": True,
    "context_activation": False,
    "promoted": True,
    "promoted_by": False,
    "suppressed": True,
    "suppressed_by": False,
    "nearest": False,
    "nearest_cosine": False,
    "label": False,
    "label_f1": False,
    "label_auc": False,
}


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
        self.title, self.model_name, self.warnings = (
            str(result.title),
            str(result.model_name),
            warnings_of(result),
        )
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

    def first(self) -> int:
        """The latent to begin with: that of the best label, else the strongest."""
        score = self.data["label_f1"] if self.labelled else self.data["peak"]
        return self.latents[int(np.nan_to_num(score, nan=-1.0).argmax())]

    def contexts(self, at: int) -> list[int]:
        """The contexts of a latent that there are."""
        return [i for i, row in enumerate(self.data["context_token"][at]) if (row >= 0).any()]

    def header(self) -> dict[str, Any]:
        """What the view's header says."""
        return {"title": self.title, "model": self.model_name, "warnings": self.warnings}

    def packed(self) -> dict[str, Any]:
        """For the wire: everything, so that going through the latents asks nothing of the kernel."""
        data = self.data
        labels, label = np.unique(data["label"].astype(str), return_inverse=True)
        top = float(np.nanmax(data["context_activation"], initial=0.0)) or 1.0
        strengths = quantise(data["context_activation"], low=0.0, high=top, dtype="uint16")
        numbers = {name: np.asarray(data[name], np.float32) for name in _NUMBERS}
        return {
            "names": self.names.packed(),
            "tokens": self.tokens,
            "place": self.place,
            "labels": labels.tolist(),
            "label": pack_whole(label),
            "context_activation": pack(strengths, low=0.0, high=top),
            "nearest": pack_whole(data["nearest"]),
            **{name: pack_whole(data[name]) for name, token in _VARIABLES.items() if token},
            **{name: pack(values) for name, values in numbers.items()},
        }


_NUMBERS = ("density", "histogram", "promoted_by", "suppressed_by", "nearest_cosine", "label_f1", "label_auc")


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
