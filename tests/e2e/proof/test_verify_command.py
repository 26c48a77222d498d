"""`assent verify RANGE` as somebody runs it who has a clone, and neither a home nor a network."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.git.log_scene import LogHouse

OK, NOT_APPROVED, USAGE, TAMPERED = 0, 1, 2, 4


def verify(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "ASSENT_HOME": "/nonexistent/home"}
    return subprocess.run(
        [sys.executable, "-m", "assent", "verify", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> LogHouse:
    made = LogHouse.make(tmp_path)
    made.merged()
    return made


@pytest.fixture
def clone(house: LogHouse, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    house.user.git("clone", "-q", str(house.user.folder), str(folder))
    house.user.git("fetch", "-q", "origin", "refs/assent/log:refs/assent/log", cwd=folder)
    return folder


def test_it_says_who_when_why_and_on_what(clone: Path) -> None:
    done = verify(clone, "main~1..main")
    assert done.returncode == OK, done.stderr
    for word in (
        "✓",
        "Merged as CH-1. Level: present.",
        "ana, ",
        "signed with a touched key, because: looks right",
        "tests passed: make test; evidence: risk; owner: ana",
        "main: 1 approved.",
    ):
        assert word in done.stdout


def test_the_same_for_scripts(clone: Path) -> None:
    done = verify(clone, "main", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["approved"], found["tampered"], found["ref"]) == (True, False, "refs/heads/main")
    [commit] = found["commits"]
    assert (commit["verdict"], commit["how"], commit["level"]) == ("approved", "merge", "present")
    [said] = commit["decisions"]
    assert (said["by"], said["factor"], said["key"]) == ("ana", "touch", "root")
    assert [(each["name"], each["there"]) for each in said["evidence"]] == [("risk", True)]
    assert len(found["log"]["root"]) == 64


def test_a_commit_by_nobody_is_exit_1(house: LogHouse, clone: Path) -> None:
    house.user.commit("By hand", **{"c.txt": "c\n"})
    house.user.git("pull", "-q", cwd=clone)
    done = verify(clone, "main~1..main")
    assert done.returncode == NOT_APPROVED
    assert "✗" in done.stdout
    assert "not approved: It came to this branch without Assent: nobody approved it." in done.stdout


def test_a_changed_byte_is_exit_4(house: LogHouse, tmp_path: Path) -> None:
    path = house.user.git("ls-tree", "-r", "--name-only", "refs/assent/log", "by-tree/")
    name = path.splitlines()[0]
    content = house.user.git("show", f"refs/assent/log:{name}").encode()
    at = content.index(b'"payload":"') + 40
    changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    house.rewrite(1, {name: changed})
    done = verify(house.user.folder, "main")
    assert done.returncode == TAMPERED
    assert "The log of decisions is not as it should be" in done.stdout
    assert "tampered with" in done.stderr


def test_pinning_and_requiring(clone: Path) -> None:
    root = json.loads(verify(clone, "main", "--json").stdout)["log"]["root"]
    assert verify(clone, "main", "--root", root, "--require", "present").returncode == OK
    done = verify(clone, "main", "--root", "f" * 64)
    assert done.returncode == TAMPERED
    assert "other-root" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["nothing..main"], id="unknown-start"),
        pytest.param(["--", "-x"], id="an-option"),
        pytest.param(["main", "--ref", "main", "--ref", "dev"], id="two-refs"),
        pytest.param(["--require", "signed"], id="no-range"),
    ],
)
def test_what_makes_no_sense_is_exit_2(clone: Path, words: list[str]) -> None:
    assert verify(clone, *words).returncode == USAGE


def test_without_a_repository_is_exit_2(tmp_path: Path) -> None:
    assert verify(tmp_path, "main").returncode == USAGE


def test_a_title_that_draws_on_the_terminal_is_shown_as_text(house: LogHouse) -> None:
    house.user.commit("\x1b[2Jcleared", **{"c.txt": "c\n"})
    done = verify(house.user.folder, "main")
    assert "\x1b[2J" not in done.stdout
