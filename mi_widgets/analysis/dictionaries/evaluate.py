"""`evaluate_sae`: is an autoencoder true to the activations, and are its latents true to what is known?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float
from torch import Tensor

from mi_widgets.core.draws import seeded
from mi_widgets.core.edits import apply
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.prompts import Annotation
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.core.spans import at_tokens, beside
from mi_widgets.core.texts import Row
from mi_widgets.core.whole_numbers import checked_seed
from mi_widgets.model.model import Model

from ..activations import listed_texts, text_batches
from ..loss import summed_loss
from .detectors import Columns, blocks, f1_of
from .sites import at_annotations, in_a_title, site_of, with_warnings, written_of

BASES = ("latents", "raw dimensions", "PCA", "random dictionary", "random projection")
EXAMPLES_OF_A_LABEL = 5  # of a label in each half, or it is left out
_UNITS = {
    "variance_explained": "share of the variance",
    "loss_recovered": "share of the loss by zeros",
    "l0": "latents",
    "dead": "share of latents",
}


@recorded
def evaluate_sae(
    model: Model,
    sae: SAE,
    texts: Prompts,
    *,
    annotations: Sequence[Annotation] = (),
    site: Site | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Result:
    """How true an autoencoder is to the activations, and its single latents to what is known.

    The first says little (both figures flatter nearly every autoencoder); the second needs texts with annotations. For
    each label the best latent and its threshold are chosen on every other text, and scored on the rest; so are single
    dimensions of the activation, principal components, the latents of a dictionary of as many random directions that
    fires as sparsely, and projections on these directions.

    Args:
        model: under whatever interventions are active.
        sae: which.
        texts: that it was not trained on.
        annotations: what is known where, as in `mi.sae.annotations(mi.shipped.sample_texts("atlas", n=500))`; every
            token with an annotation is one example, of all labels that it has and against all others.
        site: where it reads; its own by default.
        seed: of the random dictionary.
        progress: whether a bar shows.

    Returns:
        Result (label, basis) of F1, in BASES' order, with the variables `auc`, `column` (which latent, dimension …),
        `examples` (label), and of the whole `variance_explained` (1 less the squared error over the variance),
        `loss_recovered` (1 where the model loses nothing when the reconstruction takes the activation's place, 0 where
        it loses as much as by zeros; special tokens keep theirs), `l0` (latents that fire at a token) and
        `dead` (share that never does).

    Raises:
        DictionaryError: no site, no text, or a width that is not the site's.
        PromptError: an annotation in none of the texts.

    Source: after Bricken et al. 2023 and Gao et al. 2024 (arXiv:2406.04093), sections 4.1 and 4.3; against known
    labels as in Karvonen et al. 2024 (arXiv:2408.00113).
    """
    checked_seed(seed)
    site = site_of(sae, site)
    texts = listed_texts("mi.sae.evaluate", model, texts)
    whole = _fidelity(model, sae, site, texts, progress)
    labels, scores = (
        _scores(model, sae, site, texts, annotations, seed, progress) if annotations else ([], _none())
    )
    dims = ("label", "basis")
    return Result(
        kind="sae_evaluation",
        title=f"Single latents against what is known, at {in_a_title(site)}",
        dataset=xr.Dataset(
            {
                "f1": (dims, scores.f1),
                "auc": (dims, scores.auc, {"units": "AUC"}),
                "column": (dims, scores.column),
                "examples": (("label",), scores.examples, {"units": "tokens"}),
                **{name: ((), value, {"units": _UNITS[name]}) for name, value in whole.items()},
            },
            coords={"label": labels, "basis": list(BASES)},
        ),
        primary="f1",
        unit="F1",
        source="Gao et al. 2024 (arXiv:2406.04093), section 4; Karvonen et al. 2024 (arXiv:2408.00113)",
        provenance=with_warnings(model.provenance(), model, sae, site),
    )


def _fidelity(
    model: Model, sae: SAE, site: Site, texts: Sequence[str | Row], progress: bool
) -> dict[str, float]:
    n, error, total, squares, fires = 0, 0.0, torch.zeros(()), 0.0, torch.zeros(sae.d_sae)
    losses = {"whole": 0.0, "spliced": 0.0, "zeros": 0.0}
    written = written_of(sae, site)
    for read in text_batches(
        model, site, texts, what="fidelity", progress=progress, also=[written.everywhere]
    ):
        x, whole = beside(read.x, site), read.run[written].detach()
        latents = sae.encode(x)
        said = sae.decode(latents, x)
        y = beside(whole, written)[read.real].double().cpu()
        error += float((said[read.real].double().cpu() - y).square().sum())
        total, squares = total + y.sum(0), squares + float(y.square().sum())
        fires += (latents[read.real] > 0).sum(0).cpu()
        n += len(y)
        losses["whole"] += summed_loss(read.run)[0]
        for name, instead in {
            "spliced": said.reshape(whole.shape), "zeros": torch.zeros_like(whole)
        }.items():  # fmt: skip
            with model.intervene(apply(written, _but_special(instead, read.real))):
                losses[name] += summed_loss(model.run(read.pieces))[0]
    spread = squares - float((total / n).square().sum()) * n
    lost = losses["zeros"] - losses["whole"]
    return {
        "variance_explained": 1 - error / spread if spread > 0 else float("nan"),
        "loss_recovered": (losses["zeros"] - losses["spliced"]) / lost if lost else float("nan"),
        "l0": float(fires.sum()) / n,
        "dead": float((fires == 0).float().mean()),
    }


def _but_special(instead: Tensor, real: Bool[Tensor, "batch pos"]) -> Callable[[Tensor], Tensor]:
    """An edit that puts something in the place of all tokens but special ones and padding."""

    def edited(x: Tensor) -> Tensor:
        return torch.where(at_tokens(real, x), instead.to(x), x)

    return edited


@dataclass(frozen=True)
class _Scores:
    f1: Float[np.ndarray, "label basis"]
    auc: Float[np.ndarray, "label basis"]
    column: np.ndarray
    examples: np.ndarray


def _none() -> _Scores:
    empty = np.zeros((0, len(BASES)))
    return _Scores(empty, empty, empty.astype(int), np.zeros(0, int))


def _scores(
    model: Model,
    sae: SAE,
    site: Site,
    texts: Sequence[str | Row],
    annotations: Sequence[Annotation],
    seed: int,
    progress: bool,
) -> tuple[list[str], _Scores]:
    found, x = at_annotations(model, site, texts, annotations, progress=progress)
    to_fit, is_it = split(found)
    labels = [*is_it]
    if not labels:
        return labels, _none()
    shape = (len(labels), len(BASES))
    f1, auc, column = np.zeros(shape), np.zeros(shape), np.zeros(shape, int)
    for j, values in enumerate(_values_by_basis(sae, x, torch.from_numpy(to_fit), seed)):
        on_one_half = _Choice.on(values[to_fit], {label: these[to_fit] for label, these in is_it.items()})
        for i, label in enumerate(labels):
            to_find, best = is_it[label][~to_fit], int(on_one_half.f1[i].argmax())
            f1[i, j] = f1_of(values[~to_fit, best] >= on_one_half.thresholds[i, best], to_find)
            likeliest = int(on_one_half.auc[i].argmax())
            auc[i, j] = Columns.of(values[~to_fit, likeliest, None]).auc(to_find)[0]
            column[i, j] = best
    return labels, _Scores(f1, auc, column, np.array([is_it[label].sum() for label in labels], int))


@dataclass(frozen=True)
class _Choice:
    """How well every column tells every label on the half of the tokens that is chosen on."""

    f1: Float[np.ndarray, "label column"]
    thresholds: Float[np.ndarray, "label column"]
    auc: Float[np.ndarray, "label column"]

    @classmethod
    def on(cls, values: Float[np.ndarray, "n column"], is_it: dict[str, Bool[np.ndarray, " n"]]) -> _Choice:
        """Of examples that are a label's, or not."""
        found = []
        for block in blocks(values.shape[1]):
            columns = Columns.of(values[:, block])
            each = [(*columns.best_f1(these), columns.auc(these)) for these in is_it.values()]
            found.append(np.array(each))  # (label, what, column)
        return cls(*np.concatenate(found, axis=-1).swapaxes(0, 1))


