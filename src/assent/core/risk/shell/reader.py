"""A shell script as simple commands, each with the folders it may run in.

Only forms that are understood to the last character are read. Everything else becomes a problem
of the script, and a script with a problem is never harmless.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from assent.core.risk.names import names
from assent.core.risk.shell.model import Folders, Problem, Redirect, Script, Simple, Word
from assent.core.risk.shell.words import WordReader

MAX_SCRIPT = 16 * 1024
"""Bytes of the longest script that is read: the parser's time grows with the square of nonsense."""
DENSE_FROM = 4 * 1024
MAX_DENSITY = 0.3
"""Share of operators and quotes in a script from this size on; real ones have half of that."""
MAX_PROBLEMS = 50
MAX_DEPTH = 40
MAX_COMMANDS = 500
"""Simple commands of one script, loops counted as often as they run."""
MAX_CHAIN = 200
MAX_WORDS = 3000
MAX_FOLDERS = 8

_LANGUAGE = Language(tree_sitter_bash.language())
_SPACE = re.compile(rb"(?:[ \t]|\\\n)*")
_BETWEEN = re.compile(rb"(?:[ \t\n]|\\\n)*")
_GLUED = re.compile(rb"[^ \t\n;|&(]\\\n[^ \t\n]")
"""A line that goes on in the middle of a word; the parser takes it for two words."""
_PLAIN_TYPES = ("word", "number")
_PLAIN = re.compile(r"[A-Za-z0-9_./@%+,:-][A-Za-z0-9_./@%+,:=-]*")
"""Words that can mean only themselves: most of all words, so they are not looked at closer."""
_OPERATORS = tuple(bytes([byte]) for byte in b"<>|&;()`$#{}[]\\\"'!")
_BACKTICKS = re.compile(r"`[A-Za-z0-9 _./=:@%+,|-]*`")
_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EMOJI_JOINERS = "\u200d\ufe0f"
_LOOP_NAME = re.compile(r"[A-Z]|[a-z][a-z0-9_]*")
_ZSH_SPECIAL = names(
    "aliases argv builtins cdpath commands fignore fpath functions histchars history jobdirs"
    " jobstates jobtexts mailpath manpath module_path modules nameddirs options path"
    " pipestatus prompt psvar signals status termcap terminfo userdirs usergroups watch"
    " widgets"
)

_SEQUENCES = frozenset({"program", "subshell", "compound_statement", "do_group"})
_BRANCHES = frozenset(
    {"if_statement", "while_statement", "elif_clause", "else_clause", "case_item", "case_statement"}
)
_CHAINS = frozenset({"list", "pipeline", "redirected_statement"})
_JOINTS = frozenset({"&&", "||", "|", "|&"})
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_PATTERNS = frozenset(
    {"word", "number", "string", "raw_string", "concatenation", "extglob_pattern"}
)
_WORDS = _PATTERNS | names(
    "simple_expansion expansion command_substitution process_substitution arithmetic_expansion"
    " brace_expression command_name variable_assignment"
)
_NOT_IN_BRACKETS = names("&& || < > ( ) ; & |")
_ARITHMETIC_TESTS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "<", ">", "<=", ">="})


def join(folder: str, path: str) -> str:
    """`path` as seen from `folder`; nothing is resolved. `~` is left to who knows the home."""
    if path == "~" or path.startswith(("/", "~/")):
        return path
    return f"{folder.rstrip('/')}/{path}"


def hides(text: str) -> bool:
    """Whether `text` holds what a person would not see: controls, bidi marks, zero widths."""
    if text.isascii():
        return _ASCII_CONTROL.search(text) is not None
    return any(
        c not in "\t\n" and c not in _EMOJI_JOINERS and unicodedata.category(c) in _HIDDEN
        for c in text
    )


