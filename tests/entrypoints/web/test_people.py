"""People, accounts and sessions: the API and the pages."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from assent.app.people.accounts import set_active
from assent.app.people.rules import Speaker
from assent.app.ports import Outgoing, Sending
from assent.core.people.model import Delegation, Factor, Passkey, Person, SshKey
from assent.entrypoints.web.browsers import browser_name
from assent.entrypoints.web.sessions import COOKIE, LINK_LIFETIME, SEEN_EVERY, new_session
from assent.testing import FixedClock, MemoryStore
from tests.entrypoints.web.conftest import ORIGIN, OURS
from tests.entrypoints.web.desk import ANA, NOON, TOKEN, Desk
from tests.signing import SshSigner

BEN = Person("ben", 0, "ana", email="ben@example.com", aliases=("@benk",), roles=("security",))
KEY = SshKey("ssh-ed25519", "AAAA", "old", 0)
PASSKEY = Passkey("id", "pub", "phone", 0)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def desk() -> Desk:
    return Desk(store=MemoryStore([ANA, BEN]))


@pytest.fixture
async def ben(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    """Ben's browser, logged in."""
    transport = httpx2.ASGITransport(app=desk.app(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=OURS) as client:
        await enter(client, desk, "ben")
        yield client


async def enter(
    client: httpx2.AsyncClient, desk: Desk, name: str, factor: Factor = Factor.NONE
) -> None:
    secret = await new_session(desk.gate, name, factor=factor, browser=FIREFOX)
    client.cookies.clear()
    client.cookies.set(COOKIE, secret, domain="127.0.0.1", path="/")


def known(desk: Desk, name: str) -> Person:
    found = desk.store.read(lambda view: view.person(name))
    assert found is not None
    return found


async def save(desk: Desk, made: Person) -> None:
    await desk.store.write(lambda tx: tx.save_person(made), durable=True)


async def disable(desk: Desk, name: str) -> None:
    await set_active(desk.gate, name, active=False, by=Speaker("ana", "cli"))


# --- sessions


async def test_a_disabled_person_s_browser_is_out_at_once(
    desk: Desk, ben: httpx2.AsyncClient
) -> None:
    secret = ben.cookies[COOKIE]
    assert (await ben.get("/session")).status_code == 204
    await disable(desk, "ben")
    assert (await ben.get("/session")).status_code == 401
    assert (await ben.get("/api/status")).status_code == 401
    await set_active(desk.gate, "ben", active=True, by=Speaker("ana", "cli"))
    ben.cookies.set(COOKIE, secret, domain="127.0.0.1", path="/")
    assert (await ben.get("/session")).status_code == 401


async def test_a_session_whose_person_is_nobody_opens_nothing(
    desk: Desk, ben: httpx2.AsyncClient
) -> None:
    """Also where only the person was changed, as another process or a restored backup can."""
    await save(desk, replace(BEN, active=False, version=2))
    assert (await ben.get("/")).status_code == 401
    assert (await ben.post("/api/requests/1/reject", json={"reason": "no"})).status_code == 401


async def test_a_link_of_somebody_disabled_since_is_void(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    path = (await cli.post("/api/people/ben/link", json={})).json()["path"]
    await disable(desk, "ben")
    answer = await cli.post("/login", data={"token": path.removeprefix("/login/")}, headers=OURS)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "people",
    [
        pytest.param([replace(ANA, active=False)], id="disabled"),
        pytest.param([BEN], id="unknown"),
        pytest.param([], id="nobody-at-all"),
    ],
)
async def test_the_terminal_of_somebody_who_may_not_act_is_closed(people: list[Person]) -> None:
    app = Desk(store=MemoryStore(people)).app()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as cli:
        for path in ("/api/status", "/api/requests", "/api/people"):
            answer = await cli.get(path)
            assert answer.status_code == 403
            assert "ana" in answer.json()["error"]["message"]


async def test_when_a_browser_was_last_seen_is_known_to_a_few_minutes(
    desk: Desk, ben: httpx2.AsyncClient
) -> None:
    assert isinstance(desk.clock, FixedClock)

    def seen() -> int:
        [session] = desk.store.read(lambda view: view.web_sessions("ben"))
        return session.seen_at

    desk.clock.advance(SEEN_EVERY - 1)
    await ben.get("/session")
    assert seen() == NOON
    desk.clock.advance(1)
    await ben.get("/session")
    assert seen() == NOON + SEEN_EVERY


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/149 Safari/537 Edg/149.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19 like Mac OS X) Safari/604", "Safari on iPhone"),
        ("curl/8 \x1b[31m<script>", "a browser"),
        ("", "a browser"),
    ],
)
def test_browsers_are_told_apart(agent: str, name: str) -> None:
    assert browser_name(agent) == name