def split(
    annotations: Sequence[Sequence[Annotation]],
) -> tuple[Bool[np.ndarray, " token"], dict[str, Bool[np.ndarray, " token"]]]:
    """The half of the tokens to choose on, every other text; and of each label with enough in both, which have it."""
    to_fit = np.array([here[0].text % 2 == 0 for here in annotations])
    names = [{f"{annotation.kind} {annotation.value}" for annotation in here} for here in annotations]
    is_it = {
        name: np.array([name in here for here in names])
        for name in dict.fromkeys(
            f"{annotation.kind} {annotation.value}" for here in annotations for annotation in here
        )
    }
    enough = {
        name: these
        for name, these in is_it.items()
        if min((these & to_fit).sum(), (these & ~to_fit).sum()) >= EXAMPLES_OF_A_LABEL
    }
    return to_fit, enough


def _values_by_basis(
    sae: SAE, x: Float[Tensor, "token d_in"], to_fit: Bool[Tensor, " token"], seed: int
) -> Iterator[Float[np.ndarray, "token column"]]:
    """The numbers of every basis, one after another; where a direction has no sign of its own, both."""
    latents = sae.encode(x)
    many = max(1, round(float((latents > 0).sum()) / len(x)))
    yield latents.numpy()
    del latents
    yield torch.cat([x, -x], -1).numpy()
    middle = x[to_fit].mean(0)
    components = torch.linalg.svd(x[to_fit] - middle, full_matrices=False).Vh
    turned = (x - middle) @ components.T
    yield torch.cat([turned, -turned], -1).numpy()
    drawn = torch.randn(sae.d_sae, sae.d_in, generator=seeded(seed))
    projected = (x - middle) @ (drawn / drawn.norm(dim=-1, keepdim=True)).T
    fires = projected.topk(many, dim=-1)
    yield torch.zeros_like(projected).scatter(-1, fires.indices, fires.values.relu()).numpy()
    yield torch.cat([projected, -projected], -1).numpy()
