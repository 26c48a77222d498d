"""The difference of two snapshots as a person is shown it."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assent.adapters.git.run import Git
from assent.adapters.git.shadow_blobs import Blobs
from assent.core.actions import EditKind, FileChange
from assent.core.canonical import Digest, digest_of
from assent.core.checkpoints import PathChange

MAX_SHOWN: Final = 4 * 1024 * 1024
"""Bytes of a file, and of its diff, up to which the diff is made."""

_FILE = re.compile(rb"^diff --git a/(\d+) ", re.M)
_HUNKS = re.compile(rb"^@@ ", re.M)
_HUNK = re.compile(rb"^(@@ [^@\n]* @@)[^\n]*", re.M)


def path_changes(git: Git, before: str, after: str) -> tuple[PathChange, ...]:
    """The paths that differ between two trees, in git's order."""
    if before == after:
        return ()
    said = git.items("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
    return tuple(_path_change(path, raw) for raw, path in zip(said[0::2], said[1::2], strict=True))


def _path_change(path: str, raw: str) -> PathChange:
    before_mode, after_mode, before_blob, after_blob, _ = raw.removeprefix(":").split(" ")
    was, is_now = before_mode != "000000", after_mode != "000000"
    return PathChange(
        path,
        before_mode if was else None,
        before_blob if was else None,
        after_mode if is_now else None,
        after_blob if is_now else None,
    )


def as_edit(git: Git, workspace: str, changes: Sequence[PathChange]) -> tuple[FileChange, ...]:
    """The changes with absolute paths, digests of the exact bytes, and diffs of text."""
    with Blobs(git) as blobs:
        sides = [
            (_side(blobs, change.before_blob), _side(blobs, change.after_blob))
            for change in changes
        ]
    shown = [
        number
        for number, (change, (before, after)) in enumerate(zip(changes, sides, strict=True))
        if change.before_blob != change.after_blob and before.is_text and after.is_text
    ]
    diffs = _diffs(git, changes, shown)
    return tuple(
        FileChange(
            path=os.path.join(workspace, change.path),
            kind=EditKind(change.kind),
            before=before.digest,
            after=after.digest,
            diff=diffs.get(number, ""),
        )
        for number, (change, (before, after)) in enumerate(zip(changes, sides, strict=True))
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """What is told of a content, which itself is not kept: there may be many, and large."""

    digest: Digest | None = None
    is_text: bool = True


def _side(blobs: Blobs, blob: str | None) -> _Side:
    if blob is None:
        return _Side()
    content = blobs.content(blob)
    return _Side(digest_of(content), b"\0" not in content and len(content) <= MAX_SHOWN)


def _diffs(git: Git, changes: Sequence[PathChange], shown: Sequence[int]) -> dict[int, str]:
    """Hunks by the number of the change.

    The blobs are put into two trees under their numbers, so that no name of a file, and no
    attribute for it, has a part in what is printed.
    """
    if not shown:
        return {}
    trees = [
        git.line("mktree", "-z", given=_listing(changes, shown, is_after=is_after))
        for is_after in (False, True)
    ]
    options = (
        "-p",
        "--text",
        "-U3",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
    )
    patch = git.output("diff-tree", *options, "--src-prefix=a/", "--dst-prefix=b/", *trees)
    starts = [(int(found[1]), found.start()) for found in _FILE.finditer(patch)]
    ends = [start for _, start in starts[1:]] + [len(patch)]
    return {
        number: _hunks(patch[start:end]) for (number, start), end in zip(starts, ends, strict=True)
    }


def _listing(changes: Sequence[PathChange], shown: Sequence[int], *, is_after: bool) -> bytes:
    entries = []
    for number in shown:
        change = changes[number]
        blob = change.after_blob if is_after else change.before_blob
        if blob is not None:
            # All as plain files: a file that became a symlink is otherwise shown as two.
            entries.append(f"100644 blob {blob}\t{number}\0")
    return "".join(entries).encode("ascii")


def _hunks(patch: bytes) -> str:
    start = _HUNKS.search(patch)
    if start is None or len(patch) > MAX_SHOWN:
        return ""
    return _HUNK.sub(rb"\1", patch[start.start() :]).decode("utf-8", "surrogateescape")
