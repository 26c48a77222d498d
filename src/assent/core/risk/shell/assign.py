"""What variables are after an assignment."""

import re
from dataclasses import dataclass, replace
from typing import TypeAlias

from assent.core.risk.shell.braces import TooManyWords, alternatives, has_braces
from assent.core.risk.shell.context import Call, Context, value_of
from assent.core.risk.shell.effects import is_table
from assent.core.risk.shell.expand import Expander
from assent.core.risk.shell.model import Word
from assent.core.risk.shell.state import State, Variable, widest
from assent.core.risk.shell.syntax import Assignment, Odd, WordNode
from assent.core.risk.shell.values import EMPTY, NUMBER, Value, any_of, together, unknown

Env: TypeAlias = tuple[tuple[str, Word], ...]

_WRITTEN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?=)?")
_NUMBER_FLAGS = "iEF"
_CHANGING_FLAGS = "ulcArLRZ"
"""Of `declare`: what is assigned later is not what the variable holds."""


def assigned(
    context: Context, nodes: tuple[Assignment, ...], expander: Expander
) -> tuple[Env, State]:
    """The values that are given before a command, and the shell with them."""
    if not nodes:
        return (), expander.state
    before = expander.state
    env: list[tuple[str, Word]] = []
    for node in nodes:
        variable = _variable(context, node, expander)
        env.append((node.name, expander.given(node.start, node.end, _whole(variable))))
        expander.state = context.assign(expander.state, node.name, variable)
    after, expander.state = expander.state, before
    return tuple(env), after


def as_word(node: Assignment, expander: Expander) -> Word:
    """`A=b` as a word of `export`."""
    name = Value(f"{node.name}{'+=' if node.appends else '='}")
    value = EMPTY if node.value is None else expander.value(node.value.parts)
    return expander.given(node.start, node.end, together(name, value))


def without_braces(node: Assignment) -> list[Assignment]:
    """`export A={a,b}` is `export A=a A=b`."""
    value = node.value
    if value is None or not has_braces(value.parts):
        return [node]
    try:
        choices = alternatives(value.parts)
    except TooManyWords:
        choices = [(Odd(quoted=True),)]
    return [node._replace(value=value._replace(parts=parts)) for parts in choices]


def _variable(context: Context, node: Assignment, expander: Expander) -> Variable:
    """What a variable is after an assignment."""
    old = expander.state.variable(node.name)
    if is_table(node.name) and (node.key is not None or node.items is not None):
        context.shared.complain("gives a name another meaning", node.start, node.end)
    if node.items is not None:
        return _listed(node, old, expander)
    value = EMPTY if node.value is None else expander.value(node.value.parts)
    if old.odd:
        expander.check_number(WordNode((), node.start, node.end), value)
    if node.key is not None:
        return Variable((unknown(any_of((*old.values, value))),), None, listed=True)
    if node.appends:
        value = together(any_of(old.values), value)
    return Variable((value,), None, listed=old.listed)


def _listed(node: Assignment, old: Variable, expander: Expander) -> Variable:
    words = [word for each in node.items or () for word in expander.words(each)]
    values = tuple(value_of(word) for word in words)
    known = all(
        word.single and not word.glob and not (word.text or "").startswith("[") for word in words
    )
    items: tuple[Value, ...] | None = values if known else None
    if node.appends:
        scalar = old.values if node.name in expander.state.variables else None
        before = old.items if old.listed else scalar
        items = None if items is None or before is None else (*before, *items)
    if items is not None and len(items) == 1:
        return Variable(items, items, listed=True)
    # Of a longer list `$X` is the first item to one shell, and all of them to another.
    several = (*old.values, *values) if node.appends or not values else values
    return Variable((_unclear(several),), items, listed=True)


def _unclear(values: tuple[Value, ...]) -> Value:
    return unknown(any_of(values)) if values else EMPTY


def _whole(variable: Variable) -> Value:
    """All that a variable holds as one text."""
    if not variable.listed or variable.items is None:
        return any_of(variable.values)
    whole = EMPTY
    for place, item in enumerate(variable.items):
        whole = together(whole, together(Value(" "), item) if place else item)
    return whole


