"""What Write, Edit and NotebookEdit leave behind: the rows are what Claude Code 2.1.329 wrote."""

import json

import pytest

from assent.adapters.agents.claude_code.notebooks import cell_deleted, source_replaced
from assent.adapters.agents.claude_code.skills import is_only_text
from assent.adapters.agents.claude_code.text_files import Replacement, edited, written
from assent.adapters.agents.edits import UnforeseeableEdit
from assent.core.canonical import Json
from tests.adapters.agents.conftest import REPO, MemoryFiles

BOM8, BOM16 = b"\xef\xbb\xbf", b"\xff\xfe"
LONG = b"lf line\n" * 600 + b"crlf\r\n" * 1000
LONG_AFTER = LONG.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        pytest.param(None, "caf\xe9 \U0001f600\r\n", "caf\xe9 \U0001f600\r\n".encode(), id="new"),
        pytest.param(b"a\r\nb\r\n", "x\ny\n", b"x\ny\n", id="over-windows-line-ends"),
        pytest.param(b"caf\xe9", "x", b"x", id="over-another-encoding"),
        pytest.param(BOM8 + b"abc\n", "xyz\n", BOM8 + b"xyz\n", id="byte-order-mark-stays"),
        pytest.param(
            BOM16 + "abc\n".encode("utf-16-le"),
            "x\r\ny\n",
            BOM16 + "x\r\ny\n".encode("utf-16-le"),
            id="utf-16-stays",
        ),
    ],
)
def test_write(before: bytes | None, content: str, after: bytes) -> None:
    assert written(before, content) == after


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        pytest.param(b"artefact\n", "artefact", "x", b"x\n", id="plain"),
        pytest.param(
            b"one\r\ntwo\r\n", "one\ntwo", "1\n1.5\n2", b"1\r\n1.5\r\n2\r\n", id="windows-line-ends"
        ),
        pytest.param(b"one\r\n", "one", "ein\r\ns", b"ein\r\ns\r\n", id="no-doubled-returns"),
        pytest.param(b"a\r\nb\nc\n", "c", "C", b"a\nb\nC\n", id="mixed-most-LF"),
        pytest.param(b"a\r\nb\r\nc\n", "c", "C", b"a\r\nb\r\nC\r\n", id="mixed-most-CRLF"),
        pytest.param(b"a\r\nb\n", "a", "A", b"A\nb\n", id="mixed-even"),
        pytest.param(b"a\rb\r", "b", "B", b"a\rB\r", id="old-mac"),
        pytest.param(
            LONG + b"END\n", "END", "last\nmore", LONG_AFTER + b"last\nmore\n", id="head-decides"
        ),
        pytest.param(b"a\nb\nc\n", "b", "", b"a\nc\n", id="removing-a-line-takes-its-end"),
        pytest.param(b"a\nb, c\n", "b", "", b"a\n, c\n", id="removing-part-of-a-line"),
        pytest.param(b"x\n", "x\n", "", b"", id="removing-all"),
        pytest.param(b"", "", "new\n", b"new\n", id="into-an-empty-file"),
        pytest.param(None, "", "fresh", b"fresh", id="into-a-new-file"),
        pytest.param(BOM8 + b"a\r\nb\r\n", "a", "b", BOM8 + b"b\r\nb\r\n", id="byte-order-mark"),
        pytest.param(
            BOM16 + "abc\n".encode("utf-16-le"),
            "abc",
            "ABC",
            BOM16 + "ABC\n".encode("utf-16-le"),
            id="utf-16",
        ),
        pytest.param(b"x\n", "x", "y  \nz  ", b"y  \nz  \n", id="white-space-at-line-ends"),
    ],
)
def test_edit(before: bytes | None, old: str, new: str, after: bytes) -> None:
    assert edited(before, (Replacement(old, new, every=False),), path="f") == after


def test_edit_every_occurrence() -> None:
    every = (Replacement("b", "", every=True),)
    assert edited(b"a\nb\nb, c\nb", every, path="f") == b"a\nb, c\nb"
    assert edited(b"x\nx\n", (Replacement("x", "y", every=True),), path="f") == b"y\ny\n"


def test_edits_one_after_the_other() -> None:
    steps = (Replacement("", "a b\n", every=False), Replacement("b", "c", every=False))
    assert edited(None, steps, path="f") == b"a c\n"
    assert edited(b"x\n", (), path="f") == b"x\n"


@pytest.mark.parametrize(
    ("before", "old", "reason"),
    [
        pytest.param(None, "x", "does not exist", id="missing-file"),
        pytest.param(b"x x\n", "x", "2 times", id="ambiguous"),
        pytest.param(b"x\n", "y", "not in", id="not-there"),
        pytest.param(b"x\n", "", "empty", id="nothing-to-replace"),
        pytest.param(b"caf\xe9 x\n", "x", "not text", id="not-utf-8"),
        pytest.param("say \u201cx\u201d\n".encode(), 'say "x"', "not in", id="typographic-quotes"),
        pytest.param(
            "\xe9".encode() * 3000 + b"\n" + b"a\r\n" * 2 + b"x" * 3000 + b"\nz",
            "z",
            "mixes line ends",
            id="line-end-in-doubt",
        ),
    ],
)
def test_an_edit_in_doubt_is_unforeseeable(before: bytes | None, old: str, reason: str) -> None:
    with pytest.raises(UnforeseeableEdit, match=reason):
        edited(before, (Replacement(old, "new", every=False),), path="f")


