"""The tokens of a Python text without what has no meaning, and the comments that tools read."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from keyword import iskeyword, issoftkeyword
from token import (
    COMMENT,
    DEDENT,
    ENDMARKER,
    ERRORTOKEN,
    INDENT,
    NAME,
    NEWLINE,
    NL,
    NUMBER,
    OP,
    STRING,
)
from tokenize import TokenError, TokenInfo, generate_tokens
from typing import TypeAlias

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What reading a text as Python may raise."""

_METADATA = "# ///"
"""In a text that holds it, comments state what the script needs: all of them are read."""

NO_FILE = "/dev/null/source.py"
"""A name for texts to be parsed under. Of a text that is wrong, Python looks for the line in a file
of the name it was given; nothing can be there."""

Token: TypeAlias = tuple[str, str]
"""A kind and a text."""

_LINE_END, _INDENT, _DEDENT = "line-end", "indent", "dedent"
_COMPOUND = frozenset(
    ("if", "for", "while", "with", "try", "def", "class", "async", "match", "case", "@")
)

_DIRECTIVE = re.compile(
    r"""
    \#\s*(?:
        ! | noqa | type\s*: | pragma | pylint | mypy | pyright | pytype | pyre- | flake8 | ruff
      | fmt\s*: | yapf\s*: | isort\s*: | nosec | nosem | NOSONAR | coverage | cython\s*: | distutils
      | -\*- | (?:en)?coding | vim?\s*: | /// | %% | doctest | language_level | sourcery | codespell
      | bandit | skip | black\s*: | autopep8 | lint | pyupgrade | region | endregion | spell
      | [\w.-]+\s*[:=]\s*(?:ignore|disable|enable|skip|off|on|no|true|false)
    )
    | .*(?:coding[:=]|\bignore\[|\bnoqa\b|\btype:\s*ignore)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Comments that a tool may read; too many rather than too few."""


def _tokens(text: str) -> list[TokenInfo] | None:
    """The tokens; None when they cannot all be told."""
    text = text.replace("\r\n", "\n")
    if "\r" in text or "\0" in text:
        return None
    lines = [f"{line}\n" for line in text.split("\n")]
    try:
        tokens = list(generate_tokens(iter([*lines, ""]).__next__))
    except (*UNREADABLE, TokenError, StopIteration):
        return None
    return None if any(token.type == ERRORTOKEN for token in tokens) else tokens


def directives_of(text: str) -> list[tuple[int, str]] | None:
    """Comments that tools read, each with how many names and numbers stand before it."""
    tokens = _tokens(text)
    if tokens is None:
        return None
    all_read = _METADATA in text
    found: list[tuple[int, str]] = []
    before = 0
    for token in tokens:
        if token.type in (NAME, NUMBER):
            before += 1
        elif token.type == COMMENT and (all_read or _DIRECTIVE.match(token.string)):
            found.append((before, _comment(token.string)))
    return found


def _comment(text: str) -> str:
    """A directive with its spaces made regular: `type:int` is `type: int`."""
    words = " ".join(text.removeprefix("#").split())
    return f"type: {words[5:].lstrip()}" if words.startswith("type:") else words


@dataclass(slots=True)
class _Bracket:
    opener: str
    idle: bool
    """Whether a trailing comma in it means nothing even behind a single element."""
    commas: int = 0


def code_of(text: str) -> list[Token] | None:
    """The tokens without what has no meaning; None when that cannot be told for sure."""
    tokens = _tokens(text)
    if tokens is None:
        return None
    code: list[Token] = []
    open_brackets: list[_Bracket] = []
    all_read = _METADATA in text
    kept = [
        token
        for token in tokens
        if token.type not in (NL, ENDMARKER) and (all_read or not _is_prose(token))
    ]
    for index, token in enumerate(kept):
        following = kept[index + 1] if index + 1 < len(kept) else None
        if token.type == OP:
            _follow(token.string, kept[max(0, index - 2) : index], open_brackets)
            if _is_idle_comma(token, following, open_brackets):
                continue
        plain = _plain(token, kept[index - 1] if index else None, following)
        if plain is None:
            return None
        code.append(plain)
    return _inline(code)


def _is_prose(token: TokenInfo) -> bool:
    return token.type == COMMENT and _DIRECTIVE.match(token.string) is None


def _follow(operator: str, previous: Sequence[TokenInfo], brackets: list[_Bracket]) -> None:
    if operator in "([{":
        brackets.append(_Bracket(operator, _ignores_trailing_comma(operator, previous)))
    elif operator in ")]}" and brackets:
        brackets.pop()
    elif operator == "," and brackets:
        brackets[-1].commas += 1


def _ignores_trailing_comma(opener: str, previous: Sequence[TokenInfo]) -> bool:
    """Calls, parameters, displays: not tuples in parentheses and not subscripts."""
    last = previous[-1] if previous else None
    is_name = last is not None and last.type == NAME
    word = last.string if last is not None and is_name else ""
    is_value = (is_name and not iskeyword(word)) or (
        last is not None and (last.type == STRING or last.string in (")", "]", "}"))
    )
    if opener == "{":
        return True
    if issoftkeyword(word):
        return False
    if opener == "(":
        return is_value
    defines = len(previous) == 2 and previous[0].string in ("def", "class")
    return defines or not (is_value or word in ("None", "True", "False"))


def _is_idle_comma(
    token: TokenInfo, following: TokenInfo | None, brackets: Sequence[_Bracket]
) -> bool:
    closes = following is not None and following.type == OP and following.string in ")]}"
    if token.string != "," or not closes or not brackets:
        return False
    return brackets[-1].idle or brackets[-1].commas > 1


def _inline(code: list[Token]) -> list[Token]:
    """The tokens with every block of one simple statement behind its colon."""
    plain: list[Token] = []
    for token in code:
        if token[0] == _DEDENT and (start := _lone_statement(plain)) is not None:
            del plain[start - 2 : start]
        else:
            plain.append(token)
    return plain


def _lone_statement(code: Sequence[Token]) -> int | None:
    """Where the block that ends here begins, if it is one line without a block of its own."""
    if not code or code[-1][0] != _LINE_END:
        return None
    for index in range(len(code) - 2, 1, -1):
        if code[index][0] in (_LINE_END, _DEDENT):
            return None
        if code[index][0] == _INDENT:
            simple = code[index + 1][1] not in _COMPOUND and code[index - 1][0] == _LINE_END
            return index + 1 if simple else None
    return None


def _plain(token: TokenInfo, previous: TokenInfo | None, after: TokenInfo | None) -> Token | None:
    """A token by what it means; None when that is not sure."""
    if token.type == STRING:
        template = previous is not None and _is_template_prefix(previous, token)
        return _plain_string(token.string, is_template=template)
    if after is not None and _is_template_prefix(token, after):
        return ("prefix", "".join(sorted(token.string.lower())))
    if token.type == NUMBER:
        return _value("number", token.string)
    if token.type in (NEWLINE, INDENT):
        return (_LINE_END if token.type == NEWLINE else _INDENT, "")
    if token.type == DEDENT:
        return (_DEDENT, "")
    return (str(token.type), _comment(token.string) if token.type == COMMENT else token.string)


def _is_template_prefix(token: TokenInfo, following: TokenInfo) -> bool:
    """Whether this is the `t` of a template string, which an older Python reads as a name."""
    return (
        token.type == NAME
        and following.type == STRING
        and token.end == following.start
        and token.string.lower() in ("t", "rt", "tr")
    )


def _plain_string(text: str, *, is_template: bool) -> Token | None:
    match = _STRING.fullmatch(text)
    if match is None:
        return None
    prefix, body = match.group("prefix").lower(), match.group("body")
    if "f" not in prefix and not is_template:
        return _value("string", text)
    simple = not any(mark in body for mark in "'\"\\#")
    fields = body.replace("{{", "").replace("}}", "")
    if "{" in body and not (simple and fields.count("{") == fields.count("}")):
        return None
    return ("template", prefix + (body if simple else text))


def _value(kind: str, text: str) -> Token | None:
    try:
        return (kind, repr(ast.literal_eval(text)))
    except UNREADABLE:
        return None


_STRING = re.compile(
    r"(?P<prefix>[A-Za-z]*)(?P<quote>\"{3}|'{3}|\"|')(?P<body>.*)(?P=quote)", re.DOTALL
)
