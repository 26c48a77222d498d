"""Make a revision of what was captured: its hunks, its class and the reasons for it."""

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from assent.app.changes.rules import ports_of
from assent.app.gatehouse import Gatehouse
from assent.core.actions import EditKind, FileChange, FileEdit
from assent.core.canonical import digest_text
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import (
    HunkId,
    HunkRef,
    Reason,
    Revision,
    TreePayload,
    ValuePayload,
)
from assent.core.facts import Facts
from assent.core.grants import Grant, GrantKind, is_in_plan
from assent.core.proposals import AgentSession
from assent.core.risk import assess
from assent.core.risk.edits import ChangeReading, FileVersion, HunkReading, inspect_change
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Evidence

REASONS = 40
"""Reasons of one revision that are kept, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Who made a revision, and what they say of it."""

    by: str
    at: int
    session: str = ""
    model: str = ""
    report: str = ""
    note: str = ""
    submitter: str = ""
    """The person who handed it in."""
    person: str = ""
    """Whose agent made it; empty: not known, or no agent did."""
    apart: bool = False
    """Whether that agent ran as another user than Assent."""
    authors: tuple[str, ...] = ()
    """Of commits that it was made from and does not hold any more."""


async def tree_revision(
    gate: Gatehouse, repository: str, payload: TreePayload, made: Made, *, number: int = 1
) -> Revision:
    """The revision that `payload` is. Its texts are read and judged in a thread."""
    git = ports_of(gate).repositories

    def work() -> Revision:
        patches = git.patches(repository, payload.base, payload.commit)
        versions = git.versions(repository, payload.base, payload.commit)
        authors = git.authors(repository, payload.base, payload.commit)
        read = read_revision(payload, patches, versions, made, number=number)
        return replace(read, authors=tuple(dict.fromkeys((*made.authors, *authors))))

    return await asyncio.to_thread(work)


def read_revision(
    payload: TreePayload,
    patches: Sequence[FilePatch],
    versions: Sequence[FileVersion],
    made: Made,
    *,
    number: int,
    reading: ChangeReading | None = None,
) -> Revision:
    """Judge the texts of a difference, unless there is a `reading` of them. What is too large to
    be read is high; what is binary is seen by a person, since neither a reviewer nor a rule reads
    it."""
    reading = inspect_change(versions) if reading is None else reading
    read = {file.path for file in versions}
    unread = [
        Reason("unread", RiskClass.HIGH, "is too large to be read", patch.path)
        if patch.path not in read
        else Reason("binary", RiskClass.MEDIUM, "is binary, so that nobody reads it", patch.path)
        for patch in patches
        if patch.path not in read or (patch.binary and patch.new_mode is not None)
    ]
    least = {each.path: each for each in unread}
    places: dict[str, list[HunkReading]] = {}
    for place in reading.hunks:
        places.setdefault(place.file, []).append(place)
    reasons = (*unread, *(_reason(item) for item in reading.evidence))
    return Revision(
        number=number,
        payload=payload,
        by=made.by,
        session=made.session,
        model=made.model,
        at=made.at,
        risk=max((each.risk for each in reasons), default=RiskClass.TRIVIAL),
        reasons=tuple(sorted(reasons, key=lambda each: -each.risk))[:REASONS],
        hunks=tuple(
            _hunk_ref(hunk, reading, places.get(hunk.path, ()), least=least.get(hunk.path))
            for patch in patches
            for hunk in patch.hunks
        ),
        trivial="" if unread else reading.trivial,
        report=made.report,
        note=made.note,
        submitter=made.submitter,
        person=made.person,
        apart=made.apart,
    )


def _reason(item: Evidence) -> Reason:
    return Reason(rule=item.rule, risk=item.risk, what=item.what, path=item.path)


def _hunk_ref(
    hunk: Hunk, reading: ChangeReading, places: Sequence[HunkReading], *, least: Reason | None
) -> HunkRef:
    found = [item for each in places if _is_in(each, hunk) for item in each.evidence]
    if hunk.whole:
        found += [item for item in reading.evidence if item.path == hunk.path]
    worst = max(found, key=lambda item: item.risk, default=None)
    risk = RiskClass.TRIVIAL if reading.trivial else RiskClass.LOW
    if worst is not None:
        risk = max(risk, worst.risk)
    what = worst.what if worst is not None and worst.risk > RiskClass.LOW else ""
    if least is not None and least.risk > risk:
        risk, what = least.risk, least.what
    return HunkRef(
        id=hunk.id,
        path=hunk.path,
        risk=risk,
        added=hunk.added,
        removed=hunk.removed,
        new_start=hunk.new_start,
        what=what,
    )


