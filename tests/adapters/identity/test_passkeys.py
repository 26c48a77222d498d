"""The ceremonies: what browsers are asked, and which of their answers are right."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.identity.passkeys import WebauthnCeremonies, handle_of
from assent.app.people.passkeys import Party, Registered
from assent.core.people.model import Passkey, Person
from assent.core.proof.webauthn import from_base64url, to_base64url
from assent.errors import UsageError
from tests.passkey_device import Device

HERE = Party("localhost", "http://localhost:7422")
ANA = Person("ana", added_at=0, added_by="daemon", full_name="Ana Ortiz")
CHALLENGE = bytes(range(32))
OPTIONS = {"challenge": to_base64url(CHALLENGE)}
CEREMONIES = WebauthnCeremonies()
REQUIRED = UserVerificationRequirement.REQUIRED


def passkey_of(device: Device) -> Passkey:
    made = CEREMONIES.registered(device.register(OPTIONS), HERE, CHALLENGE)
    return Passkey(made.id, made.public_key, "test", added_at=0, sign_count=made.sign_count)


def test_the_library_is_there_only_when_a_passkey_is_used() -> None:
    code = (
        "import sys, assent.entrypoints.daemon; "
        "print(*sorted({'webauthn', 'cryptography', 'apprise'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_challenges_are_long_and_never_the_same() -> None:
    made = {CEREMONIES.challenge() for _ in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {32}


def test_a_browser_is_asked_for_a_passkey_that_checks_the_person() -> None:
    known = passkey_of(Device())
    person = Person("ana", added_at=0, added_by="daemon", passkeys=(known,))
    asked: Mapping[str, Any] = CEREMONIES.to_register(HERE, person, CHALLENGE)
    assert asked["rp"]["id"] == "localhost"
    assert from_base64url(asked["challenge"]) == CHALLENGE
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "preferred"
    assert [each["id"] for each in asked["excludeCredentials"]] == [known.id]
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == [-7, -8, -257]
    assert from_base64url(asked["user"]["id"]) == handle_of(person)
    assert asked["attestation"] == "none"
    json.dumps(asked)


def test_the_account_is_the_same_for_all_passkeys_of_a_person_and_says_nothing_of_them() -> None:
    assert handle_of(ANA) == handle_of(Person("ana", added_at=9, added_by="x"))
    assert handle_of(ANA) != handle_of(Person("ben", added_at=0, added_by="daemon"))
    assert b"ana" not in handle_of(ANA)


def test_a_login_asks_for_any_passkey_and_for_the_person() -> None:
    asked: Mapping[str, Any] = CEREMONIES.to_use(HERE, CHALLENGE)
    assert asked["rpId"] == "localhost"
    assert asked["userVerification"] == "required"
    assert asked["allowCredentials"] == []


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_right_registration_gives_the_key(algorithm: str) -> None:
    device = Device(algorithm=algorithm)
    answer = device.register(OPTIONS)
    assert CEREMONIES.challenge_in(answer) == CHALLENGE
    made = CEREMONIES.registered(answer, HERE, CHALLENGE)
    assert made == Registered(device.id, to_base64url(device.signer.cose_key), 1)


WRONG = [
    pytest.param({"flags": 0x01}, {}, "did not check who", id="person-not-verified"),
    pytest.param({"flags": 0x04}, {}, "is not right", id="nobody-there"),
    pytest.param({"origin": "http://localhost:9"}, {}, "another page", id="other-port"),
    pytest.param({"origin": "https://localhost:7422"}, {}, "another page", id="other-scheme"),
    pytest.param({"origin": "http://127.0.0.1:7422"}, {}, "another page", id="by-number"),
    pytest.param({"origin": "https://evil.example"}, {}, "another page", id="foreign-page"),
    pytest.param({"rp_id": "evil.example"}, {}, "another address", id="foreign-party"),
    pytest.param({}, {"challenge": "AAAA"}, "another question", id="other-challenge"),
    pytest.param({}, {"type": "payment.get"}, "is not right", id="other-purpose"),
]


@pytest.mark.parametrize(("device", "client", "why"), WRONG)
def test_a_wrong_registration(device: dict[str, Any], client: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        CEREMONIES.registered(Device(**device).register(OPTIONS, **client), HERE, CHALLENGE)


@pytest.mark.parametrize(("device", "client", "why"), WRONG)
def test_a_wrong_login(device: dict[str, Any], client: dict[str, str], why: str) -> None:
    mine = Device()
    passkey = passkey_of(mine)
    for name, value in device.items():
        setattr(mine, name, value)
    with pytest.raises(UsageError, match=why):
        CEREMONIES.used(mine.use(OPTIONS, **client), HERE, CHALLENGE, passkey=passkey)


def test_a_right_login_tells_the_count() -> None:
    device = Device(count=6)
    passkey = passkey_of(device)
    answer = device.use(OPTIONS)
    assert CEREMONIES.credential_in(answer) == passkey.id
    assert CEREMONIES.used(answer, HERE, CHALLENGE, passkey=passkey) == 7


def test_another_device_with_the_same_name_is_not_that_passkey() -> None:
    device = Device()
    passkey = passkey_of(device)
    other = Device(credential=device.credential)
    with pytest.raises(UsageError, match="signature is not"):
        CEREMONIES.used(other.use(OPTIONS), HERE, CHALLENGE, passkey=passkey)


def test_another_passkey_is_not_that_passkey() -> None:
    mine, other = Device(), Device()
    passkey = passkey_of(mine)
    answer = json.loads(mine.use(OPTIONS))
    answer |= {"id": other.id, "rawId": other.id}
    with pytest.raises(UsageError):
        CEREMONIES.used(json.dumps(answer), HERE, CHALLENGE, passkey=passkey)


def test_a_passkey_of_another_address_says_so() -> None:
    device = Device()
    there = Party("assent.example.com", "https://assent.example.com")
    with pytest.raises(UsageError, match=r"belongs to localhost, not to assent\.example\.com"):
        CEREMONIES.used(device.use(OPTIONS), there, CHALLENGE, passkey=passkey_of(device))


@given(st.one_of(st.text(), st.dictionaries(st.text(), st.text()).map(json.dumps)))
def test_what_is_no_answer_is_refused(answer: str) -> None:
    passkey = Passkey("AAAA", "AAAA", "test", added_at=0)
    for read in (
        lambda: CEREMONIES.challenge_in(answer),
        lambda: CEREMONIES.registered(answer, HERE, CHALLENGE),
        lambda: CEREMONIES.used(answer, HERE, CHALLENGE, passkey=passkey),
    ):
        with pytest.raises(UsageError):
            read()


@given(
    name=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
    place=st.integers(0, 10_000),
    flip=st.integers(1, 255),
)
def test_a_login_with_one_byte_changed_is_refused(name: str, place: int, flip: int) -> None:
    device = Device()
    passkey = passkey_of(device)
    answer = json.loads(device.use(OPTIONS))
    raw = bytearray(from_base64url(answer["response"][name]))
    raw[place % len(raw)] ^= flip
    answer["response"][name] = to_base64url(bytes(raw))
    with pytest.raises(UsageError):
        CEREMONIES.used(json.dumps(answer), HERE, CHALLENGE, passkey=passkey)


def test_what_is_refused_is_not_repeated() -> None:
    answer = Device().register(OPTIONS, secret_word="abracadabra", challenge="AAAA")
    with pytest.raises(UsageError) as refused:
        CEREMONIES.registered(answer, HERE, CHALLENGE)
    assert "abracadabra" not in str(refused.value)


def test_an_independent_library_takes_the_same_login() -> None:
    device = Device()
    passkey = passkey_of(device)
    answer = json.loads(device.use(OPTIONS))["response"]
    party = PublicKeyCredentialRpEntity(id="localhost", name="Assent")
    server = Fido2Server(party, verify_origin=lambda origin: origin == HERE.origin)
    mine = AttestedCredentialData.create(
        bytes(16), device.credential, _cose(from_base64url(passkey.public_key))
    )
    _, state = server.authenticate_begin([mine], challenge=CHALLENGE, user_verification=REQUIRED)
    taken = server.authenticate_complete(
        state,
        [mine],
        {
            "id": device.id,
            "rawId": device.id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {**answer},
        },
    )
    assert taken.credential_id == device.credential
    assert AuthenticatorData(from_base64url(answer["authenticatorData"])).is_user_verified()
    assert CollectedClientData(from_base64url(answer["clientDataJSON"])).origin == HERE.origin


def _cose(key: bytes) -> Any:

    fields: Any = cbor.decode(key)
    return CoseKey.parse(fields)
