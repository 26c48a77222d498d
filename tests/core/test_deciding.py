"""Who decides: needs, vetoes, separation, delegations, referrals and signatures."""

from dataclasses import replace
from itertools import permutations

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
    ballot_of,
    deciding,
)
from assent.core.deciding import decide, spoken_for
from assent.core.people.model import Delegation, Factor, Need
from assent.core.policy.model import Tier
from assent.core.risk.factors import RiskClass
from tests.core.test_approvals import EXPIRES, START, proposal, request, said, taken

EVERYBODY = frozenset({"ana", "ben", "cleo", "dan", "eve"})
SECURITY = Need("@security", ("ben", "cleo"), 2)
BOTH = replace(request(), reviewers=("ana", "dan"), also=(SECURITY,))
APART = replace(request(), asker="ana", separate=True)


def hands(giver: str, taker: str, **limits: object) -> Delegation:
    made = Delegation(f"{giver}>{taker}", giver, taker, START, EXPIRES)
    return replace(made, **limits)  # type: ignore[arg-type]


def after(asked: Request, *words: str, delegations: tuple[Delegation, ...] = ()) -> Request:
    """The request after approvals, written as `ben` or `dan for ana`."""
    for word in words:
        by, _, giver = word.partition(" for ")
        voice = replace(said(Verdict.APPROVE, by=by, version=asked.version), in_name_of=giver)
        asked = taken(decide(asked, voice, delegations=delegations, active=EVERYBODY))
    return asked


def refused(asked: Request, word: Decision, *delegations: Delegation) -> Cause:
    outcome = decide(asked, word, delegations=delegations, active=EVERYBODY)
    assert isinstance(outcome, Refusal), outcome
    assert outcome.message
    return outcome.cause


# --- needs and vetoes


def test_all_needs_have_to_be_met() -> None:
    asked = after(BOTH, "ana", "ben")
    assert asked.state is State.PENDING
    assert ballot_of(asked).missing == ("1 more of @security (cleo)",)
    assert after(asked, "cleo").state is State.APPROVED


@pytest.mark.parametrize("order", list(permutations(("ana", "ben", "cleo"))))
def test_in_whichever_order_they_say_so(order: tuple[str, ...]) -> None:
    assert after(BOTH, *order).state is State.APPROVED


@pytest.mark.parametrize("by", ["ana", "ben", "dan"])
def test_anybody_of_them_has_a_veto(by: str) -> None:
    asked = after(BOTH, "ana", "ben") if by == "dan" else BOTH
    word = said(Verdict.REJECT, by=by, version=asked.version)
    assert taken(decide(asked, word, active=EVERYBODY)).state is State.REJECTED


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - {Verdict.WITHDRAW}))
def test_for_others_it_is_not(verdict: Verdict) -> None:
    word = replace(said(verdict, by="eve"), to=("ben",))
    assert refused(BOTH, word) is Cause.NOT_A_REVIEWER


def test_a_group_with_nobody_in_it_is_never_met() -> None:
    asked = replace(BOTH, also=(Need("@ops"),))
    assert after(asked, "ana", "dan").state is State.PENDING
    for nobody in ({"also": (Need("@ops"),)}, {"reviewers": ("@ops",)}):
        alone = replace(request(), **nobody)
        assert refused(alone, said(Verdict.APPROVE)) is Cause.NOT_A_REVIEWER
        assert taken(decide(alone, said(Verdict.WITHDRAW))).state is State.CANCELLED


def test_whoever_is_not_active_says_nothing_and_no_longer_counts() -> None:
    for verdict in (Verdict.APPROVE, Verdict.REJECT, Verdict.DELAY):
        assert refused(request(), said(verdict, by="gus")) is Cause.NOT_ACTIVE
    once = after(replace(request(), quorum=2), "ana")
    left = frozenset({"ben", "cleo"})
    word = said(Verdict.APPROVE, by="ben", version=once.version)
    twice = taken(decide(once, word, active=left))
    assert twice.state is State.PENDING
    word = said(Verdict.APPROVE, by="cleo", version=twice.version)
    assert taken(decide(twice, word, active=left)).state is State.APPROVED


