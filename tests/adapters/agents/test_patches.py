"""Patches as the real tool applies them: the rows were checked against Codex 0.169.0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents import patches
from assent.adapters.agents.edits import UnforeseeableEdit
from assent.adapters.agents.patches import Chunk, patched_files, read_patch, updated_text
from assent.core.actions import EditKind
from assent.core.canonical import digest_of
from tests.adapters.agents.conftest import REPO, MemoryFiles


def patch(*body: str) -> str:
    return "\n".join(["*** Begin Patch", *body, "*** End Patch", ""])


def update(*body: str) -> str:
    return patch("*** Update File: f", *body)


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        pytest.param(
            b"one\ntwo\nthree\n",
            update("@@", "-two", "+TWO"),
            b"one\nTWO\nthree\n",
            id="replace-a-line",
        ),
        pytest.param(
            b"one\ntwo\n", update(" one", "+1.5", " two"), b"one\n1.5\ntwo\n", id="no-marker-first"
        ),
        pytest.param(
            b"def a():\n  x\ndef b():\n  x\n",
            update("@@ def b():", "-  x", "+  y"),
            b"def a():\n  x\ndef b():\n  y\n",
            id="after-a-context-line",
        ),
        pytest.param(
            b"def f():\n\treturn 1  \n",
            update("@@ def f():", "-  return 1", "+  return 2"),
            b"def f():\n  return 2\n",
            id="white-space-is-found-loosely",
        ),
        pytest.param(
            "say \u201chi\u201d \u2013 now\n".encode(),
            update("@@", '-say "hi" - now', "+bye"),
            b"bye\n",
            id="typographic-marks-are-found-loosely",
        ),
        pytest.param(
            b"x\nx\nx\n",
            update("@@", "-x", "+1", "@@", "-x", "+2", "*** End of File"),
            b"1\nx\n2\n",
            id="at-the-end-of-the-file",
        ),
        pytest.param(b"a\nb", update("@@", "+end"), b"a\nb\nend\n", id="append-ends-the-last-line"),
        pytest.param(b"a\n\n", update("@@", "+end"), b"a\nend\n\n", id="append-before-empty-line"),
        pytest.param(b"a\n", update("@@", "-a"), b"", id="nothing-left"),
        pytest.param(
            b"one\r\ntwo\r\nthree\r\n",
            update("@@", "-two", "+2"),
            b"one\r\n2\r\nthree\r\n",
            id="windows-line-ends",
        ),
        pytest.param(
            b"a\r\nb\nc\n",
            update("@@", "-b", "+B"),
            b"a\r\nB\r\nc\n",
            id="mixed-line-ends-take-the-first",
        ),
        pytest.param(
            b"a\nb\r\nc\r\n",
            update("@@", "-b", "+B"),
            b"a\nB\nc\r\n",
            id="mixed-line-ends-others-stay",
        ),
        pytest.param(
            b"a\r\nb\r\nc",
            update("@@", "-a", "+A", "+new"),
            b"A\r\nnew\r\nb\r\nc\r\n",
            id="last-line-is-ended",
        ),
        pytest.param(
            b"a\nb\n", update("@@", "-b", "+B", " "), b"a\nB\n", id="empty-last-line-is-the-end"
        ),
    ],
)
def test_updates(files: MemoryFiles, before: bytes, text: str, after: bytes) -> None:
    files.content[f"{REPO}/f"] = before
    (change,) = patched_files(files, text, cwd=REPO)
    assert (change.path, change.kind) == (f"{REPO}/f", EditKind.UPDATE)
    assert (change.before, change.after) == (digest_of(before), digest_of(after))


def test_several_files_in_one_patch(files: MemoryFiles) -> None:
    files.content |= {f"{REPO}/old": b"x\n", f"{REPO}/from": b"a\nb\n", "/else/there": b"t\n"}
    text = patch(
        "*** Add File: new/deep",
        "+one",
        "+",
        "*** Delete File: old",
        "*** Update File: from",
        "*** Move to: sub/to",
        " a",
        "-b",
        "+B",
        "*** Add File: /else/there",
        "+over",
    )
    changes = patched_files(files, text, cwd=REPO)
    assert [(change.kind, change.path, change.moved_to) for change in changes] == [
        (EditKind.CREATE, f"{REPO}/new/deep", None),
        (EditKind.DELETE, f"{REPO}/old", None),
        (EditKind.MOVE, f"{REPO}/from", f"{REPO}/sub/to"),
        (EditKind.UPDATE, "/else/there", None),
    ]
    assert changes[0].after == digest_of(b"one\n\n")
    assert changes[2].after == digest_of(b"a\nB\n")
    assert changes[3].diff == "@@ -1 +1 @@\n-t\n+over\n"


def test_a_move_over_another_file_shows_what_is_lost(files: MemoryFiles) -> None:
    files.content |= {f"{REPO}/from": b"a\n", f"{REPO}/to": b"precious\n"}
    text = patch("*** Update File: from", "*** Move to: to", "-a", "+b")
    gone, over = patched_files(files, text, cwd=REPO)
    assert (gone.kind, gone.path) == (EditKind.DELETE, f"{REPO}/from")
    assert (over.kind, over.path) == (EditKind.UPDATE, f"{REPO}/to")
    assert "-precious" in over.diff


@pytest.mark.parametrize("opened", ["<<EOF", "<<'EOF'", '<<"EOF"'])
def test_a_patch_wrapped_for_a_shell_is_unwrapped(opened: str) -> None:
    assert read_patch(f"{opened}\n{patch('*** Delete File: f')}EOF\n") == (patches.DeleteFile("f"),)


def test_windows_line_ends_of_the_patch_itself_do_not_count() -> None:
    text = patch("*** Add File: f", "+a").replace("\n", "\r\n")
    assert read_patch(text) == (patches.AddFile("f", "a\n"),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "does not begin", id="empty"),
        pytest.param("hello", "does not begin", id="no-patch"),
        pytest.param("*** Begin Patch\n*** Delete File: f", "does not end", id="cut-off"),
        pytest.param(patch(), "empty", id="no-sections"),
        pytest.param(patch("*** Rename File: f"), "not known", id="unknown-section"),
        pytest.param(patch("*** Environment ID: x"), "not known", id="newer-section"),
        pytest.param(update(), "says nothing", id="no-chunks"),
        pytest.param(update("@@"), "without lines", id="no-lines"),
        pytest.param(update(" a", "@@ b"), "without lines", id="second-chunk-without-lines"),
        pytest.param(update("?x"), "without lines", id="line-of-no-kind"),
        pytest.param(update("@@", "-nowhere", "+x"), "not in", id="old-lines-not-there"),
        pytest.param(update("@@ nowhere", "-a"), "context line", id="context-not-there"),
        pytest.param(patch("*** Delete File: missing"), "does not exist", id="delete-missing"),
        pytest.param(patch("*** Update File: missing", "+x"), "not exist", id="update-missing"),
        pytest.param(patch("*** Update File: latin", "+x"), "not UTF-8", id="not-utf-8"),
        pytest.param(patch("*** Add File: ", "+x"), "not known", id="no-path"),
        pytest.param(patch("*** Add File: a\0b", "+x"), "NUL", id="nul-in-path"),
        pytest.param(
            patch("*** Add File: n", "+x", "*** Delete File: ./n"), "twice", id="same-file-twice"
        ),
        pytest.param(
            patch("*** Update File: f", "*** Move to: f", "-a", "+b"), "twice", id="move-to-itself"
        ),
    ],
)
def test_what_the_tool_would_refuse_is_unforeseeable(
    files: MemoryFiles, text: str, reason: str
) -> None:
    files.content |= {f"{REPO}/f": b"a\n", f"{REPO}/latin": b"caf\xe9\n"}
    with pytest.raises(UnforeseeableEdit, match=reason):
        patched_files(files, text, cwd=REPO)


def test_an_endless_search_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "MAX_COMPARISONS", 50)
    with pytest.raises(UnforeseeableEdit, match="too large"):
        updated_text("a\n" * 100, (Chunk(None, ("b",), (), at_end=False),), path="f")


lines = st.lists(st.sampled_from(["a", "b", "c", "", " d"]), min_size=1, max_size=12)


@given(lines, lines, st.integers(0, 12), st.integers(0, 12))
def test_a_chunk_of_whole_context_replaces_exactly_that(
    before: list[str], new: list[str], first: int, second: int
) -> None:
    start, end = sorted((first % len(before), second % len(before)))
    chunk = Chunk(
        None, tuple(before[: end + 1]), (*before[:start], *new), at_end=False
    )  # from the start of the file, so that the place is the only one
    result = updated_text("".join(f"{line}\n" for line in before), (chunk,), path="f")
    assert result == "".join(f"{line}\n" for line in (*before[:start], *new, *before[end + 1 :]))


@given(st.text(max_size=300))
def test_any_text_is_a_patch_or_unforeseeable(text: str) -> None:
    try:
        changes = patched_files(MemoryFiles({f"{REPO}/f": b"a\n"}), text, cwd=REPO)
    except UnforeseeableEdit:
        return
    assert changes


body_lines = st.sampled_from(
    [
        *("*** Update File: f", "*** Move to: g", "*** Add File: h", "*** Delete File: f"),
        *("*** End of File", "@@", "@@ a", "-a", "+b", " ", "", "x"),
    ]
)


@given(st.lists(body_lines, max_size=10))
def test_any_lines_in_a_patch_are_changes_or_unforeseeable(body: list[str]) -> None:
    try:
        changes = patched_files(MemoryFiles({f"{REPO}/f": b"a\nc\n"}), patch(*body), cwd=REPO)
    except UnforeseeableEdit:
        return
    assert changes
