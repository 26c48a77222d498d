"""A shell script as simple commands, each with the folders it may run in.

The script is followed as a shell would run it, along all branches at once. What cannot be
followed becomes a problem of the script, and a script with a problem is never harmless.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import assert_never

from assent.core.risk.shell.calls import Calls, with_words
from assent.core.risk.shell.context import (
    Call,
    Context,
    Feed,
    Outcome,
    alone,
    join_all,
    stays,
    value_of,
)
from assent.core.risk.shell.cursor import Shared, TooMuch
from assent.core.risk.shell.expand import Expander
from assent.core.risk.shell.model import (
    Problem,
    Script,
    Simple,
)
from assent.core.risk.shell.outputs import printed
from assent.core.risk.shell.parser import parse
from assent.core.risk.shell.state import State, Variable, absorbed, widened
from assent.core.risk.shell.syntax import (
    Background,
    Case,
    Chain,
    Command,
    Computed,
    Coproc,
    CountingFor,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirected,
    Statement,
    Test,
    Text,
    While,
    WordNode,
)
from assent.core.risk.shell.syntax import (
    Sequence as Commands,
)
from assent.core.risk.shell.text import hidden_place
from assent.core.risk.shell.values import (
    ANYTHING,
    PRINTED,
    Value,
    any_of,
)

MAX_SCRIPT = 64 * 1024
"""Characters of the longest script that is read."""
MAX_CHOICES = 8
"""Combinations of texts for which one command is read."""
MAX_TURNS = 64
"""Words that a loop is followed for, one after the other."""
MAX_ROUNDS = 12
MAX_TRAPS = 8

_IMPLICIT = frozenset(
    {
        "command_not_found_handle",
        "command_not_found_handler",
        "chpwd",
        "precmd",
        "preexec",
        "periodic",
        "zshexit",
        "zshaddhistory",
    }
)
"""Functions that shells call by themselves."""
_NUMBER_TESTS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_VARIABLE_TESTS = frozenset({"-v", "-R"})
_INPUT = ("", "0")
_PRINTERS = frozenset({"cat", "echo", "printf"})


@lru_cache(maxsize=512)
def read_script(text: str, cwd: str) -> Script:
    """Read a script that starts in `cwd`. Total: what it cannot read is a problem."""
    if len(text) > MAX_SCRIPT:
        return Script((), (Problem("is too long to be read", 0, 0),))
    shared = Shared()
    offsets = None if text.isascii() else _offsets(text)
    hidden = hidden_place(text)
    if hidden is not None:
        shared.complain("holds invisible or control characters", hidden, hidden + 1)
    reading = _Reading(shared, offsets, cwd)
    try:
        reading.script(parse(text, shared), State((cwd,)))
    except TooMuch as stop:
        shared.problems.append((str(stop), 0, 0))
    span = reading.context.span
    problems = tuple(Problem(what, *span(start, end)) for what, start, end in shared.problems)
    return Script(tuple(reading.context.commands), problems)


def _offsets(text: str) -> Sequence[int]:
    sizes = (len(c.encode("utf-8", "surrogatepass")) for c in text)
    return tuple(accumulate(sizes, initial=0))


@dataclass(slots=True)
class _Reading:
    shared: Shared
    offsets: Sequence[int] | None
    home: str
    context: Context = field(init=False)
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.context = Context(self.shared, self.offsets, self.home, self._run_text)
        self.calls = Calls(self.context, self.run)

    def script(self, tree: Commands, state: State) -> None:
        after = self.run(tree, state)
        last = after.either or state
        for trap in self.context.traps[:MAX_TRAPS]:
            folders = (*trap.call.state.folders, *last.folders)
            there = replace(last, variables=trap.variables()).moved(folders)
            self._run_text(trap.text, replace(trap.call, state=there))
        if len(self.context.traps) > MAX_TRAPS:
            raise TooMuch("sets too many traps to be read")

    def run(self, node: Statement, state: State) -> Outcome:
        """Read a statement that runs in `state`."""
        self.shared.step()
        with self.shared.deeper():
            match node:
                case Command():
                    return self.calls.command(node, state)
                case Chain():
                    return self._chain(node, state)
                case Commands():
                    return self._sequence(node, state)
                case Pipeline():
                    return self._pipeline(node, state)
                case Background():
                    return self._background(node, state)
                case Coproc():
                    return self._coproc(node, state)
                case Redirected():
                    return self._redirected(node, state)
                case Function():
                    return self._define(node, state)
                case _:
                    return self._compound(node, state)

    def _compound(
        self, node: Group | If | While | For | CountingFor | Case | Test | Computed, state: State
    ) -> Outcome:
        match node:
            case Group():
                return self._group(node, state)
            case If():
                return self._if(node, state)
            case While():
                return self._while(node, state)
            case For():
                return self._for(node, state)
            case CountingFor():
                return self._counting(node, state)
            case Case():
                return self._case(node, state)
            case Test():
                return self._test(node, state)
            case Computed():
                return self._computed(node, state)
            case _:
                assert_never(node)

    def _run_text(self, text: str, call: Call) -> Outcome:
        with self.shared.deeper():
            tree = parse(text, self.shared, fixed=(call.start, call.end))
            return self.run(tree, call.state)

    # --- one after the other

    def _sequence(self, node: Commands, state: State) -> Outcome:
        now, last, ended = state, stays(state), False
        for item in node.items:
            last = self.run(item, now)
            after = last.either
            ended = ended or after is None
            now = now if after is None else after
        return stays(None) if ended else last

    def _background(self, node: Background, state: State) -> Outcome:
        self.run(node.body, state)
        return stays(state)

    def _coproc(self, node: Coproc, state: State) -> Outcome:
        self.run(node.body, state)
        return stays(state.bind(node.name, Variable((ANYTHING,), None, listed=True)))

    def _chain(self, node: Chain, state: State) -> Outcome:
        """`a && b || c`, from left to right as the shell runs it."""
        ok: State | None = state
        failed: State | None = state
        for joint, statement in node.links:
            if joint == "&&":
                outcome = self.run(statement, ok or failed or state)
                outcome = outcome if ok is not None else stays(None)
                ok, failed = outcome.ok, join_all((failed, outcome.failed))
            elif joint == "||":
                outcome = self.run(statement, failed or ok or state)
                outcome = outcome if failed is not None else stays(None)
                ok, failed = join_all((ok, outcome.ok)), outcome.failed
            else:
                outcome = self.run(statement, state)
                ok, failed = outcome.ok, outcome.failed
        return Outcome(ok, failed)

    def _pipeline(self, node: Pipeline, state: State) -> Outcome:
        context = self.context
        outer, outer_feed = context.printing, context.feed
        last = stays(state)
        for place, stage in enumerate(node.stages):
            if place:
                text = printed(context.printing[0]) if len(context.printing) == 1 else None
                known = text if _is_one(node.stages[place - 1]) and _is_one(stage) else None
                context.feed = Feed(piped=True, stdin=known, source=with_words(context.printing))
            context.printing = []
            last = self.run(stage, state)
        context.printing, context.feed = [*outer, *context.printing], outer_feed
        if len(node.stages) == 1:
            return Outcome(last.failed, last.ok)
        return stays(join_all((state, last.either)))

    def _group(self, node: Group, state: State) -> Outcome:
        if len(node.body.items) != 1:
            self.context.feed = alone(self.context.feed)
        if not node.subshell:
            return self.run(node.body, state)
        loops, self.context.loops = self.context.loops, 0
        self.run(node.body, state)
        self.context.loops = loops
        return stays(state)

    # --- branches

    def _if(self, node: If, state: State) -> Outcome:
        ends: list[State | None] = []
        now: State | None = state
        for branch in node.branches:
            condition = self.run(branch.condition, now or state)
            condition = condition if now is not None else stays(None)
            body = self.run(branch.body, condition.ok or now or state)
            ends.append(body.either if condition.ok is not None else None)
            now = condition.failed
        if node.otherwise is None:
            ends.append(now)
        else:
            body = self.run(node.otherwise, now or state)
            ends.append(body.either if now is not None else None)
        return stays(join_all(ends))

    def _case(self, node: Case, state: State) -> Outcome:
        expander = self.calls.expander(state)
        expander.value(node.word.parts)
        ends: list[State | None] = [None if _takes_any(node) else expander.state]
        fallen: State | None = None
        for item in node.items:
            for pattern in item.patterns:
                expander.value(pattern.parts)
            start = join_all((expander.state, fallen)) or state
            end = self.run(item.body, start).either
            ends.append(end)
            fallen = end if item.falls else None
        return stays(join_all(ends))

    # --- loops

    def _while(self, node: While, state: State) -> Outcome:
        def turn(now: State) -> tuple[State | None, State | None]:
            condition = self.run(node.condition, now)
            goes, ends = condition.ok, condition.failed
            if node.until:
                goes, ends = ends, goes
            body = self.run(node.body, goes or now)
            return (None if goes is None else body.either), ends

        return self._repeat(state, turn)

    def _counting(self, node: CountingFor, state: State) -> Outcome:
        start = self._computed(node.head, state).ok or state

        def turn(now: State) -> tuple[State | None, State | None]:
            return self.run(node.body, now).either, now

        return self._repeat(start, turn)

    def _repeat(
        self, state: State, turn: Callable[[State], tuple[State | None, State | None]]
    ) -> Outcome:
        """Read a loop until another turn would bring nothing new.

        `turn` tells where the shell stands after a turn, and where it does not make one.
        """
        context = self.context
        context.feed = alone(context.feed)
        entry = state
        ends: list[State | None] = []
        for round_ in range(MAX_ROUNDS):
            context.escapes.append([])
            context.loops += 1
            after, end = turn(entry)
            context.loops -= 1
            escapes = context.escapes.pop()
            ends = [end, *escapes]
            later = absorbed(entry, join_all((entry, after, *escapes)) or entry)
            if later == entry:
                return stays(join_all(ends))
            entry = widened(entry, later) if round_ else later
        raise TooMuch("has a loop that is not understood")

    def _for(self, node: For, state: State) -> Outcome:
        outcomes = [self._for_words(node, each) for each in self.calls.choices(node.names, state)]
        return stays(join_all(outcome.either for outcome in outcomes))

    def _for_words(self, node: For, state: State) -> Outcome:
        expander = self.calls.expander(state)
        known = True
        values: list[Value] = []
        if node.words is None:
            known = state.arguments is not None
            values = list(state.arguments or ())
            values += [] if known else [Value(holds=frozenset({"@"}))]
        for word in node.words or ():
            for made in expander.words(word):
                known = known and made.single
                values.append(value_of(made))
        now = expander.state
        if not node.name.isidentifier():
            self.shared.complain("has a loop that is not understood", node.start, node.end)
        self.calls.tell_assigned(node, (node.name,), now)
        if node.chosen:
            now = self.context.assign(now, "REPLY", Variable((PRINTED,)))
        if known and len(values) <= MAX_TURNS and not node.chosen:
            return self._turns(node, values, now)
        several = tuple(dict.fromkeys(values))
        variable = Variable(several if len(several) <= MAX_CHOICES else (any_of(several),))

        def turn(at: State) -> tuple[State | None, State | None]:
            bound = self.context.assign(at, node.name, variable)
            return self.run(node.body, bound).either, at

        return self._repeat(now, turn)

    def _turns(self, node: For, values: Iterable[Value], state: State) -> Outcome:
        """A loop over words that are known, as it would run."""
        context = self.context
        context.feed = alone(context.feed)
        ends: list[State | None] = []
        now: State | None = state
        for value in values:
            bound = context.assign(now or state, node.name, Variable((value,)))
            context.escapes.append([])
            context.loops += 1
            after = self.run(node.body, bound).either
            context.loops -= 1
            escapes = context.escapes.pop()
            ends += escapes
            now = join_all((after, *escapes))
        return stays(join_all((now, *ends)))

    # --- functions

    def _define(self, node: Function, state: State) -> Outcome:
        functions = {**state.functions, node.name: (node,)}
        self.shared.step(1 + len(functions) // 16)
        defined = replace(state, functions=functions)
        if node.name in _IMPLICIT or node.name.startswith("TRAP"):
            self.run(node.body, defined)
        return stays(defined)

    # --- tests and sums

    def _test(self, node: Test, state: State) -> Outcome:
        ends: list[State | None] = []
        for each in self.calls.choices(node.names, state):
            expander = self.calls.expander(each)
            values = [expander.value(word.parts) for word in node.words]
            self._check_test(node, values, expander)
            self.calls.tell_assigned(node, tuple(expander.assigned), expander.state)
            ends.append(expander.state)
        return stays(join_all(ends))

    def _check_test(self, node: Test, values: list[Value], expander: Expander) -> None:
        """Names in brackets can run commands when they are taken for numbers or variables."""
        for place, word in enumerate(node.words):
            first = word.parts[0] if len(word.parts) == 1 else None
            operator = first.text if isinstance(first, Text) and not first.quoted else ""
            sides = range(max(place - 1, 0), min(place + 2, len(values)))
            if operator in _NUMBER_TESTS:
                for side in sides:
                    if side != place:
                        expander.check_number(node.words[side], values[side])
            if operator in _VARIABLE_TESTS and place + 1 < len(values):
                text = values[place + 1].text
                if text is None or "[" in text:
                    what = "tests variables in a way that is not understood"
                    self.shared.complain(what, node.start, node.end)

    def _computed(self, node: Computed, state: State) -> Outcome:
        expander = self.calls.expander(state)
        expander.computed(node)
        self.calls.tell_assigned(node, tuple(expander.assigned), expander.state)
        return stays(expander.state)

    def _redirected(self, node: Redirected, state: State) -> Outcome:
        context, outer = self.context, self.context.feed
        expander = self.calls.expander(state)
        redirects, feed = self.calls.redirects(node.redirects, expander)
        if redirects:
            span = context.span(node.start, node.end)
            self.calls.emit_quietly(Simple((), state.folders, *span, redirects=redirects))
        context.feed = feed
        outcome = self.run(node.body, expander.state)
        context.feed = outer
        return outcome


def _takes_any(node: Case) -> bool:
    """Whether one of its patterns fits every text."""
    return any(item.patterns[-1:] and _is_star(item.patterns[-1]) for item in node.items)


def _is_star(word: WordNode) -> bool:
    return word.parts == (Text("*", quoted=False),)


def _is_one(node: Statement) -> bool:
    """One simple command, which reads all of its input and prints all of its output."""
    if isinstance(node, Group):
        return len(node.body.items) == 1 and _is_one(node.body.items[0])
    return isinstance(node, Command)
