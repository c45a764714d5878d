"""`Examined`: a wrapped module, what was found out about it at load, and how what is measured on it is made again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from mi_widgets.core.errors import DifferentModel, SiteError
from mi_widgets.core.results import Provenance
from mi_widgets.core.sites import Site

from .parts import Parts
from .trust import Findings, Trust
from .wrapped import Wrapped


class Examined(Wrapped):
    """What a run, a continuation and a sweep know of a model.

    Args:
        parts: the module, made ready.
        findings: what its examination has found.
        code: the Python that brings it; None for a module in memory.
    """

    def __init__(self, parts: Parts, findings: Findings, code: str | None) -> None:
        super().__init__(parts)
        self._findings, self._code = findings, code
        self.trust = Trust(self.name, self.code, findings.checks)

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

    def block_output(self, resid: Tensor) -> Any:
        """A residual stream as a layer of this model gives it out."""
        n = self._findings.layer_gives
        return (resid, *[None] * (n - 1)) if n else resid

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

    def provenance(self, call: str, *, seed: int | None = None, sites: Iterable[str] = ()) -> Provenance:
        """How a Result measured on this model, here and now, is made again.

        Args:
            call: the expression that makes it, with the model as `model`.
            seed: of whatever was random.
            sites: the names of the sites that were read, for their warnings, beside the logits and what is changed.
        """
        active = self.interventions
        read = {*sites, *(intervention.site.name for intervention in active)}
        return Provenance(
            model=self.name,
            setup=self.code(),
            call=call,
            interventions=active,
            warnings=self.trust.warnings_for(read),
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
