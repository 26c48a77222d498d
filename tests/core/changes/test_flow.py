"""What is done next with a change, and whose turn it is."""

from dataclasses import replace

import pytest

from assent.core.changes.flow import (
    AcceptByPolicy,
    AskPerson,
    Enqueue,
    NextStep,
    Nothing,
    RunModel,
    RunStatic,
    SendBack,
    next_step,
    whose_turn,
)
from assent.core.changes.model import (
    Change,
    ChangeState,
    Comment,
    HunkId,
    HunkStance,
    Opinion,
    ReviewerKind,
    Severity,
    Stance,
    Verdict,
)
from assent.core.policy.changes import ChangeRules, Path
from assent.core.risk.factors import RiskClass
from tests.core.changes.changes import RULES, change, finding, hunk, revision, verdict

LLM = ReviewerKind.LLM
STATIC = verdict()
APPROVES = verdict(reviewer="model", kind=LLM)


def of(risk: RiskClass, *said: Verdict, **fields: object) -> Change:
    made = change(revision(hunk("a"), risk=risk), verdicts=list(said))
    return replace(made, **fields)  # type: ignore[arg-type]


def following(made: Change, *, rules: ChangeRules = RULES, has_model: bool = True) -> NextStep:
    return next_step(made, rules, has_model=has_model, static=("secrets",))


@pytest.mark.parametrize("risk", RiskClass)
def test_static_reviewers_look_first(risk: RiskClass) -> None:
    assert following(of(risk)) == RunStatic(("secrets",))


@pytest.mark.parametrize(
    ("risk", "with_model", "without"),
    [
        pytest.param(RiskClass.TRIVIAL, AcceptByPolicy, AcceptByPolicy, id="trivial"),
        pytest.param(RiskClass.LOW, RunModel, AskPerson, id="low"),
        pytest.param(RiskClass.MEDIUM, RunModel, AskPerson, id="medium"),
        pytest.param(RiskClass.HIGH, RunModel, AskPerson, id="high"),
        pytest.param(RiskClass.IRREVERSIBLE, RunModel, AskPerson, id="irreversible"),
    ],
)
def test_after_the_checks(risk: RiskClass, with_model: type, without: type) -> None:
    assert isinstance(following(of(risk, STATIC)), with_model)
    assert isinstance(following(of(risk, STATIC), has_model=False), without)


@pytest.mark.parametrize(
    ("risk", "expected"),
    [
        pytest.param(RiskClass.LOW, AcceptByPolicy, id="low"),
        pytest.param(RiskClass.MEDIUM, AcceptByPolicy, id="medium-is-looked-at-afterwards"),
        pytest.param(RiskClass.HIGH, AskPerson, id="high"),
        pytest.param(RiskClass.IRREVERSIBLE, AskPerson, id="irreversible"),
    ],
)
def test_after_the_model_approved(risk: RiskClass, expected: type) -> None:
    assert isinstance(following(of(risk, STATIC, APPROVES)), expected)


@pytest.mark.parametrize("risk", [RiskClass.LOW, RiskClass.MEDIUM, RiskClass.HIGH])
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(verdict(Opinion.INCONCLUSIVE, reviewer="model", kind=LLM), id="doubt"),
        pytest.param(verdict(reviewer="model", kind=LLM, counts=False), id="does-not-count"),
    ],
)
def test_anything_but_an_approval_that_counts_is_for_a_person(
    risk: RiskClass, said: Verdict
) -> None:
    assert isinstance(following(of(risk, STATIC, said)), AskPerson)


@pytest.mark.parametrize("risk", RiskClass)
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(verdict(Opinion.CHANGES), id="a-check-fails"),
        pytest.param(verdict(Opinion.APPROVE, finding("x")), id="a-check-finds-an-error"),
        pytest.param(verdict(Opinion.CHANGES, reviewer="model", kind=LLM), id="the-model"),
        pytest.param(
            verdict(Opinion.APPROVE, finding("x"), reviewer="model", kind=LLM),
            id="the-model-finds-an-error",
        ),
    ],
)
def test_what_reviewers_find_the_agent_puts_right_first(risk: RiskClass, said: Verdict) -> None:
    found = [said] if said.kind is not LLM else [STATIC, said]
    assert isinstance(following(of(risk, *found)), SendBack)
    assert isinstance(following(of(risk, *found, agent="")), AskPerson)
    assert isinstance(following(of(risk, *found, returned=RULES.iterations)), AskPerson)


