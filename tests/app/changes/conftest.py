"""A stage for each test."""

from pathlib import Path

import pytest

from tests.app.changes.scene import Stage, stage
from tests.app.conftest import Scene


@pytest.fixture
def on(tmp_path: Path) -> Stage:
    return stage(tmp_path, Scene())
