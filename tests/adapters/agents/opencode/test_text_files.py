"""What opencode 1.18.33 leaves in files."""

import pytest

from assent.adapters.agents.edits import UnforeseeableEdit
from assent.adapters.agents.opencode.text_files import replaced, written

MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        pytest.param(None, "a\r\n", b"a\r\n", id="new"),
        pytest.param(b"x\r\n", "a\n", b"a\n", id="overwritten"),
        pytest.param(MARK + b"x", "a", MARK + b"a", id="mark-stays"),
        pytest.param(MARK + b"x", "\ufeffa", MARK + b"a", id="mark-once"),
        pytest.param(None, "\ufeffa", MARK + b"a", id="mark-in-the-content"),
    ],
)
def test_write(before: bytes | None, content: str, after: bytes) -> None:
    assert written(before, content) == after


@pytest.mark.parametrize(
    ("before", "old", "new", "every", "after"),
    [
        pytest.param(None, "", "a\n", False, b"a\n", id="new-file"),
        pytest.param(b"a b\n", "b", "$& c", False, b"a $& c\n", id="literal"),
        pytest.param(b"a a\n", "a", "b", True, b"b b\n", id="every-one"),
        pytest.param(b"a\r\nb\r\n", "a\nb", "c\nd", False, b"c\r\nd\r\n", id="crlf"),
        pytest.param(b"a\r\nb\n", "b", "c", False, b"a\r\nc\n", id="mixed"),
        pytest.param(b"a\nb\n", "a", "x\r\ny", False, b"x\ny\nb\n", id="crlf-in-the-new-text"),
        pytest.param(MARK + b"a\n", "a", "b", False, MARK + b"b\n", id="mark-stays"),
    ],
)
def test_edit(before: bytes | None, old: str, new: str, every: bool, after: bytes) -> None:
    assert replaced(before, old=old, new=new, every=every, path="/f") == after


@pytest.mark.parametrize(
    ("before", "old", "new", "every"),
    [
        pytest.param(None, "a", "b", False, id="no-file"),
        pytest.param(b"a\n", "", "b", False, id="nothing-to-find"),
        pytest.param(b"a\nbar\n", "  bar", "b", False, id="loose"),
        pytest.param(b"a a\n", "a", "b", False, id="twice"),
        pytest.param(b"a a\n", "a", "$&", True, id="dollar-in-all"),
        pytest.param(b"a\n", "a", "a", False, id="no-change"),
        pytest.param(b"a\n", "a", "\ufeffb", False, id="mark-in-the-new-text"),
        pytest.param(b"a\xff\n", "a", "b", False, id="not-utf-8"),
    ],
)
def test_what_cannot_be_foretold(before: bytes | None, old: str, new: str, every: bool) -> None:
    with pytest.raises(UnforeseeableEdit):
        replaced(before, old=old, new=new, every=every, path="/f")
