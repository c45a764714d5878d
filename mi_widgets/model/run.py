"""`Run`: what one forward pass left behind, and `Generation`: what a model wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.errors import MIError, NotKept, SiteError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Stack
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Block, Call, Record
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import WHOLE_MODEL, Site, named
from mi_widgets.core.spans import PromptSpans, at_tokens, gradient, position_axis, read
from mi_widgets.core.torch_defaults import torch_defaults
from mi_widgets.core.whole_numbers import counted

from .backend import Key
from .graphs import one_number
from .model_with_provenance import ModelWithProvenance, state_of
from .tokens import TokenizedPrompts


@argument_type("model.run(prompt)")
@dataclass(frozen=True, repr=False)
class Run:
    """One forward pass: logits, tokens, and the activations that were asked for.

    Index it with a site: `run[at.pattern[1]]` is (batch, head, query, key). Batch is the first axis, of
    size 1 for one prompt; a site without a layer comes with all layers stacked before the batch. A site can be
    given by TransformerLens's or nnterp's name: `run["blocks.1.attn.hook_pattern"]`.

    Where a shorter prompt is padded nothing stands: activations and logits are NaN there (whole numbers -1). Of scores
    and patterns these are the rows of padded queries; what a real query gives to padded keys stays what it is, no
    attention.
    """

    model: ModelWithProvenance
    prompt: Prompt
    tokenized: TokenizedPrompts
    interventions: Stack
    kept: Mapping[Key, Tensor]
    keep: tuple[Site, ...]
    record: Record | None = None

    @property
    def block(self) -> Block | None:
        """The interventions that it was made under, for what is read from it."""
        return self.record.within if isinstance(self.record, Call) else None

    def with_record(self, record: Record) -> Run:
        """The same run, made by another call."""
        return replace(self, record=record)

    def check_weights(self) -> None:
        """Raise `MIError` where the model's weights are others now: figures of both would be mixed."""
        then = self.record.of if isinstance(self.record, Call) else None
        if then is not None and state_of(then) != state_of(self.model.record):
            raise MIError(
                f"The weights of {self.model.name}, or how its adapters are set, have changed since this run was made, "
                "and this reads the run by them: run the prompt again."
            )

    @property
    def logits(self) -> Float[Tensor, "batch pos d_vocab"]:
        """The unnormalised log-probabilities of the next token, in nats."""
        return self.kept[("logits", None)]

    @property
    def last_logits(self) -> Float[Tensor, "batch d_vocab"]:
        """The logits after the last token of each prompt."""
        with torch_defaults():
            return self.logits[torch.arange(len(self.ids)), self.tokenized.last.to(self.logits.device)]

    @property
    def ids(self) -> Int[Tensor, "batch pos"]:
        """The token ids, padded (on the right, unless asked otherwise)."""
        return self.tokenized.ids

    @property
    def mask(self) -> Bool[Tensor, "batch pos"]:
        """True at real tokens, False at padding."""
        return self.tokenized.mask

    @property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """The text of every token of every prompt, "" at padding."""
        return self.tokenized.tokens

    @property
    def spans(self) -> PromptSpans:
        """Which columns each prompt takes up."""
        return self.tokenized.spans

    def __getitem__(self, site: Site | str) -> Tensor:
        """The activation at a site.

        Raises:
            NotKept: the run did not keep it.
            SiteError: the model has no such site.
        """
        site = self._site(site)
        return _stacked([self._read(site, layer) for layer in self._layers(site)], site)

    def _read(self, site: Site, layer: int | None) -> Tensor:
        x, axis = read(self._laid_out(site, self._raw(site, layer)), site, self.spans), position_axis(site)
        return x if axis is None else at_padding(x, self.mask, axis)

    def gradient(self, of: Tensor | Callable[[Run], Tensor], site: Site | str) -> Tensor:
        """How a number changes with the activation at a site: d `of` / d `run[site]`.

        Args:
            of: one number made from this run's logits or kept activations, as in `run.logits[0, -1, token]`; or a
                function that makes it of the run, which can be computed where gradients are switched off.
            site: a kept site.

        Returns:
            shaped as `run[site]`; zero where the number does not depend on it, as at padding.

        Raises:
            MIError: the run was made without `grad=True`, or `of` is not one number of its graph.
            NotKept: the run did not keep the site.
        """
        site = self._site(site)
        changed = site.written  # a transcoder's latents are read elsewhere than they act
        raw = [self._raw(changed, layer) for layer in self._layers(changed)]
        switched_off = not torch.is_grad_enabled()
        with torch_defaults():
            number = one_number(of(self) if callable(of) else of, switched_off=switched_off)
            found = torch.autograd.grad(number, raw, retain_graph=True, allow_unused=True)
            whole = [torch.zeros_like(x) if g is None else g for x, g in zip(raw, found, strict=True)]
            layout = self.model.architecture.places[changed.name].layout
            whole = [g if layout is None else layout.gradient(g, len(self.ids)) for g in whole]
            return _stacked([gradient(g, site, self.spans) for g in whole], site)

    @checked
    def token_mask(self, site: Site) -> Bool[Tensor, "batch pos"]:
        """Tokens that a site names by their text: `run[at.resid_post[2]][run.token_mask(site)]` is (token, d_model).

        Args:
            site: as in `at.resid_post[2].every(".")`; without `.every` all tokens but padding.
        """
        named = self.spans.named(site, self.ids.shape[1])
        return self.mask if named is None else named & self.mask

    @staticmethod
    def _site(site: Site | str) -> Site:
        site = named(site) if isinstance(site, str) else site
        if not isinstance(site, Site):
            raise SiteError(f"A run is indexed with a site, as in run[at.pattern[1]]; got {site!r}.")
        if site.tokens is not None:
            raise SiteError(
                f"{site!r} names as many tokens as there are, which differs from prompt to prompt: read "
                f"run[{site.everywhere!r}][run.token_mask(site)]."
            )
        return site

    def _layers(self, site: Site) -> tuple[int | None, ...]:
        layers = self.model.layers_of(site)
        if site.layer is None and site.name not in WHOLE_MODEL and len(layers) < self.model.config.n_layers:
            raise SiteError(
                f"{site!r}: only some layers ({', '.join(map(str, layers))}) of {self.model.name} have it, so stacked "
                f"they would not be numbered by layer. Read one at a time, as in run[at.{site.name}[{layers[0]}]]."
            )
        return layers

    def _raw(self, site: Site, layer: int | None) -> Tensor:
        if (site.name, layer) in self.kept:
            return self.kept[(site.name, layer)]
        kept = ", ".join(map(repr, self.keep)) or "nothing but the logits"
        raise NotKept(
            f"This run did not keep {site!r}. Ask for it: model.run(prompt, keep=[{site.everywhere!r}]). Kept: {kept}."
        )

    def _laid_out(self, site: Site, raw: Tensor) -> Tensor:
        layout = self.model.architecture.places[site.name].layout
        return raw if layout is None else layout.out(raw, len(self.ids))

    @recorded
    def next_tokens(self, top_k: int = 5) -> Result:
        """The `top_k` likeliest next tokens after each prompt.

        Args:
            top_k: how many.

        Returns:
            Result (batch, rank) of probabilities, with the variables `token` and `token_id`.

        Raises:
            MIError: `top_k` is no whole number from 1.
        """
        last = self.last_logits.detach()
        n = min(counted(top_k, "run.next_tokens: top_k"), last.shape[-1])
        probability, ids = last.float().softmax(-1).topk(n)
        texts = [self.model.vocabulary_of(row) for row in ids.tolist()]
        dims = ("batch", "rank")
        return Result(
            kind="next_tokens",
            title="Next tokens",
            dataset=xr.Dataset(
                {
                    "probability": (dims, probability.cpu().numpy()),
                    "token": (dims, np.array(texts)),
                    "token_id": (dims, ids.cpu().numpy(), {"units": "token id"}),
                },
                coords={"rank": np.arange(n)},
            ),
            primary="probability",
            unit="probability",
            source="the softmax of the last logits",
            provenance=self.provenance(spoilt=probability.isnan().any(1).nonzero()[:, 0].tolist()),
        )

    def provenance(self, *, sites: Iterable[str] = (), spoilt: Iterable[int] = ()) -> Provenance:
        """What a Result read from this run says of how it was made.

        Args:
            sites: the names of the sites that were read, for their warnings, beside the logits and what was changed.
            spoilt: the prompts whose logits at a token were found to be NaN, for a warning.
        """
        found, rows = self.model.provenance(sites=sites, under=self.interventions), [*spoilt]
        if not rows:
            return found
        named = f"{'prompt' if len(rows) == 1 else 'prompts'} {', '.join(map(str, rows[:5]))}"
        warning = f"logits of {named}{' and others' * (len(rows) > 5)} are NaN"
        return replace(found, warnings=(*found.warnings, warning))

    def __repr__(self) -> str:
        kept = ", ".join(map(repr, self.keep)) or "logits only"
        changed = f", under {self.interventions!r}" if self.interventions else ""
        batch, pos = self.ids.shape
        return f"Run of {self.model.name} ({batch} × {pos} tokens; kept: {kept}{changed})"


