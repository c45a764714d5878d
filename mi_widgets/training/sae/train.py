"""`train_sae`: a sparse autoencoder of a model's activations, streamed, seeded, and able to go on after a stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.errors import DictionaryError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.core.whole_numbers import checked_seed, number_from, whole
from mi_widgets.model.model import Model
from mi_widgets.training.unfinished import UnfinishedTraining

from .activations import FromTensor, FromTexts, Source
from .fit import SILENT, TRAINED_KINDS, Fit, Step, TrainedKind
from .progress import Point, Progress

_COOLING = 0.2  # of the steps, at the end: the learning rate falls and nobody is revived
_KEPT_EVERY_S = 10.0  # seconds between two states from which a training can go on


@recorded
def train_sae(
    model: Model | None = None,
    site: Site | None = None,
    texts: Prompts | None = None,
    *,
    activations: Tensor | None = None,
    d_sae: int,
    k: int,
    kind: TrainedKind = "topk",
    n_tokens: int = 1_000_000,
    batch_size: int = 1024,
    lr: float = 2e-3,
    seed: int = 0,
    resume_file: str | Path | None = None,
    progress: bool = True,
    on_step: Callable[[Point], None] | None = None,
) -> SAE:
    """Train a sparse autoencoder on what a model has at a site, or on a tensor.

    Activations are made a block of some thousand tokens at a time and thrown away. Latents that are silent for long
    are given to what is reconstructed worst. The same seed gives the same autoencoder on one machine.

    Args:
        model: under whatever interventions are active.
        site: as in `at.resid_post[2]`, every token of it but special ones.
        texts: what the model reads, again and again until there are enough tokens.
        activations: in place of these three, (n, d_in).
        d_sae: how many latents.
        k: how many of them fire at a token: exactly (`"topk"`), on average in a batch (`"batch_topk"`), or on average
            as the price of firing is set to reach (`"jumprelu"`, `"l1"`).
        kind: which fire; see `mi.sae.SAE`.
        n_tokens: how many are read in all.
        batch_size: tokens a step.
        lr: learning rate of Adam, on activations scaled to a mean square of 1.
        seed: of the first weights and of the order.
        resume_file: for the state. Interrupted, the same call goes on from there; at the end it is removed.
        progress: whether a bar shows (loss, latents that fire, dead ones, variance explained).
        on_step: is called with how far it is, a hundred times or more.

    Returns:
        An autoencoder with directions of length 1, which knows its site, and its `history`: a Result over the steps,
        with `["l0"]`, `["dead"]` and `["variance_explained"]` beside its loss.

    Raises:
        DictionaryError: no activations or two kinds of them, k greater than d_sae, NaN in what was read.
        PromptError: texts that are no list of them.
        MIError: the file `resume_file` is of another training.
    """
    for what, number in (("d_sae", d_sae), ("k", k), ("n_tokens", n_tokens), ("batch_size", batch_size)):
        if (whole(number) or 0) < 1:
            raise DictionaryError(f"{what} must be a whole number from 1; got {number!r}.")
    if k > d_sae:
        raise DictionaryError(f"k={k}: no more latents can fire than there are, d_sae={d_sae}.")
    if kind not in TRAINED_KINDS:
        raise DictionaryError(f"kind={kind!r}: the kinds that are trained are {', '.join(TRAINED_KINDS)}.")
    checked_seed(seed)
    lr = number_from(lr, "mi.sae.train: lr", 0, more=True)
    source = _source(model, site, texts, activations, seed)
    fit = Fit(source.d_in, d_sae, kind=kind, k=k, seed=seed)
    what = "activations=x" if model is None else f"model, {site!r}, texts"
    settings = f"{what}, {d_sae=}, {k=}, {kind=}, {n_tokens=}, {batch_size=}, {lr=}, {seed=}"
    steps = -(-n_tokens // batch_size)
    told = Progress(f"{kind} autoencoder", steps, bar=progress, tell=on_step)
    fit.history = told.empty()
    state = None if resume_file is None else Path(resume_file)
    _Training(fit, steps, batch_size, lr, f"{settings} {source.stamp}", state).run(source, told)
    provenance = Provenance("") if model is None else model.provenance()
    return _folded(fit, site, told.result(replace(provenance, seed=seed)))


def _source(
    model: Model | None, site: Site | None, texts: Prompts | None, activations: Tensor | None, seed: int
) -> Source:
    if activations is not None and model is None and site is None and texts is None:
        return FromTensor(activations, seed)
    if activations is None and model is not None and site is not None and texts is not None:
        return FromTexts(model, site, texts, seed)
    raise DictionaryError(
        "mi.sae.train takes a model, a site and texts, as in mi.sae.train(model, at.resid_post[2], texts, d_sae=512, "
        "k=8); or activations=x, a tensor (n, d_in)."
    )


@contextmanager
def interrupt_deferred() -> Iterator[Callable[[], bool]]:
    """Hold an interrupt back, so that it never falls into a step: half a step is a state that no training has.

    Yields:
        Whether there was one. In threads, where no signal arrives, never.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        yield stopped.is_set
    finally:
        signal.signal(signal.SIGINT, before)


