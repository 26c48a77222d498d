"""One byte string per value: what is hashed, signed and stored is exactly this.

The form is JSON with sorted keys, no spaces, ASCII only. Escaping to ASCII keeps it injective for
text that is not valid Unicode: a lone surrogate (how Python carries an undecodable byte of a path)
is written as its own `\\udcXX` escape and can never collide with another string.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NewType, TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None

Digest = NewType("Digest", str)
"""`sha256:` followed by 64 lower-case hexadecimal digits."""


def canonical(value: Json) -> bytes:
    """Return the canonical bytes of `value`. Raises ValueError for NaN and infinities."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")


def digest_of(data: bytes) -> Digest:
    """SHA-256 of `data`."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def digest_text(text: str) -> Digest:
    """SHA-256 of a text that may hold lone surrogates; equal only for equal texts."""
    return digest_of(text.encode("utf-8", "surrogatepass"))
