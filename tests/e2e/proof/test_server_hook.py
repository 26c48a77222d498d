"""A server that takes only what decisions cover: a real bare repository, its hook, and pushes."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.git.log_scene import LogHouse, person
from tests.signing import SshSigner

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "how-to" / "server-hook.md"
LOG = "refs/assent/log"


@dataclass
class Server:
    house: LogHouse
    bare: Path

    def push(self, *refs: str) -> str:
        """What the server answered; raises AssertionError when it took the push."""
        done = self._push(*refs)
        assert done.returncode != 0, "the server took it"
        return done.stderr

    def take(self, *refs: str) -> None:
        done = self._push(*refs)
        assert done.returncode == 0, done.stderr

    def _push(self, *refs: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["git", "push", "-q", "--atomic", "origin", *refs],
            cwd=self.house.user.folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    def head(self, ref: str) -> str:
        return self.house.user.git("rev-parse", ref, cwd=self.bare)


def hook_of_the_guide() -> str:
    """The script that the guide tells to put there."""
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    house = LogHouse.make(tmp_path)
    bare = tmp_path / "server.git"
    house.user.git("clone", "-q", "--bare", str(house.user.folder), str(bare))
    house.user.git("remote", "add", "origin", str(bare))
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(hook_of_the_guide(), encoding="utf-8")
    hook.chmod(0o755)
    return Server(house, bare)


def test_what_is_covered_is_taken_with_the_log(server: Server) -> None:
    server.house.merged()
    server.take("main", LOG)
    assert server.head("main") == server.house.user.git("rev-parse", "main")
    assert server.head(LOG) == server.house.head


def test_the_log_may_come_first(server: Server) -> None:
    server.house.merged()
    server.take(LOG)
    server.take("main")


def test_what_is_not_covered_is_refused(server: Server) -> None:
    server.house.merged()
    server.house.user.commit("By hand", **{"evil.txt": "evil\n"})
    before = server.head("main")
    assert "By hand" not in server.push("main", LOG)
    assert server.head("main") == before


def test_code_without_its_log_is_refused(server: Server) -> None:
    server.house.merged()
    assert "no log of decisions" in server.push("main")


def test_other_branches_are_free(server: Server) -> None:
    server.house.change()
    server.take("topic-1")


def test_a_protected_branch_is_not_deleted(server: Server) -> None:
    assert "may not be deleted" in server.push(":main")


def test_a_protected_branch_is_not_rewritten(server: Server) -> None:
    server.house.merged()
    server.take("main", LOG)
    server.house.user.git("reset", "-q", "--hard", "main~1")
    assert "may only grow" in server.push("+main")


@pytest.mark.parametrize("how", ["cut", "deleted", "replaced"])
def test_the_log_only_grows(server: Server, how: str) -> None:
    house = server.house
    house.merged()
    server.take("main", LOG)
    kept = server.head(LOG)
    if how == "deleted":
        assert "may not be deleted" in server.push(f":{LOG}")
    else:
        house.point(house.user.git("rev-parse", f"{LOG}~1"))
        if how == "replaced":
            base, made = house.change("c.txt")
            house.append(house.decision(base, made))
        assert "may only grow" in server.push(f"+{LOG}")
    assert server.head(LOG) == kept


def test_a_log_with_something_forged_in_it_is_refused(server: Server) -> None:
    house = server.house
    stranger = SshSigner()
    house.merged(signers=[stranger])
    assert "unknown-key" in server.push("main", LOG)


def test_a_key_that_was_taken_out_covers_nothing(server: Server) -> None:
    house = server.house
    house.people[1] = person("ben")
    house.keys()
    house.merged(by="ben", signers=[house.ben])
    assert "revoked-key" in server.push("main", LOG)


def test_a_replay_is_refused(server: Server) -> None:
    house = server.house
    first = house.merged("b.txt")
    server.take("main", LOG)
    house.user.git("revert", "--no-edit", "-m", "1", first)
    house.user.git("cherry-pick", "topic-1")
    said = server.push("main", LOG)
    assert "without Assent" in said
    assert "after a revert" in said
