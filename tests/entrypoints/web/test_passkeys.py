"""Passkeys over HTTP: registering, logging in, and what the pages offer to whom."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest

from assent.adapters.identity.passkeys import WebauthnCeremonies
from assent.app.people.passkeys import PasskeyPorts
from assent.app.ports import WebSession
from assent.core.actions import Command
from assent.core.canonical import digest_text
from assent.core.people.model import Factor, Passkey, Person
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.sessions import COOKIE, new_login_link
from tests.entrypoints.web.desk import Desk, assessment, proposal
from tests.passkey_device import Device
from tests.signing import SshSigner

NAMED = "https://localhost:8443"
NUMBER = "https://127.0.0.1:8443"


@dataclass
class Browser:
    desk: Desk
    client: httpx2.AsyncClient
    device: Device

    async def by_link(self) -> None:
        link = await new_login_link(self.desk.gate, "ana")
        await self.client.post("/login", data={"token": link.removeprefix("/login/")})

    async def register(self, label: str = "laptop") -> httpx2.Response:
        begun = await self.client.post("/api/passkeys/begin", json={})
        fields = {"answer": self.device.register(begun.json()), "label": label}
        return await self.client.post("/api/passkeys", json=fields)

    async def log_in(self) -> httpx2.Response:
        begun = await self.client.post("/api/login/begin", json={})
        fields = {"answer": self.device.use(begun.json())}
        return await self.client.post("/api/login", json=fields)

    def session(self) -> WebSession:
        token = digest_text(self.client.cookies[COOKIE])
        found = self.desk.store.read(lambda view: view.web_session(token))
        assert found is not None
        return found

    def person(self) -> Person:
        found = self.desk.store.read(lambda view: view.person("ana"))
        assert found is not None
        return found

    async def become(self, **more: Any) -> None:
        now = self.person()
        made = replace(now, version=now.version + 1, **more)
        await self.desk.store.write(lambda tx: tx.save_person(made), durable=True)


async def browser_at(desk: Desk, address: str) -> AsyncIterator[Browser]:
    app = desk.app(passkeys=PasskeyPorts(WebauthnCeremonies()))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Origin": address, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    async with httpx2.AsyncClient(transport=transport, base_url=address, headers=headers) as client:
        yield Browser(desk, client, Device(origin=address))


@pytest.fixture
async def ana(desk: Desk) -> AsyncIterator[Browser]:
    """Ana's browser, which she came in with by a link."""
    async for made in browser_at(desk, NAMED):
        await made.by_link()
        yield made


@pytest.fixture
async def by_number(desk: Desk) -> AsyncIterator[Browser]:
    async for made in browser_at(desk, NUMBER):
        await made.by_link()
        yield made


async def test_whoever_registers_is_logged_in_by_the_passkey(ana: Browser) -> None:
    before = ana.client.cookies[COOKIE]
    assert ana.session().factor is Factor.NONE
    told = await ana.register("lap top")
    assert told.json() == {"passkey": ana.device.id, "label": "lap top"}
    assert ana.session().factor is Factor.PASSKEY
    assert ana.client.cookies[COOKIE] != before
    ana.client.cookies.clear()
    old = await ana.client.get("/session", headers={"Cookie": f"{COOKIE}={before}"})
    assert old.status_code == 401


async def test_a_login_by_passkey_needs_no_name(ana: Browser) -> None:
    await ana.register()
    await ana.client.post("/logout")
    told = await ana.log_in()
    assert told.json() == {"person": "ana", "factor": "passkey"}
    assert ana.session().factor is Factor.PASSKEY
    assert (await ana.client.get("/session")).status_code == 204


