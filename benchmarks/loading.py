"""SmolLM2 from its GGUF file, examined and ready, beside transformers' own loading of model and tokenizer.

python -m benchmarks.loading 5     # rounds; the last line that it prints is the seconds of both, as JSON
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator

import torch
import transformers

import mi_widgets as mi
from benchmarks.model_worker import Times, interleaved
from benchmarks.process import last_line_of
from benchmarks.rows import Multiple, MultipleRow

ROUNDS, THREADS = 5, 2
BAR = 0.5
OURS, PLAIN = "mi_widgets", "transformers"
TASK = "SmolLM2-135M from its GGUF file: loaded, and every check made"
AGAINST = "transformers' loading of model and tokenizer alone"


def rows() -> Iterator[MultipleRow]:
    """One row."""
    times: Times = last_line_of(__name__, str(ROUNDS))
    ratios = [a / b for a, b in zip(times[OURS], times[PLAIN], strict=True)]
    yield MultipleRow(TASK, AGAINST, statistics.median(times[PLAIN]), Multiple(OURS, ratios), bar=BAR)


def main(rounds: int) -> Times:
    """The seconds of both, in turns."""
    torch.set_num_threads(THREADS)
    return interleaved({OURS: lambda: mi.load("smollm2-135m-instruct"), PLAIN: plain}, rounds)


def plain() -> None:
    """As transformers' documentation has it."""
    path = mi.shipped.smollm2()
    folder, file = str(path.parent), path.name
    transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