# --- the API


async def test_the_api_adds_changes_and_disables(desk: Desk, cli: httpx2.AsyncClient) -> None:
    said = {"name": "eve", "email": "eve@example.com", "roles": ["ops"], "aliases": ["@eve"]}
    made = (await cli.post("/api/people", json=said)).json()
    assert made["path"].startswith("/login/")
    assert made["expires_in_ms"] == LINK_LIFETIME
    assert (made["factor"], made["active"], made["added_by"]) == ("none", True, "ana")
    body = {"roles": ["security"], "no_roles": ["ops"], "full_name": "Eve"}
    changed = (await cli.post("/api/people/eve/change", json=body)).json()
    assert (changed["roles"], changed["full_name"]) == (["security"], "Eve")
    assert changed["email"] == "eve@example.com"
    assert not (await cli.post("/api/people/eve/disable", json={})).json()["active"]
    again = await cli.post("/api/people/eve/disable", json={})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert (await cli.post("/api/people/eve/enable", json={})).json()["active"]
    names = [each["name"] for each in (await cli.get("/api/people")).json()["people"]]
    assert names == ["ana", "ben", "eve"]
    assert (await cli.get("/api/people/zoe")).status_code == 404
    assert (await cli.post("/api/people", json={"name": "x", "root": True})).status_code == 422


async def test_a_key_is_added_listed_and_removed(desk: Desk, cli: httpx2.AsyncClient) -> None:
    one, two = SshSigner().key, SshSigner().key
    body = {"key": f"{one.kind} {one.blob} ben@laptop"}
    made = (await cli.post("/api/people/ben/keys", json=body)).json()
    assert made["factor"] == "key"
    [key] = made["keys"]
    assert (key["fingerprint"], key["label"]) == (one.fingerprint, "ben@laptop")
    assert one.blob not in str(made)
    refused = await cli.post("/api/people/ben/keys", json={"key": f"{two.kind} {two.blob}"})
    assert refused.status_code == 403
    assert (await cli.post("/api/people/ben/keys", json={"key": "nonsense"})).status_code == 400
    gone = await cli.post("/api/people/ben/keys/remove", json={"key": one.fingerprint})
    assert gone.status_code == 403


async def test_recovery_is_for_the_command_line(
    desk: Desk, cli: httpx2.AsyncClient, ben: httpx2.AsyncClient
) -> None:
    await save(desk, replace(BEN, keys=(KEY,), passkeys=(PASSKEY,), version=2))
    await enter(ben, desk, "ana", Factor.PASSKEY)
    assert (await ben.post("/api/people/ben/recover", json={})).status_code == 403
    assert known(desk, "ben").has_factor
    made = (await cli.post("/api/people/ben/recover", json={})).json()
    assert (made["keys"], made["passkeys"]) == ([], [])
    token = made["path"].removeprefix("/login/")
    cli.headers.pop("Authorization")
    assert (await cli.post("/login", data={"token": token}, headers=OURS)).status_code == 303


async def test_sessions_are_listed_and_ended(
    desk: Desk, cli: httpx2.AsyncClient, ben: httpx2.AsyncClient
) -> None:
    [one] = (await cli.get("/api/people/ben/sessions")).json()["sessions"]
    assert (one["browser"], one["factor"]) == ("Firefox on Linux", "none")
    assert ben.cookies[COOKIE] not in str(one)
    ended = await cli.post("/api/people/ben/sessions/end", json={"id": one["id"]})
    assert ended.json() == {"ended": 1}
    assert (await ben.get("/session")).status_code == 401
    assert (await cli.post("/api/people/ben/sessions/end", json={})).json() == {"ended": 0}


async def test_a_person_sees_no_other_s_sessions(ben: httpx2.AsyncClient) -> None:
    assert (await ben.get("/api/people/ana/sessions")).status_code == 403
    assert (await ben.post("/api/people/ana/sessions/end", json={})).status_code == 403
    assert (await ben.get("/api/people/ben/sessions")).status_code == 200


