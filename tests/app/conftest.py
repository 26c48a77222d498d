"""One gatehouse in memory, with a clock that the test moves."""

from dataclasses import dataclass, field

import pytest

from assent.app.gatehouse import Gatehouse
from assent.core.actions import Action, Command
from assent.core.approvals import Request, State
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.testing import CountingIds, FixedClock
from tests.app.failing_store import FailingStore
from tests.app.plain_agent import PlainAgent
from tests.app.world import StillPolicies, StillWorld


@dataclass
class Scene:
    """The gatehouse and everything a test may change about it."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(1_000_000))
    store: FailingStore = field(default_factory=FailingStore)
    world: StillWorld = field(default_factory=StillWorld)
    policies: StillPolicies = field(default_factory=StillPolicies)
    agent: PlainAgent = field(default_factory=PlainAgent)
    ids: CountingIds = field(default_factory=CountingIds)

    @property
    def gate(self) -> Gatehouse:
        return Gatehouse(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            agents={self.agent.name: self.agent},
            files=self.world,
            world=self.world,
            project=self.world,
            policies=self.policies,
        )

    def waiting(self) -> list[Request]:
        return list(self.store.read(lambda view: view.waiting(limit=100)))

    def state(self, number: int) -> State:
        found = self.store.read(lambda view: view.request_numbered(number))
        assert found is not None
        return found.state


def proposal(
    action: Action | str = "make release", *, session_id: str = "s1", headless: bool | None = None
) -> Proposal:
    """A call of the plain agent; a text is a command."""
    taken = Command(action, "/w") if isinstance(action, str) else action
    text = action if isinstance(action, str) else ""
    return Proposal(
        session=AgentSession(
            agent="plain", session_id=session_id, workspace="/w", cwd="/w", headless=headless
        ),
        call_id="call-1",
        tool="sh",
        action=taken,
        payload=text.encode(),
        event="before",
        editable=Editable("command", text) if text else None,
    )


@pytest.fixture
def scene() -> Scene:
    return Scene()
