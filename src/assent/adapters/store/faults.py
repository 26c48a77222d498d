"""What a database driver reports, in words a person can act on."""

import sqlite3

import psycopg
import sqlalchemy as sa

from assent.errors import AssentError, IntegrityError, UnavailableError

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_WORDS = {
    sqlite3.SQLITE_BUSY: ("is locked by another process", "Stop that process, then try again."),
    sqlite3.SQLITE_LOCKED: ("is locked by another process", "Stop that process, then try again."),
    sqlite3.SQLITE_FULL: ("has no room left on its disk", "Free some space, then try again."),
    sqlite3.SQLITE_READONLY: ("is read-only", "Make the file and its folder writable."),
    sqlite3.SQLITE_PERM: ("may not be opened", "Give its owner access to the file."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Check that its folder exists and is writable."),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "Check the disk, then try again."),
}
_PRIMARY = 0xFF
"""Extended result codes carry the primary one in their lowest byte."""

_POSTGRES_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.IdleInTransactionSessionTimeout,
)

DRIVER_ERRORS = (sqlite3.Error, psycopg.Error, sa.exc.SQLAlchemyError)
"""What may come out of a database call, for whoever turns it into a fault."""


def fault(error: Exception, place: str) -> AssentError | None:
    """The fault behind a database error; None when `error` is no database error, but a bug's.

    `place` names the database: a path, or a URL without its password.
    """
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite_fault(cause, place)
    if isinstance(cause, _POSTGRES_AWAY):
        return UnavailableError(
            f"The database {place} cannot be used now: {cause}.",
            hint="Check that the server runs, then try again.",
        )
    if isinstance(cause, sa.exc.TimeoutError):
        return UnavailableError(f"The database {place} is busy.", hint="Try again.")
    return None


def _sqlite_fault(cause: sqlite3.Error, place: str) -> AssentError | None:
    if isinstance(cause, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return None
    code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY
    if code in _DAMAGED or "decode to UTF-8" in str(cause):
        return IntegrityError(
            f"The database {place} is damaged: {cause}.", hint="Restore it from a backup."
        )
    what, hint = _WORDS.get(code, (f"cannot be used now: {cause}", "Try again."))
    return UnavailableError(f"The database {place} {what}.", hint=hint)
