"""The tables, alike on SQLite and PostgreSQL.

Everything that must be exact is bytes (`approval.body`, `audit.body`, `checkpoint.body`); the
other columns of those tables only serve to find it. Text that comes from agents is kept escaped to
ASCII, since PostgreSQL takes neither NUL nor lone surrogates.
"""

import json

import sqlalchemy as sa
from sqlalchemy import Column, Dialect, Index, Table

from assent.core.canonical import digest_text
from assent.errors import IntegrityError

HEAD = "0004"
"""The schema this version of Assent works with: the newest migration."""


def escape(text: str) -> str:
    """`text` as ASCII without NUL, unchanged if it is plain; `unescape` is its inverse."""
    return json.dumps(text)[1:-1]


def unescape(column: object) -> str:
    """Raises IntegrityError when `column` is not what `escape` writes."""
    try:
        text: object = json.loads(f'"{column}"')
    except ValueError as error:
        raise IntegrityError(
            f"The store holds a name that Assent did not write: {column!r}.",
            hint="Somebody edited the store; restore it from a backup.",
        ) from error
    return str(text)


class Name(sa.types.TypeDecorator[str]):
    """Any text, kept escaped to ASCII."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _: Dialect) -> str | None:
        return None if value is None else escape(value)

    def process_result_value(self, value: object | None, _: Dialect) -> str | None:
        return None if value is None else unescape(value)


class Key(sa.types.TypeDecorator[str]):
    """Text that is only searched for: one that is too long for an index is kept as its digest."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _: Dialect) -> str | None:
        if value is None:
            return None
        escaped = escape(value)
        if len(escaped) <= KEY_LENGTH:
            return escaped
        # `escape` never writes this prefix, so no text can stand for another one's digest.
        return f"\\x{digest_text(value)}"


KEY_LENGTH = 300
"""PostgreSQL's indexes take 2,700 bytes for all columns of a row together."""

