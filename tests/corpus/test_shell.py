"""Shell scripts with the route they must take. Rows may be added; none may be lost or weakened."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assent.core.actions import Command
from assent.core.risk import Effect, RiskClass, assess
from tests.core.risk.stage import WORKSPACE, facts_for

CORPUS = Path(__file__).with_name("shell.jsonl")
LEAST = {"proceed": 165, "gate": 373}


@dataclass(frozen=True)
class Row:
    id: str
    script: str
    route: str
    effect: str = ""
    """For a row that waits: one of the effects that must be named."""
    workspace: str = WORKSPACE
    links: dict[str, str] = field(default_factory=dict)
    git_exec_keys: list[str] = field(default_factory=list)


ROWS = [Row(**json.loads(line)) for line in CORPUS.read_text().splitlines()]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_route(row: Row) -> None:
    action = Command(script=row.script, cwd=row.workspace)
    facts = facts_for(
        action,
        workspace=row.workspace,
        links=row.links,
        git_exec_keys=tuple(row.git_exec_keys),
    )
    found = assess(action, facts)
    waits = found.risk > RiskClass.LOW
    assert ("gate" if waits else "proceed") == row.route, found.evidence
    if row.effect:
        assert Effect(row.effect) in found.effects, found.evidence


def test_no_row_is_lost() -> None:
    counts = Counter(row.route for row in ROWS)
    assert {route: min(counts[route], least) for route, least in LEAST.items()} == LEAST
    assert len({row.id for row in ROWS}) == len(ROWS)
