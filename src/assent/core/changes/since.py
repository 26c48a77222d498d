"""What became of a revision's hunks in another one: told by their ids alone.

Hunks with the same id make the same change at the same place, whatever happened around them; see
`hunks`. Anything else is another hunk, however alike: what was said of it does not go on.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from assent.core.changes.model import HunkId


@dataclass(frozen=True, slots=True)
class Since:
    """What differs between the hunks of two revisions."""

    same: frozenset[HunkId]
    new: frozenset[HunkId]
    gone: frozenset[HunkId]


def compare(before: Iterable[HunkId], after: Iterable[HunkId]) -> Since:
    """The hunks that stayed, came and went."""
    old, now = frozenset(before), frozenset(after)
    return Since(same=old & now, new=now - old, gone=old - now)
