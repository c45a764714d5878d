"""`Told`: what the user says of a dictionary whose file is silent, and the making of it from what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import DictionaryError
from ..firing import COUNTED, KINDS, THRESHOLDED, Kind
from ..sae import SAE
from ..sites import Site

MATRICES = ("W_enc", "b_enc", "W_dec", "b_dec")


@dataclass(frozen=True)
class Told:
    """What was given beside the path; None where nothing was.

    Attributes:
        kind, k, site, writes, subtracts_b_dec: as in `SAE`.
        d_in: the width of the activations.
    """

    kind: Kind | None = None
    k: int | None = None
    site: Site | None = None
    writes: Site | None = None
    d_in: int | None = None
    subtracts_b_dec: bool | None = None

    def or_read(self, place: Path, name: str, read: Any) -> Any:
        """What a file says of something, or what the user does where it is silent.

        Raises:
            DictionaryError: both speak, and differ.
        """
        told = getattr(self, name)
        if told is None or read is None or told == read:
            return told if read is None else read
        elsewhere = (
            " To read it elsewhere, give site= to the function that does, as in mi.sae.latents(run, sae, site=…)."
            if name == "site"
            else ""
        )
        raise DictionaryError(
            f"{place} says {name}={read!r}, and you say {told!r}: {name}= is for files that do not say it.{elsewhere}"
        )


def made(place: Path, told: Told, found: Mapping[str, Any]) -> SAE:
    """A dictionary from what was read of it.

    Args:
        place: where, for messages.
        told: what the user says beside.
        found: the arguments of `SAE`, None where the file is silent, and `transcodes`.

    Raises:
        DictionaryError: something that changes numbers is said by nobody, or its parts do not fit together.
    """
    both = {
        **found,
        **{name: told.or_read(place, name, found.get(name)) for name in ("kind", "k", "site", "writes")},
    }
    subtracts = told.or_read(place, "subtracts_b_dec", found.get("subtracts_b_dec"))
    kind, threshold = both["kind"], found.get("threshold")
    transcodes = both.pop("transcodes", None)
    if transcodes and both["writes"] is None:
        raise DictionaryError(
            f"{place} is a transcoder and does not say where it writes: give writes=at.mlp_out[3], for example."
        )
    if transcodes is False and both["writes"] is not None:
        raise DictionaryError(
            f"{place} is an autoencoder, which writes where it reads; writes={both['writes']!r} is for transcoders."
        )
    if kind not in KINDS:
        raise DictionaryError(
            f"{place} does not say which of its latents fire: give kind=, one of {', '.join(map(repr, KINDS))}"
            f"{'' if kind is None else f'; got {kind!r}'}."
        )
    if kind in COUNTED and both["k"] is None:
        raise DictionaryError(f"{place} does not say how many latents fire at a token: give k=.")
    if kind in THRESHOLDED and threshold is None:
        raise DictionaryError(
            f"{place} holds no threshold, without which kind={kind!r} cannot tell which latents fire."
        )
    if subtracts is None:
        raise DictionaryError(
            f"{place} does not say whether b_dec is taken away from what is read: give subtracts_b_dec=True or False "
            "(SAELens says it in its config; dictionary_learning's JumpReLU and Gemma Scope do not take it away)."
        )
    if kind in THRESHOLDED and isinstance(threshold, Tensor):
        if threshold.numel() != 1:
            check_latents(place, found["W_enc"], threshold=threshold)
        both["threshold"] = threshold.reshape(-1).expand(found["W_enc"].shape[-1]).clone()
    else:
        both.pop("threshold", None)
    try:
        made = SAE(**{**both, "subtracts_b_dec": subtracts, "model": found.get("model") or ""})
    except DictionaryError as error:
        raise DictionaryError(f"{place} does not fit together: {error}") from error
    if told.d_in is not None and told.d_in != made.d_in:
        raise DictionaryError(
            f"{place} reads activations of width {made.d_in}; you say d_in={told.d_in}: it belongs to another model."
        )
    return made


def check_sizes(place: Path, weights: Mapping[str, Tensor], said: Mapping[str, Any]) -> None:
    """That a config's sizes are those of the tensors.

    Args:
        place: for messages.
        weights: with `W_enc` and `W_dec`.
        said: `d_in`, `d_sae`, `d_out`; None where it is silent.

    Raises:
        DictionaryError: they are not.
    """
    shapes = {
        "d_in": weights["W_enc"].shape[0],
        "d_sae": weights["W_enc"].shape[-1],
        "d_out": weights["W_dec"].shape[-1],
    }
    for name, number in said.items():
        if number is not None and number != shapes[name]:
            raise DictionaryError(
                f"{place} says {name}={number!r}, but its tensors have {shapes[name]}: they are of another dictionary."
            )


def linear(weight: Tensor) -> Tensor:
    """The weight of a linear layer, (out, in), as a matrix (in, out)."""
    return weight.T.contiguous()


def check_latents(place: Path, W_enc: Tensor, **of_each: Tensor) -> None:
    """That what holds something of each latent does so of all of them.

    Args:
        place: for messages.
        W_enc: which says how many there are.
        of_each: tensors by their names, along whose first axis the latents are; all but `W_dec` hold a number of each.

    Raises:
        DictionaryError: they do not.
    """
    if W_enc.ndim != 2:
        raise DictionaryError(
            f"{place}: W_enc must have the axes (d_in, d_sae); its shape is {tuple(W_enc.shape)}."
        )
    d_sae = W_enc.shape[1]
    for name, x in of_each.items():
        axes, wanted = (2, f"({d_sae}, d_out)") if name == "W_dec" else (1, f"({d_sae},)")
        if x.ndim != axes or x.shape[0] != d_sae:
            raise DictionaryError(
                f"{place}: {name} must have shape {wanted}, of {d_sae} latents; it has {tuple(x.shape)}."
            )


def gated(place: Path, W_enc: Tensor, r_mag: Tensor, b_gate: Tensor, b_mag: Tensor) -> dict[str, Tensor]:
    """A gated encoder as one with a threshold: its gate and its magnitude read along the same directions.

    With h = x @ W_enc, a latent fires where h + b_gate > 0, and then says relu(h·exp(r_mag) + b_mag): so it fires where
    that exceeds b_mag - b_gate·exp(r_mag).

    Source: Rajamanoharan et al. 2024 (arXiv:2404.16014), section 3.2 and the appendix on the JumpReLU that it is.
    """
    check_latents(place, W_enc, r_mag=r_mag, b_gate=b_gate, b_mag=b_mag)
    times = r_mag.exp()
    return {"W_enc": W_enc * times, "b_enc": b_mag, "threshold": b_mag - b_gate * times}


def by_length(place: Path, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same dictionary with directions of length 1: what a latent says is then as long as what it adds.

    Args:
        place: for messages.
        weights: its tensors.

    Raises:
        DictionaryError: they do not fit together.
    """
    check_latents(place, weights["W_enc"], W_dec=weights["W_dec"], b_enc=weights["b_enc"])
    length = torch.linalg.vector_norm(weights["W_dec"], dim=-1)
    grown = {name: weights[name] * length for name in ("W_enc", "b_enc")}
    return {**weights, **grown, "W_dec": weights["W_dec"] / length.clamp_min(1e-30)[:, None]}
