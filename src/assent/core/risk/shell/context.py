"""What is kept while the commands of one script are read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from assent.core.risk.shell.cursor import Shared, TooMuch
from assent.core.risk.shell.model import Simple, Word
from assent.core.risk.shell.state import State, Variable, join_states, widest
from assent.core.risk.shell.values import HOME, Value

MAX_COMMANDS = 1000
"""Simple commands of one script, loops counted as often as they run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the shell may stand after a command that succeeded, and after one that failed.

    None where it does not go on: after `exit`.
    """

    ok: State | None
    failed: State | None

    @property
    def either(self) -> State | None:
        return join_all((self.ok, self.failed))


def stays(state: State | None) -> Outcome:
    return Outcome(state, state)


def join_all(states: Iterable[State | None]) -> State | None:
    joined: State | None = None
    for state in states:
        if joined is None:
            joined = state
        elif state is not None:
            joined = join_states(joined, state)
    return joined


@dataclass(frozen=True, slots=True)
class Feed:
    """Where commands read from."""

    piped: bool = False
    stdin: str | None = None
    source: tuple[Simple, ...] = ()
    input: Word | None = None


NO_FEED = Feed()


@dataclass(frozen=True, slots=True)
class Call:
    """A simple command with its words resolved, and the shell that runs it."""

    words: tuple[Word, ...]
    state: State
    start: int
    end: int
    """Characters of the script."""


@dataclass(frozen=True, slots=True)
class Trap:
    """A text that runs when the shell ends, or at any time before."""

    text: str
    call: Call
    later: dict[str, Variable] = field(default_factory=dict)
    """All values that variables are given after it is set."""

    def variables(self) -> dict[str, Variable]:
        """All values that variables may have when it runs."""
        state = self.call.state
        found = dict(state.variables)
        for name, variable in self.later.items():
            found[name] = widest(state.variable(name), variable)
        return found


@dataclass(slots=True)
class Context:
    shared: Shared
    offsets: Sequence[int] | None
    home: str
    """The folder that the script starts in."""
    run_text: Callable[[str, Call], Outcome]
    """Reads a text that a command runs in the shell itself, as `eval` does."""
    commands: list[Simple] = field(default_factory=list)
    seen: set[object] = field(default_factory=set)
    """Commands that are there already: loops come to the same ones again."""
    printing: list[Simple] = field(default_factory=list)
    """The commands whose output goes where that of the present one does."""
    feed: Feed = NO_FEED
    escapes: list[list[State]] = field(default_factory=list)
    """For each loop and function around, where the shell stood when it was left."""
    loops: int = 0
    """Loops around, in the present function."""
    calls: int = 0
    """Functions that have been called."""
    active: list[str] = field(default_factory=list)
    """Functions that are being called."""
    locals: list[dict[str, Variable | None]] = field(default_factory=list)
    """For each of these functions its own variables, and what they were before."""
    traps: list[Trap] = field(default_factory=list)
    temporary: bool = True
    """`mktemp` makes its files where it does by itself."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end]

    def emit(self, command: Simple) -> None:
        key = (
            command.start,
            command.folders,
            tuple(word if word.text is None else (word.text, word.glob) for word in command.words),
            tuple((each.target.text or each.target, each.writes) for each in command.redirects),
            command.env,
            command.stdin,
            command.piped,
        )
        if key not in self.seen:
            self.seen.add(key)
            self.commands.append(command)
            self.shared.step(len(command.words))
            if len(self.commands) > MAX_COMMANDS:
                raise TooMuch("has too many commands to be read")
        self.printing.append(command)

    def complain(self, what: str, call: Call) -> None:
        self.shared.complain(what, call.start, call.end)

    def assign(self, state: State, name: str, variable: Variable) -> State:
        """Set a variable, and remember that it had this value."""
        self.shared.step(1 + len(state.variables) // 16)
        self.note(name, variable)
        return state.bind(name, variable)

    def note(self, name: str, variable: Variable) -> None:
        self.temporary = self.temporary and name != "TMPDIR"
        for trap in self.traps:
            known = trap.later.get(name)
            trap.later[name] = variable if known is None else widest(known, variable)

    def leave(self, state: State) -> None:
        """A loop or function is left here."""
        for states in self.escapes:
            states.append(state)
            self.shared.step()


def value_of(word: Word) -> Value:
    """What a variable holds that is given this word."""
    text = word.text
    if text is not None and (text == "~" or text.startswith("~/")):
        text = HOME + text[1:]
    elif text is not None and text.startswith("./~"):
        text = text[2:]
    return Value(
        text=text,
        prefix=word.prefix,
        suffix=word.suffix,
        holds=word.holds,
        outputs=word.outputs,
        root=word.root,
        number=word.number,
        pattern=word.glob,
        program=word.program,
    )


def alone(feed: Feed) -> Feed:
    """What one of several commands reads: a part that is not known."""
    return replace(feed, stdin=None)