def test_a_write_in_doubt_is_unforeseeable() -> None:
    with pytest.raises(UnforeseeableEdit, match="byte order mark"):
        written(BOM8, "\ufeffx")


# --- notebooks ----------------------------------------------------------------------------------

CODE: dict[str, Json] = {
    "cell_type": "code",
    "id": "c1",
    "metadata": {"scrolled": True, "x": 0.5},
    "execution_count": 3,
    "outputs": [{"text": ["1\n"]}],
    "source": ["print(1)"],
}
TEXT: dict[str, Json] = {"cell_type": "markdown", "metadata": {}, "source": []}


def notebook(*cells: Json, end: str = "", **more: Json) -> bytes:
    return (json.dumps({"cells": list(cells), **more}) + end).encode()


def shown(*cells: Json, end: str = "") -> bytes:
    return (json.dumps({"cells": list(cells)}, indent=1, ensure_ascii=False) + end).encode()


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_code_cell_loses_its_outputs(end: str) -> None:
    after = source_replaced(notebook(CODE, TEXT, end=end), cell="c1", source="\xe9\u2028", path="n")
    new = {**CODE, "execution_count": None, "outputs": [], "source": "\xe9\u2028"}
    assert after == shown(new, TEXT, end=end)


def test_a_cell_may_be_named_by_its_place() -> None:
    after = source_replaced(notebook(CODE, TEXT), cell="cell-1", source="# t", path="n")
    assert after == shown(CODE, {**TEXT, "source": "# t"})


def test_a_deleted_cell() -> None:
    assert cell_deleted(notebook(CODE, TEXT), cell="c1", path="n") == shown(TEXT)


@pytest.mark.parametrize(
    ("before", "cell", "reason"),
    [
        pytest.param(None, "c1", "does not exist", id="missing"),
        pytest.param(b"nonsense", "c1", "not a notebook", id="not-json"),
        pytest.param(b"[]", "c1", "not a notebook", id="not-an-object"),
        pytest.param(b'{"cells": {}}', "c1", "not a notebook", id="cells-of-another-form"),
        pytest.param(notebook(1), "cell-0", "not a notebook", id="cell-of-another-form"),
        pytest.param(notebook(CODE), "c2", "no cell", id="no-such-cell"),
        pytest.param(notebook(CODE), "cell-1", "no cell", id="no-such-place"),
        pytest.param(notebook(CODE) + b"\r\n", "c1", "not a notebook", id="windows-line-ends"),
        pytest.param(notebook(CODE, n=1.0), "c1", "differently", id="number-written-otherwise"),
        pytest.param(notebook(CODE, n=2**60), "c1", "differently", id="number-too-large"),
        pytest.param(notebook(CODE, m={"1": 0}), "c1", "differently", id="name-moved-to-front"),
        pytest.param(
            b'{"cells": [{"id": "c1", "x": "\\ud800"}]}', "c1", "Unicode", id="lone-surrogate"
        ),
    ],
)
def test_a_notebook_in_doubt_is_unforeseeable(before: bytes | None, cell: str, reason: str) -> None:
    with pytest.raises(UnforeseeableEdit, match=reason):
        source_replaced(before, cell=cell, source="x", path="n")


# --- skills -------------------------------------------------------------------------------------

CONFIG = "/home/dev/.claude"


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        pytest.param(b"---\nname: tidy\n---\nTidy up. Wow!\n", True, id="text"),
        pytest.param(b"Context: !`git status`\n", False, id="runs-a-command"),
        pytest.param(b"! `git status`\n", False, id="runs-a-command-after-a-space"),
        pytest.param(b"```!\ngit status\n```\n", False, id="runs-a-block"),
        pytest.param(b"---\nhooks:\n  Stop: []\n---\n", False, id="sets-hooks"),
        pytest.param(b'---\n"hooks": {}\n---\n', False, id="sets-hooks-quoted"),
    ],
)
def test_a_skill_that_runs_something_is_not_only_text(content: bytes, plain: bool) -> None:
    for path in (
        f"{CONFIG}/skills/tidy/SKILL.md",
        f"{CONFIG}/commands/tidy.md",
        f"{REPO}/.claude/skills/tidy/SKILL.md",
        "/home/.claude/commands/tidy.md",
    ):
        files = MemoryFiles({path: content})
        assert is_only_text("tidy", cwd=REPO, config=CONFIG, files=files) is plain


def test_every_skill_of_the_name_counts() -> None:
    files = MemoryFiles(
        {
            f"{CONFIG}/skills/tidy/SKILL.md": b"text",
            f"{REPO}/.claude/skills/tidy/SKILL.md": b"!`x`",
        }
    )
    assert not is_only_text("tidy", cwd=f"{REPO}/src", config=CONFIG, files=files)


@pytest.mark.parametrize("name", ["missing", "plugin:tidy", "../tidy", "", "a/b"])
def test_a_skill_that_is_not_found_is_not_only_text(name: str) -> None:
    files = MemoryFiles(
        {f"{CONFIG}/skills/tidy/SKILL.md": b"text", f"{CONFIG}/tidy/SKILL.md": b"x"}
    )
    assert not is_only_text(name, cwd=REPO, config=CONFIG, files=files)


def test_a_skill_that_cannot_be_read_is_not_only_text() -> None:
    files = MemoryFiles(unreadable=frozenset({f"{CONFIG}/skills/tidy/SKILL.md"}))
    assert not is_only_text("tidy", cwd=REPO, config=CONFIG, files=files)
