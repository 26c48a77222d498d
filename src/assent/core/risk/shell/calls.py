"""Simple commands: their words, redirects and assignments, and the functions they call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product

from assent.core.risk.shell.assign import Declaring, as_word, assigned, without_braces
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
from assent.core.risk.shell.effects import apply, without_wrappers
from assent.core.risk.shell.expand import Expander
from assent.core.risk.shell.model import FRESH_PATH, Redirect, Simple, Word
from assent.core.risk.shell.outputs import output_value, tells
from assent.core.risk.shell.parser import DECLARERS
from assent.core.risk.shell.state import State, Variable, widest
from assent.core.risk.shell.syntax import (
    Assignment,
    Command,
    Computed,
    For,
    Function,
    Group,
    Output,
    Pipeline,
    RedirectNode,
    Sequence,
    Statement,
    Test,
    WordNode,
)
from assent.core.risk.shell.text import disguised, disguised_operand
from assent.core.risk.shell.values import EMPTY, HOME, PRINTED, Value, any_of, together, unknown

MAX_CHOICES = 8
"""Combinations of texts for which one command is read."""

_INPUT = ("", "0")
_PRINTERS = frozenset({"cat", "echo", "printf"})


@dataclass(slots=True)
class Calls:
    """Reads simple commands; `run` reads the bodies of functions and substitutions."""

    context: Context
    run: Callable[[Statement, State], Outcome]
    inner: tuple[Simple, ...] = ()
    """The commands of the substitution that was read last."""

    def command(self, node: Command, state: State) -> Outcome:
        choices = self.choices(node.names, state)
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
        context, outer_feed = self.context, self.context.feed
        expander = self.expander(state)
        words, declared = self._words(node, expander)
        words = _named(words)
        _check_characters(context, node, words)
        redirects, feed = self.redirects(node.redirects, expander)
        env, after = assigned(context, node.assignments, expander)
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
            input=feed.input,
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
        if words[0].text == "exec" and len(words) == 1 and feed is not outer_feed:
            context.feed = Feed(piped=True)
        if env:
            outer = {name: base.variables.get(name) for name, _ in env}
            ok, failed = _restored(outcome.ok, outer), _restored(outcome.failed, outer)
            outcome = Outcome(ok, failed)
        return outcome

    def _builtin(self, command: Simple, call: Call, declared: tuple[Assignment, ...]) -> Outcome:
        words = without_wrappers(command.words)
        name = words[0].text or ""
        if name in DECLARERS:
            declaring = Declaring(self.context, name, call, self.expander(call.state))
            state, env = declaring.read(declared, _undeclared(words[1:], declared, self.context))
            names = tuple(dict.fromkeys((*command.assigned, *(name for name, _ in env))))
            found = replace(command, assigned=names, env=(*command.env, *env))
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
            self.emit_quietly(replace(command, words=()))
        for function in functions:
            self.context.feed = Feed(command.piped, command.stdin, command.source, command.input)
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
                several = without_braces(each)
                declared += several
                words += [as_word(one, expander) for one in several]
            else:
                words += expander.words(each)
        return tuple(words), tuple(declared)

    # --- functions

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
        context.locals.append({})
        context.escapes.append([])
        outcome = self.run(function.body, replace(state, arguments=arguments, own=frozenset()))
        escapes, own = context.escapes.pop(), context.locals.pop()
        context.active.pop()
        context.loops = loops
        ok = _left(join_all((outcome.ok, *escapes)), state, own)
        return Outcome(ok, _left(join_all((outcome.failed, *escapes)), state, own))

    # --- variables

    def choices(self, names: tuple[str, ...], state: State) -> list[State]:
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
        self.context.shared.step(count)
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

    def tell_assigned(
        self, node: For | Test | Computed, names: tuple[str, ...], state: State
    ) -> None:
        """Say that variables are set where no command does it."""
        for name in names:
            self.context.note(name, state.variable(name))
        if names:
            span = self.context.span(node.start, node.end)
            self.emit_quietly(Simple((), state.folders, *span, assigned=names))

    def emit_quietly(self, command: Simple) -> None:
        """Emit what prints nothing."""
        printing, self.context.printing = self.context.printing, []
        self.context.emit(command)
        self.context.printing = printing

    # --- redirects

    def redirects(
        self, nodes: tuple[RedirectNode, ...], expander: Expander
    ) -> tuple[tuple[Redirect, ...], Feed]:
        feed = self.context.feed
        found: list[Redirect] = []
        text = EMPTY
        for node in nodes:
            is_input = node.descriptor in _INPUT
            if node.heredoc is not None:
                text = _exact(expander.value(node.heredoc.parts, tilde=False))
                given = expander.given(node.heredoc.start, node.heredoc.end, text)
            elif node.target is not None and node.operator == "<<<":
                text = together(_exact(expander.value(node.target.parts)), Value("\n"))
                given = expander.given(node.target.start, node.target.end, text)
            else:
                given = None
            if given is not None and is_input:
                feed = Feed(piped=True, stdin=text.text, input=given)
            elif given is not None:
                feed = replace(feed, piped=True, input=given)
            elif node.target is not None:
                source = self._target(node, node.target, expander, found)
                if is_input and node.operator.startswith("<"):
                    feed = Feed(feed.piped or source is not None, None, source or feed.source)
        return tuple(found), feed

    def _target(
        self,
        node: RedirectNode,
        target: WordNode,
        expander: Expander,
        found: list[Redirect],
    ) -> tuple[Simple, ...] | None:
        """Note the file that is redirected to; the commands, if it is the output of some."""
        first = target.parts[0]
        fed = node.operator == "<" and isinstance(first, Output) and first.process == "<"
        words = expander.words(target)
        if node.operator in (">&", "<&") and len(words) == 1 and _is_descriptor(words[0]):
            return None
        writes, appends = ">" in node.operator, ">>" in node.operator
        found += [Redirect(word, writes=writes, appends=appends) for word in words]
        return self.inner if fed else None

    # --- substitutions

    def expander(self, state: State) -> Expander:
        return Expander(state, self.context.shared, self._output, self.context.offsets)

    def _output(self, node: Output, state: State) -> Value:
        """What `$(…)` stands for. Its commands are read like all others."""
        context = self.context
        printing, feed, loops = context.printing, context.feed, context.loops
        place, calls = len(context.commands), context.calls
        context.printing, context.loops = [], 0
        context.feed = Feed(piped=True) if node.process == ">" else alone(feed)
        self.run(node.body, state)
        found = context.printing
        context.printing, context.feed, context.loops = printing, feed, loops
        self.inner = with_words(found)
        value = output_value(found, self.context.home) if _is_certain(node.body) else None
        if context.calls != calls or (value == Value(FRESH_PATH) and not context.temporary):
            value = None
        if value is None:
            return replace(PRINTED, holds=tells([*context.commands[place:], *found]))
        if value.text is not None and context.commands[place:] == found and _is_text(found[0]):
            del context.commands[place:]
        return value


def _named(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`$(which x) …` is `x …`."""
    if words and words[0].text is None and words[0].program:
        return (replace(words[0], text=words[0].program, single=True), *words[1:])
    return words


