"""Changes that no call accounts for: recorded, asked about, kept, or undone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assent.app import requests
from assent.app.checkpoints.place import Place
from assent.app.checkpoints.ports import Preview
from assent.app.checkpoints.rows import ASSENT, Draft, Matter, close, named, store, stream_of
from assent.app.ports import Tx
from assent.app.who import addressed, roster_for, words_of
from assent.core.actions import UnexplainedChange
from assent.core.approvals import Refusal, Request, State, consume, deciding
from assent.core.canonical import Json
from assent.core.checkpoints import Occasion, PathChange, Snapshot, WorktreeCheckpoint
from assent.core.due import timers_of
from assent.core.facts import Facts
from assent.core.people.matter import matter_of
from assent.core.policy.terms import terms_of
from assent.core.proposals import AgentSession, Proposal
from assent.core.redact import redact
from assent.core.risk import assess

RULE = "unexplained"
LISTED = 300
"""Files that a question lists with their differences."""
UNDO_STEPS = 2
"""How many ms an undo takes up, so that each look is later than the one before."""


# --- asked about


@dataclass(frozen=True, slots=True)
class _Found:
    """What is recorded of changes that nothing explains."""

    draft: Draft
    before: str
    paths: tuple[str, ...]

    def store(self, tx: Tx, more: Mapping[str, Json]) -> WorktreeCheckpoint:
        row = store(tx, self.draft)
        fields: dict[str, Json] = {
            "workspace": row.workspace,
            "title": row.title,
            "checkpoint": row.number,
            "paths": named(self.paths),
            "files": len(self.paths),
            "before": self.before,
            "after": row.snapshot.tree,
            **more,
        }
        tx.append(stream_of(row.workspace), "unexplained", at=row.at, fields=fields)
        return row


async def ask(
    place: Place,
    before: str,
    now: Snapshot,
    *,
    at: int,
    changes: Sequence[PathChange],
    instead_of: Matter | None = None,
) -> Request:
    """Record what changed, and ask a person to keep or undo it, `instead_of` an open question."""
    draft = await _request(place, before, now.tree, changes)
    found = _found(place, before, now, at=at, changes=changes, call=draft.id)

    def work(tx: Tx) -> Request:
        if instead_of is not None:
            _take_back(tx, instead_of, at)
        request = replace(draft, number=tx.next_number())
        found.store(tx, {"request": request.number, "route": "gate"})
        requests.open_request(tx, request, request.created_at)
        return request

    return await place.gate.store.write(work, durable=True)


async def note(
    place: Place, before: str, now: Snapshot, *, at: int, changes: Sequence[PathChange]
) -> None:
    """Record what changed, and ask nobody."""
    found = _found(place, before, now, at=at, changes=changes)
    await place.gate.store.write(lambda tx: found.store(tx, {"route": "notify"}), durable=True)


async def drop(place: Place, matter: Matter, *, at: int) -> None:
    """Nothing is left to be asked: it was kept, or somebody put the files back."""

    def work(tx: Tx) -> None:
        _take_back(tx, matter, at)

    await place.gate.store.write(work, durable=False)


def _take_back(tx: Tx, matter: Matter, at: int) -> None:
    current = tx.request(matter.request.id)
    if current is not None:
        requests.replace_by_newer(tx, current, at)
    close(tx, matter.row, at=at)


def _found(
    place: Place,
    before: str,
    now: Snapshot,
    *,
    at: int,
    changes: Sequence[PathChange],
    call: str = "",
) -> _Found:
    paths = tuple(change.path for change in changes)
    count = len(paths)
    draft = Draft(
        id=place.gate.ids.new(),
        workspace=place.workspace,
        at=at,
        occasion=Occasion.FOUND,
        snapshot=now,
        call=call,
        title=f"{count:,} file{'s' * (count != 1)} changed that no approved action explains",
        explains=paths,
        closed_at=None if call else at,
    )
    return _Found(draft, before, paths)


async def _request(place: Place, before: str, after: str, changes: Sequence[PathChange]) -> Request:
    """The question, without a number."""
    gate, workspace, policy = place.gate, place.workspace, place.policy
    shown = await asyncio.to_thread(place.shadow.as_edit, workspace, changes[:LISTED])
    action = UnexplainedChange(workspace, before, after, shown, max(0, len(changes) - LISTED))
    session = AgentSession(ASSENT, session_id=RULE, workspace=workspace, cwd=workspace)
    now = gate.clock.now()
    facts = Facts(workspace=workspace, home="", assent_home="", now=now)
    assessment = assess(action, facts)
    terms = terms_of((), policy, assessment, guarded=True)
    proposal = Proposal(
        session, call_id="", tool="checkpoint", action=action, payload=b"", event=""
    )
    matter = matter_of(proposal, assessment)
    roster = await roster_for(gate, policy, words_of(terms), matter=matter)
    request = Request(
        id=gate.ids.new(),
        number=0,
        proposal=proposal,
        assessment=assessment,
        rule=RULE,
        why="what agents change has to come from calls that were let through",
        policy=policy.digest,
        created_at=now,
        expires_at=now + (policy.expires_ms if terms.expires_ms is None else terms.expires_ms),
    )
    return addressed(request, terms, roster)


# --- kept


def keep(tx: Tx, approved: Request, now: int) -> Request:
    """With the approval the files are kept as they are; its receipt is used up by that."""
    outcome = consume(approved, subject=approved.subject, now=now)
    action = approved.proposal.action
    if isinstance(outcome, Refusal) or not isinstance(action, UnexplainedChange):
        return approved
    used, _ = outcome
    tx.save_request(used)
    tx.set_timers(used.id, timers_of(used))
    for row in tx.unclosed_checkpoints(action.workspace):
        if row.call == used.id:
            close(tx, row, at=now)
    said = deciding(used)
    tx.append(
        stream_of(action.workspace),
        "kept",
        at=now,
        fields={
            "workspace": action.workspace,
            "title": redact(used.assessment.title),
            "request": used.number,
            "by": "" if said is None else said.by,
            "before": action.before,
            "after": action.after,
        },
    )
    return used


# --- undone


async def undo_found(place: Place, matter: Matter, now: Snapshot, *, at: int) -> Snapshot:
    """Bring the files of a rejected question to what they were; what is there after that.

    `now` is a whole snapshot. After a kill it is done again, and ends in the same.
    """
    said = deciding(matter.request)
    by = "" if said is None else said.by
    draft = Draft(
        id=place.gate.ids.new(),
        workspace=place.workspace,
        at=at,
        occasion=Occasion.UNDO,
        snapshot=now,
        agent=by,
        call=matter.request.id,
        title=f"before undoing {matter.request.name}",
        explains=matter.paths,
    )
    safety = await place.gate.store.write(lambda tx: store(tx, draft), durable=True)
    done = await asyncio.to_thread(
        place.shadow.restore, place.workspace, matter.action.before, now=now, paths=matter.paths
    )
    after = await place.take()

    def work(tx: Tx) -> None:
        for row in tx.unclosed_checkpoints(place.workspace):
            if row.call == matter.request.id:
                close(tx, row, at=at + 1, after=after)
        fields: dict[str, Json] = {"by": by, "request": matter.request.number}
        record_undone(tx, safety, done, at=at + 1, more=fields)

    await place.gate.store.write(work, durable=True)
    return after


def record_undone(
    tx: Tx, safety: WorktreeCheckpoint, done: Preview, *, at: int, more: Mapping[str, Json]
) -> None:
    """Record a restore; `safety` is the checkpoint that takes it back."""
    fields: dict[str, Json] = {
        "workspace": safety.workspace,
        "title": safety.title.removeprefix("before "),
        "safety": safety.number,
        "writes": named(done.writes),
        "deletes": named(done.deletes),
        "leaves": named([each.path for each in done.leaves]),
        "files": len(done.writes) + len(done.deletes),
        **more,
    }
    tx.append(stream_of(safety.workspace), "undone", at=at, fields=fields)
    tx.seal(at)


def is_unfinished(request: Request) -> bool:
    """Whether a person rejected changes that may still have to be undone."""
    return (
        isinstance(request.proposal.action, UnexplainedChange) and request.state is State.REJECTED
    )
