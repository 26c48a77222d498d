"""A gatehouse whose work trees are in memory, with an agent, a person and what goes past both."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from assent.app.agents import HookAnswer, SessionEvent, ToolFinished
from assent.app.await_decision import Hold, Wakeups, submit_and_wait
from assent.app.checkpoints.rows import Standing, standing
from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.app.question import Submitted
from assent.app.record_outcome import record_outcome, record_session
from assent.app.records import body_of
from assent.app.submit_action import submit_action
from assent.core.actions import Action, Command, EditKind, FileChange, FileEdit
from assent.core.approvals import Refusal, Request, State, Verdict
from assent.core.canonical import digest_text
from assent.core.checkpoints import Occasion, WorktreeCheckpoint
from assent.core.policy import Rule
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import RouteName
from assent.core.proposals import AgentSession, Proposal
from assent.testing import CountingIds, FixedClock
from assent.testing_shadow import MemoryShadow
from tests.app.failing_store import FailingStore
from tests.app.plain_agent import PlainAgent
from tests.app.world import BUILT_IN, WORKSPACE, StillPolicies, StillWorld

RUNS = Rule("all", RouteName.PROCEED, kinds=frozenset({"command", "edit", "tool"}))
HOUR = 3_600_000


@dataclass(repr=False)
class Yard:
    """One workspace, `/w`, with everything a test may change about it."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(10_000_000))
    store: FailingStore = field(default_factory=FailingStore)
    shadow: MemoryShadow = field(default_factory=MemoryShadow)
    policies: StillPolicies = field(default_factory=lambda: StillPolicies(BUILT_IN))
    agent: PlainAgent = field(default_factory=PlainAgent)
    ids: CountingIds = field(default_factory=CountingIds)
    gate: Gatehouse = field(init=False)
    wakeups: Wakeups = field(default_factory=Wakeups)

    def __post_init__(self) -> None:
        self.files.update({"a.py": "one\n", "b.py": "two\n"})
        self.under(RUNS)

    def under(self, *rules: Rule, unexplained: str = "gate") -> None:
        """A policy of these rules; what runs already keeps in mind what it knew."""
        changes = ChangeRules(unexplained=unexplained)
        self.policies = StillPolicies(replace(BUILT_IN, rules=rules, changes=changes))
        self.start()

    def start(self) -> None:
        """Assent starts anew on what is stored."""
        world = StillWorld()
        self.gate = Gatehouse(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            agents={self.agent.name: self.agent},
            files=world,
            world=world,
            project=world,
            policies=self.policies,
            shadow=self.shadow,
        )

    @property
    def files(self) -> dict[str, str]:
        return self.shadow.files.setdefault(WORKSPACE, {})

    # Agents

    async def asks(self, action: Action, *, session: str = "s1", call: str = "c1") -> Submitted:
        return await submit_action(self.gate, proposal(action, session=session, call=call))

    async def waits(
        self, action: Action, *, session: str = "s1", call: str = "c1"
    ) -> "asyncio.Task[HookAnswer]":
        """A call that is held; the task is its answer."""
        self.gate.store.on_commit(self.wakeups.committed)
        hold = Hold(longest_ms=60_000, present=lambda: True)
        wanted = proposal(action, session=session, call=call)
        task = asyncio.create_task(submit_and_wait(self.gate, self.wakeups, wanted, hold))
        if not self.waiting():
            await self.next_request()
        return task

    async def next_request(self, *, after: int = 0) -> Request:
        """The request that comes after that number."""
        came = asyncio.Event()
        self.store.on_commit(lambda _events: came.set())
        while True:
            found = [request for request in self.waiting() if request.number > after]
            if found:
                return found[0]
            came.clear()
            await came.wait()

    async def ends(self, *, session: str = "s1", call: str = "c1") -> None:
        """The call ended, and all that is done about it."""
        event = ToolFinished(run(session), call_id=call, tool="sh", ok=True, payload=b"")
        await record_outcome(self.gate, event)
        await self.gate.watch.settled()
        self.clock.advance(1_000)

    async def session(self, what: str, *, session: str = "s1") -> None:
        await record_session(self.gate, SessionEvent(run(session), what))
        await self.gate.watch.settled()
        self.clock.advance(1_000)

    async def runs(
        self,
        action: Action,
        *,
        session: str = "s1",
        call: str = "c1",
        does: dict[str, str | None] | None = None,
    ) -> Submitted:
        """The call is let through, does this to files, and ends."""
        answer = await self.asks(action, session=session, call=call)
        self.change(**(does or {}))
        await self.ends(session=session, call=call)
        return answer

    def change(self, **files: str | None) -> None:
        """Somebody writes files; `a_py` is `a.py`, and None deletes one."""
        for name, text in files.items():
            path = name.replace("_", ".")
            if text is None:
                self.files.pop(path, None)
            else:
                self.files[path] = text

    # People

    async def says(self, number: int, verdict: Verdict, **more: str) -> Request | Refusal:
        word = Word(verdict=verdict, by="ana", via="web", confirm=str(number), **more)  # type: ignore[arg-type]
        outcome = await decide_request(self.gate, number, word)
        await self.gate.watch.settled()
        return outcome

    # What is stored

    def waiting(self) -> list[Request]:
        return list(self.store.read(lambda view: view.waiting(limit=100)))

    def state(self, number: int) -> State:
        found = self.store.read(lambda view: view.request_numbered(number))
        assert found is not None
        return found.state

    def rows(self, *occasions: Occasion) -> list[WorktreeCheckpoint]:
        """Oldest first."""
        rows = self.store.read(lambda view: view.worktree_checkpoints(WORKSPACE, limit=1000))
        return [row for row in rows[::-1] if not occasions or row.occasion in occasions]

    def standing(self) -> Standing:
        return self.store.read(lambda view: standing(view, WORKSPACE))

    def entries(self, *kinds: str) -> list[dict[str, object]]:
        found = self.store.read(lambda view: view.entries(limit=1000))
        bodies: list[dict[str, object]] = [dict(body_of(entry)) for entry in found[::-1]]
        return [body for body in bodies if body["kind"] in kinds]


def run(session: str = "s1") -> AgentSession:
    return AgentSession("plain", session_id=session, workspace=WORKSPACE, cwd=WORKSPACE)


def proposal(action: Action, *, session: str = "s1", call: str = "c1") -> Proposal:
    return Proposal(
        run(session), call_id=call, tool="sh", action=action, payload=b"", event="before"
    )


def command(text: str = "make") -> Command:
    return Command(text, WORKSPACE)


def edit(path: str = "a.py") -> FileEdit:
    whole = path if path.startswith("/") else f"{WORKSPACE}/{path}"
    change = FileChange(
        whole,
        EditKind.UPDATE,
        digest_text("one\n"),
        digest_text("ONE\n"),
        "--- a\n+++ b\n@@ -1 +1 @@\n-one\n+ONE\n",
    )
    return FileEdit((change,), WORKSPACE)


@pytest.fixture
def yard() -> Yard:
    return Yard()
