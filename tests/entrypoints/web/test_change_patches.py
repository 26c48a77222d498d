"""Differences as HTML: every line of them, exact, escaped, at its number."""

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.changes.hunks import FilePatch
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.views.colours import coloured, colours_of, paint
from assent.entrypoints.web.views.patches import (
    LINE,
    TABLE,
    FileShown,
    HunkShown,
    Look,
    body_html,
    file_html,
    lines_html,
    more_rows,
    only_space,
    size_classes,
)
from assent.entrypoints.web.views.said import first_place, shown_lines
from tests.entrypoints.web.change_desk import patches_between

UNIFIED = Look("/changes/CH-1", 1, can_mark=True, can_comment=True)
SPLIT = replace(UNIFIED, is_split=True)


def patch_of(before: bytes | None, after: bytes | None, path: str = "a.py") -> FilePatch:
    trees = [{} if text is None else {path: text} for text in (before, after)]
    [found] = patches_between(*trees)
    return found


def shown(patch: FilePatch, **more: object) -> FileShown:
    hunks = tuple(HunkShown(hunk, place) for place, hunk in enumerate(patch.hunks))
    return replace(FileShown(0, patch, hunks), **more)  # type: ignore[arg-type]


def rows(file: FileShown, look: Look = UNIFIED) -> list[tuple[str, str, str, str]]:
    """Id, old number, new number and plain text of each line in a unified view."""
    found = re.findall(
        r"<tr id=(\w+)[^>]*><td(?: data-n=(\d+))?><td(?: data-n=(\d+))?><td>(.*?)(?=<t[rb]|</t)",
        "".join(body_html(file, look)),
        re.DOTALL,
    )
    return [(name, old, new, plain(text)) for name, old, new, text in found]


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def test_each_line_has_its_numbers_and_its_address() -> None:
    patch = patch_of(b"one\ntwo\nthree\n", b"one\n2\nthree\nfour\n")
    assert rows(shown(patch)) == [
        ("F0L1", "1", "1", "one"),
        ("F0O2", "2", "", "two"),
        ("F0L2", "", "2", "2"),
        ("F0L3", "3", "3", "three"),
        ("F0L4", "", "4", "four"),
    ]


lines = st.lists(
    st.text(alphabet="ab <>&\"'\t\x1b\u202e\u00e9", max_size=8).map(str.strip), max_size=14
)


@settings(max_examples=60)
@given(before=lines, after=lines)
def test_no_line_is_lost_or_said_twice(before: list[str], after: list[str]) -> None:
    old, new = (b"".join(f"{line}\n".encode() for line in part) for part in (before, after))
    if old == new:
        return
    patch = patch_of(old, new)
    for look in (UNIFIED, SPLIT):
        page = "".join(body_html(shown(patch), look))
        assert page.count("<tr id=") <= sum(len(hunk.lines) for hunk in patch.hunks)
        assert "\x1b" not in page
        assert "\u202e" not in page
    kept = [row for row in rows(shown(patch)) if row[0].startswith("F0L")]
    for _, _, number, text in kept:
        assert text == _seen(after[int(number) - 1])
    for _, number, _, text in rows(shown(patch)):
        if number:
            assert text in (_seen(before[int(number) - 1]),)


def _seen(text: str) -> str:
    return text.replace("\x1b", "ESC").replace("\u202e", "U+202E")


def test_agents_text_is_never_markup() -> None:
    hostile = b'<script>alert(1)</script> & "x"\n'
    page = "".join(file_html(shown(patch_of(b"x\n", hostile, "<img src=x>.py")), UNIFIED))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; " in page


def test_what_differs_in_a_line_is_marked_on_both_sides() -> None:
    page = "".join(body_html(shown(patch_of(b"limit = 10\n", b"limit = 20\n")), UNIFIED))
    assert "limit = <b>1</b>0" in page
    assert "limit = <b>2</b>0" in page