def _is_in(reading: HunkReading, hunk: Hunk) -> bool:
    """Whether a place of its file that was judged lies in the hunk, which has lines around it."""
    end = hunk.new_start + max(hunk.new_count, 1)
    return hunk.whole or hunk.new_start <= reading.after_start <= end


# --- values


def value_revision(
    gate: Gatehouse, workspace: str, payload: ValuePayload, made: Made, *, number: int = 1
) -> Revision:
    """A value is judged as an edit of its file, and is never trivial: nobody builds or tests it."""
    before, after = payload.before or "", payload.after or ""
    diff = "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), "before", "after"
        )
    )
    kind = EditKind.DELETE if payload.after is None else EditKind.UPDATE
    change = FileChange(
        path=payload.file,
        kind=kind if payload.before is not None else EditKind.CREATE,
        before=None if payload.before is None else digest_text(before),
        after=None if payload.after is None else digest_text(after),
        diff=diff,
    )
    action = FileEdit(changes=(change,), cwd=workspace)
    session = AgentSession(
        agent=made.by, session_id=made.session, workspace=workspace, cwd=workspace
    )
    known = Facts(workspace=workspace, home="", assent_home="", now=made.at)
    assessment = assess(action, gate.world.facts(action, session, known))
    patch = value_patch(payload)
    risk = max(assessment.risk, RiskClass.LOW)
    hunk = patch.hunks[0]
    return Revision(
        number=number,
        payload=payload,
        by=made.by,
        session=made.session,
        model=made.model,
        at=made.at,
        risk=risk,
        reasons=tuple(_reason(item) for item in assessment.evidence[:REASONS]),
        hunks=(
            HunkRef(
                id=hunk.id,
                path=patch.path,
                risk=risk,
                added=hunk.added,
                removed=hunk.removed,
                new_start=1,
            ),
        ),
        report=made.report,
        note=made.note,
        submitter=made.submitter,
        person=made.person,
        apart=made.apart,
    )


def value_patch(payload: ValuePayload) -> FilePatch:
    """A value as a difference with one hunk: it is taken as a whole or not at all."""
    lines = (*_signed(b"-", payload.before), *_signed(b"+", payload.after))
    path = f"{payload.file}#{payload.pointer}" if payload.pointer else payload.file
    body = b"\0".join((path.encode("utf-8", "surrogatepass"), *lines))
    hunk = Hunk(
        id=HunkId(sha256(body).hexdigest()),
        path=path,
        old_start=0 if payload.before is None else 1,
        old_count=sum(line.startswith(b"-") for line in lines),
        new_start=0 if payload.after is None else 1,
        new_count=sum(line.startswith(b"+") for line in lines),
        lines=lines,
        whole=True,
    )
    return FilePatch(
        path=path,
        old_mode=None,
        new_mode=None,
        old_blob=None if payload.before is None else digest_text(payload.before),
        new_blob=None if payload.after is None else digest_text(payload.after),
        hunks=(hunk,),
    )


def _signed(sign: bytes, text: str | None) -> tuple[bytes, ...]:
    lines = (text or "").splitlines(keepends=True)
    return tuple(sign + line.encode("utf-8", "surrogatepass") for line in lines)


# --- the plan


def held_against_plan(
    revision: Revision, workspace: str, grants: Sequence[Grant], session: AgentSession
) -> Revision:
    """`revision`, with whether the plan that its run follows names all of its files."""
    plans = [
        grant
        for grant in grants
        if grant.kind is GrantKind.PLAN
        and grant.holds(session, revision.at)
        and any(item.startswith("edit ") for item in grant.what)
    ]
    if not plans:
        return revision
    changes = tuple(
        FileChange(f"{workspace}/{path}", EditKind.UPDATE, None, None, "")
        for path in revision.paths
    )
    edit = FileEdit(changes=changes, cwd=workspace)
    return replace(revision, in_plan=any(is_in_plan(edit, plan) for plan in plans))
