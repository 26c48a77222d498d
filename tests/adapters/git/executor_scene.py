"""A user's repository below a temporary folder, and what is looked at in it."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git.executor import GitRepositories
from assent.app.changes.ports import Candidate, Place, Signature

ANA = Signature("ana", "ana@example.org")
_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
    "GIT_AUTHOR_NAME": "U",
    "GIT_AUTHOR_EMAIL": "u@example.org",
    "GIT_COMMITTER_NAME": "U",
    "GIT_COMMITTER_EMAIL": "u@example.org",
}


@dataclass
class User:
    """A repository as its user has it. The first commit holds `files`."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *, form: str = "sha1", **files: str) -> "User":
        folder.mkdir(parents=True, exist_ok=True)
        user = cls(folder)
        user.git("init", "-q", "-b", "main", f"--object-format={form}")
        user.commit("first", **(files or {"a.txt": lines(10)}))
        return user

    def git(self, *words: str, cwd: Path | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.folder, env=_ENV, capture_output=True, check=False
        )
        if check and done.returncode != 0:
            raise AssertionError(f"git {words}: {done.stderr.decode()}")
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, content: str | bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str, /, **files: str | bytes) -> str:
        """All that is there, with these files."""
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def on_branch(self, name: str, message: str = "", /, **files: str | bytes) -> str:
        """A commit on a new branch from main, then back to main."""
        self.git("checkout", "-q", "-b", name, "main")
        made = self.commit(message or name, **files)
        self.git("checkout", "-q", "main")
        return made

    def head(self, ref: str = "HEAD") -> str:
        return self.git("rev-parse", ref)

    def text(self, path: str) -> str:
        return (self.folder / path).read_text()

    @property
    def repository(self) -> str:
        return str((self.folder / ".git").resolve())

    def place(self, repositories: GitRepositories) -> Place:
        found = repositories.place(str(self.folder))
        assert found is not None
        return found

    def state(self) -> str:
        """A digest of every byte below the folder but those that git rewrites by looking."""
        digest = hashlib.sha256()
        for root, folders, files in os.walk(self.folder):
            folders.sort()
            for name in sorted(files):
                file = Path(root) / name
                content = os.readlink(file).encode() if file.is_symlink() else file.read_bytes()
                digest.update(f"{file}{file.lstat().st_mode}".encode() + content)
        return digest.hexdigest()

    def status(self, *, cwd: Path | None = None) -> str:
        return self.git("status", "--porcelain", cwd=cwd)


def lines(count: int, **changed: str) -> str:
    """Numbered lines; `l3="x"` says what the third is instead."""
    return "".join(changed.get(f"l{each}", f"line {each}") + "\n" for each in range(1, count + 1))


def merged(
    repositories: GitRepositories, user: User, commit: str, *, onto: str | None = None
) -> Candidate:
    """The candidate that merges `commit` into main."""
    head = repositories.head(user.repository, "main")
    found = repositories.candidate(
        user.repository, onto=onto or head, commit=commit, message="CH-1\n", author=ANA
    )
    assert isinstance(found, Candidate), found
    return found


def captured(repositories: GitRepositories, user: User, branch: str) -> str:
    """The commit of `branch`, fetched."""
    place = user.place(repositories)
    return repositories.capture(place, target="main", uncommitted=False, branch=branch).commit
