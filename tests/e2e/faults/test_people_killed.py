"""kill -9 while people vote, others are asked in their place, and decisions go into the git log."""

import base64
import http.client
import json
import os
import random
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from assent.app.ports import Sending
from assent.errors import AssentError
from tests.e2e.faults.house import House, until
from tests.e2e.faults.people import Person, joined, proposed, put_in_force, with_git
from tests.e2e.faults.test_soak import oldest_first

pytestmark = pytest.mark.soak

VOTED = 675
"""Requests that two people have to approve."""
CLIMBED = 75
"""Requests that nobody may decide before the ladder's step."""
KILLS = 8
VOICES = 2 * VOTED + 2 * CLIMBED
"""Decisions: each request needs two."""
SEED = int(os.environ.get("ASSENT_SEED", random.randrange(1_000_000)))

POLICY = """
profile = "solo"

[teams]
two = ["ana", "ben"]
nobody = ["zoe"]

[ask]
wait = "1s"
expires = "1d"

[[rule]]
name = "voted"
route = "gate"
programs = ["deploy voted"]
effects = ["unknown"]
reviewers = ["@two"]
quorum = 2
tier = "acknowledge"

[[rule]]
name = "climbed"
route = "gate"
programs = ["deploy climbed"]
effects = ["unknown"]
reviewers = ["@nobody"]
quorum = 2
tier = "acknowledge"
ladder = ["1s @two"]
"""


@dataclass
class Votes:
    """Two people who approve whatever they may, and what was acknowledged to them."""

    house: House
    voters: list[Person]
    taken: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        return sum(len(numbers) for numbers in self.taken.values())

    def vote(self, voter: Person) -> None:
        mine = self.taken[voter.name]
        while not self.over.is_set():
            with suppress(AssentError, OSError, http.client.HTTPException):
                for request in voter.inbox():
                    if self.over.is_set():
                        return
                    number = request["number"]
                    if number not in mine and voter.approve(number, request["version"]):
                        mine.add(number)
            time.sleep(0.05)


@contextmanager
def voting(votes: Votes) -> Iterator[None]:
    with ThreadPoolExecutor(len(votes.voters)) as threads:
        people: list[Future[None]] = [threads.submit(votes.vote, each) for each in votes.voters]
        try:
            yield
        finally:
            votes.over.set()
        for person in people:
            person.result()


def set_up(house: House) -> list[Person]:
    with_git(house)
    house.start()
    put_in_force(house, POLICY)
    return [Person(house, "ana"), joined(house, "ben")]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [SEED])
def test_killed_while_people_vote(empty_house: House, seed: int) -> None:
    house, dice = empty_house, random.Random(seed)
    votes = Votes(house, set_up(house))
    commands = [f"deploy voted {n}" for n in range(VOTED)]
    commands += [f"deploy climbed {n}" for n in range(CLIMBED)]
    dice.shuffle(commands)
    with ThreadPoolExecutor(8) as agents:
        list(agents.map(lambda command: proposed(house, command, command), commands))
    house.waiting(500)
    with voting(votes):
        for kill in range(1, KILLS + 1):
            goal = VOICES * kill // (KILLS + 2)
            until(lambda goal=goal: votes.count >= goal)  # type: ignore[misc]
            time.sleep(dice.random() * 0.2)
            house.kill()
            house.start()
        until(lambda: not house.inbox())
        until(lambda: not house.read(lambda view: view.next_outgoing("log")))
    assert_each_voice_once(house, votes)
    assert_each_step_once(house)
    assert_the_log_holds_each_once(house)
    assert house.verify().breaks == ()
    assert house.stop() == 0


def assert_each_voice_once(house: House, votes: Votes) -> None:
    said: Counter[tuple[int, str]] = Counter()
    for _, entry in oldest_first(house):
        if entry["kind"] == "decided":
            said[entry["request"], entry["by"]] += 1
    assert set(said.values()) == {1}, "a voice was counted twice"
    assert len(said) == VOICES, "a voice is missing"
    acknowledged = {(n, name) for name, numbers in votes.taken.items() for n in numbers}
    assert acknowledged <= said.keys(), "a voice that was acknowledged is gone"


def assert_each_step_once(house: House) -> None:
    """A ladder's step is taken once, and never left out."""
    steps: Counter[int] = Counter()
    rules: dict[int, str] = {}
    for _, entry in oldest_first(house):
        if entry["kind"] == "asked":
            rules[entry["request"]] = entry["rule"]
        if entry["kind"] == "escalated":
            steps[entry["request"]] += 1
    climbed = {number for number, rule in rules.items() if rule == "climbed"}
    assert len(climbed) == CLIMBED
    assert steps == dict.fromkeys(climbed, 1)


def assert_the_log_holds_each_once(house: House) -> None:
    assert not house.read(lambda view: view.outgoing_in(Sending.DEAD, limit=1))
    git = ["git", "-C", str(house.workspace)]
    listed = subprocess.run(
        [*git, "ls-tree", "-r", "-z", "--name-only", "refs/assent/log"],
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name.startswith("entries/")]
    given = "".join(f"refs/assent/log:{name}\n" for name in names).encode()
    found = subprocess.run(
        [*git, "cat-file", "--batch=%(objectsize)"], input=given, capture_output=True, check=True
    ).stdout
    voices = Counter(
        (predicate["request"], predicate["by"])
        for predicate in predicates(found)
        if "request" in predicate and predicate.get("decision") == "approve"
    )
    assert set(voices.values()) == {1}
    assert len(voices) == VOICES


def predicates(batch: bytes) -> Iterator[dict[str, Any]]:
    """What the envelopes that `cat-file --batch` printed say."""
    while batch:
        size, _, rest = batch.partition(b"\n")
        envelope, batch = rest[: int(size)], rest[int(size) + 1 :]
        statement = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
        yield statement["predicate"]
