"""`dashboards`: what each latent of a dictionary looks like: where it fires, what it says, and what it is like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core.errors import DictionaryError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.prompts import Annotation
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.core.spans import beside
from mi_widgets.core.texts import Row
from mi_widgets.core.whole_numbers import counted
from mi_widgets.model.model import Model
from mi_widgets.model.sayable import sayable_tokens

from ..activations import listed_texts, text_batches
from .detectors import Columns, blocks, f1_of
from .evaluate import split
from .sites import at_annotations, in_a_title, site_of, with_warnings, written_of

BINS = 20


@recorded
def dashboards(
    model: Model,
    sae: SAE,
    texts: Prompts,
    *,
    annotations: Sequence[Annotation] = (),
    site: Site | None = None,
    n_contexts: int = 8,
    n_around: int = 10,
    n_promoted: int = 8,
    n_neighbors: int = 5,
    progress: bool = True,
) -> Result:
    """What every latent looks like on some texts: shown as `DashboardView`.

    Args:
        model: under whatever interventions are active.
        sae: which.
        texts: what is read; all that fires is kept until the end.
        annotations: what is known where, as in `mi.sae.evaluate`: each latent gets the label that it detects best.
        site: where it reads; its own by default.
        n_contexts: the strongest places that are shown of a latent, one a text.
        n_around: tokens shown before and after each.
        n_promoted: how many tokens are shown that a latent promotes, and suppresses; all, where there are fewer.
        n_neighbors: how many neighbours are shown.
        progress: whether a bar shows.

    Returns:
        Result (latent) of `density`, the share of tokens at which it fires. The other variables are `peak` (its
        greatest activation), `histogram` (latent, bin) of the activations above 0 from 0 to the peak,
        `context_activation` and `context_token` (latent, context, place) with NaN and -1 where a text ends, `promoted`
        and `suppressed` (latent, rank) with `promoted_by` and `suppressed_by`, its direct effect on the logits in nats
        for an activation of 1 (the final norm's scale left out, the vocabulary's mean taken away), `nearest` and
        `nearest_cosine` (latent, neighbor) of the directions, `label`, `label_f1` and `label_auc` ("" and NaN without
        annotations). Tokens are numbers of `token_text`.

    Raises:
        DictionaryError: no site, no text, or a width that is not the site's.

    Source: after Bricken et al. 2023, "Towards monosemanticity", section "Feature dashboards"; logits as in "logit
    weights" there.
    """
    site = site_of(sae, site)
    texts = listed_texts("mi.sae.dashboards", model, texts)
    least = {
        "n_contexts": (n_contexts, 1),
        "n_around": (n_around, 0),
        "n_promoted": (n_promoted, 1),
        "n_neighbors": (n_neighbors, 1),
    }
    n_contexts, n_around, n_promoted, n_neighbors = (
        counted(number, f"mi.sae.dashboards: {name}", few) for name, (number, few) in least.items()
    )
    fired = _fired(model, sae, site, texts, progress)
    ids, activations = fired.contexts(sae.d_sae, n_contexts, n_around)
    promoted = _effects(model, sae, site, n_promoted)
    labels = _labels(model, sae, site, texts, annotations, progress)
    known, numbers = np.unique(
        np.concatenate([ids.ravel(), promoted["promoted"].ravel(), promoted["suppressed"].ravel()]),
        return_inverse=True,
    )
    texts_of = np.array(["" if i < 0 else model.vocabulary_of([int(i)])[0] for i in known])
    shape = np.split(numbers, np.cumsum([ids.size, promoted["promoted"].size]))
    rank, row = ("latent", "rank"), ("latent", "context", "place")
    return Result(
        kind="dashboards",
        title=f"{sae.d_sae} latents at {in_a_title(site)}",
        dataset=xr.Dataset(
            {
                "density": (("latent",), fired.density(sae.d_sae)),
                "peak": (("latent",), fired.peak(sae.d_sae), {"units": "activation"}),
                "histogram": (("latent", "bin"), fired.histogram(sae.d_sae), {"units": "tokens"}),
                "context_token": (row, np.where(ids < 0, -1, shape[0].reshape(ids.shape))),
                "context_activation": (row, activations, {"units": "activation"}),
                "promoted": (rank, shape[1].reshape(promoted["promoted"].shape)),
                "promoted_by": (rank, promoted["promoted_by"], {"units": "nats"}),
                "suppressed": (rank, shape[2].reshape(promoted["suppressed"].shape)),
                "suppressed_by": (rank, promoted["suppressed_by"], {"units": "nats"}),
                **_neighbours(sae, n_neighbors),
                **labels,
                "token_text": (("token",), texts_of),
            },
            coords={"latent": np.arange(sae.d_sae), "place": np.arange(-n_around, n_around + 1)},
        ),
        primary="density",
        unit="share of tokens",
        source="Bricken et al. 2023, feature dashboards",
        provenance=with_warnings(model.provenance(sites=[site.name]), model, sae, site),
    )


@dataclass(frozen=True)
class _Activations:
    """All that fired, and the tokens of all texts one after the other.

    Attributes:
        tokens: ids.
        text: which text each is of.
        row, latent, value: what fired where, how strongly.
    """

    tokens: Int[np.ndarray, " token"]
    text: Int[np.ndarray, " token"]
    row: Int[np.ndarray, " fired"]
    latent: Int[np.ndarray, " fired"]
    value: Float[np.ndarray, " fired"]

    def density(self, n: int) -> Float[np.ndarray, " latent"]:
        return np.bincount(self.latent, minlength=n) / len(self.tokens)

    def peak(self, n: int) -> Float[np.ndarray, " latent"]:
        found = np.zeros(n, np.float32)
        np.maximum.at(found, self.latent, self.value)
        return found

    def histogram(self, n: int) -> Int[np.ndarray, "latent bin"]:
        top = np.maximum(self.peak(n), 1e-12)[self.latent]
        bins = np.minimum((self.value / top * BINS).astype(int), BINS - 1)
        return np.bincount(self.latent * BINS + bins, minlength=n * BINS).reshape(n, BINS)

    def contexts(
        self, n: int, many: int, around: int
    ) -> tuple[Int[np.ndarray, "latent context place"], Float[np.ndarray, "latent context place"]]:
        """The strongest places of each latent, the strongest of a text only."""
        order = np.lexsort((-self.value, self.latent))
        bounds = np.searchsorted(self.latent[order], np.arange(n + 1))
        steps = np.arange(-around, around + 1)
        ids = np.full((n, many, len(steps)), -1)
        found = np.full((n, many, len(steps)), np.nan, np.float32)
        for latent in range(n):
            mine = order[bounds[latent] : bounds[latent + 1]]
            _, best = np.unique(self.text[self.row[mine]], return_index=True)
            values = np.zeros(len(self.tokens), np.float32) if len(mine) else None
            if values is None:
                continue
            values[self.row[mine]] = self.value[mine]
            for j, at in enumerate(self.row[mine[np.sort(best)[:many]]]):
                places = at + steps
                inside = (places >= 0) & (places < len(self.tokens))
                inside[inside] &= self.text[places[inside]] == self.text[at]
                ids[latent, j, inside] = self.tokens[places[inside]]
                found[latent, j, inside] = values[places[inside]]
        return ids, found


def _fired(model: Model, sae: SAE, site: Site, texts: Sequence[str | Row], progress: bool) -> _Activations:
    tokens, text, row, latent, value = [], [], [], [], []
    before = 0
    for read in text_batches(model, site, texts, what="dashboards", progress=progress):
        real = read.real.cpu()
        latents = sae.encode(beside(read.x, site)[read.real]).float().cpu()
        rows, columns = latents.nonzero(as_tuple=True)
        tokens.append(read.run.ids.cpu()[real])
        text.append(torch.tensor(read.numbers)[real.nonzero()[:, 0]])
        row.append(rows + before)
        latent.append(columns)
        value.append(latents[rows, columns])
        before += len(latents)
    return _Activations(*(torch.cat(parts).numpy() for parts in (tokens, text, row, latent, value)))


def _effects(model: Model, sae: SAE, site: Site, many: int) -> dict[str, np.ndarray]:
    """The tokens whose logits a latent moves most, by its direction alone; of neurons through what they write."""
    directions = _written(model, sae.W_dec.float(), written_of(sae, site))
    can = torch.arange(model.config.d_vocab)[sayable_tokens(model)]
    effect = directions @ model.unembedding.directions(can).cpu()
    effect -= effect.mean(-1, keepdim=True)
    many = min(many, effect.shape[1])
    most, least = effect.topk(many), (-effect).topk(many)
    return {
        "promoted": can[most.indices].numpy(),
        "promoted_by": most.values.numpy(),
        "suppressed": can[least.indices].numpy(),
        "suppressed_by": -least.values.numpy(),
    }


def _written(
    model: Model, directions: Float[Tensor, "latent d"], place: Site
) -> Float[Tensor, "latent d_model"]:
    """What directions at a place add to the residual stream.

    Raises:
        DictionaryError: nothing, but by what is made of them.
    """
    layer = place.layer_number or 0
    if place.name == "z":
        heads = model.heads_write(layer).matrix.float().cpu()
        return directions @ (heads.flatten(0, 1) if place.head is None else heads[place.head])
    if place.name == "mlp_post":
        return directions @ model.neurons_write(layer).matrix.float().cpu()
    if place.name in ("q", "k", "v", "mlp_in", "mlp_pre"):
        raise DictionaryError(
            f"mi.sae.dashboards shows which tokens a latent promotes by its direction alone, and {place!r} adds "
            "nothing to the residual stream by itself: use mi.sae.latents and mi.sae.evaluate, or a dictionary of "
            "at.mlp_out, at.z or the stream."
        )
    return directions


def _neighbours(sae: SAE, many: int) -> dict[str, Any]:
    unit = torch.nn.functional.normalize(sae.W_dec.float(), dim=-1)
    likeness = (unit @ unit.T).fill_diagonal_(-2)
    nearest = likeness.topk(min(many, sae.d_sae - 1))
    dims = ("latent", "neighbor")
    return {
        "nearest": (dims, nearest.indices.numpy()),
        "nearest_cosine": (dims, nearest.values.numpy(), {"units": "cosine similarity"}),
    }


def _labels(
    model: Model,
    sae: SAE,
    site: Site,
    texts: Sequence[str | Row],
    annotations: Sequence[Annotation],
    progress: bool,
) -> dict[str, Any]:
    """The label that each latent detects best on every other text, and how well it does on the rest."""
    label = np.full(sae.d_sae, "", dtype=object)
    f1, auc = np.full(sae.d_sae, np.nan), np.full(sae.d_sae, np.nan)
    if annotations:
        found, x = at_annotations(model, site, texts, annotations, progress=progress)
        latents, (half, is_it) = sae.encode(x).numpy(), split(found)
        for block in blocks(sae.d_sae):
            chosen, scored = Columns.of(latents[half, block]), Columns.of(latents[~half, block])
            best = np.zeros(len(label[block]))
            for name, these in is_it.items():
                seen, thresholds = chosen.best_f1(these[half])
                new, area = f1_of(scored.values >= thresholds, these[~half]), scored.auc(these[~half])
                better = (seen > best) & (chosen.values.max(0) > 0)
                best = np.where(better, seen, best)
                for known, found_of in ((label, name), (f1, new[better]), (auc, area[better])):
                    known[block][better] = found_of
    return {
        "label": ("latent", label.astype(str)),
        "label_f1": ("latent", f1, {"units": "F1"}),
        "label_auc": ("latent", auc, {"units": "AUC"}),
    }
