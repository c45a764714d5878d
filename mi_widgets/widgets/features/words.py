"""A dashboard in words. `words.ts` says the same in the browser."""

import numpy as np

from .._shared.numbers import fixed, reading
from .._shared.tokens import visible
from .dashboards import Dashboards

_TOKENS = 3


def sentence(drawn: Dashboards, latent: int) -> str:
    """ "Latent 336 · register comment (F1 0.97, AUC 1.00) · fires at 2.0 % of tokens, up to 13.9, most at ·x · …"."""
    at, data = drawn.at(latent), drawn.data
    parts = [f"Latent {latent}"]
    if data["label"][at]:
        parts.append(label(drawn, at))
    if not data["density"][at]:
        return " · ".join([*parts, "fires at no token of these texts"])
    fires = (
        f"fires at {percent(data['density'][at])} of tokens, up to {reading(float(drawn.names.peaks[at]))}"
    )
    most = drawn.contexts(at)
    if most:
        middle = drawn.place.index(0)
        fires += f", most at {_tokens(drawn, data['context_token'][at, most[:1], middle])}"
    parts.append(fires)
    parts.append(f"promotes {_tokens(drawn, data['promoted'][at, :_TOKENS])}")
    parts.append(f"suppresses {_tokens(drawn, data['suppressed'][at, :_TOKENS])}")
    return " · ".join(parts)


def label(drawn: Dashboards, at: int) -> str:
    """ "register comment (F1 0.97, AUC 1.00)"."""
    data = drawn.data
    scores = [
        f"{name} {reading(float(data[field][at]))}"
        for name, field in (("F1", "label_f1"), ("AUC", "label_auc"))
        if np.isfinite(data[field][at])
    ]
    return str(data["label"][at]) + (f" ({', '.join(scores)})" if scores else "")


def percent(share: float) -> str:
    """ "2.0 %", "0.03 %", "12 %"."""
    return f"{reading_share(100 * float(share))} %"


def reading_share(number: float) -> str:
    """Two digits that count."""
    if number == 0:
        return "0"
    digits = 0 if number >= 9.95 else 1 if number >= 0.995 else 2 if number >= 0.0995 else 3
    return fixed(number, digits)


def _tokens(drawn: Dashboards, numbers: np.ndarray) -> str:
    return " ".join(visible(drawn.tokens[token]) for token in numbers if token >= 0)
