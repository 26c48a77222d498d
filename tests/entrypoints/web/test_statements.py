"""Statements to sign, by the API: what a browser or a script is given, and what it may bring."""

import base64
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import httpx2
import pytest

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.app.proof.ports import ProofPorts
from assent.core.canonical import digest_of
from assent.core.proof.dsse import NAMESPACE, challenge_of
from assent.core.proof.webauthn import to_base64url
from assent.core.risk.factors import RiskClass
from tests.entrypoints.web.conftest import OURS
from tests.entrypoints.web.desk import Desk
from tests.signing import PasskeySigner, SshSigner, person

ANA, BEN = PasskeySigner(), SshSigner()


@dataclass
class SigningDesk(Desk):
    key: Path = Path()

    @property
    def gate(self) -> Gatehouse:
        return replace(super().gate, proof=self.proof)

    @cached_property
    def proof(self) -> ProofPorts:
        return ProofPorts(CheckedSignatures(), ServerKeyFile(self.key))


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    made = SigningDesk(key=tmp_path / "server.key")

    def people(tx: Tx) -> None:
        for each in (person("ana", ANA, roles=("admin",)), person("ben", BEN)):
            known = tx.person(each.name)
            tx.save_person(replace(each, version=1 if known is None else known.version + 1))

    await made.store.write(people, durable=True)
    return made


async def test_what_a_signer_is_given(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.MEDIUM)
    answer = await cli.post("/api/requests/REQ-1/statement", json={"verdict": "approve"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    payload = base64.b64decode(found["payload"])
    assert found == {
        "by": "ana",
        "payload": found["payload"],
        "digest": digest_of(payload),
        "challenge": to_base64url(challenge_of(payload)),
        "namespace": NAMESPACE,
        "passkeys": [{"id": ANA.passkey.id, "rp_id": "localhost"}],
        "keys": [],
    }
    assert json.loads(payload)["predicate"]["decision"] == "approve"


async def test_a_browser_brings_what_its_person_signed(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.IRREVERSIBLE)
    fields = {"version": 1, "reason": "checked", "keep": False}
    asked = await ana.post(
        "/api/requests/1/statement", json={**fields, "verdict": "approve"}, headers=OURS
    )
    assert asked.status_code == 200, asked.text
    envelope = ANA.envelope(base64.b64decode(asked.json()["payload"])).decode()
    form = {"verdict": "approve", "version": 1, "reason": "checked", "envelope": envelope}
    answer = await ana.post("/requests/1/decision", data=form, headers=OURS)
    assert answer.status_code == 303, answer.text
    record = (await ana.get("/api/requests/1")).json()
    assert (record["state"], record["approved_by"]) == ("approved", ["ana"])


async def test_a_changed_word_is_refused(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.MEDIUM)
    fields = {"version": 1, "reason": "checked"}
    asked = await cli.post("/api/requests/1/statement", json={**fields, "verdict": "approve"})
    envelope = ANA.envelope(base64.b64decode(asked.json()["payload"])).decode()
    said = {**fields, "reason": "checked twice", "envelope": envelope}
    answer = await cli.post("/api/requests/1/approve", json=said)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "not-proven"
    assert "reason" in answer.json()["error"]["message"]


async def test_a_terminal_prepares_for_another_person(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.MEDIUM)
    body = {"verdict": "approve", "by": "ben"}
    found = (await cli.post("/api/requests/1/statement", json=body)).json()
    assert (found["by"], found["passkeys"]) == ("ben", [])
    assert [each["fingerprint"] for each in found["keys"]] == [BEN.key.fingerprint]


async def test_a_browser_prepares_only_for_its_person(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.MEDIUM)
    body = {"verdict": "approve", "by": "ben"}
    answer = await ana.post("/api/requests/1/statement", json=body, headers=OURS)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        pytest.param("1", {}, 422, id="no-verdict"),
        pytest.param("1", {"verdict": "bless"}, 422, id="unknown-verdict"),
        pytest.param("1", {"verdict": "approve", "extra": 1}, 422, id="unknown-field"),
        pytest.param("1", {"verdict": "reject"}, 409, id="no-reason"),
        pytest.param("1", {"verdict": "approve", "version": 9}, 409, id="other-version"),
        pytest.param("1", {"verdict": "approve", "by": "zoe"}, 400, id="nobody"),
        pytest.param("7", {"verdict": "approve"}, 404, id="no-such-request"),
    ],
)
async def test_what_cannot_be_prepared(
    desk: Desk, cli: httpx2.AsyncClient, name: str, body: dict[str, object], status: int
) -> None:
    await desk.command(risk=RiskClass.MEDIUM)
    answer = await cli.post(f"/api/requests/{name}/statement", json=body)
    assert answer.status_code == status, answer.text


async def test_strangers_prepare_nothing(desk: Desk, stranger: httpx2.AsyncClient) -> None:
    await desk.command()
    answer = await stranger.post("/api/requests/1/statement", json={"verdict": "approve"})
    assert answer.status_code in (401, 403)


async def test_a_statement_can_be_read_again(desk: Desk, cli: httpx2.AsyncClient) -> None:
    await desk.command(risk=RiskClass.MEDIUM)
    prepared = (await cli.post("/api/requests/1/statement", json={"verdict": "approve"})).json()
    envelope = ANA.envelope(base64.b64decode(prepared["payload"])).decode()
    decided = (await cli.post("/api/requests/1/approve", json={"envelope": envelope})).json()
    digest = decided["decisions"][0]["envelope"]
    assert digest == prepared["digest"]
    answer = await cli.get(f"/api/statements/{digest}")
    assert answer.json() == json.loads(envelope)
    assert (await cli.get("/api/statements/sha256:0")).status_code == 404
