"""Every benchmark runs to its end. What it measures is not looked at here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.measure import Timings
from benchmarks.report import Row, as_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.network
@pytest.mark.parametrize("name", NAMES)
def test_runs(name: str, tmp_path: Path) -> None:
    target = tmp_path / "rows.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick", "--json", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["quick"] is True
    rows = document["benchmarks"][name]
    assert rows
    through = [row for row in rows if row["unit"] == "calls"]
    assert [row["what"] for row in through if row["value"] != 0] == []


@pytest.mark.parametrize(
    ("row", "met"),
    [
        pytest.param(Row("a", 2.0, "x", at_most=2), True, id="at-most-reached"),
        pytest.param(Row("a", 2.1, "x", at_most=2), False, id="at-most-exceeded"),
        pytest.param(Row("a", 5.0, "x", at_least=5), True, id="at-least-reached"),
        pytest.param(Row("a", 4.9, "x", at_least=5), False, id="at-least-missed"),
        pytest.param(Row("a", 4.9, "x"), None, id="no-budget"),
    ],
)
def test_budget(row: Row, met: bool | None) -> None:
    assert row.met is met
    assert ("MISSED" in as_text([row])) is (met is False)


def test_percentiles() -> None:
    timings = Timings.of([value * 1_000_000 for value in range(100, 0, -1)])
    assert (timings.p50, timings.p95, timings.p99) == (50.0, 95.0, 99.0)
    assert Timings.of([3_000_000]).p99 == 3.0
