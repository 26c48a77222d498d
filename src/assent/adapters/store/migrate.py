"""Bringing a database to the schema of this version, in one transaction or not at all."""

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from assent.adapters.store.schema import HEAD
from assent.errors import IntegrityError, UnavailableError

if TYPE_CHECKING:
    from alembic.config import Config


def schema_of(connection: Connection) -> str | None:
    """The name of the database's schema; None when it has none of ours yet."""
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        names = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
        if len(names) == 1:
            return str(names[0][0])
    if tables & {"approval", "audit", "alembic_version"}:
        raise IntegrityError(
            "The database has tables of Assent, but does not say of which version.",
            hint="Restore it from a backup.",
        )
    return None


def migrate(connection: Connection) -> None:
    """Bring the database to `HEAD`, inside a transaction that the caller began and will commit.

    The caller holds a lock that keeps others from migrating. Raises UnavailableError for a
    database of a newer version, IntegrityError for one that no version left like this.
    """
    schema = schema_of(connection)
    if schema == HEAD:
        return
    # Here, because a daemon that finds its database up to date has better use for the memory.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    with as_file(files("assent.adapters.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        if schema is not None and schema not in known_schemas(config):
            raise newer(schema)
        command.upgrade(config, HEAD)


def check_schema(schema: str | None) -> None:
    """Raise UnavailableError for a schema that this version cannot read as it is."""
    if schema is None or schema < HEAD:
        raise UnavailableError(
            "The database is not up to date with this version of Assent.",
            hint="Start Assent once: assent up",
        )
    if schema != HEAD:
        raise newer(schema)


def known_schemas(config: "Config") -> set[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def newer(schema: str) -> UnavailableError:
    return UnavailableError(
        f"The database was written by a newer version of Assent (its schema is {schema}, this"
        f" version knows up to {HEAD}).",
        hint="Start that version, or give this one a database of its own.",
    )