async def test_a_browser_makes_no_link_for_itself(
    desk: Desk, ana: httpx2.AsyncClient, ben: httpx2.AsyncClient
) -> None:
    assert (await ana.post("/api/people/ana/link", json={})).status_code == 403
    assert (await ben.post("/api/people/ana/link", json={})).status_code == 403
    assert (await ana.post("/api/people/ben/link", json={})).status_code == 200


async def test_tokens_are_made_listed_and_revoked(cli: httpx2.AsyncClient) -> None:
    made = (await cli.post("/api/agent-tokens", json={"agent": "ci-bot"})).json()
    assert made["token"].startswith("assent-agent-")
    [listed] = (await cli.get("/api/agent-tokens")).json()["tokens"]
    assert (listed["agent"], listed["made_by"]) == ("ci-bot", "ana")
    assert made["token"] not in str(listed)
    assert "hash" not in listed
    agent = {"Authorization": f"Bearer {made['token']}"}
    assert (await cli.get("/api/requests", headers=agent)).status_code == 200
    assert (await cli.post("/api/agent-tokens/revoke", json={"id": made["id"]})).status_code == 200
    assert (await cli.get("/api/requests", headers=agent)).status_code == 401


# --- the pages


async def test_an_administrator_manages_people_on_the_page(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    page = (await ana.get("/people")).text
    assert "Add somebody" in page
    assert "ben@example.com" in page
    answer = await ana.post("/people", data={"name": "eve", "roles": "ops, security"})
    assert answer.status_code == 200
    link = re.search(r'value="http://localhost:\d+(/login/[\w-]+)"', answer.text)
    assert link is not None
    assert known(desk, "eve").roles == ("ops", "security")
    fields = {"roles": "security", "roles_before": "ops, security", "full_name": "Eve"}
    assert (await ana.post("/people/eve/change", data=fields)).status_code == 303
    assert (known(desk, "eve").roles, known(desk, "eve").full_name) == (("security",), "Eve")
    assert (await ana.post("/people/eve/disable")).status_code == 303
    assert not known(desk, "eve").active
    assert (await ana.post("/people/eve/enable")).status_code == 303
    assert (await ana.post("/people/eve/logout")).status_code == 303


async def test_what_others_changed_meanwhile_is_not_undone_by_the_page(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    """The page of before still shows only `security`."""
    await save(desk, replace(BEN, roles=("security", "admin"), version=2))
    fields = {"roles": "security, ops", "roles_before": "security", "email": "ben@example.com"}
    await ana.post("/people/ben/change", data=fields)
    assert known(desk, "ben").roles == ("security", "admin", "ops")


async def test_what_is_wrong_stands_on_the_page(desk: Desk, ana: httpx2.AsyncClient) -> None:
    answer = await ana.post("/people", data={"name": "eve", "email": "ben@example.com"})
    assert answer.status_code == 409
    assert "ben&#39;s already" in answer.text
    answer = await ana.post("/people/ana/disable")
    assert answer.status_code == 409
    assert "last active administrator" in answer.text


async def test_others_see_who_is_here_and_change_nothing(
    desk: Desk, ben: httpx2.AsyncClient
) -> None:
    page = (await ben.get("/people")).text
    assert "ana" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    for path in ("/people/ana/disable", "/people/ana/link", "/people/ana/logout"):
        assert (await ben.post(path)).status_code == 403
    assert (await ben.post("/people", data={"name": "eve"})).status_code == 403
    assert known(desk, "ana") == ANA


async def test_an_administrator_with_a_passkey_who_came_by_a_link_changes_nothing(
    desk: Desk, ben: httpx2.AsyncClient
) -> None:
    await save(desk, replace(ANA, passkeys=(PASSKEY,), version=2))
    await enter(ben, desk, "ana")
    assert "Log in with your passkey" in (await ben.get("/people")).text
    assert (await ben.post("/people/ben/disable")).status_code == 403
    answer = await ben.post("/people", data={"name": "eve"})
    assert answer.status_code == 403
    assert (await ben.post("/people/ben/link")).status_code == 403
    # Nor does one who has no more than the cookie of a browser that came by the passkey.
    await enter(ben, desk, "ana", Factor.PASSKEY)
    assert (await ben.post("/people/ben/disable")).status_code == 428


async def test_delegations_and_what_could_not_be_sent_are_shown(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    made = Delegation("d1", "ana", "ben", NOON, NOON + 3_600_000, paths=("src/pay/**",))
    stuck = Outgoing(
        id="1",
        kind="notify",
        dedup="1",
        place="ben",
        body=b"{}",
        created_at=NOON,
        run_at=NOON,
        state=Sending.DEAD,
        fault="no such host",
    )
    await desk.store.write(lambda tx: tx.add_delegation(made), durable=True)
    await desk.store.write(lambda tx: tx.add_outgoing(stuck), durable=True)
    page = (await ana.get("/people")).text
    assert "src/pay/**" in page
    assert "no such host" in page
    assert "Mend the channel" in page


async def test_one_s_own_account(desk: Desk, ben: httpx2.AsyncClient) -> None:
    page = (await ben.get("/account")).text
    assert "Firefox on Linux" in page
    assert "@benk" in page
    fields = {"full_name": "Ben K", "email": "b@example.com", "quiet": "mon-fri 20:00-07:00\n"}
    assert (await ben.post("/account", data=fields)).status_code == 303
    made = known(desk, "ben")
    assert (made.full_name, made.quiet) == ("Ben K", ("mon-fri 20:00-07:00",))
    assert made.aliases == ("@benk", "ben@example.com")
    wrong = await ben.post("/account", data={**fields, "quiet": "never"})
    assert wrong.status_code == 400
    assert "no hours" in wrong.text


async def test_a_key_on_one_s_account(desk: Desk, ben: httpx2.AsyncClient) -> None:
    one, two = SshSigner().key, SshSigner().key
    answer = await ben.post("/account/keys", data={"key": f"{one.kind} {one.blob}", "label": "x"})
    assert answer.status_code == 303
    page = (await ben.get("/account")).text
    assert one.fingerprint.replace("+", "&#43;") in page or one.fingerprint in page
    # From now on a browser that came by a link is not enough.
    answer = await ben.post("/account/keys", data={"key": f"{two.kind} {two.blob}"})
    assert answer.status_code == 403
    await enter(ben, desk, "ben", Factor.PASSKEY)
    await ben.post("/account/keys", data={"key": f"{two.kind} {two.blob}"})
    answer = await ben.post("/account/keys/remove", data={"key": one.fingerprint})
    assert answer.status_code == 303
    assert [each.fingerprint for each in known(desk, "ben").keys] == [two.fingerprint]


async def test_one_logs_out_elsewhere(desk: Desk, ben: httpx2.AsyncClient) -> None:
    for _ in range(2):
        await new_session(desk.gate, "ben", factor=Factor.PASSKEY, browser="")
    page = (await ben.get("/account")).text
    ids = re.findall(r'name="id" value="([0-9a-f]{12})"', page)
    assert len(ids) == 2
    assert (await ben.post("/account/sessions/end", data={"id": ids[0]})).status_code == 303
    assert len(desk.store.read(lambda view: view.web_sessions("ben"))) == 2
    assert (await ben.post("/account/sessions/end")).status_code == 303
    assert len(desk.store.read(lambda view: view.web_sessions("ben"))) == 1
    assert (await ben.get("/session")).status_code == 204


@pytest.mark.parametrize("path", ["/people", "/account"])
async def test_the_pages_are_closed_to_strangers(stranger: httpx2.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code == 401


async def test_odd_names_are_shown_and_do_nothing(desk: Desk, ana: httpx2.AsyncClient) -> None:
    odd = '<img src=x onerror=alert(1)>"'
    await save(desk, replace(BEN, full_name=odd, aliases=(odd,), email="", version=2))
    page = (await ana.get("/people")).text
    assert "&lt;img src=x onerror=alert(1)&gt;&#34;" in page
    assert "<img src=x" not in page


async def test_the_activity_says_who_was_changed_and_by_whom(
    desk: Desk, cli: httpx2.AsyncClient, ben: httpx2.AsyncClient
) -> None:
    await cli.post("/api/people/ben/change", json={"roles": ["ops"]})
    page = (await ben.get("/activity?stream=people&kind=person-changed")).text
    entry = page.split("<main")[1]
    assert ">ben<" in re.sub(r"\s+", "", entry)
    assert "by ana" in entry


async def test_the_header_leads_to_one_s_account(ana: httpx2.AsyncClient) -> None:
    for path in ("/", "/activity", "/people"):
        assert 'class="me" href="/account"' in (await ana.get(path)).text
