"""Signing with a person's own SSH key: by `ssh-keygen`, which asks the agent or the device."""

import base64
import binascii
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assent.core.people.model import SshKey
from assent.core.proof.sshsig import signature_from_armor
from assent.errors import UnavailableError, UsageError

LIMIT_S = 120.0
"""How long a key may wait to be touched, or a passphrase to be typed."""


def agent_keys() -> Sequence[SshKey]:
    """The keys that ssh-agent holds; none where no agent runs."""
    try:
        done = _run("ssh-add", "-L")
    except UnavailableError:
        return ()
    if done.returncode != 0:
        return ()
    found = (key_in_line(line) for line in done.stdout.decode(errors="replace").splitlines())
    return tuple(key for key in found if key is not None)


def key_in_line(line: str) -> SshKey | None:
    """The key of a `.pub` file's line; None when it is none."""
    kind, _, rest = line.strip().partition(" ")
    blob, _, label = rest.partition(" ")
    try:
        base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return None
    return SshKey(kind, blob, label, 0) if blob else None


def key_at(path: Path) -> SshKey | None:
    """The public key of the file at `path`, or of the one beside it; None when there is none."""
    beside = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
    try:
        return key_in_line(beside.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def sign_with_file(message: bytes, *, namespace: str, key: Path) -> bytes:
    """The SSHSIG blob of `message`; `key` is a private key, or a public one that the agent holds
    or beside which the private one lies.

    Raises UsageError when the key is not there or does not sign, UnavailableError without OpenSSH.
    """
    if not key.exists():
        raise UsageError(f"There is no key at {key}.", hint="Name a file, or say --sign alone.")
    done = _run("ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(key), given=message)
    try:
        if done.returncode == 0:
            return signature_from_armor(done.stdout.decode("ascii"))
        why = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    except ValueError:
        why = ["its answer is no signature"]
    raise UsageError(f"{key} did not sign: {''.join(why)}", hint="Nothing was decided.")


def sign_with_agent(message: bytes, *, namespace: str, key: SshKey) -> bytes:
    """The same with a key that the agent holds."""
    with tempfile.TemporaryDirectory(prefix="assent-") as folder:
        public = Path(folder) / "key.pub"
        public.write_text(f"{key.kind} {key.blob}\n", encoding="ascii")
        return sign_with_file(message, namespace=namespace, key=public)


def _run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            words,
            input=given,
            capture_output=True,
            check=False,
            timeout=LIMIT_S,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise UnavailableError(f"{words[0]} is not there.", hint="Install OpenSSH.") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(
            f"{words[0]} did not end within {LIMIT_S:.0f} s.", hint="Try again: touch the key."
        ) from error
