"""The folder that a glob pattern can reach into: what a search by pattern reads."""

import posixpath
import re
from typing import Final

from assent.adapters.agents.payloads import UnreadablePayload

_WILDCARD: Final = re.compile(r"[*?\[{!]")
_LEAVES: Final = re.compile(r"\.\.|\{[^}]*/")
"""Ways out of the folder behind a wildcard: a parent, or an alternative that is a path."""


def searched_folder(pattern: str, folder: str) -> str:
    """Where `pattern`, relative to `folder`, starts to search: its part before any wildcard.

    Raises UnreadablePayload when the pattern may lead out of that folder again.
    """
    found = _WILDCARD.search(pattern)
    if found is None:
        return posixpath.join(folder, pattern) if pattern else folder
    if _LEAVES.search(pattern, found.start()):
        raise UnreadablePayload("the pattern may reach into other folders")
    plain = pattern[: found.start()].rpartition("/")
    return posixpath.join(folder, plain[0] or plain[1]) if plain[1] else folder