def test_one_person_may_meet_several_needs_at_once_and_then_also_modify() -> None:
    asked = replace(request(), also=(Need("@security", ("ben",)),))
    assert after(asked, "ben").state is State.APPROVED
    assert taken(decide(asked, said(Verdict.MODIFY, by="ben"))).state is State.APPROVED
    assert refused(asked, said(Verdict.MODIFY, by="ana")) is Cause.NOT_A_REVIEWER
    assert refused(BOTH, said(Verdict.MODIFY, by="ana")) is Cause.NEEDS_OTHERS


# --- who asks does not approve


@pytest.mark.parametrize(
    "word",
    [
        pytest.param(said(Verdict.APPROVE), id="approves"),
        pytest.param(said(Verdict.MODIFY), id="modifies"),
        pytest.param(replace(said(Verdict.REFER), to=("ben",)), id="refers"),
        pytest.param(
            replace(said(Verdict.APPROVE, by="dan"), in_name_of="ana"), id="in-their-name"
        ),
        pytest.param(replace(said(Verdict.APPROVE), in_name_of="ben"), id="in-anothers-name"),
        pytest.param(replace(said(Verdict.REFER, by="ben"), to=("ana",)), id="is-referred-to"),
    ],
)
def test_whoever_asks_does_not_decide(word: Decision) -> None:
    asked = replace(APART, reviewers=("ana", "ben"))
    handed = (hands("ana", "dan"), hands("ben", "ana"))
    assert refused(asked, word, *handed) is Cause.ASKED_IT


def test_nor_whoever_sits_at_the_agents_prompt() -> None:
    word = replace(said(Verdict.APPROVE, by="whoever"), via=AGENT_PROMPT)
    assert isinstance(decide(APART, word), Refusal)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.DELAY, Verdict.WITHDRAW])
def test_whoever_asks_may_say_no(verdict: Verdict) -> None:
    assert isinstance(decide(APART, said(verdict), active=EVERYBODY), Request)


def test_without_separation_whoever_asks_decides() -> None:
    assert after(replace(APART, separate=False), "ana").state is State.APPROVED


# --- in the name of others


def test_a_delegation_gives_its_givers_voice_once() -> None:
    handed = (hands("cleo", "dan"),)
    asked = replace(request(), reviewers=("ben", "cleo"), quorum=2)
    once = after(asked, "dan for cleo", delegations=handed)
    assert once.decisions[-1].in_name_of == "cleo"
    assert after(once, "ben").state is State.APPROVED
    twice = after(once, "cleo")
    assert twice.state is State.PENDING


@pytest.mark.parametrize(
    ("word", "handed"),
    [
        pytest.param("dan for ben", (), id="never-given"),
        pytest.param("dan for ben", (hands("dan", "ben"),), id="the-other-way-round"),
        pytest.param("dan for ben", (hands("ben", "dan", until=START + 1),), id="over"),
        pytest.param("dan for ben", (hands("ben", "dan", revoked_at=START),), id="revoked"),
        pytest.param(
            "dan for ben", (hands("ben", "dan", worst=RiskClass.MEDIUM),), id="up-to-another-class"
        ),
        pytest.param("dan for ben", (hands("ben", "dan", paths=("docs/**",)),), id="other-paths"),
        pytest.param("dan for ben", (hands("ben", "eve"), hands("eve", "dan")), id="passed-on"),
        pytest.param("dan for gus", (hands("gus", "dan"),), id="of-somebody-gone"),
    ],
)
def test_nobody_speaks_for_whom_did_not_let_them(word: str, handed: tuple[Delegation, ...]) -> None:
    by, _, giver = word.partition(" for ")
    asked = replace(request(), reviewers=("ben", "gus", "dan"))
    voice = replace(said(Verdict.APPROVE, by=by), in_name_of=giver)
    assert refused(asked, voice, *handed) is Cause.NOT_DELEGATED


def test_what_was_passed_on_counts_for_nothing() -> None:
    asked = replace(request(), reviewers=("ben",))
    handed = (hands("ben", "eve"), hands("eve", "dan"))
    voice = replace(said(Verdict.APPROVE, by="dan"), in_name_of="eve")
    assert refused(asked, voice, *handed) is Cause.NOT_A_REVIEWER


def test_the_asker_uses_no_delegation_also_where_they_may_decide() -> None:
    asked = replace(request(), reviewers=("ben",), asker="ana")
    handed = (hands("ben", "ana"),)
    assert spoken_for(asked, "ana", at=START, delegations=handed) == ""
    voice = replace(said(Verdict.APPROVE), in_name_of="ben")
    assert refused(asked, voice, *handed) is Cause.NOT_DELEGATED


