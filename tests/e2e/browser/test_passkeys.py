"""Passkeys, from the first link to a signed approval: a real daemon, real hooks, a real browser.

The device is Chromium's virtual authenticator: it makes real keys and real signatures.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route, expect
from webauthn import verify_authentication_response
from webauthn.helpers.exceptions import WebAuthnException

from assent.adapters.identity.signatures import CheckedSignatures
from assent.core.people.model import Factor, Passkey, Person
from assent.core.proof.dsse import Signature, challenge_of, read_envelope
from assent.core.proof.webauthn import from_base64url, to_base64url
from tests.e2e.browser.conftest import WATCH_POLICY
from tests.e2e.browser.test_accessibility import LOOKS, check
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import Hook, House, house_in

GRAVE = "npm publish"
"""What cannot be taken back: it is approved by a signature where one can be made."""

pytestmark = pytest.mark.browser


DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Visitor:
    """A browser with a device of its own."""

    house: House
    context: BrowserContext
    page: Page
    cdp: CDPSession
    device: str
    complaints: list[str] = field(default_factory=list)

    def address(self, path: str) -> str:
        return f"{self.house.client.page}{path}"

    def link(self) -> None:
        """Come in by a one-time link."""
        self.page.goto(self.address(self.house.client.post("/api/login-links", {})["path"]))
        self.page.wait_for_url(self.address("/"))

    def register(self, label: str = "laptop") -> None:
        self.page.goto(self.address("/account"))
        self.page.locator("#passkey-label").fill(label)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#passkeys h3").filter(has_text=label)).to_be_visible()

    def log_out(self) -> None:
        self.page.get_by_role("button", name="Log out", exact=True).click()
        expect(self.page.get_by_role("heading", name="You are logged out.")).to_be_visible()

    def log_in(self, *, next_page: str = "") -> None:
        self.page.goto(self.address("/login" + (f"?next={next_page}" if next_page else "")))
        self.press_passkey()
        self.page.wait_for_url(self.address(next_page or "/"))

    def press_passkey(self) -> None:
        """On the page of the login, where the button has the focus."""
        button = self.page.get_by_role("button", name="Log in with your passkey")
        expect(button).to_be_focused()
        self.page.keyboard.press("Enter")

    def knows_who(self, *, knows: bool) -> None:
        """Whether the device recognises whoever holds it."""
        self.cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.device, "isUserVerified": knows}
        )

    def credentials(self) -> list[dict[str, Any]]:
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.device})
        return list(found["credentials"])

    def plug_in(self) -> None:
        """A second device, a security key: once the new passkey is to be made, the person turns
        to it, and the first one is left alone."""
        options = {**DEVICE, "transport": "usb"}
        first = {"authenticatorId": self.device, "enabled": False}

        def turn_to_it(route: Route) -> None:
            self.cdp.send("WebAuthn.setAutomaticPresenceSimulation", first)
            self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
            route.continue_()

        self.page.route("**/api/passkeys/begin", turn_to_it)

    def cookie(self) -> str:
        kept = {each["name"]: each["value"] for each in self.context.cookies()}
        return f"__Host-assent={kept['__Host-assent']}"

    def ready(self) -> None:
        expect(self.page.locator("#detail")).to_have_attribute("data-ready", "yes")


def visitor(house: House, chromium: Browser) -> Visitor:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    device = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    made = Visitor(house, context, page, cdp, device["authenticatorId"])
    page.add_init_script(WATCH_POLICY)
    page.on("pageerror", lambda error: made.complaints.append(f"script: {error}"))
    page.on(
        "console",
        lambda said: made.complaints.append(said.text) if "CSP" in said.text else None,
    )
    return made


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path / "house") as house:
        git(house, "init", "-q", "-b", "main")
        (house.workspace / "notes.txt").write_text("one\n")
        git(house, "add", ".")
        git(house, "commit", "-qm", "start")
        house.start()
        yield house


def git(house: House, *words: str) -> str:
    named = ("-c", "user.name=Agent", "-c", "user.email=agent@localhost")
    done = subprocess.run(
        ["git", *named, *words], cwd=house.workspace, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip("\n")


@pytest.fixture
def ana(house: House, chromium: Browser) -> Iterator[Visitor]:
    """Ana's browser, which she came in with by a link."""
    made = visitor(house, chromium)
    made.link()
    yield made
    made.context.close()
    assert made.complaints == []


def person(house: House) -> Person:
    found = house.read(lambda view: view.person("ana"))
    assert found is not None
    return found


