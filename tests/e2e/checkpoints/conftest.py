"""A project under git, an agent that edits it through the real hooks, and a git that can kill."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import Hook, House, house_in, until

GIT = """#!/bin/sh
# Kills the daemon that starts it, once so many calls are over as the file says.
if [ -e "{left}" ]; then
    read -r count < "{left}"
    if [ "$count" -le 0 ]; then
        rm -f "{left}"
        kill -KILL "$PPID"
        exit 1
    fi
    echo "$((count - 1))" > "{left}"
fi
exec "{git}" "$@"
"""


@dataclass
class Site:
    """A house whose project is a repository with `a.py` and `b.py` committed."""

    house: House
    left: Path
    """While it is there: how many more times git is started before the daemon is killed."""

    @property
    def project(self) -> Path:
        return self.house.workspace

    def text(self, name: str) -> str:
        return (self.project / name).read_text()

    def texts(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.project.glob("*.py"))}

    # The agent

    def proposes(self, name: str, content: str, *, call: str) -> Hook:
        """The agent wants to write a whole file."""
        return self.house.ask(CLAUDE, self._payload(name, content, call, CLAUDE.before))

    def ended(self, name: str, content: str, *, call: str) -> None:
        payload = self._payload(name, content, call, CLAUDE.after)
        assert self.house.ask(CLAUDE, payload, event=CLAUDE.after).said().code == 0

    def _payload(self, name: str, content: str, call: str, event: str) -> bytes:
        arguments = {"file_path": str(self.project / name), "content": content}
        fields = json.loads(CLAUDE.call("Write", arguments, cwd=str(self.project), call=call))
        return json.dumps({**fields, "hook_event_name": event}).encode()

    def writes(self, name: str, content: str, *, call: str, beside: dict[str, str]) -> None:
        """The agent writes a file as it said, and other files that it said nothing of."""
        assert self.proposes(name, content, call=call).said().passed
        for path, text in {name: content, **beside}.items():
            (self.project / path).write_text(text)
        self.ended(name, content, call=call)

    def reads(self) -> Hook:
        return self.house.shell(CLAUDE, "cat a.py")

    # People

    def asked(self) -> dict[str, Any]:
        """The question about what nothing explains."""
        [found] = self.house.waiting()
        return found

    def checkpoints(self) -> list[dict[str, Any]]:
        done = self.house.assent("checkpoints", "--json")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["checkpoints"]
        return found

    def settled(self, kind: str) -> dict[str, Any]:
        """The entry of that kind, once it is there."""
        return until(lambda: self.house.entries(kind))[-1]


def git(folder: Path, *words: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME",)},
        **{f"GIT_{who}_EMAIL": "x@x" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    real = shutil.which("git")
    assert real is not None
    programs, left = tmp_path / "programs", tmp_path / "left"
    programs.mkdir()
    (programs / "git").write_text(GIT.format(git=real, left=left))
    (programs / "git").chmod(0o755)
    starter = ("env", f"PATH={programs}:{os.environ['PATH']}")
    with house_in(tmp_path / "house", starter=starter) as house:
        project = house.workspace
        git(project, "init", "-q", "-b", "main")
        (project / "a.py").write_text("one\n")
        (project / "b.py").write_text("two\n")
        git(project, "add", ".")
        git(project, "commit", "-q", "-m", "begin")
        house.start()
        yield Site(house, left)
