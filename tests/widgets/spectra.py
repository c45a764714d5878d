"""Fourier spectra as a network that learns to add would have them, without a training."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

import mi_widgets as mi
from mi_widgets.analysis.fourier.spectrum import circles
from mi_widgets.core.results import Result
from tests.provenance import provenance_of


def spectrum(
    *,
    p: int = 59,
    keys: Sequence[int] = (4, 9, 21),
    steps: Sequence[int] = (),
    neurons: int = 0,
    model: str = "modular-addition",
    call: str = "mi.fourier.spectrum(model)",
    warnings: tuple[str, ...] = (),
) -> Result:
    """A Result of kind "fourier_spectrum": out of random embeddings come circles of a few frequencies.

    Args:
        p: How many numbers there are.
        keys: The frequencies that are learned, the strongest first.
        steps: Of a training; none for a Result without the axis.
        neurons: How many have a spectrum over a and b, each of one of the keys.
        model: Its name.
        call: The expression that makes the Result.
        warnings: What to beware of.
    """
    moments = [
        _moment(p, keys, grown, neurons) for grown in (np.linspace(0, 1, len(steps)) if steps else [1.0])
    ]
    joined = xr.concat(moments, xr.Variable("step", list(steps))) if steps else moments[0]
    return Result(
        kind="fourier_spectrum",
        title="Fourier spectrum",
        dataset=joined,
        primary="norm",
        unit="norm of the embedding",
        source="",
        provenance=provenance_of(call, model=model, warnings=warnings),
    )


def _moment(p: int, keys: Sequence[int], grown: float, neurons: int) -> xr.Dataset:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(p, 128)) * 0.06 * (1.15 - grown)
    directions = np.linalg.qr(rng.normal(size=(128, 2 * len(keys))))[0].T
    number = np.arange(p)
    embedded = noise
    for i, k in enumerate(keys):
        angle = 2 * np.pi * k * number / p
        wave = np.stack([np.cos(angle), np.sin(angle)], 1) @ directions[2 * i : 2 * i + 2]
        embedded = embedded + grown / (1 + 0.4 * i) * wave
    tensor = torch.tensor(embedded, dtype=torch.float32)
    norms = (mi.fourier.basis(p) @ tensor).norm(dim=1)
    x, y = circles(tensor)
    frequency = np.arange(1, (p - 1) // 2 + 1)
    share = np.zeros(len(frequency))
    share[[k - 1 for k in keys]] = grown**4 * np.arange(len(keys), 0, -1) / sum(range(len(keys) + 1))
    variables = {
        "norm": ("frequency", torch.hypot(norms[1::2], norms[2::2]).numpy()),
        "share": ("frequency", share, {"units": "share of variance"}),
        "key": ("frequency", share >= 0.01, {"units": "whether"}),
        "x": (("frequency", "number"), x.numpy(), {"units": "embedding"}),
        "y": (("frequency", "number"), y.numpy(), {"units": "embedding"}),
        "loss": ((), np.log(p) * (1 - grown) + 2.4e-7, {"units": "nats"}),
        "accuracy": ((), round(grown**2, 3), {"units": "share of pairs"}),
        "chance": ((), 1 / p, {"units": "share of pairs"}),
    }
    coords: dict = {"frequency": frequency, "number": number}
    if neurons:
        names = ["1", *(f"{wave} {k}" for k in frequency for wave in ("cos", "sin"))]
        targets = [f"neuron {i}" for i in range(neurons)]
        coords |= {"target": targets, "component_a": names, "component_b": names}
        planes = [_plane(p, keys[i % len(keys)], grown, rng) for i in range(neurons)]
        variables["spectrum"] = (
            ("target", "component_a", "component_b"),
            np.stack(planes),
            {"units": "size"},
        )
    return xr.Dataset(variables, coords=coords)


def _plane(p: int, k: int, grown: float, rng: np.random.Generator) -> np.ndarray:
    angle = 2 * np.pi * k * np.arange(p) / p
    waves = np.cos(angle + 0.7)[:, None] + np.cos(angle + 0.7)
    activation = np.maximum(0, grown * waves + 0.3 * (1 - grown) * rng.normal(size=(p, p)) + 0.2)
    basis = mi.fourier.basis(p).numpy()
    return np.abs(basis @ activation @ basis.T)
