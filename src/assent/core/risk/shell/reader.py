"""A shell script as simple commands, each with the folders it may run in.

The script is followed as a shell would run it, along all branches at once. What cannot be
followed becomes a problem of the script, and a script with a problem is never harmless.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, product
from typing import assert_never

from assent.core.risk.shell.braces import TooManyWords, alternatives, has_braces
from assent.core.risk.shell.context import (
    Call,
    Context,
    Feed,
    Outcome,
    alone,
    join_all,
    stays,
    value_of,
    widest,
)
from assent.core.risk.shell.cursor import Shared, TooMuch
from assent.core.risk.shell.effects import apply, is_table, without_wrappers
from assent.core.risk.shell.expand import Expander
from assent.core.risk.shell.model import (
    FRESH_PATH,
    UNKNOWN_FOLDER,
    Problem,
    Redirect,
    Script,
    Simple,
    Word,
)
from assent.core.risk.shell.outputs import output_value, printed, tells
from assent.core.risk.shell.parser import DECLARERS, parse
from assent.core.risk.shell.state import State, Variable
from assent.core.risk.shell.syntax import (
    Assignment,
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
    Odd,
    Output,
    Pipeline,
    Redirected,
    RedirectNode,
    Statement,
    Test,
    Text,
    While,
    WordNode,
)
from assent.core.risk.shell.syntax import (
    Sequence as Commands,
)
from assent.core.risk.shell.text import disguised, disguised_operand, hides
from assent.core.risk.shell.values import (
    ANYTHING,
    EMPTY,
    NUMBER,
    PRINTED,
    Value,
    any_of,
    together,
    unknown,
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
    if hides(text):
        shared.complain("holds invisible or control characters", 0, 0)
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
    inner: tuple[Simple, ...] = ()
    """The commands of the substitution that was read last."""

    def __post_init__(self) -> None:
        self.context = Context(self.shared, self.offsets, self.home, self._run_text)

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
                    return self._command(node, state)
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
                context.feed = Feed(piped=True, stdin=known, source=_with_words(context.printing))
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
        expander = self._expander(state)
        expander.value(node.word.parts)
        ends: list[State | None] = [expander.state]
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
            later = _absorbed(entry, join_all((entry, after, *escapes)) or entry)
            if later == entry:
                return stays(join_all(ends))
            entry = _widened(entry, later) if round_ else later
        raise TooMuch("has a loop that is not understood")

    def _for(self, node: For, state: State) -> Outcome:
        outcomes = [self._for_words(node, each) for each in self._choices(node.names, state)]
        return stays(join_all(outcome.either for outcome in outcomes))

    def _for_words(self, node: For, state: State) -> Outcome:
        expander = self._expander(state)
        known = True
        values: list[Value] = []
        if node.words is None:
            known = state.arguments is not None
            values = list(state.arguments or (Value(holds=frozenset({"@"})),))
        for word in node.words or ():
            for made in expander.words(word):
                known = known and made.single
                values.append(value_of(made))
        now = expander.state
        if not node.name.isidentifier():
            self.shared.complain("has a loop that is not understood", node.start, node.end)
        self._tell_assigned(node, (node.name,), now)
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

    def _call(self, function: Function, call: Call) -> Outcome:
        context, state = self.context, call.state
        if function.name in context.active:
            context.complain("calls a function within itself", call)
            return stays(state)
        known = all(word.single and not word.glob for word in call.words)
        arguments = tuple(value_of(word) for word in call.words[1:]) if known else None
        loops, context.loops = context.loops, 0
        if not (isinstance(function.body, Group) and len(function.body.body.items) == 1):
            context.feed = alone(context.feed)
        context.calls += 1
        context.active.append(function.name)
        context.locals.append(set())
        context.escapes.append([])
        outcome = self.run(function.body, replace(state, arguments=arguments))
        escapes, own = context.escapes.pop(), context.locals.pop()
        context.active.pop()
        context.loops = loops
        ok, failed = (
            _restored(join_all((end, *escapes)), state, own) for end in (outcome.ok, outcome.failed)
        )
        return Outcome(_with_arguments(ok, state), _with_arguments(failed, state))

    # --- tests and sums

    def _test(self, node: Test, state: State) -> Outcome:
        ends: list[State | None] = []
        for each in self._choices(node.names, state):
            expander = self._expander(each)
            values = [expander.value(word.parts) for word in node.words]
            self._check_test(node, values, expander)
            self._tell_assigned(node, tuple(expander.assigned), expander.state)
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
        expander = self._expander(state)
        expander.computed(node)
        self._tell_assigned(node, tuple(expander.assigned), expander.state)
        return stays(expander.state)

    def _tell_assigned(
        self, node: For | Test | Computed, names: tuple[str, ...], state: State
    ) -> None:
        """Say that variables are set where no command does it."""
        for name in names:
            self.context.note(name, state.variable(name))
        if names:
            span = self.context.span(node.start, node.end)
            self._emit_quietly(Simple((), state.folders, *span, assigned=names))

    def _emit_quietly(self, command: Simple) -> None:
        """Emit what prints nothing."""
        printing, self.context.printing = self.context.printing, []
        self.context.emit(command)
        self.context.printing = printing

    # --- simple commands

    def _choices(self, names: tuple[str, ...], state: State) -> list[State]:
        """`state` once for each combination of the texts that these variables may have."""
        several: dict[str, Variable] = {}
        for name in names:
            variable = state.variables.get(name)
            if variable is not None and len(variable.values) > 1:
                several[name] = variable
        if not several:
            return [state]
        count = 1
        kept: dict[str, tuple[Value, ...]] = {}
        for name, variable in several.items():
            fits = count * len(variable.values) <= MAX_CHOICES
            kept[name] = variable.values if fits else (unknown(any_of(variable.values)),)
            count *= len(kept[name])
        self.shared.step(count)
        return [
            replace(
                state,
                variables={
                    **state.variables,
                    **{
                        name: replace(several[name], values=(value,))
                        for name, value in zip(kept, values, strict=True)
                    },
                },
            )
            for values in product(*kept.values())
        ]

    def _command(self, node: Command, state: State) -> Outcome:
        choices = self._choices(node.names, state)
        if len(choices) == 1:
            return self._one(node, choices[0])
        feed = self.context.feed
        outcomes: list[Outcome] = []
        for each in choices:
            self.context.feed = feed
            outcomes.append(self._one(node, each))
        self.context.feed = feed
        ok = join_all(outcome.ok for outcome in outcomes)
        return Outcome(ok, join_all(outcome.failed for outcome in outcomes))

    def _one(self, node: Command, state: State) -> Outcome:
        """A command whose variables have one value each."""
        context, outer = self.context, self.context.feed
        expander = self._expander(state)
        words, declared = self._words(node, expander)
        words = _named(words)
        self._check_characters(node, words)
        redirects, feed = self._redirects(node.redirects, expander)
        env, after = self._assignments(node.assignments, expander)
        for name in expander.assigned:
            self.context.note(name, expander.state.variable(name))
        start, end = context.span(node.start, node.end)
        names = tuple(dict.fromkeys((*(name for name, _ in env), *expander.assigned)))
        command = Simple(
            words=words,
            folders=state.folders,
            start=start,
            end=end,
            assigned=names,
            redirects=redirects,
            piped=feed.piped,
            env=env,
            stdin=feed.stdin,
            source=feed.source,
        )
        if not words:
            context.emit(command)
            return stays(after)
        base = expander.state
        call = Call(words, after, node.start, node.end)
        functions = base.functions.get(words[0].text or "")
        if functions is not None:
            outcome = self._calls(functions, command, call, declared)
        else:
            outcome = self._builtin(command, call, declared)
        if words[0].text == "exec" and len(words) == 1 and feed is not outer:
            context.feed = Feed(piped=True)
        if env:
            own = [name for name, _ in env]
            ok, failed = _restored(outcome.ok, base, own), _restored(outcome.failed, base, own)
            outcome = Outcome(ok, failed)
        return outcome

    def _builtin(self, command: Simple, call: Call, declared: tuple[Assignment, ...]) -> Outcome:
        name = without_wrappers(command.words)[0].text or ""
        if name in DECLARERS:
            state, env = self._declare(name, declared, call)
            names = tuple(name for name, _ in env)
            found = replace(command, assigned=(*command.assigned, *names), env=(*command.env, *env))
            self.context.emit(found)
            return stays(state)
        place = len(self.context.commands)
        self.context.emit(command)
        index = place if len(self.context.commands) > place else -1
        printing = list(self.context.printing)
        outcome, changed, inlined = apply(self.context, call)
        if changed or inlined:
            names = tuple(dict.fromkeys((*command.assigned, *changed)))
            found = replace(command, assigned=names, inlined=inlined)
            if index >= 0:
                self.context.commands[index] = found
        if not inlined:
            self.context.printing = printing
        return outcome

    def _calls(
        self,
        functions: tuple[Function | None, ...],
        command: Simple,
        call: Call,
        declared: tuple[Assignment, ...],
    ) -> Outcome:
        """The bodies of all functions that a name may stand for."""
        feed = self.context.feed
        outcomes: list[Outcome] = []
        if command.redirects or command.assigned:
            self._emit_quietly(replace(command, words=()))
        for function in functions:
            self.context.feed = Feed(command.piped, command.stdin, command.source)
            if function is None:
                outcomes.append(self._builtin(command, call, declared))
            else:
                outcomes.append(self._call(function, call))
        self.context.feed = feed
        ok = join_all(outcome.ok for outcome in outcomes)
        return Outcome(ok, join_all(outcome.failed for outcome in outcomes))

    def _words(
        self, node: Command, expander: Expander
    ) -> tuple[tuple[Word, ...], tuple[Assignment, ...]]:
        """The words, and those of them that assign, as those of `export` do."""
        words: list[Word] = []
        declared: list[Assignment] = []
        for each in node.words:
            if isinstance(each, Assignment):
                several = _without_braces(each)
                declared += several
                words += [self._as_word(one, expander) for one in several]
            else:
                words += expander.words(each)
        return tuple(words), tuple(declared)

    def _as_word(self, node: Assignment, expander: Expander) -> Word:
        sign = "+=" if node.appends else "="
        if node.value is None:
            return expander.given(node.start, node.end, Value(f"{node.name}{sign}"))
        value = expander.value(node.value.parts)
        return expander.given(node.start, node.end, together(Value(f"{node.name}{sign}"), value))

    def _check_characters(self, node: Command, words: tuple[Word, ...]) -> None:
        for place, word in enumerate(words):
            text = word.text or ""
            if text.isascii():
                continue
            if (place == 0 and disguised(text)) or (word.bare and disguised_operand(text)):
                what = "holds letters that look like others"
                self.shared.complain(what, node.start, node.end)

    # --- assignments

    def _assignments(
        self, nodes: tuple[Assignment, ...], expander: Expander
    ) -> tuple[tuple[tuple[str, Word], ...], State]:
        """The values that are given, and the shell with them."""
        if not nodes:
            return (), expander.state
        before = expander.state
        env: list[tuple[str, Word]] = []
        for node in nodes:
            variable = self._variable(node, expander)
            env.append((node.name, expander.given(node.start, node.end, _whole(variable))))
            expander.state = self.context.assign(expander.state, node.name, variable)
        after, expander.state = expander.state, before
        return tuple(env), after

    def _variable(self, node: Assignment, expander: Expander) -> Variable:
        """What a variable is after an assignment."""
        old = expander.state.variable(node.name)
        if is_table(node.name) and (node.key is not None or node.items is not None):
            self.shared.complain("gives a name another meaning", node.start, node.end)
        if node.items is not None:
            return self._listed(node, old, expander)
        value = EMPTY if node.value is None else expander.value(node.value.parts)
        if node.key is not None:
            return Variable((unknown(any_of((*old.values, value))),), None, listed=True)
        if node.appends:
            value = together(any_of(old.values), value)
            return Variable((value,), None, listed=old.listed)
        return Variable((value,), None, listed=old.listed)

    def _listed(self, node: Assignment, old: Variable, expander: Expander) -> Variable:
        words = [word for each in node.items or () for word in expander.words(each)]
        values = tuple(value_of(word) for word in words)
        known = all(word.single and not word.glob for word in words) and not any(
            (word.text or "").startswith("[") for word in words
        )
        items: tuple[Value, ...] | None = values if known else None
        if node.appends:
            scalar = old.values if node.name in expander.state.variables else None
            before = old.items if old.listed else scalar
            items = None if items is None or before is None else (*before, *items)
        first = items[0] if items else unknown(any_of((*old.values, *values)))
        return Variable((first,), items, listed=True)

    def _declare(
        self, name: str, declared: tuple[Assignment, ...], call: Call
    ) -> tuple[State, tuple[tuple[str, Word], ...]]:
        """`export A=b`, `local a` and the like."""
        context, state = self.context, call.state
        flags = "".join(w.text or "-n" for w in call.words if (w.text or "-").startswith("-"))
        if "n" in flags and name != "export":
            context.complain("gives a variable another name", call)
        if any(flag in flags for flag in "Tf") and name not in ("export", "declare"):
            context.complain("gives a variable another name", call)
        expander = self._expander(state)
        env: list[tuple[str, Word]] = []
        local = name == "local" or (name != "export" and name != "readonly" and context.active)
        for node in declared:
            if local and context.locals:
                context.locals[-1].add(node.name)
            variable = self._variable(node, expander)
            variable = self._declared(node, variable, flags, expander)
            if name == "local" and not context.locals:
                variable = widest(expander.state.variable(node.name), variable)
            env.append((node.name, expander.given(node.start, node.end, _whole(variable))))
            expander.state = context.assign(expander.state, node.name, variable)
        state = expander.state
        for word in call.words[1:]:
            text = word.text or ""
            if local and text.isidentifier() and context.locals:
                context.locals[-1].add(text)
                state = context.assign(state, text, Variable((EMPTY,), (), listed="a" in flags))
        return state, tuple(env)

    def _declared(
        self, node: Assignment, variable: Variable, flags: str, expander: Expander
    ) -> Variable:
        if "i" in flags or "E" in flags or "F" in flags:
            for value in (*variable.values, *(variable.items or ())):
                place = WordNode((), node.start, node.end)
                expander.check_number(place, value)
            return Variable((NUMBER,), None, listed=variable.listed)
        if any(flag in flags for flag in "ulAc"):
            value = unknown(any_of((*variable.values, *(variable.items or ()))))
            return Variable((value,), None, listed=variable.listed)
        return variable

    # --- redirects

    def _redirected(self, node: Redirected, state: State) -> Outcome:
        context, outer = self.context, self.context.feed
        expander = self._expander(state)
        redirects, feed = self._redirects(node.redirects, expander)
        if redirects:
            span = context.span(node.start, node.end)
            self._emit_quietly(Simple((), state.folders, *span, redirects=redirects))
        context.feed = feed
        outcome = self.run(node.body, expander.state)
        context.feed = outer
        return outcome

    def _redirects(
        self, nodes: tuple[RedirectNode, ...], expander: Expander
    ) -> tuple[tuple[Redirect, ...], Feed]:
        feed = self.context.feed
        found: list[Redirect] = []
        for node in nodes:
            is_input = node.descriptor in _INPUT
            if node.heredoc is not None:
                value = self._here_text(node, expander)
                feed = Feed(piped=True, stdin=value.text) if is_input else replace(feed, piped=True)
            elif node.target is not None and node.operator == "<<<":
                text = expander.value(node.target.parts).text
                feed = Feed(piped=True, stdin=None if text is None else f"{text}\n")
            elif node.target is not None:
                source = self._target(node, node.target, expander, found)
                if is_input and node.operator.startswith("<"):
                    feed = Feed(feed.piped or source is not None, None, source or feed.source)
        return tuple(found), feed

    def _here_text(self, node: RedirectNode, expander: Expander) -> Value:
        parts = node.heredoc.parts if node.heredoc is not None else ()
        value = expander.value(parts, tilde=False)
        known = value.text is None or "\ue000" not in value.text
        return value if known else unknown(value)

    def _target(
        self,
        node: RedirectNode,
        target: WordNode,
        expander: Expander,
        found: list[Redirect],
    ) -> tuple[Simple, ...] | None:
        """Note the file that is redirected to; the commands, if it is the output of some."""
        first = target.parts[0]
        fed = node.operator == "<" and isinstance(first, Output) and first.process
        words = expander.words(target)
        if node.operator in (">&", "<&") and len(words) == 1 and _is_descriptor(words[0]):
            return None
        writes, appends = ">" in node.operator, ">>" in node.operator
        found += [Redirect(word, writes=writes, appends=appends) for word in words]
        return self.inner if fed else None

    # --- substitutions

    def _expander(self, state: State) -> Expander:
        return Expander(state, self.shared, self._output, self.offsets)

    def _output(self, node: Output, state: State) -> Value:
        """What `$(…)` stands for. Its commands are read like all others."""
        context = self.context
        printing, feed, loops = context.printing, context.feed, context.loops
        place, calls = len(context.commands), context.calls
        context.printing, context.feed, context.loops = [], alone(feed), 0
        self.run(node.body, state)
        found = context.printing
        context.printing, context.feed, context.loops = printing, feed, loops
        self.inner = _with_words(found)
        value = output_value(found, self.home) if _is_certain(node.body) else None
        if context.calls != calls or (value == Value(FRESH_PATH) and not context.temporary):
            value = None
        if value is None:
            return replace(PRINTED, holds=tells([*context.commands[place:], *found]))
        if value.text is not None and context.commands[place:] == found and _is_text(found[0]):
            del context.commands[place:]
        return value


def _with_words(commands: list[Simple]) -> tuple[Simple, ...]:
    return tuple(command for command in commands if command.words)


def _is_one(node: Statement) -> bool:
    """One simple command, which reads all of its input and prints all of its output."""
    if isinstance(node, Group):
        return len(node.body.items) == 1 and _is_one(node.body.items[0])
    return isinstance(node, Command)


def _is_certain(node: Commands) -> bool:
    """All of these commands run, whatever the others do."""
    return all(
        isinstance(item, Command)
        or (isinstance(item, Pipeline) and all(isinstance(s, Command) for s in item.stages))
        for item in node.items
    )


def _is_text(command: Simple) -> bool:
    """It only prints its own text."""
    return not command.redirects and bool(command.words) and command.words[0].text in _PRINTERS


def _is_descriptor(word: Word) -> bool:
    return word.number if word.text is None else word.text.rstrip("-").isdigit() or word.text == "-"


def _without_braces(node: Assignment) -> list[Assignment]:
    """`export A={a,b}` is `export A=a A=b`."""
    value = node.value
    if value is None or not has_braces(value.parts):
        return [node]
    try:
        choices = alternatives(value.parts)
    except TooManyWords:
        choices = [(Odd(quoted=True),)]
    return [node._replace(value=value._replace(parts=parts)) for parts in choices]


def _named(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`$(which x) …` is `x …`."""
    if words and words[0].text is None and words[0].program:
        return (replace(words[0], text=words[0].program, single=True), *words[1:])
    return words


