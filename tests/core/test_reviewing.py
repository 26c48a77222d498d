"""Who may decide about a request, what the hand has to do, and who is asked when time is up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.approvals import (
    AGENT_PROMPT,
    Cause,
    Decision,
    Refusal,
    Request,
    State,
    Verdict,
    hand_of,
)
from assent.core.deciding import decide
from assent.core.due import escalate, timers_of
from assent.core.policy.model import AskIn, Tier
from tests.core.strategies import requests, times
from tests.core.test_approvals import EXPIRES, START, request, said, taken

ANA_OR_BEN = replace(request(), reviewers=("ana", "ben"))


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT, Verdict.DELAY])
def test_only_reviewers_decide(verdict: Verdict) -> None:
    word = replace(said(verdict, by="cleo"), until=EXPIRES)
    outcome = decide(ANA_OR_BEN, word)
    assert isinstance(outcome, Refusal)
    assert outcome.cause is Cause.NOT_A_REVIEWER
    assert outcome.message == "REQ-7 is for ana, ben to decide, not for cleo."
    assert isinstance(decide(ANA_OR_BEN, replace(word, by="ben")), Request)


def test_anyone_may_take_a_question_back() -> None:
    withdrawn = taken(decide(ANA_OR_BEN, said(Verdict.WITHDRAW, by="cleo")))
    assert withdrawn.state is State.CANCELLED


def test_two_reviewers_make_a_quorum_of_two() -> None:
    asked = replace(ANA_OR_BEN, quorum=2)
    once = taken(decide(asked, said(Verdict.APPROVE, by="ana")))
    assert once.state is State.PENDING
    again = decide(once, said(Verdict.APPROVE, by="ana", version=2))
    assert isinstance(again, Refusal)
    assert again.cause is Cause.SAME_PERSON_TWICE
    other = decide(once, said(Verdict.APPROVE, by="cleo", version=2))
    assert isinstance(other, Refusal)
    twice = taken(decide(once, said(Verdict.APPROVE, by="ben", version=2)))
    assert twice.state is State.APPROVED
    rejected = taken(decide(once, replace(said(Verdict.REJECT, by="ben", version=2), reason="no")))
    assert rejected.state is State.REJECTED


@pytest.mark.parametrize(
    ("confirm", "hand"),
    [
        pytest.param("", Tier.ACKNOWLEDGE, id="nothing"),
        pytest.param("read", Tier.REVIEW, id="read"),
        pytest.param("REQ-8", Tier.REVIEW, id="another-name"),
        pytest.param(" req-7 ", Tier.APPROVE, id="name"),
        pytest.param("7", Tier.APPROVE, id="number"),
    ],
)
def test_what_the_hand_did(confirm: str, hand: Tier) -> None:
    assert hand_of(request(), confirm) is hand


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("hand", Tier)
def test_an_approval_needs_what_its_tier_wants(tier: Tier, hand: Tier) -> None:
    asked = replace(request(), tier=tier)
    outcome = decide(asked, replace(said(Verdict.APPROVE), hand=hand))
    if hand.strictness >= tier.strictness:
        assert taken(outcome).state is State.APPROVED
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.cause is Cause.NOT_CONFIRMED
        assert "REQ-7" in outcome.message


def test_a_rejection_needs_no_second_act() -> None:
    asked = replace(request(), tier=Tier.APPROVE)
    word = replace(said(Verdict.REJECT), reason="no")
    assert taken(decide(asked, word)).state is State.REJECTED


def test_the_prompts_own_question_is_the_hand() -> None:
    asked = replace(request(asked_in=AskIn.AGENT), tier=Tier.REVIEW)
    word = replace(said(Verdict.APPROVE), via=AGENT_PROMPT, hand=asked.tier)
    assert taken(decide(asked, word)).state is State.APPROVED


# --- when time is up

THEN_CLEO = replace(ANA_OR_BEN, then_ask=("cleo",))


def test_the_next_ones_are_asked_once_and_have_as_long() -> None:
    later = taken(escalate(THEN_CLEO, version=1, now=EXPIRES))
    assert (later.state, later.reviewers, later.then_ask) == (State.PENDING, ("cleo",), ())
    assert later.expires_at == EXPIRES + (EXPIRES - START)
    assert [timer.version for timer in timers_of(later)] == [2]
    ended = escalate(later, version=2, now=later.expires_at)
    assert isinstance(ended, Refusal)
    assert ended.cause is Cause.NOBODY_ELSE


def test_what_was_approved_before_still_counts() -> None:
    once = taken(decide(replace(THEN_CLEO, quorum=2), said(Verdict.APPROVE, by="ana")))
    later = taken(escalate(once, version=2, now=EXPIRES))
    word = replace(said(Verdict.APPROVE, by="cleo", version=3), at=EXPIRES + 1)
    assert taken(decide(later, word)).state is State.APPROVED


@given(requests, times)
def test_time_never_approves(stored: Request, now: int) -> None:
    outcome = escalate(stored, version=stored.version, now=now)
    if isinstance(outcome, Request):
        assert outcome.state is State.PENDING
        assert stored.state is State.PENDING
        assert outcome.decisions == stored.decisions
        assert outcome.runnable == stored.runnable


@given(requests, st.text(max_size=5), st.sampled_from(Tier))
def test_nobody_but_a_reviewer_ever_approves(stored: Request, by: str, hand: Tier) -> None:
    word = Decision(
        Verdict.APPROVE,
        by=by,
        at=stored.created_at,
        version=stored.version,
        subject=stored.subject,
        hand=hand,
    )
    outcome = decide(stored, word)
    if isinstance(outcome, Request) and stored.reviewers:
        assert by in stored.reviewers
