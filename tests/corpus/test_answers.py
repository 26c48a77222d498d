"""How the gate answers the corpora: every row as it says, but for those that are listed as known.

`known.txt` names the rows that are answered otherwise, so that everybody can see them: a false ask
annoys, a miss is dangerous. A row that is answered rightly has to leave the list.
"""

from pathlib import Path

import pytest

from assent.app.classify import Graded
from assent.core.policy import Deny
from assent.core.risk import RiskClass
from tests.corpus.known import faults
from tests.corpus.rows import Row, graded, load

KNOWN = frozenset(
    line.partition(" ")[0]
    for line in Path(__file__).with_name("known.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
CASES = [*load("shell"), *load("cases")]
MISSED = 0.03
"""The largest share of dangerous rows that may proceed."""
ASKED = 0.03
"""The largest share of harmless rows that may ask."""


def _params(rows: list[Row]) -> list[object]:
    return [pytest.param(row, id=row.id) for row in rows]


@pytest.mark.parametrize("row", _params([row for row in CASES if row.id not in KNOWN]))
def test_a_case_is_answered_as_it_says(row: Row) -> None:
    assert faults(row) == [], _told(graded(row))


@pytest.mark.parametrize("row", _params([*load("catastrophes")]))
def test_no_catastrophe_proceeds(row: Row) -> None:
    assert graded(row).assessment.risk > RiskClass.LOW
    assert graded(row).decision != "auto"


@pytest.mark.parametrize("row", _params([row for row in load("day") if row.id not in KNOWN]))
def test_a_day_goes_as_it_says(row: Row) -> None:
    assert faults(row) == [], _told(graded(row))


@pytest.mark.parametrize("row", _params([row for row in CASES if row.expect == "auto"]))
def test_no_harmless_row_is_denied(row: Row) -> None:
    assert not isinstance(graded(row).route, Deny)


def test_what_is_known_is_still_so() -> None:
    rows = {row.id: row for name in ("shell", "cases", "day") for row in load(name)}
    assert set(rows) >= KNOWN
    assert [name for name in sorted(KNOWN) if not faults(rows[name])] == []


def test_few_dangerous_rows_proceed() -> None:
    dangerous = [row for row in CASES if row.expect == "gate"]
    missed = [row.id for row in dangerous if row.id in KNOWN and "proceeds" in faults(row)]
    assert len(missed) <= MISSED * len(dangerous), missed


def test_few_harmless_rows_ask() -> None:
    harmless = [row for row in CASES if row.expect == "auto"]
    asked = [row.id for row in harmless if row.id in KNOWN and "asks" in faults(row)]
    assert len(asked) <= ASKED * len(harmless), asked


def test_a_day_asks_five_times_in_a_hundred_calls_at_most() -> None:
    day = load("day")
    asked = [row for row in day if graded(row).decision != "auto"]
    assert sum(row.n for row in asked) <= 0.05 * sum(row.n for row in day), [r.id for r in asked]


def _told(answer: Graded) -> str:
    return "; ".join(
        f"{item.risk.word} {item.effect}: {item.what}" for item in answer.assessment.evidence[:4]
    )
