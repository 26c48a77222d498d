"""Browsers that people are logged in with, and the one-time links by which they come in."""

from collections.abc import Sequence

from assent.app.gatehouse import Gatehouse
from assent.app.people.records import note
from assent.app.people.rules import (
    Speaker,
    find_person,
    need_admin,
    need_factor,
    need_own,
    speaking,
)
from assent.app.ports import Tx, View, WebSession
from assent.core.canonical import Digest, Json
from assent.errors import ConflictError, NotFoundError

ID = 12
"""Digits by which a session is named: of its hash, which opens nothing."""


def session_id(session: WebSession) -> str:
    return session.token_hash.removeprefix("sha256:")[:ID]


def sessions_of(view: View, name: str, *, now: int) -> Sequence[WebSession]:
    """Those that still last, newest first."""
    return [each for each in view.web_sessions(name) if each.expires_at > now]


def begin_session(tx: Tx, session: WebSession) -> None:
    """A browser of an active person is logged in. Raises ForbiddenError for anybody else."""
    by = Speaker(session.person, "web", session.factor)
    speaking(tx, by)
    tx.add_web_session(session)
    fields: dict[str, Json] = {"session": session_id(session), "browser": session.browser}
    note(tx, session.person, "session-begun", by=by, at=session.created_at, fields=fields)


async def make_link(
    gate: Gatehouse, name: str, *, link: Digest, expires_at: int, by: Speaker
) -> None:
    """Let one browser in as `name`, once. Of oneself at the terminal; administrators of anybody.

    Whoever comes by a link has shown nothing: a person with a passkey or a key decides nothing
    with it. `link` is the digest of the token.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> None:
        speaker, person = speaking(tx, by), find_person(tx, name)
        if speaker.name != person.name:
            need_admin(speaker, "make links for others")
            need_factor(speaker, by)
        if not person.active:
            raise ConflictError(
                f"{name} is disabled.", hint=f"Enable first: assent people enable {name}"
            )
        tx.add_login(link, person=name, expires_at=expires_at)
        note(tx, name, "link-made", by=by, at=now, fields={"until": expires_at})

    await gate.store.write(work, durable=True)


def looked_at(gate: Gatehouse, name: str, *, by: Speaker) -> Sequence[WebSession]:
    """The sessions of a person, for that person and for administrators. Raises ForbiddenError."""
    now = gate.clock.now()

    def look(view: View) -> Sequence[WebSession]:
        need_own(speaking(view, by), find_person(view, name), "see where others are logged in")
        return sessions_of(view, name, now=now)

    return gate.store.read(look)


async def end_session(gate: Gatehouse, name: str, id_: str, *, by: Speaker) -> None:
    """Log one browser out. One's own, or as administrator anybody's."""
    now = gate.clock.now()

    def work(tx: Tx) -> None:
        need_own(speaking(tx, by), find_person(tx, name), "log others out")
        mine = [each for each in sessions_of(tx, name, now=now) if session_id(each) == id_]
        if not mine:
            raise NotFoundError(
                f"{name} has no such session.", hint=f"See: assent people sessions {name}"
            )
        for each in mine:
            tx.drop_web_session(each.token_hash)
        note(tx, name, "session-ended", by=by, at=now, fields={"session": id_})

    await gate.store.write(work, durable=True)


async def end_sessions(
    gate: Gatehouse, name: str, *, by: Speaker, but: Digest | None = None
) -> int:
    """Log a person out everywhere, or everywhere else; how many browsers that were."""
    now = gate.clock.now()

    def work(tx: Tx) -> int:
        need_own(speaking(tx, by), find_person(tx, name), "log others out")
        mine = [each for each in sessions_of(tx, name, now=now) if each.token_hash != but]
        for each in mine:
            tx.drop_web_session(each.token_hash)
        if mine:
            note(tx, name, "session-ended", by=by, at=now, fields={"sessions": len(mine)})
        return len(mine)

    return await gate.store.write(work, durable=True)
