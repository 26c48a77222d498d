"""What stands beside the policy: accepted programs, grants, written paths and precedent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, PrimaryKeyConstraint, Text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standing",
        Column("workspace", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
    )
    op.create_table(
        "accepted_programs",
        Column("workspace", Text, primary_key=True),
        Column("body", LargeBinary, nullable=False),
        Column("accepted_by", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_table(
        "allowance",
        Column("id", Text, primary_key=True),
        Column("workspace", Text, nullable=False),
        Column("until", BigInteger),
        Column("revoked_at", BigInteger),
        Column("body", LargeBinary, nullable=False),
    )
    is_open = sa.text("revoked_at IS NULL")
    op.create_index(
        "allowance_open",
        "allowance",
        ["workspace", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "written_path",
        Column("agent", Text, nullable=False),
        Column("session_id", Text, nullable=False),
        Column("path", Text, nullable=False),
        Column("made", Boolean, nullable=False),
        Column("at", BigInteger, nullable=False),
        PrimaryKeyConstraint("agent", "session_id", "path"),
    )
    op.create_table(
        "precedent",
        Column("agent", Text, nullable=False),
        Column("workspace", Text, nullable=False),
        Column("effect", Text, nullable=False),
        Column("first_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("agent", "workspace", "effect"),
    )
