"""The server's own key: Ed25519, in a file that only this user may read, made once.

Beside it, in a file ending in `.pub`, stands the public key, to hand to whoever checks signatures.
"""

import base64
import os
import stat
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assent.core.proof.dsse import Signature, SignatureKind, pae
from assent.core.proof.keys import ServerPublicKey
from assent.core.proof.sshsig import ed25519_blob
from assent.errors import IntegrityError, UnavailableError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class ServerKeyFile:
    """Implements `ServerKey` by a file with a PKCS #8 key in PEM; see `open_server_key`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def public(self) -> ServerPublicKey:
        """Raises UnavailableError, IntegrityError as `sign` does."""
        return ServerPublicKey(_text(self._private.public_key().public_bytes_raw()))

    def sign(self, payload: bytes) -> Signature:
        """Raises UnavailableError when the key cannot be read or made, IntegrityError when others
        may read it or it is no such key."""
        value = self._private.sign(pae(payload))
        return Signature(SignatureKind.SERVER, self.public.keyid, value)

    @cached_property
    def _private(self) -> "Ed25519PrivateKey":
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PrivateKey,
        )
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            load_pem_private_key,
        )

        try:
            if not self._path.exists():
                _make(self._path)
            found = load_pem_private_key(_read_private(self._path), password=None)
        except OSError as error:
            raise UnavailableError(f"The server's key cannot be read: {error}.") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _no_key(self._path) from error
        if not isinstance(found, Ed25519PrivateKey):
            raise _no_key(self._path)
        _publish(self._path, found.public_key().public_bytes_raw())
        return found


def _no_key(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path} is not the server's key.", hint="Bring it back from a backup of that folder."
    )


def _read_private(path: Path) -> bytes:
    """The file's bytes. Raises IntegrityError when others than its owner may read it."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise IntegrityError(
                f"Others than this user may read {path}, the server's key.",
                hint=f"If nobody did: chmod 600 {path}",
            )
        return file.read(10_000)


def _text(raw: bytes) -> str:
    return base64.b64encode(ed25519_blob(raw)).decode("ascii")


def _publish(path: Path, raw: bytes) -> None:
    """Have the public key beside the private one; where that cannot be, nothing depends on it."""
    line, public = f"ssh-ed25519 {_text(raw)} assent\n", path.with_name(f"{path.name}.pub")
    with suppress(OSError):
        if not public.exists() or public.read_text() != line:
            public.write_text(line)


def _make(path: Path) -> None:
    """Write a new key, unless somebody else was first: a key is never replaced."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = Ed25519PrivateKey.generate()
    made = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
