"""The tree that a shell script is parsed into. `start` and `end` are places in its text."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    """Characters that stand for themselves, decoded."""

    text: str
    quoted: bool


class Parameter(NamedTuple):
    """`$X`, or `${X}` with an operator."""

    name: str
    quoted: bool
    operator: str = ""
    """As written; `length` for `${#X}`, `reference` for `${!X}`, `zsh` where zsh reads more."""
    key: str = ""
    """Of an array: `@`, `*`, a number, or `?` for any other."""
    argument: tuple["Part", ...] = ()
    second: tuple["Part", ...] | None = None
    """What `${X/a/b}` puts in the place of `a`."""
    start: int = 0
    end: int = 0


class Output(NamedTuple):
    """`$(…)`, `<(…)` or `>(…)`."""

    body: "Sequence"
    quoted: bool
    process: str
    """`<` or `>`; nothing for `$(…)`."""
    start: int
    end: int


class Computed(NamedTuple):
    """`$((…))`."""

    parts: tuple["Part", ...]
    start: int
    end: int


class Odd(NamedTuple):
    """A part whose text only running can tell, such as `~somebody`."""

    quoted: bool


Part: TypeAlias = Text | Parameter | Output | Computed | Odd


class WordNode(NamedTuple):
    parts: tuple[Part, ...]
    start: int
    end: int
    plain: bool = False
    """One unquoted part without any special character."""


@dataclass(slots=True)
class Heredoc:
    """The text is read after the command is: at the end of its line."""

    delimiter: str
    literal: bool
    tabs: bool
    parts: tuple[Part, ...] = ()
    start: int = 0
    end: int = 0


class RedirectNode(NamedTuple):
    operator: str
    descriptor: str
    """`2`, `{name}` or nothing."""
    target: WordNode | None
    heredoc: Heredoc | None = None


class Assignment(NamedTuple):
    name: str
    key: str | None
    appends: bool
    value: WordNode | None
    items: tuple[WordNode, ...] | None
    """Of `X=(…)`."""
    start: int
    end: int


class Command(NamedTuple):
    assignments: tuple[Assignment, ...]
    words: tuple[WordNode | Assignment, ...]
    redirects: tuple[RedirectNode, ...]
    names: tuple[str, ...]
    """Variables that its words hold, those of inner commands included."""
    start: int
    end: int


class Pipeline(NamedTuple):
    stages: tuple["Statement", ...]
    negated: bool


class Chain(NamedTuple):
    """`a && b || c`: each with the joint before it."""

    links: tuple[tuple[str, "Statement"], ...]


class Background(NamedTuple):
    body: "Statement"


class Sequence(NamedTuple):
    items: tuple["Statement", ...]


class Group(NamedTuple):
    """`{ … }`, or `( … )` in a shell of its own."""

    body: Sequence
    subshell: bool


class Branch(NamedTuple):
    condition: Sequence
    body: Sequence


class If(NamedTuple):
    branches: tuple[Branch, ...]
    otherwise: Sequence | None


class While(NamedTuple):
    condition: Sequence
    body: Sequence
    until: bool


class For(NamedTuple):
    """`for` and `select`."""

    name: str
    words: tuple[WordNode, ...] | None
    body: Sequence
    names: tuple[str, ...]
    chosen: bool
    start: int
    end: int


class CountingFor(NamedTuple):
    head: Computed
    body: Sequence


class CaseItem(NamedTuple):
    patterns: tuple[WordNode, ...]
    body: Sequence
    falls: bool


class Case(NamedTuple):
    word: WordNode
    items: tuple[CaseItem, ...]


class Function(NamedTuple):
    name: str
    body: "Statement"


class Test(NamedTuple):
    """`[[ … ]]`: its words, operators among them."""

    words: tuple[WordNode, ...]
    names: tuple[str, ...]
    start: int
    end: int


class Redirected(NamedTuple):
    """A compound command and its redirects."""

    body: "Statement"
    redirects: tuple[RedirectNode, ...]
    names: tuple[str, ...]
    start: int
    end: int


class Coproc(NamedTuple):
    name: str
    body: "Statement"


Statement: TypeAlias = (
    Command
    | Pipeline
    | Chain
    | Background
    | Sequence
    | Group
    | If
    | While
    | For
    | CountingFor
    | Case
    | Function
    | Test
    | Computed
    | Redirected
    | Coproc
)
