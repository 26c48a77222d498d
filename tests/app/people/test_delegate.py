"""Letting somebody decide in one's name: limits, who may, signatures, and what the giver sees."""

from dataclasses import replace
from typing import Any

import pytest

from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.app.people.delegate import (
    Hand,
    decided_in_name,
    delegate,
    revoke,
    statement_of_delegation,
)
from assent.app.people.rules import Speaker
from assent.app.ports import Sending, Tx
from assent.app.proof.ports import ProofPorts
from assent.core.approvals import Cause, Refusal, Request, State, Verdict
from assent.core.people.model import Channel, Delegation, Factor, Person, SshKey
from assent.core.policy.model import DAY_MS, Handing
from assent.core.risk.factors import RiskClass
from assent.errors import AssentError, ConflictError, ForbiddenError, NotFoundError, UsageError
from tests.app.conftest import Scene
from tests.app.failing_store import FailingStore
from tests.app.test_ladders import House
from tests.app.world import BUILT_IN, StillPolicies
from tests.signing import SshSigner

ANA = Speaker("ana", "cli")
HOUR = 3_600_000


def person(name: str, **more: Any) -> Person:
    return Person(name, added_at=0, added_by="ana", **more)


def house(*people: Person, handing: Handing | None = None) -> House:
    channel = Channel("c", "json://localhost/", "a hook", added_at=0)
    known = people or (person("ana", channels=(channel,)), person("ben"), person("cleo"))
    made = House(store=FailingStore(known))
    if handing is not None:
        made.policies = StillPolicies(replace(BUILT_IN, handing=handing))
    return made


def hand(scene: Scene, **more: Any) -> Hand:
    return Hand(**{"taker": "ben", "until": scene.clock.now() + 2 * DAY_MS, **more})


def open_delegations(scene: Scene) -> list[Delegation]:
    return list(scene.store.read(lambda view: view.delegations(now=scene.clock.now())))


async def test_the_taker_decides_in_the_giver_s_place_and_the_giver_sees_it() -> None:
    scene = house()
    made = await delegate(scene.gate, hand(scene, reason="away"), ANA)
    assert (made.giver, made.taker, made.factor, made.envelope) == ("ana", "ben", Factor.NONE, "")
    await scene.ask(reviewers=("ana",))
    decided = await decide_request(
        scene.gate, 1, Word(verdict=Verdict.APPROVE, by="ben", via="cli")
    )
    assert isinstance(decided, Request)
    assert decided.state is State.APPROVED
    [seen] = scene.store.read(lambda view: decided_in_name(view, "ana"))
    assert (seen.request.name, seen.decision.by) == ("REQ-1", "ben")
    assert scene.store.read(lambda view: decided_in_name(view, "ben")) == ()
    assert scene.told("in-name") == ["ana"]


async def test_it_is_recorded_when_it_is_given_and_when_it_ends() -> None:
    scene = house()
    made = await delegate(scene.gate, hand(scene), ANA)
    await revoke(scene.gate, made.id, Speaker("ben", "web"))
    bodies = [
        entry.body.decode() for entry in scene.store.read(lambda view: list(view.chain("people")))
    ]
    assert '"delegated"' in bodies[0]
    assert '"signed_by":"server"' in bodies[0]
    assert '"delegation-revoked"' in bodies[1]
    assert '"by":"ben"' in bodies[1]
    assert open_delegations(scene) == []


@pytest.mark.parametrize(
    ("more", "error", "why"),
    [
        pytest.param({"taker": "ana"}, UsageError, "themselves", id="to-oneself"),
        pytest.param({"taker": "zoe"}, NotFoundError, "no zoe", id="to-nobody"),
        pytest.param({"taker": "old"}, ConflictError, "disabled", id="to-a-disabled-person"),
        pytest.param({"until": 0}, UsageError, "still to come", id="over-already"),
        pytest.param({"until": 15 * DAY_MS}, ForbiddenError, "at most 14 days", id="too-long"),
        pytest.param(
            {"worst": RiskClass.IRREVERSIBLE}, ForbiddenError, "only up to high", id="too-grave"
        ),
        pytest.param({"paths": ("/etc/**",)}, UsageError, "no path inside", id="outside"),
        pytest.param({"paths": ("a/../../b",)}, UsageError, "no path inside", id="upwards"),
        pytest.param({"workspace": "shop"}, UsageError, "whole path", id="relative-workspace"),
    ],
)
async def test_what_cannot_be_given(
    more: dict[str, Any], error: type[AssentError], why: str
) -> None:
    scene = house(person("ana"), person("ben"), person("old", active=False))
    with pytest.raises(error, match=why):
        await delegate(scene.gate, hand(scene, **more), ANA)
    assert open_delegations(scene) == []


