"""The JSON API that the command line and scripts rely on."""

import json

import httpx2
import pytest

from assent.core.actions import Command
from assent.core.approvals import Request, State
from assent.core.risk.factors import RiskClass
from assent.testing import FixedClock
from tests.entrypoints.web.desk import HOSTILE, KINDS, NOON, Desk, hostile

HOUR = 3_600_000

SUMMARY = {
    *("number", "name", "state", "outcome", "standing", "version", "class", "title", "agent"),
    *("agent_title", "session", "workspace", "rule", "asked_in", "created_at", "expires_at"),
    "delayed_until",
}
RECORD = SUMMARY | {
    *("why", "undo", "effects", "evidence", "action", "digest", "policy", "tool", "subagent"),
    *("cwd", "mode", "model", "prose", "editable", "quorum", "decisions", "runs", "consumed_at"),
    *("factors", "approved_by", "tier", "reviewers", "then_ask", "remember_ms", "purpose"),
    *("rollback", "makes_known", "waiting_for", "needs", "asker", "separate", "signed"),
    *("ladder", "remind_ms", "next_reminder", "advice"),
}


def stored(desk: Desk, number: int = 1) -> Request:
    request = desk.store.read(lambda view: view.request_numbered(number))
    assert request is not None
    return request


async def test_status(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command()
    status = (await cli.get("/api/status")).json()
    assert "not against" in status.pop("why")
    assert "passkey" in status.pop("next_step")
    assert status == {
        "version": "0.1.0",
        "level": "advisory",
        "person": "ana",
        "counts": {"waiting": 1},
        "today": {"proceeded": 0, "asked": 1, "rejected": 0, "refused": 0},
        "last_event": 1,
    }


async def test_a_summary_has_these_fields(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.HIGH)
    listed = (await cli.get("/api/requests")).json()
    assert listed["waiting"] == 1
    [summary] = listed["requests"]
    assert set(summary) == SUMMARY
    assert (summary["name"], summary["class"], summary["state"]) == ("REQ-1", "high", "pending")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_has_these_fields(desk: Desk, cli: httpx2.AsyncClient, kind: str) -> None:
    request = await desk.ask(*KINDS[kind]())
    record = (await cli.get("/api/requests/1")).json()
    assert set(record) == RECORD
    assert record["digest"] == request.subject


async def test_texts_are_exact_whatever_is_in_them(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.ask(*hostile())
    answer = await cli.get("/api/requests/REQ-1")
    assert answer.content.isascii()
    assert json.loads(answer.content)["action"]["script"] == HOSTILE


async def test_lists_are_paged(desk: Desk, cli: httpx2.AsyncClient) -> None:
    for number in range(5):
        await desk.command(title=f"run step {number}")

    async def numbers(query: str) -> list[int]:
        listed = (await cli.get(f"/api/requests?{query}")).json()
        return [request["number"] for request in listed["requests"]]

    assert await numbers("limit=2") == [1, 2]
    assert await numbers("limit=2&after=2") == [3, 4]
    for number in (1, 2, 3):
        await cli.post(f"/api/requests/{number}/reject", json={"reason": "no"})
    await cli.post("/api/requests/4/delay", json={"until": NOON + HOUR})
    assert await numbers("state=recent&limit=2") == [3, 2]
    assert await numbers("state=recent&before=2") == [1]
    assert await numbers("state=delayed") == [4]
    assert await numbers("state=waiting") == [5]


@pytest.mark.parametrize(
    ("said", "body", "state"),
    [
        pytest.param("approve", {}, State.APPROVED, id="approve"),
        pytest.param("approve", None, State.APPROVED, id="approve-without-body"),
        pytest.param("approve", {"version": 1}, State.APPROVED, id="approve-version"),
        pytest.param("reject", {"reason": "no"}, State.REJECTED, id="reject"),
        pytest.param("modify", {"text": "make dry-run"}, State.APPROVED, id="modify"),
        pytest.param("delay", {"until": NOON + HOUR}, State.PENDING, id="delay"),
        pytest.param("withdraw", {}, State.CANCELLED, id="withdraw"),
    ],
)
async def test_decisions(
    desk: Desk, cli: httpx2.AsyncClient, *, said: str, body: dict[str, object], state: State
) -> None:
    await desk.command()
    answer = await cli.post(f"/api/requests/REQ-1/{said}", json=body)
    assert answer.status_code == 200
    assert answer.json()["state"] == state == stored(desk).state
    [decision] = stored(desk).decisions
    assert (decision.by, decision.via, decision.verdict) == ("ana", "cli", said)


async def test_a_changed_text_is_taken_byte_for_byte(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command()
    await cli.post("/api/requests/1/modify", json={"text": "a\r\nb\rc\n"})
    runnable = stored(desk).runnable
    assert runnable is not None
    assert isinstance(runnable.action, Command)
    assert runnable.action.script == "a\r\nb\rc\n"


async def test_a_browser_decides_as_its_own_person(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command()
    await ana.post("/api/requests/1/approve", json={})
    assert stored(desk).decisions[0].via == "web"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"version": 7}, 409, "stale-version", id="stale"),
        pytest.param({"version": 0}, 422, "invalid", id="no-version"),
        pytest.param({"version": True}, 422, "invalid", id="boolean"),
        pytest.param({"version": "1"}, 422, "invalid", id="text"),
        pytest.param({"verdict": "approve"}, 422, "invalid", id="unknown-field"),
    ],
)
async def test_an_approval_is_never_guessed(
    desk: Desk, cli: httpx2.AsyncClient, *, body: dict[str, object], status: int, code: str
) -> None:
    await desk.command()
    answer = await cli.post("/api/requests/1/approve", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert stored(desk).state is State.PENDING


async def test_the_second_decision_is_told_of_the_first(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    await desk.command()
    await cli.post("/api/requests/1/reject", json={"reason": "no"})
    answer = await cli.post("/api/requests/1/approve", json={})
    assert answer.status_code == 409
    assert answer.json()["error"] == {
        "code": "already-decided",
        "message": "REQ-1 is already rejected by ana at 12:00.",
        "hint": "",
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/requests/9", 404, id="no-request"),
        pytest.param("GET", "/api/requests/x", 404, id="no-name"),
        pytest.param("POST", "/api/requests/9/approve", 404, id="decide-none"),
        pytest.param("POST", "/api/requests/1/destroy", 422, id="no-verdict"),
        pytest.param("GET", "/api/requests?state=all", 422, id="no-state"),
        pytest.param("GET", "/api/requests?limit=0", 422, id="limit"),
        pytest.param("GET", "/api/nothing", 404, id="no-path"),
        pytest.param("DELETE", "/api/requests/1", 405, id="method"),
    ],
)
async def test_faults_are_json(
    cli: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await cli.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "hint"}


async def test_entries_are_filtered_and_paged(desk: Desk, cli: httpx2.AsyncClient) -> None:
    for number in range(4):
        await desk.command(title=f"run step {number}")
    await cli.post("/api/requests/1/approve", json={})
    first = (await cli.get("/api/entries?kind=asked&limit=3")).json()
    assert [entry["body"]["request"] for entry in first["entries"]] == [4, 3, 2]
    rest = (await cli.get(f"/api/entries?kind=asked&limit=3&before={first['next']}")).json()
    assert [entry["body"]["request"] for entry in rest["entries"]] == [1]
    assert rest["next"] is None
    stream = (await cli.get("/api/entries?stream=request/1")).json()["entries"]
    assert [entry["seq"] for entry in stream] == [2, 1]
    assert stream[0]["prev"] == stream[1]["hash"]


async def test_an_expired_request_cannot_be_approved(desk: Desk, cli: httpx2.AsyncClient) -> None:
    request = await desk.command()
    assert isinstance(desk.clock, FixedClock)
    desk.clock.at = request.expires_at
    answer = await cli.post("/api/requests/1/approve", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "expired")
