"""Reminders and ladders as the daemon runs them: who is told and asked, once, and whatever time
does meanwhile."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from assent.app import requests
from assent.app.decide_request import Word, decide_request
from assent.app.messages import not_decided, pending
from assent.app.notifications.items import NOTIFY
from assent.app.ports import Sending, Tx
from assent.app.run_timers import run_timers
from assent.core.approvals import Request, State, Verdict
from assent.core.canonical import digest_of
from assent.core.due import timers_of
from assent.core.people.model import Channel, Need, Person, Rung
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment
from assent.errors import UnavailableError
from tests.app.conftest import Scene, proposal
from tests.app.failing_store import FailingStore
from tests.app.world import BUILT_IN, StillPolicies, StillWorld

HOUR = 3_600_000
SCHEDULE = "/h/assent/oncall.txt"


def person(name: str, *, roles: tuple[str, ...] = ()) -> Person:
    channel = Channel("c", "json://localhost/", "a hook", added_at=0)
    return Person(name, added_at=0, added_by="ana", roles=roles, channels=(channel,))


PEOPLE = (
    person("ana"),
    person("ben"),
    person("cleo", roles=("security",)),
    person("dan", roles=("security",)),
)


@dataclass
class House(Scene):
    """People with a channel each, a team, and a schedule of who is on call."""

    store: FailingStore = field(default_factory=lambda: FailingStore(PEOPLE))
    policies: StillPolicies = field(
        default_factory=lambda: StillPolicies(replace(BUILT_IN, teams={"payments": ("ben",)}))
    )
    world: StillWorld = field(
        default_factory=lambda: StillWorld(contents={SCHEDULE: b"mon-sun 00:00-24:00 dan\n"})
    )

    @property
    def gate(self) -> Any:
        return replace(super().gate, oncall_file=SCHEDULE)

    async def ask(self, **more: Any) -> Request:
        """Open a request for ana, to be denied after eight hours."""
        now = self.clock.now()
        given = {"reviewers": ("ana",), "expires_at": now + 8 * HOUR, **more}

        def work(tx: Tx) -> Request:
            request = Request(
                id=self.ids.new(),
                number=tx.next_number(),
                proposal=proposal(),
                assessment=Assessment(RiskClass.MEDIUM, frozenset(), (), "run make", ""),
                rule="r",
                why="w",
                policy=digest_of(b"p"),
                created_at=now,
                **given,
            )
            requests.open_request(tx, request, now)
            return request

        return await self.store.write(work, durable=True)

    def request(self) -> Request:
        found = self.store.read(lambda view: view.request_numbered(1))
        assert found is not None
        return found

    def told(self, occasion: str) -> list[str]:
        """Who was told so, by name."""
        rows = self.store.read(lambda view: view.outgoing_in(Sending.NEW, limit=100, kind=NOTIFY))
        return sorted(row.place for row in rows if f"/{occasion}/" in row.dedup)

    async def after(self, ms: int) -> None:
        """Time passes by the second, as the daemon's tick sees it, but only where it matters."""
        end = self.clock.now() + ms
        while True:
            due = self.store.read(lambda view: view.next_due())
            if due is None or due > end:
                break
            self.clock.at = max(self.clock.now(), due)
            await run_timers(self.gate)
        self.clock.at = end


@pytest.fixture
def house() -> House:
    return House()


# --- reminders ----------------------------------------------------------------------------------


async def test_who_has_not_answered_is_reminded_until_it_is_denied(house: House) -> None:
    await house.ask(reviewers=("ana", "ben"), quorum=2, remind_ms=3 * HOUR)
    assert house.told("opened") == ["ana", "ben"]
    await house.after(2 * HOUR)
    await decide_request(house.gate, 1, Word(verdict=Verdict.APPROVE, by="ana", via="cli"))
    await house.after(6 * HOUR)
    # Three hours after Ana's word, and then no more: it is denied an hour before the next one.
    assert house.told("reminder") == ["ben"]
    assert house.state(1) is State.EXPIRED


async def test_a_reminder_moves_no_version(house: House) -> None:
    await house.ask(remind_ms=HOUR)
    await house.after(3 * HOUR)
    assert house.told("reminder") == ["ana", "ana", "ana"]
    assert house.request().version == 1


async def test_of_reminders_that_were_slept_through_one_is_left(house: House) -> None:
    await house.ask(remind_ms=HOUR)
    house.clock.advance(5 * HOUR + 1)
    await run_timers(house.gate)
    await run_timers(house.gate)
    assert house.told("reminder") == ["ana"]
    assert house.store.read(lambda view: view.next_due()) == house.request().created_at + 6 * HOUR


