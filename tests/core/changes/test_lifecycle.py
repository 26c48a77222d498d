"""What becomes of a change, step by step."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assent.core.changes import landing as queue
from assent.core.changes import lifecycle
from assent.core.changes.acceptance import accepted, accepted_by_policy
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import Cause, Refusal, Says, Step
from assent.core.changes.model import (
    Change,
    ChangeState,
    Comment,
    HunkId,
    Opinion,
    ReviewerKind,
    Revision,
    Severity,
    Stance,
)
from assent.core.policy.changes import ChangeRules
from assent.core.risk.factors import RiskClass
from tests.core.changes.changes import (
    PART,
    POLICY,
    RULES,
    accepts,
    change,
    finding,
    hunk,
    landing_on,
    revision,
    run_of,
    until_merging,
    verdict,
)

ANA = Says(by="ana", at=10, reason="because")


def ok(outcome: Step) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome


def cause(outcome: Step) -> Cause:
    assert isinstance(outcome, Refusal), outcome
    return outcome.cause


def take(made: Change, *hunks: str, rules: ChangeRules = RULES, **said: str) -> Step:
    return accepted(made, accepts(*hunks, **said), rules, policy=POLICY)


# --- revisions


def test_a_new_revision_is_reviewed_anew_and_keeps_what_was_said_of_the_same_hunks() -> None:
    said = ok(
        lifecycle.stances_set(
            change(),
            [HunkId("a" * 8), HunkId("b" * 8)],
            Stance.REJECT,
            ANA,
            one_by_one=False,
        )
    )
    returned = ok(lifecycle.returned(said, ANA))
    again = ok(lifecycle.revised(returned, revision(hunk("a"), hunk("c")), at=20))
    assert again.state is ChangeState.IN_REVIEW
    assert again.newest.number == 2
    assert [(each.hunk, each.revision) for each in again.stances] == [("a" * 8, 2)]


@pytest.mark.parametrize(
    "state",
    [
        ChangeState.APPROVED,
        ChangeState.QUEUED,
        ChangeState.TESTING,
        ChangeState.MERGING,
        ChangeState.MERGED,
        ChangeState.ABANDONED,
    ],
)
def test_what_was_decided_is_not_revised(state: ChangeState) -> None:
    assert cause(lifecycle.revised(change(state=state), revision(), at=2)) is Cause.WRONG_STATE


def test_an_acceptance_of_an_earlier_revision_does_not_count() -> None:
    made = ok(take(change()))
    out = ok(queue.ejected(made, at=11, why="conflict in src/a.py"))
    again = ok(lifecycle.revised(out, revision(hunk("a")), at=12))
    assert lifecycle.acceptance_in_force(again) is None
    assert cause(queue.requeued(again, at=13)) is Cause.WRONG_STATE


# --- reviewers


def test_a_verdict_raises_the_class_and_never_lowers_it() -> None:
    raised = ok(lifecycle.reviewed(change(), verdict(raises_to=RiskClass.HIGH), at=5))
    assert raised.newest.risk is RiskClass.HIGH
    lower = ok(lifecycle.reviewed(raised, verdict(reviewer="x", raises_to=RiskClass.TRIVIAL), at=6))
    assert lower.newest.risk is RiskClass.HIGH


def test_the_last_verdict_of_a_reviewer_about_a_revision_is_the_one_that_holds() -> None:
    first = ok(lifecycle.reviewed(change(), verdict(Opinion.CHANGES, finding("x")), at=5))
    second = ok(lifecycle.reviewed(first, verdict(Opinion.APPROVE), at=6))
    assert [each.opinion for each in lifecycle.verdicts_of(second)] == [Opinion.APPROVE]
    assert lifecycle.findings_of(second) == ()


def test_a_verdict_about_an_earlier_revision_comes_too_late() -> None:
    made = change(revision(), revision(number=2))
    assert cause(lifecycle.reviewed(made, verdict(number=1), at=5)) is Cause.STALE_REVISION


def test_a_finding_is_one_over_all_revisions() -> None:
    first = ok(lifecycle.reviewed(change(), verdict(Opinion.CHANGES, finding("x")), at=5))
    returned = ok(lifecycle.returned(first, ANA))
    again = ok(lifecycle.revised(returned, revision(hunk("a")), at=6))
    seen = ok(lifecycle.reviewed(again, verdict(Opinion.CHANGES, finding("x"), number=2), at=7))
    assert [(each.finding.fingerprint, each.since) for each in lifecycle.findings_of(seen)] == [
        ("x", 1)
    ]


# --- people


def test_accepting_without_a_word_on_hunks_takes_all() -> None:
    made = ok(take(change()))
    assert made.state is ChangeState.APPROVED
    assert made.acceptances[-1].digest == binding(
        made.newest.payload, (each.id for each in made.newest.hunks)
    )


def test_undecided_is_not_accepted() -> None:
    said = ok(
        lifecycle.stances_set(change(), [HunkId("a" * 8)], Stance.ACCEPT, ANA, one_by_one=False)
    )
    made = ok(take(said))
    assert made.state is ChangeState.PARTLY_APPROVED
    assert made.acceptances[-1].hunks == ("a" * 8,)


def test_a_rejected_hunk_alone_accepts_nothing() -> None:
    said = ok(
        lifecycle.stances_set(change(), [HunkId("a" * 8)], Stance.REJECT, ANA, one_by_one=False)
    )
    assert cause(take(said)) is Cause.NOTHING_ACCEPTED


GRAVE = change(revision(hunk("a"), hunk("b", risk=RiskClass.IRREVERSIBLE)))


@pytest.mark.parametrize(
    ("made", "hunks", "said", "rules", "expected"),
    [
        pytest.param(change(), (), {"by": "codex"}, RULES, Cause.MAKER, id="the-maker"),
        pytest.param(
            change(agent="gemini"),
            (),
            {"by": "codex"},
            RULES,
            Cause.MAKER,
            id="the-maker-of-a-revision",
        ),
        pytest.param(
            change(),
            (),
            {"by": "ben"},
            ChangeRules(reviewers=("ana",)),
            Cause.NOT_A_REVIEWER,
            id="not-a-reviewer",
        ),
        pytest.param(change(), ("z",), {}, RULES, Cause.UNKNOWN_HUNK, id="unknown-hunk"),
        pytest.param(
            change(verdicts=[verdict(Opinion.CHANGES, finding("x"))]),
            (),
            {},
            RULES,
            Cause.OPEN_ERRORS,
            id="an-error-and-no-reason",
        ),
        pytest.param(GRAVE, (), {"confirm": "CH-1"}, RULES, Cause.ONE_BY_ONE, id="grave-in-one"),
        pytest.param(GRAVE, ("a",), {}, RULES, Cause.NOT_CONFIRMED, id="grave-not-confirmed"),
        pytest.param(
            change(state=ChangeState.DRAFT), (), {}, RULES, Cause.WRONG_STATE, id="a-draft"
        ),
    ],
)
def test_what_is_not_accepted(
    made: Change, hunks: tuple[str, ...], said: dict[str, str], rules: ChangeRules, expected: Cause
) -> None:
    assert cause(take(made, *hunks, rules=rules, **said)) is expected


def test_what_was_looked_at_is_what_is_accepted() -> None:
    made = change(revision(), revision(number=2))
    stale = replace(accepts(), revision=1)
    assert cause(accepted(made, stale, RULES, policy=POLICY)) is Cause.STALE_REVISION
    moved = replace(accepts(), version=7)
    assert cause(accepted(made, moved, RULES, policy=POLICY)) is Cause.STALE_VERSION
    other = replace(accepts(), digest=POLICY)
    assert cause(accepted(made, other, RULES, policy=POLICY)) is Cause.OTHER_CONTENT
    same = replace(
        accepts(), digest=binding(made.newest.payload, (each.id for each in made.newest.hunks))
    )
    assert ok(accepted(made, same, RULES, policy=POLICY)).state is ChangeState.APPROVED


def test_an_error_is_accepted_despite_itself_with_a_reason() -> None:
    made = change(verdicts=[verdict(Opinion.CHANGES, finding("x"))])
    assert ok(take(made, reason="a key of the sample")).state is ChangeState.APPROVED


def test_an_error_in_what_is_left_out_does_not_matter() -> None:
    made = change(verdicts=[verdict(Opinion.CHANGES, finding("x", path="src/b.py"))])
    assert ok(take(made, "a")).state is ChangeState.PARTLY_APPROVED


def test_what_cannot_be_taken_back_is_accepted_hunk_by_hunk() -> None:
    both = [HunkId("a" * 8), HunkId("b" * 8)]
    assert (
        cause(lifecycle.stances_set(GRAVE, both, Stance.ACCEPT, ANA, one_by_one=True))
        is Cause.ONE_BY_ONE
    )
    said = ok(lifecycle.stances_set(GRAVE, both[1:], Stance.ACCEPT, ANA, one_by_one=True))
    assert ok(take(said, "a", "b", confirm="ch-1")).state is ChangeState.APPROVED


def test_sending_back_needs_a_reason_and_is_counted() -> None:
    assert cause(lifecycle.returned(change(), replace(ANA, reason=" "))) is Cause.NO_REASON
    back = ok(lifecycle.returned(change(), ANA))
    assert (back.state, back.returned) == (ChangeState.CHANGES_REQUESTED, 1)
    said = back.verdicts[-1]
    assert (said.reviewer, said.kind, said.opinion) == (
        "ana",
        ReviewerKind.PERSON,
        Opinion.CHANGES,
    )


def test_what_waits_in_the_queue_can_be_taken_out_until_it_lands() -> None:
    waits = ok(queue.queued(ok(take(change())), at=11))
    assert ok(lifecycle.returned(waits, ANA)).queued_at is None
    assert ok(lifecycle.abandoned(waits, at=12)).state is ChangeState.ABANDONED
    lands = until_merging(change())
    assert cause(lifecycle.returned(lands, ANA)) is Cause.WRONG_STATE
    assert cause(lifecycle.abandoned(lands, at=14)) is Cause.WRONG_STATE


def test_comments_are_resolved_and_opened_again() -> None:
    said = Comment(id="c1", by="ana", at=3, revision=1, text="why?", path="src/a.py", line=3)
    with_it = ok(lifecycle.commented(change(), said, at=3))
    assert ok(lifecycle.resolved(with_it, "c1", at=4)).comments[0].resolved
    assert cause(lifecycle.resolved(with_it, "c2", at=4)) is Cause.UNKNOWN_COMMENT


# --- the queue


def test_nothing_lands_without_tests_that_passed_on_the_very_tree() -> None:
    runs = ok(queue.testing(ok(queue.queued(ok(take(change())), at=11)), at=12))
    for wrong in (
        landing_on(ok=False),
        replace(landing_on(), tests=None),
        replace(landing_on(), tests=run_of("another-tree")),
    ):
        assert cause(queue.landing(runs, wrong, at=13)) is Cause.NOT_TESTED


def test_the_rest_of_a_part_comes_back_as_a_revision() -> None:
    lands = until_merging(change(), "a")
    done = ok(queue.merged(lands, at=14, rest=revision(hunk("b"))))
    assert done.state is ChangeState.CHANGES_REQUESTED
    assert (done.newest.number, done.part) == (2, None)
    assert done.merges[-1].hunks == ("a" * 8,)
    assert lifecycle.acceptance_in_force(done) is None


def test_a_part_waits_until_it_is_built() -> None:
    assert cause(queue.queued(ok(take(change(), "a")), at=11)) is Cause.CANNOT_BE_SPLIT


def test_an_interrupted_merge_keeps_its_place() -> None:
    lands = until_merging(change())
    again = ok(queue.back_in_queue(lands, at=30))
    assert (again.state, again.landing, again.queued_at) == (ChangeState.QUEUED, None, 11)


def test_what_left_the_queue_goes_in_again_as_it_was_accepted() -> None:
    waits = ok(queue.queued(ok(take(change())), at=11))
    out = ok(queue.ejected(waits, at=12, why="tests fail", runs=[run_of("t", ok=False)]))
    assert (out.state, out.ejected, len(out.tests)) == (ChangeState.EJECTED, "tests fail", 1)
    again = ok(queue.requeued(out, at=13))
    assert (again.state, again.queued_at) == (ChangeState.QUEUED, 13)


def test_what_was_merged_is_taken_back_once() -> None:
    done = ok(queue.merged(until_merging(change()), at=14))
    back = ok(queue.reverted(done, at=15, by=2))
    assert (back.state, back.merges[0].reverted_by) == (ChangeState.REVERTED, 2)
    assert cause(queue.reverted(back, at=16, by=3)) is Cause.WRONG_STATE


def test_who_merged_by_the_policy_is_the_owner() -> None:
    by_policy = ok(accepted_by_policy(change(), why="low", at=3, policy=POLICY))
    lands = ok(
        queue.landing(
            ok(queue.testing(ok(queue.queued(by_policy, at=4)), at=5)), landing_on(), at=6
        )
    )
    done = ok(queue.merged(lands, at=7, review_due=True))
    assert (done.merges[0].owner, done.review_due) == ("ana", True)
    assert not ok(lifecycle.looked_after(done, at=8)).review_due


# --- all together

LETTERS = st.lists(st.sampled_from("abcd"), unique=True, min_size=1, max_size=4)


STEPS: dict[str, Callable[[Change], Step]] = {
    "return": lambda it: lifecycle.returned(it, ANA),
    "queue": lambda it: queue.queued(it, at=1),
    "test": lambda it: queue.testing(it, at=1),
    "land": lambda it: queue.landing(it, landing_on(), at=1),
    "merge": lambda it: queue.merged(it, at=1),
    "again": lambda it: queue.requeued(it, at=1),
    "take-back": lambda it: queue.reverted(it, at=1, by=2),
    "give-up": lambda it: lifecycle.abandoned(it, at=1) if len(it.merges) > 1 else it,
}


class Life(RuleBasedStateMachine):
    """Whatever is done in whatever order, only what was accepted is merged, and once."""

    def __init__(self) -> None:
        super().__init__()
        self.change = change(revision(hunk("a"), hunk("b")))
        self.used: list[tuple[int, int]] = []

    def _take(self, outcome: Step) -> None:
        if isinstance(outcome, Refusal):
            return
        before = self.change
        if outcome is before:
            return
        assert outcome.version == before.version + 1
        assert before.state not in (ChangeState.ABANDONED, ChangeState.REVERTED) or (
            outcome.state is before.state
        )
        if len(outcome.merges) > len(before.merges):
            self._check_merge(before, outcome)
        self.change = outcome

    def _check_merge(self, before: Change, after: Change) -> None:
        basis = lifecycle.acceptance_in_force(before)
        assert basis is not None
        assert basis.revision == before.newest.number
        assert after.merges[-1].hunks == basis.hunks
        known = {each.id for each in before.newest.hunks}
        assert set(basis.hunks) <= known
        accepted_by_stance = {each.hunk for each in before.stances if each.stance is Stance.ACCEPT}
        assert basis.via == "policy" or set(basis.hunks) <= accepted_by_stance
        assert basis.digest == binding(before.newest.payload, basis.hunks)
        key = (basis.revision, basis.at)
        assert key not in self.used
        self.used.append(key)
        event(f"merges: {len(self.used)}")

    @rule(letters=LETTERS, stance=st.sampled_from([*Stance, None]))
    def say(self, letters: list[str], stance: Stance | None) -> None:
        named = [HunkId(each * 8) for each in letters]
        self._take(lifecycle.stances_set(self.change, named, stance, ANA, one_by_one=False))

    @rule(letters=st.one_of(st.just([]), LETTERS))
    def accept(self, letters: list[str]) -> None:
        wanted = replace(accepts(*letters), says=Says(by="ana", at=self.change.version, reason="y"))
        self._take(accepted(self.change, wanted, RULES, policy=POLICY))

    @rule()
    def by_policy(self) -> None:
        at = self.change.version
        self._take(accepted_by_policy(self.change, why="low", at=at, policy=POLICY))

    @rule(letters=LETTERS)
    def revise(self, letters: list[str]) -> None:
        fresh = revision(*(hunk(each) for each in letters), number=99)
        self._take(lifecycle.revised(self.change, fresh, at=self.change.version))

    @rule(ends=st.sampled_from(["merged", "merged", "interrupted", "ejected", "failed"]))
    def go_through_the_queue(self, ends: str) -> None:
        self._take(queue.queued(self.change, at=1, part=PART))
        self._take(queue.testing(self.change, at=1))
        self._take(queue.landing(self.change, landing_on(ok=ends != "failed"), at=1))
        if ends == "interrupted":
            self._take(queue.back_in_queue(self.change, at=1))
        if ends in ("ejected", "failed"):
            self._take(queue.ejected(self.change, at=1, why="conflict"))
        if ends == "merged":
            self._take(queue.merged(self.change, at=1, rest=self._rest()))

    def _rest(self) -> Revision | None:
        basis = lifecycle.acceptance_in_force(self.change)
        taken = () if basis is None else basis.hunks
        left = [each for each in self.change.newest.hunks if each.id not in taken]
        return revision(*left) if left else None

    @rule(what=st.sampled_from(sorted(STEPS)))
    def one_step(self, what: str) -> None:
        """Any step at any time: most of them are refused."""
        self._take(STEPS[what](self.change))

    @invariant()
    def landing_is_kept_while_it_lands(self) -> None:
        assert (self.change.landing is not None) == (self.change.state is ChangeState.MERGING)

    @invariant()
    def errors_are_told_apart(self) -> None:
        assert all(each.severity is Severity.ERROR for each in lifecycle.errors_of(self.change))


Life.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase
