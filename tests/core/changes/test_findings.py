"""Findings: which place they have, and that the same one is known again in another revision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.findings import (
    MOST,
    Reported,
    Standing,
    added_lines,
    by_hunk,
    fingerprint,
    opinion_of,
    settle,
    tracked,
)
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import (
    Finding,
    HunkId,
    Opinion,
    ReviewerKind,
    Severity,
    Verdict,
)

W = Severity.WARNING


def hunk(start: int, *lines: bytes, path: str = "a.py", whole: bool = False) -> Hunk:
    new = sum(line[:1] in (b"+", b" ") for line in lines)
    old = sum(line[:1] in (b"-", b" ") for line in lines)
    return Hunk(
        id=HunkId(f"{path}:{start}"),
        path=path,
        old_start=start,
        old_count=old,
        new_start=start,
        new_count=new,
        lines=lines,
        whole=whole,
    )


def patch(*hunks: Hunk, path: str = "a.py", new: bool = False) -> FilePatch:
    return FilePatch(
        path=path,
        old_mode=None if new else "100644",
        new_mode="100644",
        old_blob=None if new else "1" * 40,
        new_blob="2" * 40,
        hunks=hunks,
    )


CHANGED = patch(
    hunk(10, b" ten\n", b"-old\n", b"+eleven\n", b" twelve\n", b"+thirteen\n", b" fourteen\n"),
    hunk(30, b" thirty\n", b"-gone\n", b" thirty-one\n"),
)


@pytest.mark.parametrize(
    ("line", "end", "inside"),
    [
        pytest.param(11, 0, True, id="added"),
        pytest.param(12, 0, True, id="between-changes-of-a-hunk"),
        pytest.param(10, 0, False, id="context-before"),
        pytest.param(14, 0, False, id="context-behind"),
        pytest.param(8, 11, True, id="reaches-in"),
        pytest.param(1, 9, False, id="ends-before"),
        pytest.param(30, 0, True, id="before-a-line-that-went"),
        pytest.param(31, 0, True, id="behind-a-line-that-went"),
        pytest.param(33, 0, False, id="elsewhere"),
        pytest.param(0, 0, True, id="the-file-as-a-whole"),
    ],
)
def test_only_changed_places_weigh(line: int, end: int, inside: bool) -> None:
    said = Reported("E1", Severity.ERROR, "wrong", "a.py", line=line, end_line=end)
    [found] = settle("lint", [said], [CHANGED]).findings
    assert found.in_diff is inside
    assert found.severity is (Severity.ERROR if inside else Severity.INFO)
    assert opinion_of([found]) is (Opinion.CHANGES if inside else Opinion.APPROVE)


def test_all_of_a_new_file_is_changed() -> None:
    made = patch(hunk(1, b"+one\n"), path="new.py", new=True)
    [found] = settle("lint", [Reported("E1", W, "wrong", "new.py", line=99)], [made]).findings
    assert found.in_diff


def test_files_outside_of_the_difference_are_left_out_and_the_whole_change_is_not() -> None:
    said = [Reported("E1", W, "wrong", "other.py", line=1), Reported("size", W, "large")]
    assert [item.rule for item in settle("lint", said, [CHANGED]).findings] == ["size"]


def test_the_quote_is_the_line_as_the_difference_shows_it() -> None:
    [found] = settle("lint", [Reported("E1", W, "wrong", "a.py", line=13)], [CHANGED]).findings
    assert found.quote == "thirteen"


def test_a_secret_is_neither_quoted_nor_told() -> None:
    secret = "correct-horse-7-battery"
    told = patch(hunk(1, b'+password = "' + secret.encode() + b'"\n'))
    said = Reported("E1", W, f"password={secret} is wrong", "a.py", line=1)
    [found] = settle("lint", [said], [told]).findings
    assert secret not in found.quote + found.message
    assert "[hidden]" in found.quote


def test_a_moved_line_is_the_same_finding_and_another_text_is_not() -> None:
    def mark(start: int, text: bytes) -> str:
        moved = patch(hunk(start, b"+" + text))
        said = Reported("E1", W, f"wrong on line {start}", "a.py", line=start)
        [found] = settle("lint", [said], [moved]).findings
        return found.fingerprint

    assert mark(4, b"x = 1\n") == mark(90, b"  x  =  1\r\n".replace(b"  =  ", b" = "))
    assert mark(4, b"x = 1\n") != mark(4, b"x = 2\n")


def test_equal_lines_are_told_apart_by_their_order() -> None:
    def marks(start: int) -> list[str]:
        twice = patch(hunk(start, b"+x = 1\n", b"+y\n", b"+x = 1\n"))
        said = [Reported("E1", W, "wrong", "a.py", line=start + n) for n in (2, 0)]
        return [item.fingerprint for item in settle("lint", said, [twice]).findings]

    assert len(set(marks(1))) == 2
    assert marks(1) == marks(50)


def test_said_twice_is_one_finding_and_the_worst_comes_first() -> None:
    said = [
        Reported("B", W, "second", "a.py", line=13),
        Reported("C", Severity.ERROR, "third", "a.py", line=13),
        Reported("A", W, "first", "a.py", line=11),
        Reported("B", W, "second", "a.py", line=13),
    ]
    found = settle("lint", said, [CHANGED]).findings
    assert [item.rule for item in found] == ["C", "A", "B"]


def test_what_is_too_much_is_counted() -> None:
    said = [Reported("E1", W, f"wrong {n}", "a.py", line=11) for n in range(MOST + 7)]
    settled = settle("lint", said, [CHANGED])
    assert (len(settled.findings), settled.left_out) == (MOST, 7)


def test_findings_go_with_the_hunk_that_shows_their_line() -> None:
    said = [Reported("E1", W, "wrong", "a.py", line=n) for n in (10, 13, 31, 200, 0)]
    grouped = by_hunk(settle("lint", said, [CHANGED]).findings, [CHANGED])
    assert {key: [item.line for item in items] for key, items in grouped.items()} == {
        "a.py:10": [13, 10],
        "a.py:30": [31],
        None: [0, 200],
    }


TEXTS = st.text(alphabet=st.characters(), max_size=30)
SIGNED = st.builds(
    lambda sign, text: sign + text, st.sampled_from([b" ", b"+", b"-", b"\\", b""]), st.binary()
)


@given(
    st.lists(st.lists(SIGNED, max_size=8), max_size=4),
    st.lists(
        st.builds(
            Reported,
            rule=TEXTS,
            severity=st.sampled_from(Severity),
            message=TEXTS,
            path=st.sampled_from(["a.py", "b\udcff.py", "", "none"]),
            line=st.integers(-3, 40),
            end_line=st.integers(-3, 40),
        ),
        max_size=12,
    ),
)
def test_settling_is_total_and_each_finding_is_one_of_its_own(
    places: list[list[bytes]], said: list[Reported]
) -> None:
    patches = [
        patch(*(hunk(n * 10, *lines) for n, lines in enumerate(places))),
        patch(path="b\udcff.py"),
    ]
    found = settle("lint", said, patches).findings
    marks = [item.fingerprint for item in found]
    assert len(set(marks)) == len(marks)
    assert {item.path for item in found} <= {"", "a.py", "b\udcff.py"}
    assert sum(len(items) for items in by_hunk(found, patches).values()) == len(found)
    assert list(added_lines(patches[1])) == []


# Across revisions


def finding(rule: str, line: int = 1) -> Finding:
    return Finding(
        fingerprint=fingerprint("lint", rule, "a.py", "x"),
        reviewer="lint",
        rule=rule,
        severity=W,
        message="wrong",
        path="a.py",
        line=line,
    )


def verdict(revision: int, *rules: str, opinion: Opinion = Opinion.APPROVE) -> Verdict:
    return Verdict(
        reviewer="lint",
        kind=ReviewerKind.STATIC,
        revision=revision,
        opinion=opinion,
        at=0,
        findings=tuple(finding(rule, line=revision) for rule in rules),
    )


LATE = Opinion.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "revision", "expected"),
    [
        pytest.param([verdict(1, "A")], 1, [("A", "new", 1)], id="first"),
        pytest.param([verdict(1, "A"), verdict(2, "A")], 2, [("A", "open", 1)], id="still-there"),
        pytest.param([verdict(1, "A"), verdict(2)], 2, [("A", "gone", 1)], id="gone"),
        pytest.param(
            [verdict(1, "A"), verdict(2, "B")],
            2,
            [("B", "new", 2), ("A", "gone", 1)],
            id="one-for-another",
        ),
        pytest.param(
            [verdict(1, "A"), verdict(2), verdict(3, "A")], 3, [("A", "again", 1)], id="back"
        ),
        pytest.param(
            [verdict(1, "A"), verdict(2), verdict(3, "A"), verdict(4, "A")],
            4,
            [("A", "open", 1)],
            id="back-and-still-there",
        ),
        pytest.param([verdict(1, "A")], 2, [("A", "unchecked", 1)], id="not-looked-at-yet"),
        pytest.param(
            [verdict(1, "A"), verdict(2, opinion=LATE)],
            2,
            [("A", "unchecked", 1)],
            id="could-not-look",
        ),
        pytest.param(
            [verdict(1, "A"), verdict(2)], 1, [("A", "new", 1)], id="an-older-revision-as-it-was"
        ),
        pytest.param([verdict(1, "A"), verdict(1)], 1, [], id="the-last-word-counts"),
    ],
)
def test_what_became_of_findings(
    verdicts: list[Verdict], revision: int, expected: list[tuple[str, str, int]]
) -> None:
    found = tracked(verdicts, revision)
    assert [(item.finding.rule, item.standing.value, item.since) for item in found] == expected


def test_a_finding_that_stays_is_told_where_it_is_now() -> None:
    [found] = tracked([verdict(1, "A"), verdict(2, "A")], 2)
    assert (found.finding.line, found.standing) == (2, Standing.OPEN)
