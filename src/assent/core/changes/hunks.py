"""Diffs as values: files, hunks, their ids, and what a file is when only some are accepted.

Everything is bytes: only `\\n` ends a line, and a `\\r` before it belongs to the line. A hunk's id
says what it changes and between which lines, not at which line numbers: it stays the same when
lines come or go elsewhere in the file. Where the same lines stand several times in the old file, it
says which of them it means.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assent.core.changes.model import HunkId

SYMLINK, SUBMODULE = "120000", "160000"

FREQUENT = 50
"""A hunk of which every line stands more often in the file is told apart by its line number."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place of a file that changes."""

    id: HunkId
    path: str
    old_start: int
    """Counted from one; where the old side is empty, the line before it, as git writes it."""
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[bytes, ...] = ()
    """With their sign (` `, `-`, `+`) and their line end; a last line without one has none."""
    section: str = ""
    """What git says after `@@`: the function it lies in."""
    whole: bool = False
    """The file as a whole: created, deleted, binary, a symlink, a submodule, or a new mode."""
    mode: bool = False
    """Only the file's mode (executable or not), whatever happens to its content."""

    @property
    def added(self) -> int:
        return sum(line.startswith(b"+") for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.startswith(b"-") for line in self.lines)


@dataclass(frozen=True, slots=True)
class FilePatch:
    """One file's part of a difference. Paths as git has them, undecodable bytes as surrogates."""

    path: str
    old_mode: str | None
    """As git writes it (`100644`); None: the file is not there."""
    new_mode: str | None
    old_blob: str | None
    new_blob: str | None
    hunks: tuple[Hunk, ...]
    """In order of place; a change of mode alone comes first."""
    binary: bool = False
    renamed_from: str = ""
    """A file with the same or nearly the same content that goes at the same time; only told."""

    @property
    def added(self) -> int:
        return sum(hunk.added for hunk in self.hunks)

    @property
    def removed(self) -> int:
        return sum(hunk.removed for hunk in self.hunks)


@dataclass(frozen=True, slots=True)
class Entry:
    """What git's raw difference says of one path; the fields are those of `FilePatch`."""

    path: str
    old_mode: str | None
    new_mode: str | None
    old_blob: str | None
    new_blob: str | None

    @property
    def retyped(self) -> bool:
        """A file becomes a symlink or a submodule, or the other way round. git shows such a
        change as two: the old one goes and the new one comes."""
        return (
            self.old_mode is not None
            and self.new_mode is not None
            and self.old_mode[:2] != self.new_mode[:2]
        )

    @property
    def plain(self) -> bool:
        """A regular file before and after, which can be taken in part."""
        return all(mode is not None and mode[:2] == "10" for mode in (self.old_mode, self.new_mode))


# Ids


def hunk_id(path: str, lines: Sequence[bytes], *, occurrence: int = 0, of: int = 1) -> HunkId:
    """The id of a hunk by its path and lines.

    `occurrence` (from zero) counts among the `of` places of the old file at which its old lines
    stand. How many there are belongs to the id: when one comes or goes, none is taken for another.
    """
    body = b"".join(_spelled(line) for line in lines)
    return _id(b"lines", path, b"%d" % len(body), body, b"%d/%d" % (occurrence, of))