@lru_cache(maxsize=512)
def read_script(text: str, cwd: str) -> Script:
    """Read a script that starts in `cwd`. Total: what it cannot read is a problem."""
    if hides(text):
        return Script((), (Problem("holds invisible or control characters", 0, 0),))
    source = text.encode()
    if len(source) > MAX_SCRIPT or _is_dense(source):
        return Script((), (Problem("is too long to be read", 0, 0),))
    root = Parser(_LANGUAGE).parse(source).root_node
    if root.has_error or _GLUED.search(source) or not _is_covered(root, source):
        return Script((), (Problem("is not a script that can be read", 0, 0),))
    reading = _Reading(source)
    try:
        reading.run(root, (cwd,))
    except _TooMuch as stop:
        reading.problems.append(Problem(str(stop), 0, 0))
    return Script(tuple(reading.commands), tuple(reading.problems))


def _is_dense(source: bytes) -> bool:
    return len(source) > DENSE_FROM and (
        sum(map(source.count, _OPERATORS)) > MAX_DENSITY * len(source)
    )


def _is_covered(root: Node, source: bytes) -> bool:
    """Whether the parser accounts for every byte: it has been seen to drop words in silence."""
    cursor, end = root.walk(), 0
    while True:
        if not cursor.goto_first_child():
            leaf = cursor.node
            if leaf is None or not _BETWEEN.fullmatch(source, end, leaf.start_byte):
                return False
            end = leaf.end_byte
            if leaf.type == "file_descriptor" and not source[leaf.start_byte : end].isdigit():
                return False
            if not leaf.is_named and source[leaf.start_byte : end].decode().strip() != leaf.type:
                return False
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return _BETWEEN.fullmatch(source, end) is not None


class _TooMuch(Exception):
    """Reading on would take too long."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Where the shell may stand after a command that succeeded, and after one that failed."""

    ok: Folders
    failed: Folders

    @property
    def either(self) -> Folders:
        return _union(self.ok, self.failed)


@dataclass(slots=True)
class _Link:
    """One command of a chain, and how it hangs on the one before it."""

    joint: str
    node: Node
    redirects: list[Node] = field(default_factory=list)
    more: list[Node] = field(default_factory=list)
    """Words that stand after a redirect."""


def _union(*several: Folders) -> Folders:
    folders = tuple(dict.fromkeys(folder for each in several for folder in each))
    if len(folders) > MAX_FOLDERS:
        raise _TooMuch("changes folder too often to be followed")
    return folders


