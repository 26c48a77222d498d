"""The pages a person reads. Every one of them works without scripts."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from assent.app.ports import View
from assent.app.speaking import name_for, reading_of
from assent.core.approvals import Request as Asked
from assent.entrypoints.web.faults import is_fragment
from assent.entrypoints.web.sessions import Browser, BrowserSession
from assent.entrypoints.web.signing import Signing, signing_here
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.activity import KINDS, Filter, entry_view, read_activity
from assent.entrypoints.web.views.inbox import PAGE, Inbox, read_inbox
from assent.entrypoints.web.views.requests import RequestView, last_reasons, request_view
from assent.entrypoints.web.views.who import known_about, others_than, stance
from assent.errors import NotFoundError, UsageError

router = APIRouter(default_response_class=HTMLResponse)

RECENT_REASONS = 20
"""Decided requests that are searched for reasons to offer again."""


def page(
    site: Site, template: str, values: Mapping[str, object], *, person: str, status: int = 200
) -> HTMLResponse:
    """A whole page, with what its frame shows."""
    waiting, last_event = site.gate.store.read(
        lambda view: (view.count_waiting(), view.last_event())
    )
    frame = {
        "person": person,
        "waiting": waiting,
        "last_event": last_event,
        "version": site.settings.version,
        "outlook": site.outlook(person),
    }
    return HTMLResponse(site.pages.render(template, {**frame, **values}), status_code=status)


def number_of(name: str) -> int:
    """The number in `REQ-7` or `7`. Raises NotFoundError."""
    digits = name.upper().removeprefix("REQ-")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return int(digits)
    raise NotFoundError("There is no such request.", hint="Requests are named like REQ-7.")


def find(view: View, number: int) -> Asked:
    request = view.request_numbered(number)
    if request is None:
        raise NotFoundError(f"There is no REQ-{number}.", hint="See: assent inbox")
    return request


def detail_values(
    site: Site, request: Asked, signing: Signing, *, person: str, whole: bool = False
) -> dict[str, object]:
    """What `_request.html` needs."""
    context = site.context()
    recent, known, reading, giver = site.gate.store.read(
        lambda view: (
            view.recent(limit=RECENT_REASONS),
            known_about(site.gate, view, request, now=context.now),
            reading_of(view, request, person),
            name_for(site.gate, view, request, by=person, at=context.now),
        )
    )
    return {
        "request": request_view(request, context, known, whole=whole),
        "is_read": reading is not None and reading.read,
        "people": others_than(person, known),
        "stance": stance(request, person, giver, known=known),
        "reasons": last_reasons(recent),
        "notice": "",
        "draft": None,
        "sign": signing.of_request(request),
        "whole": whole,
    }


@router.get("/")
async def inbox(
    request: Request,
    site: OurSite,
    session: BrowserSession,
    after: Annotated[int, Query(ge=0)] = 0,
    at: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The inbox. `at` names the request whose detail is open."""
    store, context = site.gate.store, site.context()
    box = store.read(lambda view: read_inbox(view, context, after=after))
    signing = signing_here(request, site, session)
    values = {
        "inbox": box,
        "is_first": after == 0,
        "requests": [],
        "request": None,
        "strip": signing.strip(logged_in_at=session.created_at, now=context.now),
    }
    numbers = _open_first(box, at)
    if len(numbers) > 1:
        values |= together_values(site, numbers, signs=signing.has_passkey)
    elif numbers:
        asked = store.read(lambda view: view.request_numbered(numbers[0]))
        values |= (
            {} if asked is None else detail_values(site, asked, signing, person=session.person)
        )
    return page(site, "inbox.html", values, person=session.person)


def _open_first(box: Inbox, at: str) -> list[int]:
    """The requests on show when the page comes: those of the row that `at` names, or the first."""
    named = number_of(at) if at else None
    rows = [row for row in box.rows if named is None or named in row.numbers]
    if rows:
        return list(rows[0].numbers)
    return [] if named is None else [named]


