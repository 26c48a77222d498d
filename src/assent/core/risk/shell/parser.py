"""Shell scripts as trees, read from left to right as the shell does.

Every character is accounted for: what does not fit is a problem, and reading goes on behind it,
so that what can be read is told all the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from assent.core.risk.names import names
from assent.core.risk.shell.cursor import Cursor, Shared, Unreadable
from assent.core.risk.shell.lexer import WordParser
from assent.core.risk.shell.syntax import (
    Assignment,
    Background,
    Branch,
    Case,
    CaseItem,
    Chain,
    Command,
    Computed,
    Coproc,
    CountingFor,
    For,
    Function,
    Group,
    Heredoc,
    If,
    Pipeline,
    Redirected,
    RedirectNode,
    Sequence,
    Statement,
    Test,
    Text,
    While,
    WordNode,
)

DECLARERS = names("export local readonly declare typeset integer float")

_COMMENT = re.compile(r"#[^\n]*")
_RESERVED = re.compile(
    r"(?:if|then|elif|else|fi|while|until|for|select|case|esac|do|done|function|coproc"
    r"|time|[{}!]|\[\[)(?=[\s;&|<>()\\]|\Z)"
)
_CLOSING = names("then elif else fi do done esac }")
_REDIRECT = re.compile(
    r"(\d+|\{[A-Za-z_][A-Za-z0-9_]*\})?"
    r"(&>>|&>|<<<|<<-|<<|<>|<&|>>|>&|>\||[<>](?!\())"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?=[\s;]|\\\n|\Z)")
_FUNCTION_NAME = re.compile(r"[^\s;&|<>()\\'\"$`{}=]+(?=[ \t]*\([ \t]*\))")
_FUNCTION_WORD = re.compile(r"[^\s;&|<>()\\'\"$`{}=]+")
_PARENTHESES = re.compile(r"[ \t]*\([ \t]*\)")
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]\n`(]*\])?(\+?)=")
_OPERATOR_SPLIT = re.compile(r"[&|;<>(]\\\n[&|;<>(]")
_TIME_FLAGS = re.compile(r"(?:-p|--)(?=\s)")
_TEST_END = re.compile(r"\]\](?=[\s;&|<>)]|\Z)")
_TEST_OPERATOR = re.compile(r"&&|\|\||[()<>]")
_PATTERN_AFTER = names("=~ == = !=")
_DELIMITER = re.compile(r"[A-Za-z0-9_.+:@%/,^~!#*?={}\[\]-]+")
_ENDS_STATEMENT = re.compile(r"[^\n]*")
_IN = re.compile(r"in(?=[\s;(\\]|\Z)")
_JOINTS = ("&&", "||")


def parse(text: str, shared: Shared, fixed: tuple[int, int] | None = None) -> Sequence:
    """The tree of a whole script. What is wrong with it is told to `shared`."""
    return _whole(Cursor(text, shared, fixed=fixed))


def _whole(cursor: Cursor) -> Sequence:
    return _Parser(cursor).script()


@dataclass(slots=True)
class _Parser:
    cursor: Cursor
    words: WordParser = field(init=False)

    def __post_init__(self) -> None:
        self.words = WordParser(self.cursor, self._substitution, _whole)

    def script(self) -> Sequence:
        cursor = self.cursor
        split = _OPERATOR_SPLIT.search(cursor.text)
        if split is not None:
            cursor.complain("has an operator over two lines", *split.span())
        body = self._sequence(frozenset())
        self._no_pending()
        return body

    # --- sequences and chains

    def _sequence(self, closers: frozenset[str]) -> Sequence:
        cursor = self.cursor
        items: list[Statement] = []
        while True:
            cursor.shared.step()
            self._newlines()
            if cursor.pos >= len(cursor.text) or self._closes(closers):
                return Sequence(tuple(items))
            start = cursor.pos
            if cursor.peek() not in ";&|)" and self._reserved() not in _CLOSING:
                items.append(self._separated(self._chain()))
            if cursor.pos == start:
                self._skip(start)

    def _closes(self, closers: frozenset[str]) -> bool:
        cursor = self.cursor
        if cursor.peek() == ")":
            return ")" in closers
        if cursor.text.startswith((";;", ";&"), cursor.pos):
            return ";;" in closers
        return self._reserved() in closers

    def _separated(self, statement: Statement) -> Statement:
        cursor = self.cursor
        cursor.blank()
        if cursor.peek() == "&":
            cursor.pos += 1
            return Background(statement)
        if cursor.peek() == ";" and not cursor.text.startswith((";;", ";&"), cursor.pos):
            cursor.pos += 1
        return statement

    def _skip(self, start: int) -> None:
        """Go over one operator or word that has no place here."""
        cursor = self.cursor
        word = re.compile(r"[A-Za-z]+|.", re.DOTALL).match(cursor.text, start)
        cursor.pos = len(cursor.text) if word is None else word.end()
        cursor.complain("is not a script that can be read", start, cursor.pos)

    def _chain(self) -> Statement:
        cursor = self.cursor
        links: list[tuple[str, Statement]] = [("", self._pipeline())]
        while True:
            cursor.blank()
            joint = cursor.peek(2)
            if joint not in _JOINTS:
                return links[0][1] if len(links) == 1 else Chain(tuple(links))
            cursor.pos += 2
            self._newlines()
            links.append((joint, self._pipeline()))

    def _pipeline(self) -> Statement:
        cursor = self.cursor
        negated = self._prefixes()
        stages = [self._stage()]
        while True:
            cursor.blank()
            if cursor.peek() != "|" or cursor.peek(2) == "||":
                break
            cursor.pos += 2 if cursor.peek(2) == "|&" else 1
            self._newlines()
            self._prefixes()
            stages.append(self._stage())
        if len(stages) == 1 and not negated:
            return stages[0]
        return Pipeline(tuple(stages), negated)

    def _prefixes(self) -> bool:
        """Go over `!` and `time`; whether the answer is turned around."""
        cursor, negated = self.cursor, False
        while (word := self._reserved()) in ("!", "time"):
            cursor.pos += len(word)
            cursor.blank()
            negated = negated or word == "!"
            while word == "time" and (flag := _TIME_FLAGS.match(cursor.text, cursor.pos)):
                cursor.pos = flag.end()
                cursor.blank()
        return negated

    def _stage(self) -> Statement:
        with self.cursor.shared.deeper():
            return self._compound() or self._simple()

    # --- white space

    def _newlines(self) -> None:
        """Go over blanks, comments and ends of lines, and the here-documents behind them."""
        cursor = self.cursor
        while True:
            cursor.blank()
            comment = _COMMENT.match(cursor.text, cursor.pos)
            if comment is not None:
                cursor.pos = comment.end()
            if cursor.peek() != "\n":
                return
            cursor.pos += 1
            self._heredocs()

    def _no_pending(self) -> None:
        if self.cursor.pending:
            place = self.cursor.pos
            self.cursor.complain("has a here-document without an end", place, place)
            self.cursor.pending.clear()

    def _heredocs(self) -> None:
        pending, self.cursor.pending = self.cursor.pending, []
        for heredoc in pending:
            self._heredoc(heredoc)

    def _heredoc(self, heredoc: Heredoc) -> None:
        cursor = self.cursor
        start, lines = cursor.pos, []
        while True:
            if cursor.pos >= len(cursor.text):
                cursor.complain("has a here-document without an end", start, cursor.pos)
                break
            end = cursor.text.find("\n", cursor.pos)
            end = len(cursor.text) if end < 0 else end
            line = cursor.text[cursor.pos : end]
            last, cursor.pos = cursor.pos, min(end + 1, len(cursor.text))
            bare = line.lstrip("\t") if heredoc.tabs else line
            if bare == heredoc.delimiter:
                self._end_of_heredoc(heredoc, start, last)
                return
            lines.append(bare)
        heredoc.parts = (Text("\n".join(lines), quoted=True),)

    def _end_of_heredoc(self, heredoc: Heredoc, start: int, end: int) -> None:
        cursor = self.cursor
        text = cursor.text[start:end]
        heredoc.start, heredoc.end = cursor.at(start), cursor.until(end)
        if heredoc.tabs:
            stripped = re.sub(r"^\t+", "", text, flags=re.MULTILINE)
            part = cursor.rewritten(stripped, start, end)
        else:
            part = cursor.part(start, end)
        try:
            with cursor.shared.deeper():
                heredoc.parts = _Parser(part).words.here_text(heredoc, part)
        except Unreadable as error:
            cursor.complain(error.what, start, end)

    # --- compound commands

    def _reserved(self) -> str:
        match = _RESERVED.match(self.cursor.text, self.cursor.pos)
        return "" if match is None else match[0]

    def _compound(self) -> Statement | None:
        cursor = self.cursor
        start, mark = cursor.pos, len(cursor.shared.names)
        node = self._opened()
        if node is None or isinstance(node, Function | Coproc):
            return node
        redirects: list[RedirectNode] = []
        try:
            while (redirect := self._redirect()) is not None:
                redirects.append(redirect)
        except Unreadable as error:
            self._give_up(error)
        cursor.blank()
        if cursor.peek() not in ("", "\n", ";", "&", "|", ")", "#") and not self._reserved():
            cursor.complain("is not a script that can be read", cursor.pos, cursor.pos + 1)
        if not redirects:
            return node
        names = tuple(cursor.shared.names[mark:])
        span = cursor.at(start), cursor.until(cursor.pos)
        return Redirected(node, tuple(redirects), names, *span)

    def _opened(self) -> Statement | None:
        if self.cursor.peek() == "(":
            return self._parentheses()
        readers: dict[str, Callable[[], Statement]] = {
            "if": self._if,
            "while": self._while,
            "until": self._while,
            "for": self._for,
            "select": self._for,
            "case": self._case,
            "{": self._group,
            "[[": self._test,
            "function": self._function,
            "coproc": self._coproc,
        }
        word = self._reserved()
        if word in readers:
            return readers[word]()
        name = _FUNCTION_NAME.match(self.cursor.text, self.cursor.pos)
        return None if name is None else self._function()

    def _expect(self, *wanted: str) -> str:
        """Go over one of these words, and say which; a problem when there is another."""
        cursor = self.cursor
        self._newlines()
        for word in wanted:
            if word == self._reserved() or (word == ")" and cursor.peek() == ")"):
                cursor.pos += len(word)
                return word
        end = min(cursor.pos + 1, len(cursor.text))
        cursor.complain("is not a script that can be read", cursor.pos, end)
        return ""

    def _body(self, *closers: str) -> Sequence:
        """Commands up to one of these words, which is not gone over."""
        return self._sequence(frozenset(closers))

    def _parentheses(self) -> Statement:
        cursor = self.cursor
        start = cursor.pos
        if cursor.text.startswith("((", start):
            try:
                cursor.pos += 2
                return self.words.computed("))")
            except Unreadable:
                cursor.pos = start
        cursor.pos += 1
        body = self._body(")")
        self._expect(")")
        return Group(body, subshell=True)

    def _group(self) -> Statement:
        self.cursor.pos += 1
        body = self._body("}")
        self._expect("}")
        return Group(body, subshell=False)

    def _if(self) -> Statement:
        branches: list[Branch] = []
        word = "if"
        while word in ("if", "elif"):
            self.cursor.pos += 2 if not branches else 0
            condition = self._body("then")
            self._expect("then")
            branches.append(Branch(condition, self._body("elif", "else", "fi")))
            word = self._expect("elif", "else", "fi")
        otherwise = None
        if word == "else":
            otherwise = self._body("fi")
            self._expect("fi")
        return If(tuple(branches), otherwise)

    def _while(self) -> Statement:
        word = self._reserved()
        self.cursor.pos += len(word)
        condition = self._body("do")
        return While(condition, self._loop_body(), word == "until")

    def _loop_body(self) -> Sequence:
        if self._reserved() == "{":
            self.cursor.pos += 1
            body = self._body("}")
            self._expect("}")
            return body
        self._expect("do")
        body = self._body("done")
        self._expect("done")
        return body

    def _for(self) -> Statement:
        cursor = self.cursor
        start, mark = cursor.pos, len(cursor.shared.names)
        keyword = self._reserved()
        cursor.pos += len(keyword)
        cursor.blank()
        if cursor.text.startswith("((", cursor.pos) and keyword == "for":
            return self._counting()
        name = _NAME.match(cursor.text, cursor.pos)
        if name is None:
            cursor.complain("has a loop that is not understood", start, cursor.pos)
        else:
            cursor.pos = name.end()
        self._newlines()
        words = self._loop_words()
        names = tuple(cursor.shared.names[mark:])
        end = cursor.pos
        cursor.blank()
        if cursor.peek() == ";":
            cursor.pos += 1
        self._newlines()
        body = self._loop_body()
        span = cursor.at(start), cursor.until(end)
        variable = "?" if name is None else name[0]
        return For(variable, words, body, names, keyword == "select", *span)

    def _loop_words(self) -> tuple[WordNode, ...] | None:
        cursor = self.cursor
        if not _IN.match(cursor.text, cursor.pos):
            return None
        cursor.pos += 2
        words: list[WordNode] = []
        while True:
            cursor.blank()
            try:
                word = self.words.word()
            except Unreadable as error:
                self._give_up(error)
                break
            if not word.parts:
                break
            words.append(word)
        return tuple(words)

    def _counting(self) -> Statement:
        cursor = self.cursor
        start = cursor.pos
        cursor.pos += 2
        try:
            head = self.words.computed("))")
        except Unreadable as error:
            self._give_up(error)
            head = Computed((), cursor.at(start), cursor.until(cursor.pos))
        cursor.blank()
        if cursor.peek() == ";":
            cursor.pos += 1
        self._newlines()
        return CountingFor(head, self._loop_body())

    def _case(self) -> Statement:
        cursor = self.cursor
        cursor.pos += 4
        cursor.blank()
        try:
            word = self.words.word()
        except Unreadable as error:
            self._give_up(error)
            word = WordNode((), cursor.at(cursor.pos), cursor.until(cursor.pos))
        self._newlines()
        if not _IN.match(cursor.text, cursor.pos):
            cursor.complain("is not a script that can be read", cursor.pos, cursor.pos)
            return Case(word, ())
        cursor.pos += 2
        items: list[CaseItem] = []
        while True:
            self._newlines()
            if self._reserved() == "esac" or cursor.pos >= len(cursor.text):
                break
            before = cursor.pos
            items.append(self._case_item())
            if cursor.pos == before:
                self._skip(before)
        self._expect("esac")
        return Case(word, tuple(items))

    def _case_item(self) -> CaseItem:
        cursor = self.cursor
        patterns: list[WordNode] = []
        if cursor.peek() == "(":
            cursor.pos += 1
        try:
            while True:
                cursor.blank()
                patterns.append(self.words.word())
                cursor.blank()
                if cursor.peek() != "|":
                    break
                cursor.pos += 1
        except Unreadable as error:
            self._give_up(error)
        self._expect(")")
        body = self._body(";;", "esac")
        falls = cursor.text.startswith((";&", ";;&"), cursor.pos)
        if cursor.text.startswith((";;", ";&"), cursor.pos):
            cursor.pos += 3 if cursor.text.startswith(";;&", cursor.pos) else 2
        return CaseItem(tuple(patterns), body, falls)

    def _function(self) -> Statement:
        cursor = self.cursor
        start = cursor.pos
        if self._reserved() == "function":
            cursor.pos += len("function")
            cursor.blank()
        name = _FUNCTION_WORD.match(cursor.text, cursor.pos)
        if name is None:
            cursor.complain("defines a function without a plain name", start, cursor.pos)
            return Sequence(())
        cursor.pos = name.end()
        parentheses = _PARENTHESES.match(cursor.text, cursor.pos)
        if parentheses is not None:
            cursor.pos = parentheses.end()
        self._newlines()
        with cursor.shared.deeper():
            body = self._compound()
        if body is None:
            cursor.complain("defines a function that is not understood", start, cursor.pos)
            return Sequence(())
        return Function(name[0], body)

    def _coproc(self) -> Statement:
        cursor = self.cursor
        cursor.pos += len("coproc")
        cursor.blank()
        variable = "COPROC"
        name = _NAME.match(cursor.text, cursor.pos)
        if name is not None and not self._reserved():
            before = cursor.pos
            cursor.pos = name.end()
            cursor.blank()
            if self._reserved() in ("{", "if", "while", "for", "case") or cursor.peek() == "(":
                variable = name[0]
            else:
                cursor.pos = before
        return Coproc(variable, self._stage())

    def _test(self) -> Statement:
        cursor = self.cursor
        start, mark = cursor.pos, len(cursor.shared.names)
        cursor.pos += 2
        words: list[WordNode] = []
        try:
            while True:
                cursor.shared.step()
                self._newlines()
                end = _TEST_END.match(cursor.text, cursor.pos)
                if end is not None:
                    cursor.pos = end.end()
                    break
                words.append(self._test_word(words))
        except Unreadable as error:
            self._give_up(error)
        names = tuple(cursor.shared.names[mark:])
        return Test(tuple(words), names, cursor.at(start), cursor.until(cursor.pos))

    def _test_word(self, before: list[WordNode]) -> WordNode:
        cursor = self.cursor
        start = cursor.pos
        last = before[-1].parts if before else ()
        after = len(last) == 1 and isinstance(last[0], Text) and not last[0].quoted
        if after and isinstance(last[0], Text) and last[0].text in _PATTERN_AFTER:
            word = self.words.pattern()
        else:
            operator = _TEST_OPERATOR.match(cursor.text, start)
            if operator is not None:
                cursor.pos = operator.end()
                parts = (Text(operator[0], quoted=False),)
                return WordNode(parts, cursor.at(start), cursor.until(cursor.pos))
            word = self.words.word()
        if not word.parts:
            raise Unreadable("has a test that is not understood", start)
        return word

    # --- simple commands

    def _simple(self) -> Statement:
        cursor = self.cursor
        start, mark = cursor.pos, len(cursor.shared.names)
        assignments: list[Assignment] = []
        words: list[WordNode | Assignment] = []
        redirects: list[RedirectNode] = []
        end = start
        try:
            while self._element(assignments, words, redirects):
                end = cursor.pos
        except Unreadable as error:
            self._give_up(error)
            end = cursor.pos
        if not (assignments or words or redirects) and cursor.pos == start:
            cursor.complain("is not a script that can be read", start, start + 1)
        names = tuple(cursor.shared.names[mark:])
        return Command(
            assignments=tuple(assignments),
            words=tuple(words),
            redirects=tuple(redirects),
            names=names,
            start=cursor.at(start),
            end=cursor.until(end),
        )

    def _element(
        self,
        assignments: list[Assignment],
        words: list[WordNode | Assignment],
        redirects: list[RedirectNode],
    ) -> bool:
        """Read one more word, assignment or redirect; whether there was one."""
        cursor = self.cursor
        cursor.blank()
        comment = _COMMENT.match(cursor.text, cursor.pos)
        if comment is not None:
            cursor.pos = comment.end()
            return False
        redirect = self._redirect()
        if redirect is not None:
            redirects.append(redirect)
            return True
        assignment = self._assignment() if not words or _declares(words) else None
        if assignment is not None:
            (words if words else assignments).append(assignment)
            return True
        start = cursor.pos
        word = self.words.word()
        if not word.parts and cursor.pos == start:
            if cursor.peek() == "(":
                raise Unreadable("is not a script that can be read", start)
            return False
        words.append(word)
        return True

    def _assignment(self) -> Assignment | None:
        cursor = self.cursor
        start = cursor.pos
        match = _ASSIGNED.match(cursor.text, start)
        if match is None:
            return None
        cursor.pos = match.end()
        key = match[2][1:-1] if match[2] else None
        value = items = None
        if cursor.peek() == "(":
            items = self._items()
        else:
            value = self.words.word()
        span = cursor.at(start), cursor.until(cursor.pos)
        return Assignment(match[1], key, match[3] == "+", value, items, *span)

    def _items(self) -> tuple[WordNode, ...]:
        cursor = self.cursor
        start = cursor.pos
        cursor.pos += 1
        items: list[WordNode] = []
        while True:
            self._newlines()
            if cursor.peek() == ")":
                cursor.pos += 1
                return tuple(items)
            word = self.words.word()
            if not word.parts:
                raise Unreadable("has a list that is not closed", start)
            items.append(word)

    def _redirect(self) -> RedirectNode | None:
        cursor = self.cursor
        cursor.blank()
        match = _REDIRECT.match(cursor.text, cursor.pos)
        if match is None:
            return None
        start, cursor.pos = cursor.pos, match.end()
        descriptor, operator = match[1] or "", match[2]
        if operator in (">", ">>", ">&", "&>", "&>>") and cursor.peek() == "!":
            raise Unreadable("redirects to a file that shells do not agree on", start)
        cursor.blank()
        if operator in ("<<", "<<-"):
            return RedirectNode(operator, descriptor, None, self._delimiter(operator))
        target = self.words.word()
        if not target.parts:
            raise Unreadable("redirects to nothing", start)
        return RedirectNode(operator, descriptor, target)

    def _delimiter(self, operator: str) -> Heredoc:
        cursor = self.cursor
        start = cursor.pos
        word = self.words.word()
        texts = [part for part in word.parts if isinstance(part, Text)]
        if not texts or len(texts) != len(word.parts):
            raise Unreadable("has a here-document that is not understood", start)
        delimiter = "".join(text.text for text in texts)
        literal = any(text.quoted for text in texts)
        if not literal and not _DELIMITER.fullmatch(delimiter):
            raise Unreadable("has a here-document that is not understood", start)
        heredoc = Heredoc(delimiter, literal, operator == "<<-")
        cursor.pending.append(heredoc)
        return heredoc

    def _give_up(self, error: Unreadable) -> None:
        """Go on with the next line; what stands before the error is kept."""
        cursor = self.cursor
        cursor.pos = max(cursor.pos, error.start)
        rest = _ENDS_STATEMENT.match(cursor.text, cursor.pos)
        cursor.pos = len(cursor.text) if rest is None else rest.end()
        cursor.complain(error.what, error.start, cursor.pos)

    # --- substitutions

    def _substitution(self) -> Sequence:
        """Commands up to a closing parenthesis, which is gone over."""
        cursor = self.cursor
        start, outer = cursor.pos, cursor.pending
        cursor.pending = []
        body = self._body(")")
        if outer and "\n" in cursor.text[start : cursor.pos]:
            cursor.complain("has a here-document that is not understood", start, cursor.pos)
        self._no_pending()
        cursor.pending = outer
        if cursor.peek() != ")":
            raise Unreadable("has a parenthesis that is not closed", start)
        cursor.pos += 1
        return body


def _declares(words: list[WordNode | Assignment]) -> bool:
    first = words[0]
    if isinstance(first, Assignment) or not first.parts:
        return False
    part = first.parts[0]
    return len(first.parts) == 1 and isinstance(part, Text) and part.text in DECLARERS
