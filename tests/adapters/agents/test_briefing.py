"""What an agent is told as its session starts, by those that can be told."""

import json

import pytest

from assent.adapters.agents.registry import AGENTS
from assent.app.agents import Noted, Tell

TOLD = {"claude-code": "SessionStart", "codex": "SessionStart", "gemini": "SessionStart"}
NOT_TOLD = {"copilot": "sessionStart", "opencode": "session.created"}
RULES = Tell("Use the logger, \u00e9\udc80 not print.")


@pytest.mark.parametrize(("agent", "event"), TOLD.items(), ids=TOLD)
def test_the_rules_go_into_the_conversation(agent: str, event: str) -> None:
    output = AGENTS[agent].answer(event, b"{}", RULES)
    said = json.loads(output.stdout)["hookSpecificOutput"]
    assert said == {"hookEventName": "SessionStart", "additionalContext": RULES.message}
    assert (output.exit_code, output.stderr) == (0, b"")


@pytest.mark.parametrize(("agent", "event"), (TOLD | NOT_TOLD).items(), ids=TOLD | NOT_TOLD)
def test_with_nothing_to_say_nothing_is_said(agent: str, event: str) -> None:
    assert AGENTS[agent].answer(event, b"{}", Noted()).stdout == b""


@pytest.mark.parametrize(("agent", "event"), NOT_TOLD.items(), ids=NOT_TOLD)
def test_agents_that_cannot_be_told_are_not(agent: str, event: str) -> None:
    assert AGENTS[agent].answer(event, b"{}", RULES).stdout == b""


@pytest.mark.parametrize("agent", AGENTS)
def test_no_call_is_let_through_by_it(agent: str) -> None:
    [event] = [each for each in AGENTS[agent].gating_events if "ool" in each]
    output = AGENTS[agent].answer(event, b"{}", RULES)
    assert b'"allow"' not in output.stdout
    assert output.exit_code == 2 or output.stdout
