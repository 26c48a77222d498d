"""A signed word decides exactly what it says, once, for the person whose key signed it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.app.decide_request import decide_request
from assent.app.grants import ONCE, Allowance
from assent.app.ports import Opened
from assent.app.proof.signing import said_by_server
from assent.app.proof.statements import statement_of_request
from assent.core.approvals import Cause, Refusal, Request, State, Verdict
from assent.core.people.model import Factor, Person
from assent.core.proof.dsse import (
    Envelope,
    SignatureKind,
    envelope_bytes,
    read_envelope,
)
from assent.core.proof.evidence import evidence_of_request
from assent.core.proof.statement import (
    read_statement,
    statement_bytes,
)
from assent.errors import ConflictError, UsageError
from tests.app.conftest import Scene
from tests.app.proof.signing_house import ANA, BEN, EVA, House, changed, make_house, word
from tests.signing import PasskeySigner, SshSigner, person

MINUTE = 60_000


@pytest.fixture
async def house(scene: Scene, tmp_path: Path) -> House:
    return await make_house(scene, tmp_path)


@pytest.mark.parametrize(
    ("by", "signer", "factor", "via"),
    [
        pytest.param("ana", ANA, Factor.TOUCH, "cli", id="touch-key"),
        pytest.param("ben", BEN, Factor.KEY, "cli", id="key"),
        pytest.param("eva", EVA, Factor.PASSKEY, "web", id="passkey"),
    ],
)
async def test_a_signature_decides(
    house: House, by: str, signer: SshSigner | PasskeySigner, factor: Factor, via: str
) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked, by, via=via, reason="looks fine")
    envelope = signer.envelope(ready.payload)
    decided = await house.decide(asked, envelope, by=by, via=via, reason="looks fine")
    assert isinstance(decided, Request), decided
    [said] = decided.decisions
    assert (decided.state, said.by, said.factor) == (State.APPROVED, by, factor)
    assert said.envelope == ready.digest
    kept = house.gate.store.read(lambda view: view.envelope(ready.digest))
    assert kept is not None
    assert read_envelope(kept).payload == ready.payload
    body = house.body(asked)
    assert (body["statement"], body["signed_by"], body["factor"]) == (
        ready.digest,
        "person",
        factor.value,
    )


async def test_what_is_signed_names_all_that_matters(house: House) -> None:
    asked = await house.ask(asker="ben")
    opened = Opened(asked.id, "ana", 1, at=1, shown_ms=4000, read=True)
    await house.gate.store.write(lambda tx: tx.note_opened(opened), durable=True)
    await house.gate.store.write(lambda tx: tx.seal(5), durable=True)
    secret = "with token=hunter2hunter2"
    ready = await house.prepare(asked, reason=secret, allowance=Allowance(keep=True))
    said = read_statement(ready.payload)
    assert said.subjects[0].name == "REQ-1"
    assert said.subjects[0].digest == {"sha256": asked.subject.removeprefix("sha256:")}
    last = house.gate.store.read(lambda view: view.last_checkpoint())
    assert last is not None
    expected = {
        "decision": "approve",
        "by": "ana",
        "via": "cli",
        "hand": "approve",
        "request": "REQ-1",
        "version": 1,
        "risk": "high",
        "rule": "r",
        "policy": asked.policy,
        "agent": {"agent": "plain", "session": "s1"},
        "evidence": [
            {"name": each.name, "digest": f"sha256:{each.digest}"}
            for each in evidence_of_request(asked)
        ],
        "asker": "ben",
        "reason": "with token=[hidden]",
        "keep": True,
        "at": house.gate.clock.now(),
        "seenCheckpoint": last.hash,
        "shown": {"ms": 4000, "read": True},
    }
    assert {name: said.predicate[name] for name in expected} == expected


OTHERWISE: list[tuple[str, dict[str, Any]]] = [
    ("verdict", {"verdict": Verdict.REJECT, "reason": "same"}),
    ("reason", {"reason": "another"}),
    ("grant", {"allowance": Allowance(keep=True)}),
    ("surface", {"via": "web"}),
]


@pytest.mark.parametrize("said", [each[1] for each in OTHERWISE], ids=[e[0] for e in OTHERWISE])
async def test_a_signature_decides_nothing_else(house: House, said: dict[str, Any]) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked, reason="same", allowance=ONCE)
    told: dict[str, Any] = {"reason": "same", "allowance": ONCE, **said}
    refused = await house.decide(asked, ANA.envelope(ready.payload), **told)
    assert isinstance(refused, Refusal)
    assert refused.cause is Cause.NOT_PROVEN
    assert house.scene.state(1) is State.PENDING


@pytest.mark.parametrize(
    "fields",
    [
        {"policy": "sha256:" + "c" * 64},
        {"risk": "low"},
        {"rule": "other"},
        {"version": 2},
        {"request": "REQ-2"},
        {"decision": "reject"},
        {"hand": "acknowledge"},
        {"asker": "ben"},
        {"inNameOf": "ben"},
        {"extra": "words"},
        {"agent": {"agent": "another"}},
        {"shown": {"ms": 5000, "read": True}},
        {"seenLogHead": "not a commit"},
        {"at": "now"},
        {"at": -1},
        {"at": True},
        {"by": 7},
    ],
    ids="-".join,
)
async def test_a_statement_that_says_otherwise_is_refused(
    house: House, fields: dict[str, Any]
) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    forged = changed(ready.payload, **fields)
    refused = await house.decide(asked, ANA.envelope(forged))
    assert isinstance(refused, Refusal)
    assert refused.cause is Cause.NOT_PROVEN
    assert house.scene.state(1) is State.PENDING


async def test_another_subject_is_refused(house: House) -> None:
    asked, other = await house.ask("make a"), await house.ask("make b")
    mine = read_statement((await house.prepare(asked)).payload)
    theirs = read_statement((await house.prepare(other)).payload)
    forged = statement_bytes(replace(mine, subjects=theirs.subjects))
    refused = await house.decide(asked, ANA.envelope(forged))
    assert isinstance(refused, Refusal)
    assert "another action" in refused.message


async def test_a_signature_for_one_request_does_not_decide_another(house: House) -> None:
    asked, other = await house.ask(), await house.ask()
    ready = await house.prepare(asked)
    refused = await house.decide(other, ANA.envelope(ready.payload))
    assert isinstance(refused, Refusal)
    assert "request" in refused.message


async def test_a_used_signature_is_used_up(house: House) -> None:
    asked = await house.ask(quorum=2)
    ready = await house.prepare(asked)
    envelope = ANA.envelope(ready.payload)
    first = await house.decide(asked, envelope)
    assert isinstance(first, Request)
    for version in (1, 2, None):
        again = await house.decide(asked, envelope, version=version)
        assert isinstance(again, Refusal), version
    assert len(first.decisions) == 1


async def test_an_envelope_counts_once_even_where_all_fits(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    envelope = ANA.envelope(ready.payload)

    def used(tx: Any) -> None:
        tx.add_envelope(ready.digest, envelope, about="request/9", at=1)

    await house.gate.store.write(used, durable=True)
    with pytest.raises(ConflictError, match="used already"):
        await house.decide(asked, envelope)
    assert house.scene.state(1) is State.PENDING


async def test_an_old_signature_has_lapsed(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    house.scene.clock.at += 10 * MINUTE + 1
    refused = await house.decide(asked, ANA.envelope(ready.payload))
    assert isinstance(refused, Refusal)
    assert "older than ten minutes" in refused.message


async def test_a_signature_from_a_time_to_come_is_refused(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    forged = changed(ready.payload, at=house.gate.clock.now() + MINUTE)
    refused = await house.decide(asked, ANA.envelope(forged))
    assert isinstance(refused, Refusal)
    assert "time to come" in refused.message


@pytest.mark.parametrize(
    ("signer", "why"),
    [
        pytest.param(BEN, "none of theirs", id="another-persons-key"),
        pytest.param(SshSigner(), "none of theirs", id="an-agents-key"),
        pytest.param(replace(ANA, flags=0), "not touched", id="untouched"),
    ],
)
async def test_only_the_persons_own_key_speaks(house: House, signer: SshSigner, why: str) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    refused = await house.decide(asked, signer.envelope(ready.payload))
    assert isinstance(refused, Refusal)
    assert why in refused.message


async def test_a_signature_for_git_does_not_count(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    refused = await house.decide(asked, ANA.envelope(ready.payload, namespace="git"))
    assert isinstance(refused, Refusal)
    assert "something else" in refused.message


async def test_the_servers_own_signature_is_nobodys_word(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    assert house.gate.proof is not None
    made = Envelope(ready.payload, (house.gate.proof.server.sign(ready.payload),))
    refused = await house.decide(asked, envelope_bytes(made))
    assert isinstance(refused, Refusal)
    assert "nobody signed" in refused.message


async def test_another_person_speaks_at_this_terminal_by_their_key(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked, "ben")
    decided = await house.decide(asked, BEN.envelope(ready.payload), by="ana")
    assert isinstance(decided, Request)
    assert [each.by for each in decided.decisions] == ["ben"]


async def test_another_person_does_not_speak_in_this_browser(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked, "ben", via="web")
    refused = await house.decide(asked, BEN.envelope(ready.payload), by="ana", via="web")
    assert isinstance(refused, Refusal)
    assert "ana is logged in" in refused.message


async def test_a_person_put_off_duty_says_nothing(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    await house.save(replace(person("ana", ANA), active=False, version=2))
    refused = await house.decide(asked, ANA.envelope(ready.payload))
    assert isinstance(refused, Refusal)
    assert "nobody who may decide" in refused.message


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(person("ana", SshSigner(), version=2), id="another-key"),
        pytest.param(person("ana", ANA, version=2, active=False), id="off-duty"),
    ],
)
async def test_a_key_revoked_in_between_counts_no_more(house: House, after: Person) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    envelope = ANA.envelope(ready.payload)
    write = house.gate.store.write

    async def late(work: Callable[[Any], Any], *, durable: bool) -> Any:
        await write(lambda tx: tx.save_person(after), durable=True)
        return await write(work, durable=durable)

    house.scene.store.write = late  # type: ignore[method-assign]
    refused = await house.decide(asked, envelope)
    assert isinstance(refused, Refusal)
    assert refused.cause is Cause.NOT_PROVEN


@pytest.mark.parametrize(
    "envelope",
    [b"", b"{}", b"[]", b"\xff", b"{" * 5000, b'{"payload":"","payloadType":"x"}', b"0" * 300_000],
    ids=["empty", "object", "list", "binary", "deep", "type", "long"],
)
async def test_what_is_no_envelope_is_refused(house: House, envelope: bytes) -> None:
    asked = await house.ask()
    refused = await house.decide(asked, envelope)
    assert isinstance(refused, Refusal)
    assert refused.cause is Cause.NOT_PROVEN


async def test_where_nothing_checks_signatures_none_count(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    blind = replace(house.gate, proof=None)
    said = word("ana", envelope=ANA.envelope(ready.payload))
    refused = await decide_request(blind, asked.number, said)
    assert isinstance(refused, Refusal)


async def test_a_second_key_of_the_same_person_is_no_second_voice(house: House) -> None:
    other = PasskeySigner(credential=b"second-of-ana")
    await house.save(person("ana", ANA, other, version=2))
    asked = await house.ask(quorum=2)
    first = await house.prepare(asked)
    once = await house.decide(asked, ANA.envelope(first.payload))
    assert isinstance(once, Request)
    again = await statement_of_request(house.gate, asked.number, word("ana", version=2))
    assert isinstance(again, Refusal)
    forged = changed(first.payload, version=2, at=house.gate.clock.now() + 1)
    twice = await house.decide(asked, other.envelope(forged), version=2)
    assert isinstance(twice, Refusal)
    assert house.scene.state(1) is State.PENDING


async def test_one_envelope_in_a_race_with_itself_counts_once(house: House) -> None:
    asked = await house.ask(quorum=2)
    ready = await house.prepare(asked)
    envelope = ANA.envelope(ready.payload)
    said = [house.decide(asked, envelope, version=version) for version in (1, None, 1, None)]
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert sum(isinstance(each, Request) for each in outcomes) == 1
    stored = house.gate.store.read(lambda view: view.request_numbered(1))
    assert stored is not None
    assert (len(stored.decisions), stored.state) == (1, State.PENDING)


async def test_somebody_elses_signature_beside_is_not_taken_along(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    both = Envelope(ready.payload, (ANA.signature(ready.payload), BEN.signature(ready.payload)))
    refused = await house.decide(asked, envelope_bytes(both))
    assert isinstance(refused, Refusal)
    assert "none of theirs" in refused.message


async def test_the_asker_signs_in_vain(house: House) -> None:
    asked = await house.ask(asker="ana", separate=True)
    assert isinstance(await statement_of_request(house.gate, 1, word("ana")), Refusal)
    ready = await house.prepare(await house.ask(), "ana")
    forged = changed(ready.payload, request="REQ-1", asker="ana", separate=True)
    refused = await house.decide(asked, ANA.envelope(forged))
    assert isinstance(refused, Refusal)
    assert house.scene.state(1) is State.PENDING


async def test_a_signature_beside_that_of_the_server_counts_alone(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    proof = house.gate.proof
    assert proof is not None
    both = (ANA.signature(ready.payload), proof.server.sign(ready.payload))
    decided = await house.decide(asked, envelope_bytes(Envelope(ready.payload, both)))
    assert isinstance(decided, Request)
    kept = house.gate.store.read(lambda view: view.envelope(ready.digest))
    assert kept is not None
    assert [each.kind for each in read_envelope(kept).signatures] == [SignatureKind.SSHSIG]


# What nobody signed


async def test_the_server_says_what_nobody_signed(house: House) -> None:
    asked = await house.ask()
    decided = await house.decide(asked, None, by="plain", confirm="REQ-1")
    assert isinstance(decided, Request), decided
    [said] = decided.decisions
    assert (said.envelope, said.factor) == ("", Factor.NONE)
    body = house.body(asked)
    assert body["signed_by"] == "server"
    kept = house.gate.store.read(lambda view: view.envelope(body["statement"]))
    assert kept is not None
    envelope = read_envelope(kept)
    assert [each.kind for each in envelope.signatures] == [SignatureKind.SERVER]
    assert house.gate.proof is not None
    proof = house.gate.proof
    assert said_by_server(proof.signatures, envelope, [proof.server.public])
    assert not said_by_server(proof.signatures, envelope, [])
    assert read_statement(envelope.payload).predicate["by"] == "plain"


async def test_a_rejection_is_attested_too(house: House) -> None:
    asked = await house.ask()
    await house.decide(asked, None, verdict=Verdict.REJECT, reason="no")
    [kept] = house.gate.store.read(lambda view: view.envelopes("request/1"))
    predicate = read_statement(read_envelope(kept).payload).predicate
    assert (predicate["decision"], predicate["reason"]) == ("reject", "no")


# Making statements


async def test_whoever_has_no_key_signs_nothing(house: House) -> None:
    asked = await house.ask()
    with pytest.raises(UsageError, match="nothing to sign with"):
        await statement_of_request(house.gate, asked.number, word("plain"))
    with pytest.raises(UsageError, match="nobody who may decide"):
        await statement_of_request(house.gate, asked.number, word("nobody"))


async def test_nothing_is_prepared_that_would_not_be_taken(house: House) -> None:
    asked = await house.ask(reviewers=("ben",))
    found = await statement_of_request(house.gate, asked.number, word("ana"))
    assert isinstance(found, Refusal)
    rejects = word("ben", verdict=Verdict.REJECT)
    assert isinstance(await statement_of_request(house.gate, asked.number, rejects), Refusal)


async def test_a_statement_names_the_head_of_the_log(house: House) -> None:
    head = "a" * 40
    proof = house.gate.proof
    assert proof is not None
    house.gate = replace(house.gate, proof=replace(proof, log_head=lambda place: head))
    asked = await house.ask()
    ready = await house.prepare(asked)
    assert read_statement(ready.payload).predicate["seenLogHead"] == head
    decided = await house.decide(asked, ANA.envelope(ready.payload))
    assert isinstance(decided, Request)
