"""What time does to a request: reminders, ladders and delays, also when the clock jumps."""

from dataclasses import replace
from itertools import pairwise
from typing import assert_never

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assent.core.actions import Command
from assent.core.approvals import (
    FINAL,
    Cause,
    Decision,
    Refusal,
    Request,
    State,
    Verdict,
)
from assent.core.canonical import digest_of
from assent.core.deciding import decide
from assent.core.due import (
    Timer,
    TimerKind,
    climb,
    escalate,
    expire,
    resume,
    timers_of,
)
from assent.core.people.model import Need, Rung
from assent.core.policy.model import AskIn
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment

HOUR = 3_600_000
START = 1_000 * HOUR
LADDER = (Rung(2 * HOUR, ("ben",)), Rung(5 * HOUR, ("@oncall",)))


def request(
    *,
    remind_ms: int = 0,
    ladder: tuple[Rung, ...] = LADDER,
    reviewers: tuple[str, ...] = ("ana",),
    quorum: int = 1,
) -> Request:
    return Request(
        id="id",
        number=7,
        proposal=Proposal(
            session=AgentSession("claude-code", "s", "/w", "/w"),
            call_id="c",
            tool="Bash",
            action=Command("make", "/w"),
            payload=b"make",
        ),
        assessment=Assessment(RiskClass.HIGH, frozenset(), (), "run make", ""),
        rule="r",
        why="w",
        policy=digest_of(b"policy"),
        created_at=START,
        expires_at=START + 8 * HOUR,
        reviewers=reviewers,
        quorum=quorum,
        remind_ms=remind_ms,
        ladder=ladder,
    )


def said(verdict: Verdict, asked: Request, at: int, *, until: int | None = None) -> Decision:
    return Decision(
        verdict=verdict,
        by="ana",
        at=at,
        version=asked.version,
        subject=asked.subject,
        reason="because",
        until=until,
    )


def taken(step: object) -> Request:
    assert isinstance(step, Request), step
    return step


def cause(step: object) -> Cause:
    assert isinstance(step, Refusal), step
    return step.cause


def due(asked: Request, *, since: int = 0) -> dict[TimerKind, int]:
    """When what is due, in hours since it was asked."""
    return {timer.kind: (timer.due_at - START) // HOUR for timer in timers_of(asked, since=since)}


# --- reminders ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "reminder"),
    [
        pytest.param(0, 3, id="the-first"),
        pytest.param(START + 3 * HOUR, 6, id="after-the-first"),
        pytest.param(START + 3 * HOUR - 1, 3, id="before-the-first"),
        pytest.param(START + 5 * HOUR, 6, id="one-for-all-that-were-slept-through"),
        pytest.param(START + 6 * HOUR, None, id="none-after-it-expires"),
    ],
)
def test_the_next_reminder(since: int, reminder: int | None) -> None:
    found = due(request(remind_ms=3 * HOUR, ladder=()), since=since)
    assert found.get(TimerKind.REMIND) == reminder


def test_a_word_begins_the_time_to_the_next_reminder_anew() -> None:
    asked = request(remind_ms=3 * HOUR, ladder=(), quorum=2)
    after = taken(decide(asked, said(Verdict.APPROVE, asked, START + 2 * HOUR)))
    assert due(after)[TimerKind.REMIND] == 5


def test_what_is_delayed_reminds_nobody_before_it_comes_back() -> None:
    asked = request(remind_ms=HOUR)
    until = START + 4 * HOUR
    delayed = taken(decide(asked, said(Verdict.DELAY, asked, START + HOUR, until=until)))
    assert due(delayed) == {TimerKind.RESUME: 4, TimerKind.EXPIRE: 12}
    back = taken(resume(delayed, version=2, now=until))
    assert due(back, since=until)[TimerKind.REMIND] == 5


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(replace(request(remind_ms=HOUR), state=State.APPROVED), id="approved"),
        pytest.param(replace(request(remind_ms=HOUR), asked_in=AskIn.AGENT), id="at-the-prompt"),
    ],
)
def test_where_nobody_is_waited_for_nobody_is_reminded_or_asked(asked: Request) -> None:
    assert due(asked) == {TimerKind.EXPIRE: 8}


# --- the ladder ---------------------------------------------------------------------------------


