"""What a project's manifests ask for, and what a change does to it.

Only what can be told from the texts: nothing is resolved, and no registry is known.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TypeAlias

Table: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Need:
    """What is said about one package: which versions, and from where."""

    spec: str
    source: str = ""
    """An address, a repository or a path; empty: the registry."""


Needs: TypeAlias = Mapping[str, Need]


class Tightness(IntEnum):
    """How far a version is fixed."""

    ANY = 0
    OPEN = 1
    """Only from below."""
    RANGE = 2
    EXACT = 3


class Move(StrEnum):
    """What becomes of one package."""

    ADDED = "added"
    REMOVED = "removed"
    SOURCE = "source"
    LOOSENED = "loosened"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Moved:
    name: str
    move: Move
    before: Need | None
    after: Need | None


MANIFESTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "package.json": frozenset(
            (
                "package-lock.json",
                "npm-shrinkwrap.json",
                "yarn.lock",
                "pnpm-lock.yaml",
                "bun.lock",
                "bun.lockb",
            )
        ),
        "pyproject.toml": frozenset(("uv.lock", "poetry.lock", "pdm.lock")),
        "pipfile": frozenset(("pipfile.lock",)),
        "cargo.toml": frozenset(("cargo.lock",)),
        "go.mod": frozenset(("go.sum",)),
        "gemfile": frozenset(("gemfile.lock",)),
        "composer.json": frozenset(("composer.lock",)),
    }
)
"""Manifests, in lower case, and the files that fix what is installed for them."""

LOCKS: Mapping[str, str] = MappingProxyType(
    {lock: manifest for manifest, locks in MANIFESTS.items() for lock in locks}
)

_REQUIREMENTS = re.compile(r"(?:.*requirements.*|constraints.*)\.(?:txt|in)|.*\.requirements")
_LOCK_SPELLING = {"pipfile.lock": "Pipfile.lock", "cargo.lock": "Cargo.lock"} | {
    "gemfile.lock": "Gemfile.lock"
}


def spelled(lock: str) -> str:
    """A lock file's name as its program writes it."""
    return _LOCK_SPELLING.get(lock, lock)


def is_manifest(name: str) -> bool:
    """Whether a file of this name says what a project needs, and is read here."""
    return name.lower() in MANIFESTS or _REQUIREMENTS.fullmatch(name.lower()) is not None


def moves(name: str, before: str | None, after: str | None) -> tuple[Moved, ...] | None:
    """What a change of the manifest called `name` does; None where a text cannot be read."""
    was, now = needs(name, before or ""), needs(name, after or "")
    if was is None or now is None:
        return None
    every = sorted({*was, *now})
    found = (_moved(name.lower(), each, was.get(each), now.get(each)) for each in every)
    return tuple(item for item in found if item is not None)


def _moved(manifest: str, name: str, before: Need | None, after: Need | None) -> Moved | None:
    if before == after:
        return None
    if before is None or after is None:
        return Moved(name, Move.ADDED if before is None else Move.REMOVED, before, after)
    if before.source != after.source:
        return Moved(name, Move.SOURCE, before, after)
    looser = tightness(manifest, after.spec) < tightness(manifest, before.spec)
    return Moved(name, Move.LOOSENED if looser else Move.CHANGED, before, after)


_ANY = frozenset(("", "*", "latest", "x", "next", "any", ">=0", ">= 0"))
_BARE_IS_EXACT = frozenset(("package.json", "composer.json", "go.mod", "gemfile", "pyproject.toml"))


def tightness(manifest: str, spec: str) -> Tightness:
    """How far `spec` fixes a version, in the language of `manifest` (in lower case)."""
    text = spec.strip().lower()
    if text in _ANY:
        return Tightness.ANY
    if re.fullmatch(r"={1,3}\s*[^\s,|<>*]+", text) or "#" in text:
        return Tightness.EXACT
    if re.fullmatch(r"v?\d+\.\d+\.\d[^\s,|<>*x]*|v\d\S*", text):
        return Tightness.EXACT if manifest in _BARE_IS_EXACT else Tightness.RANGE
    if re.fullmatch(r">=?\s*[^\s,|<]+", text):
        return Tightness.OPEN
    return Tightness.RANGE


