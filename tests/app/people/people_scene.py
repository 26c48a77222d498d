"""Ana, who administers, and Ben, who does not, in a home in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assent.app.gatehouse import Gatehouse
from assent.app.people.rules import Speaker
from assent.app.ports import WebSession
from assent.core.canonical import digest_text
from assent.core.people.model import Factor, Person
from tests.app.conftest import Scene
from tests.app.failing_store import FailingStore

ANA = Person("ana", added_at=0, added_by="daemon", roles=("admin",), login="ana")
BEN = Person("ben", added_at=0, added_by="ana", email="ben@example.com", aliases=("@benk",))
TERMINAL = Speaker("ana", "cli")
AS_BEN = Speaker("ben", "web")
DAY = 24 * 3_600_000


def by(name: str, factor: Factor = Factor.NONE, *, via: str = "web") -> Speaker:
    return Speaker(name, via, factor)


@dataclass
class Home:
    scene: Scene = field(default_factory=lambda: Scene(store=FailingStore([ANA, BEN])))

    @property
    def gate(self) -> Gatehouse:
        return self.scene.gate

    @property
    def now(self) -> int:
        return self.scene.clock.now()

    def person(self, name: str) -> Person:
        found = self.scene.store.read(lambda view: view.person(name))
        assert found is not None
        return found

    async def save(self, made: Person) -> None:
        await self.scene.store.write(lambda tx: tx.save_person(made), durable=True)

    async def log_in(self, name: str, *, nth: int = 0) -> WebSession:
        made = WebSession(
            token_hash=digest_text(f"{name} {nth}"),
            person=name,
            created_at=self.now,
            expires_at=self.now + 30 * DAY,
            seen_at=self.now,
        )
        await self.scene.store.write(lambda tx: tx.add_web_session(made), durable=True)
        return made

    def sessions(self, name: str) -> int:
        return len(self.scene.store.read(lambda view: view.web_sessions(name)))

    def recorded(self) -> list[Mapping[str, Any]]:
        """What stands in the stream of people, oldest first."""
        chain = self.scene.store.read(lambda view: list(view.chain("people")))
        return [json.loads(entry.body) for entry in chain]

    def told(self) -> list[str]:
        """Whom watchers hear of."""
        events = self.scene.store.read(lambda view: view.events(after=0, limit=100))
        return [event.subject for event in events if event.topic == "people"]
