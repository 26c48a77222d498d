"""What a person says on the pages of a change: forms that carry the version they looked at."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from assent.app.changes import decide
from assent.app.changes.decide import Remark
from assent.app.changes.records import change_stream, find
from assent.app.changes.revert import start_revert
from assent.app.changes.saying import Voice
from assent.app.changes.statements import statement_of_change
from assent.app.proof.signing import ENVELOPE_LIMIT
from assent.app.reading import note_reading
from assent.core.changes.hunks import FilePatch
from assent.core.changes.lifecycle import Refusal
from assent.core.changes.model import Change, Comment, HunkId, Stance
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.change_pages import (
    Shown,
    bar_html,
    item_html,
    number_of,
    patches_of,
    review_response,
    review_values,
    shown_change,
)
from assent.entrypoints.web.faults import is_fragment, problem
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.statement_api import statement_record
from assent.entrypoints.web.views.activity import body_of
from assent.entrypoints.web.views.history import steps_of
from assent.entrypoints.web.views.review import file_places, stances_of
from assent.entrypoints.web.views.said import shown_lines
from assent.entrypoints.web.visitors import Visitor, Visits
from assent.errors import AssentError, UsageError

router = APIRouter(default_response_class=HTMLResponse)

REASON = 20_000
"""Characters of a reason or a comment."""
_SINCE = 20
"""Entries of the record that are searched for what happened since a page was made."""


class DecisionForm(BaseModel):
    """A decision about the change as it was at `version`."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    revision: int = Field(ge=1)
    reason: str = Field(default="", max_length=REASON)
    confirm: str = Field(default="", max_length=40)
    envelope: str = Field(default="", max_length=ENVELOPE_LIMIT)
    """A DSSE envelope in which the person signed all of this."""


class OpenedForm(BaseModel):
    """What a page tells of a revision that is on show."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1)
    shown_ms: int = Field(default=0, ge=0)
    """Since the last report."""
    read: str = Field(default="", max_length=10)
    """Set: all of its files were gone through to the end."""


class MarksForm(BaseModel):
    """`accept-H7`, `undecide-H7`, `reject-F3`, or `accept-undecided`."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1)
    mark: str = Field(pattern=r"^(?:(?:accept|reject|undecide)-[HF]\d{1,6}|accept-undecided)$")
    reason: str = Field(default="", max_length=REASON)
    view: Literal["", "unified", "split"] = ""


class CommentForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1)
    text: str = Field(min_length=1, max_length=REASON)
    path: str = Field(default="", max_length=4_096)
    line: int = Field(default=0, ge=0)
    side: Literal["old", "new"] = "new"


class ResolveForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    comment: str = Field(max_length=100)
    resolved: str = Field(default="", max_length=10)


@router.post("/changes/{name}/marks")
async def mark(
    name: str,
    request: Request,
    form: Annotated[MarksForm, Form()],
    site: OurSite,
    who: Visits,
) -> Response:
    """Accept, reject or undecide hunks. Nothing is accepted by that alone."""
    shown = await shown_change(site, name, who=who)
    word, _, where = form.mark.partition("-")
    hunks = _marked(shown, where)
    stance = None if word == "undecide" else Stance(word)
    outcome: Change | Refusal | None = None
    for group in _one_by_one(shown, hunks, stance):
        outcome = await decide.set_stances(
            site.gate,
            shown.change.number,
            Voice(by=who.person, via="web", revision=form.revision, factor=who.factor),
            hunks=group,
            stance=stance,
            reason=_text(form.reason),
        )
        if isinstance(outcome, Refusal):
            return await _refused(request, site, name, outcome.message, who=who)
    if is_fragment(request):
        return await _marks_now(site, name, who=who)
    query = "?view=split" if form.view == "split" else ""
    anchor = f"#{where}" if where[0] in "HF" else ""
    return RedirectResponse(f"{shown.href}{query}{anchor}", status_code=303)


def _marked(shown: Shown, where: str) -> list[HunkId]:
    """The hunks that a mark is about. Raises UsageError when there is none such."""
    newest = shown.change.newest
    if where == "undecided":
        said = stances_of(shown.change, newest)
        found = [hunk.id for hunk in newest.hunks if hunk.id not in said]
    elif where.startswith("H"):
        found = [hunk.id for hunk in newest.hunks[int(where[1:]) : int(where[1:]) + 1]]
    else:
        places = file_places(newest)
        found = [hunk.id for hunk in newest.hunks if places[hunk.path] == int(where[1:])]
    if not found:
        raise UsageError(f"{shown.change.name} has no such hunk.", hint="Load the page again.")
    return found


