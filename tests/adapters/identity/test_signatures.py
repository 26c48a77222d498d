"""Signatures count exactly when their key made them, for this statement, in the right way."""

import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData, CollectedClientData
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib import dsse
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import SSlibKey
from securesystemslib.signer._signature import Signature as ItsSignature

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.core.people.model import Factor, Passkey, SshKey
from assent.core.proof.dsse import (
    NAMESPACE,
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    SignatureKind,
    pae,
)
from assent.core.proof.keys import ServerPublicKey, Unproven
from assent.core.proof.sshsig import armored, signature_from_armor
from assent.core.proof.webauthn import from_base64url, to_base64url
from assent.errors import IntegrityError
from tests.signing import PasskeySigner, SshSigner

CHECKS = CheckedSignatures()
PAYLOAD = b'{"decision":"approve","request":"REQ-7"}'

SIGNERS = (
    SshSigner("ssh-ed25519"),
    SshSigner("ecdsa-sha2-nistp256"),
    SshSigner("ecdsa-sha2-nistp384"),
    SshSigner("ecdsa-sha2-nistp521"),
    SshSigner("ssh-rsa", "rsa-sha2-256"),
    SshSigner("ssh-rsa", "rsa-sha2-512"),
    SshSigner("sk-ssh-ed25519@openssh.com"),
    SshSigner("sk-ecdsa-sha2-nistp256@openssh.com"),
)
SSH = [pytest.param(each, id=each.algorithm or each.kind.partition("@")[0]) for each in SIGNERS]
AUTHENTICATORS = tuple(PasskeySigner(name) for name in ("ES256", "EdDSA", "RS256"))
PASSKEYS = [pytest.param(each, id=each.algorithm) for each in AUTHENTICATORS]


@pytest.mark.parametrize("hashed", ["sha256", "sha512"])
@pytest.mark.parametrize("signer", SSH)
def test_an_ssh_key_speaks(signer: SshSigner, hashed: str) -> None:
    made = signer.signature(PAYLOAD, hashed=hashed)
    factor = Factor.TOUCH if signer.is_device else Factor.KEY
    assert CHECKS.check(made, PAYLOAD, signer.key) is factor


@pytest.mark.parametrize("signer", PASSKEYS)
def test_a_passkey_speaks(signer: PasskeySigner) -> None:
    assert CHECKS.check(signer.signature(PAYLOAD), PAYLOAD, signer.passkey) is Factor.PASSKEY


def test_the_server_speaks(tmp_path: Path) -> None:
    server = ServerKeyFile(tmp_path / "server.key")
    assert CHECKS.check(server.sign(PAYLOAD), PAYLOAD, server.public) is Factor.NONE


@pytest.mark.parametrize("signer", SSH)
def test_another_statement_is_not_signed(signer: SshSigner) -> None:
    made = signer.signature(PAYLOAD)
    assert isinstance(CHECKS.check(made, PAYLOAD + b" ", signer.key), Unproven)


@pytest.mark.parametrize(
    ("signer", "how", "why"),
    [
        pytest.param(
            SshSigner(), {"namespace": "git"}, "for something else than", id="namespace-of-git"
        ),
        pytest.param(
            SshSigner(), {"namespace": NAMESPACE + "\0"}, "something else", id="longer-namespace"
        ),
        pytest.param(
            SshSigner("sk-ssh-ed25519@openssh.com", flags=0), {}, "was not touched", id="untouched"
        ),
        pytest.param(
            SshSigner("sk-ecdsa-sha2-nistp256@openssh.com", flags=4),
            {},
            "was not touched",
            id="pin-without-touch",
        ),
        pytest.param(SshSigner("ssh-rsa", "ssh-rsa"), {}, "kind that is not known", id="rsa-sha1"),
    ],
)
def test_an_ssh_signature_of_the_wrong_kind(
    signer: SshSigner, how: dict[str, str], why: str
) -> None:
    found = CHECKS.check(signer.signature(PAYLOAD, **how), PAYLOAD, signer.key)
    assert isinstance(found, Unproven)
    assert why in found.why


@pytest.mark.parametrize(
    ("signer", "client", "why"),
    [
        pytest.param(PasskeySigner(flags=0x01), {}, "did not check who", id="not-verified"),
        pytest.param(PasskeySigner(flags=0x04), {}, "did not check who", id="not-present"),
        pytest.param(PasskeySigner(flags=0x45), {}, "of a registration", id="registration-data"),
        pytest.param(PasskeySigner(), {"type": "webauthn.create"}, "something else", id="create"),
        pytest.param(PasskeySigner(), {"challenge": "AAAA"}, "something else", id="challenge"),
        pytest.param(PasskeySigner(), {"crossOrigin": True}, "another page", id="in-a-frame"),
        pytest.param(PasskeySigner(origin="http://evil.example"), {}, "another page", id="origin"),
        pytest.param(
            PasskeySigner(origin="http://localhost.evil.example"), {}, "another page", id="suffix"
        ),
        pytest.param(
            PasskeySigner(origin="http://localhost:7422@evil"), {}, "another page", id="at-sign"
        ),
        pytest.param(
            PasskeySigner(rp_id="assent.example", origin="http://assent.example"),
            {},
            "another page",
            id="http-elsewhere",
        ),
    ],
)
def test_a_passkey_of_the_wrong_kind(
    signer: PasskeySigner, client: dict[str, object], why: str
) -> None:
    found = CHECKS.check(signer.signature(PAYLOAD, **client), PAYLOAD, signer.passkey)
    assert isinstance(found, Unproven)
    assert why in found.why


