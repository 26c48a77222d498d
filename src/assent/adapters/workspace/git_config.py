"""Which git configuration makes harmless git commands run programs.

`git status` runs what `core.fsmonitor` names, `git diff` what `diff.external` names, and so on.
Only the configuration of the repository itself is looked at: the user's own is the user's will.
"""

import os
import re
from collections.abc import Iterator, Mapping

from assent.adapters.workspace.files import read_regular, real_path
from assent.app.agents import UnreadableFile

MAX_CONFIG = 1024 * 1024
UNREADABLE = "a configuration that cannot be read"

_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_ENTRY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$")
_RUNS = re.compile(
    r"core\.(fsmonitor|hookspath|pager|editor|sshcommand|askpass|gitproxy"
    r"|alternaterefscommand)"
    r"|diff\.external|diff\..*\.(command|textconv)|filter\..*\.(clean|smudge|process)"
    r"|pager\..*|gpg(\..*)?\.program|gpg\.ssh\.defaultkeycommand|merge\..*\.driver"
    r"|(merge|diff)tool\..*\.(cmd|path)|sequence\.editor|uploadpack\.packobjectshook"
    r"|remote\..*\.(uploadpack|receivepack|vcs|proxy)|include(if\..*)?\.path"
    r"|interactive\.difffilter|trailer\..*\.(command|cmd)|protocol\..*\.allow|protocol\.allow"
    r"|submodule\..*\.update|hook\..*|lfs\..*\.(path|clean|smudge)"
)
_HARMLESS = frozenset(
    {
        ("core.fsmonitor", "true"),
        ("core.fsmonitor", "false"),
        ("core.hookspath", ".husky"),
        ("core.hookspath", ".husky/_"),
        ("core.hookspath", ".githooks"),
        ("filter.lfs.clean", "git-lfs clean -- %f"),
        ("filter.lfs.smudge", "git-lfs smudge -- %f"),
        ("filter.lfs.smudge", "git-lfs smudge --skip -- %f"),
        ("filter.lfs.process", "git-lfs filter-process"),
        ("filter.lfs.process", "git-lfs filter-process --skip"),
    }
)
"""Settings that are as harmless as none; changes below `.husky` and `.githooks` are gated."""
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")

_Stamp = tuple[int, int, int]


class GitConfigs:
    """Scans configuration files, once for each state they are in."""

    def __init__(self) -> None:
        self._scanned: dict[str, tuple[_Stamp, tuple[str, ...]]] = {}

    def exec_keys(self, folder: str) -> tuple[str, ...]:
        """Keys that run programs when git runs in `folder`; none where there is no repository."""
        keys = [key for path in _config_files(folder) for key in self._scan(path)]
        return tuple(dict.fromkeys(keys))

    def _scan(self, path: str) -> tuple[str, ...]:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError):
            return (UNREADABLE,)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = self._scanned.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        keys = _scan_file(path)
        self._scanned[path] = (stamp, keys)
        return keys


def git_dirs(folder: str) -> tuple[str, str] | None:
    """The folder with `HEAD` and the one with `config` of the repository git finds from `folder`.

    They differ in a linked work tree. None where there is no repository.
    """
    git_dir = _git_dir(real_path(folder))
    if git_dir is None:
        return None
    return git_dir, _pointed_to(git_dir, "commondir", prefix="") or git_dir


def _config_files(folder: str) -> Iterator[str]:
    """Configuration files of the repository that git would find from `folder`."""
    for place in dict.fromkeys(git_dirs(folder) or ()):
        yield os.path.join(place, "config")
        yield os.path.join(place, "config.worktree")


def _git_dir(folder: str) -> str | None:
    while True:
        entry = os.path.join(folder, ".git")
        if os.path.isdir(entry):
            return entry
        if os.path.isfile(entry):
            return _pointed_to(folder, ".git", prefix="gitdir:") or entry
        if _is_bare(folder):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _is_bare(folder: str) -> bool:
    """Whether git takes `folder` itself for a repository."""
    return os.path.lexists(os.path.join(folder, "HEAD")) and all(
        os.path.isdir(os.path.join(folder, name)) for name in ("objects", "refs")
    )


def _pointed_to(folder: str, name: str, *, prefix: str) -> str | None:
    """The folder that the file `name` in `folder` names."""
    try:
        content = read_regular(os.path.join(folder, name), limit=4096)
    except UnreadableFile:
        return None
    text = (content or b"").decode("utf-8", "surrogateescape").strip()
    if not text.startswith(prefix) or not text:
        return None
    return os.path.join(folder, text[len(prefix) :].strip())


def _scan_file(path: str) -> tuple[str, ...]:
    try:
        content = read_regular(path, limit=MAX_CONFIG)
    except UnreadableFile:
        return (UNREADABLE,)
    text = (content or b"").decode("utf-8", "surrogateescape")
    return tuple(dict.fromkeys(scan(text)))


def sections(text: str) -> Mapping[str, Mapping[str, str]]:
    """The last value of each key by section, `remote.origin`; what is not understood is left out.

    Names of sections and keys are in lower case, the part in quotes as it is written.
    """
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in re.sub(r"\\\r?\n", "", text.removeprefix("\ufeff")).split("\n"):
        rest = line.strip()
        header = _SECTION.match(rest)
        if header is not None:
            section = header[1].lower() if header[2] is None else f"{header[1].lower()}.{header[2]}"
            rest = rest[header.end() :].strip()
        entry = _ENTRY.fullmatch(rest)
        if entry is not None and section:
            value = (entry[2] or "true").strip().strip('"')
            found.setdefault(section, {})[entry[1].lower()] = value
    return found


def scan(text: str) -> Iterator[str]:
    """Keys in a git configuration that run programs. A line that is not understood is one too."""
    section = ""
    for line in re.sub(r"\\\r?\n", "", text.removeprefix("\ufeff")).split("\n"):
        rest = line.strip()
        header = _SECTION.match(rest)
        if header is not None:
            section = header[1] if header[2] is None else f"{header[1]}.{header[2]}"
            rest = rest[header.end() :].strip()
        if not rest or rest[0] in "#;":
            continue
        entry = _ENTRY.fullmatch(rest)
        if entry is None or not section:
            yield UNREADABLE
            continue
        key = f"{section}.{entry[1]}".lower()
        if _runs_program(key, (entry[2] or "true").strip().strip('"')):
            yield key


def _runs_program(key: str, value: str) -> bool:
    if (key, value) in _HARMLESS:
        return False
    if key.startswith("remote.") and key.endswith("url") and _REMOTE_HELPER.match(value):
        return True
    if key.startswith("submodule.") and key.endswith(".update"):
        return value.startswith("!")
    return _RUNS.fullmatch(key) is not None
