"""The words that `{a,b}` and `{1..3}` make."""

import re
from typing import TypeAlias

from assent.core.risk.shell.syntax import Parameter, Part, Text

MAX_WORDS = 64
MAX_BRACES = 12

_PIECES = re.compile(r"[{},]|[^{},]+")
_RANGE = re.compile(r"(-?\d{1,20})\.\.(-?\d{1,20})(?:\.\.(-?\d{1,20}))?|([A-Za-z])\.\.([A-Za-z])")

_Token: TypeAlias = str | Part
"""Unquoted characters, or a part that braces have no meaning in."""


class TooManyWords(Exception):
    """The braces make more words than are looked at, or words of which shells disagree."""


def has_braces(parts: tuple[Part, ...]) -> bool:
    return any(isinstance(p, Text) and not p.quoted and "{" in p.text for p in parts)


def alternatives(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """The parts of each word that a word with braces makes."""
    tokens: list[_Token] = []
    for part in parts:
        if isinstance(part, Text) and not part.quoted:
            tokens += _PIECES.findall(part.text)
        else:
            tokens.append(part)
    if tokens.count("{") > MAX_BRACES:
        raise TooManyWords
    return [_parts(choice) for choice in _expand(tokens)]


def _parts(tokens: list[_Token]) -> tuple[Part, ...]:
    parts: list[Part] = []
    text = ""
    for token in tokens:
        if isinstance(token, str):
            text += token
        else:
            parts += [Text(text, quoted=False)] if text else []
            parts.append(token)
            text = ""
    return tuple([*parts, Text(text, quoted=False)] if text else parts)


def _expand(tokens: list[_Token]) -> list[list[_Token]]:
    for begin, token in enumerate(tokens):
        if token != "{":
            continue
        end = _closing(tokens, begin)
        choices = _choices(tokens[begin + 1 : end]) if end else None
        if end and choices is not None:
            middles = [each for choice in choices for each in _expand(choice)]
            tails = _expand(tokens[end + 1 :])
            if begin and _is_name(tokens[begin - 1]) and _goes_on(middles, tails):
                raise TooManyWords
            if len(middles) * len(tails) > MAX_WORDS:
                raise TooManyWords
            return [[*tokens[:begin], *middle, *tail] for middle in middles for tail in tails]
    return [tokens]


def _is_name(token: _Token) -> bool:
    """`$X`, which letters behind it would make another name: braces come before variables."""
    return isinstance(token, Parameter) and not (token.quoted or token.operator or token.key)


def _goes_on(middles: list[list[_Token]], tails: list[list[_Token]]) -> bool:
    starts = [(middle or tail)[:1] for middle in middles for tail in tails]
    return any(isinstance(t, str) and re.match(r"\w", t) is not None for one in starts for t in one)


def _closing(tokens: list[_Token], begin: int) -> int:
    depth = 0
    for place in range(begin, len(tokens)):
        depth += (tokens[place] == "{") - (tokens[place] == "}")
        if depth == 0:
            return place
    return 0


def _choices(inside: list[_Token]) -> list[list[_Token]] | None:
    choices: list[list[_Token]] = [[]]
    depth = 0
    for token in inside:
        depth += (token == "{") - (token == "}")
        if token == "," and depth == 0:
            choices.append([])
        else:
            choices[-1].append(token)
    if len(choices) > 1:
        return choices
    if len(inside) == 1 and isinstance(inside[0], str):
        return _range(inside[0])
    return None


def _range(text: str) -> list[list[_Token]] | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    if match[4]:
        first, last, step = ord(match[4]), ord(match[5]), 1
    else:
        first, last, step = int(match[1]), int(match[2]), abs(int(match[3] or "1")) or 1
    if abs(last - first) // step >= MAX_WORDS:
        raise TooManyWords
    numbers = range(first, last + 1, step) if last >= first else range(first, last - 1, -step)
    if match[4]:
        return [[chr(number)] for number in numbers]
    width = max(len(end) for end in match.group(1, 2)) if _padded(match) else 0
    return [[f"{number:0{width}d}"] for number in numbers]


def _padded(match: re.Match[str]) -> bool:
    return any(re.match(r"-?0\d", end) is not None for end in match.group(1, 2))
