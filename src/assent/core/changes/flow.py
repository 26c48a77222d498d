"""What is done next with a change, by its class and the policy; and whose turn it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assent.core.changes.lifecycle import errors_of, verdicts_of
from assent.core.changes.model import (
    BY_ASSENT,
    IN_QUEUE,
    Change,
    ChangeState,
    Opinion,
    ReviewerKind,
    Stance,
    Verdict,
)
from assent.core.policy.changes import ChangeRules, Path


@dataclass(frozen=True, slots=True)
class RunStatic:
    """Static reviewers look at it."""

    names: tuple[str, ...]
    """Those that have not said anything of this revision yet."""


@dataclass(frozen=True, slots=True)
class RunModel:
    """The language model looks at it."""


@dataclass(frozen=True, slots=True)
class AskPerson:
    """A person has to look at it."""

    why: str


@dataclass(frozen=True, slots=True)
class SendBack:
    """A reviewer found what the agent is to put right before a person looks."""

    why: str


@dataclass(frozen=True, slots=True)
class AcceptByPolicy:
    """The policy wants nobody to look at it beforehand."""

    why: str


@dataclass(frozen=True, slots=True)
class Enqueue:
    """It is accepted, and goes into the merge queue."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is done until somebody says something."""


NextStep: TypeAlias = (
    RunStatic | RunModel | AskPerson | SendBack | AcceptByPolicy | Enqueue | Nothing
)


def next_step(
    change: Change, rules: ChangeRules, *, has_model: bool, static: Sequence[str] = ()
) -> NextStep:
    """What Assent does next by itself. `static` names the static reviewers there are."""
    match change.state:
        case ChangeState.APPROVED | ChangeState.PARTLY_APPROVED:
            return Enqueue()
        case ChangeState.IN_REVIEW if change.asked:
            return Nothing()
        case ChangeState.IN_REVIEW:
            return _in_review(change, rules, has_model=has_model, static=static)
        case _:
            return Nothing()


def _in_review(
    change: Change, rules: ChangeRules, *, has_model: bool, static: Sequence[str]
) -> NextStep:
    if change.returned >= rules.iterations:
        return AskPerson(f"it was sent back {change.returned} times")
    said = {each.reviewer for each in verdicts_of(change)}
    missing = tuple(name for name in static if name not in said)
    if missing:
        return RunStatic(missing)
    wanting = _wanting(change)
    if wanting:
        return SendBack(wanting) if change.agent else AskPerson(wanting)
    in_hand = _in_hand(change, rules)
    if in_hand:
        return AskPerson(in_hand)
    return _by_path(change, rules.paths[change.newest.risk], has_model=has_model)


def _in_hand(change: Change, rules: ChangeRules) -> str:
    """What a person has to see to whatever the class is; empty for nothing."""
    newest = change.newest
    limit = rules.lines[newest.risk]
    if newest.lines > limit:
        return (
            f"it changes {newest.lines} lines, and {limit} are the most for what is "
            f"{newest.risk.word}"
        )
    checks = [each for each in verdicts_of(change) if each.kind is ReviewerKind.STATIC]
    unmade = next((each for each in checks if each.opinion is Opinion.INCONCLUSIVE), None)
    if unmade is not None:
        return f"the check {unmade.reviewer} could not be made: {unmade.summary}"
    if any(each.stance is Stance.REJECT for each in change.stances):
        return "a person rejected a part of it"
    if any(
        not each.resolved and each.by not in (change.agent, BY_ASSENT) for each in change.comments
    ):
        return "a comment on it is not resolved"
    return ""


def _wanting(change: Change) -> str:
    """What a check or the model asks to have changed; empty for nothing."""
    said = [each for each in verdicts_of(change) if each.kind is not ReviewerKind.PERSON]
    for verdict in said:
        if verdict.opinion is Opinion.CHANGES:
            what = verdict.summary or "see its findings"
            if verdict.kind is ReviewerKind.STATIC:
                return f"the check {verdict.reviewer} failed: {what}"
            return f"{verdict.reviewer} asks for changes: {what}"
    errors = errors_of(change)
    return f"{errors[0].reviewer} found an error: {errors[0].message}" if errors else ""


def _by_path(change: Change, path: Path, *, has_model: bool) -> NextStep:
    risk = change.newest.risk.word
    if path is Path.CHECKS:
        proof = change.newest.trivial
        return AcceptByPolicy(f"{risk}: {proof or 'the policy asks for checks alone'}")
    model = next((each for each in verdicts_of(change) if each.kind is ReviewerKind.LLM), None)
    if has_model and model is None:
        return RunModel()
    if path is Path.PERSON:
        return AskPerson(f"it is {risk}, and the policy wants a person to accept that")
    if path is Path.ONE_BY_ONE:
        return AskPerson(f"it is {risk}: what cannot be taken back is accepted one by one")
    if model is None:
        return AskPerson(f"it is {risk}, and no language model reviews here")
    return _by_model(model, risk)


def _by_model(verdict: Verdict, risk: str) -> NextStep:
    match verdict.opinion:
        case Opinion.APPROVE if verdict.counts:
            return AcceptByPolicy(f"{risk}: the checks pass, and {verdict.reviewer} approves")
        case Opinion.APPROVE:
            return AskPerson(
                f"{verdict.reviewer} approves, and that does not count until it is calibrated"
            )
        case _:
            return AskPerson(f"{verdict.reviewer} comes to no conclusion: {verdict.summary}")


def is_review_due(change: Change, rules: ChangeRules) -> bool:
    """Whether a person looks at what the policy accepted once it is merged."""
    return rules.paths[change.newest.risk] is Path.LLM_THEN_PERSON


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has to do something now."""

    who: str
    """`agent`, `person`, `assent` or `nobody`."""
    what: str


def whose_turn(change: Change) -> Turn:
    """The one who is waited for, and for what."""
    maker = "agent" if change.agent else "person"
    if change.state in IN_QUEUE:
        return Turn("assent", _QUEUE_WORDS[change.state])
    match change.state:
        case ChangeState.DRAFT:
            return Turn(maker, "finish it and make it ready")
        case ChangeState.IN_REVIEW if change.asked:
            return Turn("person", f"look at it: {change.asked}")
        case ChangeState.IN_REVIEW:
            return Turn("assent", "reviews it")
        case ChangeState.CHANGES_REQUESTED:
            return Turn(maker, "hand in a new revision")
        case ChangeState.EJECTED:
            return Turn(maker, f"put right why it could not merge: {change.ejected}")
        case ChangeState.APPROVED | ChangeState.PARTLY_APPROVED:
            return Turn("assent", "puts it into the queue")
        case _ if change.review_due:
            return Turn("person", "look at what merged by the policy")
        case _:
            return Turn("nobody", "")


_QUEUE_WORDS = {
    ChangeState.QUEUED: "tests it when it is its turn",
    ChangeState.TESTING: "runs its tests",
    ChangeState.MERGING: "merges it",
}
