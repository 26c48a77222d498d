"""What was about to land is landed, and recorded: by who planned it, or by who comes after a kill.

All of it can be done again. The branch moves by compare-and-swap, so that of several who do it at
once one moves it and all find it moved.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from assent.app.changes import records
from assent.app.changes.ports import Conflict, InTheWay, Landed, Moved
from assent.app.changes.revisions import Made, tree_revision
from assent.app.changes.rules import policy_of, ports_of
from assent.app.checkpoints.accounted import accounted_merge
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.app.proof.record import record_entry
from assent.app.proof.signing import attest
from assent.core.canonical import Json, digest_of
from assent.core.changes import landing
from assent.core.changes.acceptance import BY_POLICY
from assent.core.changes.flow import is_review_due
from assent.core.changes.lifecycle import Refusal, Step, acceptance_in_force, not_now
from assent.core.changes.model import (
    Change,
    Comment,
    Revision,
    TestRun,
    TreePayload,
)
from assent.core.merging.acceptance import named
from assent.core.proof.changes import merge_statement
from assent.core.proof.dsse import envelope_bytes, read_envelope
from assent.core.proof.evidence import Piece, output_piece
from assent.core.proof.log import NewEntry
from assent.core.redact import redact
from assent.errors import NotFoundError

BY_ASSENT = "assent"


async def finish_landing(gate: Gatehouse, change: Change) -> bool:
    """Whether it landed, of a change in `merging`. Else it is back in the queue, or ejected.

    Raises UnavailableError when that cannot be done now: then it stays as it is.
    """
    planned = change.landing
    if planned is None:
        await _back(gate, change, "nothing was planned")
        return False
    git = ports_of(gate).repositories
    entry = await asyncio.to_thread(merge_entry, gate, change)
    async with accounted_merge(gate, change):
        result = await asyncio.to_thread(
            lambda: git.land(
                change.repository,
                change.target,
                before=planned.before,
                after=planned.after,
                entry=entry,
            )
        )
    match result:
        case Landed(behind):
            rest = await _rest(gate, change, onto=planned.after)
            await record_merge(gate, change, rest=rest, behind=behind, entry=entry)
            return True
        case Moved(now):
            await _back(gate, change, f"`{change.target}` moved to {now or 'nothing'}")
            return False
        case InTheWay(workspace, paths):
            why = (
                f"`{change.target}` is checked out in {workspace} with uncommitted changes in "
                f"{named(paths)}. Commit them or put them aside, then merge it again."
            )
            await _eject(gate, change, why)
            return False


async def _back(gate: Gatehouse, change: Change, why: str) -> None:
    await _leave(gate, change, landing.back_in_queue, "back-in-queue", why)


async def _eject(gate: Gatehouse, change: Change, why: str) -> None:
    def step(current: Change, *, at: int) -> Step:
        return landing.ejected(current, at=at, why=why)

    await _leave(gate, change, step, "ejected", why)


class _Leaves(Protocol):
    def __call__(self, change: Change, /, *, at: int) -> Step: ...


async def _leave(gate: Gatehouse, change: Change, step: _Leaves, what: str, why: str) -> None:
    """Unless somebody else completed the landing in the meantime."""
    now = gate.clock.now()
    fields: dict[str, Json] = {"why": why}

    def fenced(current: Change) -> Step:
        same = current.state is change.state and current.landing == change.landing
        return step(current, at=now) if same else not_now(current, what)

    await records.take(gate, change, fenced, what, fields=lambda _: fields)


async def _rest(gate: Gatehouse, change: Change, *, onto: str) -> Revision | None:
    """What was not accepted, as a revision on top of what landed; None: nothing is left."""
    part, newest = change.part, change.newest
    if part is None:
        return None
    git = ports_of(gate).repositories
    left = await asyncio.to_thread(lambda: git.rest_of(change.repository, part, onto=onto))
    if left is None:
        return None
    if isinstance(left, Conflict):
        # It no longer fits there, which its maker has to see to: kept as it was proposed.
        left = TreePayload(base=part.commit, commit=part.rest, tree=_tree_of(change))
    made = Made(
        by=newest.by,
        at=gate.clock.now(),
        session=newest.session,
        model=newest.model,
        report=newest.report,
        note=f"the rest of revision {newest.number}: what was not accepted",
        submitter=newest.submitter,
        person=newest.person,
        apart=newest.apart,
        authors=newest.authors,
    )
    return await tree_revision(gate, change.repository, left, made)


def _tree_of(change: Change) -> str:
    payload = change.newest.payload
    return payload.tree if isinstance(payload, TreePayload) else ""


async def record_merge(
    gate: Gatehouse,
    change: Change,
    *,
    rest: Revision | None = None,
    behind: Sequence[str] = (),
    entry: NewEntry | None = None,
) -> None:
    """The target holds it: the change, and one that it takes back, are what follows from that."""
    now, rules = gate.clock.now(), policy_of(gate, change).changes
    comments = [(gate.ids.new(), text) for text in behind]

    def work(tx: Tx) -> None:
        current = tx.change(change.id)
        if current is None:
            raise NotFoundError(f"{change.name} is gone.", hint="See: assent change list")
        if current.landing != change.landing:
            return
        accepted = acceptance_in_force(current)
        by_policy = accepted is not None and accepted.via == BY_POLICY
        due = by_policy and is_review_due(current, rules)
        digest = "" if entry is None else digest_of(entry.envelope.payload)
        after = landing.merged(current, at=now, rest=rest, review_due=due, entry=digest)
        if isinstance(after, Refusal):
            return
        said = tuple(
            Comment(
                id=comment_id,
                by=BY_ASSENT,
                at=now,
                revision=current.newest.number,
                text=f"The files of this work tree could not follow: {text}",
                resolved=True,
            )
            for comment_id, text in comments
        )
        after = replace(after, comments=(*after.comments, *said))
        records.keep(tx, after, "merged", at=now, fields=merge_fields(after))
        if entry is not None:
            _keep_entry(gate, tx, after, entry, now)
        _take_back(tx, after, now)
        tx.seal(now)

    await gate.store.write(work, durable=True)


def merge_entry(gate: Gatehouse, change: Change) -> NewEntry | None:
    """The executor's statement about what is about to happen, signed; None where nothing signs.

    Made from what is stored: whoever completes the landing makes the same. It blocks.
    """
    planned = change.landing
    if gate.proof is None or planned is None:
        return None
    _, body = attest(gate.proof, merge_statement(change, planned))
    piece = tests_piece(gate, planned.tests)
    known = piece is not None and f"sha256:{piece.digest}" == planned.evidence
    return NewEntry(read_envelope(body), (piece.text,) if piece is not None and known else ())


def tests_piece(gate: Gatehouse, run: TestRun | None) -> Piece | None:
    """What is kept of a log of the tests; None where there is none any more."""
    if run is None or not run.log or gate.proof is None:
        return None
    log = ports_of(gate).tests.log(run.log)
    return None if log is None else output_piece("tests", log)


def _keep_entry(gate: Gatehouse, tx: Tx, after: Change, entry: NewEntry, now: int) -> None:
    """In the ledger's own store; and in the log, where it is not there with the branch already."""
    body = envelope_bytes(entry.envelope)
    stream = records.change_stream(after)
    tx.add_envelope(digest_of(entry.envelope.payload), body, about=stream, at=now)
    if isinstance(after.newest.payload, TreePayload):
        pieces = [Piece("tests", text) for text in entry.evidence]
        record_entry(tx, after.repository, entry.envelope, ids=gate.ids, now=now, evidence=pieces)


def _take_back(tx: Tx, merged: Change, now: int) -> None:
    """A merged change that takes another one back makes that one reverted."""
    old = None if merged.reverts is None else tx.change_numbered(merged.reverts)
    if old is None:
        return
    after = landing.reverted(old, at=now, by=merged.number)
    if not isinstance(after, Refusal):
        records.keep(tx, after, "reverted", at=now, fields={"by": merged.number})


# What is recorded


def merge_fields(change: Change) -> Mapping[str, Json]:
    """The last merge of a change."""
    done = change.merges[-1]
    return {
        "target": change.target,
        "before": done.before,
        "commit": done.commit,
        "tree": done.tree,
        "owner": done.owner,
        "merged_revision": done.revision,
        "hunks": list(done.hunks),
        "entry": done.entry,
        "tests": None if done.tests is None else run_fields(done.tests),
    }


def run_fields(run: TestRun) -> dict[str, Json]:
    """One run of the tests; its log is kept under its digest."""
    return {
        "tree": run.tree,
        "command": redact(run.command),
        "ok": run.ok,
        "took_ms": run.took_ms,
        "sandbox": run.sandbox,
        "attempts": run.attempts,
        "flaky": run.flaky,
        "log": run.log,
    }
