"""The daemon's side of the protocol that relays speak; relay.c describes the other side.

A relay sends records (a big-endian uint32 length, then that many bytes): `assent/1`, the agent, the
event, `NAME=VALUE` for each forwarded environment variable; a record of length 0 ends them. Then
comes the hook's standard input until end of file.

It is answered with `A` (taken, wait), any number of `H` (still there), and one `R`: exit code as a
byte, then length and bytes of standard output, then of standard error.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from assent.app.agents import HookOutput

VERSION = b"assent/1"
MAX_RECORD = 64 * 1024
MAX_RECORDS = 64
MAX_PAYLOAD = 16 * 1024 * 1024
CHUNK = 256 * 1024

TAKEN = b"A"
STILL_THERE = b"H"


class BadCall(Exception):
    """What arrived is not a relay's call. There is no agent to answer in its language."""


@dataclass(frozen=True, slots=True)
class HookCall:
    agent: str
    event: str
    env: Mapping[str, str]
    payload: bytes | None
    """What the agent's hook was given; None when it is larger than `MAX_PAYLOAD`."""


async def read_call(reader: asyncio.StreamReader) -> HookCall:
    """Read one whole call. Raises BadCall for anything that no relay sends."""
    records = await _records(reader)
    if len(records) < 3 or records[0] != VERSION:
        raise BadCall("not a call of this protocol version")
    names = [record.decode("utf-8", "surrogateescape") for record in records[1:]]
    env = dict(name.partition("=")[::2] for name in names[2:])
    return HookCall(agent=names[0], event=names[1], env=env, payload=await _payload(reader))


async def _records(reader: asyncio.StreamReader) -> list[bytes]:
    records: list[bytes] = []
    try:
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            if length > MAX_RECORD or len(records) == MAX_RECORDS:
                raise BadCall("header too large")
            records.append(await reader.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise BadCall("ended within its header") from error
    return records


async def _payload(reader: asyncio.StreamReader) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while chunk := await reader.read(CHUNK):
        size += len(chunk)
        if size <= MAX_PAYLOAD:
            chunks.append(chunk)
    return b"".join(chunks) if size <= MAX_PAYLOAD else None


def final(output: HookOutput) -> bytes:
    """The `R` frame for `output`."""
    return b"".join(
        (
            b"R",
            bytes((output.exit_code,)),
            len(output.stdout).to_bytes(4, "big"),
            output.stdout,
            len(output.stderr).to_bytes(4, "big"),
            output.stderr,
        )
    )
