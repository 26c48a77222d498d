"""A request's life: every path there is, and the ones there must not be."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assent.core.actions import Command
from assent.core.approvals import (
    AGENT_PROMPT,
    FINAL,
    Cause,
    Decision,
    Receipt,
    Refusal,
    Request,
    State,
    Verdict,
    consume,
    deciding,
    supersede,
)
from assent.core.canonical import digest_of
from assent.core.deciding import decide
from assent.core.due import TimerKind, expire, resume, timers_of
from assent.core.policy.model import AskIn
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment
from tests.core.strategies import requests, times

OTHER = digest_of(b"another action")
START, EXPIRES = 1_000, 2_000

ALLOWED = {
    State.PENDING: {
        State.PENDING,
        State.APPROVED,
        State.REJECTED,
        State.EXPIRED,
        State.CANCELLED,
        State.SUPERSEDED,
    },
    State.APPROVED: {State.CONSUMED, State.EXPIRED},
    **{state: set[State]() for state in FINAL},
}
"""The diagram: to which states a step may lead."""


def proposal(command: str = "make") -> Proposal:
    return Proposal(
        session=AgentSession("claude-code", "s", "/w", "/w"),
        call_id="c",
        tool="Bash",
        action=Command(command, "/w"),
        payload=command.encode(),
    )


def request(*, quorum: int = 1, asked_in: AskIn = AskIn.INBOX) -> Request:
    return Request(
        id="id",
        number=7,
        proposal=proposal(),
        assessment=Assessment(RiskClass.HIGH, frozenset(), (), "run make", ""),
        rule="r",
        why="w",
        policy=OTHER,
        created_at=START,
        expires_at=EXPIRES,
        quorum=quorum,
        asked_in=asked_in,
    )


def said(verdict: Verdict, *, by: str = "ana", at: int = START + 1, version: int = 1) -> Decision:
    return Decision(
        verdict=verdict,
        by=by,
        at=at,
        version=version,
        subject=proposal().subject,
        reason="use a revert commit",
        via="web",
        replacement=proposal("make check") if verdict is Verdict.MODIFY else None,
        until=at + 100 if verdict is Verdict.DELAY else None,
    )


def taken(step: object) -> Request:
    assert isinstance(step, Request), step
    return step


def used(request_: Request, *, now: int = START + 5) -> tuple[Request, Receipt]:
    outcome = consume(request_, subject=request_.subject, now=now)
    assert not isinstance(outcome, Refusal), outcome
    return outcome


# --- the steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        pytest.param(Verdict.APPROVE, State.APPROVED, id="approve"),
        pytest.param(Verdict.MODIFY, State.APPROVED, id="modify"),
        pytest.param(Verdict.REJECT, State.REJECTED, id="reject"),
        pytest.param(Verdict.WITHDRAW, State.CANCELLED, id="withdraw"),
        pytest.param(Verdict.DELAY, State.PENDING, id="delay"),
    ],
)
def test_a_word_leads_to_its_state(verdict: Verdict, state: State) -> None:
    word = said(verdict)
    after = taken(decide(request(), word))
    assert (after.state, after.version, after.decisions) == (state, 2, (word,))
    assert deciding(after) == (None if verdict is Verdict.DELAY else word)


def test_what_was_approved_runs_as_asked_and_what_was_modified_as_changed() -> None:
    assert taken(decide(request(), said(Verdict.APPROVE))).runnable == proposal()
    changed = taken(decide(request(), said(Verdict.MODIFY)))
    assert changed.runnable == proposal("make check")
    # The agent asks for the same call again: the receipt is bound to that, not to the change.
    _, receipt = used(changed)
    assert (receipt.subject, receipt.runnable) == (proposal().subject, proposal("make check"))


@pytest.mark.parametrize("quorum", [1, 2])
def test_an_approval_cannot_bring_a_change_with_it(quorum: int) -> None:
    current = request(quorum=quorum)
    for number in range(quorum):
        word = said(Verdict.APPROVE, by=f"person {number}", version=current.version)
        current = taken(decide(current, replace(word, replacement=proposal("make check"))))
    assert current.runnable == proposal()


@pytest.mark.parametrize("quorum", [2, 3])
def test_approvals_count_up_to_the_quorum(quorum: int) -> None:
    current = request(quorum=quorum)
    for number in range(quorum):
        assert current.state is State.PENDING
        word = said(Verdict.APPROVE, by=f"person {number}", version=current.version)
        current = taken(decide(current, word))
    assert current.state is State.APPROVED


def test_one_rejection_outweighs_approvals() -> None:
    current = taken(decide(request(quorum=2), said(Verdict.APPROVE)))
    after = taken(decide(current, said(Verdict.REJECT, by="ben", version=2)))
    assert after.state is State.REJECTED


REFUSED = [
    pytest.param(replace(said(Verdict.APPROVE), version=2), {}, Cause.STALE_VERSION, id="stale"),
    pytest.param(
        replace(said(Verdict.APPROVE), subject=OTHER), {}, Cause.OTHER_SUBJECT, id="other-action"
    ),
    pytest.param(
        replace(said(Verdict.APPROVE), at=EXPIRES), {}, Cause.EXPIRED, id="at-the-last-moment"
    ),
    pytest.param(replace(said(Verdict.REJECT), reason=" \n"), {}, Cause.NO_REASON, id="no-reason"),
    pytest.param(
        replace(said(Verdict.MODIFY), replacement=None),
        {},
        Cause.NO_REPLACEMENT,
        id="nothing-to-run-instead",
    ),
    pytest.param(said(Verdict.MODIFY), {"quorum": 2}, Cause.NEEDS_OTHERS, id="others-to-agree"),
    pytest.param(
        replace(said(Verdict.DELAY), until=None), {}, Cause.NOT_LATER, id="delay-without-end"
    ),
    pytest.param(
        replace(said(Verdict.DELAY), until=START + 1), {}, Cause.NOT_LATER, id="delay-to-now"
    ),
    pytest.param(
        said(Verdict.APPROVE), {"asked_in": AskIn.AGENT}, Cause.ASKED_ELSEWHERE, id="other-prompt"
    ),
]


@pytest.mark.parametrize(("word", "asked", "cause"), REFUSED)
def test_a_word_that_cannot_be_taken_is_refused(
    word: Decision, asked: dict[str, int], cause: Cause
) -> None:
    outcome = decide(replace(request(), **asked), word)  # type: ignore[arg-type]
    assert isinstance(outcome, Refusal)
    assert outcome.cause is cause
    assert outcome.message


def test_a_question_at_the_agents_prompt_is_answered_there() -> None:
    word = replace(said(Verdict.APPROVE), via=AGENT_PROMPT)
    assert taken(decide(request(asked_in=AskIn.AGENT), word)).state is State.APPROVED


def test_nobody_approves_twice() -> None:
    once = taken(decide(request(quorum=2), said(Verdict.APPROVE)))
    outcome = decide(once, said(Verdict.APPROVE, version=2))
    assert isinstance(outcome, Refusal)
    assert outcome.cause is Cause.SAME_PERSON_TWICE


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("first", [Verdict.APPROVE, Verdict.REJECT, Verdict.WITHDRAW])
def test_the_second_word_learns_who_was_first(first: Verdict, verdict: Verdict) -> None:
    decided = taken(decide(request(), said(first)))
    outcome = decide(decided, said(verdict, by="ben", version=decided.version))
    assert isinstance(outcome, Refusal)
    assert outcome.cause is Cause.ALREADY_DECIDED
    assert f"{decided.state.value} by ana" in outcome.message


def test_a_delay_keeps_as_much_time_to_decide_as_there_was() -> None:
    delayed = taken(decide(request(), replace(said(Verdict.DELAY), until=5_000)))
    assert (delayed.delayed_until, delayed.expires_at) == (5_000, 6_000)
    back = taken(resume(delayed, version=2, now=5_000))
    assert (back.delayed_until, back.version, back.state) == (None, 3, State.PENDING)


def test_a_short_delay_does_not_shorten_the_time() -> None:
    soon = taken(decide(request(), said(Verdict.DELAY, at=START - 500)))
    assert soon.expires_at == EXPIRES


def test_a_delayed_request_can_be_decided_before_it_is_back() -> None:
    delayed = taken(decide(request(), said(Verdict.DELAY)))
    approved = taken(decide(delayed, said(Verdict.APPROVE, version=2)))
    assert (approved.state, approved.delayed_until) == (State.APPROVED, None)


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        pytest.param(expire(request(), version=1, now=EXPIRES - 1), Cause.NOT_YET_EXPIRED, id="e"),
        pytest.param(expire(request(), version=2, now=EXPIRES), Cause.STALE_VERSION, id="e-stale"),
        pytest.param(resume(request(), version=1, now=EXPIRES), Cause.ALREADY_DECIDED, id="r"),
        pytest.param(
            resume(replace(request(), delayed_until=1_500), version=2, now=1_500),
            Cause.STALE_VERSION,
            id="r-stale",
        ),
        pytest.param(
            resume(replace(request(), delayed_until=1_500), version=1, now=1_499),
            Cause.NOT_LATER,
            id="r-early",
        ),
        pytest.param(
            consume(request(), subject=proposal().subject, now=START), Cause.NOT_APPROVED, id="c"
        ),
        pytest.param(
            consume(taken(decide(request(), said(Verdict.APPROVE))), subject=OTHER, now=START + 5),
            Cause.OTHER_SUBJECT,
            id="c-other-action",
        ),
        pytest.param(
            consume(
                taken(decide(request(), said(Verdict.APPROVE))),
                subject=proposal().subject,
                now=EXPIRES,
            ),
            Cause.EXPIRED,
            id="c-late",
        ),
    ],
)
def test_what_is_not_due_or_not_there_is_refused(outcome: object, cause: Cause) -> None:
    assert isinstance(outcome, Refusal)
    assert outcome.cause is cause


def test_an_approval_that_nobody_used_lapses() -> None:
    approved = taken(decide(request(), said(Verdict.APPROVE)))
    assert taken(expire(approved, version=2, now=EXPIRES)).state is State.EXPIRED


# --- whatever is stored -------------------------------------------------------------------------


@given(requests)
def test_timers_belong_to_the_version_and_only_to_what_is_open(stored: Request) -> None:
    timers = timers_of(stored)
    assert all((timer.request_id, timer.version) == (stored.id, stored.version) for timer in timers)
    kinds = {timer.kind: timer.due_at for timer in timers}
    assert (TimerKind.EXPIRE in kinds) == (stored.state not in FINAL)
    if TimerKind.RESUME in kinds:
        assert (stored.state, stored.delayed_until) == (State.PENDING, kinds[TimerKind.RESUME])


@given(requests, st.sampled_from(sorted(FINAL)), times)
def test_nothing_leaves_a_final_state(stored: Request, state: State, now: int) -> None:
    ended = replace(stored, state=state)
    word = replace(said(Verdict.APPROVE, at=now), version=ended.version, subject=ended.subject)
    for outcome in (
        *(decide(ended, replace(word, verdict=verdict)) for verdict in Verdict),
        expire(ended, version=ended.version, now=now),
        resume(ended, version=ended.version, now=now),
        supersede(ended),
        consume(ended, subject=ended.subject, now=now),
    ):
        assert isinstance(outcome, Refusal)


# --- every path ---------------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """Anyone says anything at any time; what must hold is checked after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.current = request()
        self.receipts: list[Receipt] = []
        self.seen: list[Request] = []

    @initialize(quorum=st.integers(1, 3), prompt=st.booleans())
    def ask(self, quorum: int, prompt: bool) -> None:
        self.current = request(quorum=quorum, asked_in=AskIn.AGENT if prompt else AskIn.INBOX)
        self.seen = [self.current]

    def go(self, outcome: Request | Refusal) -> None:
        if isinstance(outcome, Refusal):
            assert outcome.message
            return
        before, self.current = self.current, outcome
        self.seen.append(outcome)
        assert outcome.state in ALLOWED[before.state]
        assert outcome.version == before.version + 1
        assert outcome.decisions[: len(before.decisions)] == before.decisions
        assert replace(outcome, proposal=before.proposal) == outcome

    @rule(ms=st.integers(1, 700))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule(
        verdict=st.sampled_from(Verdict),
        by=st.sampled_from(("ana", "ben", "cleo")),
        behind=st.sampled_from((0, 0, 0, 1, -1)),
        about_this=st.sampled_from((True, True, True, False)),
        reason=st.sampled_from(("because", "")),
        via=st.sampled_from(("web", AGENT_PROMPT)),
        replacement=st.sampled_from((None, proposal("make check"))),
        delay=st.sampled_from((None, -1, 300)),
    )
    def say(
        self,
        verdict: Verdict,
        by: str,
        behind: int,
        about_this: bool,
        reason: str,
        via: str,
        replacement: Proposal | None,
        delay: int | None,
    ) -> None:
        before = self.current
        word = Decision(
            verdict=verdict,
            by=by,
            at=self.now,
            version=before.version - behind,
            subject=before.subject if about_this else OTHER,
            reason=reason,
            via=via,
            replacement=replacement,
            until=None if delay is None else self.now + delay,
        )
        outcome = decide(before, word)
        self.go(outcome)
        if isinstance(outcome, Request):
            assert behind == 0, "a stale version changed something"
            assert about_this, "a word about another action was taken"
            assert self.now < before.expires_at, "an expired question was answered"
            assert before.asked_in is AskIn.INBOX or via == AGENT_PROMPT

    @rule(behind=st.sampled_from((0, 0, 1)))
    def fire_expiry(self, behind: int) -> None:
        before = self.current
        outcome = expire(before, version=before.version - behind, now=self.now)
        self.go(outcome)
        if isinstance(outcome, Request):
            assert behind == 0
            assert self.now >= before.expires_at

    @rule(behind=st.sampled_from((0, 0, 1)))
    def fire_resume(self, behind: int) -> None:
        outcome = resume(self.current, version=self.current.version - behind, now=self.now)
        self.go(outcome)
        assert isinstance(outcome, Refusal) or behind == 0

    @precondition(lambda self: len(self.seen) > 3)
    @rule()
    def replace_by_newer(self) -> None:
        self.go(supersede(self.current))

    @rule(same_action=st.booleans())
    def start(self, same_action: bool) -> None:
        subject = self.current.subject if same_action else OTHER
        outcome = consume(self.current, subject=subject, now=self.now)
        if isinstance(outcome, Refusal):
            self.go(outcome)
            return
        assert same_action
        assert self.now < self.current.expires_at
        self.go(outcome[0])
        self.receipts.append(outcome[1])

    @invariant()
    def at_most_one_receipt(self) -> None:
        assert len(self.receipts) == (self.current.state is State.CONSUMED)

    @invariant()
    def only_what_was_approved_may_run(self) -> None:
        passed = self.current.state in (State.APPROVED, State.CONSUMED)
        if not passed:
            assert all(each.state is not State.CONSUMED for each in self.seen)
            return
        words = self.current.decisions
        yes = {word.by for word in words if word.verdict in (Verdict.APPROVE, Verdict.MODIFY)}
        assert len(yes) >= self.current.quorum
        assert all(word.verdict is not Verdict.REJECT for word in words)
        modified = words[-1].verdict is Verdict.MODIFY
        wanted = words[-1].replacement if modified else self.current.proposal
        assert self.current.runnable == wanted
        assert not modified or self.current.quorum == 1

    @invariant()
    def nothing_may_run_before(self) -> None:
        if self.current.state is State.PENDING:
            assert self.current.runnable is None

    @invariant()
    def no_way_out_of_an_end(self) -> None:
        ends = [each.state in FINAL for each in self.seen]
        assert True not in ends[:-1]


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=25)