def asked(house: House, command: str = GRAVE) -> Hook:
    """An agent asks, and waits for the answer."""
    hook = house.shell(CLAUDE, command)
    house.waiting()
    return hook


def test_from_the_first_link_to_a_signed_approval(house: House, ana: Visitor) -> None:
    ana.register("laptop")
    assert [each.label for each in person(house).passkeys] == ["laptop"]
    assert person(house).passkeys[0].rp_id == "localhost"
    ana.log_out()
    ana.log_in()
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.page.keyboard.press("a")
    signing = ana.page.get_by_role("button", name=re.compile("^Sign with your passkey"))
    expect(signing).to_be_focused()
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator(".standing.approved")).to_be_visible()
    assert hook.said().passed
    said = house.read(lambda view: view.request_numbered(1))
    assert said is not None
    decision = said.decisions[0]
    assert (decision.by, decision.factor, decision.via) == ("ana", Factor.PASSKEY, "web")
    envelope = house.read(lambda view: view.envelope(decision.envelope))  # type: ignore[arg-type]
    assert envelope is not None
    (signature,) = read_envelope(envelope).signatures
    passkey = person(house).passkeys[0]
    assert signature.keyid == passkey.id
    payload = read_envelope(envelope).payload
    assert all_agree(house, passkey, payload, signature)
    for other in (
        replace(signature, sig=flipped(signature.sig)),
        replace(signature, client_data=flipped(signature.client_data)),
        replace(signature, authenticator_data=flipped(signature.authenticator_data)),
    ):
        assert not all_agree(house, passkey, payload, other)
    assert not all_agree(house, passkey, payload + b" ", signature)
    assert house.assent("verify").returncode == 0


def test_a_device_that_does_not_know_who_holds_it_signs_nothing(house: House, ana: Visitor) -> None:
    ana.register()
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.knows_who(knows=False)
    ana.page.keyboard.press("a")
    ana.page.keyboard.press("Enter")
    told = ana.page.locator("#panel-approve [data-told]")
    expect(told).to_contain_text("Nothing was decided.")
    assert house.request(1)["state"] == "pending"
    ana.knows_who(knows=True)
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator(".standing.approved")).to_be_visible()
    assert hook.said().passed


def test_a_changed_command_is_signed_as_changed_and_nothing_typed_is_lost(
    house: House, ana: Visitor
) -> None:
    ana.register()
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.knows_who(knows=False)
    ana.page.keyboard.press("m")
    edited = ana.page.locator("#edited")
    edited.fill("npm publish --dry-run")
    ana.page.keyboard.press("Control+Enter")
    expect(ana.page.locator("#panel-modify [data-told]")).to_contain_text("Nothing was decided.")
    expect(edited).to_have_value("npm publish --dry-run")
    ana.knows_who(knows=True)
    ana.page.keyboard.press("Control+Enter")
    expect(ana.page.locator(".standing.approved")).to_be_visible()
    assert hook.said().passed
    said = house.read(lambda view: view.request_numbered(1))
    assert said is not None
    assert said.decisions[0].factor is Factor.PASSKEY
    assert said.decisions[0].envelope


def test_whoever_came_by_a_link_is_told_to_log_in_and_can_reject(
    house: House, ana: Visitor
) -> None:
    ana.register()
    ana.log_out()
    ana.link()
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    expect(ana.page.locator(".options .notice")).to_contain_text("logged in by a link")
    expect(ana.page.locator('[data-act="approve"]')).to_have_count(0)
    refused = post(house, "/api/requests/1/approve", ana.cookie(), {"confirm": "REQ-1"})
    assert refused.status_code in (403, 409)
    assert house.request(1)["state"] == "pending"
    ana.page.get_by_role("link", name="Log in with your passkey").click()
    ana.press_passkey()
    ana.page.wait_for_url(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.page.keyboard.press("r")
    ana.page.keyboard.type("Not today.")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator(".standing.rejected")).to_be_visible()
    assert not hook.said().passed


