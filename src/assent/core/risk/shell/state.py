"""Where a shell stands: its folders, variables and functions, as far as they are known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from assent.core.risk.shell.model import UNKNOWN_FOLDER, Folders
from assent.core.risk.shell.syntax import Function
from assent.core.risk.shell.values import ANYTHING, Value, any_of, environment

MAX_TEXTS = 8
"""Texts that one variable may have; with more it is not known."""
MAX_FOLDERS = 8


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: all values that it may have, or its items if it is a list."""

    values: tuple[Value, ...]
    items: tuple[Value, ...] | None = None
    listed: bool = False
    """It is a list; without `items` it is not known of what."""


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
        forgotten=left.forgotten or right.forgotten,
    )


def _variables(left: State, right: State) -> Mapping[str, Variable]:
    if left.variables is right.variables:
        return left.variables
    joined = dict(left.variables)
    for name in {**left.variables, **right.variables}:
        one, other = left.variable(name), right.variable(name)
        if one is not other:
            joined[name] = _variable(one, other)
    return joined


def _variable(one: Variable, other: Variable) -> Variable:
    if one == other:
        return one
    values = tuple(dict.fromkeys((*one.values, *other.values)))
    if len(values) > MAX_TEXTS:
        values = (any_of(values),)
    listed = one.listed or other.listed
    return Variable(values, one.items if one.items == other.items else None, listed)


def _functions(left: Functions, right: Functions) -> Functions:
    if left is right:
        return left
    joined: dict[str, tuple[Function | None, ...]] = {}
    for name in {**left, **right}:
        several = (*left.get(name, (None,)), *right.get(name, (None,)))
        joined[name] = tuple({id(one): one for one in several}.values())
    return joined
