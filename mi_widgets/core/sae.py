"""`SAE`: a sparse autoencoder, which writes activations as sums of a few out of many directions."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from .argument_types import argument_type, checked
from .directions import Direction
from .errors import DictionaryError, SiteError
from .provenance import Provenance
from .record import Call, Part, Placeholder, Record
from .recording import serial
from .results import Result
from .script import expression_of
from .sites import Site
from .whole_numbers import whole

Kind = Literal["topk", "batch_topk", "jumprelu", "l1"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_THRESHOLDED = ("batch_topk", "jumprelu")


@argument_type("mi.sae.load(name)")
@checked
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SAE:
    """A sparse autoencoder: `decode(encode(x))` is nearly `x`, and few latents are not zero.

    `encode(x)` is `(x - b_dec) @ W_enc + b_enc`, of which is kept: the `k` largest, if they are positive (`"topk"`);
    what exceeds the `threshold` (`"jumprelu"`, and `"batch_topk"` once it is trained); what is positive (`"l1"`).
    `decode(z)` is `z @ W_dec + b_dec`.

    Sources: Bricken et al. 2023 ("Towards monosemanticity"; l1); Gao et al. 2024 (arXiv:2406.04093; top-k); Bussmann et
    al. 2024 (arXiv:2412.06410; batch top-k); Rajamanoharan et al. 2024 (arXiv:2407.14435; JumpReLU).

    Attributes:
        W_enc, b_enc, W_dec, b_dec: see above; SAELens's names and layout.
        kind: which latents fire, one of `KINDS`.
        k: how many fire at a token (`"topk"`), or on average in training (`"batch_topk"`).
        threshold: of each latent.
        subtracts_b_dec: whether `encode` takes `b_dec` away first; autoencoders from elsewhere need not.
        site: what it was trained on, or None.
        model: the name of the model that it was trained on, or "".
        history: how its training went, a Result (step), or None.
    """

    W_enc: Float[Tensor, "d_in d_sae"]
    b_enc: Float[Tensor, " d_sae"]
    W_dec: Float[Tensor, "d_sae d_in"]
    b_dec: Float[Tensor, " d_in"]
    kind: Kind
    k: int | None = None
    threshold: Float[Tensor, " d_sae"] | None = None
    subtracts_b_dec: bool = True
    site: Site | None = None
    model: str = ""
    history: Result | None = None
    # No argument, so that what `dataclasses.replace` makes of it does not say that it was made as this one was.
    _record: Record | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DictionaryError(f"kind={self.kind!r}: the kinds are {', '.join(KINDS)}.")
        d_in, d_sae = self.W_enc.shape if self.W_enc.ndim == 2 else (0, 0)
        wanted = {"b_enc": (d_sae,), "W_dec": (d_sae, d_in), "b_dec": (d_in,)}
        wanted |= {"threshold": (d_sae,)} if self.kind in _THRESHOLDED else {}
        for name, shape in wanted.items():
            found = getattr(self, name)
            if found is None or tuple(found.shape) != shape or not shape[0]:
                got = "none" if found is None else tuple(found.shape)
                raise DictionaryError(
                    f"{name} must have shape {shape}, as W_enc (d_in, d_sae) is {tuple(self.W_enc.shape)}; got {got}."
                )
        k = whole(self.k)
        if self.kind == "topk" and not 0 < (k or 0) <= d_sae:
            raise DictionaryError(f"k must be a whole number from 1 to d_sae, {d_sae}; got {self.k!r}.")
        object.__setattr__(self, "k", self.k if k is None else k)

    @property
    def d_in(self) -> int:
        """The width of the activations."""
        return self.W_enc.shape[0]

    @property
    def d_sae(self) -> int:
        """How many latents."""
        return self.W_enc.shape[1]

    @checked
    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """How strongly each latent fires, from 0; in the activations' dtype, computed in the dictionary's."""
        before = self.pre_activations(x)
        if self.kind == "topk":
            kept = before.topk(self.k, dim=-1)  # type: ignore[arg-type]
            found = torch.zeros_like(before).scatter(-1, kept.indices, kept.values.relu())
        elif self.threshold is not None:
            found = before.relu() * (before > self.threshold.to(before))
        else:
            found = before.relu()
        return found.to(x.dtype)

    @checked
    def pre_activations(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """What is there before it is decided which latents fire.

        Raises:
            DictionaryError: activations of another width.
        """
        if x.shape[-1] != self.d_in:
            raise DictionaryError(
                f"{self!r} reads activations of width {self.d_in}; these have shape {tuple(x.shape)}."
            )
        W, b = self.W_enc.to(x.device), self.b_enc.to(x.device)
        x = x.to(W.dtype)
        return (x - self.b_dec.to(x) if self.subtracts_b_dec else x) @ W + b

    @checked
    def decode(self, latents: Float[Tensor, "*batch d_sae"]) -> Float[Tensor, "*batch d_in"]:
        """The activations that some latents stand for."""
        exact = latents.to(self.W_dec.dtype)
        return (exact @ self.W_dec.to(exact.device) + self.b_dec.to(exact.device)).to(latents.dtype)

    def __call__(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_in"]:
        """The reconstruction of some activations."""
        return self.decode(self.encode(x))

    def direction(self, latent: int) -> Direction:
        """What a latent adds to the activation where it fires at 1: a row of `W_dec`, for `mi.steer` and the like.

        Args:
            latent: which.

        Raises:
            SiteError: no such latent.
            DictionaryError: it does not say where it was trained.
        """
        if self.site is None:
            raise DictionaryError(
                f"{self!r} does not say where it reads: mi.steer(site, sae.W_dec[{latent}])."
            )
        chosen = self.site.latent(self, latent).latents  # which checks the number
        if chosen is None or not isinstance(chosen.index, int):
            raise SiteError(f"{self!r}.direction takes one latent, 0 to {self.d_sae - 1}; got {latent!r}.")
        latent = chosen.index
        call = Call("direction", (("", latent),), of=self.record, places=("latent",))
        return Direction(self.W_dec[latent].float(), site=self.site, provenance=Provenance(self.model, call))

    @checked
    def to(self, where: torch.device | torch.dtype | str) -> SAE:
        """On another device, or with another dtype."""
        moved: dict[str, Any] = {
            part.name: value.to(where)
            for part in fields(self)
            if isinstance(value := getattr(self, part.name), Tensor)
        }
        same = replace(self, **moved)
        if self._record is None:
            return same
        return same._made_by(Call("to", (("", where),), of=self._record, name="sae", places=("where",)))

    @property
    def record(self) -> Record:
        """How it was made; brought by the user, where nobody wrote it down."""
        return self._record or Placeholder(f"your {self!r}", "sae", token=serial(self))

    def with_record(self, record: Record) -> SAE:
        """The same, made by another call."""
        history = None if self.history is None else self.history.with_record(Part(record, ".history"))
        return replace(self, history=history)._made_by(record)

    def _made_by(self, record: Record) -> SAE:
        object.__setattr__(self, "_record", record)  # of a new one, that nobody knows yet
        return self

    def code(self) -> str:
        """The expression that loads it; `sae` where it was made otherwise."""
        record = self._record
        if not isinstance(record, Call) or record.function != "mi.sae.load":
            return "sae"
        return expression_of(record)

    def __repr__(self) -> str:
        sparse = f", k={self.k}" if self.k is not None else ""
        of = f" at {self.site!r}" if self.site is not None else ""
        model = f" of {self.model}" if self.model else ""
        return f"SAE({self.kind}{sparse}, {self.d_sae} latents of {self.d_in}{of}{model})"
