"""Dashboards, and latents on a text, as a dictionary would have them, without one."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mi_widgets.core.provenance import Provenance
from mi_widgets.core.results import Result
from tests.provenance import provenance_of

TOKENS = ["", " the", " cat", " sat", "\n", "</script><img src=x onerror=alert(1)>", " le", " chat"]


def dashboards(
    n: int = 6,
    *,
    n_contexts: int = 3,
    n_around: int = 2,
    annotated: bool = True,
    dead: Sequence[int] = (4,),
    **more,
) -> Result:
    """Latent i fires most at token 1 + i % 7, where it is its number plus 1; latents of even numbers detect French."""
    rng = np.random.default_rng(0)
    places = 2 * n_around + 1
    peak = np.array([0.0 if i in dead else i + 1.0 for i in range(n)])
    token = rng.integers(1, len(TOKENS), (n, n_contexts, places))
    activation = np.zeros((n, n_contexts, places))
    for i in range(n):
        token[i, :, n_around] = 1 + i % (len(TOKENS) - 1)
        activation[i, :, n_around] = peak[i] * (1 - 0.1 * np.arange(n_contexts))
        if i in dead:
            token[i], activation[i] = -1, np.nan
        elif n_contexts > 1:
            token[i, 1, 0], activation[i, 1, 0] = -1, np.nan  # a text begins
    histogram = np.where(peak[:, None] > 0, np.arange(1, 5), 0)
    other = (np.arange(n)[:, None] + [1, 2]) % n
    effects = np.array([[3.0, 2.0, 1.0]] * n)
    french = np.arange(n) % 2 == 0
    return Result(
        kind="dashboards",
        title=f"{n} latents at resid_post[2]",
        dataset=xr.Dataset(
            {
                "density": ("latent", np.where(peak > 0, (np.arange(n) + 1) / 100, 0)),
                "peak": ("latent", peak, {"units": "activation"}),
                "histogram": (("latent", "bin"), histogram),
                "context_token": (("latent", "context", "place"), token),
                "context_activation": (("latent", "context", "place"), activation, {"units": "activation"}),
                "promoted": (("latent", "rank"), np.tile([6, 7, 2], (n, 1))),
                "promoted_by": (("latent", "rank"), effects, {"units": "nats"}),
                "suppressed": (("latent", "rank"), np.tile([1, 5, 4], (n, 1))),
                "suppressed_by": (("latent", "rank"), -effects / 2, {"units": "nats"}),
                "nearest": (("latent", "neighbor"), other),
                "nearest_cosine": (("latent", "neighbor"), np.tile([0.5, 0.25], (n, 1)), {"units": "cosine"}),
                "label": (
                    "latent",
                    np.where(french, "register french", "asked bird") if annotated else np.full(n, ""),
                ),
                "label_f1": (
                    "latent",
                    np.where(french, 0.9, 0.2) if annotated else np.full(n, np.nan),
                    {"units": "F1"},
                ),
                "label_auc": (
                    "latent",
                    np.where(french, 0.95, 0.5) if annotated else np.full(n, np.nan),
                    {"units": "AUC"},
                ),
                "token_text": ("token", np.array(TOKENS)),
            },
            coords={"latent": np.arange(n), "place": np.arange(-n_around, n_around + 1)},
        ),
        primary="density",
        unit="share of tokens",
        source="",
        provenance=made("mi.sae.dashboards(model, sae, texts)", **more),
    )


def firing(
    tokens: Sequence[Sequence[str]] = ((" le", " chat", " sat"),), *, d_sae: int = 6, most: int = 2, **more
) -> Result:
    """At place i latent i fires at 10 - i, and at every second place latent 5 at 1."""
    length = max(map(len, tokens))
    shape = (len(tokens), length, most)
    latent, activation = np.full(shape, -1), np.full(shape, np.nan)
    for row, words in enumerate(tokens):
        for i in range(len(words)):
            latent[row, i, 0], activation[row, i, 0] = i % d_sae, 10.0 - i
            if i % 2 == 1:
                latent[row, i, 1], activation[row, i, 1] = 5, 1.0
    dims = ("batch", "pos", "rank")
    texts = [[*words, *[""] * (length - len(words))] for words in tokens]
    return Result(
        kind="latents",
        title="Latents at resid_post[2]",
        dataset=xr.Dataset(
            {"activation": (dims, activation), "latent": (dims, latent), "d_sae": d_sae},
            coords={
                "batch": np.arange(len(tokens)),
                "pos": np.arange(length),
                "pos_token": (("batch", "pos"), np.array(texts)),
            },
        ),
        primary="activation",
        unit="activation",
        source="",
        provenance=made("mi.sae.latents(run, sae)", run="model.run(prompt, keep=[sae.site])", **more),
    )


def made(call: str, *, warnings: tuple[str, ...] = (), run: str = "") -> Provenance:
    """How a Result was made."""
    return provenance_of(call, model="atlas", run=run, warnings=warnings)