async def test_a_wrong_login_sets_no_cookie(ana: Browser) -> None:
    await ana.register()
    await ana.client.post("/logout")
    ana.device.flags = 0x01
    told = await ana.log_in()
    assert told.status_code == 403
    assert "set-cookie" not in told.headers


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        pytest.param("/api/login/begin", {}, id="login"),
        pytest.param("/api/login", {"answer": "{}"}, id="answer"),
        pytest.param("/api/passkeys/begin", {}, id="registration"),
        pytest.param("/api/passkeys", {"answer": "{}", "label": "x"}, id="its-answer"),
    ],
)
async def test_an_address_without_a_name_has_no_passkeys(
    by_number: Browser, path: str, fields: dict[str, str]
) -> None:
    told = await by_number.client.post(path, json=fields)
    assert told.status_code == 400
    assert told.json()["error"]["hint"] == "Open http://localhost:8443"


async def test_pages_without_a_name_lead_to_the_one_with_a_name(by_number: Browser) -> None:
    assert "http://localhost:8443/login" in (await by_number.client.get("/login")).text
    assert "http://localhost:8443" in (await by_number.client.get("/account")).text


@pytest.mark.parametrize("path", ["/api/passkeys/begin", "/api/passkeys"])
async def test_nobody_registers_without_a_session(ana: Browser, path: str) -> None:
    ana.client.cookies.clear()
    told = await ana.client.post(path, json={"answer": "{}", "label": "x"})
    assert told.status_code == 401


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        pytest.param("/requests/REQ-7", "/requests/REQ-7", id="a-page"),
        pytest.param("", "/", id="none"),
        pytest.param("//evil.example", "/", id="another-host"),
        pytest.param("https://evil.example", "/", id="another-address"),
        pytest.param("/\\evil.example", "/", id="backslash"),
        pytest.param("javascript:alert(1)", "/", id="script"),
        pytest.param("/x?y=z", "/", id="query"),
    ],
)
async def test_a_login_goes_on_here_only(ana: Browser, given: str, taken: str) -> None:
    page = await ana.client.get("/login", params={"next": given})
    assert f'data-next="{taken}"' in page.text


async def test_the_inbox_offers_a_passkey_and_then_a_login(ana: Browser) -> None:
    assert "Register a passkey" in (await ana.client.get("/")).text
    await ana.register()
    mine = (await ana.client.get("/")).text
    assert "Register a passkey" not in mine
    assert "logged in by a link" not in mine
    await ana.by_link()
    assert "Log in with your passkey to decide" in (await ana.client.get("/")).text


async def ask(desk: Desk, risk: RiskClass = RiskClass.HIGH, **more: Any) -> str:
    asked = await desk.ask(
        proposal(Command("make release", "/home/ana/shop")), assessment(risk, "run it"), **more
    )
    return f"/requests/{asked.name}"


SIGNS = "Sign with your passkey"
LINK = "logged in by a link"


async def test_what_is_grave_is_signed_and_the_rest_is_not(desk: Desk, ana: Browser) -> None:
    grave = await ask(desk, RiskClass.IRREVERSIBLE)
    light = await ask(desk, RiskClass.LOW)
    wanted = await ask(desk, RiskClass.LOW, signed=True)
    assert SIGNS not in (await ana.client.get(grave)).text
    assert "nothing to sign with yet" in (await ana.client.get(wanted)).text
    await ana.register()
    assert SIGNS in (await ana.client.get(grave)).text
    assert SIGNS in (await ana.client.get(wanted)).text
    page = (await ana.client.get(light)).text
    assert SIGNS not in page
    assert 'id="approve-at-once"' in page


async def test_a_link_approves_nothing_for_whoever_has_a_passkey(desk: Desk, ana: Browser) -> None:
    light = await ask(desk, RiskClass.LOW)
    await ana.register()
    await ana.by_link()
    page = (await ana.client.get(light)).text
    assert LINK in page
    assert 'data-act="approve"' not in page
    assert 'data-act="reject"' in page
    said = {"verdict": "approve", "version": "1", "confirm": "REQ-1"}
    told = await ana.client.post(f"{light}/decision", data=said)
    assert told.status_code == 409
    told = await ana.client.post(
        f"{light}/decision", data={"verdict": "reject", "version": "1", "reason": "no"}
    )
    assert told.status_code == 303


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({"keys": (SshSigner().key,)}, "assent approve REQ-1 --sign", id="ssh-key"),
        pytest.param(
            {"passkeys": (Passkey("AA", "AA", "x", 0, rp_id="assent.example.com"),)},
            "assent approve REQ-1 --sign",
            id="passkey-of-another-address",
        ),
    ],
)
async def test_whoever_cannot_sign_here_is_told_where(
    desk: Desk, ana: Browser, more: dict[str, Any], said: str
) -> None:
    page = await ask(desk, RiskClass.IRREVERSIBLE)
    await ana.become(**more)
    assert said in (await ana.client.get(page)).text


