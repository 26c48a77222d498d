"""The sample repository: a small Python package, a secret, old exports, and its own remote."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assent.errors import UnavailableError

SECRET = "demo-4f1c0b7a-not-a-real-key"
BRANCH = "main"

PACKAGE = "greeter/greet.py"
TESTS = "tests/test_greet.py"
STALE = "exports/drafts"
KEPT = "exports/sent"

_FILES = {
    "README.md": "# greeter\n\nSays hello.\n\n    python3 -m unittest\n",
    ".gitignore": "exports/\n.env\n__pycache__/\n",
    ".env": f"GREETER_API_KEY={SECRET}\n",
    "greeter/__init__.py": '"""Says hello."""\n',
    PACKAGE: (
        '"""Greetings."""\n\n\n'
        "def greet(name: str) -> str:\n"
        '    """A greeting for `name`."""\n'
        '    return f"Hello, {name}"\n'
    ),
    "tests/__init__.py": "",
    TESTS: (
        "import unittest\n\n"
        "from greeter.greet import greet\n\n\n"
        "class Greet(unittest.TestCase):\n"
        "    def test_name(self):\n"
        '        self.assertEqual(greet("Ana"), "Hello, Ana")\n'
    ),
    f"{STALE}/greet.o": "stale\n",
    f"{STALE}/greet.d": "stale\n",
    f"{KEPT}/greeter-1.0.tar.gz": "the only copy of what customers run\n",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Where the sample is. Everything the demo's agent does stays below these folders."""

    repo: Path
    origin: Path
    """A bare repository, so that a push is real and harms nobody."""
    deploys: Path
    """Where the pretended deploy server keeps what was released."""
    env: Mapping[str, str]
    """The whole environment of the agent and of what it runs: nothing of the user's is in it."""

    def git(self, *arguments: str) -> str:
        """The output of git in the sample repository. Raises UnavailableError when it fails."""
        return _git(self.repo, arguments, self.env)


def make_sample(root: Path, user_home: Path) -> Sample:
    """Create the sample below `root`. Raises UnavailableError when there is no git."""
    if shutil.which("git") is None:
        raise UnavailableError("The demo needs git.", hint="Install git and try again.")
    sample = Sample(
        repo=root / "greeter",
        origin=root / "origin.git",
        deploys=root / "deploys.log",
        env=_environment(user_home),
    )
    for name, text in _FILES.items():
        path = sample.repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _git(root, ("init", "-q", "--bare", "-b", BRANCH, sample.origin.name), sample.env)
    sample.git("init", "-q", "-b", BRANCH)
    sample.git("remote", "add", "origin", str(sample.origin))
    sample.git("add", ".")
    sample.git("commit", "-q", "-m", "Say hello")
    sample.git("push", "-q", "origin", BRANCH)
    return sample


def _environment(user_home: Path) -> Mapping[str, str]:
    names = {"GIT_AUTHOR": "Demo Agent", "GIT_COMMITTER": "Demo Agent"}
    who = {f"{role}_NAME": name for role, name in names.items()}
    who |= {f"{role}_EMAIL": "agent@demo.invalid" for role in names}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(user_home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **who,
    }


def _git(where: Path, arguments: tuple[str, ...], env: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", *arguments],
        cwd=where,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise UnavailableError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
