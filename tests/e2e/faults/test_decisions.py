"""Many people decide at once, and many runs ask for the same call: one wins, once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from assent.errors import ConflictError
from tests.e2e.faults.agents import AGENTS, CLAUDE, CODEX, Agent
from tests.e2e.faults.house import Hook, House

pytestmark = pytest.mark.network

PEOPLE = 20
LET_THROUGH = ["asked", "decided", "let-through"]

numbers = count()


@pytest.fixture
def house(shared: House) -> House:
    return shared


@pytest.fixture
def gated() -> str:
    """A command that no other test has asked about."""
    return f"make release-{next(numbers)}"


def asked(house: House, command: str) -> tuple[Hook, dict[str, Any]]:
    hook = house.shell(CLAUDE, command)
    [request] = house.waiting()
    return hook, request


def abandoned(house: House, command: str) -> dict[str, Any]:
    """A request whose agent has gone."""
    hook, request = asked(house, command)
    hook.process.terminate()
    hook.said()
    return request


def test_of_many_decisions_over_http_one_wins(house: House, gated: str) -> None:
    _hook, request = asked(house, gated)

    def say(person: int) -> str:
        verdict = "approve" if person % 2 else "reject"
        try:
            house.decide(request["number"], verdict, reason=f"said by {person}")
        except ConflictError as error:
            return error.message
        return "won"

    with ThreadPoolExecutor(PEOPLE) as people:
        heard = Counter(people.map(say, range(PEOPLE)))
    assert heard.pop("won") == 1
    assert sum(heard.values()) == PEOPLE - 1
    for line in heard:
        assert line.startswith(f"{request['name']} is already ")
        assert " by ana at " in line
    assert house.steps(request["number"]).count("decided") == 1


def test_of_the_page_and_the_command_line_one_wins(house: House, gated: str) -> None:
    hook, request = asked(house, gated)

    def say(person: int) -> str:
        if person % 5 == 0:
            words = ("reject", request["name"], "--reason", "by the command line")
            done = house.assent(*words)
            assert done.returncode in (0, 1), done.stderr
            return done.stderr.removeprefix("assent: ") or "won"
        try:
            house.decide(request["number"])
        except ConflictError as error:
            return error.message
        return "won"

    with ThreadPoolExecutor(PEOPLE) as people:
        heard = Counter(people.map(say, range(PEOPLE)))
    assert heard.pop("won") == 1
    assert all(" by ana at " in line for line in heard)
    [decided] = house.request(request["number"])["decisions"]
    assert hook.said().passed is (decided["verdict"] == "approve")


def test_a_stale_look_decides_nothing(house: House, gated: str) -> None:
    hook, request = asked(house, gated)
    with pytest.raises(ConflictError, match="look again"):
        house.decide(request["number"], version=request["version"] + 1)
    assert house.steps(request["number"]) == ["asked"]
    assert hook.waits


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_one_approval_lets_one_of_two_equal_calls_run(
    house: House, gated: str, agent: Agent
) -> None:
    first, second = house.shell(agent, gated), house.shell(agent, gated, relay="python")
    [request] = house.waiting()
    house.decide(request["number"])
    [anew] = house.waiting()
    assert anew["number"] != request["number"]
    house.decide(anew["number"], "reject", reason="once is enough")
    assert sorted((first.said().passed, second.said().passed)) == [False, True]
    assert house.steps(request["number"]) == LET_THROUGH
    assert house.steps(anew["number"]) == ["asked", "decided"]


def test_an_approval_is_for_the_agent_that_asked(house: House, gated: str) -> None:
    request = abandoned(house, gated)
    house.decide(request["number"])
    house.shell(CODEX, gated)
    [other] = house.waiting()
    assert other["agent"] == "codex"


def test_many_retries_of_an_approved_call_pass_once(house: House, gated: str) -> None:
    request = abandoned(house, gated)
    house.decide(request["number"])
    again = [house.shell(CLAUDE, gated) for _ in range(10)]
    [anew] = house.waiting()
    house.decide(anew["number"], "reject", reason="no more")
    assert Counter(hook.said().passed for hook in again) == {True: 1, False: 9}


@pytest.mark.soak
def test_a_wait_that_ends_is_pending_and_the_retry_passes_once(
    empty_house: House, gated: str
) -> None:
    house = empty_house
    house.start()
    impatient(house)
    pending = {hook.said().reason for hook in [house.shell(agent, gated) for agent in AGENTS]}
    waiting = house.waiting(len(AGENTS))
    for request in waiting:
        assert any(f"waiting for a person as {request['name']} " in line for line in pending)
        house.decide(request["number"])
    for agent in AGENTS:
        assert house.shell(agent, gated).said().passed
        assert not house.shell(agent, gated).said().passed
    for request in waiting:
        assert house.steps(request["number"]) == LET_THROUGH


def impatient(house: House) -> None:
    """A policy under which no agent is held for long."""
    folder = house.workspace / ".assent"
    folder.mkdir()
    (folder / "policy.toml").write_text('[ask]\nwait = "1s"\nheadless_wait = "1s"\n')
    assert house.shell(CLAUDE, "ls").said().passed
    [change] = house.waiting()
    house.decide(change["number"])
