"""The executor's own repositories: bare, one for each repository that changes come from.

Whatever an agent can write, the user's repository with its configuration included, is only data
here. Objects are fetched and never shared by alternates, which a `git gc` of the user would break.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assent.adapters.git.run import Git, failed
from assent.errors import UnavailableError, UsageError

NO_TRANSPORT: Mapping[str, str] = {
    # What a partial clone lacks would be fetched by the program that its configuration names.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
FETCH_LIMIT_S = 600.0


def user_git(git_dir: Path) -> Git:
    """git in the user's repository, for commands that touch objects and refs only.

    Never for commands that look at files: the repository's configuration can name programs that
    such commands run (filters, diff and merge drivers).
    """
    return Git(git_dir, env={**NO_TRANSPORT, **IDENTITY})


IDENTITY: Mapping[str, str] = {
    "GIT_AUTHOR_NAME": "Assent",
    "GIT_AUTHOR_EMAIL": "assent@localhost",
    "GIT_COMMITTER_NAME": "Assent",
    "GIT_COMMITTER_EMAIL": "assent@localhost",
}


@dataclass(frozen=True, slots=True)
class Bare:
    """The executor's repository of one user's repository."""

    path: Path
    user: Path
    """The common git folder of the user's repository."""
    seen: set[str] = field(default_factory=set, compare=False)
    """Commits that are known to be here."""

    @property
    def git(self) -> Git:
        return Git(self.path, env={**NO_TRANSPORT, **IDENTITY})

    def at(self, folder: Path, *, index: Path, env: Mapping[str, str] | None = None) -> Git:
        """git with the files in `folder`, under the executor's configuration."""
        return Git(
            self.path,
            work_tree=folder,
            env={**NO_TRANSPORT, **IDENTITY, "GIT_INDEX_FILE": str(index), **(env or {})},
        )

    def fetch(self, source: Path, *refs: str) -> None:
        """Fetch refs of the user's repository as `source` sees it; UnavailableError if one is
        not there."""
        done = self.try_fetch(source, *refs)
        if done.returncode != 0:
            raise failed(("fetch",), done)

    def try_fetch(self, source: Path, *refs: str) -> "subprocess.CompletedProcess[bytes]":
        """The same, and what came of it."""
        return Git(self.path, env={"GIT_ALLOW_PROTOCOL": "file", "GIT_NO_LAZY_FETCH": "1"}).run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            str(source),
            *(f"+{ref}" for ref in refs),
            limit_s=FETCH_LIMIT_S,
        )

    def has(self, commit: str) -> bool:
        """Whether the commit is here, with all that it needs: objects come in whole packs, and
        none goes."""
        if commit in self.seen:
            return True
        found = self.git.run("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0
        if found:
            self.seen.add(commit)
        return found

    def tree(self, commit: str) -> str:
        return self.git.line("rev-parse", "--verify", f"{commit}^{{tree}}")

    def keep(self, name: str, commit: str) -> None:
        self.git.output("update-ref", f"refs/assent/{name}", commit)

    @contextmanager
    def scratch(self, attributes: bytes) -> Iterator[Git]:
        """git on the same objects with attributes of its own, for one merge.

        A bare merge reads no `.gitattributes`; `info/attributes` is read, and belongs to one merge
        at a time.
        """
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix="merge-") as made:
            folder = Path(made)
            (folder / "info").mkdir()
            (folder / "info" / "attributes").write_bytes(attributes)
            (folder / "refs").mkdir()
            shutil.copyfile(self.path / "HEAD", folder / "HEAD")
            shutil.copyfile(self.path / "config", folder / "config")
            objects = {"GIT_OBJECT_DIRECTORY": str(self.path / "objects")}
            yield Git(folder, env={**NO_TRANSPORT, **IDENTITY, **objects})


def open_bare(root: Path, repository: str) -> Bare:
    """The executor's repository of `repository` (a common git folder), made where there is none.

    Raises UsageError when `repository` is no git folder.
    """
    user = Path(repository)
    name = hashlib.sha256(os.fsencode(repository)).hexdigest()[:32]
    path = root / "repos" / f"{name}.git"
    if not (path / "HEAD").exists():
        with locked(root / "repos" / f"{name}.lock"):
            if not (path / "HEAD").exists():
                _make(path, user)
    return Bare(path, user)


def _make(path: Path, user: Path) -> None:
    """In one step: a folder that is there is complete, whenever the process is killed."""
    asked = user_git(user).run("rev-parse", "--show-object-format")
    if asked.returncode != 0:
        raise UsageError(f"{user} is not a git repository.")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="making-") as made:
        form = asked.stdout.decode().strip()
        fresh = Path(made) / "git"
        fresh.mkdir()
        Git(fresh).output("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
        fresh.rename(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one thread of one process; released by the system when the process is killed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
