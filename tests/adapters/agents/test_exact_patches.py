import pytest

from assent.adapters.agents.edits import UnforeseeableEdit
from assent.adapters.agents.exact_patches import exactly_patched_files
from assent.core.actions import EditKind
from assent.core.canonical import digest_of
from tests.adapters.agents.conftest import MemoryFiles

FILES = MemoryFiles(
    {
        "/w/a": b"one\ntwo\nthree\n",
        "/w/twice": b"x\nsame\ny\nsame\n",
        "/w/crlf": b"one\r\n",
        "/w/open": b"one",
        "/w/bytes": b"\xff\n",
    }
)


def patch(*lines: str) -> str:
    return "\n".join(("*** Begin Patch", *lines, "*** End Patch")) + "\n"


@pytest.mark.parametrize(
    ("text", "path", "kind", "after"),
    [
        pytest.param(patch("*** Add File: b", "+x"), "/w/b", EditKind.CREATE, b"x\n", id="add"),
        pytest.param(patch("*** Delete File: a"), "/w/a", EditKind.DELETE, None, id="delete"),
        pytest.param(
            patch("*** Update File: a", "@@", " one", "-two", "+2", "+2b"),
            "/w/a",
            EditKind.UPDATE,
            b"one\n2\n2b\nthree\n",
            id="update",
        ),
        pytest.param(
            patch("*** Update File: a", "@@ one", "-two", "+2", "@@", "-three", "+3"),
            "/w/a",
            EditKind.UPDATE,
            b"one\n2\n3\n",
            id="two-chunks",
        ),
        pytest.param(
            patch("*** Update File: a", "*** Move to: m", "@@", "-one", "+1"),
            "/w/a",
            EditKind.MOVE,
            b"1\ntwo\nthree\n",
            id="move",
        ),
    ],
)
def test_a_patch_with_one_meaning(text: str, path: str, kind: EditKind, after: bytes) -> None:
    (change,) = exactly_patched_files(FILES, text, cwd="/w")
    assert (change.path, change.kind) == (path, kind)
    assert change.after == (None if after is None else digest_of(after))


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("*** Add File: a", "+x"), id="add-over-a-file"),
        pytest.param(("*** Delete File: none",), id="delete-nothing"),
        pytest.param(("*** Update File: none", "@@", "-x", "+y"), id="update-nothing"),
        pytest.param(("*** Update File: a", "@@", "-  one", "+1"), id="loose"),
        pytest.param(("*** Update File: twice", "@@", "-same", "+other"), id="two-places"),
        pytest.param(("*** Update File: a", "@@", "+new"), id="no-place"),
        pytest.param(("*** Update File: a", "@@ none", "-one", "+1"), id="header-not-there"),
        pytest.param(("*** Update File: a", "@@ three", "-one", "+1"), id="before-its-header"),
        pytest.param(("*** Update File: crlf", "@@", "-one", "+1"), id="crlf"),
        pytest.param(("*** Update File: open", "@@", "-one", "+1"), id="no-last-line-end"),
        pytest.param(("*** Update File: bytes", "@@", "-x", "+1"), id="not-utf-8"),
        pytest.param(
            ("*** Update File: a", "*** Move to: twice", "@@", "-one", "+1"), id="move-over-a-file"
        ),
        pytest.param(
            ("*** Update File: a", "@@", "-one", "+1", "*** Delete File: a"), id="file-twice"
        ),
        pytest.param(("*** Add File: a\0b", "+x"), id="nul"),
    ],
)
def test_a_patch_that_tools_read_differently_is_not_foretold(lines: tuple[str, ...]) -> None:
    with pytest.raises(UnforeseeableEdit):
        exactly_patched_files(FILES, patch(*lines), cwd="/w")
