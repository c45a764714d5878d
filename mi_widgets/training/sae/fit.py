"""What is trained of a sparse autoencoder: its weights, and what decides which latents fire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mi_widgets.core.draws import seeded

TrainedKind = Literal["topk", "batch_topk", "jumprelu", "l1"]
TRAINED_KINDS: tuple[TrainedKind, ...] = get_args(TrainedKind)
_BANDWIDTH = 0.2  # of JumpReLU's pseudo-derivative, in units of the scaled activations
_FIRST_THRESHOLD = 0.1
_REMEMBERED = 0.99  # of the threshold of batch top-k, each step
SILENT = 250  # steps after which a latent counts as dead, and may be revived
_EAGER = 0.02  # how fast the price of firing follows, for kinds that have no fixed number


@dataclass(frozen=True)
class Step:
    """What came of some activations."""

    reconstruction: Float[Tensor, "row d_in"]
    latents: Float[Tensor, "row d_sae"]
    price: Float[Tensor, ""]  # of firing, to be added to the squared error


class Fit(nn.Module):
    """An autoencoder in training, on activations scaled to a mean square of 1.

    Args:
        d_in: their width.
        d_sae: how many latents.
        kind: which fire.
        k: how many do at a token: exactly, on average, or as the mean that the price of firing is set to reach.
        seed: of the first weights.
    """

    threshold: Tensor
    log_price: Tensor
    silent: Tensor
    scale: Tensor
    place: Tensor
    history: Tensor

    def __init__(self, d_in: int, d_sae: int, *, kind: TrainedKind, k: int, seed: int) -> None:
        super().__init__()
        self.kind: TrainedKind = kind
        self.k = k
        drawn = torch.randn(d_sae, d_in, generator=seeded(seed))
        directions = drawn / drawn.norm(dim=-1, keepdim=True)
        self.W_enc, self.b_enc = nn.Parameter(directions.T.clone()), nn.Parameter(torch.zeros(d_sae))
        self.W_dec, self.b_dec = nn.Parameter(directions), nn.Parameter(torch.zeros(d_in))
        if kind == "jumprelu":
            self.log_threshold = nn.Parameter(torch.full((d_sae,), _FIRST_THRESHOLD).log())
        self.register_buffer("threshold", torch.zeros(()))  # of batch top-k
        self.register_buffer("log_price", torch.tensor(-5.0))
        self.register_buffer("silent", torch.zeros(d_sae, dtype=torch.long))  # steps since each latent fired
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("place", torch.zeros(2, dtype=torch.long))  # the next row: block, number
        self.register_buffer("history", torch.zeros(0))  # see `Progress`

    def forward(self, x: Float[Tensor, "row d_in"]) -> Step:
        """Reconstruct."""
        before = torch.addmm(self.b_enc, x - self.b_dec, self.W_enc)
        free = torch.zeros(())
        match self.kind:
            case "topk":
                kept = before.topk(self.k, dim=-1, sorted=False)
                latents = torch.zeros_like(before).scatter(-1, kept.indices, kept.values.relu())
            case "batch_topk":
                flat = before.relu().flatten()
                many = flat.topk(min(self.k * len(x), flat.numel()), sorted=False)
                latents = torch.zeros_like(flat).scatter(0, many.indices, many.values).view_as(before)
                self._remember(many.values.detach())
            case "jumprelu":
                threshold = self.log_threshold.exp()
                latents = _JumpReLU.apply(before, threshold)
                free = self.log_price.exp() * _Fires.apply(before, threshold).sum(-1).mean()
            case "l1":
                latents = before.relu()
                free = self.log_price.exp() * latents.sum(-1).mean()
        return Step(torch.addmm(self.b_dec, latents, self.W_dec), latents, free)

    def _remember(self, kept: Tensor) -> None:
        """The least that fires, over many batches: the threshold that takes the batch's place afterwards."""
        positive = kept[kept > 0]
        if len(positive):
            least = positive.min()
            before = self.threshold
            self.threshold = torch.where(before > 0, _REMEMBERED * before + (1 - _REMEMBERED) * least, least)

    @property
    def dead(self) -> Int[Tensor, " dead"]:
        """The latents that have long been silent, by their numbers."""
        return torch.nonzero(self.silent >= SILENT)[:, 0]

    @torch.no_grad()
    def after(self, latents: Float[Tensor, "row d_sae"]) -> None:
        """What is done after each step of the optimiser: unit directions, who fired, the price."""
        self.W_dec /= self.W_dec.norm(dim=-1, keepdim=True).clamp_min(1e-8)
        self.silent += 1
        self.silent[latents.amax(0) > 0] = 0
        if self.kind in ("jumprelu", "l1"):
            over = float((latents > 0).sum()) / len(latents) / self.k - 1
            self.log_price += _EAGER * max(-1.0, min(1.0, over))

    @torch.no_grad()
    def revive(
        self, x: Float[Tensor, "row d_in"], step: Step, dead: Tensor, optimizer: torch.optim.Optimizer
    ) -> None:
        """Give latents that have long been silent to the activations that are reconstructed worst.

        After Bricken et al. 2023, appendix "Neuron resampling", but chosen by rank and not drawn.

        Args:
            x: activations.
            step: what came of them.
            dead: the latents, by their numbers.
            optimizer: whose averages of them are set to 0.
        """
        error = x - step.reconstruction
        worst = error.square().sum(-1).topk(min(len(dead), len(x))).indices
        dead = dead[: len(worst)]
        directions = error[worst] / error[worst].norm(dim=-1, keepdim=True).clamp_min(1e-8)
        alive = self.silent == 0
        length = self.W_enc[:, alive].norm(dim=0).mean() if alive.any() else 1.0
        self.W_dec[dead] = directions
        self.W_enc[:, dead] = (directions * length).T
        self.b_enc[dead] = 0.0
        if self.kind == "jumprelu":
            self.log_threshold[dead] = torch.tensor(_FIRST_THRESHOLD).log()
        self.silent[dead] = 0
        for parameter, axis in ((self.W_dec, 0), (self.W_enc, 1), (self.b_enc, 0)):
            for average in optimizer.state.get(parameter, {}).values():
                if average.shape == parameter.shape:
                    average.index_fill_(axis, dead, 0.0)


class _JumpReLU(torch.autograd.Function):
    """`x` where it exceeds the threshold, else 0; Rajamanoharan et al. 2024 (arXiv:2407.14435), section 4."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, threshold: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(x, threshold)
        return x * (x > threshold)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        x, threshold = ctx.saved_tensors
        near = ((x - threshold).abs() < _BANDWIDTH / 2).to(g)
        return g * (x > threshold), (-(threshold / _BANDWIDTH) * near * g).sum(0)


class _Fires(torch.autograd.Function):
    """1 where `x` exceeds the threshold, else 0; the threshold's gradient by the same kernel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, threshold: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(x, threshold)
        return (x > threshold).to(x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        x, threshold = ctx.saved_tensors
        near = ((x - threshold).abs() < _BANDWIDTH / 2).to(g)
        return torch.zeros_like(x), (-near / _BANDWIDTH * g).sum(0)
