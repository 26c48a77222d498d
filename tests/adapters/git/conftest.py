"""No configuration of whoever runs the tests has a part in them."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(tmp_path_factory.mktemp("person")))
        patched.setenv("XDG_CONFIG_HOME", "")
        patched.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield
