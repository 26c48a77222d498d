"""Who may change what about people. Every rule raises ForbiddenError with the way out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assent.app.ports import View
from assent.core.people.model import Factor, Person
from assent.errors import ConflictError, ForbiddenError, NotFoundError

TERMINAL = "cli"
"""`Speaker.via` of the command line: it showed the token of the home's owner."""
EMAIL = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,190}")
GROUPS = frozenset({"oncall", "owners"})
"""Words that policies have for groups, so no role is called like that."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who wants something changed, and how they said so."""

    name: str
    via: str
    factor: Factor = Factor.NONE


def find_person(view: View, name: str) -> Person:
    """Raises NotFoundError."""
    found = view.person(name)
    if found is None:
        raise NotFoundError(f"There is no {name} here.", hint="See who is: assent people")
    return found


def speaking(view: View, by: Speaker) -> Person:
    """The person who speaks, who has to be active."""
    found = view.person(by.name)
    if found is None or not found.active:
        raise ForbiddenError(
            f"{by.name} is nobody who may act here.", hint="Ask an administrator: assent people"
        )
    return found


def need_factor(speaker: Person, by: Speaker) -> None:
    """Whoever registered something to sign with changes people and keys only with that."""
    if speaker.has_factor and by.factor is Factor.NONE:
        raise ForbiddenError(
            f"{speaker.name} registered a passkey or a key, so this takes one of them.",
            hint="Sign it with your key: --sign"
            if by.via == TERMINAL and speaker.keys
            else "Log in with your passkey and do it on the page: People, or your account.",
        )


def need_admin(speaker: Person, what: str) -> None:
    """`what` ends the sentence "Only administrators …"."""
    if not speaker.is_admin:
        raise ForbiddenError(f"Only administrators {what}.", hint="See who is one: assent people")


def need_own(speaker: Person, person: Person, what: str) -> None:
    """Of one's own account, or for administrators."""
    if speaker.name != person.name:
        need_admin(speaker, what)


def keep_an_admin(people: Iterable[Person], made: Person) -> None:
    """Raises ConflictError where nobody would be left who may change people."""
    if not made.is_admin and not any(each.is_admin for each in people if each.name != made.name):
        raise ConflictError(
            f"{made.name} is the last active administrator.",
            hint="Make somebody else one first: assent people change NAME --role admin",
        )
