"""What the names of a Python program stand for, scope by scope."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from assent.core.risk.languages.python_values import Values, joined, widened

_CLASS, _COMPREHENSION = "class ", "comprehension "


@dataclass(slots=True)
class Scopes:
    """The names of a program. A name stands for all that is ever bound to it in its scope."""

    names: dict[tuple[str, str], Values] = field(default_factory=dict)
    """By scope and name; that of the module is empty, those of functions are their places."""
    open: tuple[str, ...] = ("",)
    """The scopes that can be seen, the innermost last."""
    outer: dict[str, frozenset[str]] = field(default_factory=dict)
    """Names that a scope declares global or nonlocal."""
    whole: bool = False
    """Whether what was never seen to be reached is read too, as if with unknown values. Until
    then an empty set of values stands for what has not been reached yet."""
    changed: bool = False
    """Whether a name was bound to something new."""
    widens: bool = False
    """Whether texts are no longer told apart when a name is bound to something new."""

    @property
    def in_class(self) -> bool:
        """Whether this is the body of a class, whose names are reached as attributes."""
        return self.open[-1].startswith(_CLASS)

    def enter_class(self, place: int) -> tuple[str, ...]:
        """Opens the scope of a class; gives what was open, to be set again."""
        outside, self.open = self.open, (*self.open, f"{_CLASS}{place}")
        return outside

    def enter_function(self, place: int) -> tuple[str, ...]:
        """Opens the scope of a function, which does not see the names of a class around it."""
        outside = self.open
        self.open = (*(each for each in outside if not each.startswith(_CLASS)), str(place))
        return outside

    def enter_comprehension(self, place: int) -> None:
        self.open = (*self.open, f"{_COMPREHENSION}{place}")

    def declare_outer(self, names: Iterable[str]) -> None:
        scope = self.open[-1]
        self.outer[scope] = self.outer.get(scope, frozenset()) | frozenset(names)

    def bind(self, name: str, values: Values) -> None:
        """In the innermost scope, or in all around it when it is declared to be of one of them."""
        scope = self.open[-1]
        for each in self.open[:-1] if name in self.outer.get(scope, ()) else (scope,):
            self.bind_in(each, name, values)

    def bind_in(self, scope: str, name: str, values: Values) -> None:
        before = self.names.get((scope, name))
        after = joined((before or frozenset(), values))
        if after != before and self.widens:
            after = widened(after)
        if after != before:
            self.names[scope, name] = after
            self.changed = True

    def bind_around(self, name: str, values: Values) -> None:
        """Binds where the comprehensions stand in which this is done."""
        for place, scope in reversed([*enumerate(self.open)]):
            self.bind_in(scope, name, values)
            if not scope.startswith(_COMPREHENSION):
                around = self.open[:place] if name in self.outer.get(scope, ()) else ()
                for each in around:
                    self.bind_in(each, name, values)
                return

    def find(self, name: str) -> tuple[Values, str | None]:
        """What the name stands for, and the scope that says so for certain, if there is one."""
        values: Values = frozenset()
        for scope in reversed(self.open):
            found = self.names.get((scope, name))
            if found is None or (scope != "" and name in self.outer.get(scope, ())):
                continue
            values |= found
            if not scope.startswith(_CLASS):
                return values, scope
        return values, None
