"""People say what becomes of a change: accept, send back, comment, merge again, give up.

Each is one transaction that changes the row, records it and tells who watches. All take the
change's number and raise NotFoundError for an unknown one, and UnavailableError when it cannot be
recorded: then it did not happen. What cannot be done now is a `Refusal`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assent.app.changes import records
from assent.app.changes.rules import policy_home, policy_of, ports_of
from assent.app.changes.saying import (
    Voice,
    hear_acceptance,
    hear_return,
    may_say,
    needs_factor,
    needs_signature,
)
from assent.app.gatehouse import Gatehouse
from assent.app.policy_in_force import policy_in_force
from assent.app.ports import Look, Tx
from assent.core.canonical import Digest, Json
from assent.core.changes import landing, lifecycle
from assent.core.changes.acceptance import needs_one_by_one
from assent.core.changes.closure import clashes
from assent.core.changes.lifecycle import (
    IN_HAND,
    Cause,
    Refusal,
    Says,
    Step,
    fits,
    not_now,
    unknown_hunk,
)
from assent.core.changes.model import Change, Comment, HunkId, Stance, TreePayload
from assent.core.redact import redact

PREFIX = 6
"""Characters of a hunk's id that are enough to name it, if no other begins so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What is said about a line, a file or, with neither, the change."""

    text: str
    path: str = ""
    line: int = 0
    side: str = "new"
    quote: str = ""


async def accept(
    gate: Gatehouse,
    number: int,
    voice: Voice,
    *,
    hunks: Sequence[str] | None = None,
    reason: str = "",
    confirm: str = "",
    digest: Digest | None = None,
) -> Change | Refusal:
    """Accept what was looked at: `hunks` (ids, beginnings of ids, or paths), or with None those
    with an accepting stance; all when no stance was taken. It is accepted when all who have to
    accepted the same; until then it waits for them."""
    seen = look(gate, number)
    named = None if hunks is None else named_hunks(seen, hunks)
    if isinstance(named, Refusal):
        return named
    stale = not_now(seen, "accepted") if seen.state not in IN_HAND else _stale(seen, voice)
    if stale is not None:
        return stale
    heard = await hear_acceptance(gate, seen, voice, named, reason=reason, confirm=confirm)
    if isinstance(heard, Refusal):
        return heard
    unsigned = needs_signature(gate, seen, heard)
    if unsigned is not None:
        return unsigned
    cannot_stand = await _cannot_stand(gate, seen, heard.hunks)

    def step(current: Change) -> Step:
        if current.newest.number != seen.newest.number:
            return fits(current, version=None, revision=seen.newest.number) or current
        if cannot_stand is not None:
            return cannot_stand
        return heard.accepted(gate, current, voice, digest)

    return await records.take(
        gate,
        seen,
        step,
        "accepted",
        fields=records.acceptance_fields,
        decides=True,
        also=lambda tx, before, _: heard.keep(gate, tx, before),
    )


def _stale(change: Change, voice: Voice) -> Refusal | None:
    return fits(change, version=voice.version, revision=voice.revision)


async def _cannot_stand(
    gate: Gatehouse, seen: Change, accepted_now: Sequence[HunkId]
) -> Refusal | None:
    """Why the accepted part cannot be built by itself, with the hunk that it needs named."""
    payload = seen.newest.payload
    everything = len(accepted_now) == len({hunk.id for hunk in seen.newest.hunks})
    if not isinstance(payload, TreePayload) or everything:
        return None
    git = ports_of(gate).repositories
    patches = await asyncio.to_thread(git.patches, seen.repository, payload.base, payload.commit)
    found = clashes(patches, accepted_now)
    if not found:
        return None
    paths = {hunk.id: hunk.path for hunk in seen.newest.hunks}
    need = found[0]
    return Refusal(
        Cause.CANNOT_BE_SPLIT,
        f"The hunk of {paths[need.hunk]} needs {need.needs[:12]} ({paths[need.needs]}), which "
        f"{need.why}. Accept both, or neither.",
    )


