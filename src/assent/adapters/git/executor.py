"""The merge executor: captures, merges and lands changes, on plain git."""

import os
from collections.abc import Sequence
from pathlib import Path

from assent.adapters.git import capture, continuing, landing, patches, splice
from assent.adapters.git.bare import Bare, locked, open_bare, user_git
from assent.adapters.git.run import Git, failed
from assent.app.changes.ports import (
    Candidate,
    Conflict,
    InTheWay,
    Landed,
    Moved,
    Place,
    Signature,
)
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import HunkId, Part, TreePayload
from assent.core.proof.log import NewEntry
from assent.core.risk.edits import FileVersion

ATTRIBUTES_LIMIT = 1024 * 1024
_MERGE = ("-c", "merge.directoryRenames=false")
"""A file goes where its maker put it, never where a renamed folder would take it."""


def _nothing(step: str) -> None:
    """Steps are told to whoever tests what a killed executor leaves behind."""


class GitRepositories:
    """Implements `Repositories` in `root`/repos. Any thread may call; one process at a time holds
    a repository while it captures."""

    def __init__(self, root: Path, *, step: landing.Step = _nothing) -> None:
        self._root = root
        self._step = step
        self._known: dict[str, Bare] = {}

    def place(self, folder: str) -> Place | None:
        return capture.find_place(folder)

    def capture(
        self, place: Place, *, target: str, uncommitted: bool, branch: str = ""
    ) -> TreePayload:
        bare = self._bare(place.repository)
        with locked(bare.path.with_suffix(".lock")):
            return capture.capture(
                bare, place, target=target, uncommitted=uncommitted, branch=branch
            )

    def continued(
        self, repository: str, payload: TreePayload, *, target: str, merged: Sequence[str]
    ) -> TreePayload:
        bare = self._bare(repository)
        onto = capture.fetch_head(bare, target)
        return continuing.continued(bare, payload, onto=onto, merged=merged)

    def head(self, repository: str, target: str) -> str:
        return capture.fetch_head(self._bare(repository), target)

    def patches(
        self, repository: str, base: str, commit: str, *, context: int = 3
    ) -> tuple[FilePatch, ...]:
        return patches.patches(self._bare(repository).git, base, commit, context=context)

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]:
        return patches.versions(self._bare(repository).git, base, commit)

    def authors(self, repository: str, base: str, commit: str) -> tuple[str, ...]:
        return capture.authors(self._bare(repository).git, base, commit)

    def blob(self, repository: str, commit: str, path: str) -> bytes | None:
        return patches.blob(self._bare(repository).git, commit, path)

    def split(self, repository: str, payload: TreePayload, accepted: Sequence[HunkId]) -> Part:
        git = self._bare(repository).git
        return splice.split(git, payload.base, payload.commit, accepted)

    def rest_of(self, repository: str, part: Part, *, onto: str) -> TreePayload | Conflict | None:
        return splice.rest_of(self._bare(repository).git, part, onto=onto)

    def candidate(
        self, repository: str, *, onto: str, commit: str, message: str, author: Signature
    ) -> Candidate | Conflict:
        bare = self._bare(repository)
        tree = _merged_tree(bare, onto, commit, attributes=_attributes(bare.git, onto))
        if isinstance(tree, Conflict):
            return tree
        named = Git(bare.path, env={**(bare.git.env or {}), **_author(author)})
        made = named.line(
            *("commit-tree", tree, "-p", onto, "-p", commit, "-F", "-"),
            given=message.encode("utf-8", "replace"),
        )
        return Candidate(commit=made, tree=tree)

    def inverse(self, repository: str, *, onto: str, merge: str) -> TreePayload | Conflict:
        bare = self._bare(repository)
        git = bare.git
        first = git.line("rev-parse", "--verify", f"{merge}^1")
        # A merge of two commits that were made from the merge: what it brought is taken out.
        base = git.line("commit-tree", bare.tree(merge), given=b"base\n")
        ours = git.line("commit-tree", bare.tree(onto), "-p", base, given=b"ours\n")
        theirs = git.line("commit-tree", bare.tree(first), "-p", base, given=b"theirs\n")
        tree = _merged_tree(bare, ours, theirs, attributes=_attributes(git, onto))
        if isinstance(tree, Conflict):
            return tree
        made = git.line(
            *("commit-tree", tree, "-p", onto, "-F", "-"),
            given=f"Take back {merge}\n".encode(),
        )
        bare.keep(f"captured/{made}", made)
        return TreePayload(base=onto, commit=made, tree=tree)

    def land(
        self,
        repository: str,
        target: str,
        *,
        before: str,
        after: str,
        entry: NewEntry | None = None,
    ) -> Landed | Moved | InTheWay:
        bare = self._bare(repository)
        # Another process at the same landing would take files that are half written for edits.
        with locked(bare.path.with_suffix(".landing")):
            return landing.land(
                bare, target, before=before, after=after, step=self._step, entry=entry
            )

    def contains(self, repository: str, target: str, commit: str) -> bool:
        return landing.contains(user_git(Path(repository)), target, commit)

    def keep(self, repository: str, name: str, commit: str) -> None:
        self._bare(repository).keep(name, commit)

    def checkout(self, repository: str, commit: str, folder: Path) -> str:
        """Put a commit's files into `folder`, which belongs to Assent; the tree's id.

        What git knows of the folder is in a file beside it. Tracked files that changed are written
        again; whatever else is there stays.
        """
        bare = self._bare(repository)
        git = bare.at(folder, index=folder.with_name(f"{folder.name}.index"))
        git.output("read-tree", "--reset", "-u", commit)
        return bare.tree(commit)

    def tree(self, repository: str, commit: str) -> str:
        """The tree of a commit."""
        return self._bare(repository).tree(commit)

    def files(self, repository: str, commit: str) -> frozenset[str]:
        """The paths of all files in a commit."""
        return frozenset(
            self._bare(repository).git.items("ls-tree", "-r", "-z", "--name-only", commit)
        )

    def _bare(self, repository: str) -> Bare:
        known = self._known.get(repository)
        if known is None or not (known.path / "HEAD").exists():
            known = self._known[repository] = open_bare(self._root, repository)
        return known


def _merged_tree(bare: Bare, ours: str, theirs: str, *, attributes: bytes) -> str | Conflict:
    words = (*_MERGE, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
    with bare.scratch(attributes) as git:
        done = git.run(*words, ours, theirs)
    if done.returncode not in (0, 1):
        raise failed(words, done)
    tree, *paths = os.fsdecode(done.stdout).rstrip("\0").split("\0")
    if done.returncode == 1:
        return Conflict(tuple(dict.fromkeys(path for path in paths if path)))
    return tree


def _attributes(git: Git, commit: str) -> bytes:
    """The attributes that the target's own root file gives; they are ours to be told by."""
    found = git.run("cat-file", "blob", f"{commit}:.gitattributes")
    return found.stdout[:ATTRIBUTES_LIMIT] if found.returncode == 0 else b""


def _author(author: Signature) -> dict[str, str]:
    return {
        "GIT_AUTHOR_NAME": _plain(author.name) or "unknown",
        "GIT_AUTHOR_EMAIL": _plain(author.email) or f"{_plain(author.name) or 'unknown'}@localhost",
    }


def _plain(text: str) -> str:
    """Without what git leaves out of names; a name of nothing else is none."""
    kept = "".join(each for each in text if each.isprintable() and each not in "<>")
    return kept.strip(" .,:;\"'\\")