@pytest.mark.parametrize(
    ("handing", "more", "why"),
    [
        pytest.param(Handing(allowed=False), {}, "lets nobody", id="not-at-all"),
        pytest.param(Handing(longest_ms=DAY_MS), {}, "at most 1 days", id="shorter"),
        pytest.param(Handing(worst=RiskClass.LOW), {}, "only up to low", id="less-grave"),
    ],
)
async def test_a_workspace_s_policy_may_be_stricter(
    handing: Handing, more: dict[str, Any], why: str
) -> None:
    scene = house(handing=handing)
    with pytest.raises(ForbiddenError, match=why):
        await delegate(scene.gate, hand(scene, workspace="/w", **more), ANA)
    # Given for everywhere, it still reaches only as far as the policy of the place lets it.
    await delegate(scene.gate, hand(scene), ANA)
    await scene.ask(reviewers=("ana",), expires_at=scene.clock.now() + 9 * DAY_MS)
    scene.clock.advance(min(handing.longest_ms, HOUR * 25))
    word = Word(verdict=Verdict.APPROVE, by="ben", via="cli")
    refused = await decide_request(scene.gate, 1, word)
    assert isinstance(refused, Refusal)


@pytest.mark.parametrize(
    "until",
    [pytest.param(HOUR, id="before"), pytest.param(3 * DAY_MS, id="after-its-end")],
)
async def test_it_holds_for_its_time_only(until: int) -> None:
    scene = house()
    made = await delegate(scene.gate, hand(scene), ANA)
    await scene.ask(reviewers=("ana",), expires_at=scene.clock.now() + 9 * DAY_MS)
    scene.clock.advance(until)
    word = Word(verdict=Verdict.APPROVE, by="ben", via="cli")
    outcome = await decide_request(scene.gate, 1, word)
    assert isinstance(outcome, Request) == (scene.clock.now() < made.until)


async def test_after_it_was_ended_it_is_nobody_s_word() -> None:
    scene = house()
    made = await delegate(scene.gate, hand(scene), ANA)
    await revoke(scene.gate, made.id, ANA)
    await scene.ask(reviewers=("ana",))
    refused = await decide_request(
        scene.gate, 1, Word(verdict=Verdict.APPROVE, by="ben", via="cli")
    )
    assert isinstance(refused, Refusal)
    with pytest.raises(ConflictError, match="over already"):
        await revoke(scene.gate, made.id, ANA)


async def test_it_is_not_passed_on() -> None:
    scene = house()
    await delegate(scene.gate, hand(scene), ANA)
    await delegate(scene.gate, hand(scene, taker="cleo"), Speaker("ben", "cli"))
    await scene.ask(reviewers=("ana",))
    for name in ("", "ana", "ben"):
        word = Word(verdict=Verdict.APPROVE, by="cleo", via="cli", in_name_of=name)
        assert isinstance(await decide_request(scene.gate, 1, word), Refusal)


async def test_a_circle_of_delegations_makes_one_voice_of_two_people() -> None:
    scene = house()
    await delegate(scene.gate, hand(scene), ANA)
    await delegate(scene.gate, hand(scene, taker="ana"), Speaker("ben", "cli"))
    await scene.ask(reviewers=("ana", "ben"), quorum=2)
    first = await decide_request(scene.gate, 1, Word(verdict=Verdict.APPROVE, by="ana", via="cli"))
    assert isinstance(first, Request)
    again = Word(verdict=Verdict.APPROVE, by="ana", via="cli", in_name_of="ben")
    await decide_request(scene.gate, 1, again)
    assert scene.state(1) is State.PENDING


