"""People with channels, requests that wait for them, and a notifier that does as it is told."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assent.app import requests
from assent.app.gatehouse import Gatehouse
from assent.app.notifications.plan import Pace
from assent.app.notifications.ports import Delivery, Message
from assent.app.notifications.work import NotifyWork
from assent.app.ports import Outgoing, Sending, Tx
from assent.core.approvals import Decision, Request, Verdict
from assent.core.canonical import Digest
from assent.core.deciding import decide
from assent.core.people.model import Channel, Person
from assent.core.policy.model import Tier
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment
from tests.app.conftest import Scene, proposal

HOUR = 3_600_000
LINK = "http://localhost:7422"
SENT = Delivery(is_sent=True)
BROKEN = Delivery(is_sent=False, fault="the server answered 500")


def channel(id_: str = "c1", **how: Any) -> Channel:
    made = Channel(id=id_, url=f"json://{id_}.example/s3cret", label=f"Hook {id_}", added_at=1)
    return replace(made, **how)


def person(name: str, *channels: Channel, **how: Any) -> Person:
    made = Person(name=name, added_at=1, added_by="ana", channels=channels)
    return replace(made, **how)


@dataclass
class FakeNotifier:
    """`answers`: what becomes of messages to a URL; those that are not there are sent."""

    answers: dict[str, Delivery] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    """All that were handed over, also those that were not taken."""

    async def send(self, messages: Sequence[Message]) -> Mapping[str, Delivery]:
        self.sent += messages
        return {each.id: self.answers.get(each.url, SENT) for each in messages}

    async def check(self, url: str) -> str:
        return url.partition(":")[0]


@dataclass
class Desk:
    scene: Scene
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    work: NotifyWork = field(init=False)
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """As a daemon that was killed and started anew."""
        self.work = NotifyWork(self.gate, self.notifier, link=LINK, pace=Pace(every_ms=60_000))

    @property
    def gate(self) -> Gatehouse:
        return self.scene.gate

    @property
    def now(self) -> int:
        return self.scene.clock.now()

    async def add(self, *people: Person) -> None:
        def work(tx: Tx) -> None:
            for each in people:
                tx.save_person(each)

        await self.gate.store.write(work, durable=True)

    async def ask(
        self,
        *reviewers: str,
        risk: RiskClass = RiskClass.MEDIUM,
        title: str = "run make release",
        **how: Any,
    ) -> Request:
        self._numbers += 1
        self.scene.clock.advance(1)
        asked = Request(
            id=f"request-{self._numbers}",
            number=self._numbers,
            proposal=proposal(),
            assessment=Assessment(risk, frozenset(), (), title, "none"),
            rule="ask",
            why="because",
            policy=Digest("sha256:p"),
            created_at=self.now,
            expires_at=self.now + 24 * HOUR,
            reviewers=reviewers,
        )
        made = replace(asked, **how)
        now = self.now
        await self.gate.store.write(lambda tx: requests.open_request(tx, made, now), durable=True)
        return made

    async def say(self, request: Request, by: str, verdict: Verdict = Verdict.APPROVE) -> Request:
        said = Decision(
            verdict=verdict,
            by=by,
            at=self.now,
            version=request.version,
            subject=request.subject,
            reason="no",
            via="web",
            hand=Tier.APPROVE,
        )
        decided = decide(request, said)
        assert isinstance(decided, Request), decided
        await self.gate.store.write(lambda tx: tx.save_request(decided), durable=True)
        return decided

    async def store(self, work: Callable[[Tx], object]) -> None:
        await self.gate.store.write(work, durable=True)

    async def later(self, ms: int = 5_000) -> list[Message]:
        """What is sent once so much time has passed."""
        self.scene.clock.advance(ms)
        before = len(self.notifier.sent)
        while await self.work.once():
            continue
        return self.notifier.sent[before:]

    def rows(self, state: Sending) -> list[Outgoing]:
        return list(self.gate.store.read(lambda view: view.outgoing_in(state, limit=1000)))

    def told(self, number: int) -> list[Mapping[str, object]]:
        """The records that somebody was told of a request."""
        chain = self.gate.store.read(lambda view: list(view.chain(f"request/{number}")))
        bodies = [json.loads(entry.body) for entry in chain]
        return [body for body in bodies if body["kind"] == "told"]


def names(messages: Iterable[Message]) -> list[list[str]]:
    return [[subject.name for subject in message.subjects] for message in messages]
