"""People, what they let others decide, what they signed, and what leaves the house."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, PrimaryKeyConstraint, Text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("web_session", Column("factor", Text, nullable=False, server_default="none"))
    op.add_column("web_session", Column("browser", Text, nullable=False, server_default=""))
    op.add_column("web_session", Column("seen_at", BigInteger, nullable=False, server_default="0"))
    op.create_index("web_session_person", "web_session", ["person"])
    _people()
    op.create_table(
        "opened",
        Column("subject", Text, nullable=False),
        Column("person", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("shown_ms", BigInteger, nullable=False),
        Column("read", Boolean, nullable=False),
        PrimaryKeyConstraint("subject", "person", "version"),
    )
    op.create_table(
        "envelope",
        Column("digest", Text, primary_key=True),
        Column("about", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_index("envelope_about", "envelope", ["about", "at"])
    op.create_table(
        "outbox",
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("dedup", Text, nullable=False, unique=True),
        Column("place", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("run_at", BigInteger, nullable=False),
        Column("fault", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    index_where("outbox_due", "outbox", ["kind", "run_at"], "state = 'new'")
    index_where("outbox_place", "outbox", ["kind", "place", "id"], "state = 'new'")
    op.create_index("outbox_state", "outbox", ["state", "id"])


def _people() -> None:
    op.create_table(
        "person",
        Column("name", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_table(
        "delegation",
        Column("id", Text, primary_key=True),
        Column("giver", Text, nullable=False),
        Column("taker", Text, nullable=False),
        Column("until", BigInteger, nullable=False),
        Column("revoked_at", BigInteger),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_index("delegation_giver", "delegation", ["giver", "id"])
    op.create_index("delegation_taker", "delegation", ["taker", "id"])
    index_where("delegation_open", "delegation", ["until"], "revoked_at IS NULL")
    op.create_table(
        "agent_token",
        Column("id", Text, primary_key=True),
        Column("hash", Text, nullable=False, unique=True),
        Column("revoked_at", BigInteger),
        Column("body", LargeBinary, nullable=False),
    )


def index_where(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
