"""One environment's part of the model layer's benchmark; the last line that it prints is what it measured, as JSON.

python -m benchmarks.model_worker ours tiny 2 41 9     # threads, rounds, rounds of sweeps
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.model_tools import METRIC, SHAPES, TOKENS, Hooks, Shape, Tool

TOLERANCE = 1e-4

Times = dict[str, list[float]]  # seconds of each tool, one number a round


def main(environment: str, shape_name: str, threads: int, rounds: int, sweep_rounds: int) -> None:
    """Check that all tools compute the same, then measure.

    Args:
        environment: "ours" or "peers".
        shape_name: one of SHAPES.
        threads: how many of them torch uses.
        rounds: how often each tool keeps its tensors.
        sweep_rounds: how often each sweeps.
    """
    torch.set_num_threads(threads)
    shape = SHAPES[shape_name]
    hooks = Hooks(shape)
    found: dict[str, Any] = {}
    if environment == "ours":
        from benchmarks.model_ours import Nnsight, Ours, work

        ours = Ours(shape)
        tools: list[Any] = [ours, Nnsight(shape)]
        found["work"] = work(ours, hooks)
    else:
        from benchmarks.model_peers import tools as peers

        tools = peers(shape)
    found["differences"] = {tool.name: difference(tool, hooks, shape) for tool in tools}
    found["lacks"] = {tool.name: tool.lacks for tool in tools if hasattr(tool, "lacks")}
    found["keep"] = interleaved(
        {hooks.name: hooks.forward, **{tool.name: tool.keep for tool in tools}}, rounds
    )
    found["sweep"] = sweeps(tools, hooks, shape, sweep_rounds)
    print(json.dumps(found))


def difference(tool: Tool, hooks: Hooks, shape: Shape) -> float:
    """By how much a tool's numbers differ from those of torch's hooks, at most.

    Raises:
        RuntimeError: by more than the tolerance, or a patched cell does not differ from an unpatched one.
    """
    (logits, kept), (expected, wanted) = tool.kept(tool.keep()), hooks.kept(hooks.keep())
    pairs = [(logits, expected)]
    for site in wanted.keys() - {getattr(tool, "lacks", None)}:
        pairs += zip(kept[site], wanted[site], strict=True)
    unpatched = hooks.forward().logits[:, -1, METRIC]
    for layer in range(shape.n_layers):
        cell = hooks.cell(layer, TOKENS - 1)
        if not (cell - unpatched).abs().min() > 100 * TOLERANCE:
            raise RuntimeError(f"Patching layer {layer} changes too little for a comparison")
        pairs.append((tool.cell(layer, TOKENS - 1), cell))
    largest = max((a - b).abs().max().item() for a, b in pairs)
    if not largest <= TOLERANCE:
        raise RuntimeError(f"{tool.name} differs from torch's hooks by {largest}")
    return largest


def interleaved(calls: dict[str, Callable[[], Any]], rounds: int) -> Times:
    """The seconds of some calls that take turns: A B C A B C …"""
    times: Times = {name: [] for name in calls}
    for turn in range(-1, rounds):  # the first round warms up
        for name, call in calls.items():
            seconds = timed(call)
            if turn >= 0:
                times[name].append(seconds)
    return times


def sweeps(tools: list[Any], hooks: Hooks, shape: Shape, rounds: int) -> Times:
    """The seconds of a whole sweep, a number a round; where each cell is a forward of its own, from a sample of cells.

    In a round every tool's sample is the same, one position in each layer, once before and once after the sweeps that
    are no samples.
    """
    times: Times = {tool.name: [] for tool in [hooks, *tools]}
    whole = [tool for tool in tools if hasattr(tool, "sweep")]
    sampled = [hooks, *(tool for tool in tools if tool not in whole)]
    chosen = torch.Generator().manual_seed(2)
    for turn in range(-1, rounds):
        took = dict.fromkeys(times, 0.0)
        for half in range(2):
            cells = list(enumerate(torch.randint(TOKENS, (shape.n_layers,), generator=chosen).tolist()))
            for tool in sampled:
                took[tool.name] += (
                    TOKENS / 2 * timed(lambda tool=tool, cells=cells: [tool.cell(*c) for c in cells])
                )
            for tool in whole if half == 0 and turn >= 0 else ():
                took[tool.name] = timed(tool.sweep)
        if turn >= 0:
            for name, seconds in took.items():
                times[name].append(seconds)
    return times


def timed(call: Callable[[], Any]) -> float:
    """Its seconds, without those that clear away what it and others left."""
    gc.collect()
    begin = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - begin
    del result
    return seconds


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
