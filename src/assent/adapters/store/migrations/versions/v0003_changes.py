"""Changes, when people looked at them, and checkpoints of work trees."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, PrimaryKeyConstraint, Text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change",
        Column("id", Text, primary_key=True),
        Column("number", BigInteger, nullable=False, unique=True),
        Column("version", BigInteger, nullable=False),
        Column("state", Text, nullable=False),
        Column("is_open", Boolean, nullable=False),
        Column("repository", Text, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_table(
        "change_look",
        Column("change_id", Text, nullable=False),
        Column("person", Text, nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False),
        PrimaryKeyConstraint("change_id", "person"),
    )
    op.create_table(
        "worktree_checkpoint",
        Column("id", Text, primary_key=True),
        Column("number", BigInteger, nullable=False, unique=True),
        Column("workspace", Text, nullable=False),
        Column("closed_at", BigInteger),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_index("worktree_checkpoint_place", "worktree_checkpoint", ["workspace", "number"])
    index_where("change_open", "change", ["number"], "is_open")
    index_where(
        "worktree_checkpoint_unclosed",
        "worktree_checkpoint",
        ["workspace", "number"],
        "closed_at IS NULL",
    )
    counter = sa.table("counter", sa.column("name"), sa.column("value"))
    rows = [{"name": "change", "value": 0}, {"name": "worktree_checkpoint", "value": 0}]
    op.bulk_insert(counter, rows)


def index_where(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
