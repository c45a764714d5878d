"""`SAE`: a sparse dictionary, which writes activations as sums of a few out of many directions."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .argument_types import argument_type, checked
from .directions import Direction
from .errors import DictionaryError, SiteError
from .firing import COUNTED, DTYPES, KINDS, SCALINGS, THRESHOLDED, Kind, Scaling, fired, scaled, unit_of
from .provenance import Provenance
from .record import Call, Part, Placeholder, Record
from .recording import serial
from .results import Result
from .script import expression_of
from .sites import Site
from .whole_numbers import whole


@argument_type("mi.sae.load(name)")
@checked
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SAE:
    """A sparse autoencoder: `decode(encode(x))` is nearly `x`, and few latents are not zero; or a transcoder.

    `encode(x)` is `(x - b_dec) @ W_enc + b_enc`, of which is kept, by `kind`:

    - `"topk"`: the `k` largest, if they are positive; `"groupmax"`: the largest of each of `k` groups of neighbours, if
      it is positive.
    - `"jumprelu"`: what exceeds the `threshold`; `"batch_topk"` (Matryoshka ones too) once it is trained; `"gated"`,
      whose gate and magnitude share their directions, so that the gate is a threshold of the magnitude.
    - `"l1"`: what is positive; `"tanh_relu"`: the tanh of that.

    `decode(z)` is `z @ W_dec + b_dec`. A transcoder reads at `site` and says what is at `writes`, as a rule the MLP's
    input and output; with `W_skip`, `W_skip @ x` is added.

    Sources: Bricken et al. 2023 ("Towards monosemanticity"; l1); Gao et al. 2024 (arXiv:2406.04093; top-k); Bussmann et
    al. 2024 (arXiv:2412.06410; batch top-k); Bussmann et al. 2025 (arXiv:2503.17547; Matryoshka); Rajamanoharan et al.
    2024 (arXiv:2404.16014; gated, and appendix for the threshold that it is; arXiv:2407.14435; JumpReLU); Dunefsky et
    al. 2024 (arXiv:2406.11944; transcoders); Paulo et al. 2025 (arXiv:2501.18823; skip).

    Attributes:
        W_enc, b_enc, W_dec, b_dec: see above; SAELens's names and layout.
        kind: which latents fire, one of `KINDS`.
        k: how many fire at a token (`"topk"`, `"groupmax"`), or on average in training (`"batch_topk"`).
        threshold: of each latent.
        subtracts_b_dec: whether `encode` takes `b_dec` away first; not all do, and transcoders never.
        scaling: what is done to an activation before, and undone afterwards, by SAELens's words: `"layer_norm"` takes
            its mean away and divides by its standard deviation, `"constant_norm_rescale"` divides by its root mean
            square. Then, and with `W_skip`, decoding needs the activation too.
        W_skip: see above.
        groups: of a Matryoshka dictionary how many latents each level adds; else empty.
        site: what it was trained on, or None.
        writes: what a transcoder was trained to say, or None.
        model: the name of the model that it was trained on, or "".
        history: how its training went, a Result (step), or None.
    """

    W_enc: Float[Tensor, "d_in d_sae"]
    b_enc: Float[Tensor, " d_sae"]
    W_dec: Float[Tensor, "d_sae d_out"]
    b_dec: Float[Tensor, " d_out"]
    kind: Kind
    k: int | float | None = None
    threshold: Float[Tensor, " d_sae"] | None = None
    subtracts_b_dec: bool = True
    scaling: Scaling = "none"
    W_skip: Float[Tensor, "d_out d_in"] | None = None
    groups: tuple[int, ...] = ()
    site: Site | None = None
    writes: Site | None = None
    model: str = ""
    history: Result | None = None
    # No argument, so that what `dataclasses.replace` makes of it does not say that it was made as this one was.
    _record: Record | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DictionaryError(f"kind={self.kind!r}: the kinds are {', '.join(KINDS)}.")
        if self.scaling not in SCALINGS:
            raise DictionaryError(
                f"scaling={self.scaling!r}: activations are scaled by {', '.join(SCALINGS)}."
            )
        self._check_dtypes()
        self._check_shapes()
        self._check_transcoder()
        k = whole(self.k)
        if self.kind in COUNTED and not 0 < (k or 0) <= self.d_sae:
            raise DictionaryError(f"k must be a whole number from 1 to d_sae, {self.d_sae}; got {self.k!r}.")
        if self.kind == "groupmax" and self.d_sae % (k or 1):
            raise DictionaryError(
                f"k={k}: {self.d_sae} latents cannot be parted into so many groups of equal size."
            )
        object.__setattr__(self, "k", self.k if k is None else k)
        if self.groups and (sum(self.groups) != self.d_sae or min(self.groups) < 1):
            raise DictionaryError(
                f"groups={self.groups}: each level adds latents, {self.d_sae} of them all together."
            )

    def _check_dtypes(self) -> None:
        for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "W_skip"):
            value = getattr(self, name)
            if value is not None and value.dtype not in DTYPES:
                known = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)
                raise DictionaryError(
                    f"{name} is of {str(value.dtype).removeprefix('torch.')}; a dictionary computes in {known}: "
                    f"{name}.float(), for example."
                )

    def _check_shapes(self) -> None:
        d_in, d_sae = self.W_enc.shape if self.W_enc.ndim == 2 else (0, 0)
        d_out = d_in if self.W_dec.ndim != 2 or self.subtracts_b_dec else self.W_dec.shape[1]
        wanted = {"b_enc": (d_sae,), "W_dec": (d_sae, d_out), "b_dec": (d_out,)}
        wanted |= {"threshold": (d_sae,)} if self.kind in THRESHOLDED else {}
        wanted |= {} if self.W_skip is None else {"W_skip": (d_out, d_in)}
        for name, shape in wanted.items():
            found = getattr(self, name)
            if found is None or tuple(found.shape) != shape or not shape[0]:
                got = "none" if found is None else tuple(found.shape)
                raise DictionaryError(
                    f"{name} must have shape {shape}, as W_enc (d_in, d_sae) is {tuple(self.W_enc.shape)}; got {got}."
                )

    def _check_transcoder(self) -> None:
        if not self.transcodes:
            return
        if self.subtracts_b_dec or self.scaling != "none":
            raise DictionaryError(
                "A transcoder takes no b_dec away from what it reads, and does not scale it: what it writes is "
                f"something else. Got subtracts_b_dec={self.subtracts_b_dec}, scaling={self.scaling!r}."
            )
        if self.site is not None and self.writes is not None:
            layers = self.site.layer, self.writes.layer
            if None in layers or self.site.place_in_pass >= self.writes.place_in_pass:
                raise DictionaryError(
                    f"A transcoder reads before it writes, as at.mlp_in[3] is before at.mlp_out[3]; got site="
                    f"{self.site!r}, writes={self.writes!r}."
                )

    @property
    def d_in(self) -> int:
        """The width of the activations that it reads."""
        return self.W_enc.shape[0]

    @property
    def d_out(self) -> int:
        """The width of the activations that it writes: `d_in`, but for some transcoders."""
        return self.W_dec.shape[1]

    @property
    def d_sae(self) -> int:
        """How many latents."""
        return self.W_enc.shape[1]

    @property
    def transcodes(self) -> bool:
        """Whether it says of one activation what another is."""
        return self.writes is not None or self.W_skip is not None or self.d_in != self.d_out

    @checked
    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """How strongly each latent fires, from 0; in the activations' dtype, computed in the dictionary's."""
        k = None if self.k is None else int(self.k)
        return fired(self.pre_activations(x), self.kind, k, self.threshold).to(x.dtype)

    @checked
    def pre_activations(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """What is there before it is decided which latents fire.

        Raises:
            DictionaryError: activations of another width.
        """
        self._check_width(x)
        W, b = self.W_enc.to(x.device), self.b_enc.to(x.device)
        x = scaled(x.to(W.dtype), self.scaling)
        return (x - self.b_dec.to(x) if self.subtracts_b_dec else x) @ W + b

    @checked
    def decode(
        self, latents: Float[Tensor, "*batch d_sae"], x: Float[Tensor, "*batch d_in"] | None = None
    ) -> Float[Tensor, "*batch d_out"]:
        """The activations that some latents stand for.

        Args:
            latents: how strongly each fires.
            x: the activations that were encoded, where the reconstruction depends on them beyond their latents: with a
                skip connection (`W_skip`) or a `scaling`.

        Raises:
            DictionaryError: there it is not given.
        """
        exact = latents.to(self.W_dec.dtype)
        found = exact @ self.W_dec.to(exact.device) + self.b_dec.to(exact.device)
        if self.W_skip is None and self.scaling == "none":
            return found.to(latents.dtype)
        if x is None:
            why = f"scaling={self.scaling!r}" if self.W_skip is None else "a skip connection"
            raise DictionaryError(
                f"{self!r} has {why}: what it says depends on the activation too. Give it: sae.decode(latents, x), or "
                "sae(x) for both steps."
            )
        self._check_width(x)
        x = x.to(found)
        if self.W_skip is not None:
            return (found + x @ self.W_skip.to(found).T).to(latents.dtype)
        mean, size = unit_of(x, self.scaling)
        return (found * size + mean).to(latents.dtype)

    def direction_size(self, x: Float[Tensor, "*batch d_in"]) -> Tensor | float:
        """How many times a row of `W_dec` an activation gets of a latent at 1: 1, unless activations are scaled."""
        return 1.0 if self.scaling == "none" else unit_of(x.to(self.W_dec.dtype), self.scaling)[1]

    def __call__(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_out"]:
        """The reconstruction of some activations; of a transcoder what it says is at `writes`."""
        return self.decode(self.encode(x), x)

    def _check_width(self, x: Tensor) -> None:
        if x.shape[-1] != self.d_in:
            raise DictionaryError(
                f"{self!r} reads activations of width {self.d_in}; these have shape {tuple(x.shape)}."
            )

    def direction(self, latent: int) -> Direction:
        """What a latent adds to the activation where it fires at 1: a row of `W_dec`, for `mi.steer` and the like.

        Args:
            latent: which.

        Raises:
            SiteError: no such latent.
            DictionaryError: it does not say where it was trained, or its directions go over all heads.
        """
        place = self.writes if self.transcodes else self.site
        if self.site is None or place is None:
            raise DictionaryError(
                f"{self!r} does not say where it reads{' and writes' if self.transcodes else ''}: "
                f"mi.steer(site, sae.W_dec[{latent}])."
            )
        chosen = self.site.latent(self, latent).latents  # which checks the number
        if chosen is None or not isinstance(chosen.index, int):
            raise SiteError(f"{self!r}.direction takes one latent, 0 to {self.d_sae - 1}; got {latent!r}.")
        if "head" in place.axes and place.head is None:
            raise DictionaryError(
                f"{self!r}: its directions go over all heads, and {place!r} is changed head by head: "
                f"mi.steer(at.latent(sae, {latent}), 1.0)."
            )
        latent = chosen.index
        call = Call("direction", (("", latent),), of=self.record, places=("latent",))
        return Direction(self.W_dec[latent].float(), site=place, provenance=Provenance(self.model, call))

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
        kind = self.kind + (" (Matryoshka)" if self.groups else "")
        sparse = [kind, *([] if self.k is None else [f"k={self.k}"]), *self._thresholds()]
        to = f" to {self.writes!r}" if self.writes is not None else ""
        at = f" at {self.site!r}" if self.site is not None else ""
        width = self.d_in if self.d_in == self.d_out else f"{self.d_in} to {self.d_out}"
        name = ("skip " if self.W_skip is not None else "") + "transcoder, " if self.transcodes else ""
        model = f" of {self.model}" if self.model else ""
        return f"SAE({name}{', '.join(sparse)}, {self.d_sae} latents of {width}{at}{to}{model})"

    def _thresholds(self) -> list[str]:
        if self.threshold is None or self.kind not in THRESHOLDED:
            return []
        low, high = (float(x) for x in self.threshold.aminmax())
        return [f"threshold {low:.3g}" + (f" to {high:.3g}" if high > low else "")]
