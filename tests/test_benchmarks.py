"""README says what was measured, and what was measured reaches its bars."""

import json
import re

import pytest
import torch

from benchmarks import __main__ as command
from benchmarks import (
    against,
    attention,
    dictionaries,
    imports,
    latents,
    lens_networks,
    loading,
    memory,
    model_layer,
    model_worker,
    process,
    scrubber,
    steering,
    table,
    training,
)
from benchmarks.model_ours import Nnsight, Ours, work
from benchmarks.model_tools import TOKENS, Hooks, Shape
from benchmarks.rows import Bar, Multiple, MultipleRow, Row, Side

RESULTS = json.loads(table.RESULTS.read_text())
SMALL = Shape(n_layers=2, d_model=32, n_heads=2, d_vocab=50)


def test_readmes_section_is_what_results_json_renders(tmp_path):
    readme = (table.ROOT / "README.md").read_text()
    assert table.section(RESULTS) in readme
    assert RESULTS["date"] in readme
    copy = tmp_path / "README.md"
    copy.write_text(readme)
    table.write(copy, RESULTS)
    assert copy.read_text() == readme  # nothing else is touched
    copy.write_text("# Another\n")
    with pytest.raises(ValueError, match="has no section '## Fast'"):
        table.write(copy, RESULTS)


def test_what_was_measured_reaches_its_bars():
    [(*_, bar)] = [size for size in attention.SIZES if size[0] == 512]
    [row] = [row for row in RESULTS["rows"] if row["task"].startswith("12 heads, 512 tokens")]
    assert row["ours"]["median_s"] <= bar.seconds
    assert row["ours"]["megabytes"] <= bar.megabytes
    assert row["times_faster"] >= bar.times_faster
    seconds = {row["task"].split(" (bare")[0]: row["ours"]["median_s"] for row in RESULTS["rows"]}
    for scene in scrubber.SCENES:
        assert seconds[scene.task] <= scrubber.BAR_S
    assert seconds["paint a dashboard of 768 latents"] <= latents.PAINT_S
    assert seconds["move a slider until the next token is shown"] <= steering.MOST_S
    for when in steering.BESIDE:
        assert seconds[f"drag it for 3 s, {when}, until the last move is shown"] <= steering.RELEASE_S


def test_what_was_measured_of_the_model_layer_reaches_its_bars():
    rows = RESULTS["model"]["rows"]
    large, tiny = (
        [model_layer.KEEP_BARS[name], model_layer.SWEEP_BARS[name], model_layer.WORK_BAR]
        for name in model_layer.NAMES
    )
    assert [row["bar"] for row in rows] == [*large, *tiny, model_layer.IMPORT_BAR, None]
    for row in rows:
        assert row["bar"] is None or row["ours"]["median"] <= row["bar"], row["task"]


def test_what_was_measured_of_training_reaches_its_bar():
    row = next(row for row in RESULTS["training"]["rows"] if row["task"] == training.TASK)
    assert row["bar"] == training.BAR
    assert row["ours"]["median"] <= training.BAR


def test_what_was_measured_of_a_model_in_memory_reaches_its_bars():
    rows = {row["task"].split(" (bare")[0].partition(": ")[2]: row for row in RESULTS["memory"]["rows"]}
    for read in ("`run.next_tokens()`", "`mi.attention(run)`"):
        assert rows[read]["ours"]["median"] <= memory.SHARE_BAR
    assert rows["paint a grid of patches"]["ours"]["median_s"] <= memory.PAINT_S
    gestures = [row for row in RESULTS["memory"]["rows"] if "(bare round trip" in row["task"]]
    assert len(gestures) == 3
    for row in gestures:
        back, forward = (int(ms) / 1000 for ms in re.findall(r"(\d+) ms", row["task"]))
        assert row["ours"]["median_s"] <= back + memory.FORWARDS * forward + memory.SPARE_S + 0.001, row[
            "task"
        ]


