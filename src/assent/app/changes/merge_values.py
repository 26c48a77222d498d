"""Changes that are not code: one value of a file, replaced if it is still what it was."""

import asyncio
from dataclasses import replace

from assent.app.changes import records
from assent.app.changes.grounds import ground_in_force, grounds_of
from assent.app.changes.landed import merge_entry, record_merge
from assent.app.changes.rules import ports_of
from assent.app.checkpoints.accounted import accounted_merge
from assent.app.gatehouse import Gatehouse
from assent.core.canonical import digest_text
from assent.core.changes import landing
from assent.core.changes.lifecycle import Cause, Refusal, Step
from assent.core.changes.model import Change, ChangeState, Landing, ValuePayload
from assent.core.merging.acceptance import why_not
from assent.errors import UsageError


async def merge_value(gate: Gatehouse, change: Change) -> None:
    """Take a queued value through; again after a kill.

    Raises UnavailableError when its file cannot be written now.
    """
    payload = change.newest.payload
    if not isinstance(payload, ValuePayload):
        return
    planned = await _plan(gate, change, payload)
    if isinstance(planned, Refusal):
        await _eject(gate, change, planned.message)
        return
    values = ports_of(gate).values
    try:
        async with accounted_merge(gate, change):
            there = await asyncio.to_thread(
                lambda: values.replace(
                    payload.file, payload.pointer, before=payload.before, after=payload.after
                )
            )
    except UsageError as error:
        await _eject(gate, planned, str(error))
        return
    if not there:
        why = f"{payload.file} changed since: the value is no longer what it was when looked at."
        await _eject(gate, planned, why)
        return
    await record_merge(gate, planned, entry=merge_entry(gate, planned))


async def _plan(gate: Gatehouse, change: Change, payload: ValuePayload) -> Step:
    """Store what is about to happen; nothing has to be done where that was stored before."""
    if change.state is ChangeState.MERGING:
        return change
    now, grounds = gate.clock.now(), await grounds_of(gate, change)
    rules, policy = grounds.policy.changes, grounds.policy.digest
    before, after = (digest_text(text or "") for text in (payload.before, payload.after))

    def step(current: Change) -> Step:
        why = why_not(current, rules, ground_in_force(grounds, current))
        if why:
            return Refusal(Cause.NOT_ACCEPTED, f"{why}.")
        begun = landing.testing(current, at=now) if _queued(current) else current
        if isinstance(begun, Refusal):
            return begun
        planned = Landing(before=before, after=after, tree="", tests=None, at=now, policy=policy)
        begun = landing.landing(begun, planned, at=now)
        # Both steps are stored as one.
        return begun if isinstance(begun, Refusal) else replace(begun, version=current.version + 1)

    return await records.take(
        gate, change, step, "merging", fields=lambda _: {"before": before, "after": after}
    )


def _queued(change: Change) -> bool:
    return change.state is ChangeState.QUEUED


async def _eject(gate: Gatehouse, change: Change, why: str) -> None:
    now = gate.clock.now()
    await records.take(
        gate,
        change,
        lambda it: landing.ejected(it, at=now, why=why),
        "ejected",
        fields=lambda _: {"why": why},
    )
