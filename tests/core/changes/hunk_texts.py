"""Texts, and their differences as git writes them, made without git."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from hypothesis import strategies as st

from assent.core.changes.hunks import Entry, FilePatch, Hunk, read_patch, split_lines

NO_END = b"\n\\ No newline at end of file\n"


def entry(path: str = "a.py", **fields: str | None) -> Entry:
    """A regular file whose content changes, but for what `fields` say."""
    given: dict[str, str | None] = {
        "old_mode": "100644",
        "new_mode": "100644",
        "old_blob": "1" * 40,
        "new_blob": "2" * 40,
        **fields,
    }
    return Entry(path, **given)


def diff(old: bytes, new: bytes, *, context: int = 3) -> bytes:
    """The block that `git diff-tree -p` prints."""
    before, after = split_lines(old), split_lines(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    head = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n"
    if old == new:
        return b""
    groups = matcher.get_grouped_opcodes(context)
    return head + b"".join(b"".join(_hunk(group, before, after)) for group in groups)


Group = Sequence[tuple[str, int, int, int, int]]


def _hunk(group: Group, before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[bytes]:
    old, new = (group[0][1], group[-1][2]), (group[0][3], group[-1][4])
    yield b"@@ -%s +%s @@ def section():\n" % (_range(*old), _range(*new))
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (_line(b" ", line) for line in before[i1:i2])
            continue
        yield from (_line(b"-", line) for line in before[i1:i2])
        yield from (_line(b"+", line) for line in after[j1:j2])


def _range(start: int, end: int) -> bytes:
    size = end - start
    first = start + 1 if size else start
    return b"%d" % first if size == 1 else b"%d,%d" % (first, size)


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + (line if line.endswith(b"\n") else line + NO_END)


def patch(old: bytes, new: bytes, *, path: str = "a.py", context: int = 3) -> FilePatch:
    """The patch of a regular file."""
    given = entry(path, new_blob="1" * 40) if old == new else entry(path)
    return read_patch(given, [diff(old, new, context=context)], old)


def hunks(old: bytes, new: bytes, *, path: str = "a.py") -> tuple[Hunk, ...]:
    return patch(old, new, path=path).hunks


# Generated texts

LINES = st.sampled_from(
    [
        *(b"a\n", b"b\n", b"\n", b"    return\n", b"}\n"),
        *(b"a\r\n", b"\r\n", b"\r", b"--- a/x\n", b"+++ b/x\n", b"@@ -1 +1 @@\n"),
        *(b"\xe2\x80\xa8\n", b"\x0c\x0b\x85\n", b"\\ No newline at end of file\n"),
        *(b"\xff\xfe\n", b"diff --git a/x b/x\n", b"\0\n"),
    ]
)
"""Many alike, so that there are identical blocks; and some that look like parts of a patch."""


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Repeated blocks of lines; the last line may have no end."""
    blocks = draw(st.lists(st.lists(LINES, max_size=6), min_size=1, max_size=3))
    order = draw(st.lists(st.sampled_from(blocks), max_size=8))
    text = b"".join(b"".join(block) for block in order)
    return text + draw(st.sampled_from([b"", b"", b"end", b"\r"]))


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A text, and what becomes of it in a few places."""
    old = draw(texts())
    lines = split_lines(old)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(lines)))
        end = draw(st.integers(at, min(len(lines), at + 3)))
        lines[at:end] = draw(st.lists(LINES, max_size=3))
    new = b"".join(lines) + draw(st.sampled_from([b"", b"", b"", b"end"]))
    return old, new