def test_a_row_takes_medians_and_counts_a_peer_that_gave_up_at_its_limit():
    ours = Side("ours", [0.5, 0.1, 0.2], 10, 1.0)
    row = Row("draw", ours, Side("peer 1.0", [None], 10), Bar(0.2, megabytes=1, times_faster=50))
    assert ours.median_s == 0.2
    assert row.times_faster == 50
    assert row.missed() is None
    assert "10 s" in table.section({"date": "", "machine": "", "rows": [row.as_json()]})
    assert "over 50 times" in table.section({"date": "", "machine": "", "rows": [row.as_json()]})


@pytest.mark.parametrize("bar", [Bar(0.1), Bar(1, megabytes=0.5), Bar(1, times_faster=6)])
def test_a_row_says_which_bar_it_missed(bar):
    row = Row("draw", Side("ours", [0.2], 10, 1.0), Side("peer", [1.0], 10), bar)
    assert "draw: the bar is" in row.missed()


def test_a_row_needs_no_peer():
    row = Row("scrub", Side("ours", [0.04, 0.02, 0.03], 10))
    assert row.times_faster is None
    section = table.section({"date": "", "machine": "", "rows": [row.as_json()]})
    assert "| scrub | 0.030 s | none |  |" in section
    assert "up to 0.040 s" in section


@pytest.mark.parametrize(
    ("rounds", "slower"),
    [([1.3] * 9, True), ([1.1] * 9, False), ([0.5, 0.6, 0.9, 1.2, 1.2, 1.3, 3.0, 4.0, 5.0], False)],
)
def test_old_and_new_code_differ_where_both_the_median_and_its_interval_say_so(rounds, slower):
    ratio = against.Ratio("draw", 0.1, Multiple("new", rounds))
    low, high = ratio.interval
    assert low <= ratio.new.median <= high
    assert bool(ratio.missed()) == slower
    assert not slower or "draw: 1.30 times the old code's time" in ratio.missed()


def test_what_was_measured_against_old_code_is_no_slower():
    rows = RESULTS["against"]["rows"]
    assert {row["task"] for row in rows} == {scene.task for scene in against.SCENES}
    for row in rows:
        slower = against.Ratio(row["task"], row["old_s"], Multiple("new", row["rounds"])).missed()
        assert slower is None


def test_multiples_have_a_median_a_middle_half_and_a_bar():
    ours = Multiple("ours", [1.0, 9.0, 1.2, 1.1, 1.3])
    assert ours.median == 1.2
    assert ours.middle == (1.1, 1.3)
    assert Multiple("ours", [2.0]).middle == (2.0, 2.0)
    row = MultipleRow("keep", "a forward", 0.02, ours, [Multiple("peer 1.0", [2.0, 2.0])], bar=1.2)
    assert row.missed() is None
    missed = MultipleRow("keep", "a forward", 0.02, ours, bar=1.1).missed()
    assert missed == "keep: the bar is 1.1 times a forward; measured was 1.200"
    shown = Row("scrub", Side("ours", [0.03], 10)).as_json()
    model = {"threads": 2, "machine": "", "date": "", "rows": [row.as_json()]}
    section = table.section({"date": "", "machine": "", "rows": [shown], "model": model})
    assert "| keep | a forward (0.020 s) | 1.20 (1.10–1.30) | 1.2 | peer 1.0: 2.00 |" in section


def test_the_tools_of_this_environment_compute_what_torchs_hooks_see():
    hooks = Hooks(SMALL)
    for tool in (Ours(SMALL), Nnsight(SMALL)):
        assert model_worker.difference(tool, hooks, SMALL) <= model_worker.TOLERANCE


def test_a_tool_that_computes_something_else_is_found_out():
    hooks = Hooks(SMALL)

    class Wrong(Hooks):
        name = "wrong"

        def cell(self, layer, position):
            return super().cell(layer, position - 1)

    with pytest.raises(RuntimeError, match="wrong differs from torch's hooks by"):
        model_worker.difference(Wrong(SMALL), hooks, SMALL)


def test_a_sweep_takes_little_more_arithmetic_than_it_must():
    found = work(Ours(SMALL), Hooks(SMALL))
    assert found["run"] == 1
    assert 1 <= found["sweep"] <= model_layer.WORK_BAR
    assert found["least"] < 1


