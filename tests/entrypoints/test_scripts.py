"""A script that changes after its approval does not run, on the real store and file system."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles
from assent.adapters.project import LocalProject
from assent.adapters.store import open_store
from assent.adapters.workspace import LocalFiles, LocalWorld
from assent.app.agents import LetThrough
from assent.app.await_decision import Hold, Wakeups, submit_and_wait
from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.app.question import Waiting
from assent.app.submit_action import submit_action
from assent.core.actions import Command
from assent.core.approvals import Request, State, Verdict
from assent.core.proposals import AgentSession, Proposal
from assent.testing import CountingIds, FixedClock
from tests.app.plain_agent import PlainAgent

SCRIPT = "./deploy.sh"
ASKS = "#!/bin/sh\ncurl -X POST -d @data https://example.org/{}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
async def gate(root: Path) -> AsyncIterator[Gatehouse]:
    store = open_store(f"sqlite:///{root}/control.db")
    yield Gatehouse(
        store=store,
        clock=FixedClock(),
        ids=CountingIds(),
        agents={"plain": PlainAgent()},
        files=LocalFiles(),
        world=LocalWorld(home=str(root / "home"), assent_home=str(root / "assent")),
        project=LocalProject(),
        policies=PolicyFiles(built_in_catalog()),
    )
    await store.close()


@pytest.fixture
def project(root: Path) -> Path:
    project = root / "home/project"
    (project / ".git").mkdir(parents=True)
    return project


def write(project: Path, what: str) -> None:
    path = project / "deploy.sh"
    path.write_text(ASKS.format(what))
    path.chmod(0o755)


def call(project: Path) -> Proposal:
    session = AgentSession("plain", "s", str(project), str(project))
    return Proposal(session, "c", "sh", Command(SCRIPT, str(project)), b"")


async def decide(gate: Gatehouse, request: Request) -> None:
    word = Word(verdict=Verdict.APPROVE, by="ana", via="web", confirm=request.name)
    decided = await decide_request(gate, request.number, word)
    assert isinstance(decided, Request), decided


async def asked(gate: Gatehouse, project: Path) -> Request:
    submitted = await submit_action(gate, call(project))
    assert isinstance(submitted, Waiting), submitted
    return submitted.request


async def test_an_approval_is_for_the_script_as_it_was(gate: Gatehouse, project: Path) -> None:
    write(project, "staging")
    request = await asked(gate, project)
    assert [path for path, _ in request.proposal.action.operands] == [  # type: ignore[union-attr]
        f"{project}/./deploy.sh"
    ]
    await decide(gate, request)
    write(project, "production")
    other = await asked(gate, project)
    assert other.number != request.number
    write(project, "staging")
    assert await submit_action(gate, call(project)) == LetThrough()


async def test_a_script_that_changes_while_the_agent_is_held_is_asked_anew(
    gate: Gatehouse, project: Path
) -> None:
    wakeups = Wakeups()
    gate.store.on_commit(wakeups.committed)
    write(project, "staging")
    held = asyncio.create_task(
        submit_and_wait(gate, wakeups, call(project), Hold(600_000, lambda: True))
    )
    first = await _waiting(gate)
    write(project, "production")
    await decide(gate, first)
    second = await _waiting(gate)
    assert second.number != first.number
    assert not held.done()
    await decide(gate, second)
    assert await held == LetThrough()
    before = gate.store.read(lambda view: view.request_numbered(first.number))
    assert before is not None
    assert before.state is State.APPROVED


async def _waiting(gate: Gatehouse) -> Request:
    while True:
        waiting = gate.store.read(lambda view: view.waiting(limit=1))
        if waiting:
            return waiting[0]
        await asyncio.sleep(0.001)
