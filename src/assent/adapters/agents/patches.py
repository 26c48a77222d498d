"""Patch text of the `apply_patch` tools (Codex and others): what it would do to files.

    *** Begin Patch
    *** Add File: PATH          then the content, each line after a `+`
    *** Delete File: PATH
    *** Update File: PATH       then optionally `*** Move to: PATH`, then chunks:
    @@ LINE                     (optional) go on searching after this line of the file
     context / -removed / +added
    *** End of File             (optional) the chunk lies at the end of the file
    *** End Patch

The tools search loosely: first the exact lines, then without white space at the end, then at both
ends, then with typographic quotes, dashes and spaces taken for plain ones. So do we, in the same
order, because a patch has to be shown as it will be applied. Where we find nothing, or the patch
has another form, it is unforeseeable (see `edits`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias, assert_never

from assent.adapters.agents.edits import (
    UnforeseeableEdit,
    changed_file,
    moved_file,
    read_before,
)
from assent.adapters.agents.payloads import UnreadablePayload, absolute
from assent.app.agents import Files
from assent.core.actions import FileChange

MAX_COMPARISONS: Final = 3_000_000
"""Lines compared for one patch; searching is quadratic, and a longer search is given up."""

# White space as Unicode defines it, which is what the tools trim. Python's strip() takes more.
SPACE: Final = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys([*map(chr, range(0x2010, 0x2016)), "\u2212"], "-"),
        **dict.fromkeys(map(chr, range(0x2018, 0x201C)), "'"),
        **dict.fromkeys(map(chr, range(0x201C, 0x2020)), '"'),
        **dict.fromkeys(
            ["\xa0", *map(chr, range(0x2002, 0x200B)), "\u202f", "\u205f", "\u3000"], " "
        ),
    }
)

_ADD: Final = "*** Add File: "
_DELETE: Final = "*** Delete File: "
_UPDATE: Final = "*** Update File: "
_MOVE: Final = "*** Move to: "
_END_OF_FILE: Final = "*** End of File"


@dataclass(frozen=True, slots=True)
class AddFile:
    path: str
    content: str


@dataclass(frozen=True, slots=True)
class DeleteFile:
    path: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines to find and lines to put there. `after` is a line to search for first."""

    after: str | None
    old: tuple[str, ...]
    new: tuple[str, ...]
    at_end: bool


@dataclass(frozen=True, slots=True)
class UpdateFile:
    path: str
    moved_to: str | None
    chunks: tuple[Chunk, ...]


Section: TypeAlias = AddFile | DeleteFile | UpdateFile


def patched_files(files: Files, patch: str, *, cwd: str) -> tuple[FileChange, ...]:
    """What `patch` would do, one change for each file, in the patch's order.

    Raises UnforeseeableEdit.
    """
    sections = read_patch(patch)
    disk = _Disk(files, cwd)
    try:
        for section in sections:
            _apply(section, disk)
    except UnreadablePayload as error:
        raise UnforeseeableEdit(str(error)) from error
    changes = disk.changes()
    if not changes:
        raise UnforeseeableEdit("the patch changes nothing")
    return changes


def read_patch(patch: str) -> tuple[Section, ...]:
    """The sections of a patch text. Raises UnforeseeableEdit."""
    lines = [line.removesuffix("\r") for line in patch.strip(SPACE).split("\n")]
    if lines[0] in ("<<EOF", "<<'EOF'", '<<"EOF"') and lines[-1].endswith("EOF"):
        lines = lines[1:-1]
    if len(lines) < 2 or _trim(lines[0]) != "*** Begin Patch":
        raise UnforeseeableEdit("the patch does not begin with *** Begin Patch")
    if _trim(lines[-1]) != "*** End Patch":
        raise UnforeseeableEdit("the patch does not end with *** End Patch")
    reader = _Lines(lines[1:-1])
    sections = []
    while reader.more():
        sections.append(_read_section(reader))
    if not sections:
        raise UnforeseeableEdit("the patch is empty")
    return tuple(sections)


def updated_text(text: str, chunks: Sequence[Chunk], *, path: str) -> str:
    """`text` with `chunks` applied; it ends with a newline afterwards. Raises UnforeseeableEdit."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    replacements = sorted(_replacements(lines, chunks, path), key=lambda found: found.start)
    for earlier, later in pairwise(replacements):
        if earlier.end > later.start:
            raise UnforeseeableEdit(f"parts of the patch of {path} overlap")
    for found in reversed(replacements):
        lines[found.start : found.end] = found.new
    if not lines or lines[-1] != "":
        lines.append("")
    return "\n".join(lines)


# --- reading ------------------------------------------------------------------------------------


class _Lines:
    """Lines that are read one after the other."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._lines)

    def peek(self) -> str:
        return self._lines[self._at]

    def take(self) -> str:
        self._at += 1
        return self._lines[self._at - 1]

    def take_while(self, wanted: Callable[[str], bool]) -> list[str]:
        taken = []
        while self.more() and wanted(self.peek()):
            taken.append(self.take())
        return taken


def _read_section(reader: _Lines) -> Section:
    head = _trim(reader.take())
    if head.startswith(_ADD):
        added = reader.take_while(lambda line: line.startswith("+"))
        return AddFile(head.removeprefix(_ADD), "".join(f"{line[1:]}\n" for line in added))
    if head.startswith(_DELETE):
        return DeleteFile(head.removeprefix(_DELETE))
    if head.startswith(_UPDATE):
        return _read_update(head.removeprefix(_UPDATE), reader)
    raise UnforeseeableEdit(f"the patch has a section that is not known: {head[:80]!r}")


def _read_update(path: str, reader: _Lines) -> UpdateFile:
    moved_to = None
    if reader.more() and reader.peek().startswith(_MOVE):
        moved_to = reader.take().removeprefix(_MOVE)
    chunks: list[Chunk] = []
    reader.take_while(_blank)
    while reader.more() and not reader.peek().startswith("*"):
        chunks.append(_read_chunk(reader, first=not chunks))
        reader.take_while(_blank)
    if not chunks:
        raise UnforeseeableEdit(f"the patch says nothing about {path}")
    return UpdateFile(path, moved_to, tuple(chunks))


def _read_chunk(reader: _Lines, *, first: bool) -> Chunk:
    after = None
    if reader.peek() == "@@":
        reader.take()
    elif reader.peek().startswith("@@ "):
        after = reader.take().removeprefix("@@ ")
    elif not first:
        raise UnforeseeableEdit(f"the patch has a line out of place: {reader.peek()[:80]!r}")
    body = reader.take_while(lambda line: line[:1] in ("", " ", "+", "-"))
    if not body:
        raise UnforeseeableEdit("the patch has a chunk without lines")
    at_end = reader.more() and reader.peek() == _END_OF_FILE
    if at_end:
        reader.take()
    return Chunk(
        after=after,
        old=tuple(line[1:] for line in body if not line.startswith("+")),
        new=tuple(line[1:] for line in body if not line.startswith("-")),
        at_end=at_end,
    )


def _blank(line: str) -> bool:
    return not _trim(line)


def _trim(line: str) -> str:
    return line.strip(SPACE)


# --- searching ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Replacement:
    start: int
    end: int
    new: tuple[str, ...]


def _replacements(lines: list[str], chunks: Sequence[Chunk], path: str) -> list[_Replacement]:
    search = _Search(lines)
    found = []
    at = 0
    for chunk in chunks:
        if chunk.after is not None:
            context = search.find((chunk.after,), start=at, at_end=False)
            if context is None:
                raise UnforeseeableEdit(f"a context line of the patch is not in {path}")
            at = context + 1
        if not chunk.old:
            end = len(lines) - 1 if lines and lines[-1] == "" else len(lines)
            found.append(_Replacement(end, end, chunk.new))
            continue
        replacement = _find_chunk(search, chunk, at)
        if replacement is None:
            raise UnforeseeableEdit(f"lines that the patch replaces are not in {path}")
        found.append(replacement)
        at = replacement.end
    return found


def _find_chunk(search: "_Search", chunk: Chunk, start: int) -> _Replacement | None:
    """Where the chunk's old lines are; a last empty one may stand for the end of the file."""
    old, new = chunk.old, chunk.new
    place = search.find(old, start=start, at_end=chunk.at_end)
    if place is None and old[-1] == "":
        old, new = old[:-1], new[:-1] if new and new[-1] == "" else new
        place = search.find(old, start=start, at_end=chunk.at_end)
    return None if place is None else _Replacement(place, place + len(old), new)


