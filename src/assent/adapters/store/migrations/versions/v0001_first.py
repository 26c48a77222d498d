"""Requests, timers, events, the ledger, plans, policies, browsers and logins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, PrimaryKeyConstraint, Text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigInt = BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    requests()
    ledger()
    people()
    counters()


def requests() -> None:
    op.create_table(
        "approval",
        Column("id", Text, primary_key=True),
        Column("number", BigInteger, nullable=False, unique=True),
        Column("state", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("asked_in", Text, nullable=False),
        Column("agent", Text, nullable=False),
        Column("session_id", Text, nullable=False),
        Column("call_id", Text, nullable=False),
        Column("workspace", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("delayed_until", BigInteger),
        Column("decided_at", BigInteger),
        Column("body", LargeBinary, nullable=False),
    )
    waits = "state = 'pending' AND delayed_until IS NULL"
    delayed = "state = 'pending' AND delayed_until IS NOT NULL"
    rejected = "state = 'rejected'"
    prompted = "state = 'pending' AND asked_in = 'agent'"
    live = "state IN ('pending', 'approved')"
    action = ["subject", "agent"]
    call = ["session_id", "agent", "call_id", "number"]
    run = ["session_id", "decided_at", "number"]
    op.create_index("approval_created", "approval", ["created_at"])
    index_where("approval_waiting", "approval", ["number"], waits)
    index_where("approval_delayed", "approval", ["delayed_until", "number"], delayed)
    index_where("approval_closed", "approval", ["number"], "state <> 'pending'")
    index_where("approval_live", "approval", [*action, "workspace", "number"], live)
    index_where("approval_prompted", "approval", call, prompted)
    index_where("approval_rejected", "approval", [*action, *run], rejected)
    index_where("approval_rejected_at", "approval", ["decided_at"], rejected)

    op.create_table(
        "timer",
        Column("request_id", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("request_id", "kind"),
    )
    op.create_index("timer_due", "timer", ["due_at"])

    op.create_table(
        "plan_state",
        Column("agent", Text, nullable=False),
        Column("session_id", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        PrimaryKeyConstraint("agent", "session_id"),
    )


def ledger() -> None:
    op.create_table(
        "audit",
        Column("n", BigInt, primary_key=True, autoincrement=True),
        Column("stream", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("prev", Text, nullable=False),
        Column("hash", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        sa.UniqueConstraint("stream", "seq", name="audit_place"),
    )
    op.create_index("audit_kind", "audit", ["at", "kind"])

    op.create_table(
        "audit_head",
        Column("stream", Text, primary_key=True),
        Column("seq", BigInteger, nullable=False),
        Column("hash", Text, nullable=False),
        Column("sealed", BigInteger, nullable=False),
    )
    index_where("audit_head_moved", "audit_head", ["stream"], "seq <> sealed")

    op.create_table(
        "checkpoint",
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("prev", Text, nullable=False),
        Column("hash", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_table(
        "event",
        Column("seq", BigInt, primary_key=True, autoincrement=False),
        Column("topic", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )


def people() -> None:
    op.create_table(
        "policy_version",
        Column("n", BigInt, primary_key=True, autoincrement=True),
        Column("workspace", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("text", LargeBinary, nullable=False),
        Column("accepted_by", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("policy_version_workspace", "policy_version", ["workspace", "n"])
    op.create_table(
        "web_session",
        Column("token_hash", Text, primary_key=True),
        Column("person", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    )
    op.create_table(
        "login",
        Column("token_hash", Text, primary_key=True),
        Column("person", Text, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    )


def counters() -> None:
    counter = op.create_table(
        "counter",
        Column("name", Text, primary_key=True),
        Column("value", BigInteger, nullable=False),
    )
    op.bulk_insert(counter, [{"name": "request", "value": 0}, {"name": "checkpoint", "value": 0}])


def index_where(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