WAITING = "state = 'pending' AND delayed_until IS NULL"
DELAYED = "state = 'pending' AND delayed_until IS NOT NULL"
CLOSED = "state <> 'pending'"
LIVE = "state IN ('pending', 'approved')"
PROMPTED = "state = 'pending' AND asked_in = 'agent'"
REJECTED = "state = 'rejected'"
MOVED = "seq <> sealed"
OPEN = "revoked_at IS NULL"
CHANGE_OPEN = "is_open"
NEW = "state = 'new'"
UNCLOSED = "closed_at IS NULL"
# Queries repeat these texts: a partial index serves only a query that shows its condition.

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers rows by itself only for a key that is declared INTEGER."""

metadata = sa.MetaData()


def _where(name: str, *columns: str, where: str) -> Index:
    condition = sa.text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


approval = Table(
    "approval",
    metadata,
    Column("id", Name, primary_key=True),
    Column("number", sa.BigInteger, nullable=False, unique=True),
    Column("state", sa.Text, nullable=False),
    Column("version", sa.BigInteger, nullable=False),
    Column("asked_in", sa.Text, nullable=False),
    Column("agent", Key, nullable=False),
    Column("session_id", Key, nullable=False),
    Column("call_id", Key, nullable=False),
    Column("workspace", Key, nullable=False),
    Column("subject", Name, nullable=False),
    Column("created_at", sa.BigInteger, nullable=False),
    Column("expires_at", sa.BigInteger, nullable=False),
    Column("delayed_until", sa.BigInteger),
    Column("decided_at", sa.BigInteger),
    Column("body", sa.LargeBinary, nullable=False),
    Index("approval_created", "created_at"),
    _where("approval_waiting", "number", where=WAITING),
    _where("approval_delayed", "delayed_until", "number", where=DELAYED),
    _where("approval_closed", "number", where=CLOSED),
    _where("approval_live", "subject", "agent", "workspace", "number", where=LIVE),
    _where("approval_prompted", "session_id", "agent", "call_id", "number", where=PROMPTED),
    _where(
        "approval_rejected",
        *("subject", "agent", "session_id", "decided_at", "number"),
        where=REJECTED,
    ),
    _where("approval_rejected_at", "decided_at", where=REJECTED),
)

timer = Table(
    "timer",
    metadata,
    Column("request_id", Name, primary_key=True),
    Column("kind", sa.Text, primary_key=True),
    Column("version", sa.BigInteger, nullable=False),
    Column("due_at", sa.BigInteger, nullable=False),
    Index("timer_due", "due_at"),
)

event = Table(
    "event",
    metadata,
    # PostgreSQL: transaction number * 65,536 + place in the transaction (postgres.py says why).
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("topic", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("n", BigInt, primary_key=True, autoincrement=True),
    Column("stream", Name, nullable=False),
    Column("seq", sa.BigInteger, nullable=False),
    Column("prev", sa.Text, nullable=False),
    Column("hash", sa.Text, nullable=False),
    # Repeats `kind` and `at` of the body, to count by; not covered by the hash.
    Column("kind", Name, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("stream", "seq", name="audit_place"),
    Index("audit_kind", "at", "kind"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("stream", Name, primary_key=True),
    Column("seq", sa.BigInteger, nullable=False),
    Column("hash", sa.Text, nullable=False),
    # The newest entry that a checkpoint covers; 0 when none does.
    Column("sealed", sa.BigInteger, nullable=False),
    _where("audit_head_moved", "stream", where=MOVED),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("prev", sa.Text, nullable=False),
    Column("hash", sa.Text, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
)

plan_state = Table(
    "plan_state",
    metadata,
    Column("agent", Key, primary_key=True),
    Column("session_id", Key, primary_key=True),
    Column("state", sa.Text, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("n", BigInt, primary_key=True, autoincrement=True),
    Column("workspace", Key, nullable=False),
    Column("digest", sa.Text, nullable=False),
    Column("text", sa.LargeBinary, nullable=False),
    Column("accepted_by", Name, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
    Index("policy_version_workspace", "workspace", "n"),
)

web_session = Table(
    "web_session",
    metadata,
    Column("token_hash", Name, primary_key=True),
    Column("person", Name, nullable=False),
    Column("created_at", sa.BigInteger, nullable=False),
    Column("expires_at", sa.BigInteger, nullable=False),
    Column("factor", sa.Text, nullable=False),
    Column("browser", Name, nullable=False),
    Column("seen_at", sa.BigInteger, nullable=False),
    Index("web_session_person", "person"),
)

login = Table(
    "login",
    metadata,
    Column("token_hash", Name, primary_key=True),
    Column("person", Name, nullable=False),
    Column("expires_at", sa.BigInteger, nullable=False),
)

standing = Table(
    "standing",
    metadata,
    Column("workspace", Key, primary_key=True),
    # Grows with every change of what stands in the workspace, in the same transaction.
    Column("version", sa.BigInteger, nullable=False),
)

accepted_programs = Table(
    "accepted_programs",
    metadata,
    Column("workspace", Key, primary_key=True),
    Column("body", sa.LargeBinary, nullable=False),
    Column("accepted_by", Name, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
)

# `grant` is a word of SQL.
allowance = Table(
    "allowance",
    metadata,
    Column("id", Name, primary_key=True),
    Column("workspace", Key, nullable=False),
    Column("until", sa.BigInteger),
    Column("revoked_at", sa.BigInteger),
    Column("body", sa.LargeBinary, nullable=False),
    _where("allowance_open", "workspace", "id", where=OPEN),
)

written_path = Table(
    "written_path",
    metadata,
    Column("agent", Key, primary_key=True),
    Column("session_id", Key, primary_key=True),
    Column("path", Name, primary_key=True),
    Column("made", sa.Boolean, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
)

precedent = Table(
    "precedent",
    metadata,
    Column("agent", Key, primary_key=True),
    Column("workspace", Key, primary_key=True),
    Column("effect", sa.Text, primary_key=True),
    Column("first_at", sa.BigInteger, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("id", Name, primary_key=True),
    Column("number", sa.BigInteger, nullable=False, unique=True),
    Column("version", sa.BigInteger, nullable=False),
    Column("state", sa.Text, nullable=False),
    Column("is_open", sa.Boolean, nullable=False),
    Column("repository", Key, nullable=False),
    Column("updated_at", sa.BigInteger, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
    _where("change_open", "number", where=CHANGE_OPEN),
)

change_look = Table(
    "change_look",
    metadata,
    Column("change_id", Name, primary_key=True),
    Column("person", Key, primary_key=True),
    Column("revision", sa.BigInteger, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
)

worktree_checkpoint = Table(
    "worktree_checkpoint",
    metadata,
    Column("id", Name, primary_key=True),
    Column("number", sa.BigInteger, nullable=False, unique=True),
    Column("workspace", Key, nullable=False),
    Column("closed_at", sa.BigInteger),
    Column("body", sa.LargeBinary, nullable=False),
    Index("worktree_checkpoint_place", "workspace", "number"),
    _where("worktree_checkpoint_unclosed", "workspace", "number", where=UNCLOSED),
)

person = Table(
    "person",
    metadata,
    Column("name", Name, primary_key=True),
    Column("version", sa.BigInteger, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", Name, primary_key=True),
    Column("giver", Name, nullable=False),
    Column("taker", Name, nullable=False),
    Column("until", sa.BigInteger, nullable=False),
    Column("revoked_at", sa.BigInteger),
    Column("body", sa.LargeBinary, nullable=False),
    Index("delegation_giver", "giver", "id"),
    Index("delegation_taker", "taker", "id"),
    _where("delegation_open", "until", where=OPEN),
)

agent_token = Table(
    "agent_token",
    metadata,
    Column("id", Name, primary_key=True),
    Column("hash", Name, nullable=False, unique=True),
    Column("revoked_at", sa.BigInteger),
    Column("body", sa.LargeBinary, nullable=False),
)

opened = Table(
    "opened",
    metadata,
    Column("subject", Name, primary_key=True),
    Column("person", Name, primary_key=True),
    Column("version", sa.BigInteger, primary_key=True),
    Column("at", sa.BigInteger, nullable=False),
    Column("shown_ms", sa.BigInteger, nullable=False),
    Column("read", sa.Boolean, nullable=False),
)

envelope = Table(
    "envelope",
    metadata,
    Column("digest", sa.Text, primary_key=True),
    Column("about", Name, nullable=False),
    Column("at", sa.BigInteger, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
    Index("envelope_about", "about", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Name, primary_key=True),
    Column("kind", sa.Text, nullable=False),
    Column("dedup", Name, nullable=False, unique=True),
    Column("place", Name, nullable=False),
    Column("state", sa.Text, nullable=False),
    Column("attempts", sa.BigInteger, nullable=False),
    Column("created_at", sa.BigInteger, nullable=False),
    Column("run_at", sa.BigInteger, nullable=False),
    Column("fault", Name, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
    _where("outbox_due", "kind", "run_at", where=NEW),
    _where("outbox_place", "kind", "place", "id", where=NEW),
    Index("outbox_state", "state", "id"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", sa.Text, primary_key=True),
    Column("value", sa.BigInteger, nullable=False),
)

REQUEST_COUNTER = "request"
CHANGE_COUNTER = "change"
WORKTREE_COUNTER = "worktree_checkpoint"
CHECKPOINT_COUNTER = "checkpoint"
"""Holds no number: its row is what concurrent checkpoints lock."""
