"""What a revision changes, read from git once and kept for the pages that ask for parts of it."""

import asyncio
import difflib
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from assent.app.changes.ports import Repositories
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import Change, HunkId, Revision, TreePayload, ValuePayload
from assent.entrypoints.web.views.colours import Painted, paint

K = TypeVar("K")
V = TypeVar("V")

KEPT_LINES = 200_000
"""Changed lines of all differences that are kept in memory; the newest one always is."""
COMPARED = 5_000
"""Lines of a value up to which its texts are compared line by line."""
KEPT_COLOURS = 100_000
"""Lines of files that are kept with their colours."""


class Kept(Generic[K, V]):
    """The values used last, as many as are not too large together; the newest always is."""

    def __init__(self, limit: int, size: Callable[[V], int]) -> None:
        self._limit = limit
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        self._values[key] = value
        while len(self._values) > 1 and self._total() > self._limit:
            self._values.popitem(last=False)

    def clear(self) -> None:
        self._values.clear()

    def _total(self) -> int:
        return sum(self._size(value) for value in self._values.values())


class Differences:
    """Reads revisions in threads, since git takes its time. The answers never change."""

    def __init__(self) -> None:
        self._patches: Kept[tuple[str, str, str], tuple[FilePatch, ...]] = Kept(
            KEPT_LINES, lambda patches: 1 + sum(one.added + one.removed for one in patches)
        )
        self._colours: Kept[tuple[str, str], tuple[Painted | None]] = Kept(
            KEPT_COLOURS, lambda one: 1 if one[0] is None else len(one[0].lines)
        )

    def forget(self) -> None:
        """Read everything anew when it is asked for again."""
        self._patches.clear()
        self._colours.clear()

    async def patches(
        self, repositories: Repositories, change: Change, revision: Revision
    ) -> tuple[FilePatch, ...]:
        """All files of a revision, in order of path. Raises UnavailableError."""
        payload = revision.payload
        if isinstance(payload, ValuePayload):
            return (value_patch(payload, revision),)
        key = (change.repository, payload.base, payload.commit)
        found = self._patches.get(key)
        if found is None:
            found = await asyncio.to_thread(
                repositories.patches, change.repository, payload.base, payload.commit
            )
            self._patches.put(key, found)
        return found

    async def text(
        self,
        repositories: Repositories,
        change: Change,
        revision: Revision,
        path: str,
        *,
        is_old: bool = False,
    ) -> str | None:
        """A file of a revision, or of what it was made against; None when it is not there.

        Bytes that are not UTF-8 come as surrogates. Raises UnavailableError.
        """
        payload = revision.payload
        if isinstance(payload, ValuePayload):
            return payload.before if is_old else payload.after
        commit = payload.base if is_old else payload.commit
        data = await asyncio.to_thread(repositories.blob, change.repository, commit, path)
        return None if data is None else data.decode("utf-8", "surrogateescape")

    async def colours(
        self,
        repositories: Repositories,
        change: Change,
        revision: Revision,
        patch: FilePatch,
        *,
        is_old: bool,
    ) -> Painted | None:
        """The colours of one side of a file; None when it has none."""
        blob = patch.old_blob if is_old else patch.new_blob
        if blob is None or patch.binary or not isinstance(revision.payload, TreePayload):
            return None
        key = (blob, patch.path.rpartition("/")[2])
        found = self._colours.get(key)
        if found is None:
            text = await self.text(repositories, change, revision, patch.path, is_old=is_old)
            found = (None if text is None else await asyncio.to_thread(paint, patch.path, text),)
            self._colours.put(key, found)
        return found[0]


def value_patch(payload: ValuePayload, revision: Revision) -> FilePatch:
    """The change of a value as one hunk of a file, with all of its lines."""
    before, after = _lines(payload.before), _lines(payload.after)
    ref = revision.hunks[0] if revision.hunks else None
    hunk = Hunk(
        id=HunkId("") if ref is None else ref.id,
        path=payload.file if ref is None else ref.path,
        old_start=1 if before else 0,
        old_count=len(before),
        new_start=1 if after else 0,
        new_count=len(after),
        lines=tuple(line.encode("utf-8", "surrogateescape") for line in _compared(before, after)),
        whole=True,
    )
    return FilePatch(
        path=hunk.path,
        old_mode=None if payload.before is None else "100644",
        new_mode=None if payload.after is None else "100644",
        old_blob=None,
        new_blob=None,
        hunks=(hunk,),
    )


def _lines(text: str | None) -> list[str]:
    """With their ends; a last line without one has none."""
    parts = (text or "").split("\n")
    ended = [f"{part}\n" for part in parts[:-1]]
    return [*ended, parts[-1]] if parts[-1] else ended


def _compared(before: list[str], after: list[str]) -> list[str]:
    if len(before) + len(after) > COMPARED:
        return [f"-{line}" for line in before] + [f"+{line}" for line in after]
    all_of_it = len(before) + len(after) + 1
    return list(difflib.unified_diff(before, after, n=all_of_it))[3:]
