"""What a change of a manifest, of a lock file or of a migration would bring about later."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from assent.core.risk.edits.diffs import Hunk

Names: TypeAlias = frozenset[str]

_NPM_TABLES = (
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
    "bundledDependencies",
)
_LIFECYCLE = re.compile(
    r'"(?P<name>(?:pre|post)?install|(?:pre|post)?prepare|prepublish(?:Only)?|(?:pre|post)pack'
    r'|dependencies)"\s*:\s*"'
)
_NPM_LINE = re.compile(
    r'(?:^|[{,])\s*"(?P<name>@?[a-z0-9][\w./-]*)"\s*:\s*"(?:[\^~<>=v*]|\d+(?:\.\d+|\.x|$|")|latest|next'
    r'|workspace:|npm:|file:|link:|git|https?:|github:|x")',
    re.IGNORECASE,
)
_NPM_OWN = frozenset(("version", "node", "npm", "yarn", "pnpm", "vscode", "packageManager"))
_QUOTED_REQUIREMENT = re.compile(
    r"""^\s*["'](?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w, -]*\])?\s*"""
    r"""(?:[<>=!~]=?[^"']+|@\s*[^"']+|;[^"']+)["']\s*,?"""
)
_TOML_DEPENDENCY = re.compile(
    r"""^\s*(?P<name>[A-Za-z0-9][\w-]*)(?:\.workspace)?\s*=\s*"""
    r"""(?:["'][\^~<>=*]*\s*\d[^"']*["']|\{.*(?:version|git|path|workspace)\s*=)"""
)
_TOML_OWN = frozenset(
    (
        "version",
        "edition",
        "rust-version",
        "python",
        "requires-python",
        "target-version",
        "resolver",
    )
)
_REQUIREMENT = re.compile(
    r"^\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@#\\]|$)"
)
_DIRECT = re.compile(r"^\s*(?:-e\s+|--editable[ =])?(?P<name>(?:git\+|https?://|\./|\.\./)\S+)")
_GO = re.compile(r"^\s*(?:require\s+)?(?P<name>[\w.-]+\.[a-z]+(?:/[\w.~-]+)+)\s+v\d")
_GEM = re.compile(r"""^\s*gem\s+["'](?P<name>[\w.-]+)["']""")
_LINES: tuple[tuple[re.Pattern[str], tuple[re.Pattern[str], ...]], ...] = (
    (re.compile(r"package\.json|deno\.jsonc?"), (_NPM_LINE,)),
    (re.compile(r"composer\.json"), (_NPM_LINE,)),
    (re.compile(r"pyproject\.toml"), (_QUOTED_REQUIREMENT, _TOML_DEPENDENCY)),
    (re.compile(r"setup\.(?:py|cfg)"), (_QUOTED_REQUIREMENT,)),
    (re.compile(r"cargo\.toml|pipfile"), (_TOML_DEPENDENCY,)),
    (re.compile(r".*\.(?:txt|in)"), (_REQUIREMENT, _DIRECT)),
    (re.compile(r"go\.mod"), (_GO,)),
    (re.compile(r"gemfile"), (_GEM,)),
)
_DESTROYS = re.compile(
    r"""
    \b(?P<sql>drop\s+(?:table|column|database|schema|view|type)|truncate(?:\s+table)?|delete\s+from)
      \s+(?:if\s+exists\s+)?[\w"'`.\[]
    | \bop\.drop_(?:table|column)\( | \bop\.batch_alter_table.*drop
    | \b(?:remove_columns?|drop_table|drop_column|drop_join_table)\b
    | \bmigrations\.(?:RemoveField|DeleteModel)
    | \b(?:dropTable|dropColumns?|removeColumn|dropIfExists)\w*\(
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BACK = re.compile(
    r"\bdef\s+(?:downgrade|down|rollback)\b|\bdown\s*[(=:]|--\s*(?:\+goose|migrate:)\s*down", re.I
)
_FORTH = re.compile(
    r"\bdef\s+(?:upgrade|up|change)\b|\bup\s*[(=:]|--\s*(?:\+goose|migrate:)\s*up", re.I
)


def new_dependencies(
    name: str, hunks: Sequence[Hunk], texts: tuple[str | None, str | None] | None
) -> tuple[str, ...]:
    """Packages that the manifest called `name` needs after the change and not before.

    Told from both whole texts where they are known and read well, otherwise from the lines.
    """
    low = name.casefold()
    if texts is not None:
        was, now = declared(low, texts[0] or ""), declared(low, texts[1] or "")
        if was is not None and now is not None:
            return tuple(sorted(now - was))
    removed = _on_lines(low, [line.text for hunk in hunks for line in hunk.removed])
    added = _on_lines(low, [line.text for hunk in hunks for line in hunk.added])
    return tuple(dict.fromkeys(item for item in added if item not in removed))


def declared(name: str, text: str) -> Names | None:
    """The packages a whole manifest names; None for manifests that are not read as a whole."""
    if text == "":
        return frozenset()
    if name == "package.json":
        return _in_package_json(text)
    if name in ("pyproject.toml", "cargo.toml"):
        return _in_toml(text)
    return None


def _in_package_json(text: str) -> Names | None:
    try:
        read: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    tables = (read.get(table) for table in _NPM_TABLES)
    return frozenset(str(key) for table in tables if isinstance(table, dict) for key in table)


def _in_toml(text: str) -> Names | None:
    try:
        read = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    return frozenset(_in_table(read, under=()))


def _in_table(table: Mapping[str, object], *, under: tuple[str, ...]) -> Iterator[str]:
    """Names under every table that lists dependencies, at any depth."""
    for key, value in table.items():
        where = (*under, key)
        if isinstance(value, dict):
            if _lists_dependencies(key):
                yield from (str(name).lower() for name in value if name != "python")
            yield from _in_table(value, under=where)
        elif isinstance(value, list) and _lists_requirements(where):
            yield from _requirements(value)


def _lists_dependencies(key: str) -> bool:
    return key in ("dependencies", "dev-dependencies", "build-dependencies", "packages")


def _lists_requirements(where: tuple[str, ...]) -> bool:
    return where[-1] in ("dependencies", "requires", "dev-dependencies") or any(
        part in ("optional-dependencies", "dependency-groups") for part in where[:-1]
    )


def _requirements(items: Sequence[object]) -> Iterator[str]:
    for item in items:
        match = _REQUIREMENT.match(item) if isinstance(item, str) else None
        if match is not None:
            yield re.sub(r"[-_.]+", "-", match.group("name")).lower()


def _on_lines(name: str, lines: Sequence[str]) -> list[str]:
    patterns = next((found for names, found in _LINES if names.fullmatch(name)), ())
    own = _NPM_OWN | _TOML_OWN
    found = (
        match.group("name")
        for line in lines
        for pattern in patterns
        for match in pattern.finditer(line)
    )
    return [item for item in found if item not in own]


def lifecycle_scripts(hunks: Sequence[Hunk]) -> tuple[str, ...]:
    """Scripts of a package.json that run by themselves when it is installed, added or changed."""
    added = (line.text for hunk in hunks for line in hunk.added)
    found = (match.group("name") for line in added for match in _LIFECYCLE.finditer(line))
    return tuple(dict.fromkeys(found))


def destroys(hunks: Sequence[Hunk]) -> tuple[str, ...]:
    """What added lines of a migration take away for good, except on the way back."""
    found: list[str] = []
    for hunk in hunks:
        back = False
        unchanged = ((line, False) for line in hunk.context)
        for line, is_new in (*unchanged, *((line.text, True) for line in hunk.added)):
            back = (back or bool(_BACK.search(line))) and not _FORTH.search(line)
            if is_new and not back and _DESTROYS.search(line):
                found.append(" ".join(line.split())[:80])
    return tuple(dict.fromkeys(found))
