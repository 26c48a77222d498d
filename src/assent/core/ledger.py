"""The record of everything, as hash chains that show where they were touched.

Each stream (one per agent session, request, workspace policy, the daemon) is its own chain:

    hash(n) = SHA-256("assent/ledger/1" 0x00 stream 0x00 n 0x00 hash(n-1) 0x00 body)

The stream's name is written as an ASCII JSON string, so that no name can hold the separator.

A checkpoint lists the heads that moved since the checkpoint before it and chains to it, so a tail
that was cut off, or a whole stream that is gone, shows as soon as a later checkpoint names it.
Between checkpoints a cut tail cannot be noticed; one is taken at each human decision and every few
seconds while anything is recorded.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from assent.core.canonical import Digest, Json, canonical, digest_of, digest_text

GENESIS = Digest("sha256:" + "0" * 64)
"""What the first entry of a stream and the first checkpoint name as their predecessor."""


STREAM_LENGTH = 200
"""Characters of a stream's name that every store can find it by."""


def stream_name(name: str) -> str:
    """`name` as it is stored and hashed: as JSON reads it, and short.

    A name that is too long is replaced by its start and its digest; doing it twice changes nothing.
    """
    if not name.isascii():
        name = json.loads(canonical(name))
    return name if len(name) <= STREAM_LENGTH else f"{name[:100]}~{digest_text(name)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record. `body` is canonical JSON, kept and hashed as bytes, never re-serialised."""

    stream: str
    seq: int
    prev: Digest
    hash: Digest
    body: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a stream."""

    stream: str
    seq: int
    hash: Digest


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The heads that moved, chained to the checkpoint before. `body` is canonical JSON."""

    number: int
    prev: Digest
    hash: Digest
    body: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the record contradicts itself."""

    where: str
    what: str


def entry_body(kind: str, at: int, fields: Mapping[str, Json]) -> bytes:
    """The body of an entry: what happened (`kind`), when (ms since the epoch), and the rest."""
    return canonical({**fields, "kind": kind, "at": at})


def link(stream: str, head: Head | None, body: bytes) -> Entry:
    """The entry that follows `head` in `stream`."""
    seq = 1 if head is None else head.seq + 1
    prev = GENESIS if head is None else head.hash
    return Entry(stream=stream, seq=seq, prev=prev, hash=_hash(stream, seq, prev, body), body=body)


def _hash(stream: str, seq: int, prev: Digest, body: bytes) -> Digest:
    parts = (b"assent/ledger/1", json.dumps(stream).encode(), str(seq).encode())
    # An edited `prev` may be any text.
    before = prev.encode("utf-8", "surrogatepass")
    hasher = hashlib.sha256(b"\0".join((*parts, before, body)))
    return Digest(f"sha256:{hasher.hexdigest()}")


def head_of(entry: Entry) -> Head:
    return Head(stream=entry.stream, seq=entry.seq, hash=entry.hash)


def seal(previous: Checkpoint | None, moved: Iterable[Head], at: int) -> Checkpoint:
    """The checkpoint over the heads that moved since `previous`."""
    number = 1 if previous is None else previous.number + 1
    prev = GENESIS if previous is None else previous.hash
    heads: list[Json] = [[head.stream, head.seq, head.hash] for head in sorted(moved, key=_by_name)]
    body = canonical({"number": number, "prev": prev, "at": at, "heads": heads})
    return Checkpoint(number=number, prev=prev, hash=digest_of(body), body=body)


def _by_name(head: Head) -> str:
    return head.stream


def check_chain(entries: Iterable[Entry]) -> Iterator[Break]:
    """Walk the entries of one stream in order of `seq` and name every contradiction."""
    head: Head | None = None
    for entry in entries:
        where = f"{entry.stream}#{entry.seq}"
        expected_seq = 1 if head is None else head.seq + 1
        expected_prev = GENESIS if head is None else head.hash
        if entry.seq != expected_seq:
            yield Break(where, f"expected entry {expected_seq} here: entries are missing")
        elif entry.prev != expected_prev:
            yield Break(where, "does not follow the entry before it: one of the two was replaced")
        if entry.hash != _hash(entry.stream, entry.seq, entry.prev, entry.body):
            yield Break(where, "its content does not match its hash: the entry was edited")
        head = head_of(entry)


def check_head(recorded: Head, last: Entry | None) -> Iterator[Break]:
    """Compare the stored head of a stream with its last entry."""
    if last is None or last.seq < recorded.seq:
        found = 0 if last is None else last.seq
        yield Break(
            f"{recorded.stream}#{recorded.seq}",
            f"the stream ends at entry {found}: its tail was dropped",
        )
    elif head_of(last) != recorded:
        yield Break(f"{recorded.stream}#{last.seq}", "is not the recorded head of its stream")


def check_checkpoints(
    checkpoints: Iterable[Checkpoint], hash_at: Callable[[str, int], Digest | None]
) -> Iterator[Break]:
    """Walk the checkpoints in order of number.

    `hash_at(stream, seq)` gives the hash stored for an entry, or None when there is no such entry.
    """
    number, prev = 0, GENESIS
    for checkpoint in checkpoints:
        where = f"checkpoint#{checkpoint.number}"
        if checkpoint.number != number + 1 or checkpoint.prev != prev:
            yield Break(where, "does not follow the checkpoint before it")
        if digest_of(checkpoint.body) != checkpoint.hash:
            yield Break(where, "its content does not match its hash: the checkpoint was edited")
        elif _place_in(checkpoint) != (checkpoint.number, checkpoint.prev):
            yield Break(where, "is another checkpoint put into this place")
        for head in heads_in(checkpoint):
            if hash_at(head.stream, head.seq) != head.hash:
                yield Break(
                    f"{head.stream}#{head.seq}",
                    f"is not the entry that {where} saw: it was replaced or dropped",
                )
        number, prev = checkpoint.number, checkpoint.hash


def _place_in(checkpoint: Checkpoint) -> tuple[Json, Json] | None:
    """The number and the predecessor that the checkpoint's content names."""
    try:
        body = json.loads(checkpoint.body)
        return body["number"], body["prev"]
    except _UNREADABLE:
        return None


_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


def heads_in(checkpoint: Checkpoint) -> tuple[Head, ...]:
    """The heads a checkpoint names; none when its body cannot be read (its hash says so then)."""
    try:
        heads = json.loads(checkpoint.body)["heads"]
        return tuple(Head(str(name), int(seq), Digest(str(hash_))) for name, seq, hash_ in heads)
    except _UNREADABLE:
        return ()
