"""README's section on speed, as results.json has it.

python -m benchmarks.table     # writes it into README.md; `make bench` does so too
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
HEADING = "## Fast\n"


def section(results: dict[str, Any]) -> str:
    """The section with its heading."""
    seen = results["rows"]
    memory = results["memory"]["rows"] if "memory" in results else []
    rows = [*seen, *(row for row in memory if "against" not in row)]
    shares = [row for row in memory if "against" in row]
    trained = results["training"]["rows"] if "training" in results else []
    model = _model(results["model"], [*shares, *trained]) if "model" in results else []
    lines = [
        HEADING,
        f"In JupyterLab, on {results['machine']}; `make bench`, {results['date']}:\n",
        "| | mi_widgets | a peer | |",
        "|---|---|---|---|",
        *(f"| {row['task']} | {_side(row['ours'])} | {_peer(row)} | {_ratio(row)} |" for row in rows),
        f"\nMedians of {_counts(rows, 'ours')} runs (of peers: {_counts(rows, 'peer')}); MB is what the kernel sent.",
        f"Our first run in a fresh kernel took up to {_first(seen)}.",
        *model,
        "All runs: [benchmarks/results.json](benchmarks/results.json).\n",
    ]
    return "\n".join(lines)


def _model(results: dict[str, Any], more: list[dict[str, Any]]) -> list[str]:
    """The part on the model layer, with more rows of the same kind below."""
    rows = [*results["rows"], *more]
    counts = sorted({len(row["ours"]["rounds"]) for row in rows if row["against_s"] is not None})
    return [
        f"\nThe model layer, in float32 on {results['threads']} threads of {results['machine']}; `make bench`, "
        f"{results['date']}. Numbers are multiples of what stands beside the task:\n",
        "| | against | mi_widgets | at most | peers |",
        "|---|---|---|---|---|",
        *(
            f"| {row['task']} | {_against(row)} | {_multiple(row['ours'])} | {_bar(row)} | {_peers(row)} |"
            for row in rows
        ),
        f"\nMedians of {counts[0]} to {counts[-1]} rounds in which all took turns, in brackets their middle half;",
        "a peer's are multiples of the same in its own environment. A sweep with a forward for each cell was not run",
        "whole: its time is that of a cell in each layer, at two positions a round, times the number of cells.",
    ]


def _bar(row: dict[str, Any]) -> str:
    return str(round(row["bar"], 2)) if row["bar"] else ""


def _peers(row: dict[str, Any]) -> str:
    return "<br>".join(f"{peer['tool']}: {_multiple(peer)}" for peer in row["peers"])


def _against(row: dict[str, Any]) -> str:
    return row["against"] + ("" if row["against_s"] is None else f" ({_short(row['against_s'])} s)")


def _multiple(side: dict[str, Any]) -> str:
    low, high = side["middle"]
    spread = f" ({low:.2f}–{high:.2f})" if low != high else ""
    return f"{side['median']:.2f}{spread}"


def write(readme: Path, results: dict[str, Any]) -> None:
    """Replace the section in a README."""
    text = readme.read_text()
    if HEADING not in text:
        raise ValueError(
            f"{readme} has no section {HEADING.strip()!r}: add that heading where the table belongs"
        )
    readme.write_text(re.sub(rf"{HEADING}.*?(?=\n## |\Z)", lambda _: section(results), text, flags=re.S))


def _side(side: dict[str, Any]) -> str:
    took = f"over {side['limit_s']:.0f}" if side["median_s"] is None else _short(side["median_s"])
    sent = "" if side["megabytes"] is None else f", {_short(side['megabytes'])} MB"
    return f"{took} s{sent}"


def _peer(row: dict[str, Any]) -> str:
    return f"{row['peer']['tool']}: {_side(row['peer'])}" if row["peer"] else "none"


def _ratio(row: dict[str, Any]) -> str:
    if row["times_faster"] is None:
        return ""
    at_least = "over " if row["peer"]["median_s"] is None else ""
    return f"{at_least}{row['times_faster']:.0f} times"


def _counts(rows: list[dict[str, Any]], who: str) -> str:
    counts = {len(row[who]["runs_s"]) for row in rows if row[who]}
    return " to ".join(str(n) for n in sorted({min(counts), max(counts)})) if counts else "none"


def _first(rows: list[dict[str, Any]]) -> str:
    """Our slowest first run, which has to import, and to bring the widget's code to the page."""
    slowest = max(rows, key=lambda row: row["ours"]["runs_s"][0] or float("inf"))
    return _side({**slowest["ours"], "median_s": slowest["ours"]["runs_s"][0], "megabytes": None})


def _short(number: float) -> str:
    """Two digits, or all before the point."""
    return f"{number:.0f}" if number >= 10 else f"{number:#.2g}"


if __name__ == "__main__":
    write(ROOT / "README.md", json.loads(RESULTS.read_text()))
