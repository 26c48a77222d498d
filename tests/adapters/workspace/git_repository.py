"""A real repository to look at."""

import os
import subprocess
from pathlib import Path


class Repository:
    """A work tree with a commit of `kept.txt` and `src/a.py`, and `build/` ignored."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.write("kept.txt", "one\n")
        self.write("src/a.py", "a = 1\n")
        self.write(".gitignore", "build/\nnode_modules/\n*.log\n.env\n")
        self.commit()

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "c", "--allow-empty")

    def git(self, *words: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        done = subprocess.run(
            ("git", "-C", str(self.root), *words),
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout
