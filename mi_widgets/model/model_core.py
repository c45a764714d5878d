"""`ModelCore`: a module with its taps and its lock, and the passes over it that the rest of the room stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor

from mi_widgets.core.errors import MIError, SiteError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Intervention, Stack, stack
from mi_widgets.core.sites import Site, named
from mi_widgets.core.spans import PromptSpans, touches
from mi_widgets.core.torch_defaults import torch_defaults

from .architectures import Weights, check_site, layers_of
from .architectures.computed import place_of
from .backend import Edit, Key, PassRequest, lock_of, trace
from .evaluation import evaluating
from .memory import bytes_of, check_fits
from .parts import Parts
from .prompt_reader import PromptReader
from .stretching import check_stretched, stretched_past
from .tokens import TokenizedPrompts
from .unembedding import Unembedding
from .wrappers import as_written

# The stack of every module in this context: (id of the module, what is done to it), outermost first.
_active: ContextVar[tuple[tuple[int, Stack], ...]] = ContextVar("mi_widgets_active", default=())


class ModelCore(PromptReader):
    """A module, its table of sites, its tokenizer, and the interventions that are active on it.

    Args:
        parts: the module, made ready.
    """

    def __init__(self, parts: Parts) -> None:
        self.module, self.name = parts.module, parts.name
        self.architecture, self.config = parts.architecture, parts.config
        super().__init__(parts.vocabulary)
        self._parts = parts
        self._released = False
        self.stretched_past = stretched_past(parts.module, parts.config.n_ctx)

    @property
    def device(self) -> torch.device:
        """Where prompts go in."""
        return place_of(self.module)[0]

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of its weights."""
        return place_of(self.module)[1]

    @property
    def interventions(self) -> Stack:
        """The stack that is active here and now, outermost first."""
        return stack(*(s for owner, s in _active.get() if owner == id(self.module)))

    @property
    def weights(self) -> Weights:
        """The matrices that read and write the residual stream, by the field's names, norms folded in."""
        with torch_defaults():
            return self.architecture.weights(self.module)

    @property
    def unembedding(self) -> Unembedding:
        """From the residual stream to the logits."""
        return Unembedding(self.module, self.architecture)

    def layers_of(self, site: Site) -> tuple[int | None, ...]:
        """The layers that a site names.

        Raises:
            SiteError: the model has no such site.
        """
        check_site(site, self.name, self.config, self.architecture)
        return layers_of(site, self.config, self.architecture)

    def placed(self, *interventions: Intervention | Stack) -> Stack:
        """Interventions, each at one layer of this model.

        Raises:
            SiteError: a site that the model does not have.
            InterventionError: something that is not an intervention.
        """
        added = stack(*interventions)
        for intervention in added:
            self.layers_of(intervention.site)
        [whole] = added.in_model(self.config.n_layers)
        for intervention in whole:
            self.layers_of(intervention.site.written)
        return whole

    @contextmanager
    def intervene(self, *interventions: Intervention | Stack) -> Iterator[Self]:
        """Everything inside the block sees the changed model; afterwards it is as before.

        Blocks nest: the outer one applies first. Worker threads see the block they were started in only
        when started with `contextvars.copy_context()`.

        Args:
            interventions: applied in the order written.

        Raises:
            SiteError: a site that the model does not have.
            InterventionError: something that is not an intervention.
        """
        added = self.placed(*interventions)
        token = _active.set((*_active.get(), (id(self.module), added)))
        try:
            yield self
        finally:
            _active.reset(token)

    def forward(
        self,
        tokenized: TokenizedPrompts,
        *,
        keep: Iterable[Key] = (),
        edits: Sequence[Edit] | None = None,
        stored: Callable[[Tensor], Tensor] | None = None,
        grad: bool = False,
    ) -> dict[Key, Tensor]:
        """One pass over whole prompts, for whoever builds on it: what a user runs is `run`.

        Args:
            tokenized: the prompts.
            keep: the activations to return; the logits always are.
            edits: what to change; the active interventions by default.
            stored: what is done to each before it is stored.
            grad: whether they keep their graph.
        """
        check_stretched(self.stretched_past, tokenized.lengths, self.name)
        spans = tokenized.spans
        if edits is None:
            edits = self.edits(self.interventions, spans)
        return self.execute(
            PassRequest(
                inputs=self.inputs(tokenized),
                batch=len(tokenized.ids),
                edits=edits,
                keep=tuple(dict.fromkeys([*keep, ("logits", None)])),
                stored=stored or _as_it_is,
                grad=grad,
            )
        )

    def inputs(self, tokenized: TokenizedPrompts) -> dict[str, Any]:
        """What the module's forward takes in for whole prompts."""
        ids, mask = tokenized.ids.to(self.device), tokenized.mask.to(self.device)
        return self.architecture.inputs(ids, mask, (mask.cumsum(-1) - 1).clamp(min=0), None)

    def execute(self, forward: PassRequest) -> dict[Key, Tensor]:
        """Run a pass, alone on this module.

        Raises:
            MIError: the model was released, or a part of it was replaced.
            NestedRun: from inside another run of it.
        """
        if self._released:
            raise MIError(
                f"{self.name} was released: load the module again with mi.load(module, tokenizer=…)."
            )
        cut = () if forward.unembed is None else (self.architecture.unembed,)
        path = self._parts.watched.replaced((*(edit.key for edit in forward.edits), *forward.keep), cut)
        if path is not None:
            raise MIError(
                f"{self.name} has changed since it was loaded: its {path} is another module now, as after an adapter "
                "was added or taken away. Load it again: mi.load(module, tokenizer=…)."
            )
        with (
            torch_defaults(),
            lock_of(self.module),
            evaluating(self.module),
            as_written(self._parts.compiled),
        ):
            return trace(self._parts.traced, self.architecture, forward)

    def edits(self, interventions: Iterable[Intervention], spans: PromptSpans) -> list[Edit]:
        """Interventions as the backend takes them: in the order of the forward pass, at one site as given.

        Two sites may be changed at one module (GPT-2's attn_out and resid_mid): there the later must see what the
        earlier did.

        Args:
            interventions: values.
            spans: of the prompts that they act on.

        Raises:
            SiteError: a position that a prompt does not have.
        """
        edits: list[Edit] = []
        given = [*interventions]
        if any(one.site.latents is not None for one in given):
            spans = replace(spans, special=self.special_texts)
        for intervention in given:
            site = intervention.site
            if not spans.start:  # positions that do not exist are found before the model runs
                spans.resolve(site, spans.width)
            here = replace(spans, start=0) if self.architecture.places[site.name].cached else spans
            if site.written is not site:
                edits += _carried(intervention, here)
                continue
            change = partial(intervention.apply, spans=here)
            if site.name == "scores":
                change = partial(_where_attended, change)
            if site.name == "pattern" and not spans.real.all():
                change = partial(_to_tokens, change, replace(here, start=0))
            edits.append(Edit((site.name, site.layer_number), change))
        return sorted(edits, key=lambda edit: Site(*edit.key).place_in_pass)

    def bytes_of(self, prompt: Prompt, *, keep: Iterable[Site | str]) -> int:
        """What keeping some sites of a run on `prompt` would take, in bytes."""
        ids = self.tokenize(prompt).ids
        keys = {(site.name, layer) for site in as_sites(keep) for layer in self.layers_of(site)}
        return bytes_of(keys, self.config, ids.shape, self.dtype.itemsize)

    def check_memory(
        self,
        sites: Sequence[Site],
        shape: Sequence[int],
        keep_on: torch.device | None = None,
        keep_dtype: torch.dtype | None = None,
    ) -> None:
        """Stop before a capture that cannot fit.

        Args:
            sites: what is to be kept.
            shape: the number of prompts and their padded length.
            keep_on: where; as in `run`.
            keep_dtype: how small; as in `run`.

        Raises:
            NotEnoughMemory: it would not fit.
        """
        keys = {(site.name, layer) for site in sites for layer in self.layers_of(site)}
        needed = bytes_of(keys, self.config, shape, (keep_dtype or self.dtype).itemsize)
        check_fits(needed, keep_on or self.device, ", ".join(map(repr, sites)))

    def release(self) -> None:
        """Take away what loading added to a module in memory; this Model runs no more afterwards."""
        with lock_of(self.module):
            self._parts.undo()
        self._released = True


