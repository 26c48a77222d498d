"""Requests that other sites send do nothing, and no response is without its headers."""

import httpx2
import pytest

from assent.entrypoints.web.guard import HEADERS, is_ours, our_origin
from tests.entrypoints.web.conftest import ORIGIN, OURS
from tests.entrypoints.web.desk import Desk


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        pytest.param("127.0.0.1:8443", True, id="ip"),
        pytest.param("localhost:8443", True, id="name"),
        pytest.param("[::1]:8443", True, id="ipv6"),
        pytest.param("LOCALHOST:8443", True, id="case"),
        pytest.param("127.0.0.1:8444", False, id="other-port"),
        pytest.param("127.0.0.1", False, id="no-port"),
        pytest.param("evil.example:8443", False, id="rebound"),
        pytest.param("localhost.evil.example:8443", False, id="looks-alike"),
        pytest.param("user@127.0.0.1:8443", False, id="user"),
        pytest.param("127.0.0.1:8443/x", False, id="path"),
        pytest.param("127.0.0.1:port", False, id="no-number"),
        pytest.param("[::1:8443", False, id="broken"),
        pytest.param("", False, id="none"),
    ],
)
def test_only_loopback_at_our_port_is_us(host: str, ours: bool) -> None:
    assert is_ours(host, ("127.0.0.1", 8443)) is ours


async def test_a_rebound_name_is_refused(ana: httpx2.AsyncClient) -> None:
    answer = await ana.get("/", headers={"Host": "evil.example:8443"})
    assert answer.status_code == 421


PROXY = "https://assent.example.com"


@pytest.mark.parametrize(
    ("origin", "host", "found"),
    [
        pytest.param(PROXY, "assent.example.com", PROXY, id="the-proxy"),
        pytest.param(PROXY, "127.0.0.1:8443", "http://127.0.0.1:8443", id="loopback-still"),
        pytest.param(PROXY, "assent.example.com:8443", None, id="other-port"),
        pytest.param(PROXY, "www.assent.example.com", None, id="below-it"),
        pytest.param(PROXY, "evil.example", None, id="other-host"),
        pytest.param("", "assent.example.com", None, id="not-configured"),
    ],
)
def test_a_proxy_is_ours_only_where_it_was_configured(
    origin: str, host: str, found: str | None
) -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "server": ("127.0.0.1", 8443),
        "headers": [(b"host", host.encode())],
    }
    assert our_origin(scope, origin) == found


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(PROXY, 401, id="its-own"),
        pytest.param("http://assent.example.com", 403, id="without-tls"),
        pytest.param("https://127.0.0.1:8443", 403, id="loopback"),
        pytest.param("https://evil.example", 403, id="foreign"),
    ],
)
async def test_behind_a_proxy_only_its_own_pages_post(desk: Desk, sent: str, status: int) -> None:
    app = desk.app(origin=PROXY)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        headers = {"Host": "assent.example.com", "Origin": sent, "Cookie": "__Host-assent=x"}
        answer = await client.post("/requests/REQ-1/decision", headers=headers)
    assert answer.status_code == status


REFUSED = [
    pytest.param({"Origin": "https://evil.example"}, id="foreign-origin"),
    pytest.param({"Origin": "https://127.0.0.1:9999"}, id="other-port"),
    pytest.param({"Origin": "http://127.0.0.1:8443"}, id="other-scheme"),
    pytest.param({"Origin": "null"}, id="null-origin"),
    pytest.param({"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}, id="cross-site"),
    pytest.param({"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"}, id="same-site"),
    pytest.param({"Sec-Fetch-Site": "none"}, id="typed-in"),
    pytest.param({}, id="cookie-and-nothing-else"),
]


@pytest.mark.parametrize("headers", REFUSED)
@pytest.mark.parametrize(
    "path", ["/requests/REQ-1/decision", "/together", "/logout", "/api/requests/1/approve"]
)
async def test_a_forged_post_changes_nothing(
    desk: Desk, ana: httpx2.AsyncClient, headers: dict[str, str], path: str
) -> None:
    await desk.command()
    for name in OURS:
        del ana.headers[name]
    fields = {"verdict": "approve", "version": "1", "item": "1:1", "confirm": "yes"}
    answer = await ana.post(path, data=fields, headers=headers)
    assert answer.status_code == 403
    request = desk.store.read(lambda view: view.request_numbered(1))
    assert request is not None
    assert (request.state, request.version) == ("pending", 1)
    ana.headers.update(OURS)
    assert (await ana.get("/session")).status_code == 204


async def test_another_site_cannot_fetch_but_may_link(ana: httpx2.AsyncClient) -> None:
    fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await ana.get("/", headers=fetched)).status_code == 403
    assert (await ana.get("/", headers=followed)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nowhere", "/requests/REQ-9", "/api/status", "/login/x"])
async def test_every_response_carries_the_headers(ana: httpx2.AsyncClient, path: str) -> None:
    answer = await ana.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_policy_allows_nothing_inline() -> None:
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy


async def test_a_crash_says_nothing_of_what_was_sent(
    desk: Desk, ana: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret-in-a-bug")

    monkeypatch.setattr(desk.store, "read", broken)
    answer = await ana.get("/", headers={"Cookie": "__Host-assent=x"})
    assert answer.status_code == 500
    assert "secret-in-a-bug" not in answer.text
    assert "Traceback" not in answer.text
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def test_a_large_body_is_refused(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    answer = await ana.post("/login", data={"token": "x" * 200_000})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        pytest.param(
            "/requests/REQ-1/decision", {"verdict": "SECRET-abc", "version": "1"}, id="word"
        ),
        pytest.param(
            "/requests/REQ-1/decision", {"verdict": "approve", "version": "SECRET-abc"}, id="no"
        ),
        pytest.param(
            "/requests/REQ-1/decision",
            {"verdict": "approve", "version": "1", "SECRET-abc": "x"},
            id="name",
        ),
        pytest.param("/login", {"token": "SECRET-abc" * 100}, id="token"),
        pytest.param("/together", {"verdict": "SECRET-abc", "item": "1:1"}, id="together"),
    ],
)
async def test_invalid_forms_are_not_repeated(
    desk: Desk, ana: httpx2.AsyncClient, path: str, fields: dict[str, str]
) -> None:
    await desk.command()
    answer = await ana.post(path, data=fields)
    assert answer.status_code == 422
    assert "SECRET-abc" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"reason": ["SECRET-abc"]}', id="type"),
        pytest.param('{"SECRET-abc": 1}', id="field"),
        pytest.param('{"version": "SECRET-abc"}', id="strict"),
        pytest.param("SECRET-abc{", id="not-json"),
        pytest.param('["SECRET-abc"]', id="shape"),
        pytest.param('{"reason": "\\udc80SECRET-abc"}', id="surrogate"),
    ],
)
async def test_invalid_json_is_not_repeated(desk: Desk, cli: httpx2.AsyncClient, body: str) -> None:
    await desk.command()
    answer = await cli.post(
        "/api/requests/1/approve", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"
    assert "SECRET-abc" not in answer.text


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/api/docs"])
async def test_no_documentation_is_served(ana: httpx2.AsyncClient, path: str) -> None:
    assert (await ana.get(path)).status_code == 404
