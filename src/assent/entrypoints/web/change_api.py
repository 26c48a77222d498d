"""The API of changes, for the command line and for scripts: docs/reference/changes.md."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from assent.app.changes import decide, records
from assent.app.changes.decide import Remark
from assent.app.changes.grounds import grounds_of
from assent.app.changes.revert import start_revert
from assent.app.changes.rules import ports_of
from assent.app.changes.saying import Voice
from assent.app.changes.statements import statement_of_change
from assent.app.changes.submit import Submission, ValueEdit, submit_change
from assent.app.changes.told import after_submit, as_data
from assent.app.changes.work import patches_of
from assent.app.gatehouse import Gatehouse
from assent.app.proof.signing import ENVELOPE_LIMIT
from assent.core.canonical import Digest, Json
from assent.core.changes.lifecycle import Refusal
from assent.core.changes.model import Change, ChangeState, Stance
from assent.entrypoints.web.api import MOST, Ascii
from assent.entrypoints.web.faults import problem
from assent.entrypoints.web.proposing import demand_change, demand_place, sees_change
from assent.entrypoints.web.sessions import ApiCaller, Caller, Proposer
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.statement_api import signer_named, statement_record
from assent.entrypoints.web.views.agreement import agreement_record
from assent.entrypoints.web.views.change_records import (
    change_record,
    change_summary,
    patch_record,
    queue_of,
)
from assent.errors import NotFoundError

router = APIRouter(prefix="/api")

SUBMIT_LIMIT = 4 * 1024 * 1024
"""Bytes of a submission, which may hold a plan, a report and a value."""
TEXT = 20_000
HUNKS = 20_000


class Listed(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ValueBody(_Body):
    sort: str = Field(max_length=20)
    file: str = Field(min_length=1, max_length=4096)
    pointer: str = Field(default="", max_length=4096)
    after: str | None = Field(default=None, max_length=2_000_000)


class SubmitBody(_Body):
    cwd: str = Field(min_length=1, max_length=4096)
    title: str = Field(default="", max_length=1000)
    plan: str = Field(default="", max_length=200_000)
    branch: str = Field(default="", max_length=400)
    target: str = Field(default="", max_length=400)
    uncommitted: bool = False
    report: str = Field(default="", max_length=1_000_000)
    note: str = Field(default="", max_length=TEXT)
    change: str = Field(default="", max_length=40)
    """Of which change it is a new revision: `CH-4`."""
    draft: bool = False
    owner: str = Field(default="", max_length=64)
    """The person who answers for it; empty: whoever calls."""
    agent: str = Field(default="", max_length=100)
    session: str = Field(default="", max_length=400)
    model: str = Field(default="", max_length=400)
    value: ValueBody | None = None


class RemarkBody(_Body):
    text: str = Field(min_length=1, max_length=TEXT)
    path: str = Field(default="", max_length=4096)
    line: int = Field(default=0, ge=0)
    side: str = Field(default="new", pattern="^(new|old)$")
    quote: str = Field(default="", max_length=1000)


class WordBody(_Body):
    """What a person says of a change; which fields count depends on what is said."""

    version: int | None = Field(default=None, ge=1)
    revision: int | None = Field(default=None, ge=1)
    reason: str = Field(default="", max_length=TEXT)
    hunks: list[str] | None = Field(default=None, max_length=HUNKS)
    """Ids of hunks, at least six characters of one, or paths; for `accept` left out: those that
    have an accepting stance, or all when nothing was said of any."""
    stance: str = Field(default="accept", pattern="^(accept|reject|undecide)$")
    confirm: str = Field(default="", max_length=40)
    digest: str | None = Field(default=None, max_length=100)
    path: str = Field(default="", max_length=4096)
    line: int = Field(default=0, ge=0)
    side: str = Field(default="new", pattern="^(new|old)$")
    quote: str = Field(default="", max_length=1000)
    text: str = Field(default="", max_length=TEXT)
    comments: list[RemarkBody] = Field(default=[], max_length=500)
    """For `reject`: remarks that go with it."""
    comment: str = Field(default="", max_length=100)
    """For `resolve`: the comment's id."""
    resolved: bool = True
    looked_after: bool = False
    """For `seen`: a change that merged by the policy was looked at."""
    in_name_of: str = Field(default="", max_length=64)
    """For `accept`: who let the caller decide in their name."""
    envelope: str = Field(default="", max_length=ENVELOPE_LIMIT)
    """For `accept` and `reject`: a DSSE envelope in which a person signed all of this."""


