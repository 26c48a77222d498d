"""A signed change of people says exactly what is done, once, for the person whose key signed it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.gatehouse import Gatehouse
from assent.app.people.accounts import Edit, change_person
from assent.app.people.rules import Speaker
from assent.app.people.signed import Wish, heard, to_be_signed
from assent.app.proof.ports import ProofPorts
from assent.core.canonical import Json
from assent.core.people.model import Factor
from assent.core.proof.dsse import read_envelope
from assent.errors import ConflictError, ForbiddenError, UsageError
from tests.app.conftest import Scene
from tests.app.failing_store import FailingStore
from tests.app.people.people_scene import ANA, BEN, TERMINAL, by
from tests.signing import SshSigner

ANAS, BENS = SshSigner("sk-ssh-ed25519@openssh.com"), SshSigner()
ROLES: Mapping[str, Json] = {"roles": ["ops"]}
WISH = Wish("change", "ben", ROLES)
MINUTE = 60_000


@pytest.fixture
def scene() -> Scene:
    people = [replace(ANA, keys=(ANAS.key,)), replace(BEN, keys=(BENS.key,))]
    return Scene(store=FailingStore(people))


@pytest.fixture
def gate(scene: Scene, tmp_path: Path) -> Gatehouse:
    proof = ProofPorts(CheckedSignatures(), ServerKeyFile(tmp_path / "server_key"))
    return replace(scene.gate, proof=proof)


async def signed(
    gate: Gatehouse, signer: SshSigner, wish: Wish = WISH, who: Speaker = TERMINAL
) -> bytes:
    return signer.envelope((await to_be_signed(gate, wish, who)).payload)


async def test_who_signed_may_do_it(gate: Gatehouse) -> None:
    spoken = await heard(gate, WISH, TERMINAL, await signed(gate, ANAS))
    assert spoken == Speaker("ana", "cli", Factor.TOUCH)
    made = await change_person(gate, "ben", Edit(roles=("ops",)), spoken)
    assert made.roles == ("ops",)


async def test_by_another_s_key_the_other_speaks(gate: Gatehouse) -> None:
    envelope = await signed(gate, BENS, who=by("ben", via="cli"))
    spoken = await heard(gate, WISH, TERMINAL, envelope)
    assert spoken == Speaker("ben", "cli", Factor.KEY)
    with pytest.raises(ForbiddenError, match="administrators"):
        await change_person(gate, "ben", Edit(roles=("ops",)), spoken)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(WISH, person="ana"), id="another-person"),
        pytest.param(replace(WISH, what="disable"), id="another-act"),
        pytest.param(replace(WISH, fields={"roles": ["admin"]}), id="another-role"),
        pytest.param(replace(WISH, fields={}), id="less"),
    ],
)
async def test_it_says_exactly_what_is_done(gate: Gatehouse, other: Wish) -> None:
    with pytest.raises(ForbiddenError, match="Nothing was changed"):
        await heard(gate, other, TERMINAL, await signed(gate, ANAS))


async def test_it_is_used_once(gate: Gatehouse) -> None:
    envelope = await signed(gate, ANAS)
    await heard(gate, WISH, TERMINAL, envelope)
    with pytest.raises(ConflictError):
        await heard(gate, WISH, TERMINAL, envelope)


async def test_it_is_fresh(gate: Gatehouse, scene: Scene) -> None:
    envelope = await signed(gate, ANAS)
    scene.clock.advance(11 * MINUTE)
    with pytest.raises(ForbiddenError, match="older than ten minutes"):
        await heard(gate, WISH, TERMINAL, envelope)


async def test_only_a_registered_key_of_an_active_person_counts(
    gate: Gatehouse, scene: Scene
) -> None:
    with pytest.raises(ForbiddenError):
        await heard(gate, WISH, TERMINAL, await signed(gate, SshSigner()))
    # Ana's statement by Ben's key.
    with pytest.raises(ForbiddenError):
        await heard(gate, WISH, TERMINAL, await signed(gate, BENS))
    envelope = await signed(gate, ANAS)
    gone = replace(ANA, keys=(ANAS.key,), active=False, version=2)
    await scene.store.write(lambda tx: tx.save_person(gone), durable=True)
    with pytest.raises(ForbiddenError):
        await heard(gate, WISH, TERMINAL, envelope)


async def test_a_browser_brings_nobody_else_s_word(gate: Gatehouse) -> None:
    envelope = await signed(gate, ANAS)
    for who in (by("ben"), by("ana")):
        with pytest.raises(ForbiddenError):
            await heard(gate, WISH, who, envelope)


@pytest.mark.parametrize("envelope", [b"", b"{}", b"\xff", b'{"payload": 1}'])
async def test_what_is_no_envelope_is_refused(gate: Gatehouse, envelope: bytes) -> None:
    with pytest.raises(ForbiddenError, match="Nothing was changed"):
        await heard(gate, WISH, TERMINAL, envelope)


async def test_a_changed_byte_counts_for_nothing(gate: Gatehouse) -> None:
    envelope = await signed(gate, ANAS)
    payload = read_envelope(envelope).payload
    forged = ANAS.envelope(payload.replace(b'"ops"', b'"dev"'))
    with pytest.raises(ForbiddenError):
        await heard(gate, WISH, TERMINAL, forged)


async def test_who_has_nothing_to_sign_with_is_told(gate: Gatehouse, scene: Scene) -> None:
    await scene.store.write(
        lambda tx: tx.save_person(replace(BEN, name="eve", email="", aliases=())), durable=True
    )
    with pytest.raises(UsageError, match="nothing to sign with"):
        await to_be_signed(gate, WISH, by("eve", via="cli"))