def test_side_by_side_replaced_lines_stand_beside_each_other() -> None:
    patch = patch_of(b"a\nb\nc\n", b"a\nB\nC\nD\n")
    page = "".join(body_html(shown(patch), SPLIT))
    pairs = re.findall(
        r"<tr id=\w+><td(?: data-n=(\d+))?><td[^>]*>[^<]*<td(?: data-n=(\d+))?>", page
    )
    assert pairs == [("1", "1"), ("2", "2"), ("3", "3"), ("", "4")]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        pytest.param(b"if x:\n  y\n", b"if x:\n    y\n", True, id="indentation"),
        pytest.param(b"a = 1\n", b"a=1\n", True, id="inside-of-a-line"),
        pytest.param(b"a b\n", b"a\nb\n", True, id="a-line-is-broken"),
        pytest.param(b"a = 1\n", b"a = 2\n", False, id="more-than-space"),
        pytest.param(None, b"  \n", False, id="a-new-file"),
    ],
)
def test_hunks_of_white_space_alone_are_known(
    before: bytes | None, after: bytes, *, same: bool
) -> None:
    [hunk] = patch_of(before, after).hunks
    assert only_space(hunk) is same


def test_hunks_of_white_space_alone_are_folded_where_that_is_asked_for() -> None:
    file = shown(patch_of(b"if x:\n  y\n", b"if x:\n    y\n"))
    file = replace(file, hunks=tuple(replace(hunk, is_space=True) for hunk in file.hunks))
    assert rows(file)
    assert rows(file, replace(UNIFIED, hides_space=True)) == []
    assert "Only white space differs in 2 lines." in "".join(
        body_html(file, replace(UNIFIED, hides_space=True))
    )


def test_long_files_go_on_in_another_table() -> None:
    size = 3 * TABLE
    page = "".join(body_html(shown(patch_of(None, b"x\n" * size)), UNIFIED))
    assert page.count("<table") == 4
    assert page.count("<tr id=") == size
    assert "a.py, continued" in page
    assert page.count('class="patch r3-4"') >= 2


@pytest.mark.parametrize(
    ("height", "classes"),
    [(7, "r1-7"), (40, "r2-4"), (402, "r3-4 r1-2"), (123_456, "r3-9 r2-9 r1-9")],
)
def test_the_style_sheet_is_told_how_high_a_table_is(height: int, classes: str) -> None:
    assert size_classes(height) == classes


def test_very_long_lines_are_cut_and_that_is_said() -> None:
    page = "".join(body_html(shown(patch_of(None, b"x" * (LINE + 5) + b"\n")), UNIFIED))
    assert "5 more characters folded" in page


def test_a_missing_line_end_and_cr_lf_are_told() -> None:
    assert "no line end" in "".join(body_html(shown(patch_of(b"a\n", b"b")), UNIFIED))
    page = "".join(file_html(shown(patch_of(b"a\r\n", b"b\r\n")), UNIFIED))
    assert "lines end in CR LF" in page
    assert '<span class="esc"' not in page
    mixed = "".join(file_html(shown(patch_of(b"a\r\nb\n", b"a\r\nc\n")), UNIFIED))
    assert ">CR</span>" in mixed


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(None, b"", "The file is empty.", id="empty"),
        pytest.param(b"\0a", b"\0b", "Binary file", id="binary"),
        pytest.param(None, b"x\n", ">new<", id="new"),
        pytest.param(b"x\n", None, ">deleted<", id="deleted"),
    ],
)
def test_what_has_no_lines_is_told_in_words(
    before: bytes | None, after: bytes | None, told: str
) -> None:
    assert told in "".join(file_html(shown(patch_of(before, after)), UNIFIED))


def test_a_folded_file_says_why_and_how_to_see_it() -> None:
    page = "".join(file_html(shown(patch_of(b"a\n", b"b\n"), fold="a lock file"), UNIFIED))
    assert "Folded: a lock file." in page
    assert "/changes/CH-1?open=0&amp;revision=1#F0" in page
    assert "<table" not in page