def _one_by_one(
    shown: Shown, hunks: Sequence[HunkId], stance: Stance | None
) -> list[Sequence[HunkId]]:
    """What is accepted at once: of several hunks those left out that must be looked at alone."""
    if stance is not Stance.ACCEPT or len(hunks) == 1:
        return [hunks]
    alone = {hunk.id for hunk in shown.change.newest.hunks if hunk.risk is RiskClass.IRREVERSIBLE}
    together = [hunk for hunk in hunks if hunk not in alone]
    if not together:
        raise UsageError("These cannot be taken back: accept each of them by itself.")
    return [together]


async def _marks_now(site: Site, name: str, *, who: Visitor) -> Response:
    """What a page that stays needs after a mark: the stances, and the bar with its counts."""
    shown = await shown_change(site, name, who=who)
    newest = shown.change.newest
    stances = stances_of(shown.change, newest)
    return JSONResponse(
        {
            "version": shown.change.version,
            "stances": {
                str(place): stances[hunk.id].stance.value if hunk.id in stances else ""
                for place, hunk in enumerate(newest.hunks)
            },
            "bar": await bar_html(site, shown, review_values(site, shown)),
        }
    )


@router.post("/changes/{name}/comment")
async def comment(
    name: str,
    request: Request,
    form: Annotated[CommentForm, Form()],
    site: OurSite,
    who: Visits,
) -> Response:
    """Say something about a line, or about the change."""
    shown = await shown_change(site, name, who=who, revision=form.revision)
    quote = await _quote(site, shown, form)
    remark = Remark(
        text=_text(form.text), path=form.path, line=form.line, side=form.side, quote=quote
    )
    voice = Voice(by=who.person, via="web", revision=form.revision)
    outcome = await decide.comment(site.gate, shown.change.number, voice, remark)
    if isinstance(outcome, Refusal):
        return await _refused(request, site, name, outcome.message, who=who)
    if is_fragment(request):
        html = item_html(site, shown, _last(outcome), site.context())
        return JSONResponse({"version": outcome.version, "html": html})
    index = file_places(shown.revision).get(form.path)
    side = "O" if form.side == "old" else "L"
    anchor = "#talk-title" if index is None else f"#F{index}{side}{form.line}"
    return RedirectResponse(f"{shown.href}{anchor}", status_code=303)


def _last(change: Change) -> Comment:
    return change.comments[-1]


async def _quote(site: Site, shown: Shown, form: CommentForm) -> str:
    """The line's text. Raises UsageError when the revision shows no such line."""
    if not form.path:
        return ""
    patches: Sequence[FilePatch] = await patches_of(site, shown)
    for patch in patches:
        if patch.path == form.path:
            for hunk in patch.hunks:
                for place, text in shown_lines(hunk):
                    if place == (form.side, form.line):
                        return text
            if not form.line:
                return ""
    raise UsageError(
        "There is no such line in this revision.", hint="Load the page again and say it there."
    )


@router.post("/changes/{name}/resolve")
async def resolve(
    name: str,
    request: Request,
    form: Annotated[ResolveForm, Form()],
    site: OurSite,
    who: Visits,
) -> Response:
    """A comment is dealt with, or open again."""
    number = number_of(name)
    outcome = await decide.resolve(
        site.gate,
        number,
        Voice(by=who.person, via="web"),
        comment_id=form.comment,
        is_resolved=bool(form.resolved),
    )
    if isinstance(outcome, Refusal):
        return await _refused(request, site, name, outcome.message, who=who)
    return RedirectResponse(f"/changes/{outcome.name}#comment-{form.comment}", status_code=303)


@router.post("/changes/{name}/statement/{verdict}")
async def statement(
    name: str,
    verdict: Literal["accept", "reject"],
    form: Annotated[DecisionForm, Form()],
    site: OurSite,
    who: Visits,
) -> Response:
    """The statement that the form's decision is, for the passkey to sign."""
    try:
        outcome = await statement_of_change(
            site.gate,
            number_of(name),
            _voice(who, form),
            verdict,
            reason=_text(form.reason),
            confirm=form.confirm,
        )
    except AssentError as error:
        return problem(error.http_status, code=error.code, message=str(error))
    if isinstance(outcome, Refusal):
        return problem(409, code=outcome.cause.value, message=outcome.message)
    return Ascii(statement_record(outcome))