def needs(name: str, text: str) -> Needs | None:
    """What a manifest asks for; None when it cannot be read as one."""
    low = name.lower()
    if not text.strip():
        return {}
    if low in ("package.json", "composer.json"):
        loaded = _json(text)
        return None if loaded is None else dict(_in_json(loaded))
    if low in ("pyproject.toml", "cargo.toml", "pipfile"):
        loaded = _toml(text)
        return None if loaded is None else dict(_in_toml(loaded))
    if low == "go.mod":
        return dict(_in_go(text))
    if low == "gemfile":
        return dict(_in_gemfile(text))
    return dict(_in_requirements(text)) if _REQUIREMENTS.fullmatch(low) else None


def _json(text: str) -> Table | None:
    try:
        loaded: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) else None


def _toml(text: str) -> Table | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


# JSON

_JSON_TABLES = (
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
    "require",
    "require-dev",
)
_OUTSIDE = re.compile(r"(?:git|https?|ssh|file|link|github|gitlab|bitbucket|npm)[+:]|[./~]|[\w-]+/")


def _in_json(loaded: Table) -> Iterator[tuple[str, Need]]:
    for kind in _JSON_TABLES:
        table = loaded.get(kind)
        for name, spec in table.items() if isinstance(table, dict) else ():
            text = spec if isinstance(spec, str) else ""
            if _OUTSIDE.match(text):
                source, _, version = text.partition("#")
                yield str(name), Need(spec=f"#{version}" if version else "", source=source)
            elif name != "php":
                yield str(name), Need(spec=text)


# TOML


def _in_toml(loaded: Table) -> Iterator[tuple[str, Need]]:
    found = dict(_in_table(loaded, under=()))
    sources = _sources(loaded)
    for name, need in found.items():
        source = sources.get(name, "")
        yield name, need if not source else Need(need.spec, source)


def _in_table(table: Table, *, under: tuple[str, ...]) -> Iterator[tuple[str, Need]]:
    for key, value in table.items():
        where = (*under, key)
        if isinstance(value, dict):
            if key in _TABLES:
                yield from (
                    (_normal(name), _need(spec)) for name, spec in value.items() if name != "python"
                )
            if key not in ("sources", "patch"):
                yield from _in_table(value, under=where)
        elif isinstance(value, list) and _lists_requirements(where):
            yield from (found for item in value for found in _requirement(item))


_TABLES = frozenset(
    ("dependencies", "dev-dependencies", "build-dependencies", "packages", "dev-packages")
)


def _lists_requirements(where: tuple[str, ...]) -> bool:
    return where[-1] in ("dependencies", "requires", "dev-dependencies") or any(
        part in ("optional-dependencies", "dependency-groups") for part in where[:-1]
    )


def _need(spec: object) -> Need:
    if isinstance(spec, str):
        return Need(spec)
    if not isinstance(spec, dict):
        return Need("")
    version = spec.get("version")
    pinned = spec.get("rev") or spec.get("tag") or spec.get("branch")
    places = (spec.get(key) for key in ("git", "url", "path", "registry", "index"))
    source = next((place for place in places if isinstance(place, str)), "")
    text = version if isinstance(version, str) else f"#{pinned}" if pinned else ""
    return Need(text, source)


def _sources(loaded: Table) -> Mapping[str, str]:
    """Where packages come from that a table of its own tells: `[tool.uv.sources]`."""
    tool = loaded.get("tool")
    own = tool.get("uv") if isinstance(tool, dict) else None
    table = own.get("sources") if isinstance(own, dict) else None
    if not isinstance(table, dict):
        return {}
    return {_normal(name): _need(spec).source for name, spec in table.items()}


def _normal(name: object) -> str:
    return re.sub(r"[-_.]+", "-", str(name)).lower()


