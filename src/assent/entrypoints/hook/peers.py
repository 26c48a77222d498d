"""Who is at the other end of a hook's socket: the person whose agent calls, and from where."""

import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass, field

from assent.app.ports import Clock, Event, Store
from assent.core.people.model import Person

REMEMBERED_MS = 60_000
"""How long a person is taken for known, should another process have changed who is who."""
ROOT = 0


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a call."""

    person: str
    """Name of a person; `user:…` for a user of the system who is nobody here."""
    apart: bool
    """Whether it is another user than the one Assent runs as, and not one who can be that user."""


@dataclass
class Peers:
    """Users of the system as people. Looking one up again costs no query."""

    store: Store
    clock: Clock
    _known: dict[int, tuple[int, Peer]] = field(default_factory=dict)
    _seen: set[bool] = field(default_factory=set)

    def committed(self, events: Sequence[Event]) -> None:
        """To be called with the events of each commit."""
        if any(event.topic == "people" for event in events):
            self._known.clear()

    def of(self, uid: int) -> Peer:
        """Raises UnavailableError when the store cannot be read."""
        now = self.clock.now()
        until, peer = self._known.get(uid, (0, None))
        if peer is None or not now < until <= now + REMEMBERED_MS:
            peer = self._look(uid)
            self._known[uid] = (now + REMEMBERED_MS, peer)
        self._seen.add(peer.apart)
        return peer

    def all_apart(self) -> bool:
        """Whether calls came since the start, and each from another user."""
        return self._seen == {True}

    def _look(self, uid: int) -> Peer:
        login = login_of(uid)
        people = self.store.read(lambda view: view.people())
        found = [each.name for each in people if is_login(each, login)]
        apart = uid not in (os.geteuid(), ROOT)
        return Peer(found[0] if found else f"user:{login}", apart)


def is_login(person: Person, login: str) -> bool:
    """Whether the user of the system is this person; without a `login` the name is taken for it."""
    return login == (person.login or person.name)


def login_of(uid: int) -> str:
    """The user's name; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
