"""What a short JavaScript program for Node, Bun or Deno does, told by its tokens.

There is no tree: a program is understood when all of its tokens are, by lists of what only
computes. Whatever is called must be on a list or be defined in the program, modules must be used
by the names of their members, and the ways to reach code by text are refused wherever they stand.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from assent.core.risk.findings import Use
from assent.core.risk.languages.javascript_names import (
    CALLS,
    COMPUTING,
    DANGEROUS,
    FS,
    GLOBALS,
    KEYWORDS,
    MAKES,
    METHODS,
    MODULES,
    PACKAGES_ACTING,
    PROCESS,
    REACHING,
    SQLITE,
)
from assent.core.risk.languages.python_names import SECRET_VARIABLE
from assent.core.risk.languages.reading import LIMIT, Act, Reading, one
from assent.core.risk.languages.sql import read_sql
from assent.core.risk.names import names

_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n\r\u2028\u2029]*|/\*(?s:.*?)\*/)"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<punct>=>|\?\.(?!\d)|\.\.\.|\*\*|&&|\|\||\?\?|\+\+|--|[-+*/%<>=!&|^]=+|[{}()\[\];,<>+\-*/%&|^!~?:=.])"
)
_REGEX = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\(?s:.)|\$(?!\{))*")
_BEFORE_REGEX = names(
    "( , = : [ ! & | ? { } ; + - * % < > ~ => && || ?? == === != !== return typeof"
)
_HIDING = re.compile(r"constructor|__proto__|prototype", re.IGNORECASE)
_UNKNOWN = "runs JavaScript that is more than is known"
_BRACKETS = names("( ) [ ] { }")
MAX_NESTING = 20


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int = 0


_END = _Token("end", "")


class _Refusal(Exception):
    """This is not understood; it does not leave this module."""


def read_javascript(code: str) -> Reading:
    """What `code` does; `code` for what is not understood. Never raises."""
    if len(code) > LIMIT:
        return one("code", _UNKNOWN)
    try:
        tokens = tuple(_lex(code, 0, len(code), 0))
        return _Program((*tokens, _END)).read()
    except _Refusal as refusal:
        return one("code", f"{_UNKNOWN} ({refusal})" if str(refusal) else _UNKNOWN)


# --- tokens


def _lex(code: str, place: int, end: int, depth: int) -> Iterator[_Token]:
    if depth > MAX_NESTING:
        raise _Refusal
    last = ""
    while place < end:
        if code.startswith(("<!--", "-->"), place):
            raise _Refusal
        if code[place] == "`":
            inner = list(_template(code, place, end, depth))
            yield from inner
            place, last = inner[-1].start + 1, ")"
            continue
        found = _REGEX.match(code, place, end) if last in _BEFORE_REGEX or not last else None
        if found is None:
            found = _TOKEN.match(code, place, end)
        if found is None:
            raise _Refusal
        kind = found.lastgroup or "regex"
        place = found.end()
        if kind != "space":
            last = found.group()
            yield _Token(kind, last, found.start())


def _template(code: str, place: int, end: int, depth: int) -> Iterator[_Token]:
    """The values in a template, as if in brackets between texts."""
    yield _Token("template", "`", place)
    place += 1
    while True:
        found = _TEMPLATE.match(code, place, end)
        place = found.end() if found else place
        if place >= end:
            raise _Refusal
        if code[place] == "`":
            break
        close = _closing(code, place + 2, end)
        yield _Token("hole", "${", place)
        yield from _lex(code, place + 2, close, depth + 1)
        yield _Token("hole", "}", close)
        place = close + 1
    yield _Token("template-end", "`", place)


def _closing(code: str, place: int, end: int) -> int:
    """Where the brace closes that was opened before `place`; nested templates are refused."""
    depth = 0
    while place < end:
        found = _TOKEN.match(code, place, end)
        if found is None:
            raise _Refusal
        if found.group() == "}" and depth == 0:
            return place
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        place = found.end()
    raise _Refusal


def _plain(text: str) -> str:
    """What a quoted text stands for."""
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    if re.search(r"\\[xu0-9]", inner):
        hexes = r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})"
        inner = re.sub(hexes, lambda found: chr(int(found[1] or found[2], 16)), inner)
    return re.sub(r"\\(.)", r"\1", inner)


def _hides(text: str) -> bool:
    """Whether the text is, or may be made a part of, a name that reaches code."""
    lower = text.lower()
    return _HIDING.search(lower) is not None or (
        len(lower) > 3 and lower in "constructor __proto__"
    )


# --- programs


@dataclass(slots=True)
class _Program:
    tokens: tuple[_Token, ...]
    modules: dict[str, str] = field(default_factory=dict)
    """Names that stand for modules."""
    members: dict[str, str] = field(default_factory=dict)
    """Names that stand for members of modules: the module of each."""
    functions: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    """Names that stand for one known text."""
    pairs: dict[int, int] = field(default_factory=dict)
    """Where brackets close, by where they open."""
    openers: dict[int, int] = field(default_factory=dict)
    """Where brackets open, by where they close."""
    assigned: Counter[str] = field(default_factory=Counter)
    """How often a name is given a value."""
    declared: set[int] = field(default_factory=set)
    """Places of the tokens that declare modules, members or functions."""
    acts: dict[Act, None] = field(default_factory=dict)
    files: dict[tuple[str, Use], None] = field(default_factory=dict)

    def at(self, place: int) -> _Token:
        return self.tokens[place] if 0 <= place < len(self.tokens) else _END

    def text(self, place: int) -> str:
        return self.at(place).text

    def read(self) -> Reading:
        self.modules |= {name: name for name in MODULES}
        self._pair_brackets()
        self.assigned = Counter(
            token.text
            for token, after in pairwise(self.tokens)
            if after.text in ("=", "+=", "=>") and token.kind == "name"
        )
        for place, token in enumerate(self.tokens):
            if token.kind == "name" and self.text(place - 1) not in (".", "?."):
                self._declare(place)
        for place, token in enumerate(self.tokens):
            self._check(place, token)
        return Reading(means=tuple(self.acts), files=tuple(self.files))

    def _pair_brackets(self) -> None:
        """Pairs brackets; those that do not match are refused."""
        open_: list[int] = []
        for place, token in enumerate(self.tokens):
            if token.kind != "punct" or token.text not in _BRACKETS:
                continue
            if token.text in "([{":
                open_.append(place)
            elif not open_ or self.text(open_[-1]) + token.text not in ("()", "[]", "{}"):
                raise _Refusal
            else:
                start = open_.pop()
                self.pairs[start], self.openers[place] = place, start
        if open_:
            raise _Refusal

    # --- what names stand for

    def _declare(self, place: int) -> None:
        name, following = self.text(place), self.text(place + 1)
        if name == "import":
            self._declare_import(place)
        elif name == "function" and self.at(place + 1).kind == "name":
            self._define(place + 1)
        elif following == "=" and self._required(place + 2) is not None:
            self._declare_module(place, self._required(place + 2) or "")
        elif following == "=" and self._is_function(place + 2):
            self._define(place)
        elif following == "=" and self.at(place + 2).kind == "string":
            self._declare_text(place)
        elif name in ("const", "let", "var") and following == "{":
            self._declare_members(place + 1)

    def _required(self, place: int) -> str | None:
        """The module that `require("...")` at `place` gives, if nothing is taken from it."""
        whole = (
            self.text(place) == "require"
            and self.text(place + 1) == "("
            and self.at(place + 2).kind == "string"
            and self.text(place + 3) == ")"
        )
        taken = self.text(place + 4) in (".", "?.", "[", "(", "`")
        return _plain(self.text(place + 2)) if whole and not taken else None

    def _declare_module(self, place: int, module: str) -> None:
        name = self.text(place)
        if self.text(place - 1) not in ("const", "let", "var", ",") or name in self.members:
            raise _Refusal
        if self.modules.get(name, module) != module and name not in MODULES:
            raise _Refusal
        self.modules[name] = module.removeprefix("node:")
        self.declared.add(place)

    def _define(self, place: int) -> None:
        name = self.text(place)
        if name in self.functions:
            raise _Refusal
        self.functions.add(name)
        self.declared.add(place)

    def _is_function(self, place: int) -> bool:
        if self.text(place) == "async":
            place += 1
        if self.text(place) == "function":
            return True
        if self.at(place).kind == "name":
            return self.text(place + 1) == "=>"
        return self.text(place) == "(" and self.text(self._close(place) + 1) == "=>"

    def _close(self, place: int) -> int:
        """Where the bracket at `place` closes."""
        if place not in self.pairs:
            raise _Refusal
        return self.pairs[place]

    def _declare_text(self, place: int) -> None:
        name = self.text(place)
        ends = self.text(place + 3) in (";", ",", "") or self.at(place + 3).text in KEYWORDS
        if self.text(place - 1) == "const" and ends:
            known = self.texts.get(name)
            value = _plain(self.text(place + 2))
            self.texts[name] = value if known in (None, value) else "\0"

    def _declare_members(self, place: int) -> None:
        """`{a, b} = require("...")`; other patterns take things out of data."""
        end = place + 1
        while self.text(end) not in ("}", ""):
            end += 1
        module = self._required(end + 2) if self.text(end + 1) == "=" else None
        if module is None:
            return
        self._take_members(place, end, module)

    def _take_members(self, place: int, end: int, module: str) -> None:
        for each in range(place + 1, end):
            if self.at(each).kind == "name":
                self.members[self.text(each)] = module.removeprefix("node:")
                self.declared.add(each)
            elif self.text(each) != ",":
                raise _Refusal

    def _declare_import(self, place: int) -> None:
        """`import x from "m"`, `import * as x from "m"`, `import {a, b} from "m"`."""
        end = place
        while self.at(end).kind not in ("string", "end"):
            end += 1
        module = _plain(self.text(end)) if self.at(end).kind == "string" else ""
        words = [self.text(each) for each in range(place, end)]
        self.declared |= set(range(place, end))
        if words[1:2] == ["{"] and words[-2:] == ["}", "from"]:
            self._take_members(place + 1, end - 2, module)
        elif words[-1] == "from" and (len(words) == 3 or words[1:3] == ["*", "as"]):
            self.modules[words[-2]] = module.removeprefix("node:")
        else:
            raise _Refusal
        self._use_module(module)

    # --- what is used

    def _check(self, place: int, token: _Token) -> None:
        before, after = self.at(place - 1), self.at(place + 1)
        if token.kind == "template" and before.text in (")", "]"):
            raise _Refusal
        if token.kind == "string" and _hides(_plain(token.text)):
            raise _Refusal("a text that reaches code")
        if token.kind == "punct" and token.text == "(" and self._calls_computed(place, before):
            raise _Refusal("calls what it computes")
        if token.kind != "name" or place in self.declared:
            return
        if after.kind == "template" and token.text not in KEYWORDS:
            raise _Refusal("calls a tag")
        if before.text in (".", "?.") and before.kind == "punct":
            self._check_member(place, token.text, called=after.text == "(")
        elif after.text == ":" and before.text in ("{", ","):
            self._refuse(REACHING, token.text)
        else:
            self._check_name(place, token.text, before, after)

    def _calls_computed(self, place: int, before: _Token) -> bool:
        computed = before.kind == "punct" and before.text in (")", "]", "?.")
        return computed and not self._calls_itself(place)

    def _refuse(self, dangerous: re.Pattern[str], name: str) -> None:
        if dangerous.fullmatch(name):
            raise _Refusal(name)

    def _check_member(self, place: int, name: str, *, called: bool) -> None:
        base = self._base(place)
        if base == "process":
            self._check_process(place, name)
        elif base in FS:
            self._check_file(place, FS[base], name, called=called)
        elif base and base not in COMPUTING:
            self._check_package(name)
        elif called and name in SQLITE and self._uses("sqlite"):
            self._run_sql(place, name)
        elif called and name not in METHODS:
            raise _Refusal(name)
        else:
            self._refuse(REACHING, name)

    def _uses(self, module: str) -> bool:
        return module in self.members.values()

    def _run_sql(self, place: int, name: str) -> None:
        """SQL must stand in the call, and only ask; `exec` of a pattern takes no such text."""
        if name not in ("prepare", "exec"):
            return
        sql = self._argument(place + 2)
        if sql is None:
            raise _Refusal("runs SQL, not known which")
        found = read_sql(sql, "sqlite")
        self.acts |= {act: None for act in found.means if act.word != "read"}
        self.files |= dict.fromkeys(found.files)

    def _check_file(
        self, place: int, uses: Mapping[str, tuple[Use, ...]], name: str, *, called: bool
    ) -> None:
        if not called or name not in uses:
            raise _Refusal(name)
        self._use_file(place, uses[name])

    def _base(self, place: int) -> str:
        """The module of which this is a member; empty when it is one of something else."""
        name = self.at(place - 2)
        if name.text == ")" and self.text(place - 5) == "require" and self.text(place - 4) == "(":
            return _plain(self.text(place - 3)).removeprefix("node:")
        if name.kind == "name" and self.text(place - 3) not in (".", "?."):
            return "process" if name.text == "process" else self.modules.get(name.text, "")
        return ""

    def _check_process(self, place: int, name: str) -> None:
        if name == "env":
            variable = self.text(place + 2)
            if self.text(place + 1) != "." or SECRET_VARIABLE.search(variable):
                self.acts[Act("secret", "shows the environment, which may hold secrets")] = None
        elif name not in PROCESS:
            raise _Refusal(f"process.{name}")

    def _check_package(self, name: str) -> None:
        self._refuse(DANGEROUS, name)
        self._refuse(REACHING, name)
        if PACKAGES_ACTING.search(name):
            raise _Refusal(name)

    def _use_file(self, place: int, uses: tuple[Use, ...]) -> None:
        argument = place + 2
        for use in uses:
            path = self._argument(argument)
            if path is not None:
                self.files[path, use] = None
            elif use in (Use.WRITE, Use.DELETE):
                verb = "deletes" if use is Use.DELETE else "writes"
                self.acts[Act("unknown", f"{verb} a file, not known which")] = None
            argument += 2

    def _argument(self, place: int) -> str | None:
        token = self.at(place)
        if self.text(place + 1) not in (",", ")"):
            return None
        if token.kind == "string":
            return _plain(token.text)
        found = self.texts.get(token.text) if token.kind == "name" else None
        return found if found != "\0" and self.assigned[token.text] == 1 else None

    def _use_module(self, module: str) -> None:
        name = module.removeprefix("node:")
        if name in MODULES or module == "node:sqlite":
            return
        if name.endswith(".json") and name.startswith((".", "/")):
            self.files[name, Use.READ] = None
            return
        if name in GLOBALS or PACKAGES_ACTING.search(name) or not name:
            raise _Refusal(f"the module {name}")
        self.acts[Act("project-run", f"runs the package {name[:40]}")] = None

    def _check_name(self, place: int, name: str, before: _Token, after: _Token) -> None:
        if name in GLOBALS:
            raise _Refusal(name)
        made = before.text == "new" and name in MAKES
        if name in KEYWORDS or name in COMPUTING or made:
            return
        if name == "require":
            self._check_require(place)
        elif name in self.members:
            self._check_taken(place, self.members[name], name)
        elif name in self.modules or name == "process":
            self._check_module(name, after)
        elif name in self.functions and after.text == "(":
            return
        elif before.text == "new" or name in self.functions or self._is_unknown_call(name, after):
            raise _Refusal(name)

    def _is_unknown_call(self, name: str, after: _Token) -> bool:
        return after.text == "(" and name not in CALLS

    def _check_module(self, name: str, after: _Token) -> None:
        if after.text != ".":
            raise _Refusal(name)
        if name != "process":
            self._use_module(self.modules[name])

    def _calls_itself(self, place: int) -> bool:
        """Whether this calls an arrow function in brackets: `(() => {...})()`."""
        start = self.openers.get(place - 1, place) + 1
        start += self.text(start) == "async"
        if self.text(start) != "(" or self.text(place - 1) != ")":
            return False
        arrow = self._close(start) + 1
        opens = self.text(arrow) == "=>" and self.text(arrow + 1) == "{"
        return opens and self._close(arrow + 1) == place - 2

    def _check_require(self, place: int) -> None:
        plain = self.text(place + 1) == "(" and self.at(place + 2).kind == "string"
        if not plain or self.text(place + 3) != ")":
            raise _Refusal("require")
        module = _plain(self.text(place + 2))
        self._use_module(module)
        known = place - 2 in self.declared or self.text(place - 2) == "}"
        taken = self.text(place + 4) == "."
        if module.removeprefix("node:") in MODULES and not known and not taken:
            raise _Refusal("require")

    def _check_taken(self, place: int, module: str, name: str) -> None:
        if module == "sqlite" and self.text(place - 1) != "new":
            raise _Refusal(name)
        if self.text(place + 1) != "(":
            raise _Refusal(name)
        if name in FS.get(module, {}):
            self._use_file(place, FS[module][name])
        elif module in COMPUTING and name in METHODS:
            return
        elif module in MODULES:
            raise _Refusal(name)
        else:
            self._check_package(name)
