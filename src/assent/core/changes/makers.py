"""Who has a part in a change: they do not accept it where making and accepting is kept apart."""

import re
from collections.abc import Iterable, Mapping

from assent.core.changes.model import Change
from assent.core.people.apart import handle, handles_of
from assent.core.people.model import Person

_AUTHOR = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<email>[^<>]*)>")


def makers(change: Change, people: Iterable[Person]) -> Mapping[str, str]:
    """Names of people, and what part they have in it: `handed it in`, `wrote a commit of it`.

    Whoever handed in or ran the agent of any revision has one; of commits those of the newest
    count, which holds all of the others'. Commits name people by their e-mail addresses, names and
    aliases; of a name that several people have, all are meant.
    """
    found: dict[str, str] = {}
    for each in change.revisions:
        if each.submitter:
            found.setdefault(each.submitter, "handed it in")
        if each.person:
            found.setdefault(each.person, f"runs {each.by}, which made it")
    found.setdefault(change.owner, "answers for it")
    known = list(people)
    for author in change.newest.authors:
        wrote = f"wrote a commit of it, as {author}"
        for person in known:
            if names_of(author) & _words_for(person):
                found.setdefault(person.name, wrote)
    return found


def names_of(author: str) -> frozenset[str]:
    """What `Ana Lima <ana@example.com>` may be known by: the name and the address."""
    match = _AUTHOR.fullmatch(author.strip())
    said = (author,) if match is None else (match["name"], match["email"])
    return frozenset(handle(word) for word in said) - {""}


def _words_for(person: Person) -> frozenset[str]:
    more = {handle(person.full_name), handle(person.login)} - {""}
    return handles_of(person) | more