def test_nobody_gets_two_voices_by_letting_each_other_decide() -> None:
    asked = replace(request(), reviewers=("ana", "ben"), quorum=2)
    handed = (hands("ana", "ben"), hands("ben", "ana"))
    once = after(asked, "ana", delegations=handed)
    again = replace(said(Verdict.APPROVE, version=once.version), in_name_of="ben")
    assert refused(once, again, *handed) is Cause.SAME_PERSON_TWICE


def test_the_second_word_for_one_person_is_told_so() -> None:
    asked = replace(request(), reviewers=("ana", "ben"), quorum=2)
    once = after(asked, "ben")
    voice = replace(said(Verdict.APPROVE, by="dan", version=2), in_name_of="ben")
    assert refused(once, voice, hands("ben", "dan")) is Cause.SAME_PERSON_TWICE


@pytest.mark.parametrize(
    ("reviewers", "by", "name"),
    [
        pytest.param(("ben",), "dan", "ben", id="who-let-them"),
        pytest.param(("dan",), "dan", "", id="themselves"),
        pytest.param((), "dan", "", id="anybody"),
        pytest.param(("ben",), "eve", "", id="nobody-let-them"),
        pytest.param(("ana",), "dan", "", id="not-for-the-asker"),
    ],
)
def test_in_whose_name_one_speaks(reviewers: tuple[str, ...], by: str, name: str) -> None:
    asked = replace(APART, reviewers=reviewers)
    handed = (hands("ben", "dan"), hands("ana", "dan"))
    assert spoken_for(asked, by, at=START, delegations=handed, active=EVERYBODY) == name


# --- referring


def test_who_is_referred_to_joins_the_referrers_groups() -> None:
    asked = replace(BOTH, also=(replace(SECURITY, people=("ana", "ben"), count=1), Need("@x")))
    word = replace(said(Verdict.REFER), to=("eve", "ben"))
    later = taken(decide(asked, word, active=EVERYBODY))
    assert later.reviewers == ("ana", "dan", "eve", "ben")
    assert [need.people for need in later.also] == [("ana", "ben", "eve"), ()]
    assert [need.count for need in later.needs] == [need.count for need in asked.needs]
    assert (later.state, later.version, deciding(later)) == (State.PENDING, 2, None)
    assert after(later, "eve").state is State.PENDING


def test_a_referral_in_a_need_beside_anybody_leaves_anybody_be() -> None:
    asked = replace(request(), also=(SECURITY,))
    later = taken(decide(asked, replace(said(Verdict.REFER, by="ben"), to=("eve",))))
    assert later.reviewers == ()
    assert later.also == (replace(SECURITY, people=("ben", "cleo", "eve")),)


def test_what_anybody_decides_stays_anybodys() -> None:
    later = taken(decide(request(), replace(said(Verdict.REFER), to=("ben",)), active=EVERYBODY))
    assert later.reviewers == ()
    assert later.decisions[-1].to == ("ben",)


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        pytest.param(replace(said(Verdict.REFER), to=()), Cause.NOT_A_PERSON, id="to-nobody"),
        pytest.param(
            replace(said(Verdict.REFER), to=("ana",)), Cause.NOT_A_PERSON, id="to-oneself"
        ),
        pytest.param(replace(said(Verdict.REFER), to=("gus",)), Cause.NOT_A_PERSON, id="inactive"),
        pytest.param(replace(said(Verdict.REFER), to=("",)), Cause.NOT_A_PERSON, id="no-name"),
        pytest.param(
            replace(said(Verdict.REFER, by="dan"), in_name_of="ben", to=("eve",)),
            Cause.NOT_A_REVIEWER,
            id="what-was-handed-over",
        ),
    ],
)
def test_a_referral_that_cannot_be(word: Decision, cause: Cause) -> None:
    asked = replace(request(), reviewers=("ana", "ben"))
    assert refused(asked, word, hands("ben", "dan")) is cause


# --- signatures

SIGNED = replace(request(), signed=True)


