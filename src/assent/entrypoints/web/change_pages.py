"""The pages of changes: the list, the review of one, the queue. All of them work without scripts.

A review page is sent in pieces: what is known of the change at once, then the files as git and
the templates give them, then the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from assent.app.changes.grounds import Grounds, grounds_of
from assent.app.changes.records import change_stream, find
from assent.app.changes.rules import ports_of
from assent.app.changes.saying import Voice, may_say_by
from assent.app.ports import Look as LastLook
from assent.app.ports import View
from assent.core.changes.closure import needs
from assent.core.changes.findings import tracked
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import Change, Comment, Revision, Stance
from assent.core.changes.moved import moved, moved_words
from assent.core.policy.changes import ChangeRules
from assent.entrypoints.web.faults import is_fragment
from assent.entrypoints.web.pages import page
from assent.entrypoints.web.sessions import Browser
from assent.entrypoints.web.signing import SignView
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.agreement import agreement_view
from assent.entrypoints.web.views.changes import read_changes
from assent.entrypoints.web.views.colours import colours_of
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.history import steps_of
from assent.entrypoints.web.views.patches import (
    FORMS,
    FileShown,
    Look,
    body_html,
    file_html,
    lines_html,
    more_rows,
)
from assent.entrypoints.web.views.queue import read_queue
from assent.entrypoints.web.views.review import (
    acts_of,
    comment_shown,
    file_places,
    files_shown,
    finding_shown,
    is_there,
    need_words,
    new_hunks,
    review_view,
    revision_of,
    stances_of,
)
from assent.entrypoints.web.views.said import Item, LinePlace, SaidOf, first_place, placed
from assent.entrypoints.web.visitors import Visitor, Visits
from assent.errors import NotFoundError, UnavailableError

router = APIRouter(default_response_class=HTMLResponse)

PIECE = 256 * 1024
"""Characters of a page that are sent at once."""
LOG = 2_000_000
"""Characters of a test log that are shown, from its end."""
FRESH = 8
"""New hunks that are linked to at the top."""
NEEDS = 5
"""Hunks that an accepted part lacks which are named."""
EXPANDED = 200
"""Lines that one request for more of a file brings at most."""
_FILES_HERE = Markup("<!-- the files -->")
_BAR_HERE = Markup("<!-- what can be done -->")

View_ = Annotated[Literal["", "unified", "split"], Query(alias="view")]
Space = Annotated[Literal["", "fold"], Query()]
RevisionNumber = Annotated[int | None, Query(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A change with all that its pages are made from."""

    change: Change
    revision: Revision
    rules: ChangeRules
    look: Look
    last: LastLook | None
    person: str
    grounds: Grounds
    can_accept: bool
    sign: SignView

    @property
    def href(self) -> str:
        return f"/changes/{self.change.name}"


def number_of(name: str) -> int:
    """The number in `CH-4` or `4`. Raises NotFoundError."""
    digits = name.upper().removeprefix("CH-")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return int(digits)
    raise NotFoundError("There is no such change.", hint="Changes are named like CH-4.")


