"""Who is here: the first person of a home, and who is active."""

import re
from collections.abc import Sequence

from assent.app.gatehouse import Gatehouse
from assent.app.people.records import keep_person
from assent.app.people.rules import Speaker
from assent.app.ports import Tx, View
from assent.core.people.apart import login_of
from assent.core.people.model import ADMIN, NAME, Person

DAEMON = "daemon"
FALLBACK = "owner"


def is_active(view: View, name: str) -> bool:
    """Whether this is a person whose word counts."""
    found = view.person(name)
    return found is not None and found.active


def active_names(view: View) -> frozenset[str]:
    """Whose word counts."""
    return frozenset(person.name for person in view.people() if person.active)


def name_of(text: str) -> str:
    """`text` as a person can be called: `Ana Maria` is `Ana-Maria`."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:64]
    return plain if NAME.fullmatch(plain) else FALLBACK


async def settle_owner(gate: Gatehouse, *, named: str, login: str) -> str:
    """Who speaks at the terminal of this home; in a home without people its first administrator.

    `named` is the name in the home's configuration, or empty; `login` the system's user. A name
    that is nobody's gets no rights by being written down: it is returned as it is.
    """
    people = gate.store.read(lambda view: view.people())
    if people:
        return _owner(people, named=named, login=login)
    now = gate.clock.now()

    def work(tx: Tx) -> str:
        if tx.people():
            return _owner(tx.people(), named=named, login=login)
        name = name_of(named or login)
        first = Person(
            name=name,
            added_at=now,
            added_by=DAEMON,
            full_name="" if named in ("", name) else named,
            roles=(ADMIN,),
            login=login,
        )
        keep_person(tx, first, "person-added", by=Speaker(DAEMON, DAEMON), at=now, ids=gate.ids)
        tx.seal(now)
        return name

    return await gate.store.write(work, durable=True)


def _owner(people: Sequence[Person], *, named: str, login: str) -> str:
    if named:
        return name_of(named)
    mine = [person for person in people if login_of(person) == login]
    return mine[0].name if mine else name_of(login)
