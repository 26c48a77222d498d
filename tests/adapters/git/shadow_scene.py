"""Work trees to take checkpoints of, and what is in them."""

import hashlib
import io
import os
import stat
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git.shadow import ShadowRepositories
from assent.adapters.git.shadow_files import Hands
from assent.adapters.git.shadow_repository import Limits

File = tuple[str, bytes]
"""Mode as git writes it, and bytes; of a symlink its target."""
State = dict[str, File]
"""What a snapshot is to hold, by path from the root."""

LIMITS = Limits(young_s=-1.0)


@dataclass(frozen=True)
class Worktree:
    """A folder, with or without the user's git."""

    root: Path

    def git(self, *words: str, given: bytes = b"", check: bool = True) -> str:
        home = self.root.parent / "user"
        home.mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(
            ("git", "-c", "protocol.file.allow=always", *words),
            cwd=self.root,
            env=environment,
            input=given,
            check=check,
            capture_output=True,
        )
        return os.fsdecode(done.stdout)

    def init(self, *words: str) -> "Worktree":
        self.root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *words)
        return self

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "c", "--allow-empty")

    def write(self, name: str, content: bytes | str, *, executable: bool = False) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o755 if executable else 0o644)
        return path

    def state(self) -> State:
        return state_of(self.root)

    def git_bytes(self) -> Mapping[str, str]:
        """Every file of the user's git dir, by hash."""
        found = {}
        for folder, _, names in os.walk(self.root / ".git"):
            for name in names:
                path = Path(folder, name)
                content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
                found[str(path)] = hashlib.sha256(content).hexdigest()
        return found


def state_of(root: Path) -> State:
    """All files and symlinks but those of git."""
    found: State = {}
    for folder, folders, names in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in (*names, *folders):
            path = os.path.join(folder, name)
            kind = os.lstat(path).st_mode
            relative = os.path.relpath(path, root)
            if stat.S_ISLNK(kind):
                found[relative] = ("120000", os.fsencode(os.readlink(path)))
            elif stat.S_ISREG(kind):
                mode = "100755" if kind & stat.S_IXUSR else "100644"
                found[relative] = (mode, Path(path).read_bytes())
    return found


def shadows(
    tmp_path: Path,
    *,
    limits: Limits = LIMITS,
    hands: Hands | None = None,
    clock: Callable[[], float] | None = None,
) -> ShadowRepositories:
    more = {} if clock is None else {"clock": clock}
    return ShadowRepositories(
        tmp_path / "assent", user_home=tmp_path / "user", limits=limits, hands=hands, **more
    )


def held_by(shadow: ShadowRepositories, tree: str, tmp_path: Path) -> State:
    """What a snapshot's tree holds."""
    (place,) = (tmp_path / "assent" / "shadows").glob("*.git")
    git = ("git", f"--git-dir={place}")
    listed = subprocess.run((*git, "ls-tree", "-r", "-z", tree), capture_output=True, check=True)
    entries = [line.partition(b"\t") for line in listed.stdout.split(b"\0") if line]
    asked = b"".join(facts.split(b" ")[2] + b"\n" for facts, _, _ in entries)
    batch = (*git, "cat-file", "--batch")
    said = io.BytesIO(subprocess.run(batch, input=asked, capture_output=True, check=True).stdout)
    found: State = {}
    for facts, _, path in entries:
        size = int(said.readline().split()[2])
        found[os.fsdecode(path)] = (facts[:6].decode(), said.read(size))
        said.read(1)
    return found
