"""A browser is logged in by a link that works once; the command line by its token."""

import httpx2
import pytest

from assent.core.canonical import digest_text
from assent.entrypoints.web.sessions import COOKIE, LINK_LIFETIME, SESSION_LIFETIME, new_login_link
from assent.testing import FixedClock
from tests.entrypoints.web.conftest import OURS
from tests.entrypoints.web.desk import TOKEN, Desk


async def log_in(client: httpx2.AsyncClient, link: str) -> httpx2.Response:
    return await client.post("/login", data={"token": link.removeprefix("/login/")}, headers=OURS)


async def test_looking_at_a_link_does_not_use_it_up(
    desk: Desk, stranger: httpx2.AsyncClient
) -> None:
    link = await new_login_link(desk.gate, "ana")
    for _ in range(2):
        page = await stranger.get(link)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
    assert (await log_in(stranger, link)).status_code == 303


async def test_a_link_works_once(desk: Desk, stranger: httpx2.AsyncClient) -> None:
    link = await new_login_link(desk.gate, "ana")
    first = await log_in(stranger, link)
    assert first.headers["location"] == "/"
    stranger.cookies.clear()
    second = await log_in(stranger, link)
    assert second.status_code == 401
    assert "set-cookie" not in second.headers
    assert "assent status --link" in second.text


async def test_a_link_is_void_after_ten_minutes(desk: Desk, stranger: httpx2.AsyncClient) -> None:
    link = await new_login_link(desk.gate, "ana")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(LINK_LIFETIME)
    assert (await log_in(stranger, link)).status_code == 401


async def test_the_cookie_is_bound_to_this_host_and_out_of_reach_of_scripts(
    desk: Desk, stranger: httpx2.AsyncClient
) -> None:
    answer = await log_in(stranger, await new_login_link(desk.gate, "ana"))
    name, _, rest = answer.headers["set-cookie"].partition("=")
    flags = {flag.strip().lower() for flag in rest.split(";")[1:]}
    assert name == "__Host-assent"
    assert flags == {"httponly", "secure", "samesite=strict", "path=/", "max-age=2592000"}


async def test_only_the_hash_of_the_cookie_is_stored(desk: Desk, ana: httpx2.AsyncClient) -> None:
    secret = ana.cookies[COOKIE]
    session = desk.store.read(lambda view: view.web_session(digest_text(secret)))
    assert session is not None
    assert secret not in repr(session)
    assert session.person == "ana"


async def test_a_session_ends_after_thirty_days(desk: Desk, ana: httpx2.AsyncClient) -> None:
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(SESSION_LIFETIME - 1)
    assert (await ana.get("/session")).status_code == 204
    desk.clock.advance(1)
    assert (await ana.get("/session")).status_code == 401


async def test_logging_out_ends_the_session_for_copies_of_the_cookie_too(
    ana: httpx2.AsyncClient,
) -> None:
    secret = ana.cookies[COOKIE]
    assert (await ana.post("/logout")).status_code == 200
    ana.cookies.clear()
    answer = await ana.get("/", headers={"Cookie": f"{COOKIE}={secret}"})
    assert answer.status_code == 401


PAGES = ["/", "/rows", "/requests/REQ-1", "/together?n=1", "/activity", "/agents", "/events"]
API = ["/api/status", "/api/requests", "/api/requests/1", "/api/entries", "/api/events"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_is_told_how_to_log_in(
    desk: Desk, stranger: httpx2.AsyncClient, path: str
) -> None:
    await desk.command("make release")
    answer = await stranger.get(path)
    assert answer.status_code == 401
    assert "<code>assent up</code>" in answer.text
    assert "make release" not in answer.text


@pytest.mark.parametrize("path", API)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Authorization": "Bearer wrong"}, id="wrong-token"),
        pytest.param({"Authorization": "Bearer "}, id="empty-token"),
        pytest.param({"Authorization": f"Basic {TOKEN}"}, id="other-scheme"),
        pytest.param({"Cookie": f"{COOKIE}=made-up"}, id="made-up-cookie"),
    ],
)
async def test_the_api_is_closed_to_strangers(
    stranger: httpx2.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await stranger.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not-logged-in"


@pytest.mark.parametrize("path", PAGES)
async def test_the_token_of_the_command_line_opens_no_page(
    cli: httpx2.AsyncClient, path: str
) -> None:
    assert (await cli.get(path)).status_code == 401


async def test_the_command_line_makes_login_links(cli: httpx2.AsyncClient) -> None:
    made = (await cli.post("/api/login-links", json={})).json()
    assert made["expires_in_ms"] == LINK_LIFETIME
    assert (await log_in(cli, made["path"])).status_code == 303


async def test_a_browser_makes_no_login_links(ana: httpx2.AsyncClient) -> None:
    assert (await ana.post("/api/login-links", json={})).status_code == 401


async def test_settings_do_not_show_the_token(desk: Desk) -> None:
    assert TOKEN not in repr(desk.app().state.site.settings)
