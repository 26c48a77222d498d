"""Arithmetic of the shell, as far as it can be computed and told what it assigns."""

import re
from collections.abc import Mapping

from assent.core.risk.shell.values import NUMBER, Value

_NAME = re.compile(r"(?<![0-9A-Za-z_#])[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNED = re.compile(
    r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:\[[^\]]*\]\s*)?(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)"
)
_BEFORE = re.compile(r"(?:\+\+|--)\s*([A-Za-z_][A-Za-z0-9_]*)")
_TOKEN = re.compile(r"\s*(?:(\d{1,15})|([A-Za-z_][A-Za-z0-9_]*)|([-+*()]))")
_LEADING_ZERO = re.compile(r"0\d")
_MAX_TOKENS = 40


def names_in(text: str) -> frozenset[str]:
    """The variables that a sum names."""
    return frozenset(_NAME.findall(text))


def assigned_in(text: str) -> tuple[str, ...]:
    """The variables that a sum sets."""
    return tuple(dict.fromkeys((*_ASSIGNED.findall(text), *_BEFORE.findall(text))))


def compute(text: str, numbers: Mapping[str, str | None]) -> Value:
    """The number that a sum of known numbers makes; any number when it is not that simple."""
    tokens: list[str] = []
    place = 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None or len(tokens) > _MAX_TOKENS:
            return NUMBER
        place = match.end()
        token = numbers.get(match[2]) if match[2] else (match[1] or match[3])
        if token is None or not re.fullmatch(r"\d{1,15}|[-+*()]", token):
            return NUMBER
        if _LEADING_ZERO.match(token):
            return NUMBER
        tokens.append(token)
    total = _sum(tokens)
    return NUMBER if total is None or tokens else Value(str(total))


def _sum(tokens: list[str]) -> int | None:
    total = _product(tokens)
    while total is not None and tokens and tokens[0] in "+-":
        sign = 1 if tokens.pop(0) == "+" else -1
        other = _product(tokens)
        total = None if other is None else total + sign * other
    return total


def _product(tokens: list[str]) -> int | None:
    total = _factor(tokens)
    while total is not None and tokens and tokens[0] == "*":
        tokens.pop(0)
        other = _factor(tokens)
        total = None if other is None else total * other
    return total if total is None or abs(total) < 2**62 else None


def _factor(tokens: list[str]) -> int | None:
    token = tokens.pop(0) if tokens else ""
    if token.isdigit():
        return int(token)
    if token == "-":
        inner = _factor(tokens)
        return None if inner is None else -inner
    if token == "(":
        inner = _sum(tokens)
        return inner if tokens and tokens.pop(0) == ")" else None
    return None
