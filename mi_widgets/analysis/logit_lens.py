"""The logit lens: what the model would say if it stopped here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core import sites as at
from mi_widgets.core.errors import MIError, SiteError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.run import Run

from .pairs import tokens_asked

READABLE = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")
_FLOATS = 2**24  # of logits that are held at once
_FEW = 8  # tokens for which counting is quicker than sorting


@recorded
def logit_lens(
    run: Run,
    site: Site = at.resid_post,
    *,
    tokens: Sequence[str] | Sequence[int] = (),
    top_k: int = 10,
    progress: bool = True,
) -> Result:
    """Read the residual stream at every layer as if it were the last: through the model's final norm and unembedding.

    Args:
        run: one that kept `site`, all layers.
        site: `at.resid_post` (its last layer gives the model's own logits), `at.resid_pre`, `at.resid_mid`, or what
            one sublayer writes: `at.attn_out`, `at.mlp_out`, which the norm scales as if it were all there is.
        tokens: texts of one token each, or token ids, whose probability and rank to follow.
        top_k: how many of the likeliest tokens to keep.
        progress: whether a bar shows, when it takes more than a second.

    Returns:
        Result (batch, layer, pos) of the probability of the likeliest next token, with the variables `token` (its
        text), `entropy` of the distribution (nats), `kl` from it to the model's final one (nats; KL(final, this one)),
        `top_token` and `top_probability` (…, rank), and `asked_probability` and `asked_rank` (…, token; rank 0 is the
        likeliest). Padding is NaN or "".

    Raises:
        NotKept: the run did not keep the site.
        SiteError: a site outside of the residual stream, or one layer of it.
        PromptError: one of `tokens` is not one token.
        MIError: the weights have changed since the run.

    Source: nostalgebraist 2020, "interpreting GPT: the logit lens". KL is taken from the final distribution to that
    of the layer, as in Belrose et al. 2023 (arXiv:2303.08112).
    """
    if site.name not in READABLE or site.layer is not None or site.positions is not None:
        raise SiteError(
            f"mi.logit_lens reads all layers of {', '.join(f'at.{name}' for name in READABLE)}; got {site!r}."
        )
    run.check_weights()
    d_vocab = run.model.config.d_vocab
    if not 1 <= (whole(top_k) or 0) <= d_vocab:
        raise MIError(f"mi.logit_lens: top_k must be a whole number from 1 to {d_vocab}; got {top_k!r}.")
    ids, followed = tokens_asked(run.model, tokens, "tokens")
    asked = torch.tensor(ids, dtype=torch.long)
    batch, pos = run.ids.shape
    found = _LensArrays((batch, len(run.model.layers_of(site)), pos), top_k, len(asked))
    final = run.logits.detach()
    parts = list(_parts(run, site))
    for layer, rows, columns, resid in tqdm(
        parts, desc="logit lens", delay=1, disable=not progress, leave=False
    ):
        logits = run.model.unembedding.logits(resid).float()
        found.put((rows, layer, columns), logits, final[rows, columns].to(logits), asked)
    return _result(run, site, found, followed, top_k)


class _LensArrays:
    """What is kept of the logits, of everything the same way: (batch, layer, pos, …)."""

    def __init__(self, places: tuple[int, int, int], top_k: int, asked: int) -> None:
        self.entropy, self.kl = torch.full(places, torch.nan), torch.full(places, torch.nan)
        self.ids = torch.full((*places, top_k), -1)
        self.probability = torch.full((*places, top_k), torch.nan)
        self.asked_probability = torch.full((*places, asked), torch.nan)
        self.asked_rank = torch.full((*places, asked), torch.nan)

    def put(self, where: tuple, logits: Tensor, final: Tensor, asked: Tensor) -> None:
        log_p, log_final = logits.log_softmax(-1), final.log_softmax(-1)
        probability, ids = log_p.exp().topk(self.ids.shape[-1], -1)
        self.entropy[where] = -(log_p.exp() * log_p).sum(-1).cpu()
        self.kl[where] = (log_final.exp() * (log_final - log_p)).sum(-1).cpu()
        self.probability[where], self.ids[where] = probability.cpu(), ids.cpu()
        self.asked_probability[where] = log_p[..., asked.to(logits.device)].exp().cpu()
        self.asked_rank[where] = _ranks(logits, asked.to(logits.device)).cpu()


def _ranks(logits: Tensor, asked: Tensor) -> Tensor:
    """How many tokens are likelier than each of those asked for: by sorting once where there are many of them."""
    mine = logits[..., asked]
    if len(asked) <= _FEW:
        higher = [(logits > one[..., None]).sum(-1) for one in mine.unbind(-1)]
        return torch.stack(higher, -1).float() if higher else mine
    below = torch.searchsorted(logits.sort(-1).values, mine.contiguous(), right=True)
    return (logits.shape[-1] - below).float()


def _parts(run: Run, site: Site) -> Iterator[tuple[int, slice, slice, Float[Tensor, "rows columns d_model"]]]:
    """(layer, rows, columns, residual) in parts whose logits fit into memory."""
    batch, pos = run.ids.shape
    at_once = max(1, _FLOATS // run.model.config.d_vocab)
    width, height = min(pos, at_once), max(1, at_once // pos)
    for layer, _ in enumerate(run.model.layers_of(site)):
        resid = run[site[layer]].detach()
        for row in range(0, batch, height):
            for column in range(0, pos, width):
                rows, columns = slice(row, row + height), slice(column, column + width)
                yield layer, rows, columns, resid[rows, columns]


def _result(run: Run, site: Site, found: _LensArrays, tokens: Sequence[str], top_k: int) -> Result:
    absent = ~run.mask[:, None].expand(found.entropy.shape)
    used, place = np.unique(found.ids.numpy(), return_inverse=True)
    texts = np.array([run.model.vocabulary[i] for i in used])[place.reshape(found.ids.shape)]
    texts[absent] = ""
    for numbers in (
        found.entropy,
        found.kl,
        found.probability,
        found.asked_probability,
        found.asked_rank,
    ):
        numbers[absent] = torch.nan
    places = ("batch", "layer", "pos")
    nats, share = {"units": "nats"}, {"units": "probability"}
    return Result(
        kind="logit_lens",
        title=f"Logit lens at {site.name}",
        dataset=xr.Dataset(
            {
                "probability": (places, found.probability[..., 0].numpy()),
                "token": (places, texts[..., 0]),
                "entropy": (places, found.entropy.numpy(), nats),
                "kl": (places, found.kl.numpy(), nats),
                "top_token": ((*places, "rank"), texts),
                "top_probability": ((*places, "rank"), found.probability.numpy(), share),
                "asked_probability": ((*places, "token_asked"), found.asked_probability.numpy(), share),
                "asked_rank": ((*places, "token_asked"), found.asked_rank.numpy(), {"units": "rank"}),
            },
            coords={
                "batch": np.arange(len(run.ids)),
                "layer": np.arange(found.entropy.shape[1]),
                "pos": np.arange(run.ids.shape[1]),
                "pos_token": (("batch", "pos"), np.array(run.tokens)),
                "rank": np.arange(top_k),
                "token_asked": np.array(list(tokens), dtype=str),
            },
        ),
        primary="probability",
        unit="probability",
        source="nostalgebraist 2020, interpreting GPT: the logit lens",
        provenance=run.provenance(sites=[site.name]),
    )
