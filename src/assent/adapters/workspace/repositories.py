"""Which branch a repository is on, where that is pushed to, and whether it was: from its files."""

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from assent.adapters.workspace.files import read_regular, real_path
from assent.adapters.workspace.git_config import git_dirs, sections
from assent.app.agents import UnreadableFile
from assent.core.facts import RepositoryFact

MAX_REF_FILE = 8 * 1024 * 1024
MAX_KNOWN = 1_000
_SCP = re.compile(r"(?:[^@/\s]+@)?([^:/\s]+):(?!//)")
_HEAD = "ref: refs/heads/"

_Stamp = tuple[int, int, int]


class Repositories:
    """Reads repositories, each file once for each state it is in."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[_Stamp, str]] = {}
        self._configs: dict[str, tuple[str, Mapping[str, Mapping[str, str]]]] = {}

    def branch(self, folder: str) -> str:
        """The branch that is checked out; empty for none, or where no repository is."""
        found = git_dirs(folder)
        return "" if found is None else self._branch(found[0])

    def fact(self, folder: str) -> RepositoryFact | None:
        """None where there is no repository."""
        found = git_dirs(folder)
        if found is None:
            return None
        git_dir, common = found
        config = self._config(os.path.join(common, "config"))
        branch = self._branch(git_dir)
        of_branch = config.get(f"branch.{branch}", {}) if branch else {}
        remote = of_branch.get("remote", "")
        merges = of_branch.get("merge", "").removeprefix("refs/heads/")
        return RepositoryFact(
            root=_root(git_dir, folder),
            branch=branch,
            upstream_remote=remote,
            upstream_branch=merges,
            remotes=_remotes(config),
            default_branch=self._default_branch(common, remote or "origin"),
            pushed=self._pushed(common, branch, remote=remote, merges=merges),
        )

    def _branch(self, git_dir: str) -> str:
        head = self._text(os.path.join(git_dir, "HEAD")).strip()
        return head.removeprefix(_HEAD) if head.startswith(_HEAD) else ""

    def _default_branch(self, common: str, remote: str) -> str:
        place = f"refs/remotes/{remote}/"
        head = self._text(os.path.join(common, place, "HEAD")).strip()
        return head.removeprefix(f"ref: {place}") if head.startswith(f"ref: {place}") else ""

    def _pushed(self, common: str, branch: str, *, remote: str, merges: str) -> bool | None:
        if not (branch and remote and merges):
            return None
        here = self._ref(common, f"refs/heads/{branch}")
        there = self._ref(common, f"refs/remotes/{remote}/{merges}")
        return None if not here or not there else here == there

    def _ref(self, common: str, name: str) -> str:
        loose = self._text(os.path.join(common, name)).strip()
        if loose:
            return loose
        for line in self._text(os.path.join(common, "packed-refs")).splitlines():
            value, _, packed = line.partition(" ")
            if packed == name:
                return value
        return ""

    def _config(self, path: str) -> Mapping[str, Mapping[str, str]]:
        text = self._text(path)
        known = self._configs.get(path)
        if known is not None and known[0] is text:
            return known[1]
        parsed = sections(text)
        self._configs[path] = (text, parsed)
        return parsed

    def _text(self, path: str) -> str:
        """The text of a file; empty where there is none that can be read."""
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return ""
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = self._texts.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            content = read_regular(path, limit=MAX_REF_FILE) or b""
        except UnreadableFile:
            content = b""
        text = content.decode("utf-8", "surrogateescape")
        if len(self._texts) >= MAX_KNOWN:
            self._texts.clear()
            self._configs.clear()
        self._texts[path] = (stamp, text)
        return text


def _root(git_dir: str, folder: str) -> str:
    """The folder whose `.git` led to `git_dir`."""
    place = real_path(folder)
    while place != os.path.dirname(place):
        if place == git_dir:
            return place
        if os.path.lexists(os.path.join(place, ".git")):
            return place
        place = os.path.dirname(place)
    return git_dir


def _remotes(config: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    found = {}
    for section, values in config.items():
        kind, _, name = section.partition(".")
        if kind == "remote" and name:
            found[name] = host_of(values.get("pushurl") or values.get("url", ""))
    return found


def host_of(url: str) -> str:
    """`github.com`, of whichever form a remote's address has; empty for a folder."""
    if "://" in url:
        try:
            return urlsplit(url).hostname or ""
        except ValueError:
            return ""
    match = _SCP.match(url)
    return "" if match is None else match[1].lower()
