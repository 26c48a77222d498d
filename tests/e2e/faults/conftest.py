"""A house for each test, empty and without a daemon, or with one that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.faults.house import House, house_in


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path / "house") as house:
        yield house


@pytest.fixture
def house(empty_house: House) -> House:
    empty_house.start()
    return empty_house