@pytest.fixture
def no_collection(monkeypatch):
    """The heap of the tests is large."""
    monkeypatch.setattr(model_worker.gc, "collect", lambda: 0)


@pytest.mark.usefixtures("no_collection")
def test_calls_take_turns_after_a_round_that_warms_up():
    said = []
    times = model_worker.interleaved({name: lambda name=name: said.append(name) for name in "ab"}, rounds=2)
    assert "".join(said) == "ababab"
    assert {name: len(seconds) for name, seconds in times.items()} == {"a": 2, "b": 2}


@pytest.mark.usefixtures("no_collection")
def test_a_sweep_with_a_forward_for_each_cell_is_sampled_before_and_after_those_that_run_whole():
    said = []

    class Sampled:
        def __init__(self, name):
            self.name = name

        def cell(self, layer, position):
            assert 0 <= position < TOKENS
            said.append(f"{self.name}{layer}")
            return torch.zeros(1)

    class Whole:
        name = "w"

        def sweep(self):
            said.append("w")

    times = model_worker.sweeps([Whole(), Sampled("b")], Sampled("a"), SMALL, rounds=1)
    one = ["a0", "a1", "b0", "b1"]
    assert said == [*one, *one, *one, "w", *one]  # the first round warms up the samples
    assert {name: len(seconds) for name, seconds in times.items()} == {"a": 1, "w": 1, "b": 1}


def test_the_rows_of_a_model_are_multiples_round_by_round():
    ours = {
        "keep": {"plain": [1.0, 2.0], "mi_widgets": [1.5, 2.0], "nnsight": [1.0, 2.0]},
        "sweep": {"plain": [10.0], "mi_widgets": [2.0], "nnsight": [11.0]},
        "work": {"sweep": 1.0},
        "lacks": {},
    }
    theirs = {
        "keep": {"plain": [2.0, 2.0], "pyvene": [3.0, 5.0]},
        "sweep": {"plain": [20.0], "pyvene": [30.0]},
        "lacks": {"pyvene": "pattern"},
    }
    versions = {"nnsight": "1", "pyvene": "2"}
    keep, sweep, arithmetic = model_layer.model_rows("tiny", "small", [ours, theirs], versions)
    assert (keep.ours.rounds, keep.against_s, keep.bar) == ([1.5, 1.0], 1.5, model_layer.KEEP_BARS["tiny"])
    assert [(p.tool, p.median) for p in keep.peers] == [
        ("nnsight 1", 1.0),
        ("pyvene 2 (without pattern)", 2.0),
    ]
    assert [(p.tool, p.median) for p in (sweep.ours, *sweep.peers)] == [
        ("mi_widgets", 0.2),
        ("nnsight 1", 1.1),
        ("pyvene 2", 1.5),
    ]
    assert arithmetic.against_s is None


def test_imports_are_timed_in_processes_of_their_own(monkeypatch):
    monkeypatch.setattr(imports, "STATEMENTS", {"json": "import json", "said": "print('something')"})
    times = imports.imports(rounds=2)
    assert {name: len(seconds) for name, seconds in times.items()} == {"json": 2, "said": 2}
    assert all(seconds >= 0 for row in times.values() for seconds in row)


def test_the_command_knows_its_parts():
    assert command.main("modle") == "The parts are lab, lens, memory, model, training; got modle."