class StatementBody(WordBody):
    """The fields of the word, and what else its address says."""

    verdict: str = Field(pattern="^(accept|reject)$")
    by: str = Field(default="", max_length=64)
    """Who is going to sign; empty: whoever calls."""


class Said(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    STANCE = "stance"
    COMMENT = "comment"
    RESOLVE = "resolve"
    MERGE = "merge"
    REVERT = "revert"
    ABANDON = "abandon"
    READY = "ready"
    SEEN = "seen"


def change_number(name: str) -> int:
    """The number in `CH-7` or `7`. Raises NotFoundError."""
    digits = name.upper().removeprefix("CH-")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return int(digits)
    raise NotFoundError("There is no such change.", hint="Changes are named like CH-4.")


@router.get("/changes")
async def changes(
    site: OurSite,
    who: Proposer,
    *,
    state: Listed = Listed.OPEN,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    is_open = {Listed.OPEN: True, Listed.CLOSED: False, Listed.ALL: None}[state]
    found, count = site.gate.store.read(
        lambda view: (
            view.changes(limit=MOST if who.agent else limit, before=before, is_open=is_open),
            view.count_open_changes(),
        )
    )
    seen = [each for each in found if sees_change(who, each)][:limit]
    return Ascii(
        {
            "open": sum(each.is_open for each in seen) if who.agent else count,
            "changes": [change_summary(each) for each in seen],
        }
    )


@router.post("/changes", max_body_size=SUBMIT_LIMIT)
async def submit(site: OurSite, who: Proposer, body: SubmitBody) -> Response:
    value, change = body.value, change_number(body.change) if body.change else None
    await demand_place(
        site.gate, who, cwd=body.cwd, agent=body.agent, owner=body.owner, change=change
    )
    submission = Submission(
        cwd=body.cwd,
        owner=body.owner or who.person,
        submitter=who.person,
        title=body.title,
        plan=body.plan,
        branch=body.branch,
        target=body.target,
        uncommitted=body.uncommitted,
        report=body.report,
        note=body.note,
        change=change,
        draft=body.draft,
        agent=who.agent or body.agent,
        session=body.session,
        model=body.model,
        value=(
            None if value is None else ValueEdit(value.sort, value.file, value.pointer, value.after)
        ),
    )
    made = await submit_change(site.gate, submission)
    return Ascii({**await _record(site.gate, made, who), "told": after_submit(made)})


@router.get("/changes/{name}")
async def one(name: str, site: OurSite, who: Proposer) -> Response:
    number = change_number(name)
    change = demand_change(who, site.gate.store.read(lambda view: records.find(view, number)))
    return Ascii(await _record(site.gate, change, who))


@router.get("/changes/{name}/diff")
async def diff(
    name: str,
    site: OurSite,
    who: Proposer,
    path: Annotated[str, Query(max_length=4096)] = "",
    revision: Annotated[int | None, Query(ge=1)] = None,
    context: Annotated[int, Query(ge=0, le=100)] = 3,
) -> Response:
    """Files in order of path. Hunks have their ids only with three lines around them."""
    number = change_number(name)
    change = demand_change(who, site.gate.store.read(lambda view: records.find(view, number)))
    wanted = revision or change.newest.number
    patches = await patches_of(site.gate, change, wanted, context=context)
    files: list[Json] = [patch_record(patch) for patch in patches if path in ("", patch.path)]
    if path and not files:
        raise NotFoundError(f"{change.name} does not change {path}.")
    return Ascii({"change": change.name, "revision": wanted, "files": files})


@router.post("/changes/{name}/statement", max_body_size=SUBMIT_LIMIT)
async def statement(name: str, site: OurSite, who: ApiCaller, body: StatementBody) -> Response:
    """What this word would say, for its signer to sign."""
    voice = replace(_voice(who, body), by=signer_named(who, body.by))
    outcome = await statement_of_change(
        site.gate,
        change_number(name),
        voice,
        body.verdict,
        hunks=body.hunks,
        reason=body.reason,
        confirm=body.confirm,
    )
    if isinstance(outcome, Refusal):
        return problem(409, code=outcome.cause.value, message=outcome.message)
    return Ascii(statement_record(outcome))


@router.post("/changes/{name}/{said}", max_body_size=SUBMIT_LIMIT)
async def say(
    name: str, said: Said, site: OurSite, who: ApiCaller, body: WordBody | None = None
) -> Response:
    word = body or WordBody()
    outcome = await _SAY[said](site.gate, change_number(name), _voice(who, word), word)
    if isinstance(outcome, Refusal):
        return problem(409, code=outcome.cause.value, message=outcome.message)
    return Ascii(await _record(site.gate, outcome, who))


def _voice(who: Caller, word: WordBody) -> Voice:
    return Voice(
        by=who.person,
        via=who.via,
        version=word.version,
        revision=word.revision,
        factor=who.factor,
        envelope=word.envelope.encode() if word.envelope else None,
        in_name_of=word.in_name_of,
    )


@router.get("/queue")
async def queue(site: OurSite, _who: ApiCaller) -> Response:
    found = site.gate.store.read(lambda view: view.open_changes())
    waiting: list[Json] = [
        {
            **change_summary(each),
            "place": place,
            "queued_at": each.queued_at,
            "part": each.part is not None,
        }
        for place, each in enumerate(queue_of(found), start=1)
    ]
    out = [each for each in found if each.state is ChangeState.EJECTED]
    ejected: list[Json] = [{**change_summary(each), "ejected": each.ejected} for each in out]
    return Ascii({"queue": waiting, "ejected": ejected})


@router.get("/tests/{digest}")
async def run_log(digest: str, site: OurSite, _who: ApiCaller) -> Response:
    log = ports_of(site.gate).tests.log(digest)
    if log is None:
        raise NotFoundError("There is no such log.", hint="Logs are kept for a while only.")
    return PlainTextResponse(log, headers={"x-content-type-options": "nosniff"})


async def _record(gate: Gatehouse, change: Change, who: Caller) -> dict[str, Json]:
    grounds = await grounds_of(gate, change, tells=True)
    look, others = gate.store.read(
        lambda view: (
            view.looked(change.id, who.person),
            view.open_changes(change.repository),
        )
    )
    alike = [each for each in others if each.target == change.target]
    record = change_record(change, grounds.policy.changes, look=look, queue=queue_of(alike))
    return {
        **record,
        "agreement": agreement_record(change, grounds),
        "to_do": as_data(change),
    }


# --- what is said


_Saying = Callable[[Gatehouse, int, Voice, WordBody], Awaitable[Change | Refusal]]


async def _accept(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    return await decide.accept(
        gate,
        number,
        voice,
        hunks=word.hunks,
        reason=word.reason,
        confirm=word.confirm,
        digest=None if word.digest is None else Digest(word.digest),
    )


async def _reject(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    remarks = [
        Remark(text=each.text, path=each.path, line=each.line, side=each.side, quote=each.quote)
        for each in word.comments
    ]
    return await decide.send_back(
        gate, number, voice, reason=word.reason, remarks=remarks, hunks=word.hunks or ()
    )


async def _stance(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    stance = None if word.stance == "undecide" else Stance(word.stance)
    return await decide.set_stances(
        gate, number, voice, hunks=word.hunks or (), stance=stance, reason=word.reason
    )


async def _comment(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    remark = Remark(
        text=word.text, path=word.path, line=word.line, side=word.side, quote=word.quote
    )
    return await decide.comment(gate, number, voice, remark)


async def _resolve(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    return await decide.resolve(
        gate, number, voice, comment_id=word.comment, is_resolved=word.resolved
    )


async def _merge(gate: Gatehouse, number: int, voice: Voice, _: WordBody) -> Change | Refusal:
    return await decide.merge_again(gate, number, voice)


async def _revert(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    return await start_revert(gate, number, voice, reason=word.reason)


async def _abandon(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    return await decide.abandon(gate, number, voice, reason=word.reason)


async def _ready(gate: Gatehouse, number: int, voice: Voice, _: WordBody) -> Change | Refusal:
    return await decide.make_ready(gate, number, voice)


async def _seen(gate: Gatehouse, number: int, voice: Voice, word: WordBody) -> Change | Refusal:
    return await decide.mark_seen(gate, number, voice, looked_after=word.looked_after)


_SAY: dict[Said, _Saying] = {
    Said.ACCEPT: _accept,
    Said.REJECT: _reject,
    Said.STANCE: _stance,
    Said.COMMENT: _comment,
    Said.RESOLVE: _resolve,
    Said.MERGE: _merge,
    Said.REVERT: _revert,
    Said.ABANDON: _abandon,
    Said.READY: _ready,
    Said.SEEN: _seen,
}
