"""Read a policy file. The same bytes always give the same policy, or the same error."""

import difflib
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from assent.core.canonical import digest_of
from assent.core.policy.model import AskIn, Policy, RouteName, Rule
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect
from assent.errors import UsageError

BUILT_IN = Path(__file__).with_name("default.toml").read_bytes()
"""The policy of a workspace without one; also what a new workspace's file begins as."""

KINDS = ("command", "edit", "read", "tool", "plan")
_CLASSES = {risk.word: risk for risk in RiskClass}
_SINGULAR = {"kinds": "kind", "effects": "effect", "classes": "class", "route": "route"}
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHORTEST_MS = 1_000
_LONGEST_MS = 366 * _UNITS["d"]
_DEFAULTS = Policy(digest=digest_of(b""))
_HINT = "The policy in force stays as it is until this is put right."


def _duration(value: object) -> int:
    found = re.fullmatch(r"(\d{1,6})([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("duration", "write a duration such as `30s`, `10m`, `2h` or `7d`")
    duration = int(found[1]) * _UNITS[found[2]]
    if not _SHORTEST_MS <= duration <= _LONGEST_MS:
        raise PydanticCustomError("duration", "a duration is between `1s` and `366d`")
    return duration


def _one_of(*words: str) -> AfterValidator:
    def known(word: str) -> str:
        if word not in words:
            raise PydanticCustomError("word", "{words}", {"words": " ".join(words)})
        return word

    return AfterValidator(known)


def _program(text: str) -> str:
    if text.split() != text.split(" ") or not text:
        raise PydanticCustomError("program", "write words parted by single spaces")
    return text


def _tool(text: str) -> str:
    server, slash, tool = text.partition("/")
    if not (server and slash and tool) or any(
        "*" in part and part != "*" for part in (server, tool)
    ):
        raise PydanticCustomError("tool", "write `server/tool`, with `*` for the whole of either")
    return text


def _path(text: str) -> str:
    if not text or text.startswith(("/", "~", "!")) or ".." in text.split("/") or "[" in text:
        raise PydanticCustomError(
            "path", "write a path inside the workspace, with `*`, `?` and `**` as wildcards"
        )
    return text


Duration = Annotated[int, BeforeValidator(_duration)]
Words = Annotated[list[str], Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Ask(_Table):
    wait: Duration = _DEFAULTS.wait_ms
    headless_wait: Duration | None = None
    expires: Duration = _DEFAULTS.expires_ms
    repeat_rejection: Duration = _DEFAULTS.repeat_rejection_ms
    in_: Annotated[str, _one_of(*AskIn), Field(alias="in")] = AskIn.INBOX.value


class _Rule(_Table):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    route: Annotated[str, _one_of(*RouteName)]
    kinds: Annotated[list[Annotated[str, _one_of(*KINDS)]], Field(min_length=1)] = []
    effects: Annotated[list[Annotated[str, _one_of(*Effect)]], Field(min_length=1)] = []
    classes: Annotated[list[Annotated[str, _one_of(*_CLASSES)]], Field(min_length=1)] = []
    programs: Annotated[list[Annotated[str, AfterValidator(_program)]], Field(min_length=1)] = []
    tools: Annotated[list[Annotated[str, AfterValidator(_tool)]], Field(min_length=1)] = []
    paths: Annotated[list[Annotated[str, AfterValidator(_path)]], Field(min_length=1)] = []
    agents: Words = []


class _File(_Table):
    ask: _Ask = _Ask()
    rule: list[_Rule] = []


class PolicyFiles:
    """Reads policy files."""

    def default(self) -> Policy:
        """The policy of a workspace that has accepted none."""
        return default_policy()

    def default_text(self) -> bytes:
        """The file that says it."""
        return BUILT_IN

    def parse(self, text: bytes) -> Policy:
        """Raises UsageError with the line and the reason when `text` is not a policy."""
        return parse_policy(text)


def default_policy() -> Policy:
    """The built-in policy."""
    return parse_policy(BUILT_IN)


@lru_cache(maxsize=64)
def parse_policy(text: bytes) -> Policy:
    """The policy that `text` says. Raises UsageError with the line and the reason."""
    try:
        source = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise _fault(line, "this is not UTF-8 text") from error
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise _toml_fault(source, str(error)) from error
    try:
        file = _File.model_validate(table)
    except ValidationError as error:
        raise _model_fault(source, error.errors()[0]) from error
    _refuse_same_names(source, file)
    return _policy(text, file)


def _policy(text: bytes, file: _File) -> Policy:
    ask = file.ask
    return Policy(
        digest=digest_of(text),
        rules=tuple(_rule(rule) for rule in file.rule),
        wait_ms=ask.wait,
        headless_wait_ms=ask.wait if ask.headless_wait is None else ask.headless_wait,
        expires_ms=ask.expires,
        repeat_rejection_ms=ask.repeat_rejection,
        ask_in=AskIn(ask.in_),
    )


def _rule(rule: _Rule) -> Rule:
    return Rule(
        name=rule.name,
        route=RouteName(rule.route),
        kinds=frozenset(rule.kinds),
        effects=frozenset(Effect(word) for word in rule.effects),
        classes=frozenset(_CLASSES[word] for word in rule.classes),
        programs=tuple(rule.programs),
        tools=tuple(rule.tools),
        paths=tuple(rule.paths),
        agents=frozenset(rule.agents),
    )


# --- errors


def _fault(line: int, what: str) -> UsageError:
    end = "" if what.endswith("?") else "."
    return UsageError(f"policy.toml line {line}: {what}{end}", hint=_HINT)


def _toml_fault(source: str, message: str) -> UsageError:
    found = re.search(r"\(at line (\d+), column \d+\)", message)
    line = int(found[1]) if found else source.count("\n") + 1
    return _fault(line, f"this is not TOML: {re.sub(r' *[(]at .*[)]', '', message)}")


def _model_fault(source: str, error: ErrorDetails) -> UsageError:
    place = error["loc"]
    line = _line_of(source, place, error["input"])
    key = str(next((part for part in reversed(place) if isinstance(part, str)), "the file"))
    match error["type"]:
        case "extra_forbidden":
            return _fault(line, f"unknown key `{key}`. {_suggest(key, _keys(place))}")
        case "word":
            word, words = str(error["input"]), error["msg"].split()
            what = _SINGULAR.get(key, f"value of `{key}`")
            return _fault(line, f"unknown {what} `{word}`. {_suggest(word, words)}")
        case "missing":
            return _fault(line, f"a rule needs a `{key}`")
        case "string_pattern_mismatch":
            return _fault(line, "a name has small letters, digits and `-`, at most 64")
        case "too_short":
            return _fault(line, f"`{key}` is empty; leave it out if it does not matter")
        case "string_type" | "list_type":
            wanted = "text in quotes" if error["type"] == "string_type" else "a list in brackets"
            return _fault(line, f"`{key}` wants {wanted}")
        case "model_type":
            return _fault(line, f"`{key}` wants a table")
        case _:
            return _fault(line, f"`{key}`: {error['msg']}")


def _suggest(word: str, words: list[str]) -> str:
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else f"Known are: {', '.join(words)}"


def _keys(place: tuple[int | str, ...]) -> list[str]:
    tables: dict[str, type[_Table]] = {"ask": _Ask, "rule": _Rule}
    table = tables[str(place[0])] if len(place) > 1 else _File
    return [field.alias or name for name, field in table.model_fields.items()]


def _line_of(source: str, place: tuple[int | str, ...], value: object) -> int:
    """The line that says what `place` names: of the value, else the key, else the table."""
    lines = source.split("\n")
    table, *inner = place
    first = _table_line(lines, str(table), next((p for p in inner if isinstance(p, int)), 0))
    keys = [part for part in place if isinstance(part, str)]
    at = next(
        (n for n in range(first, len(lines)) if re.match(rf'\s*"?{keys[-1]}"?\s*=', lines[n])),
        first,
    )
    if isinstance(value, str):
        quoted = (f'"{value}"', f"'{value}'")
        near = range(at, min(at + 50, len(lines)))
        at = next((n for n in near if any(q in lines[n] for q in quoted)), at)
    return at + 1


def _table_line(lines: list[str], table: str, number: int) -> int:
    """The line on which a table begins; of a list of tables, the one with this number."""
    header = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\s*\]\]?")
    found = [n for n, line in enumerate(lines) if header.match(line)]
    return found[min(number, len(found) - 1)] if found else 0


def _refuse_same_names(source: str, file: _File) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(file.rule):
        if rule.name in seen:
            line = _line_of(source, ("rule", number, "name"), rule.name)
            raise _fault(line, f"there are two rules named `{rule.name}`")
        seen.add(rule.name)
