"""How a user's repository wants its files written, as data: line ends, modes, what is ignored.

git runs under the executor's configuration wherever files are read or written, so that no program
named in the user's is started. The few settings that say how files look are carried over, each
only with a value that is a plain word.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git.run import Git

_CARRIED = {
    "core.autocrlf": re.compile(r"true|false|input|yes|no|on|off|1|0"),
    "core.eol": re.compile(r"lf|crlf|native"),
    "core.filemode": re.compile(r"true|false|yes|no|on|off|1|0"),
    "core.symlinks": re.compile(r"true|false|yes|no|on|off|1|0"),
    "core.ignorecase": re.compile(r"true|false|yes|no|on|off|1|0"),
    "core.precomposeunicode": re.compile(r"true|false|yes|no|on|off|1|0"),
}
_EXCLUDES = "core.excludesfile"
IGNORED_LIMIT = 1024 * 1024
"""Bytes of a list of ignored files that are read."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """Settings for `git` by name, and the patterns that the user's git ignores beside those of
    `.gitignore`."""

    settings: Mapping[str, str]
    ignored: bytes
    main: Path | None
    """The main work tree, where the configuration names it; else it stands beside the folder."""

    def env(self, **more: str) -> dict[str, str]:
        """The settings, and `more` (dots written as `__`), as git takes them from outside."""
        extra = {name.replace("__", "."): value for name, value in more.items()}
        pairs = {**self.settings, **extra}
        found = {"GIT_CONFIG_COUNT": str(len(pairs))}
        for number, (name, value) in enumerate(pairs.items()):
            found[f"GIT_CONFIG_KEY_{number}"] = name
            found[f"GIT_CONFIG_VALUE_{number}"] = value
        return found


def conventions(common: Path) -> Conventions:
    """Those of the user's repository and of the user. What cannot be read says nothing."""
    home = Path.home()
    asker = Git(common)
    settings: dict[str, str] = {}
    excludes = home / ".config" / "git" / "ignore"
    main = None
    files = (home / ".config" / "git" / "config", home / ".gitconfig", common / "config")
    for file in files:
        for name, value in _read(asker, file, home):
            if name == _EXCLUDES:
                excludes = _expanded(value, home)
            elif name == "core.worktree" and file == files[-1]:
                main = (common / value).resolve()
            elif name in _CARRIED and _CARRIED[name].fullmatch(value.lower()):
                settings[name] = value.lower()
    ignored = b"\n".join((_text(excludes), _text(common / "info" / "exclude"), b""))
    return Conventions(settings, ignored, main)


def _read(asker: Git, file: Path, home: Path) -> Iterator[tuple[str, str]]:
    if not file.is_file():
        return
    known = Git(asker.git_dir, env={"HOME": str(home)})
    done = known.run("config", "--file", str(file), "--includes", "--list", "-z")
    for item in done.stdout.split(b"\0"):
        name, _, value = os.fsdecode(item).partition("\n")
        yield name.lower(), value


def _expanded(value: str, home: Path) -> Path:
    return home / value[2:] if value.startswith("~/") else home / value


def _text(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(IGNORED_LIMIT)
    except OSError:
        return b""
