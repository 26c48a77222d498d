"""Files that would run: what they hold now, and in which language."""

import os
import re
import stat

from assent.adapters.workspace.files import read_regular
from assent.app.agents import UnreadableFile
from assent.core.canonical import digest_of, digest_text
from assent.core.facts import SCRIPT_TEXT, ScriptFact

MAX_HASHED = 4 * 1024 * 1024
"""Bytes up to which the content is hashed; of a larger file its size and times stand for it."""
MAX_KNOWN = 1_000
_SHEBANG = re.compile(rb"#!\s*(?:/\S*/)?(?:env\s+(?:-S\s+)?)?([\w.+-]+)")
_BY_PROGRAM = {
    "sh": "shell",
    "bash": "shell",
    "zsh": "shell",
    "dash": "shell",
    "ksh": "shell",
    "python": "python",
    "python3": "python",
    "node": "javascript",
    "deno": "typescript",
    "bun": "typescript",
    "ruby": "ruby",
    "perl": "perl",
    "php": "php",
}
_BY_ENDING = {
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".tsx": "typescript",
    ".rb": "ruby",
    ".pl": "perl",
    ".php": "php",
    ".sql": "sql",
    ".awk": "awk",
    ".lua": "lua",
    ".go": "go",
}

_Stamp = tuple[int, ...]


class ScriptFiles:
    """Reads files that would run, once for each state they are in."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Stamp, ScriptFact]] = {}

    def fact(self, real: str) -> ScriptFact | None:
        """None for what is no regular file, or cannot be read."""
        try:
            found = os.stat(real)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        # A file's times can be set by anyone, but for the last one.
        stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._known.get(real)
        if known is not None and known[0] == stamp:
            return known[1]
        fact = _read(real, stamp)
        if fact is not None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[real] = (stamp, fact)
        return fact


def _read(real: str, stamp: _Stamp) -> ScriptFact | None:
    try:
        data = read_regular(real, limit=MAX_HASHED)
    except UnreadableFile:
        size = stamp[2]
        return ScriptFact(digest_text(f"{real}\0{stamp}")) if size > MAX_HASHED else None
    if data is None:
        return None
    language = _language(real, data)
    text = None
    if len(data) <= SCRIPT_TEXT and b"\0" not in data:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = None
    return ScriptFact(digest_of(data), text, language)


def _language(real: str, data: bytes) -> str:
    match = _SHEBANG.match(data)
    if match is not None:
        program = match[1].decode("ascii")
        return _BY_PROGRAM.get(program, _BY_PROGRAM.get(program.rstrip("0123456789."), ""))
    return _BY_ENDING.get(os.path.splitext(real)[1].lower(), "")
