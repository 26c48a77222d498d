"""A file system in a dictionary, as payload parsers see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assent.app.agents import UnreadableFile


@dataclass
class MemoryFiles:
    """Files by absolute path. A path in `locked` exists and cannot be read."""

    contents: Mapping[str, bytes] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()

    def read(self, path: str) -> bytes | None:
        if path in self.locked:
            raise UnreadableFile("permission denied")
        return self.contents.get(path)

    def workspace_of(self, cwd: str) -> str:
        return cwd
