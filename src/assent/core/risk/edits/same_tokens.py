"""Whether two texts of a C-like language are the same program but for spaces and comments.

A scanner of its own, stricter than a highlighter: where a text might be read in two ways, nothing
is proven. Names, numbers, strings and marks must be the same, in the same order; spaces may change
only where they cannot join or part two of them, and line ends only where the language ignores them.
Comments that a tool or a compiler reads are code.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

LIMIT = 200_000
"""Characters of a text; nothing is claimed of longer ones."""


@dataclass(frozen=True, slots=True)
class _Language:
    ends: tuple[str, ...]
    line_ends: bool = True
    """Whether a line end may mean something where it stands between two tokens."""
    spaces: bool = False
    """Whether any space may mean something where it stands between two tokens."""
    line_comments: bool = True
    nested: bool = False
    """Whether block comments nest."""
    quotes: str = "\"'"
    long_strings: bool = False
    """Whether a string in quotes may hold line ends."""
    raw: re.Pattern[str] | None = None
    """Strings in backquotes."""
    documents: bool = False
    """Whether comments such as `///` are part of the program."""
    regexes: bool = False
    """Whether `/` may begin a regular expression."""
    preprocessed: bool = False
    refused: str = ""
    """A pattern that, anywhere in the text, keeps anything from being proven."""


_GO = _Language(ends=(".go",), raw=re.compile(r"`[^`]*`"), refused=r'^\s*(?:import\s+)?"C"')
_JAVA = _Language(ends=(".java",), line_ends=False, refused=r'\\u|"""')
_C = _Language(
    ends=(".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"),
    line_ends=False,
    preprocessed=True,
    refused=r"R\"|%:|\?\?[=/'()!<>-]|\\[ \t]*$|\d'\w",
)
_SCRIPT = _Language(
    ends=(".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"),
    raw=re.compile(r"`(?:[^`\\$]|\\.|\$(?!\{)|\$\{[^`'\"{}/\\]*\})*`", re.DOTALL),
    regexes=True,
    refused=r"<!--|-->|</|/>",
)
_RUST = _Language(
    ends=(".rs",),
    line_ends=False,
    nested=True,
    documents=True,
    quotes='"',
    long_strings=True,
    refused=r"\br#*\"|\b[bc]r#*\"",
)
_STYLE = _Language(ends=(".css",), line_ends=False, spaces=True, line_comments=False)
_LANGUAGES = (_GO, _JAVA, _C, _SCRIPT, _RUST, _STYLE)

