"""A home with two people."""

import pytest

from tests.app.people.people_scene import Home


@pytest.fixture
def home() -> Home:
    return Home()