@pytest.mark.parametrize("risk", RiskClass)
def test_a_check_that_cannot_be_made_is_for_a_person(risk: RiskClass) -> None:
    assert isinstance(following(of(risk, verdict(Opinion.INCONCLUSIVE), APPROVES)), AskPerson)


def test_a_warning_does_not_stop_it() -> None:
    said = verdict(Opinion.APPROVE, finding("x", Severity.WARNING))
    assert isinstance(following(of(RiskClass.LOW, said, APPROVES)), AcceptByPolicy)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"returned": 3}, id="sent-back-often"),
        pytest.param(
            {"stances": (HunkStance(HunkId("a" * 8), Stance.REJECT, "ana", 1, 1),)},
            id="a-hunk-is-rejected",
        ),
        pytest.param(
            {"comments": (Comment(id="c", by="ana", at=1, revision=1, text="why?"),)},
            id="an-open-comment",
        ),
    ],
)
def test_where_a_person_is_at_it_the_policy_does_not_accept(fields: dict[str, object]) -> None:
    made = of(RiskClass.TRIVIAL, STATIC, **fields)
    assert isinstance(following(made), AskPerson)


def test_a_change_that_is_too_large_is_for_a_person() -> None:
    large = change(
        revision(hunk("a", lines=700), risk=RiskClass.MEDIUM), verdicts=[STATIC, APPROVES]
    )
    assert isinstance(following(large), AskPerson)
    wider = replace(RULES, lines={**RULES.lines, RiskClass.MEDIUM: 700})
    assert isinstance(following(large, rules=wider), AcceptByPolicy)


def test_what_assent_said_of_an_earlier_revision_asks_nobody() -> None:
    said = Comment(id="c", by="assent", at=1, revision=1, text="This changes 700 lines.")
    made = of(RiskClass.TRIVIAL, STATIC, comments=(said,))
    assert isinstance(following(made), AcceptByPolicy)


def test_the_policy_may_want_more_and_less() -> None:
    stricter = replace(RULES, paths={**RULES.paths, RiskClass.TRIVIAL: Path.PERSON})
    assert isinstance(following(of(RiskClass.TRIVIAL, STATIC, APPROVES), rules=stricter), AskPerson)
    looser = replace(RULES, paths={**RULES.paths, RiskClass.HIGH: Path.CHECKS})
    assert isinstance(following(of(RiskClass.HIGH, STATIC), rules=looser), AcceptByPolicy)


def test_verdicts_of_an_earlier_revision_do_not_count() -> None:
    made = change(revision(), revision(number=2), verdicts=[STATIC, APPROVES])
    assert following(made) == RunStatic(("secrets",))


@pytest.mark.parametrize("state", set(ChangeState) - {ChangeState.IN_REVIEW})
def test_outside_of_review_only_what_is_accepted_moves(state: ChangeState) -> None:
    accepted = state in (ChangeState.APPROVED, ChangeState.PARTLY_APPROVED)
    assert following(of(RiskClass.LOW, state=state)) == (Enqueue() if accepted else Nothing())


def test_who_was_asked_is_waited_for() -> None:
    made = of(RiskClass.LOW, asked="it is high")
    assert following(made) == Nothing()
    assert whose_turn(made).who == "person"


@pytest.mark.parametrize(
    ("fields", "who"),
    [
        pytest.param({"state": ChangeState.DRAFT}, "agent", id="draft"),
        pytest.param({}, "assent", id="in-review"),
        pytest.param({"state": ChangeState.CHANGES_REQUESTED}, "agent", id="returned"),
        pytest.param({"state": ChangeState.CHANGES_REQUESTED, "agent": ""}, "person", id="own"),
        pytest.param({"state": ChangeState.QUEUED}, "assent", id="queued"),
        pytest.param({"state": ChangeState.EJECTED}, "agent", id="ejected"),
        pytest.param({"state": ChangeState.MERGED}, "nobody", id="merged"),
        pytest.param(
            {"state": ChangeState.MERGED, "review_due": True}, "person", id="to-be-looked-at"
        ),
    ],
)
def test_whose_turn(fields: dict[str, object], who: str) -> None:
    assert whose_turn(of(RiskClass.LOW, **fields)).who == who