def test_the_last_line_is_that_of_a_process_in_another_environment(tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "not this"\necho "[\\"$*\\", \\"$SAID\\", \\"$PWD\\"]"\n')
    python.chmod(0o755)
    assert process.last_line_of("benchmarks.it", "2", python=python, env={"SAID": "this"}) == [
        "-m benchmarks.it 2", "this", str(table.ROOT),
    ]  # fmt: skip


def test_networks_of_transformer_lens_that_are_read_wrongly_are_missed(monkeypatch):
    read = {
        "2": {"version": "2.18.0", "equal": ["plain"] * 18, "worst": 1e-6, "refused": {}, "wrong": {}},
        "4": {
            "version": "4.3.0",
            "equal": ["plain"] * 17,
            "worst": 2e-5,
            "refused": {},
            "wrong": {"silu": "it is"},
        },
    }
    for made in ("environment", "lens_2"):
        monkeypatch.setattr(lens_networks.peers, made, lambda: "python")
    monkeypatch.setattr(lens_networks, "read", lambda python, version: read[version])
    missed = []
    assert lens_networks.figures(missed) == read
    assert missed == [
        "TransformerLens 4.x: 17 networks within 2.0e-05; at least 18 within 1e-05 are wanted.",
        "TransformerLens 4.x: silu: it is",
    ]


@pytest.mark.usefixtures("no_collection")
def test_a_training_step_takes_turns_with_that_of_the_networks_own_forward():
    times = training.main(rounds=1)
    assert {name: len(seconds) for name, seconds in times.items()} == {training.OURS: 1, training.PLAIN: 1}


def test_an_autoencoder_takes_turns_with_a_plain_loop(monkeypatch):
    monkeypatch.setattr(dictionaries, "STEPS", 2)
    times = dictionaries.main(rounds=1)
    assert {name: len(seconds) for name, seconds in times.items()} == {
        dictionaries.OURS: 1,
        dictionaries.PLAIN: 1,
    }


def test_a_training_row_stands_below_the_model_layers():
    row = MultipleRow(
        training.TASK, training.AGAINST, 0.5, Multiple("mi_widgets", [0.25, 0.3]), bar=training.BAR
    )
    assert row.missed() is None
    section = table.section({**RESULTS, "training": {"rows": [row.as_json()]}})
    assert f"| {training.TASK} | {training.AGAINST} (0.50 s) | 0.28 (0.26–0.29) | 0.33 |  |" in section


@pytest.mark.usefixtures("no_collection")
def test_what_is_read_from_a_run_of_a_model_in_memory_takes_turns_with_the_run():
    small = memory.MODEL.replace("GPT2Config()", "GPT2Config(n_layer=1, n_embd=8, n_head=2, vocab_size=50)")
    assert small != memory.MODEL
    times = memory.main(rounds=2, model=small)
    assert {name: len(seconds) for name, seconds in times.items()} == {
        "the run": 2,
        "`run.next_tokens()`": 2,
        "`mi.attention(run)`": 2,
    }


def test_shares_are_of_the_run_of_their_round(monkeypatch):
    monkeypatch.setattr(memory, "last_line_of", lambda *_: {"the run": [1.0, 2.0], "reading": [0.5, 0.2]})
    [row] = memory.shares()
    assert (row.ours.rounds, row.against_s, row.bar) == ([0.5, 0.1], 1.5, memory.SHARE_BAR)
    assert (
        row.missed()
        == f"{memory.NAME}: reading: the bar is 0.25 times the run that it reads; measured was 0.300"
    )


def test_loading_is_a_multiple_of_transformers_own(monkeypatch):
    monkeypatch.setattr(
        loading, "last_line_of", lambda *_: {"mi_widgets": [1.0, 3.0], "transformers": [4.0, 4.0]}
    )
    [row] = loading.rows()
    assert (row.ours.rounds, row.against_s, row.bar) == ([0.25, 0.75], 4.0, loading.BAR)
    measured = next(row for row in RESULTS["memory"]["rows"] if row["task"] == loading.TASK)
    assert measured["bar"] == loading.BAR
    assert measured["ours"]["median"] <= loading.BAR


def test_the_texts_that_are_typed_grow_and_are_as_many_as_gestures():
    assert len(memory.TEXTS) == memory.TIMES
    assert all(
        longer.startswith(shorter) for shorter, longer in zip(memory.TEXTS, memory.TEXTS[1:], strict=False)
    )


def test_rows_of_a_model_in_memory_stand_in_both_tables():
    seen = Row("click in memory", Side("ours", [0.2, 0.3, 0.4], 10)).as_json()
    share = MultipleRow("read in memory", "the run", 0.5, Multiple("mi_widgets", [0.1]), bar=0.25).as_json()
    section = table.section({**RESULTS, "memory": {"rows": [share, seen]}})
    first, second = section.split("The model layer, ")
    assert "| click in memory | 0.30 s | none |  |" in first
    assert "| read in memory | the run (0.50 s) | 0.10 | 0.25 |  |" in second
