"""The algebra of hunks: what is accepted and what is left make the proposal, in any order."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assent.core.changes.hunks import (
    Entry,
    Hunk,
    Mismatch,
    Outcome,
    hunk_id,
    outcome,
    read_patch,
    remainder,
    splice,
    split_lines,
)
from assent.core.changes.model import HunkId
from tests.core.changes.hunk_texts import diff, edits, entry, hunks, patch, texts

BLOCK = b"def f():\n    a\n    b\n    c\n    d\n    return 1\n\n\n"
EDITED = BLOCK.replace(b"    b\n", b"    changed\n")


def chosen(draw: st.DataObject, given_hunks: tuple[Hunk, ...]) -> list[Hunk]:
    return [hunk for hunk in given_hunks if draw.draw(st.booleans())]


def ids(given_hunks: tuple[Hunk, ...] | list[Hunk]) -> list[HunkId]:
    return [hunk.id for hunk in given_hunks]


# Laws


@given(edits())
@example((b"", b"a\n"))
@example((b"a", b""))
@example((b"a", b"a\n"))
@example((b"a\n", b"a"))
@example((b"a\r\nb\n", b"a\nb\r\n"))
def test_all_accepted_is_the_proposal(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    assert splice(old, hunks(old, new)) == new


@given(texts())
def test_none_accepted_is_the_base(old: bytes) -> None:
    assert splice(old, ()) == old


@given(edits(), st.data())
def test_accepted_and_remainder_are_the_proposal(
    pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    old, new = pair
    every = hunks(old, new)
    accepted = chosen(data, every)
    part = splice(old, accepted)
    assert isinstance(part, bytes)
    assert splice(part, remainder(every, ids(accepted))) == new


@given(edits(), st.data())
def test_accepted_and_what_differs_then_are_the_proposal(
    pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    old, new = pair
    part = splice(old, chosen(data, hunks(old, new)))
    assert isinstance(part, bytes)
    assert splice(part, hunks(part, new)) == new


@given(edits(), st.data(), st.randoms())
def test_order_does_not_matter(
    pair: tuple[bytes, bytes], data: st.DataObject, random: Random
) -> None:
    old, new = pair
    accepted = chosen(data, hunks(old, new))
    shuffled = random.sample(accepted, len(accepted))
    assert splice(old, shuffled) == splice(old, accepted)


@given(edits(), st.data())
def test_one_after_the_other_is_all_at_once(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    old, new = pair
    every = hunks(old, new)
    left, text = every, old
    for hunk in data.draw(st.permutations(every)):
        (now,) = [candidate for candidate in left if candidate.id == hunk.id]
        done = splice(text, [now])
        assert isinstance(done, bytes)
        text, left = done, remainder(left, [hunk.id])
    assert text == new


@given(edits(), st.data())
def test_undecided_is_not_accepted(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    old, new = pair
    every = hunks(old, new)
    accepted = chosen(data, every)
    undecided = [hunk for hunk in every if hunk not in accepted]
    part = splice(old, accepted)
    assert isinstance(part, bytes)
    shift = 0
    for hunk in every:
        was = [line[1:] for line in hunk.lines if line[:1] != b"+"]
        at = (hunk.old_start - 1 if hunk.old_count else hunk.old_start) + shift
        if hunk in undecided:
            assert split_lines(part)[at : at + len(was)] == was
        else:
            shift += hunk.new_count - hunk.old_count


@given(edits())
def test_ids_are_distinct(pair: tuple[bytes, bytes]) -> None:
    every = hunks(*pair)
    assert len(set(ids(every))) == len(every)


@given(st.sets(st.integers(5, 80)), st.integers(1, 9))
def test_ids_stay_when_lines_are_inserted_above(changed: set[int], more: int) -> None:
    lines = [b"%d\n" % number for number in range(90)]
    news = [b"new\n" if number in changed else line for number, line in enumerate(lines)]
    old, new = b"".join(lines), b"".join(news)
    above = b"above\n" * more
    moved = hunks(above + old, above + new)
    assert ids(moved) == ids(hunks(old, new))
    assert all(
        hunk.old_start - more == was.old_start
        for hunk, was in zip(moved, hunks(old, new), strict=True)
    )


@given(edits(), st.data())
def test_the_remainder_keeps_its_ids(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    every = hunks(*pair)
    accepted = ids(chosen(data, every))
    left = [name for name in ids(every) if name not in accepted]
    assert ids(remainder(every, accepted)) == left


# Identical blocks


def test_identical_blocks_are_not_confused() -> None:
    old, new = BLOCK * 3, EDITED * 3
    every = hunks(old, new)
    assert len({hunk.lines for hunk in every}) < len(every) == 3
    for accepted in (subset for n in range(4) for subset in permutations(range(3), n)):
        expected = b"".join(EDITED if at in accepted else BLOCK for at in range(3))
        assert splice(old, [every[at] for at in accepted]) == expected


def test_one_of_two_identical_hunks_is_not_taken_for_the_other_once_that_is_gone() -> None:
    first, second, third = hunks(BLOCK * 3, EDITED * 3)
    assert second.lines == third.lines
    left = hunks(BLOCK + EDITED + BLOCK, EDITED * 3)
    assert left[1].lines == third.lines
    assert not {*ids(left)} & {first.id, second.id, third.id}


@pytest.mark.parametrize("many", [4, 200], ids=["few", "many"])
def test_the_same_edit_of_another_identical_block_is_another_hunk(many: int) -> None:
    """A person said yes to the one; the maker comes back with the other."""
    edit = b" \n def f():\n     a\n-    b\n+    changed\n     c\n     d\n     return 1\n"
    found = [
        read_patch(entry(), [b"@@ -%d,7 +%d,7 @@\n%s" % (8 * at, 8 * at, edit)], BLOCK * many)
        for at in range(1, many)
    ]
    assert len({each.hunks[0].id for each in found}) == many - 1
    for at, each in enumerate(found, start=1):
        assert splice(BLOCK * many, each.hunks) == BLOCK * at + EDITED + BLOCK * (many - at - 1)


def test_a_block_of_its_own_elsewhere_changes_no_id() -> None:
    other = b"".join(b"%d\n" % number for number in range(9))
    assert ids(hunks(BLOCK + other, EDITED + other)) == ids(
        hunks(BLOCK + other * 2, EDITED + other * 2)
    )


def test_ids_of_other_hunks_stay_when_one_is_accepted() -> None:
    lines = [b"%d\n" % number for number in range(60)]
    changed = [b"new\n" if number in (5, 30, 55) else line for number, line in enumerate(lines)]
    old, new = b"".join(lines), b"".join(changed)
    first, second, third = hunks(old, new)
    part = splice(old, [second])
    assert isinstance(part, bytes)
    assert ids(hunks(part, new)) == ids([first, third])


# Where a hunk does not belong


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"0\n" + BLOCK, id="shifted"),
        pytest.param(BLOCK.replace(b"    a\n", b"    a \n"), id="context-differs"),
        pytest.param(BLOCK.replace(b"\n", b"\r\n"), id="line-ends"),
        pytest.param(BLOCK[:20], id="too-short"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_hunk_is_put_only_where_its_old_lines_stand(text: bytes) -> None:
    (hunk,) = hunks(BLOCK, EDITED)
    assert isinstance(splice(text, [hunk]), Mismatch)


def test_a_hunk_twice_is_a_mismatch() -> None:
    (hunk,) = hunks(BLOCK, EDITED)
    assert splice(BLOCK, [hunk, hunk]) == Mismatch("a.py", hunk.old_start)


# Reading


@given(edits())
def test_counts_are_those_of_the_difference(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    read = patch(old, new)
    assert read.added - read.removed == len(split_lines(new)) - len(split_lines(old))
    assert [(hunk.old_start, hunk.new_start) for hunk in read.hunks] == sorted(
        (hunk.old_start, hunk.new_start) for hunk in read.hunks
    )


def test_a_line_without_an_end_has_none() -> None:
    (hunk,) = hunks(b"a\nb", b"a\nc\n")
    assert hunk.lines == (b" a\n", b"-b", b"+c\n")


def test_the_function_a_hunk_lies_in_is_told() -> None:
    (hunk,) = hunks(BLOCK, EDITED)
    assert hunk.section == "def section():"


@pytest.mark.parametrize(
    ("given_entry", "old", "new", "lines"),
    [
        pytest.param(
            Entry("a", None, "100644", None, "2" * 40), b"", b"a\n", (b"+a\n",), id="created"
        ),
        pytest.param(
            Entry("a", "100644", None, "1" * 40, None), b"a\n", b"", (b"-a\n",), id="deleted"
        ),
        pytest.param(
            entry(old_mode="120000", new_mode="120000"), b"a", b"b", (b"-a", b"+b"), id="symlink"
        ),
    ],
)
def test_what_is_taken_as_a_whole_shows_its_lines(
    given_entry: Entry, old: bytes, new: bytes, lines: tuple[bytes, ...]
) -> None:
    read = read_patch(given_entry, [diff(old, new)], old)
    assert [(hunk.whole, hunk.lines) for hunk in read.hunks] == [(True, lines)]


def test_a_symlink_that_becomes_a_file_is_one_hunk_of_both() -> None:
    given_entry = entry(old_mode="120000")
    read = read_patch(given_entry, [diff(b"target", b""), diff(b"", b"a\nb\n")], b"target")
    (hunk,) = read.hunks
    assert hunk.whole
    assert hunk.lines == (b"-target", b"+a\n", b"+b\n")


def test_a_binary_file_is_one_hunk_without_lines() -> None:
    block = b"diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n"
    read = read_patch(entry(), [block], b"a\n")
    assert read.binary
    assert [(hunk.whole, hunk.lines) for hunk in read.hunks] == [(True, ())]


def test_text_that_says_it_is_binary_is_text() -> None:
    read = patch(b"", b"Binary files a/x and b/x differ\n")
    assert not read.binary


def test_a_new_mode_is_a_hunk_of_its_own() -> None:
    read = read_patch(entry(new_mode="100755"), [diff(BLOCK, EDITED)], BLOCK)
    mode, content = read.hunks
    assert (mode.mode, mode.whole, mode.lines) == (True, True, ())
    assert content.id == hunks(BLOCK, EDITED)[0].id


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"@@ -1,2 +1 @@\n-a\n", id="fewer-lines"),
        pytest.param(b"@@ -1 +1 @@\n-a\n+b\n+c\n", id="more-lines"),
        pytest.param(b"@@ -1 +1 @@\n-b\n+c\n", id="other-lines"),
        pytest.param(b"@@ -2 +2 @@\n-a\n+c\n", id="lines-at-another-place"),
    ],
)
def test_what_git_does_not_print_is_an_error(block: bytes) -> None:
    with pytest.raises(ValueError, match="line"):
        read_patch(entry(), [block], b"a\n")


# Ids


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("a", [b"+x\n"]), ("b", [b"+x\n"]), id="path"),
        pytest.param(("a", [b"+x\n"]), ("a", [b"-x\n"]), id="sign"),
        pytest.param(("a", [b"+x\n"]), ("a", [b"+x"]), id="end"),
        pytest.param(("a", [b"-a", b"+b\n"]), ("a", [b"-a+b\n"]), id="where-lines-end"),
        pytest.param(("a", [b"+x\r\n"]), ("a", [b"+x\n"]), id="carriage-return"),
    ],
)
def test_ids_differ_by(one: tuple[str, list[bytes]], other: tuple[str, list[bytes]]) -> None:
    assert hunk_id(*one) != hunk_id(*other)


def test_ids_are_fixed() -> None:
    """Stored decisions name them."""
    assert hunk_id("a.py", [b" a\n", b"-b", b"+c\n"]) == (
        "fbd71b33535cfdac7eeeb0849630ba11e59ec890c60d7983a7d4e96569df3a0a"
    )


def created(path: str = "a", mode: str = "100644", blob: str = "2" * 40) -> HunkId:
    return read_patch(Entry(path, None, mode, None, blob), [b""], b"").hunks[0].id


def test_ids_of_whole_files_are_those_of_path_mode_and_content() -> None:
    every = [created(), created(mode="100755"), created(blob="3" * 40), created(path="b")]
    assert len(set(every)) == 4
    assert created() == every[0]


# Outcomes

BETWEEN = b"1\n2\n3\n4\n5\n6\n7\n"
MODE_AND_LINES = read_patch(
    entry(new_mode="100755"),
    [diff(BLOCK + BETWEEN + BLOCK[:-2], EDITED + BETWEEN + EDITED[:-2])],
    BLOCK + BETWEEN + BLOCK[:-2],
)
MODE, FIRST, SECOND = MODE_AND_LINES.hunks
OLD, NEW = "1" * 40, "2" * 40


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        pytest.param((), Outcome("100644", OLD), id="nothing"),
        pytest.param((MODE,), Outcome("100755", OLD), id="mode-alone"),
        pytest.param((FIRST, SECOND), Outcome("100644", NEW), id="content-without-mode"),
        pytest.param((FIRST,), Outcome("100644", None, (FIRST,)), id="one-hunk"),
        pytest.param((SECOND, MODE), Outcome("100755", None, (SECOND,)), id="mode-and-one"),
        pytest.param((MODE, FIRST, SECOND), Outcome("100755", NEW), id="everything"),
    ],
)
def test_what_a_file_becomes(accepted: tuple[Hunk, ...], expected: Outcome) -> None:
    assert outcome(MODE_AND_LINES, {hunk.id for hunk in accepted}) == expected


@pytest.mark.parametrize(
    ("given_entry", "kept", "taken"),
    [
        pytest.param(
            Entry("a", None, "100644", None, NEW),
            Outcome(None, None),
            Outcome("100644", NEW),
            id="created",
        ),
        pytest.param(
            Entry("a", "100755", None, OLD, None),
            Outcome("100755", OLD),
            Outcome(None, None),
            id="deleted",
        ),
        pytest.param(
            Entry("a", "160000", "160000", OLD, NEW),
            Outcome("160000", OLD),
            Outcome("160000", NEW),
            id="submodule",
        ),
        pytest.param(
            Entry("a", "100644", "120000", OLD, NEW),
            Outcome("100644", OLD),
            Outcome("120000", NEW),
            id="file-to-symlink",
        ),
    ],
)
def test_what_a_whole_file_becomes(given_entry: Entry, kept: Outcome, taken: Outcome) -> None:
    read = read_patch(given_entry, [b""], b"")
    assert outcome(read, ()) == kept
    assert outcome(read, {hunk.id for hunk in read.hunks}) == taken
