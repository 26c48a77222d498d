"""Review in the background: what is to be done with each open change is done, one step at a time.

The stored state of a change is the only queue. Steps are idempotent: a daemon that was killed
looks at all open changes when it starts, and goes on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from assent.app.changes import records
from assent.app.changes.grounds import grounds_of
from assent.app.changes.ports import ChangePorts, Reviewer, Subject
from assent.app.changes.revisions import value_patch
from assent.app.changes.rules import policy_of, ports_of
from assent.app.changes.telling import awaited_by
from assent.app.changes.told import split_comment
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Event
from assent.core.canonical import Json
from assent.core.changes import landing, lifecycle
from assent.core.changes.acceptance import accepted_by_policy
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
)
from assent.core.changes.hunks import FilePatch
from assent.core.changes.lifecycle import Cause, Refusal, Step
from assent.core.changes.model import (
    BY_ASSENT,
    Change,
    ChangeState,
    Comment,
    Opinion,
    Part,
    ReviewerKind,
    TreePayload,
    ValuePayload,
    Verdict,
)
from assent.core.policy.model import Policy
from assent.errors import AssentError, ConflictError, UnavailableError, UsageError

_Stepping: TypeAlias = Callable[[Change], Step]

AT_ONCE = 2
"""Changes that are seen to at the same time."""
REVIEWERS_AT_ONCE = 2
"""Static reviewers of one change that run at the same time."""
TRIES = 3
"""How often it is tried before a person is told that it cannot be done."""
RETRY_S = 10.0
MOST_STEPS = 200
"""Steps that are taken of one change before others get their turn."""


class ReviewWork:
    """Sees to open changes until it is cancelled."""

    def __init__(self, gate: Gatehouse) -> None:
        self._gate = gate
        self._due: set[str] = set()
        self._under_way: set[str] = set()
        self._listens = False
        self._failed: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Take up what is open, and from then on whatever changes. May be called again after it
        failed."""
        self._under_way.clear()
        if not self._listens:
            self._gate.store.on_commit(self._committed)
            self._listens = True
        self._look_at([each.id for each in self._gate.store.read(lambda view: view.open_changes())])
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wake.wait()
                self._wake.clear()
                free = self._due - self._under_way
                self._due -= free
                self._under_way |= free
                for change_id in sorted(free):
                    group.create_task(self._see_to(change_id))

    def _committed(self, events: Sequence[Event]) -> None:
        self._look_at([event.subject for event in events if event.topic == records.TOPIC])

    def _look_at(self, change_ids: Sequence[str]) -> None:
        if change_ids:
            self._due.update(change_ids)
            self._wake.set()

    async def _see_to(self, change_id: str) -> None:
        try:
            async with self._places:
                await see_to(self._gate, change_id)
            self._failed.pop(change_id, None)
        except UnavailableError as error:
            await self._put_off(change_id, error)
        finally:
            self._under_way.discard(change_id)
            if change_id in self._due:
                self._wake.set()

    async def _put_off(self, change_id: str, error: UnavailableError) -> None:
        """Try it again in a while; a person is told when that does not help."""
        self._failed[change_id] = self._failed.get(change_id, 0) + 1
        if self._failed[change_id] == TRIES:
            await give_up(self._gate, change_id, error)
        asyncio.get_running_loop().call_later(RETRY_S, self._look_at, [change_id])


async def give_up(gate: Gatehouse, change_id: str, error: AssentError) -> None:
    """Put a change that cannot be reviewed before a person, with the reason."""
    change = gate.store.read(lambda view: view.change(change_id))
    if change is not None and change.state is ChangeState.IN_REVIEW:
        await _ask(gate, change, f"Assent could not go on with it: {error.message}")