def _stacked(parts: list[Tensor], site: Site) -> Tensor:
    alone = isinstance(site.layer, int) or site.name in WHOLE_MODEL
    return parts[0] if alone else torch.stack(parts)


def at_padding(x: Tensor, mask: Bool[Tensor, "batch pos"], axis: int = 1) -> Tensor:
    """An activation with nothing at padding: NaN; of whole numbers -1, of truth values False.

    Args:
        x: with the batch first.
        mask: True at real tokens.
        axis: that of the positions.
    """
    if mask.all():
        return x
    nothing = torch.nan if x.is_floating_point() or x.is_complex() else -1 if x.dtype != torch.bool else False
    return x.masked_fill(~at_tokens(mask, x, axis), nothing)


@dataclass(frozen=True)
class Generation:
    """What a model wrote.

    Args:
        prompt: the text it was given (special tokens left out).
        text: the text it added.
        tokens: the tokens it added.
        ids: of these tokens.
        cancelled: whether it was told to stop before it was done.
        run: prompt and answer in one forward pass under the same interventions, with the sites that were to be kept;
            None where none were.
        prompt_ids: the token ids of the prompt.
    """

    prompt: str
    text: str
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    cancelled: bool = False
    run: Run | None = None
    prompt_ids: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.prompt + self.text
