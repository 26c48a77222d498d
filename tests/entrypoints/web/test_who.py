"""Who can decide, who has, who is missing: on the page and in the record."""

import html
import re
from typing import Any

import httpx2
import pytest

from assent.app.decide_request import Word, decide_request
from assent.core.actions import Command
from assent.core.approvals import Request, Verdict
from assent.core.people.model import Delegation, Need, Rung
from assent.core.policy.model import DAY_MS, Tier
from assent.core.risk.factors import RiskClass
from tests.entrypoints.web.desk import NOON, Desk, assessment, proposal, session

HOUR = 3_600_000


async def two_needs(desk: Desk, **more: Any) -> Request:
    """For two of ana, ben and cleo, and for one of the security people."""
    await desk.know("ben", "cleo", "eve")
    return await desk.ask(
        proposal(Command("terraform apply", session().cwd)),
        assessment(RiskClass.MEDIUM, "change production DNS"),
        reviewers=("ana", "ben", "cleo", "zoe"),
        quorum=2,
        also=(Need("@security", ("eve",), 1),),
        **more,
    )


async def text_of(client: httpx2.AsyncClient, path: str) -> str:
    """The words of a page."""
    answer = await client.get(path)
    assert answer.status_code == 200
    words = html.unescape(re.sub(r"<[^>]+>", " ", answer.text))
    return " ".join(words.split())


