"""The API of checkpoints: docs/reference/api.md."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assent.app.checkpoints.ports import Preview
from assent.app.checkpoints.undo import Foreseen, Row, Timeline, Wish, foresee, timeline, undo
from assent.core.canonical import Json
from assent.core.checkpoints import Skipped, WorktreeCheckpoint
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.sessions import ApiCaller
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.checkpoints import title_of
from assent.errors import NotFoundError

router = APIRouter(prefix="/api/checkpoints")

NEWEST = "newest"
"""Stands for the newest checkpoint of a call from which files differ now."""
MOST = 2_000
"""Paths that one undo may name."""

Workspace = Annotated[str, Query(max_length=4096)]
Paths = Annotated[list[str], Query(max_length=MOST)]


class RestoreBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    paths: list[Annotated[str, Field(min_length=1, max_length=4096)]] | None = Field(
        default=None, min_length=1, max_length=MOST
    )
    """Only these, from the workspace's root."""
    seen: str = Field(default="", max_length=100)
    """The tree that was there as the person looked (`now` of the preview)."""


def number_of(name: str) -> int:
    """The number in `CP-7` or `7`. Raises NotFoundError."""
    digits = name.upper().removeprefix("CP-")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return int(digits)
    raise NotFoundError(
        "There is no such checkpoint.", hint="They are named like CP-7; see: assent checkpoints"
    )


def find(site: Site, number: int) -> WorktreeCheckpoint:
    made = site.gate.store.read(lambda view: view.worktree_checkpoint(number))
    if made is None:
        raise NotFoundError(f"There is no CP-{number}.", hint="See: assent checkpoints")
    return made


@router.get("")
async def listed(
    site: OurSite,
    _who: ApiCaller,
    workspace: Annotated[str, Query(min_length=1, max_length=4096)],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    found = await timeline(site.gate, workspace, limit=limit, before=before)
    return Ascii(_timeline(found))


@router.get("/{name}/preview")
async def preview(
    name: str,
    site: OurSite,
    _who: ApiCaller,
    workspace: Workspace = "",
    path: Paths = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    paths = tuple(path) or None
    if name == NEWEST:
        foreseen = await foresee(site.gate, workspace, paths=paths)
    else:
        made = find(site, number_of(name))
        foreseen = await foresee(site.gate, made.workspace, made.number, paths=paths)
    return Ascii(_foreseen(foreseen))


@router.post("/{name}/restore")
async def restore(
    name: str, site: OurSite, who: ApiCaller, body: RestoreBody | None = None
) -> Response:
    body, made = body or RestoreBody(), find(site, number_of(name))
    wish = Wish(
        number=made.number,
        by=who.person,
        via=who.via,
        seen=body.seen,
        paths=None if body.paths is None else tuple(body.paths),
    )
    # A caller that hangs up does not leave half of it undone.
    undone = await asyncio.shield(undo(site.gate, made.workspace, wish))
    return Ascii(
        {
            "checkpoint": _checkpoint(undone.made),
            "safety": _checkpoint(undone.safety),
            **_preview(undone.done),
        }
    )


def _timeline(found: Timeline) -> dict[str, Json]:
    rows: list[Json] = [_row(row) for row in found.rows]
    return {"workspace": found.workspace, "trouble": found.trouble, "checkpoints": rows}


def _row(row: Row) -> dict[str, Json]:
    return {**_checkpoint(row.made), "differs": row.differs}


def _checkpoint(made: WorktreeCheckpoint) -> dict[str, Json]:
    return {
        "name": made.name,
        "number": made.number,
        "workspace": made.workspace,
        "at": made.at,
        "occasion": made.occasion.value,
        "by": made.agent,
        "session": made.session,
        "call": made.call,
        "title": title_of(made),
        "tree": made.snapshot.tree,
        "skipped": _skipped(made.snapshot.skipped),
        "closed_at": made.closed_at,
    }


def _foreseen(foreseen: Foreseen) -> dict[str, Json]:
    changes: list[Json] = [
        {"path": each.path, "kind": each.kind.value, "diff": each.diff} for each in foreseen.changes
    ]
    return {
        "checkpoint": _checkpoint(foreseen.made),
        "now": foreseen.now,
        **_preview(foreseen.preview),
        "changes": changes,
    }


def _preview(preview: Preview) -> dict[str, Json]:
    return {
        "writes": list(preview.writes),
        "deletes": list(preview.deletes),
        "leaves": _skipped(preview.leaves),
    }


def _skipped(items: tuple[Skipped, ...]) -> list[Json]:
    return [{"path": item.path, "why": item.why} for item in items]
