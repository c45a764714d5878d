"""A model that the user holds in memory, the size of GPT-2 small: gestures in panels, and what is read from a run.

The bars of a gesture: the bare round trip, one and a half forward passes, and 25 ms (median of 20). The weights are
random, so nothing is downloaded.

python -m benchmarks.memory 21     # rounds; the last line printed is the seconds of a run and of reading it, as JSON
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import bare, clicks, latents, steering
from benchmarks.cells import time_cell
from benchmarks.model_worker import Times, interleaved
from benchmarks.process import last_line_of
from benchmarks.rows import Bar, Multiple, MultipleRow, Row, Side
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

NAME = "GPT-2 small in memory"
LIMIT_S, TIMES, REPEATS, ROUNDS = 10, 20, 3, 21
FORWARDS, SPARE_S = 1.5, 0.025
PAINT_S, PAINT_LIMIT_S = 1.0, 120
SHARE_BAR = 0.25
PAUSE_MS = 3000  # until what goes on after an answer is done
TEXT = "When Mary and John went to the shop, John gave a book to"
MODEL = f"""
import torch
from transformers import GPT2Config, GPT2LMHeadModel
import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.zoo.tokenizer import SPACE, word_tokenizer

text = {TEXT!r}
swapped = "When Mary and John went to the shop, Mary gave a book to"
words = [*dict.fromkeys([*text.replace(",", "").split(), "they", "a", "box", "on", "table", "old", "man", "found"])]
pieces = ["<bos>", "<pad>", "<unk>", ",", ".", *(SPACE + word for word in words)]
config = GPT2Config()
pieces += [f"{{SPACE}}word{{i}}" for i in range(config.vocab_size - len(pieces))]
torch.manual_seed(0)
model = mi.load(GPT2LMHeadModel(config).eval(), tokenizer=word_tokenizer(pieces))
"""
PATCHING = """pair = mi.PromptPair(text, swapped, (" Mary", " John"))
panel = mi.PatchingPanel(model, pair, at.resid_pre)
panel"""
STEERING = """direction = mi.directions.mean_difference(model, [text], [swapped], at.resid_post[6], progress=False)
panel = mi.SteeringPanel(model, {"Mary": direction}, prompt=text)
panel"""
LATENTS = """draw = torch.Generator().manual_seed(0)
decoder = torch.randn(3072, 768, generator=draw)
sae = mi.sae.SAE(W_enc=decoder.T / 768**0.5, b_enc=torch.zeros(3072), W_dec=decoder, b_dec=torch.zeros(768),
             kind="topk", k=16, site=at.resid_post[6])
panel = mi.LatentsPanel(model, sae, prompt=text)
panel"""
SENTENCE = "the old man found a box on the table, and they went to the shop. the old man gave a book to John, and they"
TEXTS = [SENTENCE[:i] for i, letter in enumerate(SENTENCE) if letter == " "][2 : 2 + TIMES]


def rows(lab: JupyterLab, folder: Path) -> Iterator[Row]:
    """What is seen in JupyterLab; the lab serves the folder."""
    write_notebook(folder / "memory.ipynb", [MODEL, bare.ECHO, "Echo()"])
    with lab.open("memory.ipynb") as notebook:
        notebook.run_all()
        forward = bare.forward(notebook, "model.run(text)")
        back = bare.round_trip(notebook)
        for gesture, tool, panel, painted, seconds_of in (
            (
                "move a slider until the next token is shown",
                "SteeringPanel",
                STEERING,
                ".mi-steering",
                _moved,
            ),
            ("type a text until its latents are shown", "LatentsPanel", LATENTS, ".mi-latents", _typed),
        ):
            seconds = _gestures(notebook, panel, painted, seconds_of)
            yield _row(gesture, tool, seconds, back, forward)
        yield Row(f"{NAME}: paint a grid of patches", _painted(notebook), bar=Bar(seconds=PAINT_S))
        seconds = clicks.clicked(notebook, TIMES, pause_ms=PAUSE_MS)  # on the last of these panels
        yield _row("click a cell until its patch is answered", "PatchingPanel", seconds, back, forward)


def _row(gesture: str, tool: str, seconds: list[float | None], back: float, forward: float) -> Row:
    bar = Bar(seconds=back + FORWARDS * forward + SPARE_S)
    task = f"{NAME}: {gesture} {bare.told(back, forward)}"
    return Row(task, Side(tool, seconds, LIMIT_S), bar=bar)


def _gestures(
    notebook: Notebook, panel: str, painted: str, seconds_of: Callable[[Notebook], list[float | None]]
) -> list[float | None]:
    """Show a panel, alone on the page, and take the time of gestures on it once it has said all."""
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.append(panel)
    notebook.command("notebook:run-cell", timeout_s=300)
    notebook.painted(painted, timeout_s=60)
    notebook.run_cell("panel.wait(120)", timeout_s=150)
    return seconds_of(notebook)


def _moved(notebook: Notebook) -> list[float | None]:
    return notebook.page.evaluate(steering.MOVE, [TIMES, LIMIT_S, PAUSE_MS])


def _typed(notebook: Notebook) -> list[float | None]:
    return notebook.page.evaluate(latents.TYPE, [TEXTS, LIMIT_S, PAUSE_MS])


def _painted(notebook: Notebook) -> Side:
    """Of a panel that is made anew each time, when the one before has computed all."""
    sides = []
    for _ in range(REPEATS):
        painted = "(cell) => cell.querySelector('.mi-heat[data-painted]') !== null"
        sides.append(
            time_cell(
                notebook, PATCHING, tool="PatchingPanel", painted=painted, repeats=1, limit_s=PAINT_LIMIT_S
            )
        )
        notebook.run_cell("panel.wait(300)", timeout_s=600)
    megabytes = statistics.median(side.megabytes or 0 for side in sides)
    return Side("PatchingPanel", [s for side in sides for s in side.runs_s], PAINT_LIMIT_S, megabytes)


def shares() -> Iterator[MultipleRow]:
    """What is read from a run, as a share of that run."""
    times: Times = last_line_of(__name__, str(ROUNDS))
    run = times.pop("the run")
    for name, seconds in times.items():
        multiple = Multiple("mi_widgets", [a / b for a, b in zip(seconds, run, strict=True)])
        yield MultipleRow(
            f"{NAME}: {name}", "the run that it reads", statistics.median(run), multiple, bar=SHARE_BAR
        )


def main(rounds: int, model: str = MODEL) -> Times:
    """The seconds of a run and of what reads it, in turns.

    Args:
        rounds: how many.
        model: Python that brings `model` and `text`.
    """
    names: dict[str, Any] = {}
    exec(model, names)
    mi, at, loaded, text = (names[name] for name in ("mi", "at", "model", "text"))

    def new_run() -> Any:
        return loaded.run(text, keep=[at.pattern])

    run = new_run()
    return interleaved(
        {
            "the run": new_run,
            "`run.next_tokens()`": run.next_tokens,
            "`mi.attention(run)`": lambda: mi.attention(run),
        },
        rounds,
    )


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
