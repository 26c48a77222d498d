"""What an agent says about its own call, and what is missing for a person to decide."""

from dataclasses import replace

import pytest

from assent.core.actions import Command
from assent.core.proposals import Proposal
from assent.core.risk.factors import Factors, Reach, Reversibility
from assent.core.risk.model import Evidence
from assent.core.said import Said, can_say, missing, said_of
from tests.core.policy.on_paper import EDIT, HIGH, IRREVERSIBLE, assessed, proposed, reason


def call(script: str, prose: str = "") -> Proposal:
    return replace(proposed(Command(script, "/w")), prose=prose)


@pytest.mark.parametrize(
    ("script", "prose", "said"),
    [
        pytest.param("make x", "", Said(), id="nothing"),
        pytest.param("make x", "Release it", Said("Release it"), id="description"),
        pytest.param(
            "# why: clean up; undo: git stash pop\nmake x",
            "",
            Said("clean up", "git stash pop"),
            id="comment",
        ),
        pytest.param(
            "# Purpose: clean up\n# Rollback: make y\nmake x",
            "",
            Said("clean up", "make y"),
            id="two",
        ),
        pytest.param(
            "# undo: make y\nmake x", "Free space", Said("Free space", "make y"), id="both"
        ),
        pytest.param("make x # why: hidden later", "", Said(), id="not-at-the-start"),
        pytest.param("make x", "why: a; rollback: b", Said("a", "b"), id="in-the-description"),
    ],
)
def test_said(script: str, prose: str, said: Said) -> None:
    assert said_of(call(script, prose)) == said


@pytest.mark.parametrize(
    ("item", "said", "count"),
    [
        pytest.param(reason(HIGH), Said("a", "b"), 0, id="all-said"),
        pytest.param(reason(HIGH), Said("a"), 1, id="no-way-back"),
        pytest.param(reason(HIGH), Said(), 2, id="nothing-said"),
        pytest.param(reason(HIGH, undo="checkpoint CP-1"), Said("a"), 0, id="known-way-back"),
        pytest.param(reason(HIGH, undo="none: it is public"), Said("a"), 1, id="known-to-be-none"),
        pytest.param(
            reason(factors=Factors(Reversibility.EASY, Reach.OTHERS)), Said("a"), 0, id="easy"
        ),
        pytest.param(reason(IRREVERSIBLE), Said("", "b"), 1, id="no-purpose"),
    ],
)
def test_missing(item: Evidence, said: Said, count: int) -> None:
    assert len(missing(assessed(item), said)) == count


def test_only_a_shell_command_has_room_to_say_it() -> None:
    assert can_say(Command("make", "/w"))
    assert not can_say(Command(("make",), "/w"))
    assert not can_say(EDIT)
