"""Words and what expands in them, decoded."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from assent.core.risk.shell.cursor import Cursor, Unreadable
from assent.core.risk.shell.syntax import (
    Computed,
    Heredoc,
    Odd,
    Output,
    Parameter,
    Part,
    Sequence,
    Text,
    WordNode,
)

_PLAIN = re.compile(r"[A-Za-z0-9_./@%+,:-][A-Za-z0-9_./@%+,:=-]*+(?=[ \t\n;&|)<>]|\Z)")
_IN_WORD = re.compile(r"[^ \t\n;&|<>()\\'\"$`]+")
_IN_PATTERN = re.compile(r"[^ \t\n()\\'\"$`]+")
_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_IN_HEREDOC = re.compile(r"[^\\$`]+")
_IN_BRACES = re.compile(r"[^}\\'\"$`]+")
_IN_BRACES_QUOTED = re.compile(r"[^}\\\"$`]+")
_IN_PLACE = re.compile(r"[^}/\\'\"$`]+")
_IN_SUM = re.compile(r"[^()\[\]\\'\"$`]+")

_SINGLE = re.compile(r"'([^']*)'")
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_NAME = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])")
_HEAD = re.compile(r"\$\{([#!]?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?:\[([^\]\[`(}]*)\])?")
_OPERATOR = re.compile(r":[-=?+]|##?|%%?|//?|\^\^?|,,?|[-=?+:]|@[QUuLEAaKk](?=\})")
_PATTERN_OPERATORS = "#%/"
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_ZSH_MODIFIER = re.compile(r"\[|:[aAcehPqrstux](?![A-Za-z0-9_])")
_ZSH_FLAG = re.compile(r"\$[\^=~+][A-Za-z_]")
_SHORT_PATTERN = re.compile(r"\(([A-Za-z0-9_.*?/-]*(?:\|[A-Za-z0-9_.*?/-]*)+)\)")
"""`@(a|b)`, and nothing that zsh could take for a qualifier, which may run commands."""
_PATTERN_MARKS = "?*+@!"

_ESCAPES = dict(zip("abeEfnrtv\\'\"?", "\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))
_ANSI_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|(.))",
    re.DOTALL,
)
_MARKS = {"": "", "#": "length", "!": "reference"}
_MAX_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class WordParser:
    """Reads words at `cursor`; raises Unreadable for what has no end or no meaning."""

    cursor: Cursor
    inner: Callable[[], Sequence]
    """Reads commands at the cursor up to a closing parenthesis, and goes over that."""
    whole: Callable[[Cursor], Sequence]
    """Reads all commands of another text."""

    def word(self) -> WordNode:
        """The word here. Without parts when there is none."""
        cursor = self.cursor
        start = cursor.pos
        plain = _PLAIN.match(cursor.text, start)
        cursor.shared.step()
        if plain is not None:
            cursor.pos = plain.end()
            parts: tuple[Part, ...] = (Text(plain[0], quoted=False),)
            return WordNode(parts, cursor.at(start), cursor.until(cursor.pos), plain=True)
        parts = tuple(self._in_word())
        return WordNode(parts, cursor.at(start), cursor.until(cursor.pos))

    def pattern(self) -> WordNode:
        """A word in `[[ … ]]` in which parentheses and bars are part of a pattern."""
        cursor = self.cursor
        start, depth = cursor.pos, 0
        parts: list[Part] = []
        while True:
            self._parts(parts, _IN_PATTERN)
            c = cursor.peek()
            depth += (c == "(") - (c == ")")
            if not c or depth < 0 or (depth == 0 and c not in "()"):
                break
            parts.append(Text(c, quoted=False))
            cursor.pos += 1
        return WordNode(tuple(parts), cursor.at(start), cursor.until(cursor.pos))

    def here_text(self, heredoc: Heredoc, text: Cursor) -> tuple[Part, ...]:
        """What a here-document holds, at a cursor for its text."""
        if heredoc.literal or not any(c in text.text for c in "$`\\"):
            return (Text(text.text, quoted=True),)
        reader = WordParser(text, self.inner, self.whole)
        return tuple(reader.expanding())

    def expanding(self) -> list[Part]:
        """All of the text, read as inside double quotes, in which quotes mean nothing."""
        parts: list[Part] = []
        self._double(parts, _IN_HEREDOC, escapes="$`\\\n")
        return parts

    def computed(self, closing: str) -> Computed:
        """What is computed, up to `closing`, which is gone over."""
        cursor = self.cursor
        start, depth = cursor.pos, 0
        opens, closes = ("[", "]") if closing == "]" else ("(", ")")
        parts: list[Part] = []
        while True:
            self._parts(parts, _IN_SUM)
            c = cursor.peek()
            if c == closes and depth == 0:
                break
            if not c:
                raise Unreadable("computes something that has no end", start)
            depth += (c == opens) - (c == closes)
            parts.append(Text(c, quoted=False))
            cursor.pos += 1
        if not cursor.text.startswith(closing, cursor.pos):
            raise Unreadable("computes something that has no end", start)
        cursor.pos += len(closing)
        return Computed(tuple(parts), cursor.at(start), cursor.until(cursor.pos))

    # --- parts

    def _parts(self, parts: list[Part], literal: re.Pattern[str]) -> None:
        """Parts up to a character that `literal` leaves out and nothing expands from."""
        cursor = self.cursor
        while True:
            run = literal.match(cursor.text, cursor.pos)
            if run is not None:
                parts.append(Text(run[0], quoted=False))
                cursor.pos = run.end()
            elif not self._piece(parts):
                return

    def _piece(self, parts: list[Part]) -> bool:
        cursor = self.cursor
        c = cursor.peek()
        cursor.shared.step()
        if c == "\\":
            escaped = cursor.text[cursor.pos + 1 : cursor.pos + 2]
            if not escaped:
                raise Unreadable("ends in a backslash", cursor.pos)
            if escaped != "\n":
                parts.append(Text(escaped, quoted=True))
            cursor.pos += 2
        elif c == "'":
            self._single(parts)
        elif c == '"':
            cursor.pos += 1
            self._quotes(parts)
        elif c == "$":
            self._dollar(parts, quoted=False)
        elif c == "`":
            self._backticks(parts, quoted=False)
        else:
            return False
        return True

    def _in_word(self) -> list[Part]:
        cursor = self.cursor
        parts: list[Part] = []
        while True:
            self._parts(parts, _IN_WORD)
            c = cursor.peek()
            if c in ("<", ">") and cursor.text.startswith("(", cursor.pos + 1):
                cursor.pos += 2
                self._commands(parts, cursor.pos - 2, process=c, quoted=False)
            elif c == "(" and parts and self._opens_pattern(parts[-1]):
                self._short_pattern(parts)
            else:
                return parts

    def _opens_pattern(self, part: Part) -> bool:
        return isinstance(part, Text) and not part.quoted and part.text[-1:] in _PATTERN_MARKS

    def _short_pattern(self, parts: list[Part]) -> None:
        cursor = self.cursor
        match = _SHORT_PATTERN.match(cursor.text, cursor.pos)
        if match is None:
            raise Unreadable("has a pattern that is not understood", cursor.pos)
        before = parts.pop()
        if isinstance(before, Text):
            parts.append(Text(before.text[:-1], quoted=False))
        parts.append(Odd(quoted=False))
        cursor.pos = match.end()

    def _single(self, parts: list[Part]) -> None:
        match = _SINGLE.match(self.cursor.text, self.cursor.pos)
        if match is None:
            raise Unreadable("has a quote that is not closed", self.cursor.pos)
        parts.append(Text(match[1], quoted=True))
        self.cursor.pos = match.end()

    def _quotes(self, parts: list[Part]) -> None:
        """The rest of a text in double quotes."""
        cursor, count, start = self.cursor, len(parts), self.cursor.pos
        self._double(parts, _IN_DOUBLE, escapes='$`"\\\n')
        if cursor.peek() != '"':
            raise Unreadable("has a quote that is not closed", start - 1)
        cursor.pos += 1
        if len(parts) == count:
            parts.append(Text("", quoted=True))

    def _double(self, parts: list[Part], literal: re.Pattern[str], *, escapes: str) -> None:
        cursor = self.cursor
        while True:
            cursor.shared.step()
            run = literal.match(cursor.text, cursor.pos)
            c = cursor.peek()
            if run is not None:
                parts.append(Text(run[0], quoted=True))
                cursor.pos = run.end()
            elif c == "\\":
                self._escape(parts, escapes)
            elif c == "$":
                self._dollar(parts, quoted=True)
            elif c == "`":
                self._backticks(parts, quoted=True)
            else:
                return

    def _escape(self, parts: list[Part], escapes: str) -> None:
        cursor = self.cursor
        escaped = cursor.text[cursor.pos + 1 : cursor.pos + 2]
        if escaped and escaped in escapes:
            parts.append(Text("" if escaped == "\n" else escaped, quoted=True))
            cursor.pos += 2
        else:
            parts.append(Text("\\", quoted=True))
            cursor.pos += 1

    # --- what begins with a dollar

    def _dollar(self, parts: list[Part], *, quoted: bool) -> None:
        cursor = self.cursor
        text, start = cursor.text, cursor.pos
        after = text[start + 1 : start + 2]
        name = _NAME.match(text, start)
        if name is not None:
            cursor.pos = name.end()
            odd = "zsh" if _ZSH_MODIFIER.match(text, cursor.pos) else ""
            self._parameter(parts, Parameter(name[1], quoted, odd))
        elif after == "(":
            self._parenthesis(parts, quoted=quoted)
        elif after == "{":
            self._braces(parts, quoted=quoted)
        elif after == "'" and not quoted:
            self._ansi(parts)
        elif after == '"' and not quoted:
            cursor.pos += 2
            self._quotes(parts)
        elif after == "[":
            cursor.pos += 2
            parts.append(self.computed("]"))
        elif _ZSH_FLAG.match(text, start) or text.startswith("\\\n", start + 1):
            raise Unreadable("holds an expansion that is not understood", start)
        else:
            parts.append(Text("$", quoted=True))
            cursor.pos += 1

    def _parameter(self, parts: list[Part], parameter: Parameter) -> None:
        self.cursor.shared.names.append(parameter.name)
        parts.append(parameter)

    def _parenthesis(self, parts: list[Part], *, quoted: bool) -> None:
        cursor = self.cursor
        start = cursor.pos
        if cursor.text.startswith("((", start + 1):
            try:
                with cursor.shared.deeper():
                    cursor.pos += 3
                    parts.append(self.computed("))"))
                return
            except Unreadable:
                cursor.pos = start
        cursor.pos = start + 2
        self._commands(parts, start, process="", quoted=quoted)

    def _commands(self, parts: list[Part], start: int, *, process: str, quoted: bool) -> None:
        cursor = self.cursor
        with cursor.shared.deeper():
            body = self.inner()
        span = cursor.at(start), cursor.until(cursor.pos)
        parts.append(Output(body, quoted, process, *span))

    def _backticks(self, parts: list[Part], *, quoted: bool) -> None:
        cursor = self.cursor
        match = _BACKTICKS.match(cursor.text, cursor.pos)
        if match is None:
            raise Unreadable("has a backtick that is not closed", cursor.pos)
        start, end = match.span(1)
        inner = match[1]
        if "\\" in inner:
            escaped = r'\\([$`\\"])' if quoted else r"\\([$`\\])"
            text = cursor.rewritten(re.sub(escaped, r"\1", inner), start, end)
        else:
            text = cursor.part(start, end)
        with cursor.shared.deeper():
            body = self.whole(text)
        span = cursor.at(cursor.pos), cursor.until(match.end())
        parts.append(Output(body, quoted, process="", start=span[0], end=span[1]))
        cursor.pos = match.end()

    def _ansi(self, parts: list[Part]) -> None:
        cursor = self.cursor
        match = _ANSI.match(cursor.text, cursor.pos)
        if match is None:
            raise Unreadable("has a quote that is not closed", cursor.pos)
        text = _decoded(match[1])
        if text is None:
            raise Unreadable("holds characters that are not understood", cursor.pos)
        parts.append(Text(text, quoted=True))
        cursor.pos = match.end()

    # --- ${…}

    def _braces(self, parts: list[Part], *, quoted: bool) -> None:
        cursor = self.cursor
        start = cursor.pos
        head = _HEAD.match(cursor.text, start)
        if head is None:
            raise Unreadable("uses a form of `${…}` that is not understood", start)
        mark, name = head[1], head[2]
        index = head[3] if head[3] is None or re.fullmatch(r"[@*]|\d+", head[3]) else "?"
        cursor.pos = head.end()
        if mark == "!" and cursor.peek(2) in ("*}", "@}"):
            cursor.pos += 2
            parts.append(Odd(quoted))
            return
        if cursor.peek() == "}":
            cursor.pos += 1
            span = cursor.at(start), cursor.until(cursor.pos)
            found = Parameter(name, quoted, _MARKS[mark], index or "", start=span[0], end=span[1])
            self._parameter(parts, found)
            return
        operator = _OPERATOR.match(cursor.text, cursor.pos)
        if operator is None or mark:
            raise Unreadable("uses a form of `${…}` that is not understood", start)
        cursor.pos = operator.end()
        with cursor.shared.deeper():
            argument, second = self._arguments(operator[0], quoted=quoted)
        if cursor.peek() != "}":
            raise Unreadable("uses a form of `${…}` that is not understood", start)
        cursor.pos += 1
        found = Parameter(name, quoted, operator[0], index or "", argument, second)
        self._parameter(parts, found)

    def _arguments(
        self, operator: str, *, quoted: bool
    ) -> tuple[tuple[Part, ...], tuple[Part, ...] | None]:
        cursor = self.cursor
        argument: list[Part] = []
        if operator[0] == "/":
            if operator == "/" and cursor.peek() in ("#", "%"):
                argument.append(Text(cursor.peek(), quoted=False))
                cursor.pos += 1
            self._parts(argument, _IN_PLACE)
            if cursor.peek() != "/":
                return tuple(argument), ()
            cursor.pos += 1
            second: list[Part] = []
            self._parts(second, _IN_BRACES)
            return tuple(argument), tuple(second)
        if quoted and operator[0] not in _PATTERN_OPERATORS:
            self._default(argument)
        else:
            self._parts(argument, _IN_BRACES)
        return tuple(argument), None

    def _default(self, parts: list[Part]) -> None:
        """The rest of `"${X:-…}"`, in which double quotes are quotes, and single ones not."""
        cursor = self.cursor
        while True:
            self._double(parts, _IN_BRACES_QUOTED, escapes='$`"\\\n}')
            if cursor.peek() != '"':
                return
            cursor.pos += 1
            self._quotes(parts)


def _decoded(text: str) -> str | None:
    """The text of `$'…'`; None when it is not text."""
    pieces: list[bytes] = []
    place = 0
    for match in _ANSI_ESCAPE.finditer(text):
        pieces.append(text[place : match.start()].encode("utf-8", "surrogatepass"))
        place = match.end()
        piece = _escaped(match)
        if piece is None:
            return None
        pieces.append(piece)
    pieces.append(text[place:].encode("utf-8", "surrogatepass"))
    whole = b"".join(pieces)
    try:
        return None if b"\0" in whole else whole.decode()
    except UnicodeDecodeError:
        return None


def _escaped(match: re.Match[str]) -> bytes | None:
    hexadecimal, octal, short, long, other = match.groups()
    if hexadecimal or octal:
        return bytes([int(hexadecimal, 16) if hexadecimal else int(octal, 8) & 0xFF])
    if short or long:
        number = int(short or long, 16)
        if number > _MAX_CHARACTER or number in _SURROGATES:
            return None
        return chr(number).encode()
    if other in _ESCAPES:
        return _ESCAPES[other].encode()
    return None if other in "cxuU" else f"\\{other}".encode("utf-8", "surrogatepass")
