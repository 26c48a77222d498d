"""Nobody approves what is not theirs to approve, by any way we know of.

Each test is one way, named in docs/explanation/threat-model.md. The daemon is real, and so are the
keys. The page's own ways (a passkey, the confirmation) are in tests/e2e/browser/test_passkeys.py.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assent.errors import AssentError
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House, house_in
from tests.e2e.faults.people import Key, Person, joined, proposed, put_in_force, statement

pytestmark = pytest.mark.network

POLICY = """
profile = "solo"

[teams]
two = ["ana", "ben"]
three = ["ana", "ben", "eve", "kim", "leo", "hal"]

[ask]
wait = "1s"
expires = "1d"

[[rule]]
name = "of-two"
route = "gate"
programs = ["deploy two"]
effects = ["unknown"]
reviewers = ["@two"]
quorum = 2
tier = "acknowledge"

[[rule]]
name = "of-one"
route = "gate"
programs = ["deploy one"]
effects = ["unknown"]
reviewers = ["@three"]
tier = "acknowledge"

[[rule]]
name = "of-others"
route = "gate"
programs = ["deploy apart"]
effects = ["unknown"]
reviewers = ["@three"]
separate = true
tier = "acknowledge"

[[rule]]
name = "of-whoever-signs"
route = "gate"
programs = ["deploy signed"]
effects = ["unknown"]
reviewers = ["@three"]
sign = "required"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def house(place: Path) -> Iterator[House]:
    with house_in(place / "house") as made:
        made.start()
        put_in_force(made, POLICY)
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[House]:
    """Nobody lets anybody decide for them yet."""
    with house_in(tmp_path / "house") as made:
        made.start()
        put_in_force(made, POLICY)
        yield made


@pytest.fixture(scope="module")
def ben(house: House) -> Person:
    return joined(house, "ben")


@pytest.fixture(scope="module")
def eve(house: House) -> Person:
    return joined(house, "eve")


@pytest.fixture(scope="module")
def keyed(house: House, place: Path) -> tuple[Person, Key]:
    """Somebody who registered a key, and so decides with that alone."""
    person, key = joined(house, "kim"), Key.made(place, "kim")
    added = house.assent("people", "keys", "add", "kim", str(key.public))
    assert added.returncode == 0, added.stderr
    return person, key


def asked(house: House, command: str) -> dict[str, Any]:
    """A new request for a command, as it waits."""
    before = {each["number"] for each in house.inbox()}
    proposed(house, command, command)
    new = [each for each in house.inbox() if each["number"] not in before]
    assert len(new) == 1
    return house.request(new[0]["number"])


def tomorrow() -> int:
    return int(time.time() * 1000) + 86_400_000


def is_pending(house: House, request: dict[str, Any]) -> bool:
    return bool(house.request(request["number"])["state"] == "pending")


def refused(said: tuple[int, dict[str, Any]]) -> str:
    status, answer = said
    assert status in (400, 401, 403, 409), answer
    return str(answer["error"]["message"])


def test_the_command_line_of_a_person_with_a_key_decides_nothing(house: House, place: Path) -> None:
    """What runs as the same user has the token, but not the key."""
    with house_in(place / "other") as mine:
        mine.start()
        put_in_force(mine, POLICY)
        key = Key.made(place, "ana")
        assert mine.assent("people", "keys", "add", "ana", str(key.public)).returncode == 0
        request = asked(mine, "deploy one cli")
        done = mine.assent("approve", str(request["number"]), "--confirm", request["name"])
        assert done.returncode == 1
        assert "key" in done.stderr
        assert is_pending(mine, request)
        with pytest.raises(AssentError):
            mine.decide(request["number"], keep=False)
        another = Key.made(place, "another")
        added = mine.assent("people", "keys", "add", "ana", str(another.public))
        assert added.returncode == 1, "an agent could add a key of its own"
        signed = key.signed(statement(mine, request["number"], "ana", "approve"))
        mine.decide(request["number"], envelope=signed, keep=False)
        assert not is_pending(mine, request)


def test_a_link_does_not_stand_for_a_key(house: House, keyed: tuple[Person, Key]) -> None:
    """Also a link that an agent made with the token."""
    person, _ = keyed
    request = asked(house, "deploy one link")
    assert "key" in refused(person.says(request["number"], "approve"))
    assert is_pending(house, request)


def test_a_stolen_cookie_signs_nothing(house: House, ben: Person) -> None:
    request = asked(house, "deploy signed cookie")
    thief = Person(house, "ben", ben.cookie)
    said = thief.says(request["number"], "approve", confirm=request["name"])
    assert "sign" in refused(said)
    assert is_pending(house, request)


