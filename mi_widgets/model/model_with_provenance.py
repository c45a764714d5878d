"""`ModelWithProvenance`: a model core, what was found at load, and how what is measured on it is made again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import ref

from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import DifferentModel, PromptError, SiteError, UnsupportedModel
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Stack
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Block, Call, Placeholder, Record
from mi_widgets.core.recording import moment
from mi_widgets.core.script import Script, expression_of
from mi_widgets.core.sites import Site

from .architectures import Weights, change_before
from .architectures.writing import Writing
from .dictionary_warnings import dictionary_warnings
from .fingerprint import Fingerprints, WeightState, require_line
from .model_core import ModelCore
from .observation import block_output
from .parts import Parts
from .tokens import TokenizedPrompts
from .trust import Findings, Trust
from .writing_checks import HEADS, NEURONS


def state_of(record: Record) -> object:
    """What tells the record of a model from that of the same one with other weights."""
    return record.token if isinstance(record, Placeholder) else id(record)


class ModelWithProvenance(ModelCore):
    """What a run, a continuation and a sweep know of a model.

    Args:
        parts: the module, made ready.
        findings: what its examination has found.
        record: the call that loaded it; None for a module of the user's.
    """

    def __init__(self, parts: Parts, findings: Findings, record: Call | None) -> None:
        super().__init__(parts)
        self._findings, self._loaded = findings, record
        self._fingerprints = Fingerprints(parts.module, findings.moving)
        self._loaded_with = WeightState.of(parts.module, findings.moving)
        self._at: tuple[object, Record] | None = None  # the last moment in which its record was asked for
        self.trust = Trust(self.name, lambda: self.record, findings.checks)

    def layers_of(self, site: Site) -> tuple[int | None, ...]:
        """The layers that a site names.

        Raises:
            SiteError: the model has no such site, or it was not found there when the model was examined.
        """
        layers, unreadable = super().layers_of(site), self._findings.unreadable
        for layer in layers:
            if (site.name, layer) in unreadable:
                which = f"at.{site.name}" if layer is None else f"at.{site.name}[{layer}]"
                raise SiteError(f"{which} of {self.name}: {unreadable[site.name, layer]}. See model.trust.")
        return layers

    def tokenize(
        self, prompt: Prompt, *, padding_side: str | None = None, attention_mask: Any = None
    ) -> TokenizedPrompts:
        """As in `ModelCore`.

        Raises:
            PromptError: also of prompts of several lengths, where padding on their side changes what they give.
        """
        found = super().tokenize(prompt, padding_side=padding_side, attention_mask=attention_mask)
        side, wrong = "left" if found.left else "right", self._findings.mispads
        if side in wrong and not bool(found.mask.all()):
            other = "" if len(wrong) > 1 else ", or pad on the other side, with padding_side="
            raise PromptError(
                f"Padding on the {side} changes what a prompt gives in {self.name} (see model.trust), and here are "
                f"prompts of {min(found.lengths)} to {max(found.lengths)} tokens: run prompts of one length{other}."
            )
        return found

    @property
    def continues(self) -> bool:
        """Whether it can be continued token by token."""
        return self._findings.continues

    @property
    def resumes(self) -> bool:
        """Whether a pass can begin at a layer: its layers hand on the stream and nothing else that counts."""
        return self._findings.resumes

    @property
    def looks_ahead(self) -> bool:
        """Whether a token sees those after it: then its logits are no forecast of the next."""
        return self._findings.looks_ahead

    @property
    def weights(self) -> Weights:
        """The matrices that read and write the residual stream, by the field's names, norms folded in.

        Raises:
            UnsupportedModel: it has no such matrices, or they are not all of what it does.
        """
        self._check_parts(HEADS)
        return super().weights

    def heads_write(self, layer: int) -> Writing:
        """How the heads of a layer write.

        Raises:
            UnsupportedModel: what single heads write cannot be told.
        """
        self._check_parts(HEADS)
        return self.architecture.heads_write(self.module, layer)

    def neurons_write(self, layer: int) -> Writing:
        """How the neurons of a layer write.

        Raises:
            UnsupportedModel: what single neurons write cannot be told.
        """
        self._check_parts(NEURONS)
        return self.architecture.neurons_write(self.module, layer)

    def _check_parts(self, parts: str) -> None:
        if parts in self._findings.apart:
            raise UnsupportedModel(
                f"What single {parts} of {self.name} write cannot be told by its weights: "
                f"{self._findings.apart[parts]} (see model.trust). What a run keeps is right all the same, and "
                'so is direct_logit_attribution by="sublayer".'
            )

    def block_output(self, resid: Tensor) -> Any:
        """A residual stream as a layer of this model gives it out."""
        return block_output(resid, self._findings.layer_gives)

    @property
    def fingerprint(self) -> str:
        """The hash of all weights as they are now, as `"sha256:…"`; computed once until one of them is seen to change.

        Seen is every change, but for one through `.data` to a few numbers of a large model.
        """
        return self._fingerprints.now()

    @checked
    def require(self, fingerprint: str) -> None:
        """Raise `DifferentModel` unless the weights are those that some code was written for."""
        if self.fingerprint != fingerprint:
            raise DifferentModel(
                f"This code was written for a model with weights {fingerprint[:19]}…; this one has "
                f"{self.fingerprint[:19]}…. Bring the same weights."
            )

    @property
    def record(self) -> Record:
        """How it came here, with the weights that it has now.

        A module of the user's is theirs to bring, and so is one that they have changed after it was loaded by its name.
        """
        now, last = moment.get(), self._at
        if now is None or last is None or last[0] is not now:
            self._at = last = now, self._made()
        return last[1]  # not what another thread may have put there since

    def _made(self) -> Record:
        seen, fingerprints = WeightState.of(self.module, self._findings.moving), ref(self._fingerprints)
        if self._loaded is None:
            given = "" if self.tokenizer is None else ", tokenizer=tokenizer"
            if self.named_tokens.names is not None:
                given = ", vocabulary=vocabulary"
            bos = "" if self.bos is None else f", bos={self.bos}"
            what = f"your {type(self.module).__name__}: mi.load(module{given}{bos})"
        elif seen.tracked and seen.same_as(self._loaded_with):
            return self._loaded
        else:
            name = expression_of(self._loaded)
            what = (
                f"{name} as you changed it: its weights are no longer those of that name"
                if seen.tracked
                else f"{name}, or what became of it: nothing tells whether its weights were changed"
            )
        return Placeholder(
            what,
            "model",
            check=lambda name, hash_weights: require_line(
                fingerprints, seen, name, hash_weights=hash_weights
            ),
            token=seen.key,
        )

    @property
    def block(self) -> Block | None:
        """The interventions that are active here and now, for what is recorded in them."""
        active = self.interventions
        return Block(self.record, active) if active else None

    def provenance(
        self,
        *,
        seed: int | None = None,
        sites: Iterable[str] = (),
        under: Stack | None = None,
        tried: Stack | None = None,
    ) -> Provenance:
        """What a Result measured on this model says of how it was made.

        Args:
            seed: of whatever was random.
            sites: the names of the sites that were read, for their warnings, beside the logits and what is changed.
            under: the interventions that it was measured under; by default those that are active here and now.
            tried: what was done to the model to see what comes of it, for its warnings.
        """
        active = self.interventions if under is None else under
        changed = [*active, *(tried or ())]
        read = {*sites, *(intervention.site.name for intervention in changed)}
        latents = [(i.site.latents.dictionary, i.site) for i in changed if i.site.latents is not None]
        warned = [text for dictionary, site in latents for text in self.warnings_of(dictionary, site)]
        warnings = dict.fromkeys((*self.trust.warnings_for(read), *warned))
        return Provenance(self.name, interventions=active, warnings=tuple(warnings), seed=seed)

    def warnings_of(self, dictionary: Any, site: Site) -> tuple[str, ...]:
        """What to beware of where a dictionary reads this model at a site."""
        path = getattr(getattr(self.module, "config", None), "_name_or_path", "")
        normed, change = self.architecture.normed_writes, change_before(site.written, self.architecture)
        return dictionary_warnings((self.name, path), dictionary, site, normed_writes=normed, change=change)

    def code(self) -> str:
        """The Python that brings this model, without imports; it ends by making sure of the weights."""
        script = Script()
        script.assign(self.record, "model")
        return "\n".join(script.body())
