"""Check the whole record: every chain, every head, every checkpoint."""

from collections.abc import Iterator
from dataclasses import dataclass

from assent.app.ports import View
from assent.core.canonical import Digest
from assent.core.ledger import Break, Entry, check_chain, check_checkpoints, check_head


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read, and every place where it contradicts itself."""

    streams: int
    entries: int
    checkpoints: int
    breaks: tuple[Break, ...]


def verify_ledger(view: View) -> Verification:
    """Walk everything that `view` holds. Takes time in proportion to the ledger."""
    breaks: list[Break] = []
    hashes: dict[tuple[str, int], Digest] = {}
    heads = view.heads()
    for head in heads:
        chain = _Walk(view.chain(head.stream), hashes)
        breaks.extend(check_chain(chain))
        breaks.extend(check_head(head, chain.last))
    breaks.extend(Break(stream, "has entries but no head") for stream in view.headless_streams())
    checkpoints = list(view.checkpoints())
    breaks.extend(check_checkpoints(checkpoints, lambda stream, seq: hashes.get((stream, seq))))
    return Verification(
        streams=len(heads),
        entries=len(hashes),
        checkpoints=len(checkpoints),
        breaks=tuple(breaks),
    )


class _Walk:
    """Passes entries on, remembering their hashes and the last one."""

    def __init__(self, entries: Iterator[Entry], hashes: dict[tuple[str, int], Digest]) -> None:
        self._entries = entries
        self._hashes = hashes
        self.last: Entry | None = None

    def __iter__(self) -> Iterator[Entry]:
        for entry in self._entries:
            self._hashes[entry.stream, entry.seq] = entry.hash
            self.last = entry
            yield entry
