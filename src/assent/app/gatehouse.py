"""What every use case works with: the ports of one running Assent, wired once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from assent.app.agents import Agent, Files
from assent.app.changes.ports import ChangePorts
from assent.app.checkpoints.ports import Shadow
from assent.app.checkpoints.watch import Watch
from assent.app.notifications.ports import Notifier
from assent.app.ports import Clock, Ids, OwnersFile, Project, Store, World
from assent.app.precedent import Memory
from assent.app.proof.ports import ProofPorts
from assent.core.policy.model import Policy


class PolicyReader(Protocol):
    """Reads policy files. The same bytes always give the same policy."""

    def default(self) -> Policy:
        """The policy of a workspace that has accepted none."""
        ...

    def default_text(self) -> bytes:
        """The file that says the default policy."""
        ...

    def parse(self, text: bytes) -> Policy:
        """Raises UsageError with the place and the reason when `text` is not a policy."""
        ...


@dataclass(frozen=True, slots=True)
class Gatehouse:
    store: Store
    clock: Clock
    ids: Ids
    agents: Mapping[str, Agent]
    files: Files
    world: World
    project: Project
    policies: PolicyReader
    changes: ChangePorts | None = None
    """None where nothing is submitted, reviewed or merged."""
    memory: Memory = field(default_factory=Memory, compare=False)
    shadow: Shadow | None = None
    """Where checkpoints of work trees are kept; None: none are made."""
    watch: Watch = field(default_factory=Watch, compare=False)
    proof: ProofPorts | None = None
    """None where nothing is signed and no signature can be checked."""
    oncall_file: str = ""
    """Absolute path of the schedule of who is on call; empty: there is none, and nobody is."""
    owners: OwnersFile | None = None
    """None where files have no owners but those whom a policy names."""
    notifier: Notifier | None = None
    """None where nobody is told of anything."""