def test_a_rung_lets_others_decide_too_and_the_following_one_is_waited_for() -> None:
    asked = request()
    assert due(asked) == {TimerKind.EXPIRE: 8, TimerKind.RUNG: 2}
    assert cause(climb(asked, version=1, now=START + 2 * HOUR - 1, people=())) is Cause.NOT_LATER
    second = taken(climb(asked, version=1, now=START + 2 * HOUR, people=("ben",)))
    assert (second.reviewers, second.version, second.state) == (("ana", "ben"), 2, State.PENDING)
    assert due(second) == {TimerKind.EXPIRE: 8, TimerKind.RUNG: 5}
    third = taken(climb(second, version=2, now=START + 5 * HOUR, people=("eve", "ben")))
    assert third.reviewers == ("ana", "ben", "eve")
    assert due(third) == {TimerKind.EXPIRE: 8}
    assert cause(climb(third, version=3, now=START + 6 * HOUR, people=())) is Cause.NOBODY_ELSE


def test_where_anybody_may_decide_a_rung_takes_that_from_nobody() -> None:
    asked = request(reviewers=())
    assert taken(climb(asked, version=1, now=START + 2 * HOUR, people=("ben",))).reviewers == ()


def test_a_rung_joins_the_first_need_that_names_anybody() -> None:
    needs = (Need("@security", ("ana",), 2), Need("@owners", ("eve",)))
    asked = replace(request(reviewers=()), also=needs)
    after = taken(climb(asked, version=1, now=START + 2 * HOUR, people=("ben", "ana")))
    assert after.reviewers == ()
    assert after.also == (Need("@security", ("ana", "ben"), 2), needs[1])


def test_a_rung_with_nobody_on_it_waits_for_the_following_one() -> None:
    after = taken(climb(request(), version=1, now=START + 2 * HOUR, people=()))
    assert after.reviewers == ("ana",)
    assert due(after)[TimerKind.RUNG] == 5


@pytest.mark.parametrize("late", [0, HOUR, 100 * HOUR], ids=["in-time", "an-hour", "days"])
def test_after_a_gap_each_step_keeps_its_distance(late: int) -> None:
    # The machine slept over everything: nothing but the first rung happens at once.
    asked, now = request(), START + 2 * HOUR + late
    assert isinstance(expire(asked, version=1, now=now), Refusal)
    second = taken(climb(asked, version=1, now=now, people=("ben",)))
    rung = next(each.due_at for each in timers_of(second) if each.kind is TimerKind.RUNG)
    assert rung - now == 3 * HOUR
    third = taken(climb(second, version=2, now=rung, people=("eve",)))
    assert third.expires_at - rung == 3 * HOUR


def test_a_rung_that_would_come_after_the_expiry_does_not_keep_it_open() -> None:
    asked = request(ladder=(Rung(9 * HOUR, ("ben",)),))
    assert due(asked) == {TimerKind.EXPIRE: 8}
    assert taken(expire(asked, version=1, now=START + 8 * HOUR)).state is State.EXPIRED


def test_the_time_of_a_delay_counts_for_nobody() -> None:
    asked = request()
    delayed = taken(decide(asked, said(Verdict.DELAY, asked, START + HOUR, until=START + 4 * HOUR)))
    longer = taken(
        decide(delayed, said(Verdict.DELAY, delayed, START + 3 * HOUR, until=START + 6 * HOUR))
    )
    assert isinstance(climb(longer, version=3, now=START + 5 * HOUR, people=()), Refusal)
    back = taken(resume(longer, version=3, now=START + 6 * HOUR))
    # Five of its hours were a delay: what was due after two hours is due after seven.
    assert due(back)[TimerKind.RUNG] == 7


def test_a_delay_that_ended_long_ago_is_not_counted_again() -> None:
    asked = request(ladder=(Rung(6 * HOUR, ("ben",)),))
    first = taken(decide(asked, said(Verdict.DELAY, asked, START, until=START + HOUR)))
    back = taken(resume(first, version=2, now=START + HOUR))
    again = taken(decide(back, said(Verdict.DELAY, back, START + 3 * HOUR, until=START + 4 * HOUR)))
    found = taken(resume(again, version=4, now=START + 4 * HOUR))
    assert due(found)[TimerKind.RUNG] == 6 + 1 + 1


def test_what_comes_back_late_leaves_people_their_time() -> None:
    asked = request(ladder=())
    until = START + 4 * HOUR
    delayed = taken(decide(asked, said(Verdict.DELAY, asked, START, until=until)))
    now = delayed.expires_at + 50 * HOUR
    assert isinstance(expire(delayed, version=2, now=now), Refusal)
    assert taken(resume(delayed, version=2, now=now)).expires_at - now == 8 * HOUR