def test_a_stolen_cookie_does_not_sign(house: House, ana: Visitor) -> None:
    ana.register()
    cookie = ana.cookie()
    hook = asked(house)
    statement = post(
        house, "/api/requests/1/statement", cookie, {"verdict": "approve", "confirm": "REQ-1"}
    ).json()
    for envelope in (
        {"payload": statement["payload"], "payloadType": IN_TOTO, "signatures": []},
        {
            "payload": statement["payload"],
            "payloadType": IN_TOTO,
            "signatures": [
                {
                    "kind": "webauthn",
                    "keyid": statement["passkeys"][0]["id"],
                    "sig": "AAAA",
                    "clientDataJSON": "AAAA",
                    "authenticatorData": "AAAA",
                }
            ],
        },
    ):
        said = {"confirm": "REQ-1", "envelope": json.dumps(envelope)}
        assert post(house, "/api/requests/1/approve", cookie, said).status_code == 409
    assert post(house, "/api/passkeys", cookie, {"answer": "{}", "label": "x"}).status_code == 400
    assert house.request(1)["state"] == "pending"
    assert len(person(house).passkeys) == 1
    house.decide(1, "reject", reason="Done here.")
    assert not hook.said().passed


def test_a_foreign_page_and_a_second_use_are_refused(house: House, ana: Visitor) -> None:
    ana.register()
    sent: list[str] = []
    ana.page.on(
        "request",
        lambda request: (
            sent.append(request.post_data or "") if request.url.endswith("/decision") else None
        ),
    )
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.page.keyboard.press("a")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator(".standing.approved")).to_be_visible()
    assert hook.said().passed
    again = asked(house, "npm publish --tag next")
    headers = {"Cookie": ana.cookie(), "Content-Type": "application/x-www-form-urlencoded"}
    for origin in ("https://evil.example", "http://localhost:9", "null"):
        forged = httpx2.post(
            ana.address("/requests/REQ-2/decision"),
            content=sent[0],
            headers={**headers, "Origin": origin},
        )
        assert forged.status_code == 403
    ours = {**headers, "Origin": house.client.page, "Sec-Fetch-Site": "same-origin"}
    for number in (1, 2):
        replayed = httpx2.post(
            ana.address(f"/requests/REQ-{number}/decision"), content=sent[0], headers=ours
        )
        assert replayed.status_code == 409
    assert house.request(2)["state"] == "pending"
    house.decide(2, "reject", reason="Done here.")
    assert not again.said().passed


def test_a_second_passkey_needs_the_first_and_the_last_one_stays(
    house: House, ana: Visitor, chromium: Browser
) -> None:
    ana.register("laptop")
    other = visitor(house, chromium)
    other.link()
    other.page.goto(other.address("/account"))
    expect(other.page.locator(".notice").first).to_contain_text("logged in by a link")
    expect(other.page.locator("#passkey-label")).to_have_count(0)
    begun = post(house, "/api/passkeys/begin", other.cookie(), {})
    assert begun.status_code == 403
    begun = post(house, "/api/passkeys/begin", ana.cookie(), {})
    assert begun.status_code == 428
    # The device that has a passkey makes no second one for the same person.
    ana.page.goto(ana.address("/account"))
    ana.page.locator("#passkey-label").fill("again")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#passkeys [data-told]")).to_contain_text("has a passkey of yours")
    removing = ana.page.locator("#passkeys").get_by_role("button", name=re.compile("^Remove"))
    expect(removing).to_have_count(0)
    only = person(house).passkeys[0].id
    removed = httpx2.post(
        ana.address("/account/passkeys/remove"),
        data={"passkey": only},
        headers={"Cookie": ana.cookie(), "Origin": house.client.page},
    )
    assert removed.status_code == 428
    expect(ana.page.locator("#passkeys")).to_contain_text("assent people recover ana")
    assert [each.id for each in person(house).passkeys] == [only]
    other.context.close()
    # With another device there is room for one, and the first has to be used for it.
    ana.plug_in()
    ana.page.goto(ana.address("/account"))
    ana.register("security key")
    assert [each.label for each in person(house).passkeys] == ["laptop", "security key"]
    assert len(house.entries("proved")) == 2


def test_who_one_is_changes_with_a_passkey_used_for_it(house: House, ana: Visitor) -> None:
    ana.register()
    ana.page.goto(ana.address("/account"))
    ana.knows_who(knows=False)
    ana.page.get_by_label("Full name").fill("Ana Ortiz")
    ana.page.get_by_role("button", name="Save").click()
    told = ana.page.locator("form [data-told]").last
    expect(told).to_contain_text("Nothing was changed.")
    expect(ana.page.get_by_label("Full name")).to_have_value("Ana Ortiz")
    assert person(house).full_name == ""
    ana.knows_who(knows=True)
    ana.page.get_by_role("button", name="Save").click()
    expect(ana.page.get_by_role("heading", level=1)).to_have_text("Ana Ortiz")
    assert person(house).full_name == "Ana Ortiz"
    copied = {"Cookie": ana.cookie(), "Origin": house.client.page}
    stolen = httpx2.post(ana.address("/account"), data={"full_name": "Eve"}, headers=copied)
    assert stolen.status_code == 428
    ana.page.goto(ana.address("/people"))
    ana.page.locator('form[action="/people"] [name="name"]').fill("ben")
    ana.page.locator('form[action="/people"] button').last.click()
    expect(ana.page.get_by_text("ben", exact=True).first).to_be_visible()
    assert house.read(lambda view: view.person("ben")) is not None


