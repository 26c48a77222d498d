"""Keys, signatures and assertions are read in one form, and anything else is a ValueError."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.canonical import Json
from assent.core.proof.decisions import in_words
from assent.core.proof.dsse import (
    Envelope,
    Signature,
    SignatureKind,
    challenge_of,
    envelope_bytes,
    pae,
    read_envelope,
)
from assent.core.proof.sshsig import (
    RsaKey,
    armored,
    read_public_key,
    read_signature,
    signature_from_armor,
)
from assent.core.proof.statement import read_statement
from assent.core.proof.webauthn import (
    from_base64url,
    is_origin_of,
    read_authenticator_data,
    read_client_data,
    read_cose_key,
    to_base64url,
)
from tests.signing import PasskeySigner, SshSigner, cose, number, text

KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
KEYS = {kind: SshSigner(kind, "rsa-sha2-512" if kind == "ssh-rsa" else "") for kind in KINDS}
READERS: dict[str, Callable[[bytes], object]] = {
    "public-key": read_public_key,
    "signature": read_signature,
    "client-data": read_client_data,
    "authenticator-data": read_authenticator_data,
    "cose-key": read_cose_key,
    "envelope": read_envelope,
    "statement": read_statement,
    "armor": lambda data: signature_from_armor(data.decode("latin-1")),
    "base64url": lambda data: from_base64url(data.decode("latin-1")),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@given(data=st.binary(max_size=200))
def test_anything_else_is_a_value_error(reader: Callable[[bytes], object], data: bytes) -> None:
    for given_data in (data, b"SSHSIG" + data, b"SSHSIG\0\0\0\1" + data, b"\xa5" + data):
        try:
            reader(given_data)
        except ValueError:
            continue


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["payload", "payloadType", "signatures", "type", "challenge", "_type"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_read_or_a_value_error(value: object) -> None:
    for reader in (read_envelope, read_client_data, read_statement):
        try:
            reader(json.dumps(value).encode())
        except ValueError:
            continue


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cut_off_or_goes_on_is_nothing(kind: str) -> None:
    signer = KEYS[kind]
    for whole, reader in (
        (signer.blob, read_public_key),
        (signer.sshsig(b"message"), read_signature),
    ):
        reader(whole)
        for cut in (whole[:-1], whole + b"\0", whole[: len(whole) // 2], b""):
            with pytest.raises(ValueError):  # noqa: PT011 - why depends on where it is cut
                reader(cut)


def test_a_number_is_written_in_one_way() -> None:
    key = KEYS["ssh-rsa"]
    assert isinstance(read_public_key(key.blob), RsaKey)
    assert text(b"ssh-rsa") + number(65537) in key.blob
    longer = key.blob.replace(number(65537), text(b"\0" + number(65537)[4:]))
    with pytest.raises(ValueError, match="another form"):
        read_public_key(longer)
    negative = key.blob.replace(number(65537), text(b"\xff"))
    with pytest.raises(ValueError, match="another form"):
        read_public_key(negative)


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(text(b"ssh-dss") + text(b"x"), id="dsa"),
        pytest.param(text(b"ssh-ed25519") + text(b"x" * 31), id="short"),
        pytest.param(
            text(b"ecdsa-sha2-nistp256") + text(b"nistp384") + text(b"\4" + b"x" * 96), id="curve"
        ),
        pytest.param(
            text(b"ecdsa-sha2-nistp256") + text(b"nistp256") + text(b"\2" + b"x" * 64), id="packed"
        ),
        pytest.param(b"\xff\xff\xff\xff" + b"x", id="endless"),
    ],
)
def test_what_is_no_key(blob: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own reason
        read_public_key(blob)


@given(st.binary(min_size=1, max_size=300))
def test_armor_comes_back(blob: bytes) -> None:
    assert signature_from_armor(armored(blob)) == blob


@given(st.binary(max_size=100))
def test_base64url_comes_back_in_one_form(data: bytes) -> None:
    written = to_base64url(data)
    assert from_base64url(written) == data
    with pytest.raises(ValueError, match="base64url"):
        from_base64url(written + "=")


def test_base64_has_one_form() -> None:
    made = json.loads(envelope_bytes(Envelope(b"a", ())))
    assert made["payload"] == "YQ=="
    with pytest.raises(ValueError, match="canonical"):
        read_envelope(json.dumps({**made, "payload": "YR=="}).encode())


@given(
    st.binary(max_size=100),
    st.lists(
        st.builds(
            Signature,
            st.sampled_from([SignatureKind.SSHSIG, SignatureKind.SERVER]),
            st.text(max_size=20),
            st.binary(max_size=100),
        )
    ),
)
def test_envelopes_come_back(payload: bytes, signatures: list[Signature]) -> None:
    made = Envelope(payload, tuple(signatures))
    assert read_envelope(envelope_bytes(made)) == made


def test_the_encoding_is_that_of_dsse() -> None:
    # The protocol's own example: secure-systems-lab/dsse, protocol.md.
    assert pae(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert len(challenge_of(b"x")) == 32


@pytest.mark.parametrize(
    ("origin", "rp_id", "is_ours"),
    [
        ("http://localhost", "localhost", True),
        ("http://localhost:7422", "localhost", True),
        ("https://localhost", "localhost", True),
        ("https://assent.example", "assent.example", True),
        ("https://assent.example:8443", "assent.example", True),
        ("http://assent.example", "assent.example", False),
        ("https://evil.assent.example", "assent.example", False),
        ("https://assent.example.evil", "assent.example", False),
        ("https://assent.example/", "assent.example", False),
        ("http://localhost:7422/x", "localhost", False),
        ("http://localhost:", "localhost", False),
        ("http://127.0.0.1:7422", "localhost", False),
        ("file://localhost", "localhost", False),
        ("localhost", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_origins(origin: str, rp_id: str, *, is_ours: bool) -> None:
    assert is_origin_of(origin, rp_id) is is_ours


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({1: 2, 3: -7, -1: 2, -2: b"x" * 32, -3: b"y" * 32}, id="curve"),
        pytest.param({1: 2, 3: -7, -1: 1, -2: b"x" * 31, -3: b"y" * 32}, id="short"),
        pytest.param({1: 2, 3: -7, -1: 1, -2: b"x" * 32}, id="half"),
        pytest.param({1: 1, 3: -7, -1: 6, -2: b"x" * 32}, id="mixed"),
        pytest.param({1: 3, 3: -257, -1: b"n"}, id="no-exponent"),
        pytest.param({}, id="nothing"),
    ],
)
def test_what_is_no_passkey(fields: dict[int, int | bytes]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own reason
        read_cose_key(cose(fields))


def test_a_field_stands_once() -> None:
    key = PasskeySigner("EdDSA").cose_key
    with pytest.raises(ValueError, match="may not have"):
        read_cose_key(bytes([0xA5]) + key[1:] + b"\x01\x01")


def test_keys_that_are_the_same_have_one_blob() -> None:
    signer = KEYS["ssh-ed25519"]
    assert base64.b64decode(signer.key.blob) == signer.blob


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        (
            {"by": "ana", "decision": "approve", "request": "REQ-7", "version": 2, "risk": "high"},
            "ana: approve REQ-7, version 2 (high)",
        ),
        (
            {"by": "ben", "inNameOf": "ana", "decision": "reject", "request": "REQ-7"}
            | {"version": 1, "reason": "not now"},
            "ben for ana: reject REQ-7, version 1, because: not now",
        ),
        (
            {"by": "ana", "decision": "accept", "change": "CH-4", "version": 9, "revision": 3},
            "ana: accept CH-4, revision 3",
        ),
    ],
    ids=["request", "in-name-of", "change"],
)
def test_a_statement_in_words(predicate: dict[str, Json], words: str) -> None:
    assert in_words(predicate) == words