async def test_each_need_says_who_has_who_can_and_who_is_unknown(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await two_needs(desk)
    await decide_request(desk.gate, 1, Word(verdict=Verdict.APPROVE, by="ben", via="cli"))
    page = await text_of(ana, "/requests/1")
    assert "1 of 2 of ana, ben, cleo, zoe" in page
    assert "approved ben the server says so" in page
    assert "missing 1 of ana; cleo" in page
    assert "zoe not known here, or disabled" in page
    assert "0 of 1 of @security" in page
    record = (await ana.get("/api/requests/1")).json()
    first, second = record["needs"]
    assert (first["words"], first["is_met"], first["can"]) == (
        "1 of 2 of ana, ben, cleo, zoe",
        False,
        ["ana", "cleo"],
    )
    assert first["has"] == [{"name": "ben", "in_name_of": "", "how": "the server says so"}]
    assert (second["words"], second["people"]) == ("0 of 1 of @security", ["eve"])
    assert record["waiting_for"] == "1 of the reviewers and 1 of @security"


async def test_a_delegation_is_shown_as_one(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await two_needs(desk)
    made = Delegation(id="d", giver="eve", taker="dan", created_at=NOON - HOUR, until=NOON + DAY_MS)
    await desk.know("dan")
    await desk.store.write(lambda tx: tx.add_delegation(made), durable=True)
    assert "missing 1 of eve, or dan in eve's name" in await text_of(ana, "/requests/1")
    await decide_request(desk.gate, 1, Word(verdict=Verdict.APPROVE, by="dan", via="cli"))
    page = await text_of(ana, "/requests/1")
    assert "1 of 1 of @security complete approved dan in eve's name the server says so" in page
    assert "approved by dan for eve at 12:00" in page
    [said] = (await ana.get("/api/requests/1")).json()["decisions"]
    assert (said["by"], said["in_name_of"], said["factor"], said["envelope"]) == (
        "dan",
        "eve",
        "none",
        "",
    )


async def test_a_group_with_nobody_in_it_says_so(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.ask(
        proposal(Command("make", session().cwd)),
        assessment(RiskClass.MEDIUM, "run make"),
        also=(Need("@security", (), 2),),
    )
    page = await text_of(ana, "/requests/1")
    assert "0 of 2 of @security" in page
    assert "nobody is in @security, so this cannot be approved" in page


async def test_the_ladder_the_asker_and_the_signature_are_told(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await two_needs(
        desk,
        ladder=(Rung(2 * HOUR, ("ben",)), Rung(5 * HOUR, ("@oncall", "dan"))),
        remind_ms=HOUR,
        asker="cleo",
        separate=True,
        signed=True,
        advice="use the staging zone",
    )
    page = await text_of(ana, "/requests/1")
    assert "13:00 those who are missing are reminded" in page
    assert "14:00 ben may decide, too" in page
    assert "17:00 @oncall or dan may decide, too" in page
    assert "it is denied: use the staging zone" in page
    assert "an agent of cleo, who is not one of those who approve" in page
    assert "with a passkey, or with a key that is touched" in page
    record = (await ana.get("/api/requests/1")).json()
    assert [step["ask"] for step in record["ladder"]] == [["ben"], ["@oncall", "dan"]]
    assert (record["asker"], record["separate"], record["signed"]) == ("cleo", True, True)
    assert record["next_reminder"] == NOON + HOUR


async def test_the_page_says_what_the_reader_can_say(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.know("ben")
    one = await desk.command()
    asked, graded = one.proposal, one.assessment
    await desk.ask(asked, graded, reviewers=("ben",))
    await desk.ask(asked, graded, reviewers=("ana", "ben"), quorum=2)
    await desk.ask(asked, graded, asker="ana", separate=True)
    await decide_request(desk.gate, 3, Word(verdict=Verdict.APPROVE, by="ana", via="cli"))
    assert 'class="note stance"' not in (await ana.get("/requests/1")).text
    assert "You are not one of those who decide this." in await text_of(ana, "/requests/2")
    assert "You have approved; others are missing." in await text_of(ana, "/requests/3")
    assert "Your agent asks this, so others approve it." in await text_of(ana, "/requests/4")
    made = Delegation("d", giver="ben", taker="ana", created_at=NOON - 1, until=NOON + HOUR)
    await desk.store.write(lambda tx: tx.add_delegation(made), durable=True)
    assert "You approve in ben's name: ben let you" in await text_of(ana, "/requests/2")


async def test_what_anybody_decides_alone_is_told_shortly(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.command()
    assert "Who decides Anybody who has access here, alone." in await text_of(ana, "/requests/1")


# --- referring ----------------------------------------------------------------------------------


@pytest.mark.parametrize("by_page", [True, False], ids=["page", "api"])
async def test_a_request_is_referred(desk: Desk, ana: httpx2.AsyncClient, *, by_page: bool) -> None:
    await two_needs(desk)
    await desk.know("dan", roles=("dba",))
    if by_page:
        form = {"verdict": "refer", "version": "1", "to": "@dba", "reason": "knows it"}
        answer = await ana.post("/requests/1/decision", data=form)
        assert answer.status_code == 303
    else:
        said = {"to": ["@dba"], "reason": "knows it", "version": 1}
        answer = await ana.post("/api/requests/1/refer", json=said)
        assert answer.status_code == 200
    record = (await ana.get("/api/requests/1")).json()
    assert record["reviewers"] == ["ana", "ben", "cleo", "zoe", "dan"]
    assert record["decisions"][0]["to"] == ["dan"]
    assert "referred by ana at 12:00 to dan" in await text_of(ana, "/requests/1")


@pytest.mark.parametrize(
    ("to", "why"),
    [
        pytest.param("", "name the people", id="nobody"),
        pytest.param("@nobody", "Nobody is in @nobody now", id="empty-group"),
        pytest.param("mallory", "mallory is not an active person", id="stranger"),
    ],
)
async def test_nobody_is_referred_to_who_could_not_decide(
    desk: Desk, ana: httpx2.AsyncClient, to: str, why: str
) -> None:
    await two_needs(desk)
    form = {"verdict": "refer", "version": "1", "to": to, "reason": "knows it"}
    answer = await ana.post("/requests/1/decision", data=form)
    assert answer.status_code in (400, 409)
    assert why in answer.text
    assert 'id="panel-refer" data-open="yes"' in answer.text


# --- reading ------------------------------------------------------------------------------------


async def opened(client: httpx2.AsyncClient, **form: str) -> dict[str, object]:
    answer = await client.post(
        "/requests/REQ-1/opened", data={"version": "1", **form}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


async def test_what_is_risky_is_approved_once_it_was_read(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.command(risk=RiskClass.HIGH)
    form = {"verdict": "approve", "version": "1", "confirm": "yes"}
    page = (await ana.get("/requests/1")).text
    assert 'data-read="no"' in page
    assert "data-needed" in page
    refused = await ana.post("/requests/1/decision", data=form)
    assert refused.status_code == 409
    assert "opened to its end" in refused.text
    await opened(ana)
    await ana.post("/requests/1/decision", data=form)
    assert (await ana.get("/api/requests/1")).json()["state"] == "pending"
    await opened(ana, read="yes")
    assert 'data-read="yes"' in (await ana.get("/requests/1")).text
    assert (await ana.post("/requests/1/decision", data=form)).status_code == 303
    [said] = (await ana.get("/api/requests/1")).json()["decisions"]
    assert said["read"] is True


async def test_without_scripts_a_button_at_the_end_says_it_was_read(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.command(risk=RiskClass.HIGH)
    answer = await ana.post("/requests/1/opened", data={"version": "1", "read": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests/REQ-1")


async def test_what_is_left_out_cannot_be_read(desk: Desk, ana: httpx2.AsyncClient) -> None:
    long = "\n".join(f"echo {number}" for number in range(3_000))
    await desk.command(long, risk=RiskClass.HIGH, title="echo a lot")
    assert 'data-folded="yes"' in (await ana.get("/requests/1")).text
    assert 'data-folded="no"' in (await ana.get("/requests/1?all=1")).text


async def test_a_version_that_is_not_there_is_not_read(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.HIGH)
    answer = await ana.post("/requests/1/opened", data={"version": "2", "read": "yes"})
    assert answer.status_code == 400


async def test_together_each_one_has_to_be_read(desk: Desk, ana: httpx2.AsyncClient) -> None:
    for number in (1, 2):
        await desk.command(f"step {number}", risk=RiskClass.HIGH, title=f"take step {number}")
    page = (await ana.get("/together?n=1&n=2")).text
    assert page.count("data-needed") == 2
    await opened(ana, read="yes")
    form = {"verdict": "approve", "item": ["1:1", "2:1"], "confirm": "yes"}
    answer = await ana.post("/together", data=form)
    assert answer.status_code == 409
    states = [(await ana.get(f"/api/requests/{n}")).json()["state"] for n in (1, 2)]
    assert states == ["approved", "pending"]


async def test_reading_is_each_persons_own(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.HIGH)
    await opened(ana, read="yes")
    stored = desk.store.read(lambda view: view.request_numbered(1))
    assert stored is not None
    assert stored.tier is Tier.REVIEW
    assert desk.store.read(lambda view: view.opened(stored.id, "ben", 1)) is None