_DIRECTIVE = re.compile(
    r"""
    [/*!\s]*(?:
        [@\#!+:] | \S+:\S | \w+[\w-]*-(?:ignore|disable|enable|next|line|off|on|start|end|expect)
      | (?:nolint|lint|eslint|jshint|jslint|tslint|prettier|biome|deno|istanbul|c8|v8|ts|flow
          |globals?|exported|webpack\w*|vite|rollup|turbopack|fall
          |clang|cppcheck|coverity|nosonar|noinspection
          |checkstyle|spotless|formatter|format|pmd|spotbugs|suppress\w*|rustfmt|safety|export|line
          |output|unordered|code\s+generated|generated|do\s+not|sourcemapping\w*|jsx|jest|vitest
          |mocha|test|language|copyright|spdx|license|\$|<|iwyu|keep|ignore|disable|enable|skip|todo_include
          |pragma|region|endregion|stylelint|purgecss|autoprefixer|postcss|tailwind)\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Comments that something may read; too many rather than too few."""

_SPACE = re.compile(r"[ \t\n]+")
_WORD = re.compile(r"[\w$]+")
_CHARACTER = re.compile(r"'(?:\\[^\n]{1,10}?|[^\\'\n])'")
_ODD_LINE_ENDS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_SEPARATORS = frozenset("(){}[],;")
_NEVER_JOIN = frozenset("+-*/%=<>&|^!?:.")
"""Marks that do not become one token with a name beside them."""
_IN_NUMBERS = frozenset("+-.")

Tokens: TypeAlias = list[tuple[str, str]]


class _DoubtError(Exception):
    """The text might be read in two ways."""


def same_tokens(name: str, before: str, after: str) -> str:
    """How it is proven that both texts are the same program; empty when it is not."""
    language = next((found for found in _LANGUAGES if name.endswith(found.ends)), None)
    if language is None or len(before) > LIMIT or len(after) > LIMIT:
        return ""
    try:
        same = _tokens(before, language) == _tokens(after, language)
    except _DoubtError:
        return ""
    return "formatting and comments only: the tokens are equal" if same else ""


def _tokens(text: str, language: _Language) -> Tokens:
    plain = text.replace("\r\n", "\n")
    refused = language.refused and re.search(language.refused, plain, re.MULTILINE)
    if refused or _ODD_LINE_ENDS.search(plain):
        raise _DoubtError
    return _Scanner(plain, language).scan()


class _Scanner:
    """One pass over a text. The kinds of tokens: word, mark, string, comment, line, gap."""

    def __init__(self, text: str, language: _Language) -> None:
        self._text = text
        self._language = language
        self._at = 0
        self._gap = ""
        self._found: Tokens = []

    def scan(self) -> Tokens:
        while self._at < len(self._text):
            self._step()
        return self._found

    def _step(self) -> None:
        space = _SPACE.match(self._text, self._at)
        if space is not None:
            self._widen(space.group())
            self._at = space.end()
        elif not self._comment():
            self._token()

    def _widen(self, trivia: str) -> None:
        """Spaces and comments between two tokens count as one space, or as one line end."""
        self._gap = "\n" if "\n" in trivia or self._gap == "\n" else " "

    # --- comments

    def _comment(self) -> bool:
        here = self._text[self._at : self._at + 2]
        if here == "//" and self._language.line_comments:
            end = self._text.find("\n", self._at)
            end = len(self._text) if end < 0 else end
        elif here == "/*":
            end = self._block_end()
        else:
            return False
        text = self._text[self._at : end]
        if text.endswith("\\"):
            raise _DoubtError
        if self._is_read(text):
            self._emit("comment", " ".join(text.split()), end)
        else:
            self._widen(text)
            self._at = end
        return True

    def _block_end(self) -> int:
        end = self._text.find("*/", self._at + 2)
        inner = self._text.find("/*", self._at + 2, max(end, 0))
        if end < 0 or (self._language.nested and inner >= 0):
            raise _DoubtError
        return end + 2

    def _is_read(self, comment: str) -> bool:
        if self._language.documents and comment[2:3] in ("/", "!", "*"):
            return True
        return any(_DIRECTIVE.match(line) for line in comment.split("\n"))

    # --- tokens

    def _token(self) -> None:
        char = self._text[self._at]
        word = _WORD.match(self._text, self._at)
        if word is not None:
            self._emit("word", word.group(), word.end())
        elif char in self._language.quotes:
            self._emit_to("string", self._string_end(char))
        elif char == "`" and self._language.raw is not None:
            self._emit_to("string", self._end_of(self._language.raw))
        elif char == "'":
            character = _CHARACTER.match(self._text, self._at)
            self._emit_to("string", character.end() if character else self._at + 1)
        elif self._takes_line(char):
            self._emit_to("line", self._line_end())
        else:
            self._emit("mark", char, self._at + 1)

    def _end_of(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _DoubtError
        return match.end()

    def _string_end(self, quote: str) -> int:
        at = self._at + 1
        while at < len(self._text):
            char = self._text[at]
            if char == quote:
                return at + 1
            if char == "\n" and not self._language.long_strings:
                break
            at += 2 if char == "\\" else 1
        raise _DoubtError

    def _takes_line(self, char: str) -> bool:
        """Whether the rest of the line is taken as it stands, because its reading depends."""
        if char == "/" and self._language.regexes:
            return True
        starts = not self._found or self._gap == "\n"
        return char == "#" and self._language.preprocessed and starts

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        rest = self._text[self._at : end]
        if "`" in rest or "/*" in rest or rest.endswith("\\"):
            raise _DoubtError
        return end

    def _emit_to(self, kind: str, end: int) -> None:
        self._emit(kind, self._text[self._at : end], end)

    def _emit(self, kind: str, text: str, end: int) -> None:
        token = (kind, text)
        if self._found and self._gap_counts(self._found[-1], token):
            self._found.append(("gap", self._gap))
        self._found.append(token)
        self._gap = ""
        self._at = end

    def _gap_counts(self, left: tuple[str, str], right: tuple[str, str]) -> bool:
        """Whether what stands between two tokens may mean something."""
        if not self._gap:
            return False
        kinds = {left[0], right[0]}
        if kinds & {"comment", "line"}:
            return True
        if self._gap == "\n" and self._language.line_ends:
            return True
        self._gap = " "
        return self._language.spaces or not _apart(left, right)


def _apart(left: tuple[str, str], right: tuple[str, str]) -> bool:
    """Whether two tokens are the same two tokens with and without a space between them."""
    if left[1] in _SEPARATORS or right[1] in _SEPARATORS:
        return True
    pair = {left[0]: left[1], right[0]: right[1]}
    if pair.keys() != {"word", "mark"}:
        return left[0] == right[0] == "word"
    joins = pair["word"][0].isdigit() and pair["mark"] in _IN_NUMBERS
    return pair["mark"] in _NEVER_JOIN and not joins
