"""What is not submitted, for a look on the spot: the work tree, the index, or a range.

All that has to be written goes to a folder of its own, which is removed afterwards; the user's
repository, its index included, is only read.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git import patches as differences
from assent.adapters.git.bare import Bare, user_git
from assent.adapters.git.capture import commit_of, of_work_tree
from assent.adapters.git.run import Git, ask
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import TreePayload
from assent.core.risk.edits import FileVersion
from assent.errors import UsageError

_RANGE = re.compile(r"(?P<base>.*?)(?P<dots>\.\.\.?)(?P<end>.*)")


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """One work tree's repository, with room for objects beside it."""

    workspace: Path
    """Real path of the work tree's root."""
    bare: Bare
    """Its objects are the user's; what is written stays in here."""

    @property
    def git(self) -> Git:
        return self.bare.git

    # What can be reviewed. Both ends of a payload may be trees.

    def uncommitted(self) -> TreePayload:
        """All that the work tree holds and git does not ignore, against HEAD.

        Raises UsageError for files that a filter program stores.
        """
        head = self._head()
        try:
            commit = of_work_tree(self.bare, self.workspace, head)
        except UsageError as error:
            raise UsageError(
                error.message, hint="Stage them, and review what is staged."
            ) from error
        return self._payload(head, commit)

    def staged(self, index: str = "") -> TreePayload:
        """The index against HEAD. `index` is the file that git has named to a hook.

        Raises UsageError while paths are in conflict.
        """
        with tempfile.TemporaryDirectory(dir=self.bare.path.parent, prefix="index-") as made:
            copy = Path(made) / "index"
            source = self.workspace / (index or self._ask("rev-parse", "--git-path", "index"))
            if source.is_file():
                shutil.copy2(source, copy)
            done = self.bare.at(self.workspace, index=copy).run("write-tree")
        if done.returncode != 0:
            raise UsageError(
                "What is staged is no whole tree: paths are in conflict.",
                hint="Resolve them, stage the result, and try again.",
            )
        return self._payload(self._head(), os.fsdecode(done.stdout).strip())

    def range(self, text: str) -> TreePayload:
        """`a..b`, `a...b` (from where they parted), or one commit against its first parent."""
        match = _RANGE.fullmatch(text)
        if match is None:
            end = self._commit(text)
            return self._payload(commit_of(self._user, f"{end}^1") or self._empty(), end)
        base = self._commit(match.group("base") or "HEAD")
        end = self._commit(match.group("end") or "HEAD")
        if match.group("dots") == "...":
            done = self._user.run("merge-base", base, end)
            if done.returncode != 0:
                raise UsageError(f"The ends of `{text}` have no history in common.")
            base = os.fsdecode(done.stdout).splitlines()[0]
        return self._payload(base, end)

    def stale(self, payload: TreePayload) -> tuple[str, ...]:
        """Which of the files of `payload` the work tree has otherwise."""
        paths = [entry.path for entry in differences.read_entries(self.git, *_ends(payload))]
        now = of_work_tree(self.bare, self.workspace, self._head())
        other = {entry.path for entry in differences.read_entries(self.git, payload.tree, now)}
        return tuple(path for path in paths if path in other)

    # What reviewers read

    def patches(self, payload: TreePayload) -> tuple[FilePatch, ...]:
        return differences.patches(self.git, *_ends(payload))

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]:  # noqa: ARG002
        return differences.versions(self.git, base, commit)

    def blob(self, repository: str, commit: str, path: str) -> bytes | None:  # noqa: ARG002
        return differences.blob(self.git, commit, path)

    @property
    def _user(self) -> Git:
        return user_git(self.bare.user)

    def _ask(self, *words: str) -> str:
        """git's answer in the work tree, whose HEAD and index may not be the main ones."""
        return ask(self.workspace, *words) or ""

    def _head(self) -> str:
        """HEAD, or a commit of nothing where there is none yet."""
        head = self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return head or self.git.line("commit-tree", self._empty(), given=b"nothing\n")

    def _empty(self) -> str:
        return self.git.line("hash-object", "-w", "-t", "tree", "--stdin")

    def _commit(self, name: str) -> str:
        found = (
            None
            if name.startswith("-")
            else ask(
                self.workspace,
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                f"{name}^{{commit}}",
            )
        )
        if not found:
            raise UsageError(
                f"`{name}` names no commit here.", hint="Write a range as `main..HEAD`."
            )
        return found

    def _payload(self, base: str, end: str) -> TreePayload:
        tree = self.git.line("rev-parse", "--verify", f"{end}^{{tree}}")
        return TreePayload(base=base, commit=end, tree=tree)


def _ends(payload: TreePayload) -> tuple[str, str]:
    return payload.base, payload.commit


@contextmanager
def local_repository(folder: Path) -> Iterator[LocalRepository]:
    """The repository that `folder` lies in. Raises UsageError where there is none."""
    top = ask(folder, "rev-parse", "--show-toplevel")
    common = ask(folder, "rev-parse", "--git-common-dir")
    if not top or not common:
        raise UsageError(f"{folder} lies in no work tree of git.", hint="Go to one, and try again.")
    user = (folder / common).resolve()
    with tempfile.TemporaryDirectory(prefix="assent-review-") as made:
        path = Path(made) / "git"
        path.mkdir()
        form = user_git(user).line("rev-parse", "--show-object-format")
        Git(path).output("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
        alternates = path / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(os.fsencode(user / "objects") + b"\n")
        yield LocalRepository(Path(top).resolve(), Bare(path, user))