@dataclass(slots=True)
class _Reading:
    source: bytes
    commands: list[Simple] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    variables: Mapping[str, Word] = field(default_factory=dict)
    depth: int = 0
    words: int = 0

    # --- statements

    def run(self, node: Node, here: Folders) -> _Outcome:
        """Read a statement that runs in one of `here`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch("is nested too deeply to be read")
        outcome = self._statement(node, here)
        self.depth -= 1
        return outcome

    def _statement(self, node: Node, here: Folders) -> _Outcome:
        kind = node.type
        if kind == "command" or kind in _CHAINS:
            return self._chain(node, here)
        if kind in _SEQUENCES:
            return self._sequence(node, here)
        if kind in _BRANCHES:
            return self._branches(node, here)
        if kind == "for_statement":
            return self._for(node, here)
        if kind == "negated_command":
            inner = self.run(node.named_children[0], here).either
            return _Outcome(inner, inner)
        if kind == "test_command":
            self._test(node, here)
        elif kind == "variable_assignment":
            self._emit(
                Simple((), here, node.start_byte, node.end_byte, (self._assign(node, here),))
            )
        else:
            self._complain(node, "uses a form of the shell that is not understood")
        return _Outcome(here, here)

    def _sequence(self, node: Node, here: Folders) -> _Outcome:
        if self._raw(node).startswith("(("):
            self._complain(node, "computes in a way that is not understood")
            return _Outcome(here, here)
        now = here
        for child in self._statements(node):
            now = self.run(child, now).either
        if node.type == "subshell":
            now = here
        if node.type == "do_group" and not set(now) <= set(here):
            self._complain(node, "changes folder in a loop")
        return _Outcome(now, now)

    def _branches(self, node: Node, here: Folders) -> _Outcome:
        now = here
        for child in self._statements(node):
            if child.type in _PATTERNS or child.type == "simple_expansion":
                self._pattern(child, now)
            else:
                now = _union(now, self.run(child, now).either)
        return _Outcome(now, now)

    def _pattern(self, node: Node, here: Folders) -> None:
        if node.type != "extglob_pattern":
            self._words(node, here)
        elif re.search(r"[$`]", self._raw(node)):
            self._complain(node, "has a pattern that is not understood")

    def _for(self, node: Node, here: Folders) -> _Outcome:
        name, *values = (c for c in self._statements(node) if c.type != "do_group")
        body = node.child_by_field_name("body")
        variable = self._raw(name)
        if body is None or body.type != "do_group" or not _settable(variable):
            self._complain(node, "has a loop that is not understood")
            return _Outcome(here, here)
        now, outer = here, self.variables
        words = [word for value in values for word in self._words(value, here)]
        for word in words or [Word(name.start_byte, name.end_byte, holds=frozenset({"?1"}))]:
            self.variables = {**outer, variable: word}
            now = _union(now, self.run(body, now).either)
        self.variables = {**outer, variable: Word(name.start_byte, name.end_byte)}
        return _Outcome(now, now)

    def _statements(self, node: Node) -> Iterator[Node]:
        """Named children that are not comments."""
        self._check_apart(node.children)
        if any(c.type in ("select", "&;", "coproc") for c in node.children):
            self._complain(node, "uses a form of the shell that is not understood")
        return (child for child in node.named_children if child.type != "comment")

    # --- chains

    def _chain(self, node: Node, here: Folders) -> _Outcome:
        """`a && b || c | d`, from left to right as the shell runs it, however it was nested."""
        ok = failed = here
        for link in self._links(node, ""):
            match link.joint:
                case "&&":
                    outcome = self._link(link, ok)
                    ok, failed = outcome.ok, _union(failed, outcome.failed)
                case "||":
                    outcome = self._link(link, failed)
                    ok, failed = _union(ok, outcome.ok), outcome.failed
                case "":
                    outcome = self._link(link, here)
                    ok, failed = outcome.ok, outcome.failed
                case _:
                    either = _union(ok, failed)
                    ok = failed = _union(either, self._link(link, either).either)
        return _Outcome(ok, failed)

    def _links(self, node: Node, joint: str, depth: int = 0) -> list[_Link]:
        """The commands of a chain, which the parser nests one level for each of them."""
        if node.type not in _CHAINS:
            return [_Link(joint, node)]
        if depth > MAX_CHAIN:
            raise _TooMuch("chains too many commands to be read")
        links: list[_Link] = []
        for child in node.children:
            if child.type in _JOINTS:
                joint = child.type
            elif child.type == "heredoc_redirect":
                self._heredoc_links(child, links)
            elif child.type in _REDIRECTS:
                self._last(links, child).redirects.append(child)
            elif child.type != "comment":
                links += self._links(child, joint, depth + 1)
        return links

    def _heredoc_links(self, node: Node, links: list[_Link]) -> None:
        """The rest of the first line of a here-document is parsed as a part of it."""
        self._last(links, node).redirects.append(node)
        joint = ""
        for child in node.named_children:
            before = child.prev_sibling
            joint = before.type if before is not None and before.type in _JOINTS else ""
            if child.type in ("heredoc_start", "heredoc_body", "heredoc_end"):
                continue
            if child.type == "pipeline":
                links += self._links(child, "|")
            elif joint:
                links += self._links(child, joint)
            elif child.type in _REDIRECTS:
                self._last(links, child).redirects.append(child)
            else:
                self._last(links, child).more.append(child)

    def _last(self, links: list[_Link], node: Node) -> _Link:
        if not links:
            links.append(_Link("", node))
        return links[-1]

    def _link(self, link: _Link, here: Folders) -> _Outcome:
        piped = link.joint in ("|", "|&") or any(
            node.type != "file_redirect" for node in link.redirects
        )
        if link.node.type == "command":
            return self._command(link, here, piped=piped)
        outcome = (
            _Outcome(here, here) if link.node.type in _REDIRECTS else self.run(link.node, here)
        )
        redirects, more = self._redirects(link.redirects, here)
        if more or link.more:
            self._complain(link.node, "has words after a redirect")
        if redirects:
            node = link.node
            self._emit(Simple((), here, node.start_byte, node.end_byte, redirects=redirects))
        return outcome

    # --- simple commands

    def _command(self, link: _Link, here: Folders, *, piped: bool) -> _Outcome:
        node = link.node
        for left, right in pairwise(node.children):
            if not _SPACE.fullmatch(self.source, left.end_byte, right.start_byte):
                self._complain(node, "is not one command for certain")
        self._check_apart([*node.children, *link.more])
        own = [child for child in node.children if child.type in _REDIRECTS]
        assigned = [child for child in node.children if child.type == "variable_assignment"]
        redirects, more = self._redirects([*own, *link.redirects], here)
        rest = [c for c in node.children if c not in own and c not in assigned]
        command = Simple(
            words=tuple(word for n in (*rest, *more, *link.more) for word in self._name(n, here)),
            folders=here,
            start=node.start_byte,
            end=max([node.end_byte, *(n.end_byte for n in (*more, *link.more))]),
            assigned=tuple(self._assign(child, here) for child in assigned),
            redirects=redirects,
            piped=piped or (len(own) > 0 and any(n.type == "herestring_redirect" for n in own)),
        )
        self._emit(command)
        return self._change_folder(command, here)

    def _name(self, node: Node, here: Folders) -> tuple[Word, ...]:
        return self._words(node.children[0] if node.type == "command_name" else node, here)

    def _assign(self, node: Node, here: Folders) -> str:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name":
            self._complain(node, "assigns in a way that is not understood")
            return "?"
        if value is not None:
            self._words(value, here)
        return self._raw(name)

    def _redirects(
        self, nodes: Iterable[Node], here: Folders
    ) -> tuple[tuple[Redirect, ...], list[Node]]:
        """The redirects, and the words that stand after them and belong to the command."""
        redirects: list[Redirect] = []
        more: list[Node] = []
        for node in nodes:
            if node.type == "heredoc_redirect":
                self._reader(here).heredoc(node)
            elif node.type == "herestring_redirect":
                self._words(node.named_children[-1], here)
            else:
                targets = node.children_by_field_name("destination")
                if targets and self._raw(targets[0]).startswith("!"):
                    self._complain(node, "redirects to a file that shells do not agree on")
                self._check_apart(targets)
                operator = next(c.type for c in node.children if c.type != "file_descriptor")
                more += targets[1:]
                redirects += [
                    Redirect(word, writes=">" in operator)
                    for target in targets[:1]
                    for word in self._words(target, here)
                    if not (operator.endswith("&") and (word.text or "").isdigit())
                ]
        return tuple(redirects), more

    def _change_folder(self, command: Simple, here: Folders) -> _Outcome:
        words = _without_time(command.words)
        if not words or words[0].text not in ("cd", "pushd", "popd"):
            return _Outcome(here, here)
        rest = words[2:] if len(words) > 1 and words[1].text == "--" else words[1:]
        target = rest[0] if rest else Word(0, 0, text="~")
        if words[0].text != "cd" or len(rest) > 1 or target.glob or not _followable(target.text):
            problem = "changes folder in a way that is not followed"
            self.problems.append(Problem(problem, command.start, command.end))
            return _Outcome(here, here)
        text = target.text or ""
        written = tuple(join(folder, text) for folder in here)
        # The shell forgets symlinks before `..`, the kernel does not.
        shell = tuple(_forget_parents(folder) for folder in written) if ".." in text else ()
        return _Outcome(_union(written, shell), here)

    # --- tests

    def _test(self, node: Node, here: Folders) -> None:
        """`[ … ]` and `[[ … ]]` only answer, but arithmetic in them can run commands."""
        raw = self._raw(node)
        if re.search(r"(?:^|\s)-[vR](?:\s|$)", raw) or "\n" in raw:
            self._complain(node, "tests variables in a way that is not understood")
        stack = list(node.named_children)
        while stack:
            part = stack.pop()
            if part.type in ("unary_expression", "binary_expression", "parenthesized_expression"):
                operators = {child.type for child in part.children} | {
                    self._raw(c) for c in part.children if c.type == "test_operator"
                }
                if not raw.startswith("[[") and operators & _NOT_IN_BRACKETS:
                    self._complain(part, "uses brackets in a way that is not understood")
                if operators & _ARITHMETIC_TESTS and not self._numeric(part):
                    self._complain(part, "compares numbers in a way that is not understood")
                stack += part.named_children
            elif part.type == "regex":
                self._pattern(part, here) if not re.search(r"[$`](?![)]|$)", self._raw(part)) else (
                    self._complain(part, "has a pattern that is not understood")
                )
            elif part.type not in ("test_operator", "comment"):
                self._test_word(part, here, raw)

    def _test_word(self, node: Node, here: Folders, raw: str) -> None:
        if node.type == "extglob_pattern":
            self._pattern(node, here)
            return
        words = self._words(node, here)
        if not raw.startswith("[[") and not all(word.single for word in words):
            self._complain(node, "may be more than one word")

    def _numeric(self, node: Node) -> bool:
        sides = [c for c in node.named_children if c.type != "test_operator"]
        return all(re.fullmatch(r"-?\d+|\"?\$[?#]\"?", self._raw(side)) for side in sides)

    # --- words

    def _words(self, node: Node, here: Folders) -> tuple[Word, ...]:
        raw = self._raw(node)
        if node.type in _PLAIN_TYPES and _PLAIN.fullmatch(raw):
            words: tuple[Word, ...] = (Word(node.start_byte, node.end_byte, raw, bare=True),)
        else:
            words = self._reader(here).read(node)
        self.words += len(words)
        if self.words > MAX_WORDS:
            raise _TooMuch("has too many words to be read")
        return words

    def _reader(self, here: Folders) -> WordReader:
        def substitute(node: Node) -> None:
            raw = self._raw(node)
            # A shell ends backticks early, and may read on differently after a here-document.
            if "<<" in raw or (raw.startswith("`") and not _BACKTICKS.fullmatch(raw)):
                self._complain(node, "has a substitution that is not understood")
            for child in self._statements(node):
                if child.type == "file_redirect":
                    redirects, _ = self._redirects([child], here)
                    self._emit(
                        Simple((), here, node.start_byte, node.end_byte, redirects=redirects)
                    )
                else:
                    self.run(child, here)

        return WordReader(self.source, self._complain, substitute, self.variables)

    def _check_apart(self, nodes: Sequence[Node]) -> None:
        """Two words without a space between them are one word to the shell."""
        for left, right in pairwise(nodes):
            touching = left.end_byte == right.start_byte
            if touching and left.type in _WORDS and right.type in _WORDS:
                self._complain(right, "is not one word for certain")

    def _emit(self, command: Simple) -> None:
        self.commands.append(command)
        if len(self.commands) > MAX_COMMANDS:
            raise _TooMuch("has too many commands to be read")

    def _raw(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode()

    def _complain(self, node: Node, what: str) -> None:
        self.problems.append(Problem(what, node.start_byte, node.end_byte))
        if len(self.problems) > MAX_PROBLEMS:
            raise _TooMuch("has too many parts that are not understood")


def _without_time(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`time` runs what comes after it in the shell itself."""
    while words and words[0].text in ("time", "-p", "--"):
        words = words[1:]
    return words


def _settable(name: str) -> bool:
    """Whether a variable of this name means nothing to the shell or to programs."""
    return bool(_LOOP_NAME.fullmatch(name)) and name not in _ZSH_SPECIAL and "proxy" not in name


def _followable(text: str | None) -> bool:
    return text is not None and text != "" and not text.startswith(("-", "+"))


def _forget_parents(path: str) -> str:
    """Drop `..` and what stands before it, without asking where symlinks lead."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and kept and kept[-1] not in ("", "~"):
            kept.pop()
        elif part != ".":
            kept.append(part)
    return "/".join(kept) or "/"