async def see_to(gate: Gatehouse, change_id: str) -> None:
    """Do what is next with one change until a person, its maker or the queue has the next word.

    Raises UnavailableError when something cannot be done now.
    """
    for _ in range(MOST_STEPS):
        change = gate.store.read(lambda view: view.change(change_id))
        if change is None:
            return
        try:
            if not await _take_next(gate, change):
                return
        except ConflictError:
            continue
        except UnavailableError:
            raise
        except AssentError as error:
            await give_up(gate, change_id, error)
            return


async def _take_next(gate: Gatehouse, change: Change) -> bool:
    """Take the next step; whether there may be another one after it."""
    policy, ports = policy_of(gate, change), ports_of(gate)
    static = {each.name: each for each in ports.reviewers.static(policy.changes)}
    model = ports.reviewers.llm(policy.changes)
    upcoming: NextStep = next_step(
        change, policy.changes, has_model=model is not None, static=tuple(static)
    )
    match upcoming:
        case RunStatic(names):
            wanted = [static[name] for name in names]
            return await _review(gate, change, policy, wanted, kind=ReviewerKind.STATIC)
        case RunModel() if model is not None:
            return await _review(gate, change, policy, [model], kind=ReviewerKind.LLM)
        case AskPerson(why):
            await _ask(gate, change, why, policy=policy)
        case SendBack(why):
            await _send_back(gate, change, why)
        case AcceptByPolicy(why):
            return await _accept(gate, change, why, policy)
        case Enqueue():
            await _enqueue(gate, ports, change)
        case RunModel() | Nothing():
            pass
    return False


# --- review


async def _review(
    gate: Gatehouse,
    change: Change,
    policy: Policy,
    reviewers: Sequence[Reviewer],
    *,
    kind: ReviewerKind,
) -> bool:
    """Have `reviewers` look at the newest revision; each verdict is stored when it is there."""
    subject = await subject_of(gate, change, policy)
    names = tuple(each.name for each in reviewers)
    now = gate.clock.now()
    begun = await records.take(
        gate,
        change,
        _unless_revised(change, lambda it: lifecycle.review_started(it, names, at=now)),
        "review-started",
        fields=lambda _: {"reviewers": list(names)},
    )
    if isinstance(begun, Refusal):
        return begun.cause in (Cause.STALE_REVISION, Cause.STALE_VERSION)
    places = asyncio.Semaphore(REVIEWERS_AT_ONCE)

    async def one(reviewer: Reviewer) -> None:
        async with places:
            said = await _verdict(gate, reviewer, subject)
        verdict = replace(said, reviewer=reviewer.name, kind=kind, revision=subject.revision.number)
        await records.take(
            gate,
            change,
            lambda current: lifecycle.reviewed(current, verdict, at=verdict.at),
            "reviewed",
            fields=lambda _: records.verdict_fields(verdict),
        )

    await asyncio.gather(*(one(reviewer) for reviewer in reviewers))
    return True


async def _verdict(gate: Gatehouse, reviewer: Reviewer, subject: Subject) -> Verdict:
    try:
        return await reviewer.review(subject)
    # What somebody's reviewer raises must neither stop the others nor count as approval.
    except Exception as error:  # noqa: BLE001
        return Verdict(
            reviewer=reviewer.name,
            kind=ReviewerKind.STATIC,
            revision=subject.revision.number,
            opinion=Opinion.INCONCLUSIVE,
            at=gate.clock.now(),
            summary=f"it failed with {type(error).__name__}",
        )


async def subject_of(gate: Gatehouse, change: Change, policy: Policy) -> Subject:
    """What reviewers are given of the newest revision."""
    revision = change.newest
    return Subject(
        change=change,
        revision=revision,
        patches=await patches_of(gate, change, revision.number),
        rules=policy.changes,
        team=tuple(rule.message for rule in policy.team),
        earlier=lifecycle.verdicts_of(change),
        team_rules=policy.team,
    )


