"""The page has both addresses that a browser tries for `localhost`, or neither."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from assent.entrypoints.web.listening import listen

pytestmark = pytest.mark.network


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@contextmanager
def somebody_at(family: socket.AddressFamily, address: str) -> Iterator[int]:
    """Another program that listens at a port of its own."""
    with socket.create_server((address, 0), family=family) as theirs:
        yield theirs.getsockname()[1]


def test_both_have_the_same_port() -> None:
    listening = listen(0)
    with closing(listening[0]):
        port = listening[0].getsockname()[1]
        assert listening[0].getsockname() == ("127.0.0.1", port)
        assert len(listening) == (2 if has_ipv6() else 1)
        for each in listening[1:]:
            with closing(each):
                assert each.getsockname()[:2] == ("::1", port)


@pytest.mark.parametrize(
    ("family", "address"),
    [
        pytest.param(socket.AF_INET, "127.0.0.1", id="ipv4"),
        pytest.param(socket.AF_INET6, "::1", id="ipv6"),
    ],
)
def test_where_somebody_has_one_of_them_the_page_goes_elsewhere(
    family: socket.AddressFamily, address: str
) -> None:
    if address == "::1" and not has_ipv6():
        return
    with somebody_at(family, address) as theirs:
        listening = listen(theirs)
        assert theirs not in {each.getsockname()[1] for each in listening}
        for each in listening:
            each.close()
