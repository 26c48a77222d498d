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

import posixpath
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
    """What `patch` would do, in its order.

    Raises UnforeseeableEdit.
    """
    disk = _Disk(files, cwd)
    try:
        return tuple(change for section in read_patch(patch) for change in _changes(section, disk))
    except UnreadablePayload as error:
        raise UnforeseeableEdit(str(error)) from error


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
    """`text` with `chunks` applied, as Codex 0.169.0 does it. Raises UnforeseeableEdit.

    Lines that a chunk names, context too, get the line end of the file's first line; the others
    keep theirs. The last line is ended afterwards.
    """
    lines = text.split("\n")
    unended = lines.pop()
    preferred = "\r\n" if lines and lines[0].endswith("\r") else "\n"
    ends = ["\r\n" if line.endswith("\r") else "\n" for line in lines]
    lines = [line.removesuffix("\r") for line in lines]
    if unended:
        lines.append(unended)
        ends.append(preferred)
    replacements = sorted(_replacements(lines, chunks, path), key=lambda found: found.start)
    for earlier, later in pairwise(replacements):
        if earlier.end > later.start:
            raise UnforeseeableEdit(f"parts of the patch of {path} overlap")
    for found in reversed(replacements):
        lines[found.start : found.end] = found.new
        ends[found.start : found.end] = [preferred] * len(found.new)
    return "".join(line + end for line, end in zip(lines, ends, strict=True))


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
    """Files as the patch leaves them, over files as they are. Each may be named once."""

    def __init__(self, files: Files, cwd: str) -> None:
        self._files = files
        self._cwd = cwd
        self._named: set[str] = set()

    def take(self, written: str) -> tuple[str, bytes | None]:
        """The absolute path and what is there now."""
        path = absolute(written, cwd=self._cwd)
        plain = posixpath.normpath(path)
        if plain in self._named:
            raise UnforeseeableEdit(f"the patch names {path} twice")
        self._named.add(plain)
        return path, read_before(self._files, path)

    def take_text(self, written: str) -> tuple[str, bytes, str]:
        path, before = self.take(written)
        if before is None:
            raise UnforeseeableEdit(f"{path} is to be patched and does not exist")
        try:
            return path, before, before.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnforeseeableEdit(f"{path} is not UTF-8") from error


def _changes(section: Section, disk: _Disk) -> tuple[FileChange, ...]:
    match section:
        case AddFile():
            path, before = disk.take(section.path)
            after = section.content.encode("utf-8")
            return (changed_file(path, before=before, after=after),)
        case DeleteFile():
            path, before = disk.take(section.path)
            if before is None:
                raise UnforeseeableEdit(f"{path} is to be deleted and does not exist")
            return (changed_file(path, before=before, after=None),)
        case UpdateFile():
            path, before, text = disk.take_text(section.path)
            after = updated_text(text, section.chunks, path=path).encode("utf-8")
            if section.moved_to is None:
                return (changed_file(path, before=before, after=after),)
            to, there = disk.take(section.moved_to)
            if there is None:
                return (moved_file(path, to=to, before=before, after=after),)
            # Two changes, so that the file that is overwritten is seen.
            return (
                changed_file(path, before=before, after=None),
                changed_file(to, before=there, after=after),
            )
        case _:
            assert_never(section)