async def test_whose_agent_asks_decides_in_nobody_s_name() -> None:
    scene = house()
    await delegate(scene.gate, hand(scene), ANA)
    await scene.ask(reviewers=("ana",), asker="ben", separate=True)
    refused = await decide_request(
        scene.gate, 1, Word(verdict=Verdict.APPROVE, by="ben", via="cli", in_name_of="ana")
    )
    assert isinstance(refused, Refusal)
    assert refused.cause is Cause.ASKED_IT


@pytest.mark.parametrize("by", ["cleo", "zoe"])
async def test_others_end_nobody_s_delegation(by: str) -> None:
    scene = house()
    made = await delegate(scene.gate, hand(scene), ANA)
    with pytest.raises(ForbiddenError):
        await revoke(scene.gate, made.id, Speaker(by, "cli"))
    assert open_delegations(scene) == [made]


async def test_an_administrator_ends_any() -> None:
    scene = house(person("ana"), person("ben"), person("cleo", roles=("admin",)))
    made = await delegate(scene.gate, hand(scene), ANA)
    await revoke(scene.gate, made.id, Speaker("cleo", "web"))
    assert open_delegations(scene) == []


# --- with a key ---------------------------------------------------------------------------------


class NoServerKey:
    """Nothing is said by the server here."""

    @property
    def public(self) -> Any:
        raise AssertionError

    def sign(self, payload: bytes) -> Any:
        raise AssertionError


@pytest.fixture
def signer() -> SshSigner:
    return SshSigner()


def signing_house(key: SshKey) -> tuple[House, Gatehouse]:
    scene = house(person("ana", keys=(key,)), person("ben"))
    proof = ProofPorts(CheckedSignatures(), NoServerKey())
    return scene, replace(scene.gate, proof=proof)


async def test_whoever_has_a_key_delegates_with_it(signer: SshSigner) -> None:
    scene, gate = signing_house(signer.key)
    with pytest.raises(ForbiddenError, match="passkey or a key"):
        await delegate(gate, hand(scene), ANA)
    wanted = hand(scene, paths=("src/**",), reason="away")
    prepared = await statement_of_delegation(gate, wanted, ANA)
    made = await delegate(gate, wanted, ANA, envelope=signer.envelope(prepared.payload))
    assert (made.factor, made.envelope) == (Factor.KEY, prepared.digest)
    assert scene.store.read(lambda view: view.envelope(prepared.digest)) is not None
    rows = scene.store.read(lambda view: view.outgoing_in(Sending.NEW, limit=9, kind="log"))
    assert rows == []


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"taker": "cleo"}, id="another-taker"),
        pytest.param({"worst": RiskClass.MEDIUM}, id="another-class"),
        pytest.param({"paths": ("src/**", "docs/**")}, id="more-paths"),
        pytest.param({"reason": "never"}, id="another-reason"),
    ],
)
async def test_what_is_signed_is_given_and_nothing_else(
    signer: SshSigner, more: dict[str, Any]
) -> None:
    scene, gate = signing_house(signer.key)
    await gate.store.write(lambda tx: _add(tx, "cleo"), durable=True)
    wanted = hand(scene, paths=("src/**",))
    prepared = await statement_of_delegation(gate, wanted, ANA)
    with pytest.raises(ForbiddenError, match=r"signed says otherwise|another action"):
        await delegate(
            gate, replace(wanted, **more), ANA, envelope=signer.envelope(prepared.payload)
        )
    assert open_delegations(scene) == []


async def test_a_signature_gives_once(signer: SshSigner) -> None:
    scene, gate = signing_house(signer.key)
    wanted = hand(scene)
    prepared = await statement_of_delegation(gate, wanted, ANA)
    envelope = signer.envelope(prepared.payload)
    made = await delegate(gate, wanted, ANA, envelope=envelope)
    await revoke(gate, made.id, Speaker("ana", "cli"))
    with pytest.raises(ConflictError):
        await delegate(gate, wanted, ANA, envelope=envelope)


def _add(tx: Tx, name: str) -> None:
    tx.save_person(person(name))