def _spelled(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n\\\n"


def _mode_id(entry: Entry) -> HunkId:
    return _id(b"mode", entry.path, *(_word(mode) for mode in (entry.old_mode, entry.new_mode)))


def _whole_id(entry: Entry) -> HunkId:
    """Of a file taken as a whole. A change of the mode alone has an id of its own."""
    modes = () if entry.plain else (entry.old_mode, entry.new_mode)
    words = (*modes, entry.old_blob, entry.new_blob)
    return _id(b"whole", entry.path, *(_word(word) for word in words))


def _word(word: str | None) -> bytes:
    return b"-" if word is None else word.encode("ascii")


def _id(kind: bytes, path: str, *parts: bytes) -> HunkId:
    name = path.encode("utf-8", "surrogateescape")
    return HunkId(hashlib.sha256(b"\0".join((kind, name, *parts))).hexdigest())


def _named(hunks: Sequence[Hunk], base: bytes) -> Iterator[Hunk]:
    """Hunks of one file with their ids. Raises ValueError when they are not of `base`."""
    lines = split_lines(base)
    places: dict[bytes, list[int]] = {}
    for at, line in enumerate(lines):
        places.setdefault(line, []).append(at)
    for hunk in hunks:
        old = [line[1:] for line in hunk.lines if not line.startswith(b"+")]
        at = _place(hunk)
        if lines[at : at + len(old)] != old:
            raise ValueError(f"the old lines of the hunk at {hunk.old_start} are not in the file")
        occurrence, of = _occurrence(lines, places, old, at)
        yield replace(hunk, id=hunk_id(hunk.path, hunk.lines, occurrence=occurrence, of=of))


def _occurrence(
    lines: Sequence[bytes], places: Mapping[bytes, Sequence[int]], old: list[bytes], at: int
) -> tuple[int, int]:
    """Which of the places where `old` stands `at` is, and how many there are; where even its rarest
    line is frequent, the line number itself of none."""
    if not old:
        return 0, 1
    rarest = min(range(len(old)), key=lambda step: len(places[old[step]]))
    candidates = places[old[rarest]]
    if len(candidates) > FREQUENT:
        return at, 0
    starts = [place - rarest for place in candidates if place >= rarest]
    found = [start for start in starts if lines[start : start + len(old)] == old]
    return found.index(at), len(found)


# Reading what git prints

_HEAD = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)\n", re.MULTILINE)
_BINARY = re.compile(rb"^(?:Binary files .* differ|GIT binary patch)$", re.MULTILINE)
_NO_END = b"\\"


def read_patch(entry: Entry, texts: Sequence[bytes], base: bytes) -> FilePatch:
    """One file's patch, from what `git diff-tree -p` prints for it.

    `texts` is one `diff --git` block, or two of a path that changes its type. Names and modes in
    them are not looked at. `base` is the old file, where it can be taken in part (`Entry.plain`,
    and no block says `Binary files`). Raises ValueError when they are not what git prints.
    """
    parsed = [_hunks(entry.path, text) for text in texts]
    binary = any(_BINARY.search(text[: _body_at(text)]) for text in texts)
    hunks = [hunk for part in parsed for hunk in part]
    if entry.plain and not binary:
        content = list(_named(hunks, base))
        if not hunks and entry.old_blob != entry.new_blob:
            raise ValueError("the content differs, but no line does")
    elif entry.plain and entry.old_blob == entry.new_blob:
        content = []
    else:
        content = [_as_whole(entry, hunks)]
    return FilePatch(
        path=entry.path,
        old_mode=entry.old_mode,
        new_mode=entry.new_mode,
        old_blob=entry.old_blob,
        new_blob=entry.new_blob,
        hunks=(*_mode_hunk(entry), *content),
        binary=binary,
    )


def _body_at(text: bytes) -> int:
    """Where the first hunk begins."""
    head = _HEAD.search(text)
    return len(text) if head is None else head.start()


def _mode_hunk(entry: Entry) -> Iterator[Hunk]:
    if entry.plain and entry.old_mode != entry.new_mode:
        yield Hunk(_mode_id(entry), entry.path, 0, 0, 0, 0, whole=True, mode=True)


def _as_whole(entry: Entry, hunks: Sequence[Hunk]) -> Hunk:
    """All hunks as one; of a path that changes its type the old lines, then the new."""
    old = next((hunk for hunk in hunks if hunk.old_count), None)
    new = next((hunk for hunk in hunks if hunk.new_count), None)
    return Hunk(
        id=_whole_id(entry),
        path=entry.path,
        old_start=0 if old is None else old.old_start,
        old_count=sum(hunk.old_count for hunk in hunks),
        new_start=0 if new is None else new.new_start,
        new_count=sum(hunk.new_count for hunk in hunks),
        lines=tuple(line for hunk in hunks for line in hunk.lines),
        whole=True,
    )


def _hunks(path: str, text: bytes) -> list[Hunk]:
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)] * bool(heads)
    return [
        _hunk(path, head, text[head.end() : end]) for head, end in zip(heads, ends, strict=True)
    ]


