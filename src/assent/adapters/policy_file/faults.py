"""What is wrong with a policy file: the line, the reason, and the way out."""

import difflib
import re
import tomllib

from pydantic_core import ErrorDetails

from assent.adapters.policy_file.tables import TABLES, TAGS, keys_of
from assent.errors import UsageError

HINT = "The policy in force stays as it is until this is put right."
_SINGULAR = {
    "kinds": "kind",
    "effects": "effect",
    "classes": "class",
    "at_least": "class",
    "path_classes": "path class",
    "modes": "mode",
    "default": "mode",
    "allow": "mode",
    "format": "format",
    "severity": "severity",
}
_OWN = frozenset({"duration", "amount", "hours", "zone", "then", "form", "pattern", "need", "rung"})
"""Faults whose message says what to write."""


class Source:
    """The text of a policy file, and where in it things stand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")

    def fault(self, line: int, what: str) -> UsageError:
        end = "" if what.endswith("?") else "."
        return UsageError(f"policy.toml line {line}: {what}{end}", hint=HINT)

    def not_toml(self, error: tomllib.TOMLDecodeError) -> UsageError:
        message = str(error)
        found = re.search(r"\(at line (\d+), column \d+\)", message)
        line = int(found[1]) if found else self._text.count("\n") + 1
        return self.fault(line, f"this is not TOML: {re.sub(r' *[(]at .*[)]', '', message)}")

    def not_a_policy(self, error: ErrorDetails) -> UsageError:
        place = tuple(part for part in error["loc"] if part not in TAGS)
        line = self.line_of(place, error["input"])
        key = str(next((part for part in reversed(place) if isinstance(part, str)), "the file"))
        return self.fault(line, _said(error, key, place))

    def line_of(self, place: tuple[int | str, ...], value: object = None) -> int:
        """The line that says what `place` names: of the value, else the key, else the table."""
        table = _table(place)
        numbers = [part for part in place if isinstance(part, int)]
        first = self._table_line(table, numbers[0] if numbers else 0)
        keys = [part for part in place if isinstance(part, str)]
        key = re.compile(rf'\s*"?{re.escape(keys[-1])}"?\s*=')
        at = next((n for n in range(first, len(self._lines)) if key.match(self._lines[n])), first)
        if isinstance(value, str):
            quoted = (f'"{value}"', f"'{value}'")
            near = range(at, min(at + 50, len(self._lines)))
            at = next((n for n in near if any(q in self._lines[n] for q in quoted)), at)
        return at + 1

    def _table_line(self, table: tuple[str, ...], number: int) -> int:
        """The line on which a table begins; of a list of tables, the one with this number."""
        if not table:
            return 0
        name = r"\s*\.\s*".join(re.escape(part) for part in table)
        header = re.compile(rf"\s*\[\[?\s*{name}\s*\]\]?")
        found = [n for n, line in enumerate(self._lines) if header.match(line)]
        return found[min(number, len(found) - 1)] if found else 0


def _table(place: tuple[int | str, ...]) -> tuple[str, ...]:
    """The innermost table that `place` goes through."""
    words = tuple(part for part in place if isinstance(part, str))
    known = (words[:length] for length in range(len(words), -1, -1))
    return next(table for table in known if table in TABLES)


def _said(error: ErrorDetails, key: str, place: tuple[int | str, ...]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key `{key}`. {suggest(key, keys_of(_table(place[:-1])))}"
        case "word":
            word, words = str(error["input"]), error["msg"].split()
            return f"unknown {_SINGULAR.get(key, _named(key))} `{word}`. {suggest(word, words)}"
        case "missing":
            return f"{_owner(place)} needs a `{key}`"
        case "string_pattern_mismatch":
            return "a name has small letters, digits and `-`, at most 64"
        case "too_short":
            return f"`{key}` is empty; leave it out if it does not matter"
        case "string_type" | "list_type" | "int_type" | "bool_type" | "float_type":
            return f"`{key}` wants {_WANTED[error['type']]}"
        case "model_type" | "dict_type":
            return f"`{key}` wants a table"
        case kind if kind in _OWN:
            return f"`{key}`: {error['msg']}"
        case _:
            return f"`{key}`: {error['msg'].lower()}"


_WANTED = {
    "string_type": "text in quotes",
    "list_type": "a list in brackets",
    "int_type": "a whole number",
    "bool_type": "`true` or `false`",
    "float_type": "a number",
}


def _named(key: str) -> str:
    return key if key in ("route", "tier", "profile") else f"value of `{key}`"


def _owner(place: tuple[int | str, ...]) -> str:
    table = _table(place[:-1])
    names = {
        ("rule",): "a rule",
        ("team",): "a team rule",
        ("budget", "price"): "a price",
        ("changes", "check"): "a check",
        ("owners",): "an entry of owners",
    }
    return names.get(table, f"`[{'.'.join(table)}]`")


def suggest(word: str, words: list[str]) -> str:
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else f"Known are: {', '.join(words)}"