@pytest.mark.parametrize(
    ("factor", "envelope", "is_taken"),
    [
        pytest.param(Factor.NONE, "", False, id="a-click"),
        pytest.param(Factor.PASSKEY, "", False, id="a-login-by-passkey"),
        pytest.param(Factor.KEY, "sha256:x", False, id="a-key-without-touch"),
        pytest.param(Factor.TOUCH, "sha256:x", True, id="a-touched-key"),
        pytest.param(Factor.PASSKEY, "sha256:x", True, id="a-passkey"),
    ],
)
def test_what_is_to_be_signed_is_signed_by_a_person(
    factor: Factor, envelope: str, is_taken: bool
) -> None:
    word = replace(said(Verdict.APPROVE), factor=factor, envelope=envelope, hand=Tier.APPROVE)
    if is_taken:
        assert taken(decide(SIGNED, word)).state is State.APPROVED
    else:
        assert refused(SIGNED, word) is Cause.NOT_SIGNED


def test_saying_no_takes_no_signature() -> None:
    assert taken(decide(SIGNED, said(Verdict.REJECT))).state is State.REJECTED


# --- whatever people say

NAMES = st.sampled_from(sorted(EVERYBODY))
GROUPS = st.lists(NAMES, unique=True, max_size=3).map(tuple)
ASKED = st.builds(
    replace,
    st.just(request()),
    reviewers=GROUPS,
    quorum=st.integers(1, 3),
    also=st.lists(st.builds(Need, st.just("@g"), GROUPS, st.integers(1, 2)), max_size=2).map(tuple),
    asker=NAMES,
    separate=st.booleans(),
)
WORDS = st.lists(
    st.tuples(
        st.sampled_from((Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT, Verdict.REFER)),
        NAMES,
        st.just("") | NAMES,
        GROUPS,
    ),
    max_size=8,
)
HANDED = st.lists(st.builds(hands, NAMES, NAMES), max_size=6).map(tuple)


def said_all(
    asked: Request,
    words: list[tuple[Verdict, str, str, tuple[str, ...]]],
    handed: tuple[Delegation, ...],
) -> Request:
    """The request after all words that are taken."""
    for verdict, by, giver, to in words:
        word = said(verdict, by=by, version=asked.version)
        word = replace(word, in_name_of=giver, to=to)
        outcome = decide(asked, word, delegations=handed, active=EVERYBODY)
        asked = outcome if isinstance(outcome, Request) else asked
    return asked


@given(ASKED, WORDS, HANDED)
def test_nothing_is_approved_by_fewer_people_than_needed(
    asked: Request,
    words: list[tuple[Verdict, str, str, tuple[str, ...]]],
    handed: tuple[Delegation, ...],
) -> None:
    done = said_all(asked, words, handed)
    assert [need.count for need in done.needs] == [need.count for need in asked.needs]
    yes = {each.by for each in done.decisions if each.verdict is Verdict.APPROVE}
    if done.state is State.APPROVED:
        assert len(yes) >= max(need.count for need in asked.needs)
        assert all(each.verdict is not Verdict.REJECT for each in done.decisions)
        assert not (asked.separate and asked.asker in yes)
        assert ballot_of(done, active=EVERYBODY).is_met
    if asked.separate:
        assert asked.asker not in yes
        assert asked.asker not in {each.in_name_of for each in done.decisions if each.by in yes}
    assert all(not each.in_name_of for each in done.decisions if each.by == asked.asker)


@given(ASKED, WORDS, HANDED, NAMES)
def test_a_rejection_never_approves(
    asked: Request,
    words: list[tuple[Verdict, str, str, tuple[str, ...]]],
    handed: tuple[Delegation, ...],
    by: str,
) -> None:
    before = said_all(asked, words, handed)
    word = said(Verdict.REJECT, by=by, version=before.version)
    outcome = decide(before, word, delegations=handed, active=EVERYBODY)
    assert isinstance(outcome, Refusal) or outcome.state is State.REJECTED


@given(ASKED, st.lists(NAMES, unique=True, max_size=5), st.data())
def test_the_order_of_own_voices_does_not_matter(
    asked: Request, names: list[str], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(names))
    one, other = (
        said_all(asked, [(Verdict.APPROVE, name, "", ()) for name in order], ())
        for order in (names, mixed)
    )
    assert one.state is other.state


def test_the_proposal_is_what_was_asked() -> None:
    assert after(BOTH, "ana", "ben", "cleo").runnable == proposal()
