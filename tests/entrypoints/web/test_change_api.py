"""The JSON API of changes that the command line and scripts rely on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assent.core.changes.model import ChangeState
from assent.entrypoints.web.app import create_app
from assent.entrypoints.web.settings import WebSettings
from tests.app.changes.scene import NUMBERS, Stage, stage
from tests.app.conftest import Scene
from tests.app.failing_store import FailingStore
from tests.entrypoints.web.conftest import ORIGIN
from tests.entrypoints.web.desk import ANA, TOKEN

MORE = NUMBERS.replace("line 2 = 2", "line 2 = 200").replace("line 25 = 25", "line 25 = 250")
SUMMARY = {
    *("number", "name", "title", "state", "version", "turn", "class", "agent", "owner"),
    *("workspace", "repository", "branch", "target", "revision", "files", "added", "removed"),
    *("created_at", "updated_at", "review_due"),
}
RECORD = SUMMARY | {
    "agreement",
    "awaited",
    *("plan", "plan_approved", "path", "one_by_one", "reviewers", "asked", "returned"),
    *("reviewing", "digest", "reasons", "trivial", "in_plan", "report", "hunks", "split"),
    *("revisions", "verdicts", "findings", "comments", "acceptances", "in_force", "queued_at"),
    *("queue_place", "ejected", "tests", "merges", "reverts", "looked", "to_do"),
}


@pytest.fixture
def on(tmp_path: Path) -> Stage:
    made = stage(tmp_path, Scene(store=FailingStore([ANA])))
    made.commit(numbers__txt=MORE)
    return made


@pytest.fixture
async def cli(on: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    settings = WebSettings(
        person="ana",
        cli_token=TOKEN,
        version="0.1.0",
        shutting_down=asyncio.Event(),
        hooks=lambda: (),
        zone=UTC,
    )
    transport = httpx2.ASGITransport(
        app=create_app(on.gate, settings=settings), raise_app_exceptions=False
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield client


async def submit(cli: httpx2.AsyncClient, on: Stage, **said: object) -> httpx2.Response:
    fields = {"cwd": str(on.folder), "title": "Count on", "agent": "plain", **said}
    return await cli.post("/api/changes", json=fields)


async def submitted(cli: httpx2.AsyncClient, on: Stage, **said: object) -> dict[str, Any]:
    answer = await submit(cli, on, **said)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def say(
    cli: httpx2.AsyncClient, what: str, status: int = 200, **said: object
) -> dict[str, object]:
    answer = await cli.post(f"/api/changes/CH-1/{what}", json=said)
    assert answer.status_code == status, answer.text
    body: dict[str, object] = answer.json()
    return body


async def test_a_submission_answers_with_the_change_and_what_to_do(
    on: Stage, cli: httpx2.AsyncClient
) -> None:
    made = await submitted(cli, on, report="ran it", session="s1", model="m")
    assert set(made) == RECORD | {"told"}
    assert (made["name"], made["state"], made["class"]) == ("CH-1", "in_review", "low")
    assert (made["owner"], made["agent"]) == ("ana", "plain")
    assert made["turn"] == {"who": "assent", "what": "reviews it"}
    assert [each["stance"] for each in made["hunks"]] == ["undecided", "undecided"]
    assert "Your run ends here" in made["told"]
    listed = (await cli.get("/api/changes")).json()
    assert listed["open"] == 1
    assert [set(each) for each in listed["changes"]] == [SUMMARY]
    assert (await cli.get("/api/changes?state=closed")).json()["changes"] == []


async def test_what_cannot_be_submitted_says_why(on: Stage, cli: httpx2.AsyncClient) -> None:
    answer = await submit(cli, on, target="gone")
    assert answer.status_code == 400
    assert "gone" in answer.json()["error"]["message"]
    assert (await submit(cli, on, nonsense=1)).status_code == 422


async def test_the_difference_has_the_hunks_that_are_decided(
    on: Stage, cli: httpx2.AsyncClient
) -> None:
    made = await submitted(cli, on)
    told = (await cli.get("/api/changes/CH-1/diff")).json()
    [file] = told["files"]
    assert [each["id"] for each in file["hunks"]] == [each["id"] for each in made["hunks"]]
    assert "-line 2 = 2" in file["hunks"][0]["lines"]
    assert (await cli.get("/api/changes/CH-1/diff?path=gone")).status_code == 404
    assert (await cli.get("/api/changes/CH-1/diff?revision=7")).status_code == 400


async def test_a_part_is_accepted_hunk_by_hunk(on: Stage, cli: httpx2.AsyncClient) -> None:
    made = await submitted(cli, on)
    first, second = (each["id"] for each in made["hunks"])
    await say(cli, "stance", hunks=[first[:10]], stance="accept")
    await say(cli, "stance", hunks=[second], stance="reject", reason="not that one")
    after = await say(cli, "accept", revision=1, reason="the first will do")
    assert after["state"] == "partly_approved"
    in_force = after["in_force"]
    assert isinstance(in_force, dict)
    assert (in_force["by"], in_force["via"], in_force["hunks"]) == ("ana", "cli", [first])
    assert in_force["digest"] != made["digest"]


async def test_what_was_sent_back_lists_what_is_to_be_done(
    on: Stage, cli: httpx2.AsyncClient
) -> None:
    await submitted(cli, on)
    await say(cli, "comment", text="why?", path="numbers.txt", line=3)
    remark = {"text": "and this?", "path": "numbers.txt", "line": 26}
    after = await say(cli, "reject", reason="shorter", comments=[remark])
    assert after["state"] == "changes_requested"
    to_do = after["to_do"]
    assert isinstance(to_do, dict)
    assert [each["line"] for each in to_do["points"]] == [3, 26]
    assert "shorter" in to_do["text"]
    again = await submitted(cli, on, change="CH-1")
    assert (again["revision"], again["state"]) == (2, "in_review")


@pytest.mark.parametrize(
    ("what", "said", "code"),
    [
        pytest.param("accept", {"version": 9}, "stale-version", id="another-version"),
        pytest.param("accept", {"revision": 4}, "stale-revision", id="another-revision"),
        pytest.param("accept", {"hunks": ["zzzzzzzz"]}, "unknown-hunk", id="no-such-hunk"),
        pytest.param("accept", {"digest": "sha256:0"}, "other-content", id="another-content"),
        pytest.param("reject", {}, "no-reason", id="no-reason"),
        pytest.param("merge", {}, "wrong-state", id="not-ejected"),
        pytest.param("ready", {}, "wrong-state", id="no-draft"),
        pytest.param("resolve", {"comment": "x"}, "unknown-comment", id="no-such-comment"),
        pytest.param("revert", {}, "wrong-state", id="not-merged"),
    ],
)
async def test_what_is_refused_has_a_code(
    on: Stage, cli: httpx2.AsyncClient, what: str, said: dict[str, object], code: str
) -> None:
    await submitted(cli, on)
    refused = await say(cli, what, 409, **said)
    error = refused["error"]
    assert isinstance(error, dict)
    assert error["code"] == code


async def test_the_queue_says_who_is_next(on: Stage, cli: httpx2.AsyncClient) -> None:
    await submitted(cli, on)
    await submitted(cli, on, title="Another")
    for number in (1, 2):
        await cli.post(f"/api/changes/CH-{number}/accept", json={})
        assert (await on.see_to(on.numbered(number))).state is ChangeState.QUEUED
    told = (await cli.get("/api/queue")).json()
    assert [(each["place"], each["name"]) for each in told["queue"]] == [(1, "CH-1"), (2, "CH-2")]
    assert (await cli.get("/api/changes/CH-2")).json()["queue_place"] == 2


async def test_looking_is_remembered_for_the_next_time(on: Stage, cli: httpx2.AsyncClient) -> None:
    assert (await submitted(cli, on))["looked"] is None
    assert (await say(cli, "seen", revision=1))["state"] == "in_review"
    looked = (await cli.get("/api/changes/CH-1")).json()["looked"]
    assert looked["revision"] == 1


async def test_giving_up_and_unknown_names(on: Stage, cli: httpx2.AsyncClient) -> None:
    await submitted(cli, on, draft=True)
    assert (await say(cli, "ready"))["state"] == "in_review"
    assert (await say(cli, "abandon", reason="not needed"))["state"] == "abandoned"
    for path in ("/api/changes/CH-9", "/api/changes/x", "/api/tests/none"):
        assert (await cli.get(path)).status_code == 404


async def test_strangers_hear_nothing(on: Stage, cli: httpx2.AsyncClient) -> None:
    await submitted(cli, on)
    del cli.headers["Authorization"]
    for path in ("/api/changes", "/api/changes/CH-1", "/api/queue", "/api/tests/x"):
        assert (await cli.get(path)).status_code == 401
    assert (await cli.post("/api/changes/CH-1/accept", json={})).status_code in (401, 403)
