"""Requests that people with keys decide, in memory but for the server's key."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app import requests
from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.app.people.records import keep_person
from assent.app.people.rules import Speaker
from assent.app.proof.ports import ProofPorts
from assent.app.proof.statements import Prepared, statement_of_request
from assent.app.records import body_of
from assent.core.approvals import Refusal, Request, Verdict
from assent.core.canonical import Digest
from assent.core.people.model import Person
from assent.core.policy.model import Tier
from assent.core.proof.statement import Statement, read_statement, statement_bytes
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Assessment, Effect, Evidence
from tests.app.conftest import Scene, proposal
from tests.signing import PasskeySigner, SshSigner, person

ANA, BEN = SshSigner("sk-ssh-ed25519@openssh.com"), SshSigner()
EVA = PasskeySigner()
MINUTE = 60_000


@dataclass
class House:
    scene: Scene
    gate: Gatehouse

    async def ask(self, script: str = "make release", **more: Any) -> Request:
        now = self.gate.clock.now()
        graded = Assessment(
            risk=RiskClass.HIGH,
            effects=frozenset({Effect.DELETE}),
            evidence=(Evidence("x", Effect.DELETE, typical(RiskClass.HIGH), "deletes"),),
            title="delete",
            undo="none",
        )

        def work(tx: Any) -> Request:
            made = Request(
                id=self.gate.ids.new(),
                number=tx.next_number(),
                proposal=proposal(script),
                assessment=graded,
                rule="r",
                why="w",
                policy=Digest("sha256:" + "b" * 64),
                created_at=now,
                expires_at=now + 10_000_000,
                tier=Tier.APPROVE,
                **more,
            )
            requests.open_request(tx, made, now)
            return made

        return await self.gate.store.write(work, durable=True)

    async def prepare(self, asked: Request, by: str = "ana", **more: Any) -> Prepared:
        found = await statement_of_request(self.gate, asked.number, word(by, **more))
        assert isinstance(found, Prepared), found
        return found

    async def decide(
        self, asked: Request, envelope: bytes | None, **more: Any
    ) -> Request | Refusal:
        said = word(more.pop("by", "ana"), envelope=envelope, **more)
        return await decide_request(self.gate, asked.number, said)

    async def save(self, made: Person) -> None:
        """Store a person, with its record."""
        by, now = Speaker("test", "cli"), self.gate.clock.now()
        await self.gate.store.write(
            lambda tx: keep_person(tx, made, "changed", by=by, at=now, ids=self.gate.ids),
            durable=True,
        )

    def body(self, asked: Request) -> dict[str, Any]:
        stream = f"request/{asked.number}"
        [entry] = self.gate.store.read(lambda view: list(view.entries(stream=stream, limit=1)))
        return dict(body_of(entry))


def word(by: str, **more: Any) -> Word:
    fields: dict[str, Any] = {"verdict": Verdict.APPROVE, "via": "cli", "version": 1, **more}
    return Word(by=by, **fields)


def changed(payload: bytes, **fields: object) -> bytes:
    """The statement with some fields set otherwise, or left out."""
    said = read_statement(payload)
    predicate: Any = {**said.predicate, **fields}
    kept = {name: value for name, value in predicate.items() if value is not None}
    return statement_bytes(Statement(said.kind, said.subjects, kept))


async def make_house(scene: Scene, folder: Path) -> House:
    ports = ProofPorts(CheckedSignatures(), ServerKeyFile(folder / "server.key"))
    made = House(scene, replace(scene.gate, proof=ports))
    for each in (person("ana", ANA), person("ben", BEN), person("eva", EVA), person("plain")):
        await made.save(each)
    return made
