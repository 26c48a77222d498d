"""What a person says on the pages: forms that carry the version they looked at."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from assent.app.asked import referred_to
from assent.app.decide_request import Word, decide_request
from assent.app.grants import Allowance
from assent.app.ports import WebSession
from assent.app.proof.signing import ENVELOPE_LIMIT
from assent.app.reading import note_reading
from assent.core.approvals import Cause, Refusal, Verdict
from assent.core.approvals import Request as Asked
from assent.entrypoints.web.faults import is_fragment
from assent.entrypoints.web.pages import detail_values, find, number_of, page, together_values
from assent.entrypoints.web.sessions import Browser, BrowserSession
from assent.entrypoints.web.signing import signing_here
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.diffs import compare
from assent.entrypoints.web.views.inbox import PAGE
from assent.entrypoints.web.views.requests import EDITABLE, Tier, from_form, tier_of
from assent.entrypoints.web.views.standing import standing
from assent.errors import AssentError, UsageError

router = APIRouter(default_response_class=HTMLResponse)

FORM_LIMIT = 8 * 1024 * 1024
"""Bytes of a form with an edited text: three for each character that a form has to escape."""
COMPARED = 100_000
"""Characters up to which a change is compared while it is typed."""


class DecisionForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    version: int = Field(ge=1)
    reason: str = Field(default="", max_length=20_000)
    text: str | None = Field(default=None, max_length=2 * EDITABLE)
    until: str = Field(default="", max_length=40)
    custom: str = Field(default="", max_length=40)
    confirm: str = Field(default="", max_length=40)
    keep: str = Field(default="", max_length=10)
    """Set: programs that were not known are known here from now on."""
    to: str = Field(default="", max_length=400)
    """For a referral: people and groups, parted by commas or spaces."""
    envelope: str = Field(default="", max_length=ENVELOPE_LIMIT)
    """A DSSE envelope in which the person signed all of this."""


class OpenedForm(BaseModel):
    """What a page tells of one version of a request that is on show."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    shown_ms: int = Field(default=0, ge=0)
    """Since the last report."""
    read: str = Field(default="", max_length=10)
    """Set: its end was on the screen."""


class TogetherForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    verdict: Literal["approve", "reject"]
    item: list[str] = Field(min_length=1, max_length=PAGE)
    reason: str = Field(default="", max_length=20_000)
    confirm: str = Field(default="", max_length=40)


