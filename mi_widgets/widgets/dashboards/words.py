"""A dashboard in words."""

from typing import Any

import numpy as np

from mi_widgets.core.numbers import fixed, number_text

from .._shared.tokens import visible
from .._shared.words import Words
from .dashboards import Dashboards

_TOKENS = 3
_WORDS = Words(__file__)


def sentence(drawn: Dashboards, latent: int) -> str:
    """ "Latent 336 · register comment (F1 0.97, AUC 1.00) · fires at 2.0 % of tokens, up to 13.9, most at ·x · …"."""
    one = drawn.of(latent)
    fires = _WORDS.say(
        "fires",
        share=percent(one["density"]),
        peak=number_text(drawn.names.peak(latent)),
        token=_tokens(drawn, one["context_token"][:1, drawn.middle]),
        promoted=_tokens(drawn, one["promoted"][:_TOKENS]),
        suppressed=_tokens(drawn, one["suppressed"][:_TOKENS]),
    )
    return _WORDS.say("sentence", latent=latent, label=label(one), silent=not one["density"], fires=fires)


def label(one: dict[str, Any]) -> str:
    """ "register comment (F1 0.97, AUC 1.00)"; "" without a label."""
    f1, auc = (
        number_text(float(score)) if np.isfinite(score) else None
        for score in (one["label_f1"], one["label_auc"])
    )
    text = str(one["label"])
    return _WORDS.say("label", label=text, scores=_WORDS.say("scores", f1=f1, auc=auc)) if text else ""


def percent(share: float) -> str:
    """ "2.0 %", "0.030 %", "12 %": two digits that count."""
    number = 100 * float(share)
    if number == 0:
        return "0 %"
    digits = 0 if number >= 9.95 else 1 if number >= 0.995 else 2 if number >= 0.0995 else 3
    return f"{fixed(number, digits)} %"


def _tokens(drawn: Dashboards, numbers: np.ndarray) -> str:
    return " ".join(visible(drawn.tokens[token]) for token in numbers if token >= 0)
