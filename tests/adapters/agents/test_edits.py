"""What an edit would do: exact hashes, and a diff that says neither more nor less."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents import edits
from assent.adapters.agents.edits import (
    UnforeseeableEdit,
    changed_file,
    deleted_file,
    moved_file,
    replaced_text,
    unified_diff,
    written_file,
)
from assent.core.actions import EditKind
from assent.core.canonical import digest_of
from tests.adapters.agents.conftest import MemoryFiles

contents = st.lists(
    st.sampled_from([b"a", b"b", b"", b"same", b"\xff\xfe", b"x\r", b"-- x", b"++ y", b"@@", b" "]),
    max_size=40,
).map(b"\n".join)

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def applied(before: bytes, diff: str) -> bytes:
    """What a reader of the diff takes the new content to be. Fails on a diff that does not fit."""
    old = before.decode("utf-8", "surrogateescape").split("\n")
    old = [f"{line}\n" for line in old[:-1]] + ([old[-1]] if old[-1] else [])
    new: list[str] = []
    at = 0
    lines = diff.split("\n")[:-1]
    for index, line in enumerate(lines):
        unended = lines[index + 1 : index + 2] == [edits.NO_NEWLINE]
        text = line[1:] if unended else f"{line[1:]}\n"
        if found := _HUNK.fullmatch(line):
            start = int(found[1]) - (found[2] != "0")
            new += old[at:start]
            at = start
        elif line.startswith("+"):
            new.append(text)
        elif line.startswith((" ", "-")):
            assert old[at] == text
            at += 1
            new += [text] if line.startswith(" ") else []
        else:
            assert line == edits.NO_NEWLINE
    return "".join(new + old[at:]).encode("utf-8", "surrogateescape")


@given(contents, contents)
def test_a_diff_leads_from_before_to_after(before: bytes, after: bytes) -> None:
    assert applied(before, unified_diff(before, after)) == after


@given(st.integers(0, 60), st.sampled_from([b"x", b"x\ny", b""]))
def test_a_diff_shows_three_lines_around_a_change(place: int, new: bytes) -> None:
    lines = [b"line %d" % number for number in range(61)]
    before = b"\n".join(lines) + b"\n"
    lines[place] = new
    diff = unified_diff(before, b"\n".join(lines) + b"\n")
    assert sum(line.startswith(" ") for line in diff.split("\n")) <= 6
    assert applied(before, diff) == b"\n".join(lines) + b"\n"


def test_large_differences_are_shown_whole_without_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edits, "MINIMAL_WORK", 0)
    assert unified_diff(b"a\nb\nc\n", b"a\nc\nb\n") == "@@ -1,3 +1,3 @@\n a\n-b\n-c\n+c\n+b\n"


@pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        pytest.param(b"a\n", b"a\n", "", id="no-change"),
        pytest.param(b"", b"a\n", "@@ -0,0 +1 @@\n+a\n", id="new-file"),
        pytest.param(b"a\n", b"", "@@ -1 +0,0 @@\n-a\n", id="emptied"),
        pytest.param(b"a\r\n", b"a\n", "@@ -1 +1 @@\n-a\r\n+a\n", id="line-end-of-windows-is-seen"),
        pytest.param(
            b"a",
            b"a\n",
            f"@@ -1 +1 @@\n-a\n{edits.NO_NEWLINE}\n+a\n",
            id="missing-last-newline-is-seen",
        ),
        pytest.param(
            b"caf\xe9\n",
            b"caf\xc3\xa9\n",
            "@@ -1 +1 @@\n-caf\udce9\n+caf\xe9\n",
            id="invalid-utf-8-is-a-lone-surrogate",
        ),
        pytest.param(b"a\x0bb\x0cc\n", b"", "@@ -1 +0,0 @@\n-a\x0bb\x0cc\n", id="only-LF-ends"),
        pytest.param(b"\0a\n", b"\0b\n", "", id="binary"),
    ],
)
def test_diffs(before: bytes, after: bytes, diff: str) -> None:
    assert unified_diff(before, after) == diff


def test_a_diff_too_large_to_be_shown_is_unforeseeable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "MAX_SHOWN", 10)
    with pytest.raises(UnforeseeableEdit, match="too large"):
        unified_diff(b"", b"a\n" * 8)
    with pytest.raises(UnforeseeableEdit, match="too large"):
        unified_diff(b"", b"x" * 100)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        pytest.param(None, b"x", EditKind.CREATE, id="create"),
        pytest.param(b"x", b"y", EditKind.UPDATE, id="update"),
        pytest.param(b"x", None, EditKind.DELETE, id="delete"),
    ],
)
def test_kinds_and_hashes(before: bytes | None, after: bytes | None, kind: EditKind) -> None:
    change = changed_file("/f", before=before, after=after)
    assert change.kind is kind
    assert change.before == (None if before is None else digest_of(before))
    assert change.after == (None if after is None else digest_of(after))


def test_written_deleted_and_moved(files: MemoryFiles) -> None:
    files.content["/f"] = b"old\n"
    assert written_file(files, "/f", b"new\n").diff == "@@ -1 +1 @@\n-old\n+new\n"
    assert written_file(files, "/g", b"").kind is EditKind.CREATE
    assert deleted_file(files, "/f").after is None
    moved = moved_file("/f", to="/g", before=b"old\n", after=b"old\n")
    assert (moved.kind, moved.moved_to, moved.diff) == (EditKind.MOVE, "/g", "")
    with pytest.raises(UnforeseeableEdit, match="does not exist"):
        deleted_file(files, "/missing")


def test_a_file_that_cannot_be_read_is_unforeseeable(files: MemoryFiles) -> None:
    files.unreadable = frozenset({"/f"})
    with pytest.raises(UnforeseeableEdit, match="Permission denied"):
        written_file(files, "/f", b"x")


@pytest.mark.parametrize(
    ("content", "old", "every", "expected"),
    [
        pytest.param(b"one two", b"two", False, b"one NEW", id="once"),
        pytest.param(b"x x", b"x", True, b"NEW NEW", id="every"),
        pytest.param(b"a\r\nb", b"\r\n", False, b"aNEWb", id="bytes-as-they-are"),
    ],
)
def test_replacing(content: bytes, old: bytes, every: bool, expected: bytes) -> None:
    new = replaced_text(content, old=old, new=b"NEW", path="/f", replace_all=every)
    assert new == expected


@pytest.mark.parametrize(
    ("content", "old", "reason"),
    [
        pytest.param(b"x x", b"x", "2 times", id="ambiguous"),
        pytest.param(b"x", b"y", "not in", id="not-there"),
        pytest.param(b"x", b"", "empty", id="empty"),
    ],
)
def test_a_replacement_that_does_not_apply_is_unforeseeable(
    content: bytes, old: bytes, reason: str
) -> None:
    with pytest.raises(UnforeseeableEdit, match=reason):
        replaced_text(content, old=old, new=b"z", path="/f")
