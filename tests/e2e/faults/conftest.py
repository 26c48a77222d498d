"""A house for each test, or one that many tests share because none of them may harm it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.faults.house import POLL_S, House, house_in


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[House]:
    """No daemon runs yet."""
    with house_in(tmp_path / "house") as house:
        yield house


@pytest.fixture
def house(empty_house: House) -> House:
    """A daemon of its own runs."""
    empty_house.start()
    return empty_house


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_in(tmp_path_factory.mktemp("running") / "house") as house:
        house.start()
        yield house


@pytest.fixture
def shared(running: House) -> Iterator[House]:
    """The daemon of all tests of the module, with an empty inbox. It has to be there afterwards."""
    yield running
    assert running.daemon is not None
    assert running.daemon.poll() is None
    for request in running.inbox():
        running.decide(request["number"], "withdraw")
    for hook in running.hooks:
        # A call may be asked about only now.
        while hook.waits:
            for request in running.inbox():
                running.decide(request["number"], "withdraw")
            time.sleep(POLL_S)
        hook.said()
    running.hooks.clear()
