"""Files that are no plain files where Assent looks: nothing is held up, nothing is let through."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House

pytestmark = pytest.mark.network


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def process_memory(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def dangling(path: Path) -> None:
    path.symlink_to("no/such/place")


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 1000)


STRANGE = [fifo, folder, loop, device, terminal, process_memory, huge, dangling, binary]

OUTSIDE = [fifo, loop, device, terminal, process_memory, huge]
"""What is not in the project, or cannot be shown to a person."""

each = pytest.mark.parametrize("make", STRANGE, ids=lambda make: make.__name__)
Make = Callable[[Path], None]


@pytest.fixture
def house(shared: House) -> House:
    return shared


@pytest.fixture
def project(house: House, tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def assert_others_are_served(house: House) -> None:
    assert house.shell(CLAUDE, "ls").said().passed


@each
def test_as_a_policy_it_changes_nothing(house: House, project: Path, make: Make) -> None:
    (project / ".assent").mkdir()
    make(project / ".assent" / "policy.toml")
    assert house.ask(CLAUDE, CLAUDE.shell("ls", cwd=str(project))).said().passed
    hook = house.ask(CLAUDE, CLAUDE.shell("make release", cwd=str(project)))
    house.waiting()
    assert hook.waits
    assert_others_are_served(house)


@each
@pytest.mark.parametrize("tool", ["Write", "Edit"])
def test_an_edit_of_it_holds_nobody_up(house: House, project: Path, tool: str, make: Make) -> None:
    path = project / "strange"
    make(path)
    arguments = {"file_path": str(path), "content": "x", "old_string": "", "new_string": "x"}
    hook = house.ask(CLAUDE, CLAUDE.call(tool, arguments, cwd=str(project)))
    if make in OUTSIDE:
        house.waiting()
        assert hook.waits
    assert_others_are_served(house)


@each
def test_as_a_working_folder_it_holds_nobody_up(house: House, project: Path, make: Make) -> None:
    path = project / "strange"
    make(path)
    hook = house.ask(CLAUDE, CLAUDE.shell("make release", cwd=f"{path}/below"))
    house.waiting()
    assert hook.waits
    assert_others_are_served(house)


@each
def test_as_a_repository_it_holds_nobody_up(house: House, tmp_path: Path, make: Make) -> None:
    make(tmp_path / ".git")
    hook = house.ask(CLAUDE, CLAUDE.shell("git status && git push", cwd=str(tmp_path)))
    house.waiting()
    assert hook.waits
    assert_others_are_served(house)


@pytest.mark.parametrize(
    "cwd",
    ["/", "/no/such/folder", "/dev/null", "/proc/self", "/" + "deep/" * 1000, "/" + "x" * 5000],
    ids=["root", "missing", "device", "proc", "deep", "long"],
)
def test_a_strange_working_folder_is_gated(house: House, cwd: str) -> None:
    hook = house.ask(CLAUDE, CLAUDE.shell("make release", cwd=cwd))
    house.waiting()
    assert hook.waits
    assert_others_are_served(house)


@pytest.mark.parametrize("cwd", ["", "relative", "./.", "~", "/nul\0"])
def test_no_working_folder_is_gated(house: House, cwd: str) -> None:
    hook = house.ask(CLAUDE, CLAUDE.shell("ls", cwd=cwd))
    house.waiting()
    assert hook.waits
