"""Building the accepted part of a proposal, and what is left of it afterwards, as commits.

Hunks are put where they stand in the base, by their exact bytes; `git apply`, which searches for a
place that fits, is not used. Everything is written by one `git fast-import`: no index and no work
tree take part, and doing it again writes the same commits.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assent.adapters.git.patches import READABLE, patches, read_blobs
from assent.adapters.git.run import Git, failed
from assent.app.changes.ports import Conflict
from assent.core.changes.closure import clashes
from assent.core.changes.hunks import (
    FilePatch,
    Mismatch,
    Outcome,
    outcome,
    remainder,
    splice,
)
from assent.core.changes.model import HunkId, Part, TreePayload
from assent.errors import IntegrityError, UsageError

COMMITTER = b"Assent <assent@localhost>"
_SIGNED = re.compile(rb"(?:[^<>\0\n]* )?<[^<>\0\n]*> (\d{1,10} [+-](?:0\d|1[0-3])[0-5]\d)")
"""What fast-import takes for a name and a time; a commit may hold anything."""
_SPECIAL = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')


def split(git: Git, base: str, commit: str, accepted: Collection[HunkId]) -> Part:
    """The accepted part on `base`, and on top of it a commit with the tree of `commit`.

    Both are kept by `refs/assent/parts/…`; `Part.revision` is 0. Raises UsageError when nothing is
    accepted, for hunks that are not in the difference, and for a part that cannot be built because
    a path would be a file and a folder at once.
    """
    read = patches(git, base, commit)
    chosen = frozenset(accepted)
    _check(read, chosen)
    changes = list(_changes(read, chosen))
    proposal = _commit(git, commit)
    every = sum(len(patch.hunks) for patch in read)
    ref = f"refs/assent/parts/{_name(base, commit, *sorted(chosen))}"
    part = _Written(base, f"{len(chosen)} of {every} hunks of {commit}", _files(git, changes))
    rest = _Written(":1", f"The rest of {commit}", (_root(proposal.tree),))
    _write(git, ref, proposal, (part, rest))
    last, tip, tree, whole = git.output(
        "rev-parse", ref, f"{ref}~", f"{ref}~^{{tree}}", f"{ref}^{{tree}}"
    ).split()
    expected = proposal.tree.encode()
    if whole != expected or (len(chosen) == every and tree != expected):
        raise IntegrityError(f"The part of {commit} was not built as it was accepted.")
    return Part(revision=0, commit=tip.decode(), tree=tree.decode(), rest=last.decode())


def rest_of(git: Git, part: Part, *, onto: str) -> TreePayload | Conflict | None:
    """What is left of a proposal once its part is in `onto`, as a commit on `onto`.

    None: nothing is left. The commit is kept by `refs/assent/rests/…`.
    """
    merged = _merged(git, onto, part.rest)
    if isinstance(merged, Conflict):
        return merged
    if merged == git.line("rev-parse", f"{onto}^{{tree}}"):
        return None
    ref = f"refs/assent/rests/{_name(onto, part.rest)}"
    rest = _Written(onto, f"The rest of {part.rest}", (_root(merged),))
    _write(git, ref, _commit(git, part.rest), (rest,))
    return TreePayload(base=onto, commit=git.line("rev-parse", ref), tree=merged)


def _merged(git: Git, onto: str, rest: str) -> str | Conflict:
    words = ("merge-tree", "--write-tree", "-z", "--name-only", onto, rest)
    done = git.run(*words)
    if done.returncode not in (0, 1):
        raise failed(words, done)
    tree, *paths = done.stdout.split(b"\0")
    if done.returncode == 0:
        return tree.decode("ascii")
    named = paths[: paths.index(b"")]
    return Conflict(tuple(dict.fromkeys(os.fsdecode(path) for path in named)))


def _name(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("ascii")).hexdigest()[:32]


# What is accepted


def _check(read: Sequence[FilePatch], chosen: frozenset[HunkId]) -> None:
    if not chosen:
        raise UsageError(
            "Nothing is accepted, so there is no part to build.",
            hint="Accept at least one hunk, or reject the change.",
        )
    unknown = sorted(chosen - {hunk.id for patch in read for hunk in patch.hunks})
    if unknown:
        raise UsageError(
            f"{len(unknown)} of the accepted hunks are not in this revision: {unknown[0][:12]}.",
            hint="Look at the newest revision and decide again.",
        )
    found = clashes(read, chosen)
    if found:
        paths = {hunk.id: hunk.path for patch in read for hunk in patch.hunks}
        raise UsageError(
            f"{paths[found[0].hunk]} cannot be accepted alone: it needs the hunk that "
            f"{found[0].why}.",
            hint=f"Accept {paths[found[0].needs]} too, or neither.",
        )


_Change: TypeAlias = tuple[FilePatch, Outcome]


def _changes(read: Sequence[FilePatch], chosen: frozenset[HunkId]) -> Iterator[_Change]:
    for patch in read:
        becomes = outcome(patch, chosen)
        if (becomes.mode, becomes.blob) != (patch.old_mode, patch.old_blob):
            yield patch, becomes


def _files(git: Git, changes: Sequence[_Change]) -> tuple[bytes, ...]:
    """Commands of fast-import. What goes goes first, so that a folder can stand in its place."""
    partly = [patch for patch, becomes in changes if becomes.blob is None and becomes.hunks]
    sides = [name for patch in partly for name in (patch.old_blob, patch.new_blob)]
    found = read_blobs(git, [name for name in sides if name is not None], limit=READABLE)
    gone = [b"D " + _quoted(patch.path) for patch, becomes in changes if becomes.mode is None]
    kept = [
        b"M %s %s %s" % (becomes.mode.encode(), what, _quoted(patch.path) + data)
        for patch, becomes in changes
        if becomes.mode is not None
        for what, data in (_content(patch, becomes, found),)
    ]
    return (*gone, *kept)


def _content(
    patch: FilePatch, becomes: Outcome, found: Mapping[str, bytes | None]
) -> tuple[bytes, bytes]:
    """What a file's command names, and what follows it."""
    if becomes.blob is not None:
        return becomes.blob.encode("ascii"), b""
    text = _spliced(patch, becomes, found)
    return b"inline", b"\ndata %d\n%s" % (len(text), text)


