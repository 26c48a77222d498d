"""CODEOWNERS as the protected branch has it: never an agent's branch, and never its work tree."""

import os
from pathlib import Path

from assent.adapters.git.bare import user_git
from assent.adapters.git.capture import branch_ref, commit_of, default_target, find_place
from assent.adapters.git.run import Git
from assent.app.ports import OwnersText
from assent.errors import UnavailableError

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it may stand; the first that is there counts."""
LIMIT = 3 * 1024 * 1024
"""Bytes; forges take no larger one."""


class GitOwners:
    """Reads who owns the files of a repository."""

    def codeowners(self, workspace: str, target: str) -> OwnersText | None:
        """CODEOWNERS on the branch `target`; empty: on the default branch. None: there is none.

        Raises UnavailableError where it cannot be told, UsageError for no name of a branch.
        """
        place = find_place(workspace)
        if place is None:
            return None
        git = user_git(Path(place.repository))
        branch = target or default_target(git)
        commit = commit_of(git, branch_ref(branch)) if branch else None
        if commit is None:
            raise UnavailableError(
                f"There is no branch `{branch}`." if branch else "No default branch is known.",
                hint="Name the branch in the policy: [changes] target",
            )
        text = _text(git, commit)
        below = os.path.relpath(os.path.realpath(workspace), place.workspace)
        return None if text is None else OwnersText(text, "" if below == "." else f"{below}/")


def _text(git: Git, commit: str) -> str | None:
    for path in PLACES:
        found = git.output("ls-tree", "-z", "-l", "--end-of-options", commit, path)
        entry = found.split(b"\t", 1)[0].split()
        if len(entry) != 4 or not entry[0].startswith(b"100"):
            continue
        if int(entry[3]) > LIMIT:
            raise UnavailableError(f"{path} is larger than {LIMIT // 1024 // 1024} MiB.")
        return git.output("cat-file", "blob", entry[2].decode("ascii")).decode("utf-8", "replace")
    return None
