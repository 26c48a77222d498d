"""The JSON API for the command line and for scripts: docs/reference/api.md."""

import json
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assent.app.asked import MOST as MOST_WORDS
from assent.app.asked import referred_to
from assent.app.decide_request import Word, decide_request
from assent.app.grants import Allowance
from assent.app.proof.signing import ENVELOPE_LIMIT
from assent.core.approvals import Refusal, Verdict
from assent.core.approvals import Request as Asked
from assent.core.canonical import Json
from assent.core.grants import SCOPE_GRANT_MS
from assent.entrypoints.web.decisions import refusal_line
from assent.entrypoints.web.faults import refused
from assent.entrypoints.web.pages import event_stream, find, number_of
from assent.entrypoints.web.proposing import demand_request, sees_request
from assent.entrypoints.web.sessions import (
    LINK_LIFETIME,
    ApiCaller,
    Caller,
    NotLoggedIn,
    Proposer,
    new_login_link,
)
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.activity import Filter, read_activity
from assent.entrypoints.web.views.records import (
    entry_record,
    for_agents,
    request_record,
    request_summary,
)
from assent.entrypoints.web.views.who import known_about

router = APIRouter(prefix="/api")

TEXT_LIMIT = 20 * 1024 * 1024
"""Bytes of a decision with an edited text, which may be as large as what an agent may send."""


MOST = 500
"""Requests of one answer; an agent's are looked for among so many."""


class Ascii(Response):
    """JSON in ASCII: text that is not valid Unicode survives as `\\udcXX` escapes."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode("ascii")


class Listed(StrEnum):
    WAITING = "waiting"
    DELAYED = "delayed"
    RECENT = "recent"


class Said(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    MODIFY = "modify"
    DELAY = "delay"
    WITHDRAW = "withdraw"
    REFER = "refer"


class DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: int | None = Field(default=None, ge=1)
    reason: str = Field(default="", max_length=20_000)
    text: str | None = None
    until: int | None = Field(default=None, ge=0)
    confirm: str = Field(default="", max_length=40)
    to: list[str] = Field(default=[], max_length=MOST_WORDS)
    """For a referral: people and groups, such as `ben` or `@security`."""
    keep: bool = True
    """For an approval: programs that were not known are known here from now on."""
    grant: str = Field(default="", max_length=400)
    """For an approval: a scope that is allowed for a while, such as `push origin/agent/*`."""
    grant_for_ms: int = Field(default=SCOPE_GRANT_MS, ge=1)
    envelope: str = Field(default="", max_length=ENVELOPE_LIMIT)
    """A DSSE envelope in which a person signed all of this."""


@router.get("/status")
async def status(site: OurSite, who: ApiCaller) -> Response:
    midnight, found = site.context().midnight(), site.outlook(who.person)
    waiting, tally, last = site.gate.store.read(
        lambda view: (view.count_waiting(), view.tally(since=midnight), view.last_event())
    )
    return Ascii(
        {
            "version": site.settings.version,
            "level": found.level.value,
            "why": found.why,
            "next_step": found.next_step,
            "person": who.person,
            "counts": {"waiting": waiting},
            "today": {
                "proceeded": tally.proceeded,
                "asked": tally.asked,
                "rejected": tally.rejected,
                "refused": tally.refused,
            },
            "last_event": last,
        }
    )


@router.get("/requests")
async def requests(
    site: OurSite,
    who: Proposer,
    *,
    state: Listed = Listed.WAITING,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    after: Annotated[int, Query(ge=0)] = 0,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    context, most = site.context(), MOST if who.agent else limit
    found, waiting = site.gate.store.read(
        lambda view: (
            {
                Listed.WAITING: lambda: view.waiting(limit=most, after=after),
                Listed.DELAYED: lambda: view.delayed(limit=most),
                Listed.RECENT: lambda: view.recent(limit=most, before=before),
            }[state](),
            view.count_waiting(),
        )
    )
    seen = [request for request in found if sees_request(who, request)]
    return Ascii(
        {
            "waiting": len(seen) if who.agent else waiting,
            "requests": [request_summary(request, context) for request in seen[:limit]],
        }
    )


@router.get("/requests/{name}")
async def one(name: str, site: OurSite, who: Proposer) -> Response:
    number = number_of(name)
    asked = demand_request(who, site.gate.store.read(lambda view: find(view, number)))
    record = _record(site, asked)
    return Ascii(for_agents(record) if who.agent else record)


@router.post("/requests/{name}/{said}", max_body_size=TEXT_LIMIT)
async def decide(
    name: str,
    said: Said,
    site: OurSite,
    who: ApiCaller,
    body: DecisionBody | None = None,
) -> Response:
    number = number_of(name)
    word = await referring(site, number, word_of(said, who, body or DecisionBody()))
    outcome = await decide_request(site.gate, number, word)
    if isinstance(outcome, Refusal):
        asked = site.gate.store.read(lambda view: find(view, number))
        return refused(outcome, refusal_line(outcome, asked, site))
    return Ascii(_record(site, outcome))


async def referring(site: Site, number: int, word: Word) -> Word:
    """`word` with the people whom a referral's words mean. Raises UsageError for nobody."""
    if word.verdict is not Verdict.REFER:
        return word
    asked = site.gate.store.read(lambda view: find(view, number))
    return replace(word, to=await referred_to(site.gate, asked, word.to))


def _record(site: Site, asked: Asked) -> dict[str, Json]:
    context = site.context()
    known = site.gate.store.read(lambda view: known_about(site.gate, view, asked, now=context.now))
    return request_record(asked, context, known)


def word_of(said: Said, who: Caller, body: DecisionBody) -> Word:
    """What `who` says with `body`."""
    return Word(
        verdict=Verdict(said.value),
        by=who.person,
        via=who.via,
        version=body.version,
        reason=body.reason,
        text=body.text,
        until=body.until,
        to=tuple(body.to),
        confirm=body.confirm,
        factor=who.factor,
        envelope=body.envelope.encode() if body.envelope else None,
        allowance=Allowance(keep=body.keep, scope=body.grant, for_ms=body.grant_for_ms),
    )


@router.get("/entries")
async def entries(
    site: OurSite,
    _who: ApiCaller,
    stream: Annotated[str, Query(max_length=1000)] = "",
    agent: Annotated[str, Query(max_length=100)] = "",
    kind: Annotated[str, Query(max_length=100)] = "",
    before: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    wanted = Filter(stream, agent, kind)
    found = site.gate.store.read(
        lambda view: read_activity(view, wanted, before=before or None, limit=limit)
    )
    return Ascii(
        {"entries": [entry_record(entry) for entry in found.entries], "next": found.more_before}
    )


@router.get("/events")
async def events(
    request: Request,
    site: OurSite,
    _who: ApiCaller,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    return event_stream(request, site, after)


@router.post("/login-links")
async def login_links(site: OurSite, who: ApiCaller) -> Response:
    """A link that logs a browser in. Only the command line may make one."""
    if who.via != "cli":
        raise NotLoggedIn
    path = await new_login_link(site.gate, who.person, by=who.speaker)
    return Ascii({"path": path, "expires_in_ms": LINK_LIFETIME})