# Lines

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)[ \t]*(?:\[[^\]]*\])?[ \t]*"
    r"(?:@[ \t]*(?P<source>\S+)|(?P<spec>[^;#@]*))"
)
_ADDRESS = re.compile(r"(?:-e[ \t]+|--editable[ =])?(?P<source>(?:git\+|https?://|\.{1,2}/)\S+)")
_GO = re.compile(r"(?:require[ \t]+)?(?P<name>[\w.~-]+(?:/[\w.~-]+)+)[ \t]+(?P<spec>v\S+)")
_GO_REPLACE = re.compile(
    r"(?:replace[ \t]+)?(?P<name>[\w.~/-]+)(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(?P<to>\S+)"
)
_GEM = re.compile(
    r"""gem[ \t]+["'](?P<name>[\w.-]+)["'](?:[ \t]*,[ \t]*["'](?P<spec>[^"']*)["'])?(?P<rest>.*)"""
)
_GEM_FROM = re.compile(r"""\b(?:git|github|path|source)(?::|[ \t]*=>)[ \t]*["']([^"']+)["']""")


def _requirement(item: object) -> Iterator[tuple[str, Need]]:
    text = item.strip()[:1_000] if isinstance(item, str) else ""
    address = _ADDRESS.match(text)
    if address is not None:
        source, _, pinned = address.group("source").partition("#")
        yield source, Need(f"#{pinned}" if pinned else "", source)
        return
    match = _REQUIREMENT.match(text)
    if match is not None:
        spec = (match.group("spec") or "").strip()
        yield _normal(match.group("name")), Need(spec, match.group("source") or "")


def _in_requirements(text: str) -> Iterator[tuple[str, Need]]:
    for line in text.replace("\\\n", " ").splitlines():
        plain = re.sub(r"(?:^|\s)#.*|\s--hash\S*", "", line).strip()
        if plain and not (plain.startswith("-") and not _ADDRESS.match(plain)):
            yield from _requirement(plain)


def _in_go(text: str) -> Iterator[tuple[str, Need]]:
    instead: dict[str, str] = {}
    asked: dict[str, str] = {}
    for line in text.splitlines():
        plain = line.split("//", 1)[0].strip()
        replaced, needed = _GO_REPLACE.fullmatch(plain), _GO.fullmatch(plain)
        if "=>" in plain:
            if replaced is not None:
                instead[replaced.group("name")] = replaced.group("to")
        elif needed is not None:
            asked[needed.group("name")] = needed.group("spec")
    for name in dict.fromkeys((*asked, *instead)):
        yield name, Need(asked.get(name, ""), instead.get(name, ""))


def _in_gemfile(text: str) -> Iterator[tuple[str, Need]]:
    for line in text.splitlines():
        match = _GEM.match(line.strip())
        if match is not None:
            source = _GEM_FROM.search(match.group("rest"))
            yield match.group("name"), Need(match.group("spec") or "", source[1] if source else "")


# Where installed things come from

_FROM = re.compile(
    r"(?P<key>resolved|registry|source|tarball|remote|extra-index-url|index-url|url)\b[\"']?\s{0,8}"
    r"[:=\s]\s{0,8}[\"'{]?[^\s\"']{0,40}?(?P<scheme>https?|git|ssh)://(?:[^\s/@\"']{1,200}@)?"
    r"(?P<host>[^\s/:\"'@?#]{1,200})"
)
_REGISTRY_FILES = re.compile(
    r"\.npmrc|\.yarnrc(?:\.yml)?|pip\.conf|\.pypirc|uv\.toml|nuget\.config"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A host that things are installed from."""

    host: str
    safe: bool
    """Not by plain HTTP."""


def tells_origins(name: str) -> bool:
    """Whether a file of this name says where things are installed from."""
    low = name.lower()
    return low in LOCKS or is_manifest(low) or _REGISTRY_FILES.fullmatch(low) is not None


def origins(name: str, lines: Sequence[str]) -> Iterator[tuple[int, Origin]]:
    """The hosts that a file's lines install from, with the place of each line."""
    only_resolved = name.lower() in ("package-lock.json", "npm-shrinkwrap.json")
    lock = name.lower() in LOCKS
    registry = _REGISTRY_FILES.fullmatch(name.lower()) is not None
    for place, line in enumerate(lines):
        for match in _FROM.finditer(line[:4_000]):
            key = match.group("key")
            if only_resolved and key != "resolved":
                continue
            if not lock and not registry and key in ("url", "source", "remote"):
                continue
            host = match.group("host").lower()
            local = host in ("localhost", "127.0.0.1", "[::1]")
            yield place, Origin(host, safe=local or match.group("scheme") != "http")