async def send_back(
    gate: Gatehouse,
    number: int,
    voice: Voice,
    *,
    reason: str,
    remarks: Sequence[Remark] = (),
    hunks: Sequence[str] = (),
) -> Change | Refusal:
    """Return it to its maker with the reason, remarks, and the `hunks` that were rejected."""
    seen = look(gate, number)
    rejected = named_hunks(seen, hunks) if hunks else ()
    if isinstance(rejected, Refusal):
        return rejected
    heard = await hear_return(gate, seen, voice, rejected, reason=reason)
    if isinstance(heard, Refusal):
        return heard
    ids = [gate.ids.new() for _ in remarks]

    def step(current: Change) -> Step:
        says = heard.says(gate, current)
        if isinstance(says, Refusal):
            return says
        if not set(rejected) <= {hunk.id for hunk in current.newest.hunks}:
            return unknown_hunk(current)
        stances = lifecycle.with_stances(current, rejected, Stance.REJECT, says)
        comments = [
            _comment(current, remark, comment_id, by=heard.by, at=says.at)
            for remark, comment_id in zip(remarks, ids, strict=True)
        ]
        marked = replace(current, stances=stances)
        return _fitting(marked, voice, lambda it: lifecycle.returned(it, says, comments=comments))

    return await records.take(
        gate,
        seen,
        step,
        "returned",
        fields=lambda after: records.return_fields(after, heard.by),
        decides=True,
        also=lambda tx, before, _: heard.keep(gate, tx, before),
    )


async def set_stances(
    gate: Gatehouse,
    number: int,
    voice: Voice,
    *,
    hunks: Sequence[str],
    stance: Stance | None,
    reason: str = "",
) -> Change | Refusal:
    """Accept, reject or (None) undecide single hunks; nothing is accepted by that alone."""
    seen = look(gate, number)
    rules = policy_of(gate, seen).changes
    says = Says(by=voice.by, at=gate.clock.now(), reason=reason.strip())
    if stance is Stance.ACCEPT:
        refusal = needs_factor(gate, voice.by, voice.factor)
        if refusal is not None:
            return refusal
    refused = await may_say(gate, seen, voice)

    def step(current: Change) -> Step:
        named = named_hunks(current, hunks)
        if isinstance(named, Refusal):
            return named
        if refused is not None:
            return refused
        strict = needs_one_by_one(current, rules)
        return _fitting(
            current,
            voice,
            lambda it: lifecycle.stances_set(it, named, stance, says, one_by_one=strict),
        )

    word = "undecide" if stance is None else stance.value
    fields: dict[str, Json] = {"stance": word, "hunks": list(hunks)}
    return await _say(gate, number, step, "stance", voice, reason=reason, more=fields)


async def comment(gate: Gatehouse, number: int, voice: Voice, remark: Remark) -> Change | Refusal:
    now, comment_id = gate.clock.now(), gate.ids.new()

    def step(current: Change) -> Step:
        said = _comment(current, remark, comment_id, by=voice.by, at=now)
        return lifecycle.commented(current, said, at=now)

    fields: dict[str, Json] = {
        "comment": comment_id,
        "path": remark.path,
        "line": remark.line,
        "text": redact(remark.text),
    }
    return await _say(gate, number, step, "commented", voice, more=fields)


async def resolve(
    gate: Gatehouse, number: int, voice: Voice, *, comment_id: str, is_resolved: bool = True
) -> Change | Refusal:
    """Mark a comment as dealt with, or as open again."""
    now = gate.clock.now()

    def step(current: Change) -> Step:
        return lifecycle.resolved(current, comment_id, at=now, is_resolved=is_resolved)

    fields: dict[str, Json] = {"comment": comment_id, "resolved": is_resolved}
    return await _say(gate, number, step, "resolved", voice, more=fields)


async def abandon(
    gate: Gatehouse, number: int, voice: Voice, *, reason: str = ""
) -> Change | Refusal:
    """Give it up: nothing of it merges any more."""
    now = gate.clock.now()

    def step(current: Change) -> Step:
        return _fitting(current, voice, lambda it: lifecycle.abandoned(it, at=now))

    return await _say(gate, number, step, "abandoned", voice, reason=reason, decides=True)


