"""Where in a difference stands what was said: findings and comments at their lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assent.core.changes.findings import Tracked
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import Comment, Revision
from assent.entrypoints.web.views.patches import Side, lines_of

Item: TypeAlias = Tracked | Comment


@dataclass(slots=True)
class SaidOf:
    """What was said of one file."""

    by_line: dict[tuple[Side, int], list[Item]] = field(default_factory=dict)
    on_top: list[Item] = field(default_factory=list)
    """Of the file as a whole, or of a line that is not shown."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """A line that can be commented on."""

    path: str
    line: int
    side: Side

    @property
    def words(self) -> str:
        return f"{self.path}:{self.line}" + (", as it was" if self.side == "old" else "")


def placed(
    patches: Iterable[FilePatch], items: Sequence[Item], revision: Revision
) -> dict[str, SaidOf]:
    """What was said, by path and line. A line that moved since is found again by its text."""
    by_path: dict[str, list[Item]] = {}
    for item in items:
        path = _path(item)
        if path:
            by_path.setdefault(path, []).append(item)
    found: dict[str, SaidOf] = {}
    for patch in patches:
        if patch.path in by_path:
            found[patch.path] = _of_file(patch, by_path[patch.path], revision)
    return found


def _path(item: Item) -> str:
    return item.path if isinstance(item, Comment) else item.finding.path


def _of_file(patch: FilePatch, items: Iterable[Item], revision: Revision) -> SaidOf:
    lines = {place: text for hunk in patch.hunks for place, text in shown_lines(hunk)}
    said = SaidOf()
    for item in items:
        place = _place(item, lines, revision)
        if place is None:
            said.on_top.append(item)
        else:
            said.by_line.setdefault(place, []).append(item)
    return said


def shown_lines(hunk: Hunk) -> Iterator[tuple[tuple[Side, int], str]]:
    """Each line that can be pointed at: kept and new ones in the new file, removed in the old."""
    for sign, text, _, (old, new) in lines_of(hunk):
        yield (("old", old) if sign == "-" else ("new", new)), text


def _place(
    item: Item, lines: dict[tuple[Side, int], str], revision: Revision
) -> tuple[Side, int] | None:
    if isinstance(item, Comment):
        side, line, quote = item.side, item.line, item.quote
        is_of_this = item.revision == revision.number
    else:
        side, line, quote = "new", item.finding.line, ""
        is_of_this = True
    place = (side, line)
    if line and place in lines and (is_of_this or lines[place] == quote):
        return place
    if quote and not is_of_this:
        same = [where for where, text in lines.items() if where[0] == side and text == quote]
        return min(same, key=lambda where: abs(where[1] - line), default=None)
    return None


def first_place(patch: FilePatch, hunk: Hunk) -> LinePlace | None:
    """The first changed line of a hunk: where a comment on the hunk stands."""
    for sign, _, _, (old, new) in lines_of(hunk):
        if sign != " ":
            side, line = ("old", old) if sign == "-" else ("new", new)
            return LinePlace(patch.path, line, side)
    return None
