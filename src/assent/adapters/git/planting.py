"""Commits that reviewers are calibrated with, in the executor's repositories."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assent.adapters.git.bare import Bare, open_bare
from assent.adapters.git.run import Git
from assent.app.changes.calibrate import Past
from assent.core.changes.model import TreePayload
from assent.errors import UnavailableError

_FORM = "%H%x00%P%x00%T%x00%s%x00%b%x01"


class GitPlanting:
    """Implements `Planting` in `root`/repos. No ref is made: git collects the commits in time."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self, repository: str, commit: str) -> frozenset[str]:
        git = self._bare(repository).git
        return frozenset(git.items("ls-tree", "-r", "-z", "--name-only", commit))

    def plant(self, repository: str, commit: str, path: str, content: bytes) -> TreePayload:
        bare = self._bare(repository)
        git = bare.git
        listed = git.items("ls-tree", "-z", commit, "--", path)
        if not listed:
            raise UnavailableError(f"{path} is not in {commit[:10]}.")
        mode = listed[0].partition(" ")[0]
        blob = git.line("hash-object", "-w", "--stdin", given=content)
        with tempfile.TemporaryDirectory(dir=bare.path.parent, prefix="planting-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            staged = Git(bare.path, env={**(git.env or {}), **index})
            staged.output("read-tree", commit)
            given = f"{mode} {blob}\t".encode() + os.fsencode(path) + b"\0"
            staged.output("update-index", "-z", "--index-info", given=given)
            tree = staged.line("write-tree")
        made = git.line("commit-tree", tree, "-p", commit, given=b"Rework\n")
        return TreePayload(base=commit, commit=made, tree=tree)

    def past(self, repository: str, commit: str, *, limit: int) -> Sequence[Past]:
        printed = self._bare(repository).git.output(
            "log", "--first-parent", f"--max-count={limit}", f"--format={_FORM}", commit, "--"
        )
        found: list[Past] = []
        for record in printed.decode("utf-8", "replace").split("\x01"):
            parts = record.lstrip("\n").split("\0")
            if len(parts) == 5 and parts[1]:
                payload = TreePayload(base=parts[1].split()[0], commit=parts[0], tree=parts[2])
                found.append(Past(payload=payload, title=parts[3], text=parts[4].strip()))
        return found

    def _bare(self, repository: str) -> Bare:
        return open_bare(self._root, repository)
