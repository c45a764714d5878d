"""README says what was measured, and what was measured reaches its bars."""

import json

import pytest

from benchmarks import attention, scrubber, table
from benchmarks.rows import Bar, Row, Side

RESULTS = json.loads(table.RESULTS.read_text())


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
    [row] = [row for row in RESULTS["rows"] if "512 tokens" in row["task"]]
    assert row["ours"]["median_s"] <= bar.seconds
    assert row["ours"]["megabytes"] <= bar.megabytes
    assert row["times_faster"] >= bar.times_faster
    [row] = [row for row in RESULTS["rows"] if row["task"] == scrubber.TASK]
    assert row["ours"]["median_s"] <= 0.1


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
