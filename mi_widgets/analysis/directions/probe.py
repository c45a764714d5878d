"""`probe`: a line that tells activations of two kinds apart, held out, beside the same with shuffled labels."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from mi_widgets.core.directions import Probe
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import PromptError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.recording import recorded
from mi_widgets.core.sites import Site
from mi_widgets.core.whole_numbers import checked_seed, number_from
from mi_widgets.model.model import Model

from .contrast import Contrast, contrast

_STEPS = 200  # of LBFGS; it stops by itself long before


@recorded
def probe(
    model: Model,
    texts_a: Prompts,
    texts_b: Prompts,
    site: Site,
    *,
    l2: float = 1.0,
    seed: int = 0,
    progress: bool = True,
) -> Probe:
    """A logistic regression that tells tokens of some texts from those of others.

    It is fitted on every other text and scored on the rest. Both kinds weigh alike, however many tokens they have.

    Args:
        model: under whatever interventions are active.
        texts_a: of the first kind, whose log-odds are positive.
        texts_b: of the second.
        site: where; `.every(".")` or `.pos(-1)` reads these tokens alone.
        l2: half of it times the squared length is added to the summed loss in nats, of activations that were
            scaled to a variance of 1.
        seed: of the shuffled labels.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        the weights, in log-odds for a unit of activation. Its facts are `accuracy` on held-out texts, the mean of both
        kinds', and `shuffled`: the same of a probe whose texts were given labels by chance, which should be near 1/2.

    Raises:
        PromptError: less than two texts of each kind, or none of the site's tokens in them.
        SiteError: a site without a layer, or of no vector a token.

    Source: Alain & Bengio 2016 (arXiv:1610.01644); the control after Hewitt & Liang 2019 (arXiv:1909.03368), who
    shuffle by word; we shuffle whole texts, whose tokens belong together.
    """
    checked_seed(seed)
    l2 = number_from(l2, "mi.directions.linear_probe: l2", 0)
    read = contrast("mi.directions.linear_probe", model, texts_a, texts_b, site, progress)
    to_fit = read.text % 2 == 0
    for kind in (True, False):
        for half in (True, False):
            if not ((read.is_a == kind) & (to_fit == half)).any():
                raise PromptError(
                    f"mi.directions.linear_probe needs two texts of each kind with tokens at {site!r}: every other "
                    "text is held out."
                )
    weights, bias = _fitted(read, read.is_a, to_fit, l2)
    shuffled = _shuffled(read, read.n_texts, seed)
    return Probe(
        weights,
        bias=bias,
        site=site,
        provenance=model.provenance(seed=seed, sites=[site.name]),
        facts={
            "accuracy": _accuracy(read, read.is_a, ~to_fit, weights, bias),
            "shuffled": _accuracy(read, shuffled, ~to_fit, *_fitted(read, shuffled, to_fit, l2)),
        },
    )


def _fitted(
    read: Contrast, is_a: Bool[Tensor, " token"], to_fit: Bool[Tensor, " token"], l2: float
) -> tuple[Float[Tensor, " d"], float]:
    x, target = read.x[to_fit].double(), is_a[to_fit].double()
    middle, spread = x.mean(0), x.std(0, correction=0).clamp(min=1e-12)
    scaled = (x - middle) / spread
    share = target.mean()
    weight = torch.where(target > 0, 0.5 / share, 0.5 / (1 - share))  # alike in sum
    w = torch.zeros(x.shape[1], dtype=torch.double, requires_grad=True)
    b = torch.zeros((), dtype=torch.double, requires_grad=True)
    search = torch.optim.LBFGS([w, b], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        found = F.binary_cross_entropy_with_logits(scaled @ w + b, target, weight, reduction="sum")
        found = found + l2 / 2 * w.square().sum()
        found.backward()
        return found

    with torch.enable_grad():
        search.step(loss)  # type: ignore[arg-type]
    raw = w.detach() / spread
    return raw.float(), float(b.detach() - middle @ raw)


def _shuffled(read: Contrast, n: int, seed: int) -> Bool[Tensor, " token"]:
    """Labels by chance, one a text, as many of each in either half as there are."""
    generator = seeded(seed)
    of_text = torch.zeros(n, dtype=torch.bool)
    of_text[read.text] = read.is_a
    for half in (slice(0, None, 2), slice(1, None, 2)):
        of_text[half] = of_text[half][torch.randperm(len(of_text[half]), generator=generator)]
    return of_text[read.text]


def _accuracy(
    read: Contrast, is_a: Bool[Tensor, " token"], where: Bool[Tensor, " token"], weights: Tensor, bias: float
) -> float:
    said = read.x[where] @ weights + bias > 0
    right = said == is_a[where]
    return float(torch.stack([right[is_a[where] == kind].float().mean() for kind in (True, False)]).mean())
