"""Work that goes on in a work tree from which an earlier change was merged already.

Such a work tree still holds what was merged, and its branch does not know of the merge: compared
with where it began, all of that would be proposed once more, and conflict with itself.
"""

import os
from collections.abc import Sequence

from assent.adapters.git.bare import Bare
from assent.adapters.git.run import Git
from assent.core.changes.model import TreePayload


def continued(bare: Bare, payload: TreePayload, *, onto: str, merged: Sequence[str]) -> TreePayload:
    """`payload` on top of the newest of the changes merged as `merged` that it holds; itself when
    it holds none. `onto` is the target's commit."""
    for merge in merged:
        side = _parent(bare.git, merge)
        if (
            side is None
            or _holds(bare.git, payload.base, side)
            or not _holds(bare.git, onto, merge)
        ):
            continue
        if _lines(bare.git, side, payload.tree) >= _lines(bare.git, payload.base, payload.tree):
            continue
        commit = bare.git.line(
            *("commit-tree", payload.tree, "-p", payload.commit, "-p", side, "-F", "-"),
            given=b"What the work tree holds, after what was merged of it\n",
        )
        # Where both sides began more than once, the difference to one of them is not the change.
        if bare.git.output("merge-base", "--all", onto, commit).split() == [os.fsencode(side)]:
            bare.keep(f"captured/{commit}", commit)
            return TreePayload(base=side, commit=commit, tree=payload.tree)
    return payload


def _parent(git: Git, merge: str) -> str | None:
    """What a merge brought in; None when it is no merge that is known here."""
    done = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{merge}^2")
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 else None


def _holds(git: Git, commit: str, ancestor: str) -> bool:
    return git.run("merge-base", "--is-ancestor", ancestor, commit).returncode == 0


def _lines(git: Git, before: str, after: str) -> int:
    """Changed lines between two trees; a file that is binary or only has another mode counts as
    one."""
    told = git.output("diff-tree", "-r", "--no-renames", "--numstat", "-z", before, after)
    counts = (entry.split(b"\t")[:2] for entry in told.split(b"\0") if entry)
    return sum(1 + sum(int(count) for count in pair if count.isdigit()) for pair in counts)
