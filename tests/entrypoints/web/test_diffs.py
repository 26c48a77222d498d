"""A diff's table says what the diff says."""

from hypothesis import given
from hypothesis import strategies as st

from assent.entrypoints.web.views.diffs import ROWS, compare, read_diff
from tests.entrypoints.web.desk import EDIT_DIFF

line = st.text(st.sampled_from("ab -+@\r"), max_size=6)
text = st.lists(line, max_size=30).map("\n".join)


@given(text, text)
def test_the_rows_turn_one_text_into_the_other(before: str, after: str) -> None:
    diff = compare(before, after)
    old, new = before.split("\n"), after.split("\n")
    for row in diff.lines:
        assert row.kind in ("hunk", "same", "add", "del")
        if row.old is not None:
            assert row.text == old[row.old - 1]
        if row.new is not None:
            assert row.text == new[row.new - 1]
    assert diff.added - diff.removed == len(new) - len(old)
    assert bool(diff.lines) == (before != after)


@given(st.text(st.sampled_from("ab-+ @\\\n1,0"), max_size=200))
def test_no_line_of_anything_is_dropped(anything: str) -> None:
    rows = anything.split("\n")
    if rows[-1] == "":
        rows.pop()
    kept = [row for row in rows if not row.startswith(("--- ", "+++ "))]
    assert len(read_diff(anything, whole=True).lines) >= len(kept)


def test_numbers_counts_and_what_differs() -> None:
    diff = read_diff(EDIT_DIFF)
    assert (diff.added, diff.removed) == (4, 2)
    removed = next(row for row in diff.lines if row.kind == "del")
    added = next(row for row in diff.lines if row.kind == "add")
    assert (removed.old, added.new) == (42, 42)
    assert added.changed is not None
    assert added.text[slice(*added.changed)] == " - GRACE_S"


def test_a_long_diff_says_what_is_folded() -> None:
    body = "".join(f"+line {number}\n" for number in range(1_000))
    text = f"@@ -0,0 +1,1000 @@\n{body}"
    diff = read_diff(text)
    assert len(diff.lines) == ROWS
    assert diff.folded == 1_001 - ROWS
    assert (diff.added, read_diff(text, whole=True).folded) == (1_000, 0)


def test_a_long_line_says_what_is_folded() -> None:
    [_, row] = read_diff(f"@@ -0,0 +1 @@\n+{'x' * 5_000}\n").lines
    assert len(row.text) + row.cut == 5_000
