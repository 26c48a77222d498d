"""What an agent proposed, with everything known about who, where and in which run."""

from dataclasses import dataclass

from assent.core.actions import Action
from assent.core.canonical import Digest
from assent.core.encoding import action_digest

PLANNING = "plan"
"""The word for a mode in which the agent should change nothing, for whichever agent has one."""


@dataclass(frozen=True, slots=True)
class AgentSession:
    """One run of an agent. Empty strings mean that the agent's surface does not tell."""

    agent: str
    """The adapter's name, such as `claude-code`."""
    session_id: str
    workspace: str
    """Absolute real path of the project the agent works in."""
    cwd: str
    mode: str = ""
    """The agent's own permission mode, in its own words; `PLANNING` when it only plans."""
    model: str = ""
    subagent: str = ""
    headless: bool | None = None
    """Whether nobody sits at the agent's own prompt; None when it cannot be told."""
    human_in_loop: bool | None = None
    """What the run's environment says in `HUMAN_IN_LOOP`; None when it says nothing."""
    person: str = ""
    """Who runs the agent, as the system or its token tells; empty: not known."""
    apart: bool = False
    """Whether the agent runs as another user of the system than Assent does."""


@dataclass(frozen=True, slots=True)
class Editable:
    """The part of a call that a person may change before it runs."""

    label: str
    """What it is, for the form: `command`, `content`, `new text`, `patch`, `arguments`, `plan`."""
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One call of an agent, read once at the edge.

    `payload` is what the agent's hook sent, byte for byte; a modified call is read again from a
    modified payload, so that what a person approves is what the agent will be handed.
    """

    session: AgentSession
    call_id: str
    tool: str
    action: Action
    payload: bytes
    event: str = ""
    """The agent's name for the hook event the payload came with; needed to read it again."""
    prose: str = ""
    """What the agent says about it. Untrusted, shown apart, never used to decide."""
    editable: Editable | None = None

    @property
    def subject(self) -> Digest:
        return action_digest(self.action)
