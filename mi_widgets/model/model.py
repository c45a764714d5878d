"""`Model`: a language model that can be looked into and changed while it runs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any

import numpy as np
import torch
from nnsight import NNsight
from torch import nn

from mi_widgets.core.errors import DifferentModel, MIError, PromptError, SiteError
from mi_widgets.core.interventions import Intervention, Stack, stack
from mi_widgets.core.results import Provenance
from mi_widgets.core.sites import Extent, Site

from .architectures import Architecture, Weights, check_site, layers_of
from .backend import lock_of, trace
from .run import Generation, Run
from .tokens import Prompt, Tokenized, Vocabulary
from .trust import Trust, examine

# The stack of every module in this context: (id of the module, what is done to it), outermost first.
_active: ContextVar[tuple[tuple[int, Stack], ...]] = ContextVar("mi_widgets_active", default=())


class Model:
    """A model with named sites. Made by `mi.load`.

    Args:
        module: the torch module; it is wrapped, not copied.
        architecture: its table of sites.
        tokenizer: a Hugging Face tokenizer, or None.
        name: for pictures and messages.
        code: the Python that brings this model.
    """

    def __init__(
        self, module: nn.Module, *, architecture: Architecture, tokenizer: Any, name: str, code: str | None
    ) -> None:
        self.module, self.name, self._code = module, name, code
        self.config = architecture.describe(module)
        self._architecture = architecture
        self._vocabulary = Vocabulary(tokenizer, size=self.config.d_vocab, n_ctx=self.config.n_ctx, name=name)
        probe = torch.arange(min(8, self.config.d_vocab, self.config.n_ctx), device=self._device)[None]
        mask = torch.ones_like(probe)
        with lock_of(module), torch.no_grad():
            stock = module(**architecture.inputs(probe, mask))
            self._undo: Callable[[], None] = architecture.prepare(module)
        self._wrapped = NNsight(module)
        self._released = False
        self.trust = Trust()
        try:
            self.trust = examine(self, getattr(stock, "logits", stock), probe)
        except BaseException:
            self._undo()
            raise

    @property
    def _device(self) -> torch.device:
        return next(self.module.parameters()).device

    @property
    def interventions(self) -> Stack:
        """The stack that is active here and now, outermost first."""
        return stack(*(s for owner, s in _active.get() if owner == id(self.module)))

    @property
    def weights(self) -> Weights:
        """The matrices that read and write the residual stream, by the field's names, LayerNorm folded in."""
        return self._architecture.weights(self.module)

    @property
    def tokenizer(self) -> Any:
        """The Hugging Face tokenizer, or None."""
        return self._vocabulary.tokenizer

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The text of every token id, in order."""
        return tuple(self._vocabulary.texts(range(self.config.d_vocab)))

    def vocabulary_of(self, ids: Iterable[int]) -> list[str]:
        """The text of each of some token ids, leading space included."""
        return self._vocabulary.texts(list(ids))

    def layers_of(self, site: Site) -> tuple[int | None, ...]:
        """The layers that a site names.

        Raises:
            SiteError: the model has no such site.
        """
        check_site(site, self.name, self.config, self._architecture.places)
        return layers_of(site, self.config)

    def run(self, prompt: Prompt, *, keep: Iterable[Site] = ()) -> Run:
        """One forward pass under the active interventions.

        Args:
            prompt: a text, several texts (padded on the right), or token ids. Text is tokenized as the
                tokenizer does it by default: the shipped models put `<bos>` first.
            keep: the sites to keep, as in `[at.pattern, at.resid_post]`; nothing but the logits is kept
                unasked.

        Raises:
            PromptError: empty, too long, or tokens the model does not know.
            SiteError: a site that the model does not have.
        """
        tokenized = self._vocabulary.tokenize(prompt)
        extent = Extent(tokenized.lengths, tokenized.ids.shape[1])
        return self._run(prompt, tokenized, _sites(keep), extent)

    def _run(self, prompt: Prompt, tokenized: Tokenized, keep: tuple[Site, ...], extent: Extent) -> Run:
        if self._released:
            raise MIError(
                f"{self.name} was released: load the module again with mi.load(module, tokenizer=…)."
            )
        keys = {(site.name, layer): None for site in keep for layer in self.layers_of(site)}
        edits = self.interventions
        for edit in edits:  # positions that do not exist are found before the model runs
            extent.resolve(edit.site, tokenized.ids.shape[1])
        ids, mask = tokenized.ids.to(self._device), tokenized.mask.to(self._device)
        with lock_of(self.module):
            kept = trace(
                self._wrapped,
                self._architecture.places,
                self._architecture.inputs(ids, mask.long()),
                edits=tuple(edits),
                keep=[*keys, *([("logits", None)] if ("logits", None) not in keys else [])],
                extent=extent,
            )
        code = repr(prompt.tolist() if isinstance(prompt, (torch.Tensor, np.ndarray)) else prompt)
        return Run(self, code, tokenized, edits, kept, tuple(site.everywhere for site in keep))

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int = 20, temperature: float = 0.0, seed: int | None = None
    ) -> Generation:
        """Continue one prompt under the active interventions.

        Every step runs the whole text again, so that an intervention means the same at every step.

        Args:
            prompt: one text, or the token ids of one.
            max_new_tokens: how many tokens to add; fewer where the model ends its text.
            temperature: 0 takes the likeliest token, 1 samples from the model's distribution.
            seed: for sampling.

        Raises:
            PromptError: several prompts, or no room for the new tokens.
        """
        tokenized = self._vocabulary.tokenize(prompt)
        length = tokenized.ids.shape[1]
        if not isinstance(max_new_tokens, int) or max_new_tokens < 1:
            raise MIError(f"max_new_tokens must be a whole number from 1; got {max_new_tokens!r}.")
        if not isinstance(temperature, (int, float)) or not 0 <= temperature < math.inf:
            raise MIError(f"temperature must be a number, 0 or more; got {temperature!r}.")
        if len(tokenized.ids) > 1:
            raise PromptError(
                f"generate continues one prompt; got {len(tokenized.ids)}. Call it once for each."
            )
        if length + max_new_tokens > self.config.n_ctx:
            raise PromptError(
                f"{length} tokens and {max_new_tokens} new ones are more than {self.name} takes ({self.config.n_ctx}): "
                f"max_new_tokens can be at most {self.config.n_ctx - length} here."
            )
        extent = Extent((length,), length)
        generator = torch.Generator().manual_seed(seed) if seed is not None else None
        end = getattr(self._vocabulary.tokenizer, "eos_token_id", None)
        ids: list[int] = tokenized.ids[0].tolist()
        for _ in range(max_new_tokens):
            row = torch.tensor([ids])
            now = Tokenized(row, torch.ones_like(row, dtype=torch.bool), (("",) * len(ids),))
            ids.append(_choose(self._run(prompt, now, (), extent).logits[0, -1], temperature, generator))
            if ids[-1] == end:
                break
        # A prompt of ids may end inside a character, which then is not a part of the text.
        given, new = self._vocabulary.text(ids[:length]).rstrip("\ufffd"), ids[length:]
        # Decoded as a whole: a piece alone may lose its leading space.
        text = self._vocabulary.text(ids).removeprefix(given)
        return Generation(given, text, tuple(self.vocabulary_of(new)), tuple(new))

    @contextmanager
    def intervene(self, *interventions: Intervention | Stack) -> Iterator[Model]:
        """Everything inside the block sees the changed model; afterwards it is as before.

        Blocks nest: the outer one applies first. Worker threads see the block they were started in only
        when started with `contextvars.copy_context()`.

        Args:
            interventions: applied in the order written.

        Raises:
            SiteError: a site that the model does not have.
            InterventionError: something that is not an intervention.
        """
        added = stack(*interventions)
        for intervention in added:
            self.layers_of(intervention.site)
        token = _active.set((*_active.get(), (id(self.module), added)))
        try:
            yield self
        finally:
            _active.reset(token)

    @property
    def fingerprint(self) -> str:
        """The hash of all weights as they are now, as `"sha256:…"`."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return f"sha256:{digest.hexdigest()}"

    def require(self, fingerprint: str) -> None:
        """Raise `DifferentModel` unless the weights are those that some code was written for."""
        if self.fingerprint != fingerprint:
            raise DifferentModel(
                f"This code was written for a model with weights {fingerprint[:19]}…; this one has "
                f"{self.fingerprint[:19]}…. Bring the same weights."
            )

    def provenance(self, call: str, *, seed: int | None = None) -> Provenance:
        """How a Result measured on this model, here and now, is made again.

        Args:
            call: the expression that makes it, with the model as `model`.
            seed: of whatever was random.
        """
        return Provenance(
            model=self.name,
            setup=self.code(),
            call=call,
            interventions=self.interventions,
            warnings=self.trust.warnings,
            seed=seed,
        )

    def code(self) -> str:
        """The Python that brings this model."""
        if self._code is not None:
            return self._code
        return (
            f"model = ...  # bring your {type(self.module).__name__}: mi.load(module, tokenizer=tokenizer)\n"
            f"model.require({self.fingerprint!r})"
        )

    def untrained(self, *, seed: int = 0) -> Model:
        """The same architecture with fresh random weights: the control for what training has put there.

        Args:
            seed: of the weights.
        """
        dtype = next(self.module.parameters()).dtype
        module = self._architecture.fresh(self.module, seed).eval().to(self._device, dtype)
        return Model(
            module,
            architecture=self._architecture,
            tokenizer=self._vocabulary.tokenizer,
            name=f"{self.name} (untrained)",
            code=f"{self.code()}.untrained(seed={seed})"
            if self._code
            else f"{self.code()}\nmodel = model.untrained(seed={seed})",
        )

    def release(self) -> None:
        """Take away what loading added to a module in memory; this Model runs no more afterwards."""
        with lock_of(self.module):
            self._undo()
        self._released = True

    def __repr__(self) -> str:
        c = self.config
        return (
            f"Model {self.name}: {c.n_layers} layers × {c.n_heads} heads, d_model {c.d_model}, "
            f"d_mlp {c.d_mlp}, vocabulary {c.d_vocab}, context {c.n_ctx} ({self._architecture.family})"
        )


def _sites(keep: Iterable[Site]) -> tuple[Site, ...]:
    sites = (keep,) if isinstance(keep, Site) or not isinstance(keep, Iterable) else tuple(keep)
    for site in sites:
        if not isinstance(site, Site):
            raise SiteError(f"keep= takes sites, as in keep=[at.pattern, at.resid_post[0]]; got {site!r}.")
    return sites


def _choose(logits: torch.Tensor, temperature: float, generator: torch.Generator | None) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits.float().cpu() / temperature).softmax(-1), 1, generator=generator))