def _check_characters(context: Context, node: Command, words: tuple[Word, ...]) -> None:
    for place, word in enumerate(words):
        text = word.text or ""
        if text.isascii():
            continue
        if (place == 0 and disguised(text)) or (word.bare and disguised_operand(text)):
            what = "holds letters that look like others"
            context.shared.complain(what, node.start, node.end)


def with_words(commands: list[Simple]) -> tuple[Simple, ...]:
    return tuple(command for command in commands if command.words)


def _is_certain(node: Sequence) -> bool:
    """All of these commands run, whatever the others do."""
    return all(
        isinstance(item, Command)
        or (isinstance(item, Pipeline) and all(isinstance(s, Command) for s in item.stages))
        for item in node.items
    )


def _is_text(command: Simple) -> bool:
    """It only prints its own text."""
    return not command.redirects and bool(command.words) and command.words[0].text in _PRINTERS


def _exact(value: Value) -> Value:
    """A text that is not just known up to where the home is."""
    return value if value.text is None or HOME not in value.text else unknown(value)


def _undeclared(
    words: tuple[Word, ...], declared: tuple[Assignment, ...], context: Context
) -> tuple[Word, ...]:
    """The words of `export` that are not written as assignments."""
    written = {context.span(node.start, node.end) for node in declared}
    return tuple(word for word in words if (word.start, word.end) not in written)


def _is_descriptor(word: Word) -> bool:
    return word.number if word.text is None else word.text.rstrip("-").isdigit() or word.text == "-"


def _left(state: State | None, before: State, own: Mapping[str, Variable | None]) -> State | None:
    """The shell after a function, whose arguments and own variables are gone."""
    if state is None:
        return None
    certain = {name: variable for name, variable in own.items() if name in state.own}
    after = _restored(state, certain)
    if after is None:
        return None
    for name in own.keys() - certain.keys():
        other = own[name] or State(before.folders, forgotten=state.forgotten).variable(name)
        after = after.bind(name, widest(other, after.variable(name)))
    return replace(after, arguments=before.arguments, own=before.own)


def _restored(state: State | None, outer: Mapping[str, Variable | None]) -> State | None:
    """The shell with variables as they were before something had them for itself."""
    if state is None:
        return None
    variables = dict(state.variables)
    for name, variable in outer.items():
        if variable is None:
            variables.pop(name, None)
        else:
            variables[name] = variable
    return replace(state, variables=variables)
