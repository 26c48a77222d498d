"""Where a shell stands: its folders, variables and functions, as far as they are known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from assent.core.risk.names import names
from assent.core.risk.shell.model import UNKNOWN_FOLDER, Folders
from assent.core.risk.shell.syntax import Function
from assent.core.risk.shell.values import ANYTHING, Value, any_of, covers, environment, unknown

MAX_TEXTS = 8
"""Texts that one variable may have; with more it is not known."""
MAX_FOLDERS = 8
_FIXED = names("UID EUID PPID BASHOPTS SHELLOPTS BASHPID LINENO RANDOM SRANDOM SECONDS _")
"""Variables that are what the shell says, whatever a script assigns to them."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: all values that it may have, or its items if it is a list."""

    values: tuple[Value, ...]
    items: tuple[Value, ...] | None = None
    listed: bool = False
    """It is a list; without `items` it is not known of what."""
    odd: bool = False
    """Read-only, or given something else than what is assigned to it, as after `declare -i`."""


Functions: TypeAlias = Mapping[str, tuple[Function | None, ...]]
"""All that a name may mean; None where it may be no function."""


@dataclass(frozen=True, slots=True)
class State:
    folders: Folders
    variables: Mapping[str, Variable] = field(default_factory=dict)
    functions: Functions = field(default_factory=dict)
    arguments: tuple[Value, ...] | None = None
    """Of the function or script: `$1` and so on."""
    stack: tuple[Folders, ...] | None = ()
    """What `popd` goes back to; None when it is not known."""
    previous: Folders = (UNKNOWN_FOLDER,)
    """Where `cd -` goes."""
    own: frozenset[str] = frozenset()
    """Variables that the present function has for itself, whichever way it went."""
    forgotten: bool = False
    """Code that was not read may have set any variable."""

    def variable(self, name: str) -> Variable:
        known = self.variables.get(name)
        if known is not None:
            return known
        if self.forgotten:
            return Variable((replace(ANYTHING, outputs=True, holds=frozenset({name})),))
        return Variable((environment(name),))

    def value(self, name: str) -> Value:
        return any_of(self.variable(name).values)

    def bind(self, name: str, variable: Variable) -> "State":
        known = self.variables.get(name)
        if name in _FIXED or (known is not None and known.odd):
            several = (*self.variable(name).values, *variable.values, *(variable.items or ()))
            variable = Variable((unknown(any_of(several)),), None, variable.listed, odd=True)
        return replace(self, variables={**self.variables, name: variable})

    def bound(self, name: str, value: Value) -> "State":
        return self.bind(name, Variable((value,)))

    def moved(self, folders: Folders) -> "State":
        return replace(self, folders=limited(folders), previous=self.folders)


def limited(folders: Iterable[str]) -> Folders:
    """Without repetition; too many are all that they may be: not known."""
    found = tuple(dict.fromkeys(folders))
    return found if len(found) <= MAX_FOLDERS else (UNKNOWN_FOLDER,)


def join_states(left: State, right: State) -> State:
    """A shell that stands in one of two places."""
    if left is right:
        return left
    return State(
        folders=limited((*left.folders, *right.folders)),
        variables=_variables(left, right),
        functions=_functions(left.functions, right.functions),
        arguments=left.arguments if left.arguments == right.arguments else None,
        stack=left.stack if left.stack == right.stack else None,
        previous=limited((*left.previous, *right.previous)),
        own=left.own & right.own,
        forgotten=left.forgotten or right.forgotten,
    )


def _variables(left: State, right: State) -> Mapping[str, Variable]:
    if left.variables is right.variables:
        return left.variables
    joined = dict(left.variables)
    for name in {**left.variables, **right.variables}:
        one, other = left.variable(name), right.variable(name)
        if one is not other:
            joined[name] = widest(one, other)
    return joined


def widest(one: Variable, other: Variable) -> Variable:
    """A variable that may be either."""
    if one == other:
        return one
    values = tuple(dict.fromkeys((*one.values, *other.values)))
    if len(values) > MAX_TEXTS:
        values = (any_of(values),)
    items = one.items if one.items == other.items else None
    return Variable(values, items, one.listed or other.listed, one.odd or other.odd)


def _functions(left: Functions, right: Functions) -> Functions:
    if left is right:
        return left
    joined: dict[str, tuple[Function | None, ...]] = {}
    for name in {**left, **right}:
        several = (*left.get(name, (None,)), *right.get(name, (None,)))
        joined[name] = tuple({id(one): one for one in several}.values())
    return joined


# --- loops


def widened(entry: State, later: State) -> State:
    """A place from which turns of a loop lead to no other: what changes is not known."""
    variables = {
        name: variable if entry.variables.get(name) == variable else _any(variable)
        for name, variable in later.variables.items()
    }
    moves = entry.folders != later.folders
    folders = (*entry.folders, UNKNOWN_FOLDER) if moves else entry.folders
    return replace(later, variables=variables, folders=folders)


def _any(variable: Variable) -> Variable:
    value = any_of(variable.values)
    number = value.number or (value.text or "").isdigit()
    return replace(variable, values=(replace(unknown(value), number=number),), items=None)


def absorbed(entry: State, later: State) -> State:
    """`later` without what `entry` covers: a folder or text that is not known may be any."""
    folders = entry.folders if UNKNOWN_FOLDER in entry.folders else later.folders
    previous = entry.previous if UNKNOWN_FOLDER in entry.previous else later.previous
    variables = {
        name: _without_covered(entry.variables.get(name), variable)
        for name, variable in later.variables.items()
    }
    return replace(later, folders=folders, previous=previous, variables=variables)


def _without_covered(known: Variable | None, variable: Variable) -> Variable:
    if known is None or known == variable or known.items is not None:
        return variable
    added = [value for value in variable.values if value not in known.values]
    if all(any(covers(one, value) for one in known.values) for value in added):
        return known
    return variable
