"""Many people decide at once, and many runs ask for the same call: one wins, once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from assent.errors import ConflictError
from tests.e2e.faults.agents import AGENTS, CLAUDE, CODEX, Agent
from tests.e2e.faults.house import House

pytestmark = pytest.mark.network

GATED = "make release"
PEOPLE = 20


def test_of_many_decisions_over_http_one_wins(house: House) -> None:
    house.shell(CLAUDE, GATED)
    [request] = house.waiting()

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
    assert len(house.entries("decided")) == 1


def test_of_the_page_and_the_command_line_one_wins(house: House) -> None:
    hook = house.shell(CLAUDE, GATED)
    [request] = house.waiting()

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
    [decided] = house.entries("decided")
    assert hook.said().passed is (decided["verdict"] == "approve")


def test_the_loser_on_the_command_line_is_told_who_was_first(house: House) -> None:
    house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    house.decide(request["number"])
    for words in (("approve",), ("reject", "--reason", "no"), ("withdraw",)):
        done = house.assent(words[0], request["name"], *words[1:])
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"assent: {request['name']} is already ")
        assert " by ana at " in done.stderr


def test_a_stale_look_decides_nothing(house: House) -> None:
    hook = house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    with pytest.raises(ConflictError, match="look again"):
        house.decide(request["number"], version=request["version"] + 1)
    assert house.entries("decided") == []
    assert hook.waits


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_one_approval_lets_one_of_two_equal_calls_run(house: House, agent: Agent) -> None:
    first, second = house.shell(agent, GATED), house.shell(agent, GATED, relay="python")
    [request] = house.waiting()
    house.decide(request["number"])
    [anew] = house.waiting()
    assert anew["number"] != request["number"]
    house.decide(anew["number"], "reject", reason="once is enough")
    assert sorted((first.said().passed, second.said().passed)) == [False, True]
    assert len(house.entries("let-through")) == 1


def test_an_approval_is_for_the_agent_that_asked(house: House) -> None:
    house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    house.hooks[0].process.terminate()
    house.hooks[0].said()
    house.decide(request["number"])
    house.shell(CODEX, GATED)
    [other] = house.waiting()
    assert other["agent"] == "codex"


def test_many_retries_of_an_approved_call_pass_once(house: House) -> None:
    hook = house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    hook.process.terminate()
    hook.said()
    house.decide(request["number"])
    again = [house.shell(CLAUDE, GATED) for _ in range(10)]
    [anew] = house.waiting()
    house.decide(anew["number"], "reject", reason="no more")
    assert Counter(hook.said().passed for hook in again) == {True: 1, False: 9}
