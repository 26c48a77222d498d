"""Programs and grants, on the page and in the API."""

import httpx2
import pytest

from assent.core.actions import Command
from assent.core.approvals import Request
from assent.core.canonical import digest_of
from assent.core.grants import Grant
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Effect, Evidence
from tests.entrypoints.web.desk import Desk, assessment, proposal, session

WORKSPACE = session().workspace
MEDIUM = typical(RiskClass.MEDIUM)


async def ask_about(desk: Desk, program: str = "frob<b>") -> Request:
    what = f"runs {program}, a program that is not known here"
    found = Evidence("unknown-program", Effect.UNKNOWN, MEDIUM, what, program=(program, "x"))
    graded = assessment(RiskClass.MEDIUM, f"run {program} x", found)
    return await desk.ask(proposal(Command(f"{program} x", WORKSPACE)), graded)


def grants(desk: Desk) -> tuple[Grant, ...]:
    return desk.store.read(lambda view: view.standing(WORKSPACE, now=0)).grants


async def test_the_page_says_what_an_approval_makes_known(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await ask_about(desk)
    page = (await ana.get("/requests/REQ-1")).text
    assert "<code>frob&lt;b&gt;</code> may run in this project without asking" in page
    await desk.command()
    assert 'name="keep"' not in (await ana.get("/requests/REQ-2")).text


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        pytest.param({"keep": "yes"}, ["frob"], id="box-set"),
        pytest.param({}, [], id="box-cleared"),
    ],
)
async def test_the_box_decides_whether_a_program_stays_known(
    desk: Desk, ana: httpx2.AsyncClient, fields: dict[str, str], kept: list[str]
) -> None:
    await ask_about(desk, "frob")
    data = {"verdict": "approve", "version": "1", **fields}
    assert (await ana.post("/requests/REQ-1/decision", data=data)).status_code == 303
    assert [name for grant in grants(desk) for name in grant.what] == kept


async def test_the_api_keeps_a_program_unless_it_is_told_not_to(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    for number, keep in ((1, False), (2, True)):
        await ask_about(desk, f"frob{number}")
        answer = await cli.post(f"/api/requests/{number}/approve", json={"keep": keep})
        assert answer.status_code == 200
    assert [grant.what for grant in grants(desk)] == [("frob2",)]
    listed = (await cli.get("/api/grants", params={"workspace": WORKSPACE})).json()["grants"]
    assert [(grant["kind"], grant["what"], grant["by"]) for grant in listed] == [
        ("program", ["frob2"], "ana")
    ]


async def test_a_scope_that_covers_nothing_is_refused_whole(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    await desk.command()
    answer = await cli.post("/api/requests/1/approve", json={"grant": "push origin/agent/*"})
    assert answer.status_code == 400
    assert desk.store.read(lambda view: view.count_waiting()) == 1


async def test_programs_are_listed_accepted_and_forgotten(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    where = {"workspace": WORKSPACE}
    found = (await cli.get("/api/programs", params=where)).json()
    assert found["accepted"] is None
    stale = await cli.post("/api/programs/accept", json={**where, "digest": "sha256:other"})
    assert stale.status_code == 409
    done = await cli.post("/api/programs/accept", json={**where, "digest": found["digest"]})
    assert done.json() == {"accepted": 0}
    assert (await cli.get("/api/programs", params=where)).json()["accepted"]["by"] == "ana"
    unknown = await cli.post("/api/programs/forget", json={**where, "name": "nothing"})
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/programs?workspace=/w", "/api/grants?workspace=/w", "/api/programs"]
)
async def test_nobody_else_may_look(desk: Desk, stranger: httpx2.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code == 401


async def test_the_files_that_an_approval_is_bound_to_are_shown(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    digest = digest_of(b"make")
    action = Command("./run.sh", WORKSPACE, operands=((f"{WORKSPACE}/./run.sh", digest),))
    await desk.ask(proposal(action), assessment(RiskClass.MEDIUM, "run ./run.sh"))
    page = (await ana.get("/requests/REQ-1")).text
    assert f"/run.sh, as it was when asked ({digest})" in page
