"""Who looks at what, and when: what every view needs to put a request into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from assent.app.agents import Agent
from assent.app.policy_in_force import POLICY_AGENT
from assent.entrypoints.web.views import words


@dataclass(frozen=True, slots=True)
class Context:
    now: int
    agents: Mapping[str, Agent]
    zone: tzinfo | None = None
    """None is this machine's own."""

    def agent_title(self, name: str) -> str:
        """The agent's name as its makers write it; its plain name when no adapter knows it."""
        if name == POLICY_AGENT:
            return "Assent"
        agent = self.agents.get(name)
        return name if agent is None else agent.title

    def moment(self, at: int) -> str:
        return words.moment(at, now=self.now, zone=self.zone)

    def age(self, since: int) -> str:
        return words.span(max(0, self.now - since))

    def left(self, until: int) -> str:
        return words.span(max(0, until - self.now))

    def iso(self, at: int) -> str:
        return words.iso(at, self.zone)

    def midnight(self) -> int:
        return words.midnight(self.now, self.zone)