# --- time is up ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "state", "reviewers"),
    [
        pytest.param(None, State.PENDING, ("@security",), id="as-named"),
        pytest.param(("eve",), State.PENDING, ("eve",), id="whom-they-mean"),
        pytest.param((), State.EXPIRED, ("ana",), id="nobody-is-a-denial"),
    ],
)
def test_others_are_asked_when_time_is_up(
    people: tuple[str, ...] | None, state: State, reviewers: tuple[str, ...]
) -> None:
    asked = replace(request(ladder=()), then_ask=("@security",))
    now = START + 9 * HOUR
    step = escalate(asked, version=1, now=now, people=people)
    after = step if isinstance(step, Request) else taken(expire(asked, version=1, now=now))
    assert (after.state, after.reviewers) == (state, reviewers)
    if after.state is State.PENDING:
        assert after.expires_at == now + 8 * HOUR


# --- any order of steps, any jump of the clock ---------------------------------------------------


class TimeAndPeople(RuleBasedStateMachine):
    """A daemon that ticks, sleeps and has its clock set, while a person may put things off."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.current = request()
        self.timers: tuple[Timer, ...] = ()
        self.reminded: list[int] = []
        self.happened: list[tuple[TimerKind, int]] = []

    @initialize(
        remind=st.sampled_from((0, HOUR, 3 * HOUR)),
        rungs=st.lists(st.integers(1, 7), unique=True, max_size=3).map(sorted),
        then=st.booleans(),
    )
    def ask(self, remind: int, rungs: list[int], *, then: bool) -> None:
        ladder = tuple(Rung(hours * HOUR, (f"rung-{hours}",)) for hours in rungs)
        asked = request(remind_ms=remind, ladder=ladder)
        self.current = replace(asked, then_ask=("last",) if then else ())
        self.timers = timers_of(self.current)

    def store(self, after: Request) -> None:
        assert after.version == self.current.version + 1
        self.current = after
        self.timers = timers_of(after, since=self.now)

    @rule(ms=st.integers(1, 3 * HOUR) | st.integers(1, 40 * HOUR))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule(ms=st.integers(1, 2 * HOUR))
    def clock_is_set_back(self, ms: int) -> None:
        self.now = max(START, self.now - ms)

    @precondition(lambda self: self.current.state is State.PENDING)
    @rule(ms=st.integers(1, 6 * HOUR))
    def put_off(self, ms: int) -> None:
        word = said(Verdict.DELAY, self.current, self.now, until=self.now + ms)
        step = decide(self.current, word)
        if isinstance(step, Request):
            self.store(step)

    @rule()
    def tick(self) -> None:
        """As the daemon does it: what is due, the earliest first, each for its version."""
        waiting = sorted(
            (timer for timer in self.timers if timer.due_at <= self.now),
            key=lambda timer: timer.due_at,
        )
        steps = 0
        for timer in waiting:
            if timer.version == self.current.version:
                steps += self.fire(timer)
        assert steps <= 1, "several steps at once"

    def fire(self, timer: Timer) -> bool:
        before = self.current
        match timer.kind:
            case TimerKind.REMIND:
                self.reminded.append(timer.due_at)
                self.timers = timers_of(before, since=self.now)
                return False
            case TimerKind.RESUME:
                step = resume(before, version=timer.version, now=self.now)
            case TimerKind.RUNG:
                people = before.ladder[0].ask
                step = climb(before, version=timer.version, now=self.now, people=people)
            case TimerKind.EXPIRE:
                step = escalate(before, version=timer.version, now=self.now)
                if isinstance(step, Refusal):
                    step = expire(before, version=timer.version, now=self.now)
            case _:
                assert_never(timer.kind)
        if isinstance(step, Refusal):
            # An earlier timer of the same tick is on its way; nothing else holds one up.
            assert step.cause is Cause.NOT_YET_EXPIRED, step
            return False
        self.happened.append((timer.kind, self.now))
        self.store(step)
        return True

    @invariant()
    def waiting_always_ends(self) -> None:
        if self.current.state not in FINAL:
            assert TimerKind.EXPIRE in {timer.kind for timer in self.timers}
        else:
            assert self.timers == ()

    @invariant()
    def time_never_approves(self) -> None:
        assert self.current.state in (State.PENDING, State.EXPIRED)

    @invariant()
    def whoever_was_asked_has_time(self) -> None:
        steps = [at for kind, at in self.happened if kind is not TimerKind.RESUME]
        assert all(after - before >= HOUR for before, after in pairwise(steps))

    @invariant()
    def nobody_is_reminded_twice_of_the_same(self) -> None:
        assert len(set(self.reminded)) == len(self.reminded)


TestTimeAndPeople = TimeAndPeople.TestCase
TestTimeAndPeople.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
