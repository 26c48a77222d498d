"""An agent's token proposes, sees what is its own, and decides nothing, whatever the route."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assent.app.people.accounts import set_active
from assent.app.people.rules import Speaker
from assent.app.people.tokens import LIFETIME, PREFIX, add_token, revoke_token
from assent.core.canonical import digest_text
from assent.core.people.model import AgentToken, Person
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.app import create_app
from assent.entrypoints.web.sessions import AGENTS_MAY
from assent.entrypoints.web.settings import WebSettings
from tests.app.changes.scene import NUMBERS, Stage, stage
from tests.app.conftest import Scene
from tests.app.failing_store import FailingStore
from tests.entrypoints.web.conftest import ORIGIN
from tests.entrypoints.web.desk import ANA, TOKEN, Desk, assessment, delete, session

SECRET = f"{PREFIX}of-the-tests"
MORE = NUMBERS.replace("line 2 = 2", "line 2 = 200")
BEN = Person("ben", added_at=0, added_by="ana", roles=("admin",))


def routes(of: FastAPI | APIRouter) -> Iterator[tuple[str, str]]:
    """Method and address of every route, also of routers in routers; files are no secret."""
    for route in of.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            yield from routes(inner)
        elif isinstance(route, APIRoute):
            yield from (
                (method, route.path) for method in sorted((route.methods or set()) - {"HEAD"})
            )
        else:
            assert isinstance(route, Mount)
            assert isinstance(route.app, StaticFiles)


def filled(path: str) -> str:
    """An address that fits: what the parts mean does not matter."""
    return re.sub(r"\{[^}]+\}", "1", path)


async def give_token(gate, agent: str = "claude-code", workspace: str = "") -> AgentToken:  # type: ignore[no-untyped-def]
    return await add_token(
        gate,
        agent,
        token=digest_text(SECRET),
        workspace=workspace,
        for_ms=LIFETIME,
        by=Speaker("ana", "cli"),
    )


@pytest.fixture
async def agent(desk: Desk, stranger: httpx2.AsyncClient) -> httpx2.AsyncClient:
    await give_token(desk.gate)
    stranger.headers["Authorization"] = f"Bearer {SECRET}"
    return stranger


async def test_every_route_but_those_that_propose_refuses_agents(
    desk: Desk, agent: httpx2.AsyncClient
) -> None:
    found = list(routes(desk.app()))
    assert len(found) > 60
    assert set(found) >= AGENTS_MAY
    answers = {}
    for method, path in found:
        if (method, path) not in AGENTS_MAY:
            answer = await agent.request(method, filled(path))
            answers[method, path] = answer.status_code
            assert "Agents propose, people decide" in answer.text, (method, path)
    assert set(answers.values()) == {403}


async def test_a_cookie_beside_the_token_opens_nothing_more(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await give_token(desk.gate)
    ana.headers["Authorization"] = f"Bearer {SECRET}"
    assert (await ana.get("/")).status_code == 403
    assert (await ana.get("/api/status")).status_code == 403


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_read_as_http_reads_it(agent: httpx2.AsyncClient, scheme: str) -> None:
    agent.headers["Authorization"] = f"{scheme} {SECRET}"
    assert (await agent.get("/api/status")).status_code == 403


@pytest.mark.parametrize("end", ["revoked", "over", "maker-disabled", "made-up"])
async def test_a_token_that_does_not_hold_opens_nothing(
    desk: Desk, agent: httpx2.AsyncClient, end: str
) -> None:
    assert (await agent.get("/api/requests")).status_code == 200
    if end == "revoked":
        [token] = desk.store.read(lambda view: view.agent_tokens())
        await revoke_token(desk.gate, token.id, by=Speaker("ana", "cli"))
    elif end == "over":
        desk.clock.advance(LIFETIME)  # type: ignore[attr-defined]
    elif end == "maker-disabled":
        await desk.store.write(lambda tx: tx.save_person(BEN), durable=True)
        await set_active(desk.gate, "ana", active=False, by=Speaker("ben", "web"))
    else:
        agent.headers["Authorization"] = f"Bearer {PREFIX}made-up"
    for path in ("/api/requests", "/api/changes", "/api/requests/1"):
        assert (await agent.get(path)).status_code == 401
    assert (await agent.get("/api/status")).status_code == 403


async def test_an_agent_sees_the_requests_it_asked(desk: Desk, agent: httpx2.AsyncClient) -> None:
    mine = await desk.ask(*delete())
    asked, _ = delete()
    other = await desk.ask(
        replace(asked, session=session("codex")), assessment(RiskClass.HIGH, "another's")
    )
    listed = (await agent.get("/api/requests")).json()
    assert [each["name"] for each in listed["requests"]] == [mine.name]
    assert listed["waiting"] == 1
    assert (await agent.get(f"/api/requests/{mine.name}")).json()["name"] == mine.name
    answer = await agent.get(f"/api/requests/{other.name}")
    assert answer.status_code == 404
    assert "another's" not in answer.text


async def test_a_token_for_one_place_sees_only_that_place(
    desk: Desk, stranger: httpx2.AsyncClient
) -> None:
    await give_token(desk.gate, workspace="/home/ana/shop")
    stranger.headers["Authorization"] = f"Bearer {SECRET}"
    here = await desk.ask(*delete())
    asked, graded = delete()
    await desk.ask(replace(asked, session=session(project="notes")), graded)
    listed = (await stranger.get("/api/requests")).json()["requests"]
    assert [each["name"] for each in listed] == [here.name]


# --- handing in


@pytest.fixture
def on(tmp_path: Path) -> Stage:
    made = stage(tmp_path, Scene(store=FailingStore([ANA])))
    made.commit(numbers__txt=MORE)
    return made


@pytest.fixture
async def bot(on: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    settings = WebSettings(
        person="ana",
        cli_token=TOKEN,
        version="0.1.0",
        shutting_down=asyncio.Event(),
        zone=UTC,
    )
    app = create_app(on.gate, settings=settings)
    headers = {"Authorization": f"Bearer {SECRET}"}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield client


async def test_an_agent_hands_in_a_change_in_its_own_name(
    on: Stage, bot: httpx2.AsyncClient
) -> None:
    await give_token(on.gate, "bot")
    made = (
        await bot.post("/api/changes", json={"cwd": str(on.folder), "title": "Count on"})
    ).json()
    assert (made["agent"], made["owner"]) == ("bot", "ana")
    name = made["name"]
    assert (await bot.get(f"/api/changes/{name}")).json()["name"] == name
    assert (await bot.get(f"/api/changes/{name}/diff")).status_code == 200
    listed = (await bot.get("/api/changes")).json()
    assert [each["name"] for each in listed["changes"]] == [name]
    for word in ("accept", "merge", "ready", "abandon"):
        assert (await bot.post(f"/api/changes/{name}/{word}", json={})).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"owner": "ben"}, id="another-owner"),
        pytest.param({"agent": "codex"}, id="another-agent"),
    ],
)
async def test_an_agent_speaks_for_nobody_else(
    on: Stage, bot: httpx2.AsyncClient, said: dict[str, str]
) -> None:
    await give_token(on.gate, "bot")
    fields = {"cwd": str(on.folder), "title": "Count on", **said}
    assert (await bot.post("/api/changes", json=fields)).status_code == 403
    assert on.gate.store.read(lambda view: view.changes(limit=9)) == []


async def test_an_agent_hands_in_where_its_token_is_for(on: Stage, bot: httpx2.AsyncClient) -> None:
    await give_token(on.gate, "bot", workspace="/elsewhere")
    answer = await bot.post("/api/changes", json={"cwd": str(on.folder), "title": "Count on"})
    assert answer.status_code == 403
    assert "/elsewhere only" in answer.text


async def test_what_another_made_is_neither_seen_nor_revised(
    on: Stage, bot: httpx2.AsyncClient
) -> None:
    await give_token(on.gate, "bot")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    fields = {"cwd": str(on.folder), "title": "Count on", "agent": "plain"}
    made = (await bot.post("/api/changes", json=fields, headers=headers)).json()
    for path in (made["name"], f"{made['name']}/diff"):
        assert (await bot.get(f"/api/changes/{path}")).status_code == 404
    assert (await bot.get("/api/changes")).json() == {"open": 0, "changes": []}
    revised = {"cwd": str(on.folder), "change": made["name"]}
    assert (await bot.post("/api/changes", json=revised)).status_code == 404