@router.get("/changes")
async def list_page(
    site: OurSite,
    person: Browser,
    state: Literal["open", "closed"] = "open",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The open changes, or the closed ones."""
    context = site.context()
    found = site.gate.store.read(
        lambda view: read_changes(
            view, context, person=person, is_open=state == "open", before=before
        )
    )
    return page(site, "changes.html", {"list": found}, person=person)


@router.get("/queue")
async def queue_page(request: Request, site: OurSite, person: Browser) -> Response:
    """What is on its way to each branch."""
    context = site.context()
    values = {"lanes": site.gate.store.read(lambda view: read_queue(view, context))}
    if is_fragment(request):
        return HTMLResponse(site.pages.render("_queue.html", values))
    return page(site, "queue.html", values, person=person)


@router.get("/tests/{digest}")
async def log_page(digest: str, site: OurSite, person: Browser) -> Response:
    """The kept log of a test run."""
    data = await asyncio.to_thread(ports_of(site.gate).tests.log, digest)
    if data is None:
        raise NotFoundError("There is no such log.", hint="Old logs are removed to make room.")
    text = data.decode("utf-8", "surrogateescape")
    values = {"digest": digest, "text": text[-LOG:], "cut": max(0, len(text) - LOG)}
    return page(site, "log.html", values, person=person)


async def shown_change(
    site: Site,
    name: str,
    *,
    who: Visitor,
    revision: int | None = None,
    is_split: bool = False,
    hides_space: bool = False,
) -> Shown:
    """Raises NotFoundError."""
    number = number_of(name)

    def read(view: View) -> tuple[Change, LastLook | None]:
        change = find(view, number)
        return change, view.looked(change.id, who.person)

    change, last = site.gate.store.read(read)
    grounds = await grounds_of(site.gate, change, tells=True)
    rules = grounds.policy.changes
    wanted = revision_of(change, revision)
    voice = Voice(by=who.person, via="web")
    can_accept = may_say_by(site.gate, change, voice, grounds) is None
    acts = acts_of(change, wanted, can_accept=can_accept)
    look = Look(
        base=f"/changes/{change.name}",
        revision=wanted.number,
        is_split=is_split,
        hides_space=hides_space,
        can_mark=acts.accept,
        can_comment=acts.comment,
        has_forms=wanted.lines <= FORMS,
    )
    # Of whatever tier: it is the acceptance that proves the commit later, in any clone.
    sign = who.of_change(change.name, heavy=True, must=change.newest.risk in rules.signed)
    return Shown(
        change,
        wanted,
        rules,
        look,
        last,
        who.person,
        grounds=grounds,
        can_accept=can_accept,
        sign=sign,
    )


@router.get("/changes/{name}")
async def review_page(
    name: str,
    site: OurSite,
    who: Visits,
    *,
    revision: RevisionNumber = None,
    view: View_ = "",
    space: Space = "",
    opened: Annotated[list[int], Query(alias="open", max_length=1_000)] = [],  # noqa: B006
    at: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """One change, to be reviewed. `at` names a hunk that the person comments on."""
    shown = await shown_change(
        site,
        name,
        who=who,
        revision=revision,
        is_split=view == "split",
        hides_space=space == "fold",
    )
    await note_look(site, shown)
    return review_response(site, shown, opened=frozenset(opened), at=at)


async def note_look(site: Site, shown: Shown) -> None:
    """Remember that the person has the newest revision open, for `since you looked`."""
    if shown.revision is not shown.change.newest:
        return
    look = LastLook(shown.revision.number, site.gate.clock.now())
    await site.gate.store.write(
        lambda tx: tx.note_look(shown.change.id, shown.person, look), durable=False
    )


def review_values(site: Site, shown: Shown) -> dict[str, object]:
    """What `change.html` and its parts need, but for the files."""
    change = shown.change
    context = site.context()
    entries = site.gate.store.read(
        lambda view: view.entries(stream=change_stream(change), limit=STEPS)
    )
    fresh = new_hunks(change, shown.revision, shown.last)
    return {
        "change": review_view(
            change,
            context,
            shown.rules,
            person=shown.person,
            number=shown.revision.number,
            look=shown.last,
            can_accept=shown.can_accept,
        ),
        "sign": shown.sign,
        "agreement": agreement_view(change, shown.grounds, person=shown.person),
        "look": shown.look,
        "steps": steps_of(entries, context),
        "fresh_places": [
            (place, f"{hunk.path.rpartition('/')[2]}:{hunk.new_start}")
            for place, hunk in enumerate(shown.revision.hunks)
            if hunk.id in fresh
        ][:FRESH],
        "notice": "",
        "draft": None,
        "files_here": _FILES_HERE,
        "bar_here": _BAR_HERE,
    }


STEPS = 100
"""Entries of the history that the page shows."""


def review_response(
    site: Site,
    shown: Shown,
    *,
    opened: frozenset[int] = frozenset(),
    at: str = "",
    more: Mapping[str, object] | None = None,
    status: int = 200,
) -> Response:
    """The whole page, in pieces: what comes before the files can be read while git works."""
    values = {**review_values(site, shown), **(more or {})}
    text = bytes(page(site, "change.html", values, person=shown.person).body).decode()
    head, _, rest = text.partition(str(_FILES_HERE))
    talk, _, tail = rest.partition(str(_BAR_HERE))

    async def pieces() -> AsyncIterator[str]:
        yield head
        async for piece in files_html(site, shown, opened=opened, at=at):
            yield piece
        yield talk
        yield await bar_html(site, shown, values)
        yield tail

    return StreamingResponse(pieces(), status_code=status, media_type="text/html; charset=utf-8")


async def bar_html(site: Site, shown: Shown, values: Mapping[str, object]) -> str:
    """What can be done with the change now, and what an accepted part would lack."""
    return site.pages.render("_bar.html", {**values, "needs": await _needs(site, shown)})


async def _needs(site: Site, shown: Shown) -> tuple[str, ...]:
    """What the accepted hunks need of the others, in words."""
    said = stances_of(shown.change, shown.revision)
    accepted = {hunk for hunk, one in said.items() if one.stance is Stance.ACCEPT}
    if not shown.look.can_mark or not accepted:
        return ()
    try:
        patches = await patches_of(site, shown)
    except UnavailableError:
        return ()
    found = await asyncio.to_thread(needs, patches, accepted)
    return tuple(need_words(shown.revision, need) for need in found[:NEEDS])


async def patches_of(site: Site, shown: Shown) -> tuple[FilePatch, ...]:
    """The files of the revision, in order of path. Raises UnavailableError."""
    repositories = ports_of(site.gate).repositories
    return await site.differences.patches(repositories, shown.change, shown.revision)


async def text_of(site: Site, shown: Shown, path: str) -> str | None:
    repositories = ports_of(site.gate).repositories
    return await site.differences.text(repositories, shown.change, shown.revision, path)


async def files_html(
    site: Site, shown: Shown, *, opened: frozenset[int], at: str
) -> AsyncIterator[str]:
    """The files of the revision as they are made."""
    try:
        patches = await patches_of(site, shown)
    except UnavailableError as error:
        values = {"message": error.message, "hint": error.hint}
        yield site.pages.render("_no_files.html", values)
        return
    look = replace(shown.look, comment_form=_form_at(site, shown, patches, at), form_at=_place(at))
    files = await asyncio.to_thread(_files, site, shown, patches, opened)
    rendered = _in_pieces(files, look)
    while (piece := await asyncio.to_thread(next, rendered, None)) is not None:
        yield piece


def _in_pieces(files: Sequence[FileShown], look: Look) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for file in files:
        for part in file_html(file, look):
            waiting.append(part)
            size += len(part)
            if size >= PIECE:
                yield "".join(waiting)
                waiting, size = [], 0
    yield "".join(waiting)


def _files(
    site: Site, shown: Shown, patches: Sequence[FilePatch], opened: frozenset[int]
) -> list[FileShown]:
    """The files with what was said of their lines."""
    files = files_shown(
        shown.change,
        shown.revision,
        patches,
        look=shown.last,
        moved=moved_words(moved(patches)),
        opened=opened,
    )
    said = _said(shown, patches)
    return [_with_said(site, shown, file, said.get(file.patch.path)) for file in files]


def _said(shown: Shown, patches: Sequence[FilePatch]) -> dict[str, SaidOf]:
    change, revision = shown.change, shown.revision
    findings = [item for item in tracked(change.verdicts, revision.number) if is_there(item)]
    comments = [one for one in change.comments if one.revision <= revision.number]
    return placed(patches, [*findings, *comments], revision)


def _with_said(site: Site, shown: Shown, file: FileShown, said: SaidOf | None) -> FileShown:
    if said is None:
        return file
    context = site.context()
    return replace(
        file,
        notes={
            place: [item_html(site, shown, item, context) for item in items]
            for place, items in said.by_line.items()
        },
        on_top=tuple(item_html(site, shown, item, context, where=True) for item in said.on_top),
    )


def item_html(
    site: Site, shown: Shown, item: Item, context: Context, *, where: bool = False
) -> str:
    """A finding or a comment; with `where` it names its line."""
    if isinstance(item, Comment):
        values = {
            "comment": comment_shown(item, context),
            "revision": shown.revision.number,
            "can_resolve": shown.look.can_comment,
            "href": shown.href,
            "where": where,
        }
        return site.pages.render("_comment.html", values)
    return site.pages.render("_finding.html", {"finding": finding_shown(item), "where": where})


def _form_at(
    site: Site, shown: Shown, patches: Sequence[FilePatch], at: str
) -> tuple[int, str, int, str] | None:
    """The form for a comment on hunk `H7`, where a page without scripts asks for one."""
    place = _place(at)
    if place is None or not shown.look.can_comment or place >= len(shown.revision.hunks):
        return None
    wanted = shown.revision.hunks[place].id
    for patch in patches:
        for hunk in patch.hunks:
            line = first_place(patch, hunk) if hunk.id == wanted else None
            if line is not None:
                index = file_places(shown.revision)[patch.path]
                return index, line.side, line.line, say_form(site, shown, line)
    return None


def _place(at: str) -> int | None:
    """7 for `H7`."""
    return int(at[1:]) if at[:1] == "H" and at[1:].isascii() and at[1:].isdigit() else None


def say_form(site: Site, shown: Shown, place: LinePlace) -> str:
    values = {"place": place, "href": shown.href, "revision": shown.revision.number}
    return site.pages.render("_say.html", values)


# Parts of a file


async def _one_file(
    site: Site, shown: Shown, index: int
) -> tuple[FilePatch, tuple[FilePatch, ...]]:
    """Raises NotFoundError."""
    patches = await patches_of(site, shown)
    places = file_places(shown.revision)
    for patch in patches:
        if places.get(patch.path) == index:
            return patch, patches
    raise NotFoundError(
        f"Revision {shown.revision.number} of {shown.change.name} has no file {index}.",
        hint=f"See: assent change show {shown.change.name}",
    )


@router.get("/changes/{name}/files/{index}")
async def whole_file(
    name: str, index: int, site: OurSite, who: Visits, revision: RevisionNumber = None
) -> Response:
    """A file as the revision leaves it, with every line of it."""
    shown = await shown_change(site, name, who=who, revision=revision)
    patch, _ = await _one_file(site, shown, index)
    text = None
    if not patch.binary and patch.new_mode is not None:
        text = await text_of(site, shown, patch.path)
    why = "It is not a text." if patch.binary else "The revision deletes it."
    values = {
        "name": shown.change.name,
        "revision": shown.revision.number,
        "index": index,
        "path": patch.path,
        "lines": None if text is None else Markup(await asyncio.to_thread(lines_html, text)),
        "why": why,
    }
    return page(site, "file.html", values, person=who.person)


@router.get("/changes/{name}/files/{index}/diff")
async def folded_file(
    name: str,
    index: int,
    site: OurSite,
    who: Visits,
    revision: RevisionNumber = None,
    view: View_ = "",
) -> Response:
    """What stands under the head of a file that was folded."""
    shown = await shown_change(site, name, who=who, revision=revision, is_split=view == "split")
    _, patches = await _one_file(site, shown, index)
    files = await asyncio.to_thread(_files, site, shown, patches, frozenset({index}))
    file = next(file for file in files if file.index == index)
    html = await asyncio.to_thread(lambda: "".join(body_html(file, shown.look)))
    return HTMLResponse(html)


class Around(BaseModel):
    """Lines of the new file. A line's number in the old one is `back` less."""

    start: int = Field(ge=1)
    end: int = Field(ge=1)
    back: int
    revision: int | None = Field(default=None, ge=1)
    view: Literal["", "unified", "split"] = ""


@router.get("/changes/{name}/files/{index}/lines")
async def more_lines(
    name: str, index: int, site: OurSite, who: Visits, around: Annotated[Around, Query()]
) -> Response:
    """Rows of kept lines around a hunk."""
    shown = await shown_change(
        site, name, who=who, revision=around.revision, is_split=around.view == "split"
    )
    patch, _ = await _one_file(site, shown, index)
    text = await text_of(site, shown, patch.path) or ""
    last = min(around.end, around.start + EXPANDED - 1)
    html = more_rows(
        text, index=index, start=around.start, end=last, back=around.back, look=shown.look
    )
    return HTMLResponse(html)


@router.get("/changes/{name}/files/{index}/colours")
async def colours(
    name: str, index: int, site: OurSite, who: Visits, revision: RevisionNumber = None
) -> Response:
    """The lines of a file's difference with their colours, by side and number."""
    shown = await shown_change(site, name, who=who, revision=revision)
    patch, patches = await _one_file(site, shown, index)
    repositories = ports_of(site.gate).repositories
    old, new = [
        await site.differences.colours(
            repositories, shown.change, shown.revision, patch, is_old=is_old
        )
        for is_old in (True, False)
    ]
    if old is None and new is None:
        return JSONResponse({"old": {}, "new": {}})
    files = files_shown(shown.change, shown.revision, patches, look=None, moved={})
    file = next(file for file in files if file.index == index)
    return JSONResponse(await asyncio.to_thread(colours_of, file, old, new))
