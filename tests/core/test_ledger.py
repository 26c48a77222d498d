"""The chains show where they were touched, whatever was done to them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assent.core.canonical import Digest, canonical, digest_of
from assent.core.ledger import (
    GENESIS,
    Break,
    Checkpoint,
    Entry,
    Head,
    check_chain,
    check_checkpoints,
    check_head,
    entry_body,
    head_of,
    heads_in,
    link,
    seal,
    stream_name,
)
from tests.core.strategies import texts

bodies = st.lists(st.binary(max_size=4), min_size=1, max_size=6)


def chain(contents: Sequence[bytes], stream: str = "s") -> list[Entry]:
    entries: list[Entry] = []
    for content in contents:
        head = head_of(entries[-1]) if entries else None
        entries.append(link(stream, head, entry_body("noted", 1, {"x": content.hex()})))
    return entries


def breaks(entries: Sequence[Entry]) -> list[str]:
    return [found.where for found in check_chain(entries)]


@given(texts, bodies)
def test_an_untouched_chain_holds(stream: str, contents: list[bytes]) -> None:
    entries = chain(contents, stream)
    assert breaks(entries) == []
    assert list(check_head(head_of(entries[-1]), entries[-1])) == []
    assert [entry.seq for entry in entries] == list(range(1, len(contents) + 1))
    assert entries[0].prev == GENESIS


@given(bodies, st.data())
def test_an_edited_entry_is_named(contents: list[bytes], data: st.DataObject) -> None:
    entries = chain(contents)
    place = data.draw(st.integers(0, len(entries) - 1))
    entry = entries[place]
    edited = data.draw(
        st.one_of(
            st.binary(max_size=9).map(lambda body: replace(entry, body=body)),
            st.integers(-1, 9).map(lambda seq: replace(entry, seq=seq)),
            texts.map(lambda prev: replace(entry, prev=Digest(prev))),
            texts.map(lambda hash_: replace(entry, hash=Digest(hash_))),
            texts.map(lambda stream: replace(entry, stream=stream)),
        )
    )
    assume(edited != entry)
    entries[place] = edited
    assert f"{edited.stream}#{edited.seq}" in breaks(entries)


@given(bodies, st.data())
def test_an_edited_entry_with_a_new_hash_breaks_what_follows(
    contents: list[bytes], data: st.DataObject
) -> None:
    entries = chain([*contents, b"last"])
    place = data.draw(st.integers(0, len(entries) - 2))
    before = head_of(entries[place - 1]) if place else None
    forged = link("s", before, b"forged")
    assume(forged != entries[place])
    entries[place] = forged
    assert breaks(entries) == [f"s#{place + 2}"]


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=2, max_size=6), st.data())
def test_a_gap_a_swap_and_a_repetition_are_named(
    contents: list[bytes], data: st.DataObject
) -> None:
    entries = chain(contents)
    place = data.draw(st.integers(0, len(entries) - 2))
    one, other = entries[place : place + 2]
    without = entries[:place] + entries[place + 1 :]
    swapped = [*entries[:place], other, one, *entries[place + 2 :]]
    repeated = [*entries[: place + 1], one, *entries[place + 1 :]]
    assert breaks(without)[0] == f"s#{other.seq}"
    assert breaks(swapped)[0] == f"s#{other.seq}"
    assert breaks(repeated)[0] == f"s#{one.seq}"


@given(bodies, st.data())
def test_a_dropped_tail_is_named_by_the_head(contents: list[bytes], data: st.DataObject) -> None:
    entries = chain(contents)
    head = head_of(entries[-1])
    kept = entries[: data.draw(st.integers(0, len(entries) - 1))]
    (found,) = check_head(head, kept[-1] if kept else None)
    assert found.where == f"s#{head.seq}"
    assert f"ends at entry {len(kept)}" in found.what


def test_a_head_of_another_entry_is_named() -> None:
    entry = chain([b"a"])[0]
    (found,) = check_head(Head("s", 1, GENESIS), entry)
    assert found == Break("s#1", "is not the recorded head of its stream")
    (longer,) = check_head(Head("s", 0, GENESIS), entry)
    assert longer.where == "s#1"


@given(texts, texts, st.integers(1, 99), st.integers(1, 99), st.binary(max_size=9))
def test_no_two_places_have_the_same_hash(
    one: str, other: str, seq: int, other_seq: int, body: bytes
) -> None:
    assume((one, seq) != (other, other_seq))
    first = link(one, Head(one, seq - 1, GENESIS) if seq > 1 else None, body)
    second = link(other, Head(other, other_seq - 1, GENESIS) if other_seq > 1 else None, body)
    assert first.hash != second.hash


def test_a_stream_cannot_borrow_another_ones_hash() -> None:
    longer = f"a\x001\x00{GENESIS}"
    assert link("a", None, f"1\0{GENESIS}\0body".encode()).hash != link(longer, None, b"body").hash


@given(texts | st.text(min_size=150, max_size=300))
def test_a_stream_name_is_short_and_settles(name: str) -> None:
    settled = stream_name(name)
    assert len(settled) <= 200
    assert stream_name(settled) == settled


@given(st.text(min_size=201, max_size=210), st.text(min_size=201, max_size=210))
def test_long_names_stay_apart(one: str, other: str) -> None:
    assume(canonical(one) != canonical(other))
    assert stream_name(one) != stream_name(other)


# --- checkpoints --------------------------------------------------------------------------------


def sealed(count: int) -> tuple[list[Checkpoint], dict[tuple[str, int], Digest]]:
    """Checkpoints of two growing streams, and the hash of each entry."""
    checkpoints: list[Checkpoint] = []
    hashes: dict[tuple[str, int], Digest] = {}
    heads: dict[str, Head] = {}
    for number in range(count):
        for stream in ("a", "b"):
            entry = link(stream, heads.get(stream), b"%d" % number)
            heads[stream] = head_of(entry)
            hashes[stream, entry.seq] = entry.hash
        previous = checkpoints[-1] if checkpoints else None
        checkpoints.append(seal(previous, heads.values(), number))
    return checkpoints, hashes


def found_in(checkpoints: Sequence[Checkpoint], hashes: dict[tuple[str, int], Digest]) -> list[str]:
    found = check_checkpoints(checkpoints, lambda stream, seq: hashes.get((stream, seq)))
    return [each.where for each in found]


@given(st.integers(0, 5))
def test_untouched_checkpoints_hold(count: int) -> None:
    checkpoints, hashes = sealed(count)
    assert found_in(checkpoints, hashes) == []
    for number, checkpoint in enumerate(checkpoints, 1):
        assert [(head.stream, head.seq) for head in heads_in(checkpoint)] == [
            ("a", number),
            ("b", number),
        ]


Edit = Callable[[Checkpoint], Checkpoint]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda made: replace(made, body=made.body.replace(b'"a"', b'"x"')), id="body"),
        pytest.param(lambda made: replace(made, body=b"["), id="unreadable"),
        pytest.param(lambda made: replace(made, body=b"[" * 99_999), id="deep"),
        pytest.param(lambda made: replace(made, body=b'{"heads":[["a",1e999,""]]}'), id="endless"),
        pytest.param(lambda made: replace(made, number=made.number + 1), id="number"),
        pytest.param(lambda made: replace(made, prev=GENESIS), id="predecessor"),
        pytest.param(lambda made: replace(made, hash=GENESIS), id="hash"),
        pytest.param(
            lambda made: replace(made, body=b"{}", hash=digest_of(b"{}")), id="emptied-and-hashed"
        ),
    ],
)
@pytest.mark.parametrize("place", [pytest.param(1, id="middle"), pytest.param(2, id="last")])
def test_an_edited_checkpoint_is_named(edit: Edit, place: int) -> None:
    checkpoints, hashes = sealed(3)
    checkpoints[place] = edit(checkpoints[place])
    assert f"checkpoint#{checkpoints[place].number}" in found_in(checkpoints, hashes)


@given(st.integers(2, 5), st.data())
def test_a_dropped_checkpoint_is_named_even_when_the_rest_is_renumbered(
    count: int, data: st.DataObject
) -> None:
    checkpoints, hashes = sealed(count)
    place = data.draw(st.integers(0, count - 2))
    rest = checkpoints[:place] + checkpoints[place + 1 :]
    assert found_in(rest, hashes) != []
    renumbered: list[Checkpoint] = []
    for number, each in enumerate(rest, 1):
        prev = renumbered[-1].hash if renumbered else GENESIS
        renumbered.append(replace(each, number=number, prev=prev))
    assert f"checkpoint#{place + 1}" in found_in(renumbered, hashes)


@given(st.integers(1, 5), st.sampled_from("ab"), st.data())
def test_an_entry_that_a_checkpoint_saw_cannot_be_dropped_or_replaced(
    count: int, stream: str, data: st.DataObject
) -> None:
    checkpoints, hashes = sealed(count)
    seq = data.draw(st.integers(1, count))
    dropped = {place: hash_ for place, hash_ in hashes.items() if place != (stream, seq)}
    assert found_in(checkpoints, dropped) == [f"{stream}#{seq}"]
    assert found_in(checkpoints, {**hashes, (stream, seq): GENESIS}) == [f"{stream}#{seq}"]
