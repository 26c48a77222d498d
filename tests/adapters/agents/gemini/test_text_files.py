"""What Gemini CLI 0.61.0 left in files, as seen."""

import pytest

from assent.adapters.agents.edits import UnforeseeableEdit
from assent.adapters.agents.gemini.text_files import Replacement, replaced, written


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        pytest.param(None, "a\nb\n", b"a\nb\n", id="new"),
        pytest.param(b"x\n", "a\n", b"a\n", id="overwritten"),
        pytest.param(b"a\r\nb\nc\r\n", "one\ntwo\r\n", b"one\r\ntwo\r\n", id="crlf-stays"),
        pytest.param(b"", "a\r\n", b"a\r\n", id="empty-file"),
        pytest.param(b"x\n", "a\\nb\n", b"a\\nb\n", id="escapes-stay"),
    ],
)
def test_write_file(before: bytes | None, content: str, after: bytes) -> None:
    assert written(before, content) == after


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param(None, Replacement("", "new\n", every=False), b"new\n", id="new-file"),
        pytest.param(b"a b\n", Replacement("b", "$& c", every=False), b"a $& c\n", id="literal"),
        pytest.param(
            b"a\r\nfoo\r\nfoo\r\n",
            Replacement("foo", "b\nc", every=True),
            b"a\r\nb\r\nc\r\nb\r\nc\r\n",
            id="every-one-with-crlf",
        ),
        pytest.param(
            b"a\r\nb\nc\n", Replacement("b\r\nc", "d", every=False), b"a\r\nd\r\n", id="mixed"
        ),
        pytest.param(
            b"x $ y", Replacement("y", "z\n", every=False), b"x $ z", id="no-line-end-stays"
        ),
        pytest.param(b"a\nb\n", Replacement("b\n", "", every=False), b"a\n", id="line-removed"),
        pytest.param(b"a\n", Replacement("a\n", "b", every=False), b"b\n", id="line-end-stays"),
        pytest.param(
            b"a a\n", Replacement("a", "b", every=False, expected=2), b"b b\n", id="counted"
        ),
    ],
)
def test_replace(before: bytes | None, edit: Replacement, after: bytes) -> None:
    assert replaced(before, edit, path="/f") == after


@pytest.mark.parametrize(
    ("before", "edit"),
    [
        pytest.param(None, Replacement("a", "b", every=False), id="no-file"),
        pytest.param(b"x\n", Replacement("", "b", every=False), id="nothing-to-find"),
        pytest.param(b"  a\n", Replacement("a  ", "b", every=False), id="loose"),
        pytest.param(b"a a\n", Replacement("a", "b", every=False), id="twice"),
        pytest.param(b"a a\n", Replacement("a", "b", every=False, expected=1), id="miscounted"),
        pytest.param(b"a\n", Replacement("a", "a", every=False), id="no-change"),
        pytest.param(b"a\xff\n", Replacement("a", "b", every=False), id="not-utf-8"),
    ],
)
def test_what_cannot_be_foretold(before: bytes | None, edit: Replacement) -> None:
    with pytest.raises(UnforeseeableEdit):
        replaced(before, edit, path="/f")