def test_a_passkey_of_another_page_is_refused() -> None:
    signer = PasskeySigner(rp_id="assent.example", origin="https://assent.example")
    made = signer.signature(PAYLOAD)
    assert CHECKS.check(made, PAYLOAD, signer.passkey) is Factor.PASSKEY
    elsewhere = replace(signer.passkey, rp_id="localhost")
    assert isinstance(CHECKS.check(made, PAYLOAD, elsewhere), Unproven)


def test_a_key_of_one_kind_is_not_one_of_another(tmp_path: Path) -> None:
    signer, server = SshSigner(), ServerKeyFile(tmp_path / "server.key")
    as_server = ServerPublicKey(signer.key.blob)
    assert isinstance(CHECKS.check(signer.signature(PAYLOAD), PAYLOAD, as_server), Unproven)
    as_person = SshKey("ssh-ed25519", server.public.blob, "", 0)
    assert isinstance(CHECKS.check(server.sign(PAYLOAD), PAYLOAD, as_person), Unproven)


def test_a_key_named_outside_is_the_one_inside() -> None:
    ana, ben = SshSigner(), SshSigner()
    mixed = replace(ben.signature(PAYLOAD), keyid=ana.key.fingerprint)
    assert isinstance(CHECKS.check(mixed, PAYLOAD, ana.key), Unproven)


def flipped(data: bytes, at: int, by: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]


FLIPS = st.tuples(st.integers(0, 10_000), st.integers(1, 255))
SIGNED = [(each, each.signature(PAYLOAD)) for each in SIGNERS]
ASSERTED = [(each, each.signature(PAYLOAD)) for each in AUTHENTICATORS]


@given(st.sampled_from(SIGNED), FLIPS, st.sampled_from(["payload", "signature", "key"]))
def test_any_changed_byte_of_an_ssh_signature_counts(
    signed: tuple[SshSigner, Signature], flip: tuple[int, int], part: str
) -> None:
    signer, made = signed
    payload, key = PAYLOAD, signer.key
    match part:
        case "payload":
            payload = flipped(PAYLOAD, *flip)
        case "signature":
            made = replace(made, sig=flipped(made.sig, *flip))
        case _:
            blob = flipped(base64.b64decode(key.blob), *flip)
            key = replace(key, blob=base64.b64encode(blob).decode())
            made = replace(made, keyid=key.fingerprint)
    assert isinstance(CHECKS.check(made, payload, key), Unproven)


@given(
    st.sampled_from(ASSERTED),
    FLIPS,
    st.sampled_from(["payload", "sig", "client_data", "authenticator_data", "key"]),
)
def test_any_changed_byte_of_an_assertion_counts(
    signed: tuple[PasskeySigner, Signature], flip: tuple[int, int], part: str
) -> None:
    signer, made = signed
    payload, key = PAYLOAD, signer.passkey
    match part:
        case "payload":
            payload = flipped(PAYLOAD, *flip)
        case "key":
            raw = flipped(from_base64url(key.public_key), *flip)
            key = replace(key, public_key=to_base64url(raw))
        case "sig":
            made = replace(made, sig=flipped(made.sig, *flip))
        case "client_data":
            made = replace(made, client_data=flipped(made.client_data, *flip))
        case _:
            made = replace(made, authenticator_data=flipped(made.authenticator_data, *flip))
    assert isinstance(CHECKS.check(made, payload, key), Unproven)


@given(
    st.sampled_from(SignatureKind),
    st.binary(max_size=300),
    st.binary(max_size=100),
    st.binary(max_size=100),
    st.binary(max_size=100),
)
def test_nothing_malformed_raises(
    kind: SignatureKind, sig: bytes, client: bytes, device: bytes, key: bytes
) -> None:
    blob = base64.b64encode(key).decode()
    for public in (
        SshKey("ssh-ed25519", blob, "", 0),
        Passkey("id", to_base64url(key), "", 0),
        Passkey("id", "***", "", 0),
        ServerPublicKey(blob),
    ):
        keyid = "id" if isinstance(public, Passkey) else ""
        keyid = keyid or getattr(public, "fingerprint", "") or getattr(public, "keyid", "")
        made = Signature(kind, keyid, b"SSHSIG" + sig, client, device)
        assert isinstance(CHECKS.check(made, PAYLOAD, public), Unproven)


