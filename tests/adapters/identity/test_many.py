"""Checked by several processes, signatures are what they are checked one by one."""

import pytest

from assent.adapters.identity import many
from assent.adapters.identity.many import ManySignatures
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.proof.verify_range import Signed
from assent.core.people.model import Factor
from assent.core.proof.keys import Unproven
from tests.signing import PasskeySigner, SshSigner


def some(count: int) -> list[Signed]:
    """Of each signer in turn; every fifth under another payload than it signed."""
    ssh, touched, eva = SshSigner(), SshSigner("sk-ssh-ed25519@openssh.com"), PasskeySigner()
    found: list[Signed] = []
    for number in range(count):
        payload = b'{"number":%d}' % number
        signed = payload if number % 5 else b"another"
        signer = (ssh, touched, eva)[number % 3]
        key = signer.passkey if isinstance(signer, PasskeySigner) else signer.key
        found.append((signer.signature(signed), payload, key))
    return found


def test_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "FEW", 3)
    given = some(40)
    signatures, one_by_one = ManySignatures(), CheckedSignatures()
    signatures.check_ahead(given)
    found = [signatures.check(*each) for each in given]
    assert found == [one_by_one.check(*each) for each in given]
    assert {Factor.KEY, Factor.TOUCH, Factor.PASSKEY} <= {
        each for each in found if not isinstance(each, Unproven)
    }
    assert sum(isinstance(each, Unproven) for each in found) == 8


def test_what_was_not_checked_ahead_is_checked_when_asked_for() -> None:
    [signed] = some(2)[1:]
    assert ManySignatures().check(*signed) is Factor.TOUCH
