"""The branch that is checked out, read from git's files."""

import os

from assent.adapters.workspace.files import read_regular
from assent.app.agents import UnreadableFile

_LIMIT = 4096
_REF = "ref: refs/heads/"
_GIT_DIR = "gitdir: "


def branch_of(workspace: str) -> str:
    """Empty where none is: no repository, a detached head, a file that cannot be read."""
    git = os.path.join(workspace, ".git")
    linked = _text(git)
    if linked.startswith(_GIT_DIR):
        git = os.path.join(workspace, linked.removeprefix(_GIT_DIR))
    head = _text(os.path.join(git, "HEAD"))
    return head.removeprefix(_REF) if head.startswith(_REF) else ""


def _text(path: str) -> str:
    try:
        content = read_regular(path, limit=_LIMIT)
    except UnreadableFile:
        return ""
    return (content or b"").decode("utf-8", "replace").strip()
