"""How single values of a policy file are written, checked and described to editors."""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from assent.adapters.policy_file.patterns import refused_pattern
from assent.core.changes.model import Severity
from assent.core.people.model import Rung
from assent.core.policy.changes import Path
from assent.core.policy.hours import HOURS, Hours, read_hours
from assent.core.policy.model import AskIn, Mode, RouteName, Tier, Wanted
from assent.core.risk.edits.classes import PathClass
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect

KINDS = ("command", "edit", "read", "tool", "plan", "policy", "unknown")
PROFILES = ("solo", "team", "strict")
CLASSES = {risk.word: risk for risk in RiskClass}
ROLLBACK = ("required", "optional")
SIGN = ("required", "optional")
CHECK_FORMATS = ("plain", "sarif")
UNEXPLAINED = ("gate", "notify")

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHORTEST_MS = 1_000
_LONGEST_MS = 366 * _UNITS["d"]
_DURATION = r"(\d{1,6})([smhd])"
_AMOUNT = r"(\d{1,7})(?:\.(\d{2}))?"
_ASK = r"ask:[^,\s][^,]*(?:, *[^,\s][^,]*)*"
_WHO = r"@?[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_WHOM = rf"{_WHO}(?:, *{_WHO})*"
_NEED = rf"(?:([1-9]) of )?({_WHOM})"
_RUNG = rf"(\d{{1,6}}[smhd]) +({_WHOM})"
_SCOPE = r"[a-z][a-z-]* \S.{0,250}"


def _wrong(kind: str, message: str) -> PydanticCustomError:
    # The message is a template for pydantic, in which braces would name values.
    return PydanticCustomError(kind, "{said}", {"said": message})


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _duration(value: object) -> int:
    found = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if found is None:
        raise _wrong("duration", "write a duration such as `30s`, `10m`, `2h` or `7d`")
    duration = int(found[1]) * _UNITS[found[2]]
    if not _SHORTEST_MS <= duration <= _LONGEST_MS:
        raise _wrong("duration", "a duration is between `1s` and `366d`")
    return duration


def _amount(value: object) -> int:
    found = re.fullmatch(_AMOUNT, value) if isinstance(value, str) else None
    if found is None:
        raise _wrong("amount", 'write an amount in quotes, such as `"5.00"` or `"20"`')
    return int(found[1]) * 100 + int(found[2] or 0)


def _hours(value: object) -> Hours:
    hours = read_hours(value) if isinstance(value, str) else None
    if hours is None:
        raise _wrong("hours", "write days and a span of time such as `mon-fri 09:00-18:00`")
    return hours


def _zone(value: object) -> ZoneInfo:
    try:
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_+/-]{1,60}", value):
            return ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        pass
    raise _wrong("zone", "write a time zone such as `Europe/Berlin` or `UTC`")


def _then(value: object) -> tuple[str, ...]:
    """Who is asked next; nobody for `deny`."""
    if value == "deny":
        return ()
    if not isinstance(value, str) or not re.fullmatch(_ASK, value):
        raise _wrong("then", 'write `"deny"`, or `"ask:ana,ben"` with the names of people')
    return tuple(dict.fromkeys(name.strip() for name in value.removeprefix("ask:").split(",")))


def _need(value: object) -> Wanted:
    found = re.fullmatch(_NEED, value) if isinstance(value, str) else None
    if found is None:
        raise _wrong("need", "write whom it needs, such as `ana`, `@owners` or `2 of @security`")
    return Wanted(_names(found[2]), int(found[1] or 1))


def _rung(value: object) -> Rung:
    found = re.fullmatch(_RUNG, value) if isinstance(value, str) else None
    if found is None:
        raise _wrong("rung", "write when and who, such as `30m @oncall` or `2h @leads, ana`")
    return Rung(_duration(found[1]), _names(found[2]))


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",")))


def _one_of(words: Iterable[str]) -> tuple[AfterValidator, WithJsonSchema]:
    known = tuple(words)

    def check(word: str) -> str:
        if word not in known:
            raise PydanticCustomError("word", "{words}", {"words": " ".join(known)})
        return word

    return AfterValidator(check), WithJsonSchema({"enum": list(known)})


