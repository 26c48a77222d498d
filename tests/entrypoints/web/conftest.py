"""The application without a server, and clients that are logged in or not."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from assent.entrypoints.web.sessions import new_login_link
from tests.entrypoints.web.desk import TOKEN, Desk

ORIGIN = "https://127.0.0.1:8443"
OURS = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
"""What a browser sends with a form of one of our pages."""


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def stranger(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that is not logged in."""
    transport = httpx2.ASGITransport(app=desk.app(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


@pytest.fixture
async def ana(desk: Desk, stranger: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Ana's browser, logged in."""
    link = await new_login_link(desk.gate, "ana")
    token = link.removeprefix("/login/")
    answer = await stranger.post("/login", data={"token": token}, headers=OURS)
    assert answer.status_code == 303
    stranger.headers.update(OURS)
    return stranger


@pytest.fixture
def cli(stranger: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The command line."""
    stranger.headers["Authorization"] = f"Bearer {TOKEN}"
    return stranger