def test_a_revoked_session_is_nobody(house: House) -> None:
    person = joined(house, "leo")
    request = asked(house, "deploy one revoked")
    assert house.assent("people", "logout", "leo").returncode == 0
    assert person.says(request["number"], "approve")[0] == 401
    assert is_pending(house, request)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another site"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="said by the browser"),
        pytest.param({"Host": "evil.example"}, id="a name that was bound again"),
    ],
)
def test_another_site_cannot_speak_for_a_browser(
    house: House, ben: Person, headers: dict[str, str]
) -> None:
    request = asked(house, f"deploy one origin-{len(json.dumps(headers))}-{min(headers.values())}")
    path = f"/api/requests/{request['number']}/approve"
    status, _, _ = ben.send("POST", path, b"{}", headers)
    assert status in (403, 421)
    assert is_pending(house, request)


@pytest.mark.parametrize(
    "verdict", ["approve", "reject", "modify", "delay", "withdraw", "refer", "statement"]
)
def test_an_agents_token_decides_nothing(house: House, verdict: str) -> None:
    made = house.assent("people", "token", "add", "claude-code")
    assert made.returncode == 0, made.stderr
    token = next(word for word in made.stdout.split() if word.startswith("assent-agent-"))
    request = asked(house, f"deploy one token-{verdict}")
    agent = Person(house, "")
    path = f"/api/requests/{request['number']}/{verdict}"
    bearer = {"Authorization": f"Bearer {token}"}
    status, _, body = agent.send("POST", path, b"{}", bearer)
    assert status == 403, body
    assert b"Agents propose" in body
    assert is_pending(house, request)


def test_an_agent_is_stopped_at_the_command(house: House) -> None:
    """Its own shell is looked at before it runs anything."""
    for command in (
        "assent people add eve2",
        "assent delegate --to eve",
        "assent refer 1 --to eve",
    ):
        request = asked(house, command)
        assert request["class"] == "irreversible"


def test_a_statement_counts_once(house: House, keyed: tuple[Person, Key]) -> None:
    _, key = keyed
    first, second = asked(house, "deploy one replay"), asked(house, "deploy one replayed")
    signed = key.signed(statement(house, first["number"], "kim", "approve"))
    house.decide(first["number"], envelope=signed, keep=False)
    with pytest.raises(AssentError):
        house.decide(second["number"], envelope=signed, keep=False)
    with pytest.raises(AssentError):
        house.decide(first["number"], envelope=signed, keep=False)
    assert is_pending(house, second)


def test_a_statement_says_exactly_one_thing(house: House, keyed: tuple[Person, Key]) -> None:
    _, key = keyed
    request = asked(house, "deploy one other-verdict")
    rejection = statement(house, request["number"], "kim", "reject", reason="no")
    with pytest.raises(AssentError):
        house.decide(request["number"], envelope=key.signed(rejection), keep=False)
    approval = statement(house, request["number"], "kim", "approve")
    with pytest.raises(AssentError):
        house.decide(
            request["number"],
            reason="not what was signed",
            envelope=key.signed(approval),
            keep=False,
        )
    with pytest.raises(AssentError):
        house.decide(request["number"], envelope=key.signed(approval, namespace="git"), keep=False)
    changed = approval.replace(b'"kim"', b'"ana"')
    with pytest.raises(AssentError):
        house.decide(request["number"], envelope=key.signed(changed), keep=False)
    assert is_pending(house, request)


def test_a_key_of_nobody_speaks_for_nobody(
    house: House, keyed: tuple[Person, Key], place: Path
) -> None:
    stranger = Key.made(place, "stranger")
    request = asked(house, "deploy one stranger")
    payload = statement(house, request["number"], "kim", "approve")
    with pytest.raises(AssentError):
        house.decide(request["number"], envelope=stranger.signed(payload), keep=False)
    assert is_pending(house, request)


def test_one_key_is_not_of_two_people(house: House, keyed: tuple[Person, Key], ben: Person) -> None:
    """Nor does a second key make a second person: a voice is counted by the name."""
    _, key = keyed
    taken = house.assent("people", "keys", "add", "ben", str(key.public))
    assert taken.returncode == 1
    assert "kim" in taken.stderr
    request = asked(house, "deploy two keys")
    assert ben.says(request["number"], "approve")[0] == 200
    again = house.request(request["number"])
    assert "already" in refused(ben.says(again["number"], "approve", version=again["version"]))
    assert is_pending(house, request)