async def make_ready(gate: Gatehouse, number: int, voice: Voice) -> Change | Refusal:
    """A draft goes into review."""
    now = gate.clock.now()

    def step(current: Change) -> Step:
        return _fitting(current, voice, lambda it: lifecycle.ready(it, at=now))

    return await _say(gate, number, step, "ready", voice)


async def merge_again(gate: Gatehouse, number: int, voice: Voice) -> Change | Refusal:
    """Try once more what left the queue, as it was accepted.

    Whoever it is accepts nothing by that: the queue asks again whether enough people did.
    """
    seen = look(gate, number)
    # It may have left for want of a policy that has been written since: that is asked about.
    await policy_in_force(gate, policy_home(seen.workspace, seen.repository))
    now = gate.clock.now()

    def step(current: Change) -> Step:
        return _fitting(current, voice, lambda it: landing.requeued(it, at=now))

    return await _say(gate, number, step, "queued", voice, decides=True)


async def look_after(gate: Gatehouse, number: int, voice: Voice) -> Change | Refusal:
    """Say that one looked at what the policy had merged."""
    now = gate.clock.now()

    def step(current: Change) -> Step:
        return _fitting(current, voice, lambda it: lifecycle.looked_after(it, at=now))

    return await _say(gate, number, step, "looked-after", voice, decides=True)


async def mark_seen(
    gate: Gatehouse, number: int, voice: Voice, *, looked_after: bool = False
) -> Change | Refusal:
    """Remember which revision `voice` looked at last; with `looked_after` also record that a
    change which merged by the policy was looked at."""
    seen = look(gate, number)
    last = Look(revision=voice.revision or seen.newest.number, at=gate.clock.now())

    def work(tx: Tx) -> None:
        tx.note_look(seen.id, voice.by, last)

    await gate.store.write(work, durable=False)
    if looked_after and seen.review_due:
        return await look_after(gate, number, voice)
    return seen


def named_hunks(change: Change, names: Sequence[str]) -> tuple[HunkId, ...] | Refusal:
    """The hunks of the newest revision that are named by id, by its beginning, or by path."""
    whole: dict[str, list[HunkId]] = {}
    for hunk in change.newest.hunks:
        whole.setdefault(hunk.path, []).append(hunk.id)
        whole[hunk.id] = [hunk.id]
    found: list[HunkId] = []
    for name in names:
        of_name = whole.get(name) or _begun(change, name)
        if not of_name:
            return unknown_hunk(change)
        found += of_name
    return tuple(dict.fromkeys(found))


def _begun(change: Change, name: str) -> list[HunkId]:
    """The one hunk whose id begins with `name`; none where several do."""
    found = {each.id for each in change.newest.hunks if each.id.startswith(name)}
    return [*found] if len(name) >= PREFIX and len(found) == 1 else []


def _comment(change: Change, remark: Remark, comment_id: str, *, by: str, at: int) -> Comment:
    return Comment(
        id=comment_id,
        by=by,
        at=at,
        revision=change.newest.number,
        text=remark.text.strip(),
        path=remark.path,
        line=remark.line,
        side=remark.side,
        quote=remark.quote,
    )


def look(gate: Gatehouse, number: int) -> Change:
    """The change as it is stored. Raises NotFoundError."""
    return gate.store.read(lambda view: records.find(view, number))


def _fitting(change: Change, voice: Voice, step: Callable[[Change], Step]) -> Step:
    return _stale(change, voice) or step(change)


async def _say(
    gate: Gatehouse,
    number: int,
    step: Callable[[Change], Step],
    what: str,
    voice: Voice,
    *,
    reason: str = "",
    more: Mapping[str, Json] | None = None,
    decides: bool = False,
) -> Change | Refusal:
    fields = {**records.voice_fields(voice.by, voice.via, reason), **(more or {})}
    return await records.take(
        gate, look(gate, number), step, what, fields=lambda _: fields, decides=decides
    )