def _checked(fits: Callable[[str], bool], message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not fits(text):
            raise _wrong("form", message)
        return text

    return AfterValidator(check)


def _is_tool(text: str) -> bool:
    server, _, tool = text.partition("/")
    return bool(server and tool) and all(part == "*" or "*" not in part for part in (server, tool))


def _is_path(text: str) -> bool:
    outside = text.startswith(("/", "~", "!")) or ".." in text.split("/")
    return bool(text) and not outside and "[" not in text


def _is_person(text: str) -> bool:
    return text == text.strip() and 0 < len(text) <= 64 and "," not in text


def _is_branch(text: str) -> bool:
    """A branch's own name, as git takes it."""
    parts = text.split("/")
    return (
        re.fullmatch(r"[^\x00-\x20\x7f~^:?*\[\\]{1,200}", text) is not None
        and ".." not in text
        and not text.startswith(("-", "refs/"))
        and all(part and not part.startswith(".") and not part.endswith(".lock") for part in parts)
    )


def _pattern(text: str) -> str:
    why = refused_pattern(text)
    if why:
        raise _wrong("pattern", why)
    return text


Duration: TypeAlias = Annotated[int, BeforeValidator(_duration), _text(_DURATION)]
Amount: TypeAlias = Annotated[int, BeforeValidator(_amount), _text(_AMOUNT)]
Span: TypeAlias = Annotated[Hours, BeforeValidator(_hours), _text(HOURS)]
Zone: TypeAlias = Annotated[ZoneInfo, BeforeValidator(_zone), WithJsonSchema({"type": "string"})]
Then: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_then), _text(f"(deny|{_ASK})")]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Kind: TypeAlias = Annotated[str, *_one_of(KINDS)]
EffectWord: TypeAlias = Annotated[str, *_one_of(Effect)]
PathClassWord: TypeAlias = Annotated[str, *_one_of(PathClass)]
ClassWord: TypeAlias = Annotated[str, *_one_of(CLASSES)]
RouteWord: TypeAlias = Annotated[str, *_one_of(RouteName)]
TierWord: TypeAlias = Annotated[str, *_one_of(Tier)]
ModeWord: TypeAlias = Annotated[str, *_one_of(Mode)]
AskInWord: TypeAlias = Annotated[str, *_one_of(AskIn)]
Needed: TypeAlias = Annotated[Wanted, BeforeValidator(_need), _text(_NEED)]
Step: TypeAlias = Annotated[Rung, BeforeValidator(_rung), _text(_RUNG)]
SignWord: TypeAlias = Annotated[str, *_one_of(SIGN)]
TeamName: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(_WHO, text) is not None and not text.startswith("@"),
        "a team's name has letters, digits, `.`, `_` and `-`, at most 64",
    ),
]
ProfileWord: TypeAlias = Annotated[str, *_one_of(PROFILES)]
RollbackWord: TypeAlias = Annotated[str, *_one_of(ROLLBACK)]
Program: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: bool(text) and text.split() == text.split(" "),
        "write words parted by single spaces",
    ),
]
Tool: TypeAlias = Annotated[
    str, _checked(_is_tool, "write `server/tool`, with `*` for the whole of either")
]
Glob: TypeAlias = Annotated[
    str,
    _checked(_is_path, "write a path inside the workspace, with `*`, `?` and `**` as wildcards"),
]
ScopeText: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(_SCOPE, text) is not None,
        "write an act and what it is done to, such as `push origin/agent/*`",
    ),
]
Person: TypeAlias = Annotated[
    str, _checked(_is_person, "write the name of a person, as Assent shows it")
]
Member: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(_WHO, text) is not None and not text.startswith("@"),
        "write the name of a person, as Assent shows it; a team has no teams in it",
    ),
]
Who: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(_WHO, text) is not None,
        "write the name of a person, or of a team or role with `@` before it",
    ),
]
BranchGlob: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: bool(text) and not set(text) & set(" ~^:[\\"),
        "write a branch, with `*`, `?` and `**` as wildcards",
    ),
]
Branch: TypeAlias = Annotated[
    str, _checked(_is_branch, "write the name of a branch, such as `main`")
]
Inner: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: (
            _is_path(text) and not set("*?[") & set(text) and ".git" not in text.split("/")
        ),
        "write a folder inside the workspace, such as `node_modules`",
    ),
]
ShellText: TypeAlias = Annotated[
    str,
    Field(max_length=4000),
    _checked(lambda text: bool(text.strip()), "write a command, as in a shell"),
]
ModelName: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(r"[a-z][a-z0-9-]*:\S{1,200}", text) is not None,
        "write provider and model, such as `anthropic:claude-sonnet-4-5`",
    ),
]
BaseUrl: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(r"https?://\S{1,400}", text) is not None,
        "write an address that begins with `https://` or `http://`",
    ),
]
VariableName: TypeAlias = Annotated[
    str,
    _checked(
        lambda text: re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,100}", text) is not None,
        "write the name of a variable, such as `ANTHROPIC_API_KEY`",
    ),
]
PathWord: TypeAlias = Annotated[str, *_one_of(Path)]
SeverityWord: TypeAlias = Annotated[str, *_one_of(Severity)]
FormatWord: TypeAlias = Annotated[str, *_one_of(CHECK_FORMATS)]
UnexplainedWord: TypeAlias = Annotated[str, *_one_of(UNEXPLAINED)]
Pattern: TypeAlias = Annotated[str, AfterValidator(_pattern)]
