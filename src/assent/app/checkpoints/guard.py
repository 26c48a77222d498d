"""Before a call that may change something: a checkpoint, or a person's word to run without."""

import posixpath
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from assent.app.agents import AskThere, HookAnswer, LetThrough, LetThroughChanged
from assent.app.checkpoints.look import Beginning, Looked, look
from assent.app.checkpoints.place import Place
from assent.app.checkpoints.ports import NotCaptured
from assent.app.checkpoints.rows import Draft, is_new_here, standing, store
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.core.actions import (
    Action,
    Command,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    UnexplainedChange,
    UnknownAction,
    Vouched,
)
from assent.core.approvals import Request
from assent.core.canonical import Json
from assent.core.checkpoints import Occasion
from assent.core.facts import Facts
from assent.core.policy import Policy
from assent.core.proposals import Proposal
from assent.core.risk.factors import RiskClass, typical, worst_of
from assent.core.risk.model import Assessment, Effect, Evidence
from assent.core.risk.paths import lies_in
from assent.core.risk.shell import join
from assent.errors import UnavailableError

NO_CHECKPOINT = "no-checkpoint"
"""Rule and reason of a call that would run unprotected."""
_READING = frozenset({Effect.NONE, Effect.READ})


@dataclass(frozen=True, slots=True)
class Unneeded:
    """Nothing in the workspace may change."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the workspace held is captured."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Uncaptured:
    """No checkpoints are made here at all, so there is no protection to lose."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The checkpoint that should be there cannot be made."""

    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing more may change until a person answers this."""

    request: Request


Shield: TypeAlias = Unneeded | Taken | Uncaptured | Failed | Held
UNNEEDED = Unneeded()


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it would run."""

    proposal: Proposal
    assessment: Assessment
    facts: Facts
    policy: Policy


async def shield(gate: Gatehouse, call: Call) -> Shield:
    """What stands behind `call`, taken now. Raises UnavailableError when nothing can be stored."""
    action, session = call.proposal.action, call.proposal.session
    if gate.shadow is None or not may_change(action, call.assessment):
        return UNNEEDED
    paths = _paths_of(action, call.facts)
    place = Place(gate, gate.shadow, session.workspace, call.policy)
    if paths is not None and not paths and _nothing_is_open(place):
        return UNNEEDED
    now = gate.clock.now()
    begins = Beginning(session, lambda view, stood: is_new_here(view, stood, session, now))
    try:
        async with gate.watch.turn(session.workspace):
            looked = await look(place, paths=paths or None, begins=begins)
    except NotCaptured as error:
        return Uncaptured(error.message)
    except UnavailableError as error:
        return Failed(str(error))
    if looked.held is not None:
        return Held(looked.held)
    return Taken(_draft(gate, call, looked, paths))


def _nothing_is_open(place: Place) -> bool:
    return place.gate.store.read(lambda view: standing(view, place.workspace)).matter is None


def _draft(gate: Gatehouse, call: Call, looked: Looked, paths: tuple[str, ...] | None) -> Draft:
    session = call.proposal.session
    return Draft(
        id=gate.ids.new(),
        workspace=session.workspace,
        at=looked.at,
        occasion=Occasion.CALL,
        snapshot=looked.snapshot,
        agent=session.agent,
        session=session.session_id,
        call=call.proposal.call_id,
        title=call.assessment.title + _outside(call),
        explains=paths,
    )


def may_change(action: Action, assessment: Assessment) -> bool:
    """Whether a call may change files. What only reads is let alone, and so are plans."""
    match action:
        case FileEdit() | UnknownAction():
            return True
        case Command():
            return not assessment.effects <= _READING
        case ToolCall():
            return action.vouched is Vouched.NOTHING and not assessment.effects <= _READING
        case FileRead() | Plan() | PolicyEdit() | UnexplainedChange():
            return False
        case _:
            assert_never(action)


def _paths_of(action: Action, facts: Facts) -> tuple[str, ...] | None:
    """What an edit may change, from the workspace's root; None: it cannot be told."""
    if not isinstance(action, FileEdit):
        return None
    found = [
        place[len(facts.workspace.rstrip("/")) + 1 :]
        for place in _places(action, facts)
        if lies_in(place, facts.workspace)
    ]
    return tuple(dict.fromkeys(path for path in found if path))


def _places(action: FileEdit, facts: Facts) -> list[str]:
    """The files as they are written, and where they really are."""
    found: list[str] = []
    for change in action.changes:
        for path in (change.path, change.moved_to):
            if path is not None:
                written = posixpath.normpath(join(action.cwd, path))
                fact = facts.paths.get(join(action.cwd, path))
                found += [written] if fact is None else [written, fact.real]
    return found


def _outside(call: Call) -> str:
    """Said of an edit that also changes files which no checkpoint holds."""
    action, facts = call.proposal.action, call.facts
    if not isinstance(action, FileEdit):
        return ""
    known = [facts.paths.get(join(action.cwd, change.path)) for change in action.changes]
    count = sum(fact is not None and not fact.inside for fact in known)
    return f" ({count} of them outside, not captured)" if count else ""


# --- as the call is recorded


def store_shield(tx: Tx, shielded: Shield, answer: HookAnswer | None) -> dict[str, Json]:
    """Store the checkpoint of a call that may run now; what is recorded of it with the call."""
    runs = isinstance(answer, LetThrough | LetThroughChanged | AskThere)
    match shielded:
        case Taken(draft) if runs:
            # What a person changed is not read again: it may touch other files.
            is_changed = isinstance(answer, LetThroughChanged)
            row = store(tx, replace(draft, explains=None) if is_changed else draft)
            return {"checkpoint": row.number}
        case Failed(why):
            return {"no_checkpoint": why}
        case _:
            return {}


def said_of(gate: Gatehouse, shielded: Shield, proposal: Proposal) -> dict[str, Json]:
    """What is recorded, once in a run, where no checkpoints are made."""
    if isinstance(shielded, Uncaptured) and gate.watch.is_news(proposal.session):
        return {"no_checkpoint": shielded.why}
    return {}


# --- what runs unprotected is asked about


def with_reason(assessment: Assessment, why: str) -> Assessment:
    """`assessment` of a call that would run without a checkpoint, with that as a reason."""
    reason = Evidence(
        NO_CHECKPOINT,
        Effect.WORKSPACE_WRITE,
        typical(RiskClass.MEDIUM),
        f"no checkpoint can be made here: {why}",
        undo="none: no checkpoint can be made here",
    )
    evidence = tuple(sorted((*assessment.evidence, reason), key=lambda item: -item.risk))
    return replace(
        assessment,
        risk=max(assessment.risk, reason.risk),
        evidence=evidence,
        undo=assessment.undo if assessment.risk > reason.risk else reason.undo,
        factors=worst_of((assessment.factors, reason.factors)),
    )


def says_unprotected(assessment: Assessment) -> bool:
    """Whether a person who looks at it is told that no checkpoint stands behind the call."""
    return any(item.rule == NO_CHECKPOINT for item in assessment.evidence)
