"""`Model`: a language model that can be looked into and changed while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.errors import MIError, PromptError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Intervention, Stack
from mi_widgets.core.record import Call
from mi_widgets.core.recording import made_by, recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site

from .architectures import Architecture
from .checks import examine
from .devices import device_of, dtype_of
from .fingerprint import buffer_versions
from .generate import Cancel, Plan, generate
from .graphs import check_weights_take_graphs
from .grid import Axes
from .model_core import ModelCore, as_sites
from .model_with_provenance import ModelWithProvenance
from .parts import tap_module
from .run import Generation, Run, at_padding
from .sweep import Metric, sweep
from .trust import Check
from .wrappers import as_written


@argument_type("mi.load(name)")
class Model(ModelWithProvenance):
    """A model with named sites. Made by `mi.load`."""

    @recorded
    def run(
        self,
        prompt: Prompt,
        *,
        keep: Iterable[Site] | Site = (),
        attention_mask: Any = None,
        padding_side: str | None = None,
        grad: bool = False,
        keep_on: str | torch.device | None = None,
        keep_dtype: str | torch.dtype | None = None,
    ) -> Run:
        """One forward pass under the active interventions.

        Args:
            prompt: a text, several texts, token ids, or rows of them; or what a tokenizer returns, a dict of
                `input_ids` and `attention_mask`. Text is tokenized as the tokenizer does it by default (see
                `mi.load(bos=…)`): the shipped models put `<bos>` first. Numbers are ids, never text.
            keep: the sites to keep, as in `[at.pattern, at.resid_post]`; nothing but the logits is kept
                unasked.
            attention_mask: of padded token ids: 1 at tokens, 0 at padding, (batch, pos).
            padding_side: where shorter prompts are padded, `"right"` or `"left"`; each token keeps its position. By
                default ids with a mask stay where they are, and others are padded on the right. At padding, all that a
                run kept is NaN.
            grad: keep the graph, for `run.gradient`.
            keep_on: the device for what is kept, as in `"cpu"`; where it was computed by default.
            keep_dtype: the dtype of what is kept, as in `torch.bfloat16` or `"bfloat16"`.

        Raises:
            PromptError: empty, too long, or tokens the model does not know; ids that a tokenizer has padded, without
                their mask; a mask that does not fit.
            SiteError: a site that the model does not have.
            NotEnoughMemory: what is to be kept would not fit.
        """
        if grad and (keep_on is not None or keep_dtype is not None):
            raise MIError(
                "model.run: grad=True needs the activations as they are; leave keep_on= and keep_dtype= out."
            )
        if grad:
            check_weights_take_graphs(self.module, self.name)
        place = None if keep_on is None else device_of(keep_on, "model.run: keep_on")
        dtype = dtype_of(keep_dtype, "model.run: keep_dtype")
        tokenized = self.tokenize(prompt, padding_side=padding_side, attention_mask=attention_mask)
        sites = as_sites(keep)
        keys = [(site.name, layer) for site in sites for layer in self.layers_of(site)]
        self.check_memory(sites, tokenized.ids.shape, place, dtype)
        stored = partial(Tensor.to, device=place, dtype=dtype) if place or dtype else None
        kept = self.forward(tokenized, keep=keys, stored=stored, grad=grad)
        kept["logits", None] = at_padding(kept["logits", None], tokenized.mask)
        return Run(
            self,
            prompt,
            tokenized,
            self.interventions,
            kept,
            tuple(s.everywhere for s in sites),
        )

    @checked
    def generate(
        self,
        prompt: Prompt,
        *,
        max_new_tokens: int = 20,
        temperature: float = 0.0,
        seed: int | None = None,
        keep: Iterable[Site] | Site = (),
        on_token: Callable[[Generation], object] | None = None,
        cancel: Cancel | None = None,
    ) -> Generation:
        """Continue one prompt under the active interventions, with a key-value cache.

        What is done to the prompt's positions is done once, to its tokens; a site without `.pos`, and
        `.pos("new")`, is changed in every new token too. So it is as if the whole text were run again at each step.

        Args:
            prompt: one text, or the token ids of one, or what a tokenizer returns of one.
            max_new_tokens: how many tokens to add; fewer where the model ends its text.
            temperature: 0 takes the likeliest token, 1 samples from the model's distribution.
            seed: for sampling.
            keep: sites to keep; they are read from the answer's `run`.
            on_token: called after each token with what is written so far.
            cancel: a `threading.Event`, say; when it is set, writing stops after the present token.

        Raises:
            PromptError: several prompts, or no room for the new tokens.
        """
        plan = Plan(max_new_tokens, temperature, seed, as_sites(keep), cancel)
        tokenized = self.tokenize(prompt, padding_side="left")
        if len(tokenized.ids) > 1:
            raise PromptError(
                f"generate continues one prompt; got {len(tokenized.ids)}. model.generate_batch takes several."
            )
        tell = None if on_token is None else lambda generations: on_token(generations[0])
        return generate(self, tokenized, plan, tell)[0]

    @checked
    def generate_batch(
        self,
        prompts: Prompt,
        *,
        max_new_tokens: int = 20,
        temperature: float = 0.0,
        seed: int | None = None,
        keep: Iterable[Site] | Site = (),
        on_token: Callable[[tuple[Generation, ...]], object] | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[Generation, ...]:
        """Continue several prompts at once under the active interventions: `generate` for each.

        Args:
            prompts: texts, or the token ids of each, or what a tokenizer returns of them.
            max_new_tokens: as in `generate`.
            temperature: as in `generate`.
            seed: prompt i draws with seed + i.
            keep: as in `generate`; each answer has its own `run`.
            on_token: called after each step with what is written so far, of every prompt.
            cancel: as in `generate`.
        """
        plan = Plan(max_new_tokens, temperature, seed, as_sites(keep), cancel)
        tokenized = self.tokenize(prompts, padding_side="left")
        return generate(self, tokenized, plan, on_token)

    @recorded
    def sweep(
        self,
        prompt: Prompt,
        make: Callable[[Site], Intervention | Stack],
        over: Site,
        *,
        metric: Metric,
        by: Sequence[str] | None = None,
        layers: Sequence[int] | None = None,
        positions: Sequence[int] | None = None,
        heads: Sequence[int] | None = None,
        experts: Sequence[int] | None = None,
        read: int | str = -1,
        progress: bool = True,
    ) -> Result:
        """What a metric becomes under one intervention, made at each layer and position (or head, or expert) in turn.

        As if `model.run` were called once a cell under `make(site)`, but each clean prefix is computed once, many
        cells run as one batch, and only the position that the metric reads is unembedded. The active
        interventions hold throughout.

        Args:
            prompt: one or several.
            make: from the site of one cell, as in `at.resid_pre[3].pos(5)`, to its intervention: `mi.ablate`, or
                `lambda site: mi.patch(site, clean)`.
            over: the kind of site, as in `at.resid_pre` or `at.z`.
            metric: from the logits (batch, d_vocab) at `read` to one number a prompt (batch,).
            by: the axes of the sweep, of `"layer"`, `"pos"` and `"head"` (at `at.router` `"expert"`); by default layer
                and head (or expert) where the site has any, else layer and pos.
            layers: those to sweep; all by default.
            positions: those to sweep, counted from the start of each prompt; all by default.
            heads: those to sweep; all by default.
            experts: those to sweep; all by default.
            read: the position whose logits the metric sees, a number or the text of a token; the last by default.
            progress: whether a bar shows, when it takes more than a second.

        Returns:
            Result (batch, *by) of the metric in its own unit, NaN where a prompt lacks the position, with the
            variable `clean`: the metric without the intervention.

        Raises:
            SiteError: an axis, layer, head or position that the site does not have.
            MetricError: the metric does not return one number a prompt.
        """
        axes = Axes(by, layers, positions, heads, experts)
        return sweep(self, prompt, make, over, metric=metric, axes=axes, read=read, progress=progress)

    @checked
    def untrained(self, *, seed: int = 0) -> Model:
        """The same architecture with fresh random weights: the control for what training has put there.

        Args:
            seed: of the weights.
        """
        module = self.architecture.fresh(self.module, seed).eval().to(self.device, self.dtype)
        return model_of(
            module,
            architecture=self.architecture,
            tokenizer=self.tokenizer,
            vocabulary=self.named_tokens.names,
            name=f"{self.name} (untrained)",
            record=made_by("untrained", signature(Model.untrained), {"seed": seed}, of=self.record),
            bos=self.bos,
        )

    def __repr__(self) -> str:
        c = self.config
        shared = "" if c.n_key_value_heads == c.n_heads else f" ({c.n_key_value_heads} for keys and values)"
        return (
            f"Model {self.name}: {c.n_layers} layers × {c.n_heads} heads{shared}, d_model {c.d_model}, "
            f"d_mlp {c.d_mlp}, vocabulary {c.d_vocab}, context {c.n_ctx} ({self.architecture.family})"
        )


def model_of(
    module: nn.Module,
    *,
    architecture: Architecture,
    tokenizer: Any,
    name: str,
    record: Call | None,
    bos: bool | None,
    vocabulary: Sequence[str] | None = None,
    came: Iterable[Check] = (),
) -> Model:
    """Make a module ready, examine it, and hand both over.

    Args:
        module: it is wrapped, not copied.
        architecture: its table of sites.
        tokenizer: a Hugging Face tokenizer, or None.
        name: for pictures and messages.
        record: the call that loaded it; None for a module of the user's.
        bos: whether a text gets the token that begins a text; None for what the tokenizer does.
        vocabulary: without a tokenizer, the texts of the token ids.
        came: what is good to know of how it came here.

    Raises:
        UnsupportedModel: it does not run, or gives no logits.
    """
    tokens = {"tokenizer": tokenizer, "bos": bos, "vocabulary": vocabulary}
    parts = tap_module(module, architecture=architecture, name=name, **tokens)
    core = ModelCore(parts)
    try:
        before = buffer_versions(module)
        with as_written(parts.compiled):
            findings = examine(core)
        moving = frozenset(name for name, n in buffer_versions(module).items() if before.get(name) != n)
    except BaseException:
        core.release()
        raise
    return Model(parts, replace(findings, checks=(*came, *findings.checks), moving=moving), record)
