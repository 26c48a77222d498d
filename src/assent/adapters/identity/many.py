"""Checking very many signatures: by as many processes as there are processors."""

import json
import os
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.proof.verify_range import Signed
from assent.core.people.model import Factor
from assent.core.proof.dsse import Signature
from assent.core.proof.keys import PublicKey, Unproven

FEW = 2_000
"""Up to so many are checked one after the other: starting processes would take longer."""
PROCESSES = 4


class ManySignatures:
    """Implements `Signatures`, and remembers what it was asked to check ahead."""

    def __init__(self) -> None:
        self._checks = CheckedSignatures()
        self._known: dict[Signed, Factor | Unproven] = {}

    def check(self, signature: Signature, payload: bytes, key: PublicKey) -> Factor | Unproven:
        known = self._known.get((signature, payload, key))
        return self._checks.check(signature, payload, key) if known is None else known

    def check_ahead(self, signed: Iterable[Signed]) -> None:
        """Check all of them now. What another process does not answer is checked when asked for."""
        given = list(signed)
        many = min(os.cpu_count() or 1, PROCESSES)
        # A process with threads must not be copied, and elsewhere than on Linux none should be.
        if len(given) <= FEW or sys.platform != "linux" or threading.active_count() > 1:
            return
        self._checks.check(*given[0])  # What has to be imported is so once, before.
        parts = [given[at::many] for at in range(many)]
        asked = [(part, *_started(self._checks, part)) for part in parts[1:]]
        self._keep(parts[0], [self._checks.check(*each) for each in parts[0]])
        for part, pid, answers in asked:
            with os.fdopen(answers, "rb") as told:
                said = told.read()
            os.waitpid(pid, 0)
            with suppress(ValueError):
                self._keep(part, _read(said))

    def _keep(self, part: Sequence[Signed], found: Sequence[Factor | Unproven]) -> None:
        if len(part) == len(found):
            self._known.update(zip(part, found, strict=True))


def _started(checks: CheckedSignatures, part: Sequence[Signed]) -> tuple[int, int]:
    """A copy of this process that checks `part`, and where it writes what it found."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        found = [checks.check(*each) for each in part]
        with os.fdopen(writing, "wb") as telling:
            telling.write(_written(found))
    finally:
        os._exit(0)


def _written(found: Sequence[Factor | Unproven]) -> bytes:
    said = [[each.why] if isinstance(each, Unproven) else each.value for each in found]
    return json.dumps(said).encode()


def _read(said: bytes) -> list[Factor | Unproven]:
    """Raises ValueError when a process ended before it was done."""
    return [
        Unproven(each[0]) if isinstance(each, list) else Factor(each) for each in json.loads(said)
    ]