def _carried(intervention: Intervention, spans: PromptSpans) -> list[Edit]:
    """A change of a transcoder's latents: what it reads is noted where it reads it, and changes what it writes."""
    site, noted = intervention.site, []

    def note(x: Tensor) -> Tensor:
        noted[:] = [x]
        return x

    def change(onto: Tensor) -> Tensor:
        x = noted.pop()
        return intervention.apply(x, replace(spans, onto=onto)) if touches(x, site, spans) else onto

    written = site.written
    return [Edit((site.name, site.layer_number), note), Edit((written.name, written.layer_number), change)]


def _where_attended(change: Callable[[Tensor], Tensor], scores: Tensor) -> Tensor:
    """Changed scores; what is masked (the future, padding) stays so: turned round, it would get all attention."""
    # Masks are float16's least number or less, in whatever dtype the scores have.
    masked = scores <= torch.finfo(torch.float16).min / 2
    return torch.where(masked, scores, change(scores))


def _to_tokens(change: Callable[[Tensor], Tensor], spans: PromptSpans, pattern: Tensor) -> Tensor:
    """A changed pattern; padding gets no attention, whatever was put there."""
    real = spans.real_columns(pattern.shape[-1]).to(pattern.device)
    return torch.where(real[:, None, None], change(pattern), pattern)


def _as_it_is(x: Tensor) -> Tensor:
    return x


def as_sites(keep: Iterable[Site | str] | Site | str) -> tuple[Site, ...]:
    """What was given as `keep=`, as sites.

    Raises:
        SiteError: something that is none.
    """
    given = (keep,) if isinstance(keep, Site | str) or not isinstance(keep, Iterable) else tuple(keep)
    sites = tuple(named(site) if isinstance(site, str) else site for site in given)
    for site in sites:
        if not isinstance(site, Site):
            raise SiteError(f"keep= takes sites, as in keep=[at.pattern, at.resid_post[0]]; got {site!r}.")
    return sites
