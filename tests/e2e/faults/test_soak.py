"""kill -9 at random moments under load: nothing lost, nothing run twice, nothing run undecided."""

import json
import os
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from assent.app.ports import View
from assent.errors import ConflictError, UnavailableError
from tests.e2e.faults.agents import AGENTS, Agent, Said
from tests.e2e.faults.house import House

pytestmark = pytest.mark.soak

CALLS = 200
WORKERS = 20
DECIDERS = 3
KILLS = 9
SEED = int(os.environ.get("ASSENT_SEED", random.randrange(1_000_000)))
"""In the name of the test; ASSENT_SEED repeats it."""

REFUSED_BY_PERSON = "Reason from ana: "


@dataclass(frozen=True)
class Call:
    number: int
    verdict: str

    @property
    def agent(self) -> Agent:
        return AGENTS[self.number % len(AGENTS)]

    @property
    def command(self) -> str:
        return f"make release-{self.number}"


@dataclass
class Load:
    """Agents that repeat each call until it has its final answer, and people who decide."""

    house: House
    calls: list[Call]
    tries: Counter[int] = field(default_factory=Counter)
    passed: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    seen: dict[int, str] = field(default_factory=dict)
    """Requests that somebody was shown: number to title."""
    said: dict[int, str] = field(default_factory=dict)
    """Decisions that were acknowledged: number to verdict."""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def done(self) -> int:
        return self.passed.total() + self.refused.total()

    def work(self, mine: list[Call]) -> None:
        for call in mine:
            while not self._try(call):
                time.sleep(0.1)

    def _try(self, call: Call) -> bool:
        self.tries[call.number] += 1
        payload = call.agent.shell(
            call.command,
            cwd=str(self.house.workspace),
            session=f"s-{call.agent.name}",
            call=f"c-{call.number}-{self.tries[call.number]}",
        )
        relay = "python" if call.number % 10 == 0 else "compiled"
        said = self.house.ask(call.agent, payload, relay=relay).said()
        assert_well_formed(said)
        if said.passed:
            self.passed[call.number] += 1
        elif REFUSED_BY_PERSON in said.reason:
            self.refused[call.number] += 1
        else:
            return False
        return True

    def decide(self) -> None:
        verdicts = {call.number: call.verdict for call in self.calls}
        while not self.over.is_set():
            try:
                for request in self.house.inbox():
                    self.seen[request["number"]] = request["title"]
                    self._say(request, verdicts[number_in(request["title"])])
            except (UnavailableError, ConflictError):
                # Killed, or another person was first.
                time.sleep(0.05)

    def _say(self, request: dict[str, Any], verdict: str) -> None:
        fields = {"reason": "not this one"} if verdict == "reject" else {}
        self.house.decide(request["number"], verdict, version=request["version"], **fields)
        self.said[request["number"]] = verdict


def number_in(title: str) -> int:
    found = re.search(r"release-(\d+)", title)
    assert found is not None, title
    return int(found[1])


def assert_well_formed(said: Said) -> None:
    assert "Traceback" not in said.text
    assert said.code in (0, 2), said


@contextmanager
def running(load: Load, shares: list[list[Call]]) -> Iterator[list[Future[None]]]:
    """Agents and people at work, for as long as this lasts."""
    with ThreadPoolExecutor(WORKERS + DECIDERS) as threads:
        people = [threads.submit(load.decide) for _ in range(DECIDERS)]
        try:
            yield [threads.submit(load.work, share) for share in shares]
        finally:
            load.over.set()
        for person in people:
            person.result()


def wait_for(agents: list[Future[None]], load: Load, goal: int) -> None:
    """Wait until so many calls have their answer. An agent that failed ends the test."""
    while load.done < goal:
        for agent in agents:
            if agent.done():
                agent.result()
        time.sleep(0.005)


@pytest.mark.timeout(175)
@pytest.mark.parametrize("seed", [SEED])
def test_killed_under_load(empty_house: House, seed: int) -> None:
    house, dice = empty_house, random.Random(seed)
    calls = [Call(n, dice.choices(("approve", "reject"), (4, 1))[0]) for n in range(CALLS)]
    dice.shuffle(calls)
    load = Load(house, calls)
    shares = [calls[worker::WORKERS] for worker in range(WORKERS)]
    house.start()
    kills = 0
    with running(load, shares) as agents:
        while kills < KILLS:
            goal = CALLS * (kills + 1) // (KILLS + 2)
            wait_for(agents, load, goal)
            time.sleep(dice.random() * 0.2)
            house.kill()
            kills += 1
            house.start()
        for agent in agents:
            agent.result()
    assert kills == KILLS
    assert_nothing_lost(load)
    assert_nothing_run_twice_or_undecided(load)
    assert house.verify().breaks == ()
    assert house.stop() == 0
    assert house.verify().breaks == ()


def assert_nothing_lost(load: Load) -> None:
    entries = load.house.entries()
    asked = [entry for entry in entries if entry["kind"] == "asked"]
    numbers = [entry["request"] for entry in asked]
    assert len(numbers) == len(set(numbers)), "a REQ number was given twice"
    titles = {entry["request"]: entry["title"] for entry in asked}
    assert load.seen.items() <= titles.items(), "a request that was shown is gone"
    decided = {
        entry["request"]: entry["verdict"] for entry in entries if entry["kind"] == "decided"
    }
    assert load.said.items() <= decided.items(), "a decision that was acknowledged is gone"
    wanted = {call.number: call.verdict for call in load.calls}
    assert load.passed == {n: 1 for n, verdict in wanted.items() if verdict == "approve"}
    assert load.refused == {n: 1 for n, verdict in wanted.items() if verdict == "reject"}


def assert_nothing_run_twice_or_undecided(load: Load) -> None:
    steps: defaultdict[int, list[str]] = defaultdict(list)
    let_through: Counter[int] = Counter()
    titles: dict[int, str] = {}
    for name, entry in oldest_first(load.house):
        number = entry.get("request")
        if number is None or not name.startswith("request/"):
            continue
        steps[number].append(entry.get("verdict") or entry["kind"])
        if entry["kind"] == "asked":
            titles[number] = entry["title"]
        if entry["kind"] == "let-through":
            let_through[number_in(titles[number])] += 1
    allowed = (
        ["asked"],
        ["asked", "approve"],
        ["asked", "reject"],
        ["asked", "approve", "let-through"],
    )
    assert [walk for walk in steps.values() if walk not in allowed] == []
    for call in load.calls:
        if call.verdict == "reject":
            assert let_through[call.number] == 0
        else:
            assert load.passed[call.number] <= let_through[call.number]


def oldest_first(house: House) -> list[tuple[str, dict[str, Any]]]:
    """Every entry of every stream, in the order of its chain."""

    def read(view: View) -> list[tuple[str, dict[str, Any]]]:
        return [
            (head.stream, json.loads(entry.body))
            for head in view.heads()
            for entry in view.chain(head.stream)
        ]

    return house.read(read)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [SEED])
def test_killed_while_it_starts(empty_house: House, seed: int) -> None:
    """Whatever moment of making its database or socket is cut short, the next start works."""
    dice = random.Random(seed)
    for _ in range(8):
        empty_house.launch()
        time.sleep(dice.random() * 2)
        empty_house.kill()
    empty_house.start()
    assert empty_house.shell(AGENTS[0], "ls").said().passed
    assert empty_house.verify().breaks == ()