async def test_a_clock_that_is_set_back_reminds_nobody_twice(house: House) -> None:
    await house.ask(remind_ms=HOUR)
    house.clock.advance(HOUR)
    await run_timers(house.gate)
    house.clock.advance(-HOUR // 2)
    await run_timers(house.gate)
    house.clock.advance(HOUR // 2)
    await run_timers(house.gate)
    assert house.told("reminder") == ["ana"]


async def test_what_is_put_off_reminds_nobody_before_it_comes_back(house: House) -> None:
    await house.ask(remind_ms=HOUR, ladder=(Rung(2 * HOUR, ("ben",)),))
    until = house.clock.now() + 4 * HOUR
    word = Word(verdict=Verdict.DELAY, by="ana", via="cli", until=until)
    await decide_request(house.gate, 1, word)
    await house.after(4 * HOUR - 1)
    assert house.told("reminder") == []
    assert house.told("escalated") == []
    await house.after(1)
    assert house.told("reminder") == ["ana"]
    await house.after(2 * HOUR)
    assert house.told("escalated") == ["ben"]


# --- ladders ------------------------------------------------------------------------------------


async def test_the_next_ones_are_asked_and_may_decide(house: House) -> None:
    await house.ask(ladder=(Rung(2 * HOUR, ("@payments",)), Rung(4 * HOUR, ("@oncall",))))
    early = await decide_request(house.gate, 1, Word(verdict=Verdict.APPROVE, by="ben", via="cli"))
    assert not isinstance(early, Request)
    await house.after(2 * HOUR)
    assert house.request().reviewers == ("ana", "ben")
    await house.after(2 * HOUR)
    assert house.request().reviewers == ("ana", "ben", "dan")
    assert house.told("escalated") == ["ben", "dan"]
    decided = await decide_request(
        house.gate, 1, Word(verdict=Verdict.APPROVE, by="dan", via="cli")
    )
    assert isinstance(decided, Request)
    assert decided.state is State.APPROVED
    await house.after(30 * HOUR)
    assert house.told("escalated") == ["ben", "dan"]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(("@nobody",), id="a-group-with-nobody-in-it"),
        pytest.param(("@owners",), id="owners-of-nothing"),
    ],
)
async def test_a_rung_that_means_nobody_gives_way_to_the_following(
    house: House, ask: tuple[str, ...]
) -> None:
    await house.ask(ladder=(Rung(HOUR, ask), Rung(2 * HOUR, ("@security",))))
    await house.after(HOUR)
    assert house.request().reviewers == ("ana",)
    await house.after(HOUR)
    assert house.request().reviewers == ("ana", "cleo", "dan")
    await house.after(6 * HOUR)
    assert house.state(1) is State.EXPIRED


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param(b"mon-sun 00:00-24:00", id="faulty"),
        pytest.param(b"\xff\xfe", id="not-a-text"),
        pytest.param(None, id="missing"),
    ],
)
async def test_a_schedule_with_a_fault_asks_nobody(house: House, schedule: bytes | None) -> None:
    house.world.contents = {} if schedule is None else {SCHEDULE: schedule}
    await house.ask(then_ask=("@oncall",))
    await house.after(8 * HOUR)
    assert house.state(1) is State.EXPIRED


async def test_who_is_asked_when_time_is_up_is_looked_up_then(house: House) -> None:
    await house.ask(then_ask=("@oncall",))
    house.world.contents = {SCHEDULE: b"mon-sun 00:00-24:00 cleo\n"}
    await house.after(8 * HOUR)
    assert (house.state(1), house.request().reviewers) == (State.PENDING, ("cleo",))
    assert house.told("escalated") == ["cleo"]
    await house.after(8 * HOUR)
    assert house.state(1) is State.EXPIRED


@pytest.mark.parametrize("gap", [9 * HOUR, 1_000 * HOUR], ids=["a-night", "weeks"])
async def test_after_a_gap_every_rung_gets_its_turn(house: House, gap: int) -> None:
    await house.ask(ladder=(Rung(2 * HOUR, ("ben",)), Rung(5 * HOUR, ("cleo",))))
    house.clock.advance(gap)
    for _ in range(3):
        await run_timers(house.gate)
    assert (house.state(1), house.request().reviewers) == (State.PENDING, ("ana", "ben"))
    await house.after(3 * HOUR - 1)
    assert house.request().reviewers == ("ana", "ben")
    await house.after(1)
    assert house.request().reviewers == ("ana", "ben", "cleo")
    await house.after(3 * HOUR - 1)
    assert house.state(1) is State.PENDING
    await house.after(1)
    assert house.state(1) is State.EXPIRED


async def test_what_could_not_be_stored_happens_later_and_once(house: House) -> None:
    await house.ask(remind_ms=HOUR, ladder=(Rung(HOUR, ("ben",)),))
    house.clock.advance(HOUR)
    house.store.fault = "the disk is full"
    with pytest.raises(UnavailableError):
        await run_timers(house.gate)
    house.store.fault = ""
    assert house.request().version == 1
    await run_timers(house.gate)
    await run_timers(house.gate)
    assert house.request().reviewers == ("ana", "ben")
    assert house.told("escalated") == ["ben"]


async def test_what_is_recorded_names_whom_the_policy_named_and_who_that_was(
    house: House,
) -> None:
    await house.ask(ladder=(Rung(HOUR, ("@oncall",)),))
    await house.after(HOUR)
    entries = house.store.read(lambda view: list(view.chain("request/1")))
    body = entries[-1].body.decode()
    assert '"asked":["@oncall"]' in body
    assert '"people":["dan"]' in body


# --- what an agent is told -----------------------------------------------------------------------


async def test_an_agent_hears_for_which_group_it_waits_and_what_to_do_instead(
    house: House,
) -> None:
    asked = await house.ask(
        reviewers=("ana", "ben"),
        also=(Need("@security", ("cleo", "dan"), 2),),
        advice="use the staging zone",
    )
    said = pending(asked)
    assert "waiting for 1 of the reviewers and 2 of @security as REQ-1" in said
    assert not any(each.name in said for each in PEOPLE)
    await house.after(8 * HOUR)
    assert not_decided(house.request()).endswith(
        "nobody decided it in time. Instead: use the staging zone."
    )


def test_timers_of_many_are_few(house: House) -> None:
    """Waiting costs rows, at most three of each request, and nothing that runs."""
    asked = replace(_bare(), remind_ms=HOUR, ladder=(Rung(HOUR, ("ben",)),))
    assert len(timers_of(asked)) == 3


def _bare() -> Request:
    return Request(
        id="id",
        number=1,
        proposal=proposal(),
        assessment=Assessment(RiskClass.MEDIUM, frozenset(), (), "run make", ""),
        rule="r",
        why="w",
        policy=digest_of(b"p"),
        created_at=0,
        expires_at=8 * HOUR,
    )
