"""Take a merged change back: a change of its own, which goes through the same queue."""

import asyncio
from dataclasses import replace

from assent.app.changes import records
from assent.app.changes.decide import Voice
from assent.app.changes.ports import Conflict
from assent.app.changes.revisions import Made, tree_revision, value_revision
from assent.app.changes.rules import policy_of, ports_of
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx, View
from assent.core.changes import landing
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import Cause, Refusal, may_decide, not_now, step
from assent.core.changes.model import (
    Acceptance,
    Change,
    ChangeState,
    Merge,
    Revision,
    TreePayload,
    ValuePayload,
)
from assent.core.merging.acceptance import named
from assent.core.policy.model import Policy
from assent.errors import ConflictError, UsageError


async def start_revert(
    gate: Gatehouse, number: int, voice: Voice, *, reason: str = ""
) -> Change | Refusal:
    """The change that takes CH-`number` back, accepted by `voice` and queued.

    One that is on its way already is given again. Raises NotFoundError for an unknown number, and
    ConflictError when what was built on it since has to be taken back first.
    """
    seen = gate.store.read(lambda view: records.find(view, number))
    policy = policy_of(gate, seen)
    refusal = _refuse(seen, voice, policy)
    if refusal is not None:
        return refusal
    under_way = gate.store.read(lambda view: _under_way(view, seen))
    if under_way is not None:
        return under_way
    made = Made(by=voice.by, at=gate.clock.now(), note=f"takes back {seen.name}")
    revision = await _revision(gate, seen, made)
    return await _open(gate, seen, revision, _acceptance(revision, voice, reason, policy))


def _refuse(seen: Change, voice: Voice, policy: Policy) -> Refusal | None:
    if seen.state is not ChangeState.MERGED:
        return not_now(seen, "reverted")
    if voice.version is not None and voice.version != seen.version:
        return Refusal(Cause.STALE_VERSION, f"{seen.name} changed while you looked at it.")
    return may_decide(seen, voice.by, policy.changes.reviewers or seen.reviewers)


def _under_way(view: View, seen: Change) -> Change | None:
    return next((each for each in view.open_changes() if each.reverts == seen.number), None)


async def _revision(gate: Gatehouse, seen: Change, made: Made) -> Revision:
    payload = seen.newest.payload
    if isinstance(payload, ValuePayload):
        back = replace(payload, before=payload.after, after=payload.before)
        return await asyncio.to_thread(value_revision, gate, seen.workspace, back, made)
    taken = await asyncio.to_thread(_inverse, gate, seen, seen.merges)
    revision = await tree_revision(gate, seen.repository, taken, made)
    if not revision.hunks:
        raise ConflictError(f"Nothing of {seen.name} is left in `{seen.target}`.")
    return revision


def _inverse(gate: Gatehouse, seen: Change, merges: tuple[Merge, ...]) -> TreePayload:
    """All parts of it that were merged, the last one first."""
    git = ports_of(gate).repositories
    head = git.head(seen.repository, seen.target)
    taken: TreePayload | None = None
    for merge in reversed(merges):
        onto = head if taken is None else taken.commit
        found = git.inverse(seen.repository, onto=onto, merge=merge.commit)
        if isinstance(found, Conflict):
            raise ConflictError(
                f"{seen.name} cannot be taken back in one step: it was built on since, in "
                f"{named(found.paths)}.",
                hint="Take back what was built on it first, or submit a change that undoes it.",
            )
        taken = replace(found, base=head)
    if taken is None:
        raise UsageError(f"Nothing of {seen.name} was merged.")
    return taken


def _acceptance(revision: Revision, voice: Voice, reason: str, policy: Policy) -> Acceptance:
    hunks = tuple(hunk.id for hunk in revision.hunks)
    return Acceptance(
        by=voice.by,
        at=revision.at,
        revision=1,
        via=voice.via,
        hunks=hunks,
        digest=binding(revision.payload, hunks),
        reason=reason.strip(),
        policy=policy.digest,
    )


async def _open(
    gate: Gatehouse, seen: Change, revision: Revision, accepted: Acceptance
) -> Change | Refusal:
    change_id, now = gate.ids.new(), revision.at

    def work(tx: Tx) -> Change | Refusal:
        other = _under_way(tx, seen)
        if other is not None:
            return other
        made = Change(
            id=change_id,
            number=tx.next_change_number(),
            title=f"Revert {seen.name}: {seen.title}",
            plan=accepted.reason,
            plan_approved=False,
            workspace=seen.workspace,
            repository=seen.repository,
            branch="",
            target=seen.target,
            owner=accepted.by,
            agent="",
            state=ChangeState.IN_REVIEW,
            version=1,
            created_at=now,
            updated_at=now,
            revisions=(revision,),
            reverts=seen.number,
        )
        records.keep(
            tx, made, "submitted", at=now, fields=records.submission_fields(made), new=True
        )
        approved = replace(step(made, now), state=ChangeState.APPROVED, acceptances=(accepted,))
        fields = records.acceptance_fields(accepted)
        records.keep(tx, approved, "accepted", at=now, fields=fields)
        queued = landing.queued(approved, at=now)
        if isinstance(queued, Refusal):
            return queued
        records.keep(tx, queued, "queued", at=now)
        tx.seal(now)
        return queued

    return await gate.store.write(work, durable=True)