class _Training:
    """The loop.

    Args:
        fit: what is trained.
        steps: how many.
        batch_size: rows of each.
        lr: the learning rate before the end.
        of: all that the training depends on.
        resume_file: the file for its state, or None.
    """

    def __init__(
        self, fit: Fit, steps: int, batch_size: int, lr: float, of: str, resume_file: Path | None
    ) -> None:
        self._fit, self._steps, self._batch_size, self._lr, self._of = fit, steps, batch_size, lr, of
        self._optimizer = torch.optim.Adam(fit.parameters(), lr=lr)
        self._unfinished = UnfinishedTraining(resume_file) if resume_file is not None else None
        self._done, self._kept = 0, time.monotonic()

    def run(self, source: Source, told: Progress) -> None:
        """From the beginning, or from where it was interrupted."""
        if self._unfinished:
            self._done = self._unfinished.restore(of=self._of, module=self._fit, optimizer=self._optimizer)
        if not self._done:
            self._settle(source.block(0))
        with told.shown(self._done, self._fit), interrupt_deferred() as is_stopped:
            for x in self._rows(source):
                step = self._step(x)
                self._done += 1
                try:
                    told.step(self._done, x, step)
                    if is_stopped():
                        raise KeyboardInterrupt
                except KeyboardInterrupt:
                    self._keep()
                    raise
                if time.monotonic() - self._kept > _KEPT_EVERY_S:
                    self._keep()
        if self._unfinished:
            self._unfinished.remove()

    def _rows(self, source: Source) -> Iterator[Float[Tensor, "row d_in"]]:
        """The rows of each step that is left, scaled; what remains of a block is left out."""
        block, first = self._fit.place.tolist()
        while self._done < self._steps:
            rows = source.block(block)
            while self._done < self._steps and (first + self._batch_size <= len(rows) or not first):
                x = rows[first : first + self._batch_size] / self._fit.scale
                first += self._batch_size
                self._fit.place.copy_(torch.tensor([block, first]))
                yield x
            block, first = block + 1, 0

    @torch.no_grad()
    def _settle(self, x: Float[Tensor, "row d_in"]) -> None:
        """Begin where the activations are: their mean is the bias, their spread the unit."""
        mean = x.mean(0)
        self._fit.scale.copy_((x - mean).square().mean().sqrt().clamp_min(1e-8))
        self._fit.b_dec.copy_(mean / self._fit.scale)

    def _step(self, x: Float[Tensor, "row d_in"]) -> Step:
        left = 1 - self._done / self._steps
        for group in self._optimizer.param_groups:
            group["lr"] = self._lr * min(1.0, left / _COOLING)
        step = self._fit(x)
        error = (step.reconstruction - x).square().mean()
        self._optimizer.zero_grad(set_to_none=True)
        (error + step.price).backward()
        self._optimizer.step()
        self._fit.after(step.latents)
        if (self._done + 1) % SILENT == 0 and left > _COOLING:
            dead = self._fit.dead
            if len(dead):
                self._fit.revive(x, step, dead, self._optimizer)
        return step

    def _keep(self) -> None:
        if self._unfinished:
            self._unfinished.keep(of=self._of, step=self._done, module=self._fit, optimizer=self._optimizer)
        self._kept = time.monotonic()


def _folded(fit: Fit, site: Site | None, history: Result) -> SAE:
    """In the activations' own unit."""
    scale = fit.scale
    threshold = None
    if fit.kind == "batch_topk":
        threshold = fit.threshold.expand(len(fit.b_enc)) * scale
    elif fit.kind == "jumprelu":
        threshold = fit.log_threshold.detach().exp() * scale
    return SAE(
        W_enc=fit.W_enc.detach().clone(),
        b_enc=fit.b_enc.detach() * scale,
        W_dec=fit.W_dec.detach().clone(),
        b_dec=fit.b_dec.detach() * scale,
        kind=fit.kind,
        k=fit.k,
        threshold=threshold,
        site=site,
        model=history.provenance.model,
        history=history,
    )
