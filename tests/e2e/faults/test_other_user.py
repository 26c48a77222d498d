"""Assent as a user of its own: members of its group are guarded, and reach nothing but that.

The users are numbers without a name. Only root can start processes as others, as CI does.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assent.core.approvals import State
from tests.e2e.faults.agents import CLAUDE, Said
from tests.e2e.faults.house import ASSENT, House

pytestmark = [
    # Of the slow suites, in which a skip is a failure.
    pytest.mark.soak,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users"),
]

KEEPER, MEMBER, STRANGER, GROUP = 51_001, 51_002, 51_003, 51_004


def as_user(uid: int, *, member: bool) -> tuple[str, ...]:
    groups = ("--groups", str(GROUP)) if member else ("--clear-groups",)
    return ("setpriv", "--reuid", str(uid), "--regid", str(uid), *groups)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="assent-users-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def house(place: Path) -> Iterator[House]:
    made = House(place)
    made.home.config_file.write_text(f'port = 0\nperson = "ana"\ngroup = "{GROUP}"\n')
    for path in (made.home.root, *made.home.root.rglob("*")):
        os.chown(path, KEEPER, KEEPER)
    os.chown(made.user_home, KEEPER, KEEPER)
    for path in (made.workspace, *made.workspace.rglob("*")):
        os.chown(path, MEMBER, GROUP)
        path.chmod(0o775)
    made.starter = as_user(KEEPER, member=True)
    made.start()
    yield made
    made.close()


def run(
    house: House, uid: int, words: Sequence[str], *, member: bool, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*as_user(uid, member=member), *words],
        env={**house.env, **CLAUDE.env, "HOME": str(house.workspace)},
        cwd=house.workspace,
        input=given,
        capture_output=True,
        check=False,
    )


def relay(house: House) -> tuple[str, ...]:
    return house.relays["compiled"].argv(
        socket=house.home.socket,
        dialect=CLAUDE.dialect,
        agent=CLAUDE.name,
        event=CLAUDE.before,
        env_names=tuple(CLAUDE.env),
    )


def hook(
    house: House, uid: int, command: str, *, member: bool
) -> subprocess.CompletedProcess[bytes]:
    payload = CLAUDE.shell(command, cwd=str(house.workspace))
    return run(house, uid, relay(house), member=member, given=payload)


def test_a_members_agent_is_guarded_and_its_requests_are_apart(house: House) -> None:
    assert hook(house, MEMBER, "ls", member=True).returncode == 0
    wanted = CLAUDE.shell("git push --force origin main", cwd=str(house.workspace))
    asking = subprocess.Popen(
        [*as_user(MEMBER, member=True), *relay(house)],
        env={**house.env, **CLAUDE.env},
        cwd=house.workspace,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asking.stdin is not None
    asking.stdin.write(wanted)
    asking.stdin.close()
    asking.stdin = None
    number = house.waiting()[0]["number"]
    house.decide(number, "reject", reason="not on a Friday")
    out, err = asking.communicate()
    said = Said(CLAUDE, asking.returncode, out, err)
    assert not said.passed
    assert "not on a Friday" in said.reason
    stored = house.read(lambda view: view.request_numbered(number))
    assert stored is not None
    assert stored.state is State.REJECTED
    assert stored.proposal.session.apart
    assert stored.proposal.session.person == f"user:{MEMBER}"


def test_a_stranger_reaches_nothing(house: House) -> None:
    refused = hook(house, STRANGER, "ls", member=False)
    assert refused.returncode == 2


@pytest.mark.parametrize("name", ["control.db", "run/token", "config.toml", "log/daemon.log"])
def test_a_member_reads_none_of_its_files(house: House, name: str) -> None:
    path = house.home.root / name
    assert path.exists()
    found = run(house, MEMBER, ["cat", str(path)], member=True)
    assert found.returncode != 0
    assert b"Permission denied" in found.stderr


def test_a_member_cannot_decide_by_the_command_line(house: House) -> None:
    said = run(house, MEMBER, [*ASSENT, "approve", "REQ-1"], member=True)
    assert said.returncode == 3
    assert b"another user's" in said.stderr


def test_a_member_cannot_replace_the_relay(house: House) -> None:
    target = house.home.bin / "assent-relay"
    found = run(house, MEMBER, ["cp", "/bin/true", str(target)], member=True)
    assert found.returncode != 0
    assert hook(house, MEMBER, "ls", member=True).returncode == 0


def test_a_group_that_is_not_there_stops_it_from_starting(place: Path) -> None:
    made = House(place / "other")
    made.home.config_file.write_text('port = 0\ngroup = "no-such-group"\n')
    made.launch()
    assert made.daemon is not None
    assert made.daemon.wait(timeout=60) == 2
    assert "no-such-group" in made.last_words()