def test_two_voices_at_once_of_one_person_are_one(house: House, ben: Person) -> None:
    request = asked(house, "deploy two race")
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda _: ben.says(request["number"], "approve"), range(8)))
    assert sorted(status for status, _ in said).count(200) == 1
    found = house.request(request["number"])
    assert found["state"] == "pending"
    assert len(found["decisions"]) == 1


def test_two_people_at_once_both_count_or_look_again(house: House, ben: Person) -> None:
    request = asked(house, "deploy two people")

    def ana() -> int:
        try:
            house.decide(request["number"], version=request["version"], keep=False)
        except AssentError:
            return 409
        return 200

    with ThreadPoolExecutor(2) as threads:
        hers = threads.submit(ana)
        his = threads.submit(ben.says, request["number"], "approve", version=request["version"])
        outcome = sorted((hers.result(), his.result()[0]))
    assert outcome in ([200, 409], [200, 200])
    approved = [each["by"] for each in house.request(request["number"])["decisions"]]
    assert len(approved) == len(set(approved)) == outcome.count(200)


def test_whoevers_agent_asks_is_not_one_who_approves(house: House, ben: Person) -> None:
    """The hook's socket says which user runs the agent: here it is the home's, ana."""
    request = asked(house, "deploy apart 1")
    with pytest.raises(AssentError, match="ana"):
        house.decide(request["number"], keep=False)
    assert is_pending(house, request)
    assert ben.says(request["number"], "approve")[0] == 200


def test_nobody_approves_in_the_name_of_whoever_asks(house: House, eve: Person) -> None:
    """ana lets fay decide for her, and fay is one of no group of her own."""
    fay = joined(house, "fay")
    given = house.assent("delegate", "--to", "fay", "--for", "1d")
    assert given.returncode == 0, given.stderr
    request = asked(house, "deploy apart 2")
    refused(fay.says(request["number"], "approve"))
    assert is_pending(house, request)
    allowed = asked(house, "deploy one for-ana")
    assert fay.says(allowed["number"], "approve")[0] == 200


def test_delegations_in_a_ring_give_nobody_a_second_voice(fresh: House) -> None:
    """ana to ben and ben to ana: two are needed, and one alone is one."""
    ben = joined(fresh, "ben")
    assert fresh.assent("delegate", "--to", "ben", "--for", "1d").returncode == 0
    status, _, body = ben.send(
        "POST", "/api/delegations", json.dumps({"to": "ana", "until": tomorrow()}).encode()
    )
    assert status in (200, 409), body
    request = asked(fresh, "deploy two ring")
    assert ben.says(request["number"], "approve")[0] == 200
    again = fresh.request(request["number"])
    refused(ben.says(request["number"], "approve", version=again["version"]))
    assert is_pending(fresh, request)


def test_a_power_is_not_passed_on(fresh: House) -> None:
    """ana lets gus decide for her, and gus lets ida decide for gus: ida has no voice of hers."""
    gus, ida = joined(fresh, "gus"), joined(fresh, "ida")
    assert fresh.assent("delegate", "--to", "gus", "--for", "1d").returncode == 0
    given = {"to": "ida", "until": tomorrow()}
    status, _, body = gus.send("POST", "/api/delegations", json.dumps(given).encode())
    assert status == 200, body
    request = asked(fresh, "deploy two passed-on")
    refused(ida.says(request["number"], "approve"))
    assert is_pending(fresh, request)
    assert gus.says(request["number"], "approve")[0] == 200
    again = fresh.request(request["number"])
    fresh.decide(request["number"], version=again["version"], keep=False)
    assert is_pending(fresh, request), "a giver and who speaks for them were two"


def test_an_agent_is_nobody_to_delegate_to(house: House) -> None:
    given = house.assent("delegate", "--to", CLAUDE.name, "--for", "1d")
    assert given.returncode == 1
    added = house.assent("people", "add", CLAUDE.name)
    assert added.returncode in (1, 2)


def test_a_disabled_person_is_nobody(house: House) -> None:
    hal = joined(house, "hal")
    request = asked(house, "deploy one disabled")
    assert house.assent("people", "disable", "hal").returncode == 0
    assert hal.says(request["number"], "approve")[0] == 401
    assert is_pending(house, request)


def test_only_an_administrator_makes_people(house: House, ben: Person) -> None:
    status, _, body = ben.send("POST", "/api/people", json.dumps({"name": "ben2"}).encode())
    assert status == 403, body