@router.post("/changes/{name}/opened")
async def opened(
    name: str,
    request: Request,
    form: Annotated[OpenedForm, Form()],
    site: OurSite,
    who: Visits,
) -> Response:
    """A revision was open for so long, and perhaps all of its files to the end."""
    number = number_of(name)
    change = site.gate.store.read(lambda view: find(view, number))
    if form.revision > change.newest.number:
        raise UsageError(f"{change.name} has no revision {form.revision}.")
    found = await note_reading(
        site.gate,
        change.id,
        form.revision,
        person=who.person,
        shown_ms=form.shown_ms,
        read=bool(form.read),
    )
    if is_fragment(request):
        return JSONResponse({"shown_ms": found.shown_ms, "read": found.read})
    return RedirectResponse(f"/changes/{change.name}", status_code=303)


Act = Literal["accept", "return", "abandon", "ready", "merge", "seen", "revert"]


@router.post("/changes/{name}/{act}")
async def act(
    name: str,
    act: Act,
    request: Request,
    form: Annotated[DecisionForm, Form()],
    site: OurSite,
    who: Visits,
) -> Response:
    """Decide about the change as a whole."""
    number = number_of(name)
    shown = await shown_change(site, name, who=who)
    # What came in since the page was made is told, and nothing is decided over it.
    voice = _voice(who, form)
    try:
        outcome = await _decide(site, number, act, form, voice=voice)
    except AssentError as error:
        message = str(error)
        return await _refused(request, site, name, message, who=who, form=form, act=act)
    if isinstance(outcome, Refusal):
        news = _since(site, shown, form.version)
        message = f"{outcome.message} {news}".strip()
        return await _refused(request, site, name, message, who=who, form=form, act=act)
    return RedirectResponse(f"/changes/{outcome.name}", status_code=303)


def _voice(who: Visitor, form: DecisionForm) -> Voice:
    return Voice(
        by=who.person,
        via="web",
        version=form.version,
        revision=form.revision,
        factor=who.factor,
        envelope=form.envelope.encode() if form.envelope else None,
    )


async def _decide(
    site: Site, number: int, act: Act, form: DecisionForm, *, voice: Voice
) -> Change | Refusal:
    gate, reason = site.gate, _text(form.reason)
    match act:
        case "accept":
            return await decide.accept(gate, number, voice, reason=reason, confirm=form.confirm)
        case "return":
            return await decide.send_back(gate, number, voice, reason=reason)
        case "abandon":
            return await decide.abandon(gate, number, voice, reason=reason)
        case "ready":
            return await decide.make_ready(gate, number, voice)
        case "merge":
            return await decide.merge_again(gate, number, voice)
        case "seen":
            return await decide.look_after(gate, number, voice)
        case "revert":
            return await start_revert(gate, number, voice, reason=reason)


def _since(site: Site, shown: Shown, version: int) -> str:
    """What happened since the version that the person looked at: `Since then: stance (ben).`"""
    if version >= shown.change.version:
        return ""
    entries = site.gate.store.read(
        lambda view: view.entries(stream=change_stream(shown.change), limit=_SINCE)
    )
    newer = [entry for entry in entries if _version(body_of(entry)) > version]
    steps = steps_of(reversed(newer), site.context())
    told = ", ".join(f"{step.kind} ({step.by})" if step.by else step.kind for step in steps)
    return f"Since then: {told}." if told else ""


def _version(body: object) -> int:
    found = body.get("version") if isinstance(body, dict) else None
    return found if isinstance(found, int) else 0


async def _refused(
    request: Request,
    site: Site,
    name: str,
    message: str,
    *,
    who: Visitor,
    form: DecisionForm | None = None,
    act: Act | None = None,
) -> Response:
    """The page as it is now, with why nothing was done; what was typed stays in its form."""
    if is_fragment(request):
        return JSONResponse({"message": message}, status_code=409)
    shown = await shown_change(site, name, who=who)
    draft = None if form is None else {"act": act, "reason": form.reason, "confirm": form.confirm}
    return review_response(site, shown, more={"notice": message, "draft": draft}, status=409)


def _text(text: str) -> str:
    return text.replace("\r\n", "\n")
