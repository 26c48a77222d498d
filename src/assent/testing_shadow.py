"""Checkpoints in memory: a stand-in for the shadow repositories, and for the work trees."""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence

from assent.app.checkpoints.ports import NotCaptured, Preview
from assent.core.actions import EditKind, FileChange
from assent.core.canonical import digest_text
from assent.core.checkpoints import PathChange, Skipped, Snapshot
from assent.errors import UnavailableError

MODE = "100644"


class MemoryShadow:
    """`Shadow` of work trees that are mappings of paths to texts."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, str]] = {}
        """What is there now, by workspace; a test changes it as it likes."""
        self.fault = ""
        """Set: nothing can be done, for this reason."""
        self.uncaptured: set[str] = set()
        """Workspaces of which no checkpoints are made."""
        self.kept: dict[str, tuple[str, ...]] = {}
        """What `forget` was told to keep."""
        self._trees: dict[str, dict[str, str]] = {}
        self._last: dict[str, dict[str, str]] = {}
        self._taken = 0

    def snapshot(self, workspace: str, *, paths: Sequence[str] | None = None) -> Snapshot:
        self._check(workspace)
        now = self.files.setdefault(workspace, {})
        seen = dict(now)
        if paths is not None:
            looked = set(paths)
            seen = {path: text for path, text in now.items() if path in looked}
            last = self._last.get(workspace, {})
            seen |= {path: text for path, text in last.items() if path not in looked}
        self._last[workspace] = seen
        self._taken += 1
        return Snapshot(self._tree(seen), f"commit-{self._taken}", whole=paths is None)

    def difference(self, workspace: str, before: str, after: str) -> tuple[PathChange, ...]:
        self._check(workspace)
        old, new = self._trees[before], self._trees[after]
        return tuple(
            PathChange(path, *_blob(old.get(path)), *_blob(new.get(path)))
            for path in sorted({*old, *new})
            if old.get(path) != new.get(path)
        )

    def as_edit(self, workspace: str, changes: Sequence[PathChange]) -> tuple[FileChange, ...]:
        return tuple(_as_edit(workspace, change) for change in changes)

    def preview(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        found = [
            change
            for change in self.difference(workspace, now.tree, tree)
            if paths is None or _is_below(change.path, paths)
        ]
        return Preview(
            writes=tuple(each.path for each in found if each.after_blob is not None),
            deletes=tuple(each.path for each in found if each.after_blob is None),
        )

    def restore(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        wanted = self.preview(workspace, tree, now=now, paths=paths)
        files, seen, target = self.files[workspace], self._trees[now.tree], self._trees[tree]
        moved = [
            path
            for path in (*wanted.writes, *wanted.deletes)
            if files.get(path) not in (seen.get(path), target.get(path))
        ]
        for path in (*wanted.writes, *wanted.deletes):
            if path in moved:
                continue
            if path in target:
                files[path] = target[path]
            else:
                files.pop(path, None)
        return Preview(
            tuple(path for path in wanted.writes if path not in moved),
            tuple(path for path in wanted.deletes if path not in moved),
            tuple(Skipped(path, "changed since it was looked at") for path in moved),
        )

    def forget(self, workspace: str, *, keep: Sequence[str]) -> int:
        self._check(workspace)
        self.kept[workspace] = tuple(keep)
        return 0

    def holds(self, workspace: str, paths: Sequence[str]) -> frozenset[str]:
        files = self.files.get(workspace, {})
        root = f"{workspace.rstrip('/')}/"
        return frozenset(path for path in paths if path.removeprefix(root) in files)

    def _check(self, workspace: str) -> None:
        if workspace in self.uncaptured:
            raise NotCaptured(f"{workspace} is not captured.")
        if self.fault:
            raise UnavailableError(self.fault)

    def _tree(self, files: Mapping[str, str]) -> str:
        name = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        self._trees[name] = dict(files)
        return name


def _blob(text: str | None) -> tuple[str | None, str | None]:
    """Mode and blob; a text is its own blob."""
    return (None, None) if text is None else (MODE, text)


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in folders)


def _as_edit(workspace: str, change: PathChange) -> FileChange:
    before, after = change.before_blob, change.after_blob
    old, new = ((text or "").splitlines(keepends=True) for text in (before, after))
    return FileChange(
        path=f"{workspace.rstrip('/')}/{change.path}",
        kind=EditKind(change.kind),
        before=None if before is None else digest_text(before),
        after=None if after is None else digest_text(after),
        diff="".join(difflib.unified_diff(old, new, change.path, change.path)),
    )