def _spliced(patch: FilePatch, becomes: Outcome, found: Mapping[str, bytes | None]) -> bytes:
    """The file with the accepted hunks; with the others as well it is the proposed one."""
    old, new = (found.get(blob or "") for blob in (patch.old_blob, patch.new_blob))
    part = Mismatch(patch.path, 1) if old is None else splice(old, becomes.hunks)
    if not isinstance(part, Mismatch):
        lines = [hunk for hunk in patch.hunks if not hunk.mode]
        rest = remainder(lines, {hunk.id for hunk in becomes.hunks})
        if splice(part, rest) == new:
            return part
    raise IntegrityError(f"The hunks of {patch.path} are not the difference of its two contents.")


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it."""
    return b'"' + _SPECIAL.sub(lambda found: b"\\%03o" % found[0][0], os.fsencode(path)) + b'"'


# Commits


@dataclass(frozen=True, slots=True)
class _Written:
    """A commit to write: on `parent`, with what the commands of fast-import make of its tree."""

    parent: str
    message: str
    commands: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Proposal:
    """What the commits take over from the proposed one."""

    tree: str
    author: bytes
    date: bytes


def _commit(git: Git, commit: str) -> _Proposal:
    head, _, _ = git.output("cat-file", "commit", commit).partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
    signed = _SIGNED.fullmatch(fields.get(b"committer", b""))
    date = b"0 +0000" if signed is None else signed[1]
    author = fields.get(b"author", b"")
    if _SIGNED.fullmatch(author) is None:
        author = b"%s %s" % (COMMITTER, date)
    return _Proposal(fields[b"tree"].decode("ascii"), author, date)


def _root(tree: str) -> bytes:
    return b'M 040000 %s ""' % tree.encode("ascii")


def _write(git: Git, ref: str, like: _Proposal, commits: Sequence[_Written]) -> None:
    """Write the commits one after the other to `ref`, the first as mark 1."""
    stream = [b"feature done"]
    for number, commit in enumerate(commits, start=1):
        message = commit.message.encode()
        stream += [
            b"commit " + ref.encode("ascii"),
            b"mark :%d" % number,
            b"author " + like.author,
            b"committer %s %s" % (COMMITTER, like.date),
            b"data %d\n%s" % (len(message), message),
            b"from " + commit.parent.encode("ascii"),
            *commit.commands,
            b"",
        ]
    stream.append(b"done\n")
    git.output("fast-import", "--quiet", "--force", given=b"\n".join(stream))
