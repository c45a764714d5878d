"""`Run`: what one forward pass left behind, and `Generation`: what a model wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_widgets.core.errors import MIError, NotKept, SiteError
from mi_widgets.core.interventions import Stack
from mi_widgets.core.results import Provenance, Result
from mi_widgets.core.sites import Extent, Site, read

from .backend import Key
from .tokens import Tokenized

if TYPE_CHECKING:
    from .model import Model


@dataclass(frozen=True, repr=False)
class Run:
    """One forward pass: logits, tokens, and the activations that were asked for.

    Index it with a site: `run[at.pattern[1]]` is (batch, head, query, key). Batch is the first axis, of
    size 1 for one prompt; a site without a layer comes with all layers stacked before the batch.
    """

    model: Model
    prompt: str
    tokenized: Tokenized
    interventions: Stack
    kept: Mapping[Key, Tensor]
    keep: tuple[Site, ...]

    @property
    def logits(self) -> Float[Tensor, "batch pos d_vocab"]:
        """The unnormalised log-probabilities of the next token, in nats."""
        return self.kept[("logits", None)]

    @property
    def ids(self) -> Int[Tensor, "batch pos"]:
        """The token ids, padded on the right."""
        return self.tokenized.ids

    @property
    def mask(self) -> Bool[Tensor, "batch pos"]:
        """True at real tokens, False at padding."""
        return self.tokenized.mask

    @property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """The text of every token of every prompt, "" at padding."""
        return self.tokenized.tokens

    def __getitem__(self, site: Site) -> Tensor:
        """The activation at a site.

        Raises:
            NotKept: the run did not keep it.
            SiteError: the model has no such site.
        """
        if not isinstance(site, Site):
            raise SiteError(f"A run is indexed with a site, as in run[at.pattern[1]]; got {site!r}.")
        layers = self.model.layers_of(site)
        missing = [layer for layer in layers if (site.name, layer) not in self.kept]
        if missing:
            kept = ", ".join(map(repr, self.keep)) or "nothing but the logits"
            raise NotKept(
                f"This run did not keep {site!r}. Ask for it: model.run(prompt, keep=[{site.everywhere!r}]). "
                f"Kept: {kept}."
            )
        extent = Extent(self.tokenized.lengths, self.ids.shape[1])
        parts = [read(self.kept[(site.name, layer)], site, extent) for layer in layers]
        alone = site.layer is not None or layers == (None,)
        return parts[0] if alone else torch.stack(parts)

    def next_tokens(self, k: int = 5) -> Result:
        """The `k` likeliest next tokens after each prompt.

        Args:
            k: how many.

        Returns:
            Result (batch, rank) of probabilities, with the variables `token` and `token_id`.
        """
        if not isinstance(k, int) or k < 1:
            raise MIError(f"next_tokens: k must be a whole number from 1; got {k!r}.")
        last = self.logits[torch.arange(len(self.ids)), torch.tensor(self.tokenized.lengths) - 1]
        k = min(k, last.shape[-1])
        probability, ids = last.float().softmax(-1).topk(k)
        texts = [self.model.vocabulary_of(row) for row in ids.tolist()]
        dims = ("batch", "rank")
        return Result(
            kind="next_tokens",
            title="Next tokens",
            dataset=xr.Dataset(
                {
                    "probability": (dims, probability.cpu().numpy()),
                    "token": (dims, np.array(texts)),
                    "token_id": (dims, ids.cpu().numpy()),
                },
                coords={"rank": np.arange(k)},
            ),
            primary="probability",
            unit="probability",
            source="the softmax of the last logits",
            provenance=self.provenance(f"run.next_tokens({k})"),
        )

    def provenance(self, call: str) -> Provenance:
        """How a Result read from this run is made again.

        Args:
            call: the expression that makes it, with the run as `run`.
        """
        keep = f", keep=[{', '.join(map(repr, self.keep))}]" if self.keep else ""
        line = f"run = model.run({self.prompt}{keep})"
        return replace(self.model.provenance(call), run=line, interventions=self.interventions)

    def __repr__(self) -> str:
        kept = ", ".join(map(repr, self.keep)) or "logits only"
        changed = f", under {self.interventions!r}" if self.interventions else ""
        batch, pos = self.ids.shape
        return f"Run of {self.model.name} ({batch} × {pos} tokens; kept: {kept}{changed})"


@dataclass(frozen=True)
class Generation:
    """What a model wrote.

    Args:
        prompt: the text it was given (special tokens left out).
        text: the text it added.
        tokens: the tokens it added.
        token_ids: their ids.
    """

    prompt: str
    text: str
    tokens: tuple[str, ...]
    token_ids: tuple[int, ...]

    def __str__(self) -> str:
        return self.prompt + self.text
