"""A branch and the entry of its merge move together, or neither does."""

import threading
from pathlib import Path

import pytest

from assent.adapters.git.executor import GitRepositories
from assent.adapters.identity.server_key import ServerKeyFile
from assent.app.changes.ports import Landed, Moved
from tests.adapters.git.log_scene import LogHouse


@pytest.fixture
def house(tmp_path: Path) -> LogHouse:
    return LogHouse.make(tmp_path)


def landing(house: LogHouse) -> GitRepositories:
    return GitRepositories(house.user.folder.parent / "assent")


def fetched(house: LogHouse, repositories: GitRepositories, commit: str) -> None:
    place = repositories.place(str(house.user.folder))
    assert place is not None
    repositories.head(house.repository, "main")
    house.user.git("branch", "-f", "made", commit)
    repositories.head(house.repository, "made")


def test_both_move_at_once(house: LogHouse) -> None:
    base, made = house.change()
    said = house.decision(base, made)
    house.append(said)
    repositories = landing(house)
    fetched(house, repositories, made)
    entry = house.merge_entry(base, made, said)
    done = repositories.land(house.repository, "main", before=base, after=made, entry=entry)
    assert isinstance(done, Landed)
    assert house.user.git("rev-parse", "main") == made
    assert house.answer().is_approved


def test_a_target_that_moved_leaves_the_log_as_it_was(house: LogHouse) -> None:
    base, made = house.change()
    said = house.decision(base, made)
    house.append(said)
    repositories = landing(house)
    fetched(house, repositories, made)
    house.user.commit("Faster", **{"c.txt": "c\n"})
    head = house.head
    entry = house.merge_entry(base, made, said)
    done = repositories.land(house.repository, "main", before=base, after=made, entry=entry)
    assert isinstance(done, Moved)
    assert house.head == head


def test_others_append_in_the_meantime(house: LogHouse) -> None:
    base, made = house.change()
    said = house.decision(base, made)
    house.append(said)
    entry = house.merge_entry(base, made, said)
    others = [house.decision(base, made, by="ben", reason=str(each)) for each in range(8)]

    def append() -> None:
        for each in others:
            while True:
                state = house.logs.state(house.repository)
                if house.logs.append(house.repository, [each], after=state, at=house.now()):
                    break

    repositories = landing(house)
    fetched(house, repositories, made)
    appending = threading.Thread(target=append)
    appending.start()
    done = repositories.land(house.repository, "main", before=base, after=made, entry=entry)
    appending.join()
    assert isinstance(done, Landed)
    found = house.verify("main")
    assert not found.troubles
    assert found.entries == len(others) + 3


def test_a_log_that_does_not_know_the_server_is_left_alone(house: LogHouse, tmp_path: Path) -> None:
    base, made = house.change()
    said = house.decision(base, made)
    house.append(said)
    house.server = ServerKeyFile(tmp_path / "other.key")
    repositories = landing(house)
    fetched(house, repositories, made)
    head = house.head
    entry = house.merge_entry(base, made, said)
    done = repositories.land(house.repository, "main", before=base, after=made, entry=entry)
    assert isinstance(done, Landed)
    assert house.head == head
