"""Delegations by the API and on one's account page."""

from typing import Any

import httpx2
import pytest

from assent.app.decide_request import Word, decide_request
from assent.core.approvals import Verdict
from assent.core.people.model import SshKey
from assent.core.policy.model import DAY_MS
from tests.entrypoints.web.desk import NOON, Desk
from tests.signing import SshSigner

UNTIL = NOON + DAY_MS


async def give(client: httpx2.AsyncClient, **more: Any) -> httpx2.Response:
    return await client.post("/api/delegations", json={"to": "ben", "until": UNTIL, **more})


async def test_it_is_given_listed_and_ended(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.know("ben")
    answer = await give(cli, **{"class": "medium", "paths": ["src/**"], "reason": "away"})
    made = answer.json()
    assert (made["giver"], made["taker"], made["class"], made["state"]) == (
        "ana",
        "ben",
        "medium",
        "in force",
    )
    listed = (await cli.get("/api/delegations")).json()
    assert listed == {"given": [made], "taken": [], "decided": []}
    ended = (await cli.post(f"/api/delegations/{made['id']}/revoke")).json()
    assert ended["state"] == "revoked"
    assert (await cli.post(f"/api/delegations/{made['id']}/revoke")).status_code == 409


async def test_what_was_decided_in_ones_name_is_listed(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.know("ben")
    await give(cli)
    asked = await desk.command()
    await desk.ask(asked.proposal, asked.assessment, reviewers=("ana",))
    word = Word(verdict=Verdict.APPROVE, by="ben", via="web")
    await decide_request(desk.gate, 2, word)
    [said] = (await cli.get("/api/delegations")).json()["decided"]
    assert (said["request"], said["by"], said["verdict"]) == ("REQ-2", "ben", "approve")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({"to": "zoe"}, 404, id="stranger"),
        pytest.param({"to": "ana"}, 400, id="oneself"),
        pytest.param({"class": "awful"}, 400, id="class"),
        pytest.param({"class": "irreversible"}, 403, id="too-grave"),
        pytest.param({"until": NOON}, 400, id="over"),
        pytest.param({"until": True}, 422, id="not-a-time"),
        pytest.param({"giver": "ben"}, 422, id="for-another"),
        pytest.param({"envelope": "{}"}, 403, id="no-signature"),
    ],
)
async def test_what_is_refused(
    desk: Desk, cli: httpx2.AsyncClient, more: dict[str, Any], status: int
) -> None:
    await desk.know("ben")
    assert (await give(cli, **more)).status_code == status
    assert (await cli.get("/api/delegations")).json()["given"] == []


async def test_with_a_key_the_token_alone_gives_nothing(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    key: SshKey = SshSigner().key
    await desk.know("ben")
    await desk.change("ana", keys=(key,))
    answer = await give(cli)
    assert answer.status_code == 403
    assert "passkey or a key" in answer.json()["error"]["message"]
    prepared = await cli.post("/api/delegations/statement", json={"to": "ben", "until": UNTIL})
    assert prepared.json()["by"] == "ana"
    assert [each["fingerprint"] for each in prepared.json()["keys"]] == [key.fingerprint]


async def test_on_the_page_it_is_given_and_ended(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.know("ben")
    form = {"to": "ben", "for_ms": str(DAY_MS), "worst": "low", "paths": "src/**, docs/**"}
    answer = await ana.post("/account/delegations", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account#delegations")
    page = (await ana.get("/account")).text
    assert "ben decides for you" in page
    assert "up to low, until tomorrow 12:00, about src/**, docs/**; the server says so" in page
    [made] = (await ana.get("/api/delegations")).json()["given"]
    assert (await ana.post(f"/account/delegations/{made['id']}/revoke")).status_code == 303
    assert "revoked" in (await ana.get("/account")).text


async def test_on_the_page_what_is_wrong_is_told(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.know("ben")
    form = {"to": "ben", "for_ms": str(30 * DAY_MS)}
    answer = await ana.post("/account/delegations", data=form)
    assert answer.status_code == 403
    assert "at most 14 days" in answer.text


async def test_who_is_on_call_is_told_with_what_is_wrong(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    found = (await cli.get(f"/api/oncall?at={NOON}")).json()
    assert found["names"] == []
    assert "no schedule" in found["faults"][0]
