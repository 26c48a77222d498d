"""Whoever writes the ledger anew cannot sign it anew: every difference is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.identity.server_key import ServerKeyFile
from assent.app.proof.verify_statements import check_statements
from assent.app.verify_ledger import verify_ledger
from assent.core.approvals import Request, Verdict
from assent.core.people.model import Person
from assent.core.proof.keys import ServerPublicKey
from tests.app.conftest import Scene
from tests.app.proof.signing_house import ANA, House, changed, make_house
from tests.signing import SshSigner, person


@pytest.fixture
async def house(scene: Scene, tmp_path: Path) -> House:
    """With a decision that Ana signed, and one that the server says."""
    made = await make_house(scene, tmp_path)
    signed, said = await made.ask(), await made.ask()
    ready = await made.prepare(signed)
    assert isinstance(await made.decide(signed, ANA.envelope(ready.payload)), Request)
    rejected = await made.decide(said, None, by="plain", verdict=Verdict.REJECT, reason="no")
    assert isinstance(rejected, Request)
    return made


def found(house: House, server: ServerPublicKey | None = None) -> list[str]:
    proof = house.gate.proof
    assert proof is not None
    key = server or proof.server.public
    return [
        broken.what
        for broken in house.gate.store.read(
            lambda view: list(check_statements(view, signatures=proof.signatures, server=key))
        )
    ]


async def rewrite(house: House, number: int, **fields: object) -> None:
    """Record a decision again, with other words: its chain holds, for it is written anew."""
    stream = f"request/{number}"
    [entry] = house.gate.store.read(lambda view: list(view.entries(stream=stream, limit=1)))
    told = house.body(house_request(house, number))
    kept = {name: each for name, each in {**told, **fields}.items() if name not in ("kind", "at")}

    def work(tx: Any) -> None:
        tx.append(entry.stream, "decided", at=9, fields=kept)

    await house.gate.store.write(work, durable=True)


def house_request(house: House, number: int) -> Request:
    request = house.gate.store.read(lambda view: view.request_numbered(number))
    assert request is not None
    return request


async def test_what_was_decided_is_what_was_signed(house: House) -> None:
    assert found(house) == []


@pytest.mark.parametrize(
    ("number", "fields", "what"),
    [
        pytest.param(1, {"by": "ben"}, "otherwise than its signed statement: by", id="by"),
        pytest.param(2, {"by": "ben"}, "otherwise than its signed statement: by", id="by-server"),
        pytest.param(2, {"verdict": "approve"}, "signed statement: verdict", id="verdict"),
        pytest.param(2, {"reason": "yes"}, "signed statement: reason", id="reason"),
        pytest.param(1, {"in_name_of": "eva"}, "signed statement: in_name_of", id="name"),
        pytest.param(1, {"version": 4}, "signed statement: version", id="version"),
        pytest.param(1, {"policy": "sha256:0"}, "signed statement: policy", id="policy"),
        pytest.param(1, {"request": 2}, "about another request", id="request"),
        pytest.param(1, {"statement": "sha256:" + "0" * 64}, "is gone", id="gone"),
        pytest.param(1, {"statement": None}, "has no signed statement", id="none"),
    ],
)
async def test_an_entry_that_was_written_anew(
    house: House, number: int, fields: dict[str, Any], what: str
) -> None:
    await rewrite(house, number, **fields)
    assert house.gate.store.read(verify_ledger).breaks == ()
    assert [each for each in found(house) if what in each]


async def test_a_statement_of_another_server(house: House, tmp_path: Path) -> None:
    other = ServerKeyFile(tmp_path / "other.key").public
    assert found(house, other) == ["its statement is not signed by this server"]


async def test_a_tail_that_was_dropped(house: House) -> None:
    asked = await house.ask()
    ready = await house.prepare(asked)
    seen = changed(ready.payload, seenCheckpoint="sha256:" + "f" * 64)
    assert isinstance(await house.decide(asked, ANA.envelope(seen)), Request)
    assert found(house) == ["its signer had seen a checkpoint that is gone: a tail was dropped"]


def replaced(make: Callable[[bytes], bytes]) -> Callable[[Any], None]:
    def work(tx: Any) -> None:
        [entry] = list(tx.entries(stream="request/1", limit=1))
        known = tx._state.envelopes
        [digest] = [name for name, (about, _, _) in known.items() if about == entry.stream]
        about, at, body = known[digest]
        known[digest] = (about, at, make(body))

    return work


@pytest.mark.parametrize(
    ("make", "what"),
    [
        pytest.param(lambda body: b"{}", "cannot be read", id="unreadable"),
        pytest.param(lambda body: body.replace(b'"sig":"U1', b'"sig":"V1'), "fit", id="signature"),
    ],
)
async def test_an_envelope_that_was_changed(
    house: House, make: Callable[[bytes], bytes], what: str
) -> None:
    await house.gate.store.write(replaced(make), durable=True)
    [fault] = found(house)
    assert what in fault


async def test_a_key_that_was_never_theirs(house: House) -> None:
    mallory = SshSigner()
    asked = await house.ask()
    ready = await house.prepare(asked)
    forged = mallory.envelope(ready.payload)

    def work(tx: Any) -> None:
        tx.add_envelope(ready.digest, forged, about="request/3", at=1)
        fields = {"request": 3, "by": "ana", "verdict": "approve", "version": 1}
        told = {**fields, "policy": asked.policy, "statement": ready.digest}
        tx.append("request/3", "decided", at=1, fields=told)

    await house.gate.store.write(work, durable=True)
    assert found(house) == ["its statement is signed with a key that was never theirs"]


async def test_a_key_that_was_removed_since_still_said_it(house: House) -> None:
    after: Person = person("ana", SshSigner(), version=2)
    await house.save(after)
    assert found(house) == []