def test_a_device_that_counts_backwards_is_refused_and_recorded(house: House, ana: Visitor) -> None:
    ana.register()
    ana.log_out()
    ana.log_in()
    known = person(house).passkeys[0].sign_count
    assert known > 0
    credential = ana.credentials()[0]
    ana.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": ana.device})
    ana.cdp.send(
        "WebAuthn.addCredential",
        {"authenticatorId": ana.device, "credential": {**credential, "signCount": 0}},
    )
    ana.log_out()
    ana.page.goto(ana.address("/login"))
    ana.press_passkey()
    expect(ana.page.locator("[data-told]")).to_contain_text("counts backwards")
    assert [each["count_before"] for each in house.entries("passkey-refused")] == [known]
    assert person(house).passkeys[0].sign_count == known


def flipped(data: bytes) -> bytes:
    """One bit of it is another one."""
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def all_agree(house: House, passkey: Passkey, payload: bytes, made: Signature) -> bool:
    """Whether Chromium's assertion fits the statement: by our own code, which needs no library
    for it, by `webauthn`, and by Yubico's `fido2`. Fails where they do not agree."""
    ours = CheckedSignatures().check(made, payload, passkey) is Factor.PASSKEY
    page = house.client.page
    said = (by_webauthn(passkey, payload, made, page), by_fido2(passkey, payload, made, page))
    assert said == (ours, ours)
    return ours


def assertion(made: Signature) -> dict[str, Any]:
    return {
        "id": made.keyid,
        "rawId": made.keyid,
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": to_base64url(made.client_data),
            "authenticatorData": to_base64url(made.authenticator_data),
            "signature": to_base64url(made.sig),
        },
    }


def by_webauthn(passkey: Passkey, payload: bytes, made: Signature, page: str) -> bool:
    try:
        verify_authentication_response(
            credential=assertion(made),
            expected_challenge=challenge_of(payload),
            expected_rp_id="localhost",
            expected_origin=page,
            credential_public_key=from_base64url(passkey.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return False
    return True


def by_fido2(passkey: Passkey, payload: bytes, made: Signature, page: str) -> bool:
    fields: Any = cbor.decode(from_base64url(passkey.public_key))
    known = AttestedCredentialData.create(
        bytes(16), from_base64url(passkey.id), CoseKey.parse(fields)
    )
    party = PublicKeyCredentialRpEntity(id="localhost", name="Assent")
    server = Fido2Server(party, verify_origin=lambda origin: origin == page)
    state = {
        "challenge": to_base64url(challenge_of(payload)),
        "user_verification": UserVerificationRequirement.REQUIRED,
    }
    try:
        server.authenticate_complete(state, [known], assertion(made))
    except (InvalidSignature, ValueError, KeyError):
        return False
    return True


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_of_passkeys_has_a_serious_finding(
    house: House, ana: Visitor, look: dict[str, Any]
) -> None:
    ana.page.emulate_media(color_scheme=look["color_scheme"])
    ana.page.set_viewport_size(look["viewport"])
    ana.page.goto(ana.address("/account"))
    check(ana.page)
    ana.register()
    check(ana.page)
    ana.page.goto(ana.address("/login"))
    check(ana.page)
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.page.locator('[data-act="approve"]').click()
    check(ana.page)
    ana.knows_who(knows=False)
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#panel-approve [data-told]")).to_be_visible()
    check(ana.page)
    ana.log_out()
    ana.link()
    check(ana.page)
    ana.page.goto(ana.address("/requests/REQ-1"))
    check(ana.page)
    house.decide(1, "reject", reason="Done here.")
    assert not hook.said().passed


IN_TOTO = "application/vnd.in-toto+json"


def post(house: House, path: str, cookie: str, fields: Mapping[str, object]) -> httpx2.Response:
    """What a program can send that has the cookie and nothing else."""
    return httpx2.post(
        f"{house.client.page}{path}",
        json=fields,
        headers={"Cookie": cookie, "Origin": house.client.page, "Sec-Fetch-Site": "same-origin"},
    )