_LOOSENESS: Final[tuple[Callable[[str], str], ...]] = (
    str,
    lambda line: line.rstrip(SPACE),
    _trim,
    lambda line: _trim(line).translate(_PLAIN),
)


class _Search:
    """Finds runs of lines in a file, ever more loosely, within a limit of work."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._forms = [list(lines)]
        self._left = MAX_COMPARISONS

    def find(self, wanted: Sequence[str], *, start: int, at_end: bool) -> int | None:
        size = len(wanted)
        last = len(self._forms[0]) - size
        if not size:
            return start
        first = last if at_end else start
        for level, form in enumerate(_LOOSENESS):
            lines, sought = self._lines(level), [form(line) for line in wanted]
            for place in range(first, last + 1):
                self._spend()
                if lines[place] == sought[0] and lines[place : place + size] == sought:
                    return place
        return None

    def _lines(self, level: int) -> list[str]:
        if level == len(self._forms):
            self._forms.append([_LOOSENESS[level](line) for line in self._forms[0]])
        return self._forms[level]

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise UnforeseeableEdit("the patch is too large to be followed")


# --- applying -----------------------------------------------------------------------------------


class _Disk:
    """Files as the patch leaves them, over files as they are."""

    def __init__(self, files: Files, cwd: str) -> None:
        self._files = files
        self._cwd = cwd
        self._before: dict[str, bytes | None] = {}
        self._after: dict[str, bytes | None] = {}
        self._moves: list[tuple[str, str]] = []

    def path(self, written: str) -> str:
        return absolute(written, cwd=self._cwd)

    def text(self, path: str) -> str:
        content = self._read(path)
        if content is None:
            raise UnforeseeableEdit(f"{path} is to be patched and does not exist")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnforeseeableEdit(f"{path} is not UTF-8") from error

    def put(self, path: str, content: str) -> None:
        self._read(path)
        self._after[path] = content.encode("utf-8")

    def delete(self, path: str) -> None:
        if self._read(path) is None:
            raise UnforeseeableEdit(f"{path} is to be deleted and does not exist")
        self._after[path] = None

    def move(self, path: str, to: str) -> None:
        self._moves.append((path, to))

    def changes(self) -> tuple[FileChange, ...]:
        moved = dict(self._plain_moves())
        targets = set(moved.values())
        return tuple(
            self._change(path, moved.get(path))
            for path in self._after
            if path not in targets and (self._before[path], self._after[path]) != (None, None)
        )

    def _read(self, path: str) -> bytes | None:
        if path not in self._before:
            self._before[path] = self._after[path] = read_before(self._files, path)
        return self._after[path]

    def _change(self, path: str, to: str | None) -> FileChange:
        before, after = self._before[path], self._after[path if to is None else to]
        if to is not None and before is not None and after is not None:
            return moved_file(path, to=to, before=before, after=after)
        return changed_file(path, before=before, after=after)

    def _plain_moves(self) -> list[tuple[str, str]]:
        """Moves of a file to a path where none was, neither of them touched by another move.

        Any other is shown as the two changes that it is, so that an overwritten file is seen.
        """
        names = [name for move in self._moves for name in move]
        return [
            (path, to)
            for path, to in self._moves
            if names.count(path) == names.count(to) == 1
            and self._before[to] is None
            and self._before[path] is not None
            and self._after[path] is None
            and self._after[to] is not None
        ]


def _apply(section: Section, disk: _Disk) -> None:
    match section:
        case AddFile():
            disk.put(disk.path(section.path), section.content)
        case DeleteFile():
            disk.delete(disk.path(section.path))
        case UpdateFile():
            path = disk.path(section.path)
            text = updated_text(disk.text(path), section.chunks, path=path)
            if section.moved_to is None:
                disk.put(path, text)
                return
            to = disk.path(section.moved_to)
            disk.put(to, text)
            disk.delete(path)
            disk.move(path, to)
        case _:
            assert_never(section)