def _widened(entry: State, later: State) -> State:
    """A place from which turns of a loop lead to no other: what changes is not known."""
    variables = {
        name: variable if entry.variables.get(name) == variable else _any(variable)
        for name, variable in later.variables.items()
    }
    moves = entry.folders != later.folders
    folders = (*entry.folders, UNKNOWN_FOLDER) if moves else entry.folders
    return replace(later, variables=variables, folders=folders)


def _whole(variable: Variable) -> Value:
    """All that a variable holds as one text."""
    if not variable.listed or variable.items is None:
        return any_of(variable.values)
    whole = EMPTY
    for place, item in enumerate(variable.items):
        whole = together(whole, together(Value(" "), item) if place else item)
    return whole


def _any(variable: Variable) -> Variable:
    value = any_of(variable.values)
    number = value.number or (value.text or "").isdigit()
    return Variable((replace(unknown(value), number=number),), None, variable.listed)


def _absorbed(entry: State, later: State) -> State:
    """A folder that is not known may be any."""
    folders = entry.folders if UNKNOWN_FOLDER in entry.folders else later.folders
    previous = entry.previous if UNKNOWN_FOLDER in entry.previous else later.previous
    return replace(later, folders=folders, previous=previous)


def _with_arguments(state: State | None, before: State) -> State | None:
    return None if state is None else replace(state, arguments=before.arguments)


def _restored(state: State | None, before: State, own: Iterable[str]) -> State | None:
    """The shell after a function, whose own variables are gone."""
    if state is None:
        return None
    variables = dict(state.variables)
    for name in own:
        if name in before.variables:
            variables[name] = before.variables[name]
        else:
            variables.pop(name, None)
    return replace(state, variables=variables)
