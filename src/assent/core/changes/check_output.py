"""What linters and type checkers print: SARIF 2.1 and lines of `path:line[:column]: message`.

Everything is read that can be; nothing raises, whatever the text is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from assent.core.changes.findings import Reported
from assent.core.changes.model import Severity

MOST_BYTES = 16 * 1024 * 1024
MOST_LINES = 50_000
MOST_RESULTS = 5_000
_LINE = 2_000
"""Characters of a printed line that are looked at."""

Json: TypeAlias = object
"""What `json` makes of a text; read only through the functions below."""

_LEVELS = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "note": Severity.INFO,
    "none": Severity.INFO,
}
_NOT_FOUND = frozenset(("pass", "notApplicable", "informational"))
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://[^/]*)?(.*)", re.DOTALL)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


# SARIF


def read_sarif(
    text: bytes, *, roots: Sequence[str] = (), severity: Severity = Severity.WARNING
) -> tuple[Reported, ...] | None:
    """The results of a SARIF log that were not suppressed; None when it is no SARIF log.

    `roots` are absolute folders whose files are meant; `severity` holds where nothing is said.
    """
    runs = _list(_get(_loaded(text), "runs"))
    if runs is None:
        return None
    found: list[Reported] = []
    for run in runs:
        for result in _list(_get(run, "results")) or ():
            if len(found) == MOST_RESULTS:
                return tuple(found)
            found.extend(_result(result, run, roots=roots, severity=severity))
    return tuple(found)


def _loaded(text: bytes) -> Json:
    # A tool may print a line of its own before and after.
    start, end = text.find(b"{"), text.rfind(b"}")
    if len(text) > MOST_BYTES or start < 0:
        return None
    try:
        loaded: Json = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return loaded


def _result(
    result: Json, run: Json, *, roots: Sequence[str], severity: Severity
) -> Iterator[Reported]:
    if _suppressed(result) or _text(_get(result, "kind")) in _NOT_FOUND:
        return
    rule = _rule(result, run)
    rule_id = _text(_get(result, "ruleId")) or _text(_get(rule, "id")) or "finding"
    said = _LEVELS.get(
        _text(_get(result, "level")) or _text(_get(_get(rule, "defaultConfiguration"), "level"))
    )
    message = _message(result, rule) or rule_id
    places = _list(_get(result, "locations")) or ()
    physical = _get(places[0], "physicalLocation") if places else None
    region = _get(physical, "region")
    path = _sarif_path(_get(physical, "artifactLocation"), run, roots)
    if path is None:
        return
    line = _number(_get(region, "startLine"))
    yield Reported(
        rule=rule_id[:200],
        severity=severity if said is None else said,
        message=message,
        path=path,
        line=line if path else 0,
        end_line=max(_number(_get(region, "endLine")), line) if path else 0,
    )


def _suppressed(result: Json) -> bool:
    if _text(_get(result, "baselineState")) == "absent":
        return True
    return any(
        _text(_get(item, "status")) in ("", "accepted")
        for item in _list(_get(result, "suppressions")) or ()
    )


def _rule(result: Json, run: Json) -> Json:
    """What the tool says about the rule of a result."""
    rules = _list(_get(_get(_get(run, "tool"), "driver"), "rules")) or ()
    place = _get(result, "ruleIndex")
    if place is None:
        place = _get(_get(result, "rule"), "index")
    if isinstance(place, int) and 0 <= place < len(rules):
        return rules[place]
    wanted = _text(_get(result, "ruleId")) or _text(_get(_get(result, "rule"), "id"))
    return next((rule for rule in rules if wanted and _text(_get(rule, "id")) == wanted), None)


def _message(result: Json, rule: Json) -> str:
    message = _get(result, "message")
    text = _text(_get(message, "text")) or _text(_get(message, "markdown"))
    if not text:
        strings = _get(rule, "messageStrings")
        text = _text(_get(_get(strings, _text(_get(message, "id"))), "text"))
    for place, argument in enumerate((_list(_get(message, "arguments")) or ())[:20]):
        text = text[:_LINE].replace("{" + str(place) + "}", _text(argument)[:_LINE])
    return " ".join(text[: 4 * _LINE].split())


def _sarif_path(location: Json, run: Json, roots: Sequence[str]) -> str | None:
    """From the root; empty when none is said, None for a file elsewhere."""
    if _get(location, "uri") is None:
        place = _get(location, "index")
        artifacts = _list(_get(run, "artifacts")) or ()
        if isinstance(place, int) and 0 <= place < len(artifacts):
            location = _get(artifacts[place], "location")
    uri = _text(_get(location, "uri"))
    if not uri:
        return ""
    base = _text(
        _get(_get(_get(run, "originalUriBaseIds"), _text(_get(location, "uriBaseId"))), "uri")
    )
    if base and not _URI.match(uri) and not uri.startswith("/"):
        based = relative(_decoded(base.rstrip("/") + "/" + uri), roots)
        if based is not None:
            return based
    return relative(_decoded(uri), roots)


def _decoded(uri: str) -> str:
    """The path that a URI names; empty for what is no file."""
    found = _URI.fullmatch(uri)
    if found is not None and found.group(1).lower() != "file":
        return ""
    path = uri if found is None else found.group(2)
    raw = path.split("#", 1)[0].split("?", 1)[0].encode("utf-8", "surrogatepass")
    plain = _PERCENT.sub(lambda match: bytes((int(match.group(1), 16),)), raw)
    return plain.decode("utf-8", "surrogateescape" if found is None else "replace")


def relative(path: str, roots: Sequence[str]) -> str | None:
    """`path` from the root of the repository, as git writes it; None when it is not below it."""
    for root in sorted(roots, key=len, reverse=True):
        folder = root.rstrip("/") + "/"
        if path.startswith(folder):
            path = path[len(folder) :]
            break
    if not path or path.startswith("/") or "\0" in path:
        return None
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and kept:
            kept.pop()
        elif part == "..":
            return None
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept) or None


def _get(of: Json, name: str) -> Json:
    return of.get(name) if isinstance(of, Mapping) else None


def _list(of: Json) -> Sequence[Json] | None:
    return of if isinstance(of, list) else None


def _text(of: Json) -> str:
    return of if isinstance(of, str) else ""


def _number(of: Json) -> int:
    return of if isinstance(of, int) and not isinstance(of, bool) and 0 < of < 10**9 else 0


# Lines

_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,40}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)")
_PLACED = re.compile(
    r"(?P<path>[^\s:()'\"][^:()'\"]{0,400})"
    r"(?::(?P<line>\d{1,9})(?:[:.]\d{1,9})?(?:-\d{1,9}(?::\d{1,9})?)?"
    r"|\((?P<tsc>\d{1,9})(?:,\d{1,9})?\))"
    r"(?::[ \t]*|[ \t]+)(?:- )?(?P<said>\S.*)"
)
_BELOW = re.compile(r"[ \t]*--> (?P<path>[^\s:][^:]{0,400}):(?P<line>\d{1,9})(?::\d{1,9})?")
_ALONE = re.compile(r"[^\s:]{0,400}[./][^\s:]{0,400}")
_UNDER = re.compile(
    r"[ \t]+(?P<line>\d{1,9}):\d{1,9}[ \t]+(?:(?P<word>error|warning)[ \t]+)?(?P<said>\S.*?)"
    r"(?:[ \t]{2,}(?P<rule>[\w@/-]{1,80}))?"
)
_FILE = re.compile(r"[^\s*?<>|]*[./][^\s*?<>|]*|[A-Z][a-z]+file|[A-Z]+")
"""What a line may name without being in the difference: no sentence that ends in a time."""
_SEVERITY = re.compile(
    r"\[?(?P<word>fatal error|error|warning|warn|note|info|information|hint|help|style|convention"
    r"|refactor|suggestion)\]?(?:\[(?P<rule>[\w/@-]{1,60})\])?[ \t]*(?::|[ \t](?=[A-Z]+\d))[ \t]*",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?P<rule>[A-Z]{1,8}\d{1,5})(?::|[ \t])[ \t]*(?:\[\*\][ \t]*)?")
_BEHIND = re.compile(
    r"[ \t]+[\[(](?:(?P<word>Error|Warning|Info)/)?"
    r"(?P<rule>[A-Za-z@][\w@/+.-]{0,80}(?:,[\w@/+.-]{1,80})?)[\])][ \t]*"
)
_WORDS = {
    "fatal error": Severity.ERROR,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
}


def read_lines(
    text: bytes, *, roots: Sequence[str] = (), severity: Severity = Severity.WARNING
) -> tuple[Reported, ...]:
    """The lines that name a place, as gcc, mypy, ruff, eslint and tsc print them; also where the
    place stands below its message (rustc, ruff) or its file above it (eslint).

    `severity` holds where a line does not say one.
    """
    found: list[Reported] = []
    before = file = ""
    lines = text[:MOST_BYTES].decode("utf-8", "replace").splitlines()
    for raw in lines[:MOST_LINES]:
        line = _ESCAPES.sub("", raw[:_LINE]).rstrip()
        below, under = _BELOW.fullmatch(line), _UNDER.fullmatch(line)
        if below is not None and before:
            at, said = (below.group("path"), below.group("line")), before
        elif under is not None and file:
            word = f"{under.group('word')}: " if under.group("word") else ""
            rule = f" [{under.group('rule')}]" if under.group("rule") else ""
            at, said = (file, under.group("line")), f"{word}{under.group('said')}{rule}"
        else:
            placed = _PLACED.match(line)
            file = line if _ALONE.fullmatch(line) else file if line[:1] in ("", " ") else ""
            before = line or before
            if placed is None:
                continue
            at = placed.group("path"), placed.group("line") or placed.group("tsc")
            said = placed.group("said")
        reported = _reported(at, said, roots, severity)
        if reported is not None:
            found.append(reported)
            if len(found) == MOST_RESULTS:
                break
    return tuple(found)


def _reported(
    at: tuple[str, str], said: str, roots: Sequence[str], severity: Severity
) -> Reported | None:
    path = relative(at[0].strip(), roots)
    if path is None or not _FILE.fullmatch(path):
        return None
    word, rule, message = _said(said)
    return Reported(
        rule=rule or "finding",
        severity=_WORDS.get(word, Severity.INFO) if word else severity,
        message=message,
        path=path,
        line=int(at[1]),
    )


def _said(text: str) -> tuple[str, str, str]:
    """How bad, which rule, and what, of the text behind a place."""
    word = rule = ""
    first = _SEVERITY.match(text)
    if first is not None:
        word, rule = first.group("word").lower(), first.group("rule") or ""
        text = text[first.end() :]
    code = _CODE.match(text)
    if code is not None and not rule:
        rule = code.group("rule")
        text = text[code.end() :]
    else:
        start = max(text.rfind(" ["), text.rfind("\t["), text.rfind(" ("))
        behind = _BEHIND.fullmatch(text, start) if start > 0 else None
        if behind is not None and not rule:
            word = word or (behind.group("word") or "").lower()
            rule = behind.group("rule")
            text = text[:start]
    return word, rule, text.strip() or rule or "finding"