async def test_a_statement_says_what_the_form_says(desk: Desk, ana: Browser) -> None:
    page = await ask(desk, RiskClass.IRREVERSIBLE)
    await ana.register()
    said = {"verdict": "approve", "version": "1", "reason": "as agreed", "envelope": ""}
    found = (await ana.client.post(f"{page}/statement", data=said)).json()
    assert found["passkeys"] == [{"id": ana.device.id, "rp_id": "localhost"}]
    stale = {**said, "version": "7"}
    refused = await ana.client.post(f"{page}/statement", data=stale)
    assert refused.status_code == 409
    assert "look again" in refused.json()["error"]["message"]


async def test_without_scripts_there_is_a_line_that_says_so(desk: Desk, ana: Browser) -> None:
    wanted = await ask(desk, RiskClass.HIGH, signed=True)
    await ana.register()
    page = (await ana.client.get(wanted)).text
    assert "Signing needs JavaScript" in page
    assert "assent approve REQ-1 --sign" in page


async def prove(ana: Browser) -> dict[str, str]:
    """The header of a page whose passkey was used for the change."""
    begun = await ana.client.post("/api/proof/begin", json={})
    return {"X-Assent-Proof": ana.device.use(begun.json())}


CHANGES = {
    "add": ("/people", {"name": "eve"}),
    "roles": ("/people/ana/change", {"full_name": "Ana"}),
    "link": ("/people/ben/link", {}),
    "disable": ("/people/ben/disable", {}),
    "profile": ("/account", {"full_name": "Ana", "aliases": "@owner"}),
    "delegation": ("/account/delegations", {"to": "ben", "for_ms": "3600000"}),
    "key": ("/account/keys", {"key": f"{SshSigner().key.kind} {SshSigner().key.blob}"}),
}


@pytest.mark.parametrize(("path", "fields"), CHANGES.values(), ids=CHANGES)
async def test_a_cookie_changes_nobody(
    desk: Desk, ana: Browser, path: str, fields: dict[str, str]
) -> None:
    await desk.store.write(
        lambda tx: tx.save_person(Person("ben", added_at=0, added_by="ana")), durable=True
    )
    await ana.register()
    before = desk.store.read(lambda view: view.people())
    assert (await ana.client.post(path, data=fields)).status_code == 428
    assert desk.store.read(lambda view: view.people()) == before
    proof = await prove(ana)
    assert (await ana.client.post(path, data=fields, headers=proof)).status_code in (303, 200)
    again = await ana.client.post(path, data=fields, headers=proof)
    assert again.status_code == 403
    assert "answered already" in again.text


async def test_a_cookie_adds_no_key_by_the_api(ana: Browser) -> None:
    await ana.register()
    key = SshSigner().key
    fields = {"key": f"{key.kind} {key.blob}"}
    told = await ana.client.post("/api/people/ana/keys", json=fields)
    assert told.status_code == 403
    told = await ana.client.post("/api/delegations", json={"to": "ben", "until": 10**13})
    assert told.status_code == 403
    assert "takes your signature" in told.json()["error"]["message"]
    told = await ana.client.post("/api/passkeys/begin", json={})
    assert told.status_code == 428
    assert told.json()["error"]["code"] == "proof-wanted"
    assert ana.person().keys == ()


async def test_logging_others_out_takes_no_passkey(ana: Browser) -> None:
    await ana.register()
    assert (await ana.client.post("/account/sessions/end")).status_code == 303
