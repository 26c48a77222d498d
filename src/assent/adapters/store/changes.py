"""Changes and checkpoints of work trees, as rows. Their bodies are what counts."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from assent.adapters.store.plain import from_plain, to_plain
from assent.adapters.store.schema import (
    CHANGE_COUNTER,
    CHANGE_OPEN,
    UNCLOSED,
    WORKTREE_COUNTER,
    change,
    change_look,
    counter,
    worktree_checkpoint,
)
from assent.app.ports import Look
from assent.core.canonical import canonical
from assent.core.changes.model import Change
from assent.core.checkpoints import WorktreeCheckpoint
from assent.errors import ConflictError, IntegrityError

T = TypeVar("T")

_OF_PLACE = sa.select(worktree_checkpoint.c.body).where(
    worktree_checkpoint.c.workspace == sa.bindparam("wanted_workspace")
)
_UNCLOSED = _OF_PLACE.where(sa.text(UNCLOSED)).order_by(worktree_checkpoint.c.number)


class ChangeView:
    """The queries; mixed into `SqlView`."""

    _connection: Connection

    def change(self, change_id: str) -> Change | None:
        return self._change(change.c.id == change_id)

    def change_numbered(self, number: int) -> Change | None:
        return self._change(change.c.number == number)

    def _change(self, condition: sa.ColumnElement[bool]) -> Change | None:
        body = self._connection.scalar(sa.select(change.c.body).where(condition))
        return None if body is None else decode(Change, body)

    def changes(
        self, *, limit: int, before: int | None = None, is_open: bool | None = None
    ) -> Sequence[Change]:
        query = sa.select(change.c.body).order_by(change.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(change.c.number < before)
        if is_open is not None:
            query = query.where(change.c.is_open.is_(is_open))
        return [decode(Change, body) for body in self._connection.scalars(query)]

    def open_changes(self, repository: str | None = None) -> Sequence[Change]:
        query = sa.select(change.c.body).where(sa.text(CHANGE_OPEN)).order_by(change.c.number)
        if repository is not None:
            query = query.where(change.c.repository == repository)
        return [decode(Change, body) for body in self._connection.scalars(query)]

    def count_open_changes(self) -> int:
        query = sa.select(sa.func.count()).select_from(change).where(sa.text(CHANGE_OPEN))
        return self._connection.scalar(query) or 0

    def looked(self, change_id: str, person: str) -> Look | None:
        mine = (change_look.c.change_id == change_id, change_look.c.person == person)
        query = sa.select(change_look.c.revision, change_look.c.at).where(*mine)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Look(row.revision, row.at)

    def worktree_checkpoint(self, number: int) -> WorktreeCheckpoint | None:
        query = sa.select(worktree_checkpoint.c.body)
        body = self._connection.scalar(query.where(worktree_checkpoint.c.number == number))
        return None if body is None else decode(WorktreeCheckpoint, body)

    def worktree_checkpoints(
        self, workspace: str, *, limit: int, before: int | None = None
    ) -> Sequence[WorktreeCheckpoint]:
        query = _OF_PLACE.order_by(worktree_checkpoint.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(worktree_checkpoint.c.number < before)
        bodies = self._connection.scalars(query, {"wanted_workspace": workspace})
        return [decode(WorktreeCheckpoint, body) for body in bodies]

    def checkpointed_workspaces(self) -> Sequence[str]:
        place = worktree_checkpoint.c.workspace
        newest = sa.func.max(worktree_checkpoint.c.number)
        query = sa.select(place).group_by(place).order_by(newest.desc())
        return list(self._connection.scalars(query))

    def unclosed_checkpoints(self, workspace: str) -> Sequence[WorktreeCheckpoint]:
        bodies = self._connection.scalars(_UNCLOSED, {"wanted_workspace": workspace})
        return [decode(WorktreeCheckpoint, body) for body in bodies]


class ChangeTx(ChangeView, ABC):
    """The writes; mixed into `SqlTx`."""

    @abstractmethod
    def _changing(self) -> Connection: ...

    def next_change_number(self) -> int:
        return self._next(CHANGE_COUNTER)

    def next_checkpoint_number(self) -> int:
        return self._next(WORKTREE_COUNTER)

    def _next(self, name: str) -> int:
        mine = counter.c.name == name
        self._changing().execute(counter.update().where(mine).values(value=counter.c.value + 1))
        number: int = self._connection.scalars(sa.select(counter.c.value).where(mine)).one()
        return number

    def add_change(self, made: Change) -> None:
        row = {"id": made.id, "number": made.number, **_change_row(made)}
        try:
            self._changing().execute(change.insert().values(row))
        except sa.exc.IntegrityError as error:
            raise ConflictError(f"{made.name} is in the store already.") from error

    def save_change(self, made: Change) -> None:
        mine = (change.c.id == made.id, change.c.version == made.version - 1)
        row = _change_row(made)
        if self._changing().execute(change.update().where(*mine).values(row)).rowcount != 1:
            raise ConflictError(
                f"{made.name} changed in the meantime.", hint="Look at it again, then decide."
            )

    def note_look(self, change_id: str, person: str, look: Look) -> None:
        mine = (change_look.c.change_id == change_id, change_look.c.person == person)
        row = {"revision": look.revision, "at": look.at}
        connection = self._changing()
        if connection.execute(change_look.update().where(*mine).values(row)).rowcount == 0:
            connection.execute(
                change_look.insert().values(change_id=change_id, person=person, **row)
            )

    def add_worktree_checkpoint(self, made: WorktreeCheckpoint) -> None:
        self._changing().execute(
            worktree_checkpoint.insert().values(
                id=made.id,
                number=made.number,
                workspace=made.workspace,
                closed_at=made.closed_at,
                body=encode(made),
            )
        )

    def save_worktree_checkpoint(self, made: WorktreeCheckpoint) -> None:
        mine = worktree_checkpoint.c.id == made.id
        row = {"closed_at": made.closed_at, "body": encode(made)}
        self._changing().execute(worktree_checkpoint.update().where(mine).values(row))

    def drop_worktree_checkpoints(self, workspace: str, *, below: int) -> None:
        mine = (
            worktree_checkpoint.c.workspace == workspace,
            worktree_checkpoint.c.number < below,
        )
        self._changing().execute(worktree_checkpoint.delete().where(*mine))


def encode(value: Change | WorktreeCheckpoint) -> bytes:
    """Canonical JSON; `decode` is its inverse."""
    return canonical(to_plain(value))


def decode(kind: type[T], body: bytes) -> T:
    """Raises IntegrityError when `body` is not what `encode` writes."""
    try:
        return from_plain(kind, json.loads(body))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise IntegrityError(
            f"A stored {kind.__name__} cannot be read: {error!r}.",
            hint="Run `assent verify`, and restore the store from a backup.",
        ) from error


def _change_row(made: Change) -> dict[str, object]:
    return {
        "version": made.version,
        "state": made.state.value,
        "is_open": made.is_open,
        "repository": made.repository,
        "updated_at": made.updated_at,
        "body": encode(made),
    }