# --- export, local and the like


@dataclass(slots=True)
class Declaring:
    """Reads the words of one `export`, `local` or `declare`."""

    context: Context
    name: str
    call: Call
    expander: Expander

    def read(self, nodes: tuple[Assignment, ...], plain: tuple[Word, ...]) -> tuple[State, Env]:
        """`nodes` are the words written as assignments, `plain` are all others."""
        context, call, expander = self.context, self.call, self.expander
        flags = "".join(
            word.text or "" for word in plain if (word.text or "").startswith(("-", "+"))
        )
        if self.name != "export" and any(flag in flags for flag in "nT"):
            context.complain("gives a variable another name", call)
        env: list[tuple[str, Word]] = []
        for node in nodes:
            variable = _variable(context, node, expander)
            for value in (*variable.values, *(variable.items or ())):
                self._check(WordNode((), node.start, node.end), flags, value)
            self._set(node.name, variable, flags)
            env.append((node.name, expander.given(node.start, node.end, _whole(variable))))
        for word in plain:
            if not _is_flag(word):
                env += self._plain(word, flags)
        return expander.state, tuple(env)

    def _plain(self, word: Word, flags: str) -> Env:
        """A word that is a name, or a quoted assignment."""
        known = word.text if word.text is not None else word.prefix
        match = _WRITTEN.match(known)
        if match is None or (match[2] is None and word.text != match[1]):
            self.context.complain("sets a variable that is known only when it runs", self.call)
            return ()
        name, sign = match[1], match[2]
        if sign is None:
            self._declare(name, flags)
            return ()
        rest = known[match.end() :]
        whole = value_of(word)
        value = Value(rest) if word.text is not None else replace(whole, prefix=rest)
        if sign == "+=":
            value = together(any_of(self.expander.state.variable(name).values), value)
        self._check(WordNode((), self.call.start, self.call.end), flags, value)
        self._set(name, Variable((value,)), flags)
        return ((name, replace(word, text=None if word.text is None else rest, prefix="")),)

    def _declare(self, name: str, flags: str) -> None:
        """A name without a value: in a function it is a new variable, and empty."""
        state = self.expander.state
        if self._is_local():
            self._set(name, Variable((EMPTY,), (), listed="a" in flags), flags)
        elif any(flag in flags for flag in _NUMBER_FLAGS + _CHANGING_FLAGS) or self._fixes(flags):
            old = state.variable(name)
            self.expander.state = state.bind(name, replace(old, odd=True))

    def _check(self, node: WordNode, flags: str, value: Value) -> None:
        if any(flag in flags for flag in _NUMBER_FLAGS) or self.name in ("integer", "float"):
            self.expander.check_number(node, value)

    def _set(self, name: str, variable: Variable, flags: str) -> None:
        expander, context = self.expander, self.context
        if self._is_local():
            self._own(name)
        elif self.name == "local":
            variable = widest(expander.state.variable(name), variable)
        if any(flag in flags for flag in _NUMBER_FLAGS) or self.name in ("integer", "float"):
            variable = Variable((NUMBER,), None, listed=variable.listed, odd=True)
        elif any(flag in flags for flag in "ulcALRZ"):
            several = (*variable.values, *(variable.items or ()))
            variable = Variable((unknown(any_of(several)),), None, variable.listed, odd=True)
        elif self._fixes(flags):
            variable = replace(variable, odd=True)
        expander.state = context.assign(expander.state, name, variable)

    def _own(self, name: str) -> None:
        """From here on the function has this variable for itself."""
        state, outer = self.expander.state, self.context.locals[-1]
        if name not in state.own:
            before = state.variables.get(name)
            if outer.get(name, before) != before:
                before = widest(outer[name] or state.variable(name), state.variable(name))
            outer[name] = before
            self.expander.state = replace(state, own=state.own | {name})

    def _is_local(self) -> bool:
        outward = self.name in ("export", "readonly")
        return bool(self.context.locals) and not outward

    def _fixes(self, flags: str) -> bool:
        return self.name == "readonly" or "r" in flags


def _is_flag(word: Word) -> bool:
    return (word.text or "").startswith(("-", "+"))
