"""Reading a log of decisions from git, in two runs however long it is."""

import os
from collections.abc import Iterator, Mapping

from assent.adapters.git.patches import read_blobs
from assent.adapters.git.run import Git
from assent.core.proof.log import LogCommit, LogFile
from assent.errors import UnavailableError

LARGEST = 4 * 1024 * 1024
"""Bytes of a file in the log that are read."""
_CHANGES = ("diff-tree", "--stdin", "-r", "--root", "--raw", "-z", "--no-renames", "--no-abbrev")
_SUBMODULE = "160000"


def read_commits(git: Git, head: str, *, but: str = "") -> tuple[LogCommit, ...]:
    """The commits from the first one to `head`, along first parents; with `but` only those that
    its history lacks."""
    without = (f"^{but}",) if but else ()
    listed = git.output(
        "rev-list", "--first-parent", "--reverse", "--parents", "--end-of-options", head, *without
    )
    parents = {}
    for line in listed.decode("ascii").splitlines():
        commit, *others = line.split(" ")
        parents[commit] = tuple(others)
    changed = dict(_changes(git, parents))
    blobs = (blob for files in changed.values() for _, blob, _ in files if blob)
    contents = read_blobs(git, blobs, limit=LARGEST)
    return tuple(
        LogCommit(
            id=commit,
            parents=of,
            files=tuple(
                LogFile(path, contents.get(blob) if blob else None, is_new)
                for path, blob, is_new in changed.get(commit, ())
            ),
        )
        for commit, of in parents.items()
    )


_Changed = tuple[str, str, bool]
"""A path, its new blob (empty: none), whether the path is new."""


def _changes(
    git: Git, parents: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, tuple[_Changed, ...]]]:
    """What each commit changes against its first parent."""
    given = "".join(f"{' '.join((commit, *of[:1]))}\n" for commit, of in parents.items())
    printed = git.output(*_CHANGES, given=given.encode("ascii"))
    commit, found = "", []
    items = iter(printed.split(b"\0"))
    for item in items:
        if item.startswith(b":"):
            found.append(_change(item, os.fsdecode(next(items))))
            continue
        if commit:
            yield commit, tuple(found)
        commit, found = item.decode("ascii"), []
    if commit:
        yield commit, tuple(found)


def _change(record: bytes, path: str) -> _Changed:
    fields = record.decode("ascii").split(" ")
    if len(fields) != 5:
        raise UnavailableError(f"git diff-tree printed something unknown: {record!r}.")
    _, mode, _, blob, status = fields
    there = status != "D" and mode != _SUBMODULE
    return path, blob if there else "", status == "A"