def test_what_was_said_stands_under_its_line() -> None:
    file = shown(patch_of(b"a\nb\n", b"a\nB\n"), notes={("new", 2): ["<p>said</p>"]})
    for look in (UNIFIED, SPLIT):
        page = "".join(body_html(file, look))
        assert re.search(r"<tr id=F0L2.*?<tr class=between><td colspan=\d><p>said</p>", page)


def test_marks_and_classes_of_a_hunk_are_told() -> None:
    file = shown(patch_of(b"a\n", b"b\n"))
    [hunk] = file.hunks
    told = replace(
        hunk,
        risk=RiskClass.HIGH,
        what="starts a <process>",
        stance="reject",
        reason="no",
        by="ben",
        is_new=True,
    )
    page = "".join(body_html(replace(file, hunks=(told,)), UNIFIED))
    for part in (
        'data-stance="reject"',
        "starts a &lt;process&gt;",
        "new since you looked",
        "ben: no",
    ):
        assert part in page
    assert re.search(r'value="reject-H0" aria-pressed=true', page)
    assert "<button" not in "".join(
        body_html(replace(file, hunks=(told,)), replace(UNIFIED, can_mark=False))
    )


# Whole files, more lines, colours


def test_more_lines_have_both_numbers() -> None:
    text = "".join(f"line {n}\n" for n in range(1, 30))
    html_rows = more_rows(text, index=3, start=27, end=40, back=2, look=UNIFIED)
    assert re.findall(r"id=(F3L\d+) class=more><td data-n=(\d+)><td data-n=(\d+)>", html_rows) == [
        ("F3L27", "25", "27"),
        ("F3L28", "26", "28"),
        ("F3L29", "27", "29"),
    ]


def test_a_whole_file_is_numbered_and_escaped() -> None:
    assert lines_html("a\n<b>\n") == (
        "<tr id=L1><td data-n=1><td>a<tr id=L2><td data-n=2><td>&lt;b&gt;"
    )


def test_colours_keep_every_character() -> None:
    text = 'def f(x):\n    """Doc <b>.\n    more"""\n    return x + 1  # note\n'
    painted = paint("a.py", text)
    assert painted is not None
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        assert plain(coloured(line, painted.at(number), None)) == line
    assert coloured("def f(x):", painted.at(1), None).startswith("<i class=k>def</i>")
    assert "<i class=s>    more" in coloured('    more"""', painted.at(3), None)


def test_colours_and_marks_go_together() -> None:
    spans = ((0, 6, "s"),)
    assert coloured("abcdef", spans, (2, 4)) == (
        "<i class=s>ab</i><b><i class=s>cd</i></b><i class=s>ef</i>"
    )


def test_what_is_not_known_or_too_long_has_no_colours() -> None:
    assert paint("a.nothing-known", "x") is None
    assert paint("a.py", "x" * 300_000) is None


def test_colours_are_given_by_side_and_line() -> None:
    before, after = "a = 1\nb = 2\n", "a = 1\nb = 'two'\n"
    file = shown(patch_of(before.encode(), after.encode()))
    found = colours_of(file, paint("a.py", before), paint("a.py", after))
    assert set(found["old"]) == {"2"}
    assert set(found["new"]) == {"1", "2"}
    assert "<i class=s>" in found["new"]["2"]


# Places of lines


def test_every_line_can_be_pointed_at_once() -> None:
    patch = patch_of(b"a\nb\nc\n", b"a\nB\nc\nd\n")
    places = [place for hunk in patch.hunks for place, _ in shown_lines(hunk)]
    assert places == [("new", 1), ("old", 2), ("new", 2), ("new", 3), ("new", 4)]
    first = first_place(patch, patch.hunks[0])
    assert first is not None
    assert (first.side, first.line, first.words) == ("old", 2, "a.py:2, as it was")