async def patches_of(
    gate: Gatehouse, change: Change, revision: int, *, context: int = 3
) -> tuple[FilePatch, ...]:
    """The difference that a revision proposes. Raises UsageError when there is no such one."""
    found = next((each for each in change.revisions if each.number == revision), None)
    if found is None:
        raise UsageError(f"{change.name} has no revision {revision}.")
    payload = found.payload
    if isinstance(payload, ValuePayload):
        return (value_patch(payload),)
    git = ports_of(gate).repositories
    return await asyncio.to_thread(
        lambda: git.patches(change.repository, payload.base, payload.commit, context=context)
    )


# --- what follows from it


async def _ask(gate: Gatehouse, change: Change, why: str, *, policy: Policy | None = None) -> None:
    now, comment_id = gate.clock.now(), gate.ids.new()
    too_large = policy is not None and (
        change.newest.lines > policy.changes.lines[change.newest.risk]
    )
    text = split_comment(change, policy.changes) if policy is not None and too_large else ""
    awaited = awaited_by(change, await grounds_of(gate, change, tells=True))

    def step(current: Change) -> Step:
        after = lifecycle.asked(current, why, at=now, awaited=awaited)
        if isinstance(after, Refusal) or not text:
            return after
        said = Comment(id=comment_id, by=BY_ASSENT, at=now, revision=after.newest.number, text=text)
        return replace(after, comments=(*after.comments, said))

    fields: dict[str, Json] = {"why": why, "awaited": list(awaited)}
    await records.take(gate, change, _unless_moved(change, step), "asked", fields=lambda _: fields)


async def _send_back(gate: Gatehouse, change: Change, why: str) -> None:
    now = gate.clock.now()
    await records.take(
        gate,
        change,
        _unless_moved(change, lambda it: lifecycle.sent_back(it, at=now)),
        "returned",
        fields=lambda _: {"why": why, "by": BY_ASSENT},
    )


async def _accept(gate: Gatehouse, change: Change, why: str, policy: Policy) -> bool:
    now = gate.clock.now()

    def step(current: Change) -> Step:
        return accepted_by_policy(current, why=why, at=now, policy=policy.digest)

    after = await records.take(
        gate,
        change,
        _unless_moved(change, step),
        "accepted",
        fields=records.acceptance_fields,
        decides=True,
    )
    return isinstance(after, Change) or after.cause is Cause.STALE_VERSION


async def _enqueue(gate: Gatehouse, ports: ChangePorts, change: Change) -> None:
    now = gate.clock.now()
    try:
        part = await _part(ports, change)
    except UsageError as error:
        why = f"the accepted part cannot be built: {error.message}"
        await records.take(
            gate,
            change,
            _unless_moved(change, lambda it: landing.ejected(it, at=now, why=why)),
            "ejected",
            fields=lambda _: {"why": why},
        )
        return
    await records.take(
        gate,
        change,
        _unless_moved(change, lambda it: landing.queued(it, at=now, part=part)),
        "queued",
        fields=lambda _: {"part": None if part is None else part.tree},
    )


async def _part(ports: ChangePorts, change: Change) -> Part | None:
    """The accepted hunks as commits of their own, where they are not all of the revision."""
    accepted, payload = lifecycle.acceptance_in_force(change), change.newest.payload
    if (
        change.state is not ChangeState.PARTLY_APPROVED
        or accepted is None
        or not isinstance(payload, TreePayload)
    ):
        return None
    return await asyncio.to_thread(
        ports.repositories.split, change.repository, payload, accepted.hunks
    )


def _unless_moved(seen: Change, step: _Stepping) -> _Stepping:
    """`step`, for the very version that was looked at; a newer one is looked at again."""

    def fenced(current: Change) -> Step:
        return lifecycle.fits(current, version=seen.version, revision=None) or step(current)

    return fenced


def _unless_revised(seen: Change, step: _Stepping) -> _Stepping:
    def fenced(current: Change) -> Step:
        stale = lifecycle.fits(current, version=None, revision=seen.newest.number)
        return stale or step(current)

    return fenced
