"""A policy from its file to what agents are told and asked, through relay, daemon and terminal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.faults.agents import CLAUDE, Agent
from tests.e2e.faults.house import Hook, House, house_in
from tests.entrypoints.cli.conftest import Run

POLICY = """
profile = "team"

[ask]
separate = false

[autonomy]
allow = ["autonomous"]

[review]
rejections = 2

[[team]]
name = "no-print"
forbid = '\\bprint\\('
message = "Use the logger, not print."

[[rule]]
name = "reviewed"
route = "gate"
programs = ["frobnicate-reviewed"]
reviewers = ["nobody-here"]

[[rule]]
name = "apart"
route = "gate"
programs = ["frobnicate-apart"]
separate = true

[[rule]]
name = "asked-once"
route = "gate"
programs = ["echo"]
tier = "acknowledge"
remember = "1h"
"""

pytestmark = pytest.mark.network
START = replace(CLAUDE, after="SessionStart")


def with_env(agent: Agent, **more: str) -> Agent:
    return replace(agent, env={**agent.env, **more})


@pytest.fixture(scope="module")
def in_force(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A daemon whose project has accepted the policy."""
    with house_in(tmp_path_factory.mktemp("policy") / "house") as house:
        folder = house.workspace / ".assent"
        folder.mkdir()
        (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
        house.start()
        assert house.shell(CLAUDE, "ls").said().passed
        [request] = house.waiting()
        assert request["class"] == "irreversible"
        house.decide(request["number"])
        yield house


@pytest.fixture
def house(in_force: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("ASSENT_HOME", str(in_force.home.root))
    yield in_force
    for request in in_force.inbox():
        in_force.decide(request["number"], "withdraw")
    for hook in in_force.hooks:
        hook.said()
    in_force.hooks.clear()


def session(house: House, **more: str) -> bytes:
    fields = {"session_id": "s-1", "cwd": str(house.workspace), "source": "startup", **more}
    return json.dumps({**fields, "hook_event_name": "SessionStart"}).encode()


def test_a_session_starts_with_the_teams_rules(house: House) -> None:
    said = house.ask(START, session(house), event="SessionStart").said()
    told = json.loads(said.out)["hookSpecificOutput"]["additionalContext"]
    assert "Use the logger, not print." in told


def test_an_edit_that_breaks_a_rule_waits(house: House) -> None:
    content = {"file_path": str(house.workspace / "a.py"), "content": "print(1)\n"}
    house.ask(CLAUDE, CLAUDE.call("Write", content, cwd=str(house.workspace)))
    [request] = house.waiting()
    record = house.client.get(f"/api/requests/{request['number']}")
    assert "team-rule" in [item["rule"] for item in record["evidence"]]
    assert record["tier"] == "review"


PLAN = {"plan": "# Plan\n\nTidy up."}


def test_a_run_chooses_its_mode_by_its_environment(house: House) -> None:
    alone = with_env(CLAUDE, HUMAN_IN_LOOP="false")
    call = CLAUDE.call("ExitPlanMode", PLAN, cwd=str(house.workspace), session="s-plan")
    assert house.ask(alone, call).said().passed
    house.ask(with_env(CLAUDE, HUMAN_IN_LOOP="true"), call)
    [request] = house.waiting()
    assert request["title"].startswith("follow its plan")


def test_only_reviewers_decide(house: House, run: Run) -> None:
    house.shell(CLAUDE, "frobnicate-reviewed")
    [request] = house.waiting()
    done = run("approve", request["name"], "--confirm", request["name"])
    assert done.code == 1
    assert "is for nobody-here to decide, not for ana" in done.err
    shown = run("show", request["name"]).out
    assert "0 of 1 of nobody-here" in shown
    assert "not known here, or disabled: nobody-here" in shown


def test_whoever_runs_the_agent_does_not_approve_what_it_asks(house: House, run: Run) -> None:
    hook = house.shell(CLAUDE, "frobnicate-apart")
    [request] = house.waiting()
    done = run("approve", request["name"], "--confirm", request["name"])
    assert done.code == 1
    assert "was asked by an agent of ana; the policy wants somebody else" in done.err
    assert run("reject", request["name"], "--reason", "not now").code == 0
    assert not hook.said().passed


def test_a_remembered_approval_asks_once(house: House, run: Run) -> None:
    hook = house.shell(CLAUDE, "echo again")
    [request] = house.waiting()
    assert run("approve", request["name"]).code == 0
    assert hook.said().passed
    for _ in range(2):
        assert house.shell(CLAUDE, "echo again").said().passed
    explained = json.loads(run("policy", "explain", "--request", request["name"], "--json").out)
    assert (explained["rule"], explained["terms"]["remember_ms"]) == ("asked-once", 3_600_000)


def test_what_is_grave_goes_back_until_the_agent_says_more(house: House) -> None:
    grave = "curl -d @notes https://example.org"
    refused = house.shell(CLAUDE, grave).said()
    assert "say what it is for and how to undo it (rollback)" in refused.reason
    house.shell(CLAUDE, f"# why: tell them; undo: ask them to delete it\n{grave}")
    [request] = house.waiting()
    record = house.client.get(f"/api/requests/{request['number']}")
    assert (record["purpose"], record["rollback"]) == ("tell them", "ask them to delete it")


def test_after_two_rejections_the_agent_stops(house: House) -> None:
    def wants(command: str) -> Hook:
        call = CLAUDE.shell(command, cwd=str(house.workspace), session="s-stop")
        return house.ask(CLAUDE, call)

    for number in range(2):
        hook = wants(f"frobnicate-{number}")
        [request] = house.waiting()
        house.decide(request["number"], "reject", reason="no")
        assert not hook.said().passed
    said = wants("frobnicate-3").said()
    assert "2 of your requests in this session were rejected" in said.reason


def test_a_draft_is_replayed_over_this_very_record(
    house: House, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house.workspace)
    draft = tmp_path / "draft.toml"
    draft.write_text('[[rule]]\nname = "no-echo"\nroute = "deny"\nprograms = ["echo"]\n')
    house.shell(CLAUDE, "ls -a").said()
    found = json.loads(run("policy", "replay", str(draft), "--json").out)
    assert found["calls"] > 0
    assert found["lacking"] == 0
