"""What Copilot CLI 1.0.102 left in files, as seen."""

import pytest

from assent.adapters.agents.copilot.text_files import created, replaced
from assent.adapters.agents.edits import UnforeseeableEdit


def test_create() -> None:
    assert created(None, "a\r\nb", path="/f") == b"a\r\nb"


def test_create_is_for_new_files() -> None:
    with pytest.raises(UnforeseeableEdit):
        created(b"", "a", path="/f")


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        pytest.param(b"foo\n", "foo", "$& $1 $$", b"$& $1 $$\n", id="literal"),
        pytest.param(b"a\r\nb\r\na\r\n", "b", "B\nC", b"a\r\nB\r\nC\r\na\r\n", id="crlf"),
        pytest.param(b"a\r\nb\r\nc\r\n", "a\nb", "A\nB", b"A\r\nB\r\nc\r\n", id="crlf-in-both"),
        pytest.param(b"\xef\xbb\xbfbom\n", "bom", "BOM", b"\xef\xbb\xbfBOM\n", id="mark-stays"),
        pytest.param(b"no newline", "no newline", "no newline\n", b"no newline\n", id="line-end"),
        pytest.param(b"a\r\nb\n", "b", "c", b"a\r\nc\n", id="mixed-within-a-line"),
    ],
)
def test_edit(before: bytes, old: str, new: str, after: bytes) -> None:
    assert replaced(before, old=old, new=new, path="/f") == after


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        pytest.param(None, "a", "b", id="no-file"),
        pytest.param(b"# a\n", "  # a", "b", id="loose"),
        pytest.param(b"x x\n", "x", "y", id="twice"),
        pytest.param(b"x\n", "", "y", id="nothing-to-find"),
        pytest.param(b"bad \xff byte\n", "bad", "BAD", id="not-utf-8"),
        pytest.param(b"a\r\nb\nc\n", "b\nc", "B\nC", id="mixed-over-lines"),
        pytest.param(b"a\r\n", "a\r\n", "b", id="carriage-return"),
    ],
)
def test_what_cannot_be_foretold(before: bytes | None, old: str, new: str) -> None:
    with pytest.raises(UnforeseeableEdit):
        replaced(before, old=old, new=new, path="/f")
