"""One write to the SQLite file, and what its group of writes has recorded so far."""

import sqlite3
from collections.abc import Mapping

from sqlalchemy import Connection

from assent.adapters.store.schema import escape
from assent.adapters.store.tx import SqlTx
from assent.app.ports import Event
from assent.core.canonical import Digest, Json
from assent.core.ledger import Entry, Head, entry_body, head_of, link, stream_name

KNOWN_HEADS = 10_000
"""Streams whose head is remembered between writes."""
KEPT_EVENTS = 100_000
"""Events are for pages that are open now; older ones are dropped."""
TRIM_EVERY = 4_096

_INSERT_ENTRY = (
    "INSERT INTO audit (stream, seq, prev, hash, kind, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_MOVE_HEAD = (
    "INSERT INTO audit_head (stream, seq, hash, sealed) VALUES (?, ?, ?, 0)"
    " ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
)
_INSERT_EVENT = "INSERT INTO event (seq, topic, subject, at) VALUES (?, ?, ?, ?)"


class Records:
    """Rows of the ledger and of the event table that wait to be inserted together."""

    def __init__(self) -> None:
        self.entries: list[tuple[object, ...]] = []
        self.heads: dict[str, Head] = {}
        self.events: list[tuple[object, ...]] = []

    def __bool__(self) -> bool:
        return bool(self.entries or self.events)

    def take(self, others: "Records") -> None:
        self.entries += others.entries
        self.heads.update(others.heads)
        self.events += others.events
        others.clear()

    def insert(self, raw: sqlite3.Connection) -> None:
        """Insert what waits. After an error the transaction must not be committed."""
        if self.entries:
            raw.executemany(_INSERT_ENTRY, self.entries)
            heads = self.heads.values()
            raw.executemany(
                _MOVE_HEAD, [(escape(head.stream), head.seq, head.hash) for head in heads]
            )
        if self.events:
            raw.executemany(_INSERT_EVENT, self.events)
        self.clear()

    def clear(self) -> None:
        self.entries, self.heads, self.events = [], {}, []


class Group:
    """What the writes of one commit share: the newest heads and event, and rows that wait.

    Heads stay known from group to group, since no one else writes to the file; `forget` is for when
    somebody did.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self.records = Records()
        self._heads: dict[str, Head | None] = {}
        self._last_event: int | None = None

    def head(self, stream: str) -> Head | None:
        if stream not in self._heads:
            row = self.raw.execute(
                "SELECT seq, hash FROM audit_head WHERE stream = ?", (escape(stream),)
            ).fetchone()
            self._heads[stream] = None if row is None else Head(stream, row[0], Digest(row[1]))
        return self._heads[stream]

    def next_event(self) -> int:
        if self._last_event is None:
            (newest,) = self.raw.execute("SELECT max(seq) FROM event").fetchone()
            self._last_event = newest or 0
        self._last_event += 1
        if self._last_event % TRIM_EVERY == 0:
            self.raw.execute("DELETE FROM event WHERE seq <= ?", (self._last_event - KEPT_EVENTS,))
        return self._last_event

    def take(self, records: Records, heads: Mapping[str, Head]) -> None:
        """Join what a write recorded that went well."""
        self._heads.update(heads)
        self.records.take(records)

    def insert(self) -> None:
        self.records.insert(self.raw)
        if len(self._heads) > KNOWN_HEADS:
            self._heads.clear()

    def forget(self) -> None:
        self.records.clear()
        self._heads.clear()
        self._last_event = None


class SqliteTx(SqlTx):
    """One write of a group. A savepoint is made only when it changes more than the ledger."""

    def __init__(self, connection: Connection, group: Group) -> None:
        super().__init__(connection)
        self.published: list[Event] = []
        self._raw = group.raw
        self._group = group
        self._records = Records()
        self._heads: dict[str, Head] = {}
        self._has_savepoint = False

    def append(self, stream: str, kind: str, *, at: int, fields: Mapping[str, Json]) -> Entry:
        name = stream_name(stream)
        body = entry_body(kind, at, fields)
        entry = link(name, self._heads.get(name) or self._group.head(name), body)
        head = head_of(entry)
        self._heads[name] = self._records.heads[name] = head
        self._records.entries.append(
            (escape(name), entry.seq, entry.prev, entry.hash, escape(kind), at, body)
        )
        return entry

    def publish(self, topic: str, subject: str, *, at: int) -> None:
        made = Event(self._group.next_event(), topic, subject, at)
        self.published.append(made)
        self._records.events.append((made.seq, escape(topic), escape(subject), at))

    def _changing(self) -> Connection:
        if not self._has_savepoint:
            # What the writes before recorded must outlive this savepoint.
            self._group.insert()
            self._raw.execute("SAVEPOINT one_write")
            self._has_savepoint = True
        return self._connection

    def _recorded(self) -> Connection:
        if self._records or self._group.records:
            self._changing()
            self._records.insert(self._raw)
        return self._connection

    def keep(self) -> None:
        """It went well: it will be committed with its group."""
        if self._has_savepoint:
            self._raw.execute("RELEASE one_write")
        self._group.take(self._records, self._heads)

    def undo(self) -> None:
        """It failed: its group goes on as if it had never been."""
        if self._has_savepoint:
            self._raw.execute("ROLLBACK TO one_write")
            self._raw.execute("RELEASE one_write")
