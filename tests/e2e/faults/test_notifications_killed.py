"""kill -9 between sending and saving: everybody is told of everything that waits for them."""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from assent.app.notifications.items import NOTIFY, read_item
from assent.app.ports import Sending
from tests.e2e.faults.house import House, until
from tests.e2e.faults.people import joined, proposed, put_in_force, with_git
from tests.e2e.faults.told import Receiver, receiving

pytestmark = pytest.mark.soak

ASKED = 200
KILLS_WHILE_SENDING = 6
KILLS_AT_ANY_TIME = 3
KILLS = KILLS_WHILE_SENDING + KILLS_AT_ANY_TIME
NAMES = ("ben", "eve", "kim", "lee", "mia")
EARLY = 40
"""Requests that are decided before anybody can be told of them."""
IN_FLIGHT_S = 45.0
"""A batch that was under way when something was decided may still arrive for so long."""
SEED = int(os.environ.get("ASSENT_SEED", random.randrange(1_000_000)))

POLICY = f"""
profile = "solo"

[ask]
wait = "1s"
expires = "1d"

[[rule]]
name = "told"
route = "gate"
programs = ["deploy told"]
effects = ["unknown"]
reviewers = {json.dumps(NAMES)}
quorum = 2
tier = "acknowledge"
"""


def set_up(house: House, receiver: Receiver) -> None:
    with house.home.config_file.open("a") as config:
        config.write("notify_every_s = 1\n")
    with_git(house)
    house.start()
    put_in_force(house, POLICY)
    for name in NAMES:
        person = joined(house, name)
        body = json.dumps({"url": receiver.url(name), "label": "hook"}).encode()
        status, _, said = person.send("POST", f"/api/people/{name}/channels", body)
        assert status == 200, said


def ask(house: House, numbers: range) -> None:
    with ThreadPoolExecutor(8) as agents:
        list(agents.map(lambda n: proposed(house, f"deploy told {n}", f"call-{n}"), numbers))


def kill_after(
    house: House, receiver: Receiver, *, while_sending: bool, dice: random.Random
) -> None:
    """Kill the daemon: at the moment a message was taken, and its sender does not know yet."""
    if while_sending:
        killed = threading.Event()

        def kill() -> None:
            house.kill()
            killed.set()

        receiver.on_post = kill
        # Once nothing is under way any more, no message comes that it could be killed at.
        while not killed.wait(0.02):
            if not waiting_to_be_told(house):
                receiver.on_post = None
                break
    else:
        time.sleep(dice.random() * 2)
    if house.daemon is not None and house.daemon.poll() is None:
        house.kill()
    house.start()


def waiting_to_be_told(house: House) -> bool:
    return bool(house.read(lambda view: view.outgoing_in(Sending.NEW, limit=1, kind=NOTIFY)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [SEED])
def test_killed_while_people_are_told(
    empty_house: House, seed: int, record_property: Callable[[str, object], None]
) -> None:
    house, dice = empty_house, random.Random(seed)
    with receiving() as receiver:
        set_up(house, receiver)
        receiver.is_up = False
        ask(house, range(EARLY))
        until(lambda: receiver.refused)
        early = {request["number"]: time.time() for request in house.waiting(EARLY)}
        for number in early:
            house.decide(number, "withdraw")
            early[number] = time.time()
        share = (ASKED - EARLY) // KILLS
        for kill in range(KILLS):
            receiver.is_up = kill % 4 != 3
            start = EARLY + kill * share
            ask(house, range(start, start + share))
            sending = kill < KILLS_WHILE_SENDING and receiver.is_up
            kill_after(house, receiver, while_sending=sending, dice=dice)
            receiver.is_up = True
        ask(house, range(EARLY + KILLS * share, ASKED))
        until(lambda: not waiting_to_be_told(house))
    assert_everybody_was_told_of_all_that_waits(house, receiver)
    assert_nobody_was_told_of_what_was_decided_before(receiver, early)
    assert_it_is_recorded_once(house, receiver)
    assert_only_kills_doubled_anything(receiver, record_property)
    assert house.verify().breaks == ()
    assert house.stop() == 0


def assert_everybody_was_told_of_all_that_waits(house: House, receiver: Receiver) -> None:
    waiting = {request["name"] for request in house.inbox()}
    assert len(waiting) == ASKED - EARLY
    told = {(post.person, name) for post in receiver.took for name in post.names}
    missing = {(person, name) for person in NAMES for name in waiting} - told
    assert missing == set()
    assert not house.read(lambda view: view.outgoing_in(Sending.DEAD, limit=1, kind=NOTIFY))


def assert_nobody_was_told_of_what_was_decided_before(
    receiver: Receiver, early: dict[int, float]
) -> None:
    late = [
        (post.person, name)
        for post in receiver.took
        for name in post.names
        if (decided := early.get(int(name.removeprefix("REQ-")))) is not None
        and post.at - decided > IN_FLIGHT_S
    ]
    assert late == []


def assert_it_is_recorded_once(house: House, receiver: Receiver) -> None:
    """In our records exactly once, for whatever was taken; and nothing that was not."""
    recorded: Counter[tuple[str, str]] = Counter()
    for entry in house.entries("told"):
        if not entry["subject"]:
            continue  # of the account, not of a request
        recorded[entry["person"], entry["subject"]] += 1
    assert set(recorded.values()) <= {1}
    took = {(post.person, name) for post in receiver.took for name in post.names}
    assert recorded.keys() <= took
    waiting = {request["name"] for request in house.inbox()}
    assert {pair for pair in took if pair[1] in waiting} <= recorded.keys()
    sent = house.read(lambda view: view.outgoing_in(Sending.SENT, limit=100_000, kind=NOTIFY))
    assert {id_ for post in receiver.took for id_ in post.ids} <= {row.id for row in sent}
    assert sum(read_item(row.body).name != "" for row in sent) == ASKED * len(NAMES)


def assert_only_kills_doubled_anything(
    receiver: Receiver, note: Callable[[str, object], None]
) -> None:
    """A message that came twice came under one id, and had what it had before or less."""
    by_id: dict[str, list[set[str]]] = {}
    for post in receiver.took:
        by_id.setdefault(post.id, []).append(set(post.ids))
    twice = {id_: came for id_, came in by_id.items() if len(came) > 1}
    for came in twice.values():
        assert all(later <= came[0] for later in came[1:])
        assert len(came) <= KILLS + 1
    # Of one batch each person's message may have been taken when the daemon died.
    assert len(twice) <= KILLS * len(NAMES)
    deliveries = Counter((post.person, id_) for post in receiver.took for id_ in set(post.ids))
    owner = {id_: post.id for post in receiver.took for id_ in post.ids}
    doubled = {id_ for (_, id_), count in deliveries.items() if count > 1}
    assert {owner[id_] for id_ in doubled} <= twice.keys()
    note("messages", len(by_id))
    note("doubled", len(twice))
