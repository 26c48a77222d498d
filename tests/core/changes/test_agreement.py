"""A change is accepted by all who have to, for one and the same hunks, and by nobody else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.acceptance import Accepts, accepted, accepted_whole
from assent.core.changes.agreement import Ground, agreement, current_hunks, present_voices, vetoes
from assent.core.changes.lifecycle import Cause, Refusal, Says, returned, revised
from assent.core.changes.model import Change, ChangeState, HunkId
from assent.core.people.model import Delegation, Factor, Need
from assent.core.risk.factors import RiskClass
from tests.core.changes.changes import POLICY, RULES, change, hunk, revision

SECURITY = Need("@security", ("ben", "cyd", "dan"), 2)
ANYBODY = Need("")
TWO = Ground(needs=(ANYBODY, SECURITY))


def says(by: str, *, at: int = 10, envelope: str = "", factor: Factor = Factor.NONE) -> Says:
    return Says(by=by, at=at, reason="fine", envelope=envelope, factor=factor)


def accept(
    made: Change,
    by: str,
    *hunks: str,
    ground: Ground = TWO,
    at: int = 10,
    signed: Factor = Factor.NONE,
    **more: Any,
) -> Change | Refusal:
    said = says(by, at=at, envelope="sha256:e" if signed is not Factor.NONE else "", factor=signed)
    named = tuple(HunkId(each * 8) for each in hunks) or None
    accepts = Accepts(says=said, via="web", hunks=named, **more)
    return accepted(made, accepts, RULES, policy=POLICY, ground=ground)


def done(outcome: Change | Refusal) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome


def cause(outcome: Change | Refusal) -> Cause:
    assert isinstance(outcome, Refusal), outcome
    return outcome.cause


def test_it_waits_until_all_who_have_to_accepted_the_same() -> None:
    first = done(accept(change(), "ben"))
    assert first.state is ChangeState.IN_REVIEW
    assert first.awaited == ("cyd", "dan")
    second = done(accept(first, "ana"))
    assert second.state is ChangeState.IN_REVIEW
    third = done(accept(second, "cyd"))
    assert third.state is ChangeState.APPROVED
    assert third.awaited == ()
    assert [each.by for each in third.acceptances] == ["ben", "ana", "cyd"]


def test_voices_for_other_hunks_are_not_added_up() -> None:
    made = done(accept(done(accept(change(), "ben", "a")), "cyd", "b"))
    assert made.state is ChangeState.IN_REVIEW
    found = agreement(made, [HunkId("a" * 8)], TWO)
    assert [each.by for each in found.voices] == ["ben"]
    assert found.missing == ("1 more of @security (cyd or dan)",)
    assert done(accept(made, "dan", "b")).state is ChangeState.PARTLY_APPROVED


def test_the_last_word_of_a_person_counts() -> None:
    made = done(accept(done(accept(change(), "ben", "a")), "ben", "b", at=11))
    assert [each.hunks for each in present_voices(made)] == [(HunkId("b" * 8),)]
    assert current_hunks(made) == (HunkId("b" * 8),)
    assert done(accept(made, "cyd", "a", at=12)).state is ChangeState.IN_REVIEW


def test_nobody_accepts_the_same_twice() -> None:
    assert cause(accept(done(accept(change(), "ben")), "ben")) is Cause.SAME_PERSON_TWICE


def test_a_new_revision_voids_all_voices() -> None:
    made = done(accept(change(), "ben"))
    again = revised(made, revision(hunk("a"), hunk("b"), number=2), at=20)
    assert isinstance(again, Change)
    assert present_voices(again) == ()
    assert done(accept(again, "cyd")).state is ChangeState.IN_REVIEW


def test_a_return_by_who_may_accept_is_a_veto_until_they_do() -> None:
    made = done(accept(change(), "ben"))
    back = done(returned(made, says("dan")))
    assert vetoes(back, TWO) == ("dan",)
    assert cause(accept(back, "cyd")) is Cause.SENT_BACK
    taken = done(accept(back, "dan"))
    assert taken.state is ChangeState.APPROVED


def test_who_sends_back_takes_their_own_voice_back() -> None:
    made = done(returned(done(accept(change(), "ben")), says("ben")))
    assert present_voices(made) == ()


def test_a_return_by_somebody_else_is_none() -> None:
    only = Ground(needs=(Need("ana", ("ana",)),))
    back = done(returned(change(), says("ben")))
    assert done(accept(back, "ana", ground=only)).state is ChangeState.APPROVED


@pytest.mark.parametrize(
    ("by", "ground", "expected"),
    [
        pytest.param("codex", Ground(), Cause.MAKER, id="the agent that made it"),
        pytest.param("eve", Ground(active=frozenset({"ana"})), Cause.NOT_A_REVIEWER, id="nobody"),
        pytest.param("ana", Ground(apart={"ana": "wrote it"}), Cause.APART, id="who made it"),
        pytest.param("ana", Ground(needs=(SECURITY,)), Cause.NOT_A_REVIEWER, id="no member"),
        pytest.param("ana", Ground(needs=(Need("@gone", ()),)), Cause.NOT_A_REVIEWER, id="empty"),
        pytest.param("ana", Ground(signed=True), Cause.NOT_SIGNED, id="unsigned"),
    ],
)
def test_who_does_not_count(by: str, ground: Ground, expected: Cause) -> None:
    made = change()
    outcome = accept(made, by, ground=ground)
    assert cause(outcome) is expected


@pytest.mark.parametrize("factor", [Factor.TOUCH, Factor.PASSKEY])
def test_what_has_to_be_signed_is_by_a_person(factor: Factor) -> None:
    ground = Ground(signed=True)
    assert cause(accept(change(), "ana", ground=ground, signed=Factor.KEY)) is Cause.NOT_SIGNED
    signed = done(accept(change(), "ana", ground=ground, signed=factor))
    assert signed.state is ChangeState.APPROVED
    assert signed.acceptances[-1].factor is factor


def test_a_group_with_nobody_in_it_is_never_met() -> None:
    ground = Ground(needs=(ANYBODY, Need("@gone", ())))
    made = done(accept(change(), "ana", ground=ground))
    assert made.state is ChangeState.IN_REVIEW
    [said] = agreement(made, current_hunks(made), ground).missing
    assert "@gone" in said
    assert "not enough people" in said


def test_a_group_of_makers_alone_is_met_by_nobody() -> None:
    ground = Ground(needs=(Need("", ("ana",)), ANYBODY), apart={"ana": "wrote it"})
    made = done(accept(change(), "ben", ground=ground))
    assert made.state is ChangeState.IN_REVIEW


# In another's name


def handed(giver: str, taker: str, **more: Any) -> Delegation:
    fields: dict[str, Any] = {"created_at": 0, "until": 100, "worst": RiskClass.HIGH, **more}
    return Delegation("d1", giver, taker, **fields)


def by_delegation(made: Change, given: Delegation, *, at: int = 10) -> Change | Refusal:
    ground = replace(TWO, needs=(SECURITY,), handed={"d1": given})
    return accept(made, given.taker, ground=ground, at=at, in_name_of="cyd", delegation="d1")


def test_a_voice_in_the_name_of_another_counts_in_their_place() -> None:
    made = done(by_delegation(change(), handed("cyd", "ana")))
    ground = replace(TWO, handed={"d1": handed("cyd", "ana")})
    found = agreement(made, current_hunks(made), ground)
    assert [(each.by, each.in_name_of) for each in found.voices] == [("ana", "cyd")]
    assert found.awaited == ("ben", "dan")
    own = done(accept(made, "cyd", ground=ground))
    assert own.state is ChangeState.IN_REVIEW, "nobody counts twice, however they spoke"


def test_one_person_makes_no_quorum_by_another() -> None:
    given = handed("cyd", "ben")
    ground = replace(TWO, handed={"d1": given})
    own = done(accept(change(), "ben", ground=ground))
    both = done(accept(own, "ben", ground=ground, in_name_of="cyd", delegation="d1"))
    assert both.state is ChangeState.IN_REVIEW


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(handed("cyd", "ana", until=5), id="ended"),
        pytest.param(handed("cyd", "ana", revoked_at=4), id="revoked"),
        pytest.param(handed("cyd", "ana", created_at=11), id="before it was given"),
        pytest.param(handed("cyd", "ana", worst=RiskClass.TRIVIAL), id="too grave"),
        pytest.param(handed("cyd", "ana", paths=("docs/**",)), id="other files"),
        pytest.param(handed("cyd", "ana", workspace="/elsewhere"), id="another workspace"),
        pytest.param(handed("dan", "ana"), id="of somebody else"),
    ],
)
def test_a_delegation_that_does_not_reach_as_far(given: Delegation) -> None:
    assert cause(by_delegation(change(), given)) is Cause.NOT_A_REVIEWER


def test_who_is_apart_speaks_in_nobodys_name_and_nobody_in_theirs() -> None:
    for apart in ("ana", "cyd"):
        ground = Ground(
            needs=(SECURITY,), apart={apart: "wrote it"}, handed={"d1": handed("cyd", "ana")}
        )
        outcome = accept(change(), "ana", ground=ground, in_name_of="cyd", delegation="d1")
        assert cause(outcome) is Cause.APART


# Whatever people do


PEOPLE = ("ana", "ben", "cyd", "dan")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PEOPLE), st.sampled_from(["a", "b", "ab", "return"]), st.booleans()
        ),
        max_size=12,
    )
)
def test_what_is_accepted_was_accepted_by_enough(steps: Sequence[tuple[str, str, bool]]) -> None:
    made = change()
    ground = Ground(needs=(ANYBODY, SECURITY), apart={"dan": "wrote it"})
    for at, (by, what, _) in enumerate(steps, start=10):
        step = (
            returned(made, says(by, at=at))
            if what == "return"
            else accept(made, by, *what, ground=ground, at=at)
        )
        made = step if isinstance(step, Change) else made
        if made.state in (ChangeState.APPROVED, ChangeState.PARTLY_APPROVED):
            taken = made.acceptances[-1]
            same = {each.by for each in present_voices(made) if each.digest == taken.digest}
            assert {"ben", "cyd"} <= same
            assert "dan" not in {each.by for each in made.acceptances}
            assert vetoes(made, ground) == ()
            return


def test_who_takes_back_takes_back_all_of_it() -> None:
    grave = change(revision(hunk("a", risk=RiskClass.IRREVERSIBLE)))
    accepts = Accepts(says=says("ana"), via="web")
    made = done(accepted_whole(grave, accepts, policy=POLICY, ground=Ground()))
    assert made.state is ChangeState.APPROVED
    waits = done(accepted_whole(grave, accepts, policy=POLICY, ground=TWO))
    assert waits.state is ChangeState.IN_REVIEW
