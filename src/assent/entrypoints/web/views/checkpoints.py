"""Checkpoints as their pages show them."""

from dataclasses import dataclass

from assent.app.checkpoints.undo import Foreseen, Row, Timeline
from assent.core.checkpoints import Occasion, Skipped, WorktreeCheckpoint
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.diffs import Diff, read_diff
from assent.entrypoints.web.views.requests import survives_a_form
from assent.entrypoints.web.views.words import plural

CHOOSABLE = 300
"""Files up to which each can be left out of an undo."""


@dataclass(frozen=True, slots=True)
class RowView:
    name: str
    title: str
    by: str
    at: str
    moment: str
    age: str
    since: str
    """What differs from it now, in words."""
    can_undo: bool
    skipped: tuple[Skipped, ...]
    is_at_work: bool
    """Its call may not have ended."""


@dataclass(frozen=True, slots=True)
class TimelineView:
    workspace: str
    rows: tuple[RowView, ...]
    trouble: str
    more_before: int | None
    """The number to go on from; None when there is nothing older."""


@dataclass(frozen=True, slots=True)
class FileView:
    """One file that an undo would change. `what` is `write` or `delete`."""

    path: str
    what: str
    diff: Diff | None


@dataclass(frozen=True, slots=True)
class UndoView:
    name: str
    title: str
    workspace: str
    at: str
    moment: str
    seen: str
    files: tuple[FileView, ...]
    leaves: tuple[Skipped, ...]
    is_choosable: bool


def timeline_view(found: Timeline, context: Context, *, limit: int) -> TimelineView:
    rows = tuple(_row(row, context) for row in found.rows)
    more = found.rows[-1].made.number if len(found.rows) == limit else None
    return TimelineView(found.workspace, rows, found.trouble, more)


def _row(row: Row, context: Context) -> RowView:
    made = row.made
    return RowView(
        name=made.name,
        title=title_of(made),
        by=_by(row, context),
        at=context.iso(made.at),
        moment=context.moment(made.at),
        age=context.age(made.at),
        since=_since(row.differs),
        can_undo=row.differs != 0,
        skipped=made.snapshot.skipped,
        is_at_work=made.occasion is Occasion.CALL and made.closed_at is None,
    )


def title_of(made: WorktreeCheckpoint) -> str:
    """Of which moment it is: `before edit a.py +3 -1`."""
    return f"before {made.title}" if made.occasion is Occasion.CALL else made.title


def _by(row: Row, context: Context) -> str:
    made = row.made
    if made.occasion is Occasion.UNDO:
        return made.agent
    return context.agent_title(made.agent) if made.agent else "nobody known"


def _since(differs: int | None) -> str:
    if differs is None:
        return ""
    return "as now" if differs == 0 else f"{plural(differs, 'file')} changed since"


def undo_view(foreseen: Foreseen, context: Context, *, whole: bool = False) -> UndoView:
    made, preview = foreseen.made, foreseen.preview
    root = made.workspace.rstrip("/") + "/"
    diffs = {each.path.removeprefix(root): each.diff for each in foreseen.changes}
    doing = [*((path, "write") for path in preview.writes)]
    doing += [(path, "delete") for path in preview.deletes]
    files = tuple(_file(path, what, diffs.get(path, ""), whole=whole) for path, what in doing)
    return UndoView(
        name=made.name,
        title=title_of(made),
        workspace=made.workspace,
        at=context.iso(made.at),
        moment=context.moment(made.at),
        seen=foreseen.now,
        files=files,
        leaves=preview.leaves,
        is_choosable=1 < len(files) <= CHOOSABLE
        and all(survives_a_form(file.path) for file in files),
    )


def _file(path: str, what: str, diff: str, *, whole: bool) -> FileView:
    return FileView(path, what, read_diff(diff, whole=whole) if diff else None)
