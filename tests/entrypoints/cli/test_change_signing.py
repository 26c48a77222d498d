"""A change is accepted by a signature at the terminal, which its log and any clone prove."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.identity.ssh_agent import key_at
from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Run
from tests.entrypoints.cli.test_change import (
    POLL_S,
    edited,
    git,
    reached,
    record,
    repo,  # noqa: F401
    submitted,
)
from tests.entrypoints.cli.test_signing import person, run_program, save

pytestmark = pytest.mark.network


@pytest.fixture
def key(house: House, tmp_path: Path) -> Iterator[Path]:
    """The key of Ben, who is at Ana's terminal."""
    path = tmp_path / "ben"
    run_program("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
    known = key_at(path)
    assert known is not None
    save(house, "ben", replace(person("ben"), keys=(known,)))
    yield path
    save(house, "ben", person("ben"))


@pytest.mark.usefixtures("repo")
def test_a_signed_acceptance_is_proven_in_the_repository(run: Run, key: Path) -> None:
    edited(text="signed by ben")
    name = submitted(run, "--title", "Sign it")["name"]
    words = ("--all", "--reason", "read it", "--as", "ben", "--sign", str(key))
    done = run("change", "accept", name, *words)
    assert done.code == 0, done.err
    assert f"To be signed: ben: accept {name}" in done.err
    reached(run, name, "merged")
    [given] = record(run, name)["acceptances"]
    assert (given["by"], given["factor"]) == ("ben", "key")
    log = run("change", "show", name, "--log").out
    for part in (
        "Who asked for it",
        "ben: accepted all 1 hunk of revision 1",
        "signed with an SSH key, advisory",
        "signed with the SSH key SHA256:",
        "because: read it",
        "merged into main; ben answers for it",
    ):
        assert part in log
    while run("verify", "main").code != 0:
        time.sleep(POLL_S)
    told = run("verify", "main").out
    assert name in told
    assert "ben" in told
    assert f"merge {name}" in git("log", "--format=%s", "refs/assent/log").splitlines()


@pytest.mark.usefixtures("repo")
def test_a_return_is_signed(run: Run, key: Path) -> None:
    edited(text="not so")
    name = submitted(run, "--title", "Not so")["name"]
    done = run("change", "reject", name, "--reason", "no", "--as", "ben", "--sign", str(key))
    assert done.code == 0, done.err
    shown = run("change", "show", name, "--log").out
    assert "ben: sent revision 1 back" in shown
    assert "signed with the SSH key SHA256:" in shown


@pytest.mark.usefixtures("repo")
def test_a_strangers_key_accepts_nothing(run: Run, key: Path) -> None:
    edited(text="by a click")
    name = submitted(run, "--title", "By a click")["name"]
    stranger = key.with_name("other")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    done = run("change", "accept", name, "--all", "--as", "ben", "--sign", str(stranger))
    assert done.code != 0
    assert "no key of ben" in done.err
    assert record(run, name)["acceptances"] == []
