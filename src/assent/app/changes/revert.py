"""Take a merged change back: a change of its own, which goes through the same queue."""

import asyncio
from dataclasses import replace

from assent.app.changes import records
from assent.app.changes.ports import Conflict
from assent.app.changes.revisions import Made, tree_revision, value_revision
from assent.app.changes.rules import ports_of
from assent.app.changes.saying import Heard, Voice, hear_acceptance, may_say, needs_factor
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx, View
from assent.core.changes import landing
from assent.core.changes.acceptance import Accepts, accepted_whole
from assent.core.changes.lifecycle import Cause, Refusal, asked, not_now
from assent.core.changes.model import (
    Change,
    ChangeState,
    Merge,
    Revision,
    TreePayload,
    ValuePayload,
)
from assent.core.merging.acceptance import named
from assent.errors import ConflictError, UsageError


async def start_revert(
    gate: Gatehouse, number: int, voice: Voice, *, reason: str = ""
) -> Change | Refusal:
    """The change that takes CH-`number` back, accepted by `voice` and queued; where others have to
    accept that, too, or `voice` does not count, it waits for them.

    One that is on its way already is given again. Raises NotFoundError for an unknown number, and
    ConflictError when what was built on it since has to be taken back first.
    """
    seen = gate.store.read(lambda view: records.find(view, number))
    refusal = (
        _refuse(seen, voice)
        or needs_factor(gate, voice.by, voice.factor)
        or _unless_apart(await may_say(gate, seen, voice))
    )
    if refusal is not None:
        return refusal
    under_way = gate.store.read(lambda view: _under_way(view, seen))
    if under_way is not None:
        return under_way
    made = Made(
        by=voice.by, at=gate.clock.now(), note=f"takes back {seen.name}", submitter=voice.by
    )
    revision = await _revision(gate, seen, made)
    opened = _opened(gate, seen, revision, voice, reason)
    plain = replace(voice, version=None, revision=None, envelope=None)
    heard = await hear_acceptance(gate, opened, plain, None, reason=reason)
    if isinstance(heard, Refusal):
        return heard
    return await _open(gate, seen, opened, heard)


def _refuse(seen: Change, voice: Voice) -> Refusal | None:
    if seen.state is not ChangeState.MERGED:
        return not_now(seen, "reverted")
    if voice.version is not None and voice.version != seen.version:
        return Refusal(Cause.STALE_VERSION, f"{seen.name} changed while you looked at it.")
    return None


def _unless_apart(refusal: Refusal | None) -> Refusal | None:
    """Whoever made it may ask to have it taken back; another one accepts that."""
    return None if refusal is None or refusal.cause is Cause.APART else refusal


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


def _opened(gate: Gatehouse, seen: Change, revision: Revision, voice: Voice, reason: str) -> Change:
    """Without its number, which only the transaction knows."""
    return Change(
        id=gate.ids.new(),
        number=0,
        title=f"Revert {seen.name}: {seen.title}",
        plan=reason.strip(),
        plan_approved=False,
        workspace=seen.workspace,
        repository=seen.repository,
        branch="",
        target=seen.target,
        owner=voice.by,
        agent="",
        state=ChangeState.IN_REVIEW,
        version=1,
        created_at=revision.at,
        updated_at=revision.at,
        revisions=(revision,),
        reviewers=seen.reviewers,
        reverts=seen.number,
    )


async def _open(gate: Gatehouse, seen: Change, opened: Change, heard: Heard) -> Change | Refusal:
    now = opened.created_at

    def work(tx: Tx) -> Change | Refusal:
        other = _under_way(tx, seen)
        if other is not None:
            return other
        made = replace(opened, number=tx.next_change_number())
        fields = records.submission_fields(made)
        records.keep(tx, made, "submitted", at=now, fields=fields, new=True)
        after = _accepted(gate, tx, made, heard)
        tx.seal(now)
        return after

    return await gate.store.write(work, durable=True)


def _accepted(gate: Gatehouse, tx: Tx, made: Change, heard: Heard) -> Change | Refusal:
    """By whoever wants it taken back, as far as that counts; then it waits for the others."""
    says = heard.says(gate, made)
    if isinstance(says, Refusal):
        return says
    accepts = Accepts(
        says=says, via=heard.via, in_name_of=heard.in_name_of, delegation=heard.delegation
    )
    given = accepted_whole(made, accepts, policy=heard.policy.digest, ground=heard.ground)
    at = made.created_at
    if isinstance(given, Refusal):
        waits = asked(made, given.message, at=at)
        if not isinstance(waits, Refusal):
            records.keep(tx, waits, "asked", at=at, fields={"why": given.message})
        return waits
    heard.keep(gate, tx, made)
    records.keep(tx, given, "accepted", at=at, fields=records.acceptance_fields(given))
    if given.state is ChangeState.IN_REVIEW:
        return given
    queued = landing.queued(given, at=at)
    if not isinstance(queued, Refusal):
        records.keep(tx, queued, "queued", at=at)
    return queued