@router.post("/requests/{name}/decision", max_body_size=FORM_LIMIT)
async def decide_one(
    name: str,
    request: Request,
    form: Annotated[DecisionForm, Form()],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    number, person = number_of(name), session.person
    asked = _find(site, number)
    signing = signing_here(request, site, session)
    try:
        _demand_confirmation(asked, form)
        word = word_of(site, asked, form, session)
        if word.verdict is Verdict.REFER:
            word = replace(word, to=await referred_to(site.gate, asked, [form.to]))
        outcome = await decide_request(site.gate, number, word)
    except AssentError as error:
        # What was typed stays in its form.
        values = {
            **detail_values(site, asked, signing, person=person),
            "notice": str(error),
            "draft": form,
        }
        return _show(request, site, values, person=person, status=error.http_status)
    if isinstance(outcome, Refusal):
        now_asked = _find(site, number)
        notice = refusal_line(outcome, now_asked, site)
        draft = form if outcome.cause in _CAN_BE_SAID_AGAIN else None
        values = {
            **detail_values(site, now_asked, signing, person=person),
            "notice": notice,
            "draft": draft,
        }
        return _show(request, site, values, person=person, status=409)
    if is_fragment(request):
        return _show(
            request, site, detail_values(site, outcome, signing, person=person), person=person
        )
    return RedirectResponse(f"/requests/{outcome.name}", status_code=303)


@router.post("/requests/{name}/opened")
async def opened(
    name: str,
    request: Request,
    form: Annotated[OpenedForm, Form()],
    site: OurSite,
    person: Browser,
) -> Response:
    """The page was open for so long, and perhaps to its end."""
    asked = _find(site, number_of(name))
    if form.version > asked.version:
        raise UsageError(f"{asked.name} has no version {form.version}.")
    found = await note_reading(
        site.gate,
        asked.id,
        form.version,
        person=person,
        shown_ms=form.shown_ms,
        read=bool(form.read),
    )
    if is_fragment(request):
        return JSONResponse({"shown_ms": found.shown_ms, "read": found.read})
    return RedirectResponse(f"/requests/{asked.name}", status_code=303)


_CAN_BE_SAID_AGAIN = frozenset(
    {
        Cause.NO_REASON,
        Cause.NOT_LATER,
        Cause.NO_REPLACEMENT,
        Cause.NOT_A_PERSON,
        Cause.NOT_CONFIRMED,
        Cause.NOT_PROVEN,
        Cause.NOT_SIGNED,
    }
)


def word_of(site: Site, asked: Asked, form: DecisionForm, session: WebSession) -> Word:
    """What the form says. Raises UsageError for what it cannot say."""
    return Word(
        verdict=form.verdict,
        by=session.person,
        via="web",
        version=form.version,
        reason=form.reason.replace("\r\n", "\n"),
        text=_edited(asked, form),
        until=_until(site, form),
        confirm=form.confirm,
        factor=session.factor,
        envelope=form.envelope.encode() if form.envelope else None,
        allowance=Allowance(keep=bool(form.keep)),
    )


def _find(site: Site, number: int) -> Asked:
    return site.gate.store.read(lambda view: find(view, number))


def refusal_line(refusal: Refusal, request: Asked, site: Site) -> str:
    """Why nothing changed: `REQ-7 is already approved by ana at 14:03.`"""
    if refusal.cause is Cause.ALREADY_DECIDED:
        return f"{request.name} is already {standing(request, site.context())}."
    return refusal.message


def _show(
    request: Request, site: Site, values: dict[str, object], *, person: str, status: int = 200
) -> Response:
    if is_fragment(request):
        return HTMLResponse(site.pages.render("_request.html", values), status_code=status)
    return page(site, "request.html", values, person=person, status=status)


def _demand_confirmation(request: Asked, form: DecisionForm) -> None:
    """What could do harm is approved by two different acts, whatever the page's scripts do.

    Signing it is such an act; whether what came is a signature is looked at by who decides.
    """
    if form.verdict not in (Verdict.APPROVE, Verdict.MODIFY) or form.envelope:
        return
    tier, said = tier_of(request), form.confirm.strip().upper()
    if tier is Tier.TYPE and said not in (request.name, str(request.number)):
        raise UsageError(f"This cannot be undone. Type {request.name} to approve it.")
    if tier is Tier.CONFIRM and not said:
        raise UsageError("This is risky. Confirm it to approve it.")


def _edited(request: Asked, form: DecisionForm) -> str | None:
    editable = request.proposal.editable
    if form.verdict is not Verdict.MODIFY or form.text is None or editable is None:
        return None
    return from_form(form.text, editable.text)


def _until(site: Site, form: DecisionForm) -> int | None:
    """The end of a delay: ms since the epoch, or the form's own local date and time."""
    if form.verdict is not Verdict.DELAY:
        return None
    if form.until != "custom":
        return int(form.until) if form.until.isascii() and form.until.isdigit() else None
    try:
        chosen = datetime.fromisoformat(form.custom)
    except ValueError:
        raise UsageError("Choose a date and a time for the delay.") from None
    if chosen.tzinfo is None and site.settings.zone is not None:
        chosen = chosen.replace(tzinfo=site.settings.zone)
    return int(chosen.timestamp() * 1000)


@router.post("/requests/{name}/preview", max_body_size=FORM_LIMIT)
async def preview(
    name: str,
    text: Annotated[str, Form(max_length=2 * EDITABLE)],
    site: OurSite,
    _person: Browser,
) -> Response:
    """What an edited text changes."""
    number = number_of(name)
    asked = _find(site, number)
    editable = asked.proposal.editable
    original = "" if editable is None else editable.text
    edited = from_form(text, original)
    too_long = len(original) + len(edited) > COMPARED
    diff = None if too_long else compare(original, edited)
    values = {"diff": diff, "is_same": original == edited}
    return HTMLResponse(site.pages.render("_preview.html", values))


@router.post("/together")
async def decide_together(
    request: Request,
    form: Annotated[TogetherForm, Form()],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    """The same word about several requests that were all shown. Each is taken or not by itself."""
    person = session.person
    items = [_item(item) for item in form.item]
    notices: list[str] = []
    try:
        _demand_together(site, form, items)
        for number, version in items:
            word = Word(
                verdict=Verdict(form.verdict),
                by=person,
                via="web",
                version=version,
                reason=form.reason.replace("\r\n", "\n"),
                confirm=form.confirm,
                factor=session.factor,
            )
            outcome = await decide_request(site.gate, number, word)
            if isinstance(outcome, Refusal):
                notices.append(refusal_line(outcome, _find(site, number), site))
    except AssentError as error:
        notices.append(str(error))
    signs = signing_here(request, site, session).has_passkey
    shown = together_values(site, [number for number, _ in items], signs=signs)
    values = {**shown, "notices": notices}
    status = 409 if notices else 200
    if is_fragment(request):
        return HTMLResponse(site.pages.render("_together.html", values), status_code=status)
    return page(site, "together.html", values, person=person, status=status)


def _demand_together(site: Site, form: TogetherForm, items: list[tuple[int, int]]) -> None:
    if form.verdict != "approve":
        return
    if not form.confirm:
        raise UsageError("Confirm that all of these may run.")
    for number, _ in items:
        asked = _find(site, number)
        if tier_of(asked) is Tier.TYPE:
            raise UsageError(f"{asked.name} cannot be undone: decide it by itself.")


def _item(item: str) -> tuple[int, int]:
    """`7:2` is version 2 of REQ-7."""
    number, _, version = item.partition(":")
    if not (version.isascii() and version.isdigit() and len(version) < 9):
        raise UsageError("An item is a number and a version, such as 7:2.")
    return number_of(number), int(version)