def _hunk(path: str, head: re.Match[bytes], body: bytes) -> Hunk:
    lines = _lines_of(body)
    old_count, new_count = (int(head[group] or b"1") for group in (2, 4))
    signs = Counter(line[:1] for line in lines)
    if signs[b" "] + signs[b"-"] != old_count or signs[b" "] + signs[b"+"] != new_count:
        raise ValueError(f"a hunk does not have the lines that it announces: {head[0]!r}")
    return Hunk(
        id=HunkId(""),
        path=path,
        old_start=int(head[1]),
        old_count=old_count,
        new_start=int(head[3]),
        new_count=new_count,
        lines=tuple(lines),
        section=head[5].decode("utf-8", "replace").strip(),
    )


def _lines_of(body: bytes) -> list[bytes]:
    """The lines of a hunk; where git says that a line has no end, without one."""
    lines: list[bytes] = []
    for line in split_lines(body):
        if not line.startswith(_NO_END):
            lines.append(line)
        elif lines:
            lines[-1] = lines[-1].removesuffix(b"\n")
    return lines


def split_lines(text: bytes) -> list[bytes]:
    """The lines of a text with their ends; the last may have none. No other character ends one."""
    lines = text.split(b"\n")
    last = lines.pop()
    ended = [line + b"\n" for line in lines]
    return [*ended, last] if last else ended


# What a file becomes


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A hunk does not belong to the text: its old lines do not stand where it says."""

    path: str
    line: int
    """Counted from one, in the old text."""


def splice(base: bytes, hunks: Iterable[Hunk]) -> bytes | Mismatch:
    """`base` with the given hunks of it applied; their order does not matter.

    Each hunk is put exactly where it says it stands, and only if its old lines, context included,
    are there byte for byte. Nothing is searched for.
    """
    lines = split_lines(base)
    result: list[bytes] = []
    done = 0
    for hunk in sorted(hunks, key=_place):
        at = _place(hunk)
        old = [line[1:] for line in hunk.lines if not line.startswith(b"+")]
        if at < done or lines[at : at + len(old)] != old:
            return Mismatch(hunk.path, at + 1)
        result.extend(lines[done:at])
        result.extend(line[1:] for line in hunk.lines if not line.startswith(b"-"))
        done = at + len(old)
    return b"".join((*result, *lines[done:]))


def _place(hunk: Hunk) -> int:
    """Index of the first old line; of an insertion, that of the line it comes before."""
    return hunk.old_start - 1 if hunk.old_count else hunk.old_start


def remainder(hunks: Sequence[Hunk], accepted: Collection[HunkId]) -> tuple[Hunk, ...]:
    """The hunks of a file that are not accepted, as they stand once the accepted ones are in it.

    They keep their ids, by which they were looked at.
    """
    shift = 0
    rest = []
    for hunk in sorted(hunks, key=_place):
        if hunk.id in accepted:
            shift += hunk.new_count - hunk.old_count
        else:
            rest.append(replace(hunk, old_start=hunk.old_start + shift))
    return tuple(rest)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a path is once only some of its hunks are in."""

    mode: str | None
    """None: it is not there."""
    blob: str | None
    """None: it is not there, or its content is `FilePatch.old_blob` with `hunks` spliced in."""
    hunks: tuple[Hunk, ...] = ()


def outcome(patch: FilePatch, accepted: Collection[HunkId]) -> Outcome:
    """What the accepted hunks of `patch` make of the file. Undecided is not accepted."""
    taken = [hunk for hunk in patch.hunks if hunk.id in accepted]
    if len(taken) == len(patch.hunks):
        return Outcome(patch.new_mode, patch.new_blob)
    if not taken:
        return Outcome(patch.old_mode, patch.old_blob)
    modes = [hunk for hunk in patch.hunks if hunk.mode]
    mode = patch.old_mode if modes and modes[0] not in taken else patch.new_mode
    content = tuple(hunk for hunk in taken if not hunk.mode)
    if not content:
        return Outcome(mode, patch.old_blob)
    if len(content) == len(patch.hunks) - len(modes):
        return Outcome(mode, patch.new_blob)
    return Outcome(mode, None, content)
