"""Training a sparse autoencoder: its time beside a plain loop with the same arithmetic, and its memory on more tokens.

python -m benchmarks.dictionaries 11            # rounds; the last line that it prints is the seconds of both, as JSON
python -m benchmarks.dictionaries peak 50000    # tokens of atlas; the last line is the peak of the process in megabytes
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
from collections.abc import Iterator

import torch
from torch import Tensor, nn

import mi_widgets as mi
from benchmarks.model_worker import Times, interleaved
from benchmarks.process import last_line_of
from benchmarks.rows import Multiple, MultipleRow
from mi_widgets import sites as at
from mi_widgets.training.sae.train import train_sae

ROUNDS, STEPS, THREADS = 5, 400, 2
D_IN, D_SAE, K, BATCH = 160, 512, 12, 1024  # a shipped dictionary's
BAR = 1 / 0.9
TOKENS, MEMORY_BAR = 50_000, 1.05
OURS, PLAIN = "mi_widgets", "plain"
TASK = f"{STEPS} steps of a top-k autoencoder of {D_SAE} latents, on two threads"
AGAINST = "a plain PyTorch loop with the same arithmetic"


def rows() -> Iterator[MultipleRow]:
    """Two rows."""
    times: Times = last_line_of(__name__, str(ROUNDS))
    ratios = [a / b for a, b in zip(times[OURS], times[PLAIN], strict=True)]
    yield MultipleRow(TASK, AGAINST, statistics.median(times[PLAIN]), Multiple(OURS, ratios), bar=BAR)
    few, many = (last_line_of(__name__, "peak", str(tokens)) for tokens in (TOKENS, 10 * TOKENS))
    task = f"peak memory of training on {10 * TOKENS:,} tokens of a model"
    yield MultipleRow(task, f"that on {TOKENS:,}", None, Multiple(OURS, [many / few]), bar=MEMORY_BAR)


def peak(tokens: int) -> float:
    """Megabytes at the most while a model's activations are streamed into an autoencoder."""
    torch.set_num_threads(1)
    texts = [text.text for text in mi.shipped.sample_texts("atlas", "train", n=2000, seed=0)]
    train_sae(mi.load("atlas"), at.resid_post[2], texts, d_sae=64, k=4, n_tokens=tokens, progress=False)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(rounds: int) -> Times:
    """The seconds of both, in turns."""
    torch.set_num_threads(THREADS)
    x = torch.randn(STEPS * BATCH, D_IN, generator=torch.Generator().manual_seed(0))

    def ours() -> None:
        train_sae(activations=x, d_sae=D_SAE, k=K, n_tokens=len(x), batch_size=BATCH, progress=False)

    return interleaved({OURS: ours, PLAIN: lambda: plain(x)}, rounds)


def plain(x: Tensor) -> None:
    """What one would write by hand: rows in any order, top-k, unit directions, Adam."""
    directions = nn.functional.normalize(torch.randn(D_SAE, D_IN), dim=-1)
    W_enc, W_dec = nn.Parameter(directions.T.clone()), nn.Parameter(directions)
    b_enc, b_dec = nn.Parameter(torch.zeros(D_SAE)), nn.Parameter(x.mean(0))
    optimizer = torch.optim.Adam([W_enc, b_enc, W_dec, b_dec], lr=2e-3)
    for rows in x[torch.randperm(len(x))].split(BATCH):
        before = (rows - b_dec) @ W_enc + b_enc
        kept = before.topk(K, dim=-1)
        latents = torch.zeros_like(before).scatter(-1, kept.indices, kept.values.relu())
        loss = (latents @ W_dec + b_dec - rows).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            W_dec /= W_dec.norm(dim=-1, keepdim=True)


if __name__ == "__main__":
    print(json.dumps(peak(int(sys.argv[2])) if sys.argv[1] == "peak" else main(int(sys.argv[1]))))
