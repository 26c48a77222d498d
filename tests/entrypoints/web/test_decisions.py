"""Decisions from the pages: by the version looked at, with the hand that the risk asks for."""

import httpx2
import pytest

from assent.app.decide_request import Word, decide_request
from assent.core.actions import Command
from assent.core.approvals import Request, State, Verdict
from assent.core.risk.factors import RiskClass
from tests.entrypoints.web.desk import NOON, Desk, hostile


def stored(desk: Desk, number: int = 1) -> Request:
    request = desk.store.read(lambda view: view.request_numbered(number))
    assert request is not None
    return request


async def say(
    client: httpx2.AsyncClient,
    verdict: str,
    number: int = 1,
    fields: dict[str, str] | None = None,
    **more: str,
) -> httpx2.Response:
    data = {"verdict": verdict, "version": "1", **(fields or {}), **more}
    return await client.post(f"/requests/REQ-{number}/decision", data=data)


async def test_without_scripts_a_decision_leads_to_the_request(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.command()
    answer = await say(ana, "approve")
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests/REQ-1")
    [said] = stored(desk).decisions
    assert (said.by, said.via, said.version) == ("ana", "web", 1)


async def test_with_scripts_it_answers_with_the_detail(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    ana.headers["HX-Request"] = "true"
    answer = await say(ana, "approve")
    assert answer.status_code == 200
    assert "approved by ana at 12:00" in answer.text


async def test_who_comes_second_is_told_who_was_first(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.know("bo")
    await desk.command()
    word = Word(verdict=Verdict.APPROVE, by="bo", via="cli")
    await decide_request(desk.gate, 1, word)
    answer = await say(ana, "reject", reason="no")
    assert answer.status_code == 409
    assert "REQ-1 is already approved by bo at 12:00" in answer.text
    assert stored(desk).state is State.APPROVED


async def test_a_stale_version_changes_nothing(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    await say(ana, "delay", until=str(NOON + 3_600_000))
    answer = await say(ana, "approve")
    assert answer.status_code == 409
    assert "changed while you looked at it" in answer.text
    assert stored(desk).state is State.PENDING


async def test_a_rejection_carries_its_reason(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    await say(ana, "reject", reason="Use the\r\nstaging server.")
    assert stored(desk).decisions[0].reason == "Use the\nstaging server."


async def test_a_rejection_without_a_reason_asks_for_one(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.command()
    answer = await say(ana, "reject", reason="  ")
    assert answer.status_code == 409
    assert 'id="panel-reject" data-open="yes"' in answer.text
    assert stored(desk).state is State.PENDING


async def test_reasons_are_offered_again(desk: Desk, ana: httpx2.AsyncClient) -> None:
    for number in (1, 2, 3):
        await desk.command(title=f"run step {number}")
    await say(ana, "reject", 1, reason="Use staging.")
    await say(ana, "reject", 2, reason="Use staging.")
    page = (await ana.get("/requests/3")).text
    assert page.count('data-reason value="Use staging."') == 1


@pytest.mark.parametrize(
    ("risk", "confirm", "taken"),
    [
        pytest.param(RiskClass.TRIVIAL, "", True, id="trivial"),
        pytest.param(RiskClass.MEDIUM, "", True, id="medium"),
        pytest.param(RiskClass.HIGH, "", False, id="high-at-once"),
        pytest.param(RiskClass.HIGH, "yes", True, id="high-confirmed"),
        pytest.param(RiskClass.IRREVERSIBLE, "", False, id="irreversible-at-once"),
        pytest.param(RiskClass.IRREVERSIBLE, "yes", False, id="irreversible-confirmed"),
        pytest.param(RiskClass.IRREVERSIBLE, "REQ-2", False, id="irreversible-other-name"),
        pytest.param(RiskClass.IRREVERSIBLE, "REQ-1", True, id="irreversible-named"),
        pytest.param(RiskClass.IRREVERSIBLE, " req-1 ", True, id="irreversible-named-loosely"),
        pytest.param(RiskClass.IRREVERSIBLE, "1", True, id="irreversible-numbered"),
    ],
)
@pytest.mark.parametrize("verdict", ["approve", "modify"])
async def test_the_riskier_the_more_the_hand_has_to_do(
    desk: Desk, ana: httpx2.AsyncClient, *, verdict: str, risk: RiskClass, confirm: str, taken: bool
) -> None:
    await desk.command(risk=risk)
    await ana.post("/requests/REQ-1/opened", data={"version": "1", "read": "yes"})
    text = {"text": "make dry-run"} if verdict == "modify" else {}
    answer = await say(ana, verdict, fields={**text, "confirm": confirm})
    assert answer.status_code == (303 if taken else 400)
    assert stored(desk).state is (State.APPROVED if taken else State.PENDING)
    if text and not taken:
        assert "make dry-run</textarea>" in answer.text


async def test_saying_no_needs_no_confirmation(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.IRREVERSIBLE)
    assert (await say(ana, "reject", reason="no")).status_code == 303


@pytest.mark.parametrize(
    ("asked", "typed", "runs"),
    [
        pytest.param("make release", "make\r\nmake dry", "make\nmake dry", id="form-line-ends"),
        pytest.param("a\r\nb\r\n", "a\r\nc\r\n", "a\r\nc\r\n", id="keeps-windows-line-ends"),
        pytest.param("a", "caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600", id="unicode"),
    ],
)
async def test_a_changed_text_is_what_runs(
    desk: Desk, ana: httpx2.AsyncClient, *, asked: str, typed: str, runs: str
) -> None:
    await desk.command(asked)
    await say(ana, "modify", text=typed)
    runnable = stored(desk).runnable
    assert runnable is not None
    assert isinstance(runnable.action, Command)
    assert runnable.action.script == runs


async def test_a_preview_shows_what_changes(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command("make release\nmake publish")
    same = await ana.post("/requests/1/preview", data={"text": "make release\r\nmake publish"})
    assert "No changes yet" in same.text
    changed = await ana.post("/requests/1/preview", data={"text": "make release\r\nmake \u202ex"})
    assert '<tr class="del">' in changed.text
    assert "U+202E" in changed.text


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        pytest.param({"until": str(NOON + 3_600_000)}, NOON + 3_600_000, id="choice"),
        pytest.param(
            {"until": "custom", "custom": "2026-11-21T09:00"}, NOON + 21 * 3_600_000, id="custom"
        ),
        pytest.param({"until": "custom", "custom": "soon"}, None, id="no-time"),
        pytest.param({"until": "custom", "custom": ""}, None, id="empty"),
        pytest.param({"until": str(NOON - 1)}, None, id="past"),
        pytest.param({"until": "-5"}, None, id="negative"),
        pytest.param({}, None, id="nothing"),
    ],
)
async def test_delays(
    desk: Desk, ana: httpx2.AsyncClient, *, fields: dict[str, str], until: int | None
) -> None:
    await desk.command()
    answer = await say(ana, "delay", fields=fields)
    assert stored(desk).delayed_until == until
    assert answer.status_code in ((303,) if until else (400, 409))


# Several at once


async def together(
    client: httpx2.AsyncClient, verdict: str, *items: str, **fields: str
) -> httpx2.Response:
    return await client.post("/together", data={"verdict": verdict, "item": list(items), **fields})


async def test_what_was_shown_together_is_decided_together(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    for number in (1, 2, 3):
        await desk.command(f"npm i pkg{number}", title="install packages")
    page = (await ana.get("/together?n=1&n=2&n=3")).text
    for number in (1, 2, 3):
        assert f"npm i pkg{number}</pre>" in page
        assert f'name="item" value="{number}:1"' in page
    answer = await together(ana, "reject", "1:1", "2:1", "3:1", reason="Not today.")
    assert answer.status_code == 200
    assert [stored(desk, n).state for n in (1, 2, 3)] == [State.REJECTED] * 3


async def test_each_of_several_is_taken_or_not_by_itself(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    for _ in range(2):
        await desk.command(title="install packages")
    await say(ana, "reject", 1, reason="no")
    answer = await together(ana, "approve", "1:1", "2:1", confirm="yes")
    assert answer.status_code == 409
    assert "REQ-1 is already rejected by ana at 12:00" in answer.text
    assert [stored(desk, n).state for n in (1, 2)] == [State.REJECTED, State.APPROVED]


@pytest.mark.parametrize(
    ("risk", "fields"),
    [
        pytest.param(RiskClass.LOW, {}, id="not-confirmed"),
        pytest.param(RiskClass.IRREVERSIBLE, {"confirm": "yes"}, id="irreversible"),
    ],
)
async def test_several_are_not_approved_lightly(
    desk: Desk, ana: httpx2.AsyncClient, *, risk: RiskClass, fields: dict[str, str]
) -> None:
    for _ in range(2):
        await desk.command(risk=risk, title="install packages")
    answer = await together(ana, "approve", "1:1", "2:1", **fields)
    assert answer.status_code == 409
    assert [stored(desk, n).state for n in (1, 2)] == [State.PENDING] * 2


async def test_broken_items_change_nothing(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    for item in ("1", "1:", "x:1", "1:x"):
        answer = await together(ana, "reject", "1:1", item, reason="no")
        assert answer.status_code in (400, 404)
    assert stored(desk).state is State.PENDING


async def test_a_text_with_stray_bytes_cannot_be_edited_through_a_form(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await desk.ask(*hostile())
    preview = await ana.post("/requests/1/preview", data={"text": "x"})
    assert preview.status_code == 200
