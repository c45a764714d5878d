"""Where the activations come from that an autoencoder is trained on: a tensor, or a model that reads texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.analysis.activations import batch_ranges, listed_texts, not_special
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import DictionaryError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.sites import Site
from mi_widgets.core.texts import Row
from mi_widgets.model.model import Model

_TEXTS_OF_A_SAMPLE = 32
_ROWS_A_BLOCK = 16_384


class Source(Protocol):
    """Activations in blocks, in an order that depends on the seed and the block's number alone."""

    d_in: int
    stamp: str  # differs where the activations do

    def block(self, number: int) -> Float[Tensor, "row d_in"]:
        """The rows of a block, mixed; numbers go on without end."""
        ...


class FromTensor:
    """Rows of a tensor.

    Args:
        activations: what to train on.
        seed: of their order.
    """

    def __init__(self, activations: Tensor, seed: int) -> None:
        if not isinstance(activations, Tensor) or activations.ndim != 2 or not activations.numel():
            shape = (
                tuple(activations.shape) if isinstance(activations, Tensor) else type(activations).__name__
            )
            raise DictionaryError(
                f"activations must be a tensor (n, d_in) with something in it; got {shape}."
            )
        _check_finite(activations, "activations")
        self._activations, self._seed = activations.detach(), seed
        self._blocks = -(-len(activations) // _ROWS_A_BLOCK)  # of a round through all rows
        self.d_in = activations.shape[1]
        some = activations[:_ROWS_A_BLOCK].float().double()
        self.stamp = f"{tuple(activations.shape)} {float(some.sum())!r} {float(some.square().sum())!r}"

    def block(self, number: int) -> Float[Tensor, "row d_in"]:  # noqa: D102
        turn, place = divmod(number, self._blocks)
        order = _order(len(self._activations), self._seed, turn)
        return self._activations[order[place * _ROWS_A_BLOCK : (place + 1) * _ROWS_A_BLOCK]].float()


class FromTexts:
    """What a model has at a site while it reads texts. Only one block is there at a time.

    Args:
        model: under whatever interventions are active.
        site: with a layer.
        texts: what is read, in pieces if they are longer than the model's context; special tokens are left out.
        seed: of the order of the texts and of the rows in a block.
    """

    def __init__(self, model: Model, site: Site, texts: Prompts, seed: int) -> None:
        self._texts = listed_texts("mi.sae.train", model, texts)
        if not isinstance(site, Site) or site.layer_number is None or site.latents is not None:
            raise DictionaryError(f"site names one layer's activation, as in at.resid_post[2]; got {site!r}.")
        self._model, self._site, self._seed = model, site, seed
        some = self._texts[:_TEXTS_OF_A_SAMPLE]
        length = sum(len(piece) for text in some for piece in model.cut(text)) / len(some)
        self._a_block = max(1, round(_ROWS_A_BLOCK / length))  # texts
        self._blocks = -(-len(self._texts) // self._a_block)  # of a round through all texts
        self.d_in = self._rows(model.cut(some[0])).shape[1]
        said = [text if isinstance(text, str) else repr(text) for text in self._texts]
        read = hashlib.sha256("\0".join(said).encode()).hexdigest()
        self.stamp = f"{model.name} {model.interventions!r} {read}"

    def block(self, number: int) -> Float[Tensor, "row d_in"]:  # noqa: D102
        turn, place = divmod(number, self._blocks)
        order = _order(len(self._texts), self._seed, turn).tolist()
        chosen = order[place * self._a_block : (place + 1) * self._a_block]
        pieces = sorted((piece for i in chosen for piece in self._model.cut(self._texts[i])), key=len)
        found = torch.cat([self._rows(pieces[some.start : some.stop]) for some in batch_ranges(pieces)])
        return found[_order(len(found), self._seed, number)]

    def _rows(self, pieces: Sequence[Row]) -> Float[Tensor, "row d_in"]:
        run = self._model.run(pieces, keep=[self._site.everywhere])
        found = run[self._site]
        if found.shape[:2] != run.ids.shape or found.ndim != 3:
            raise DictionaryError(
                f"{self._site!r} is no vector at every token (shape {tuple(found.shape)}): train on the residual "
                "stream, on neurons, or on what a layer adds."
            )
        rows = found[not_special(run).to(found.device)].detach().float().cpu()
        _check_finite(rows, repr(self._site))
        return rows


def _order(n: int, seed: int, number: int) -> Tensor:
    return torch.randperm(n, generator=seeded(seed, times=1_000_003, plus=number))


def _check_finite(x: Tensor, what: str) -> None:
    # A sum of finite numbers is nearly always finite, and ten times as fast to find as each of them.
    if not x.sum().isfinite() and not x.isfinite().all():
        row = int((~x.isfinite()).any(-1).nonzero()[0, 0])
        raise DictionaryError(f"{what}: row {row} holds NaN or infinity; nothing was trained.")