@router.get("/rows")
async def rows(site: OurSite, _person: Browser, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The next page of the list."""
    context = site.context()
    box = site.gate.store.read(lambda view: read_inbox(view, context, after=after))
    return HTMLResponse(site.pages.render("_rows.html", {"inbox": box}))


@router.get("/requests/{name}")
async def request_page(
    name: str,
    request: Request,
    site: OurSite,
    session: BrowserSession,
    *,
    whole: Annotated[bool, Query(alias="all")] = False,
) -> Response:
    """One request, with nothing folded if `all` is set."""
    number = number_of(name)
    asked = site.gate.store.read(lambda view: find(view, number))
    signing = signing_here(request, site, session)
    values = detail_values(site, asked, signing, person=session.person, whole=whole)
    if is_fragment(request):
        return HTMLResponse(site.pages.render("_request.html", values))
    return page(site, "request.html", values, person=session.person)


@router.get("/together")
async def together(
    request: Request,
    site: OurSite,
    session: BrowserSession,
    n: Annotated[list[int], Query(min_length=1, max_length=PAGE)],
) -> Response:
    """Several requests, each shown in full, to be decided together."""
    signing = signing_here(request, site, session)
    values = together_values(site, n, signs=signing.has_passkey)
    if is_fragment(request):
        return HTMLResponse(site.pages.render("_together.html", values))
    return page(site, "together.html", values, person=session.person)


def together_values(site: Site, numbers: list[int], *, signs: bool) -> dict[str, object]:
    """`signs`: what wants more than a click is signed, each by itself."""
    wanted = list(dict.fromkeys(numbers))
    asked = site.gate.store.read(lambda view: [find(view, number) for number in wanted])
    context = site.context()
    known = site.gate.store.read(
        lambda view: [known_about(site.gate, view, request, now=context.now) for request in asked]
    )
    views: list[RequestView] = [
        request_view(request, context, each) for request, each in zip(asked, known, strict=True)
    ]
    recent = site.gate.store.read(lambda view: view.recent(limit=RECENT_REASONS))
    return {
        "requests": views,
        "open": [view for view in views if view.can_be_decided],
        "reading": any(view.tier == "confirm" for view in views),
        "must_be_alone": [
            view.name for view in views if view.tier == "type" or (signs and view.tier == "confirm")
        ],
        "reasons": last_reasons(recent),
        "notices": [],
    }


@router.get("/activity")
async def activity(
    site: OurSite,
    person: Browser,
    stream: Annotated[str, Query(max_length=1000)] = "",
    agent: Annotated[str, Query(max_length=100)] = "",
    kind: Annotated[str, Query(max_length=100)] = "",
    before: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The ledger, newest first."""
    context, wanted = site.context(), Filter(stream, agent, kind)
    found = site.gate.store.read(lambda view: read_activity(view, wanted, before=before or None))
    values = {
        "entries": [entry_view(entry, context) for entry in found.entries],
        "more_before": found.more_before,
        "is_partial": found.is_partial,
        "filter": wanted,
        "kinds": KINDS,
        "agents": [(name, one.title) for name, one in sorted(site.gate.agents.items())],
        "is_first": not before,
    }
    return page(site, "activity.html", values, person=person)


@router.get("/agents")
async def agents(site: OurSite, person: Browser) -> Response:
    """How each agent's hooks stand."""
    return page(site, "agents.html", {"hooks": site.settings.hooks()}, person=person)


@router.get("/levels")
async def levels(site: OurSite, person: Browser) -> Response:
    """What the level says, and what would raise it."""
    return page(site, "levels.html", {}, person=person)


@router.get("/events")
async def events(
    request: Request,
    site: OurSite,
    _person: Browser,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    return event_stream(request, site, after)


def event_stream(request: Request, site: Site, after: int | None) -> Response:
    """Server-sent events from `after`, or from where this client was cut off."""
    last = request.headers.get("last-event-id", "")
    if last:
        if not (last.isascii() and last.isdigit() and len(last) < 19):
            raise UsageError("Last-Event-ID is not one of ours.")
        after = int(last)
    return StreamingResponse(site.live.stream(after), media_type="text/event-stream")
