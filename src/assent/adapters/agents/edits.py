"""What an edit would do to files: exact bytes before and after, and a diff for the person.

An edit whose result cannot be foretold raises UnforeseeableEdit and is gated as an UnknownAction.
That includes an edit that does not apply: the agent's own tool will most likely refuse it, but
some tools match loosely, and a change that we cannot compute must not be shown as "no change".

Diffs hold hunks only, no file headers: the path stands in `FileChange.path`, where a hostile name
cannot imitate a line of the diff. Lines end at LF; every other control character is left in the
text. Bytes that are not UTF-8 are lone surrogates, as in Python's `surrogateescape`.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from assent.app.agents import Files, UnreadableFile
from assent.core.actions import EditKind, FileChange
from assent.core.canonical import Digest, digest_of

MAX_SHOWN: Final = 4 * 1024 * 1024
"""Characters of a diff. What a person could not read through is not offered for approval."""

CONTEXT_LINES: Final = 3

MINIMAL_WORK: Final = 1_000_000
"""Product of the numbers of differing lines up to which the smallest diff is searched for; above
it the whole differing part is shown as removed and added, because the search is quadratic."""

NO_NEWLINE: Final = "\\ No newline at end of file"


class UnforeseeableEdit(Exception):
    """What this edit would do cannot be computed. The message says why, for the person."""


def read_before(files: Files, path: str) -> bytes | None:
    """The file as it is. Raises UnforeseeableEdit when it is there and cannot be read."""
    try:
        return files.read(path)
    except UnreadableFile as error:
        raise UnforeseeableEdit(f"{path} cannot be read: {error}") from error


def changed_file(path: str, *, before: bytes | None, after: bytes | None) -> FileChange:
    """The change of one file's content; None means that the file is not there."""
    if before is None:
        kind = EditKind.CREATE
    elif after is None:
        kind = EditKind.DELETE
    else:
        kind = EditKind.UPDATE
    return FileChange(
        path=path,
        kind=kind,
        before=_digest(before),
        after=_digest(after),
        diff=unified_diff(before or b"", after or b""),
    )


def moved_file(path: str, *, to: str, before: bytes, after: bytes) -> FileChange:
    """A file that gets a new path, with `after` as its content there."""
    return FileChange(
        path=path,
        kind=EditKind.MOVE,
        before=_digest(before),
        after=_digest(after),
        diff=unified_diff(before, after),
        moved_to=to,
    )


def written_file(files: Files, path: str, content: bytes) -> FileChange:
    """`content` becomes all of the file."""
    return changed_file(path, before=read_before(files, path), after=content)


def deleted_file(files: Files, path: str) -> FileChange:
    before = read_before(files, path)
    if before is None:
        raise UnforeseeableEdit(f"{path} is to be deleted and does not exist")
    return changed_file(path, before=before, after=None)


def replaced_text(
    content: bytes, *, old: bytes, new: bytes, path: str, replace_all: bool = False
) -> bytes:
    """`content` with `old`, found byte for byte, replaced by `new`.

    Raises UnforeseeableEdit when `old` is empty, not there, or there more than once without
    `replace_all`. `path` is for the message.
    """
    if not old:
        raise UnforeseeableEdit(f"the text to replace in {path} is empty")
    count = content.count(old)
    if count == 0:
        raise UnforeseeableEdit(f"the text to replace is not in {path}")
    if count > 1 and not replace_all:
        raise UnforeseeableEdit(f"the text to replace is in {path} {count} times")
    return content.replace(old, new)


def unified_diff(before: bytes, after: bytes) -> str:
    """Hunks from `before` to `after`; empty for equal or binary content.

    Raises UnforeseeableEdit when the diff is longer than MAX_SHOWN.
    """
    if before == after or b"\0" in before or b"\0" in after:
        return ""
    if len(before) + len(after) > 2 * MAX_SHOWN:
        raise UnforeseeableEdit("the edit is too large to be shown")
    diff = "".join(f"{line}\n" for line in _hunks(_lines(before), _lines(after)))
    if len(diff) > MAX_SHOWN:
        raise UnforeseeableEdit("the edit is too large to be shown")
    return diff


def _digest(content: bytes | None) -> Digest | None:
    return None if content is None else digest_of(content)


def _lines(content: bytes) -> list[str]:
    """Lines with their LF; the last one may lack it."""
    if not content:
        return []
    lines = [f"{line}\n" for line in content.decode("utf-8", "surrogateescape").split("\n")]
    last = lines.pop()
    return lines if last == "\n" else [*lines, last[:-1]]


Opcode = tuple[str, int, int, int, int]


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for group in _grouped(_opcodes(before, after)):
        (_, from_start, _, to_start, _), (_, _, from_end, _, to_end) = group[0], group[-1]
        yield f"@@ -{_range(from_start, from_end)} +{_range(to_start, to_end)} @@"
        for tag, from_first, from_last, to_first, to_last in group:
            if tag == "equal":
                yield from _marked(" ", before[from_first:from_last])
            else:
                yield from _marked("-", before[from_first:from_last])
                yield from _marked("+", after[to_first:to_last])


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield mark + line[:-1]
        else:
            yield mark + line
            yield NO_NEWLINE


def _range(start: int, end: int) -> str:
    """A hunk's place in the unified format: an empty range names the line before it."""
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _opcodes(before: Sequence[str], after: Sequence[str]) -> list[Opcode]:
    """Differences as difflib's opcodes, with equal ends found in linear time."""
    head = _common(before, after)
    shorter = min(len(before), len(after))
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if old and new and len(old) * len(new) <= MINIMAL_WORK:
        middle: list[Opcode] = [
            (tag, i1 + head, i2 + head, j1 + head, j2 + head)
            for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes()
        ]
    else:
        middle = [("replace", head, head + len(old), head, head + len(new))]
    equal_head: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
    ends = (len(before) - tail, len(before), len(after) - tail, len(after))
    equal_tail: list[Opcode] = [("equal", *ends)] if tail else []
    return equal_head + middle + equal_tail


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """How many lines at the start are equal."""
    for index, (old, new) in enumerate(zip(before, after, strict=False)):
        if old != new:
            return index
    return min(len(before), len(after))


def _grouped(opcodes: Sequence[Opcode]) -> Iterator[list[Opcode]]:
    """Opcodes split where more than two contexts of equal lines lie between two changes."""
    group: list[Opcode] = []
    last = len(opcodes) - 1
    for index, (tag, i1, i2, j1, j2) in enumerate(opcodes):
        if tag != "equal":
            group.append((tag, i1, i2, j1, j2))
            continue
        keep = min(CONTEXT_LINES, i2 - i1)
        if index == 0:
            group = [(tag, i2 - keep, i2, j2 - keep, j2)]
        elif index == last:
            group.append((tag, i1, i1 + keep, j1, j1 + keep))
        elif i2 - i1 > 2 * CONTEXT_LINES:
            yield [*group, (tag, i1, i1 + keep, j1, j1 + keep)]
            group = [(tag, i2 - keep, i2, j2 - keep, j2)]
        else:
            group.append((tag, i1, i2, j1, j2))
    if group:
        yield group
