"""A dashboard in words."""

import numpy as np

from .._shared.numbers import fixed, reading
from .._shared.tokens import visible
from .._shared.words import Words
from .dashboards import Dashboards

_TOKENS = 3
_WORDS = Words(__file__)


def sentence(drawn: Dashboards, latent: int) -> str:
    """ "Latent 336 · register comment (F1 0.97, AUC 1.00) · fires at 2.0 % of tokens, up to 13.9, most at ·x · …"."""
    at, data = drawn.at(latent), drawn.data
    most = drawn.contexts(at)
    fires = _WORDS.say(
        "fires",
        share=percent(data["density"][at]),
        peak=reading(float(drawn.names.peaks[at])),
        token=_tokens(drawn, data["context_token"][at, most[:1], drawn.place.index(0)]) if most else None,
        promoted=_tokens(drawn, data["promoted"][at, :_TOKENS]),
        suppressed=_tokens(drawn, data["suppressed"][at, :_TOKENS]),
    )
    silent = not data["density"][at]
    return _WORDS.say("sentence", latent=latent, label=label(drawn, at), silent=silent, fires=fires)


def label(drawn: Dashboards, at: int) -> str:
    """ "register comment (F1 0.97, AUC 1.00)"; "" without a label."""
    text = str(drawn.data["label"][at])
    return _WORDS.say("label", label=text, scores=_scores(drawn, at)) if text else ""


def _scores(drawn: Dashboards, at: int) -> str:
    f1, auc = (float(drawn.data[field][at]) for field in ("label_f1", "label_auc"))
    return _WORDS.say(
        "scores", f1=reading(f1) if np.isfinite(f1) else None, auc=reading(auc) if np.isfinite(auc) else None
    )


def percent(share: float) -> str:
    """ "2.0 %", "0.030 %", "12 %"."""
    return f"{reading_share(100 * float(share))} %"


def reading_share(number: float) -> str:
    """Two digits that count."""
    if number == 0:
        return "0"
    digits = 0 if number >= 9.95 else 1 if number >= 0.995 else 2 if number >= 0.0995 else 3
    return fixed(number, digits)


def _tokens(drawn: Dashboards, numbers: np.ndarray) -> str:
    return " ".join(visible(drawn.tokens[token]) for token in numbers if token >= 0)
