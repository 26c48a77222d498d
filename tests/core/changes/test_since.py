"""What is new since a person last looked."""

from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.hunks import splice
from assent.core.changes.model import HunkId
from assent.core.changes.since import Since, compare
from tests.core.changes.hunk_texts import edits, hunks

LINES = [b"%d\n" % number for number in range(90)]
IDS = st.sets(st.sampled_from([HunkId(name) for name in "abcdef"]))


def text(*changed: int, first: bytes = b"") -> bytes:
    return first + b"".join(
        b"new %d\n" % number if number in changed else line for number, line in enumerate(LINES)
    )


def ids(old: bytes, new: bytes) -> list[HunkId]:
    return [hunk.id for hunk in hunks(old, new)]


@given(IDS, IDS)
def test_every_hunk_is_one_of_three(before: set[HunkId], after: set[HunkId]) -> None:
    found = compare(before, after)
    assert found.same | found.gone == before
    assert found.same | found.new == after
    assert not found.same & found.new
    assert not found.same & found.gone


def test_a_rebase_and_an_amendment() -> None:
    above = b"inserted\n" * 7
    before = ids(text(), text(10, 40, 70))
    after = ids(text(first=above), text(10, 41, 70, first=above))
    assert compare(before, after) == Since(
        same=frozenset({before[0], before[2]}),
        new=frozenset({after[1]}),
        gone=frozenset({before[1]}),
    )


@given(edits())
def test_nothing_is_the_same_once_everything_is_merged(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    merged = splice(old, hunks(old, new))
    assert isinstance(merged, bytes)
    before = ids(old, new)
    assert compare(before, ids(merged, new)) == Since(frozenset(), frozenset(), frozenset(before))
