"""A desk at which people are told of things."""

import pytest

from tests.app.conftest import Scene
from tests.app.notifications.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk(Scene())