# By other programs


def keygen(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["ssh-keygen", *words], input=given, capture_output=True, check=False, timeout=30
    )


@pytest.mark.parametrize(
    "kind", [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "521"), ("rsa", "2048")], ids="-".join
)
def test_what_ssh_keygen_signs_counts(tmp_path: Path, kind: tuple[str, str]) -> None:
    path = tmp_path / "key"
    bits = ["-b", kind[1]] if kind[1] else []
    keygen("-q", "-t", kind[0], *bits, "-N", "", "-C", "ana", "-f", str(path))
    name, blob = (tmp_path / "key.pub").read_text().split()[:2]
    key = SshKey(name, blob, "", 0)
    done = keygen("-Y", "sign", "-n", NAMESPACE, "-f", str(path), given=pae(PAYLOAD))
    sig = signature_from_armor(done.stdout.decode())
    made = Signature(SignatureKind.SSHSIG, key.fingerprint, sig)
    assert CHECKS.check(made, PAYLOAD, key) is Factor.KEY
    assert armored(sig) == done.stdout.decode()


@pytest.mark.parametrize("signer", SSH)
def test_ssh_keygen_takes_what_counts(tmp_path: Path, signer: SshSigner) -> None:
    allowed, made = tmp_path / "allowed", tmp_path / "statement.sig"
    allowed.write_text(f'ana namespaces="{NAMESPACE}" {signer.key.kind} {signer.key.blob}\n')
    made.write_text(armored(signer.sshsig(pae(PAYLOAD))))
    words = ("-Y", "verify", "-f", str(allowed), "-I", "ana", "-n", NAMESPACE, "-s", str(made))
    assert keygen(*words, given=pae(PAYLOAD)).returncode == 0
    assert keygen(*words, given=pae(PAYLOAD) + b" ").returncode != 0


def test_another_library_takes_what_the_server_signs(tmp_path: Path) -> None:
    server = ServerKeyFile(tmp_path / "server.key")
    made = server.sign(PAYLOAD)
    public = base64.b64decode(server.public.blob)[-32:].hex()
    key = SSlibKey(made.keyid, "ed25519", "ed25519", {"public": public})
    theirs = dsse.Envelope(
        PAYLOAD, PAYLOAD_TYPE, {made.keyid: ItsSignature(made.keyid, made.sig.hex())}
    )
    assert theirs.pae() == pae(PAYLOAD)
    assert set(theirs.verify([key], 1)) == {made.keyid}
    theirs.payload += b" "
    with pytest.raises(VerificationError):
        theirs.verify([key], 1)


@pytest.mark.parametrize("signer", PASSKEYS)
def test_another_library_takes_what_a_passkey_signs(signer: PasskeySigner) -> None:
    made = signer.signature(PAYLOAD)
    fields = cbor.decode(signer.cose_key)
    assert isinstance(fields, dict)
    key = CoseKey.parse(fields)
    client = CollectedClientData(made.client_data)
    device = AuthenticatorData(made.authenticator_data)
    assert device.is_user_verified()
    key.verify(device + client.hash, made.sig)


# The server's key


def test_the_key_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    first = ServerKeyFile(path).public
    assert path.stat().st_mode & 0o777 == 0o600
    assert ServerKeyFile(path).public == first
    assert sorted(each.name for each in tmp_path.iterdir()) == ["server.key", "server.key.pub"]
    (tmp_path / "server.key.pub").write_text("another\n")
    assert ServerKeyFile(path).public == first
    told = keygen("-l", "-f", f"{path}.pub").stdout.decode()
    assert told.split()[1] == first.keyid


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_broken_key_is_said_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "server.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(IntegrityError, match="is not the server's key"):
        ServerKeyFile(path).sign(PAYLOAD)
    assert path.read_bytes() == content


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    ServerKeyFile(path).sign(PAYLOAD)
    path.chmod(0o640)
    with pytest.raises(IntegrityError, match="Others"):
        ServerKeyFile(path).sign(PAYLOAD)


def test_a_key_is_not_taken_from_a_link(tmp_path: Path) -> None:
    ServerKeyFile(tmp_path / "real").sign(PAYLOAD)
    (tmp_path / "server.key").symlink_to(tmp_path / "real")
    with pytest.raises(Exception, match="cannot be read"):
        ServerKeyFile(tmp_path / "server.key").sign(PAYLOAD)


def test_envelopes_of_two_signers_are_apart() -> None:
    ana, ben = SshSigner(), SshSigner()
    both = Envelope(PAYLOAD, (ana.signature(PAYLOAD), ben.signature(PAYLOAD)))
    assert [CHECKS.check(each, PAYLOAD, ana.key) is Factor.KEY for each in both.signatures] == [
        True,
        False,
    ]
