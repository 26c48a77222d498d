"""A key is what its bytes say, and the same key stays the same in every dress."""

import base64

import pytest

from assent.core.people.model import SshKey
from assent.core.people.public_keys import material, read_public_line
from tests.signing import SshSigner, number, text

ED, SK = "ssh-ed25519", "sk-ssh-ed25519@openssh.com"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "kind",
    [
        *(ED, SK, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
        *("sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa"),
    ],
)
def test_the_line_of_a_public_key_is_read(kind: str) -> None:
    key = SshSigner(kind).key
    read = read_public_line(f"# mine\n\n{kind}  {key.blob} ana@my laptop\n", label="", at=7)
    assert read == SshKey(kind, key.blob, "ana@my laptop", 7)
    assert read.wants_touch == kind.startswith("sk-")
    assert read_public_line(f"{kind} {key.blob}", label=" desk ", at=7).label == "desk"


ED_BLOB = SshSigner(ED).blob


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("", "one line", id="empty"),
        pytest.param(f"{ED} {b64(ED_BLOB)}\n{ED} {b64(ED_BLOB)}", "one line", id="two"),
        pytest.param("-----BEGIN OPENSSH PRIVATE KEY-----\nx", "private key", id="private"),
        pytest.param(ED, "no public key", id="no-blob"),
        pytest.param(f"{ED} !!!", "no public key", id="no-base64"),
        pytest.param(f"{ED} {b64(ED_BLOB[:-1])}", "no public key", id="cut-off"),
        pytest.param(f"{ED} {b64(ED_BLOB + b'x')}", "no public key", id="with-a-tail"),
        pytest.param(f"{SK} {b64(ED_BLOB)}", "says that it is", id="says-it-wants-a-touch"),
        pytest.param(f"ssh-rsa {b64(ED_BLOB)}", "says that it is", id="another-kind"),
        pytest.param(f"no-touch-required {ED} {b64(ED_BLOB)}", "no public key", id="options"),
        pytest.param(
            f"ssh-rsa {b64(text(b'ssh-rsa') + number(65537) + number((1 << 1023) + 1))}",
            "too short",
            id="short-rsa",
        ),
        pytest.param(f"ssh-dss {b64(text(b'ssh-dss') + number(1))}", "no public key", id="dsa"),
    ],
)
def test_what_is_no_key_says_why(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_public_line(line, label="", at=0)


def test_the_same_key_in_a_device_s_dress_is_the_same() -> None:
    plain = SshSigner(ED)
    device = SshSigner(SK, secret=plain.secret)
    assert plain.key.fingerprint != device.key.fingerprint
    assert material(plain.key) == material(device.key)
    assert material(plain.key) != material(SshSigner(ED).key)
