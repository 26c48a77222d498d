"""People are added, changed, disabled and given keys."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from assent.app.gatehouse import Gatehouse
from assent.app.people.records import keep_person
from assent.app.people.rules import (
    EMAIL,
    GROUPS,
    Speaker,
    find_person,
    keep_an_admin,
    need_admin,
    need_factor,
    need_own,
    speaking,
)
from assent.app.people.zones import zone_named
from assent.app.ports import Tx
from assent.core.canonical import Json
from assent.core.people.apart import handle
from assent.core.people.model import NAME, Person
from assent.core.people.public_keys import read_public_line
from assent.core.policy.hours import read_hours
from assent.errors import ConflictError, ForbiddenError, NotFoundError, UsageError

TEXT = 200
"""Characters of a full name, an alias, a login."""
MOST = 20
"""Aliases, roles, keys and quiet spans of one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    name: str
    full_name: str = ""
    email: str = ""
    aliases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    login: str = ""
    slack: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What becomes of a person. None: as it was."""

    full_name: str | None = None
    email: str | None = None
    """Another one leaves the old one as an alias: commits under it stay this person's."""
    login: str | None = None
    slack: str | None = None
    zone: str | None = None
    quiet: tuple[str, ...] | None = None
    aliases: tuple[str, ...] = ()
    """Added to those that are there."""
    no_aliases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    """Added to those that are there."""
    no_roles: tuple[str, ...] = ()


async def add_person(gate: Gatehouse, new: NewPerson, by: Speaker) -> Person:
    """Raises UsageError, ForbiddenError, and ConflictError for a name or address that is taken."""
    now = gate.clock.now()
    _check_name(new.name, gate.agents)
    made = _checked(
        Person(
            name=new.name,
            added_at=now,
            added_by=by.name,
            full_name=new.full_name.strip(),
            email=new.email.strip(),
            aliases=_with((), new.aliases),
            roles=_with((), new.roles),
            login=new.login.strip(),
            slack=new.slack.strip(),
        )
    )

    def work(tx: Tx) -> Person:
        speaker = speaking(tx, by)
        need_admin(speaker, "add people")
        need_factor(speaker, by)
        if tx.person(made.name) is not None:
            raise ConflictError(
                f"There is a {made.name} already.", hint="See who is: assent people"
            )
        keep_person(tx, made, "person-added", by=by, at=now, ids=gate.ids)
        tx.seal(now)
        return made

    return await gate.store.write(work, durable=True)


async def change_person(gate: Gatehouse, name: str, edit: Edit, by: Speaker) -> Person:
    """People change themselves; who counts as what, and in whose place, administrators change."""

    def step(tx: Tx, person: Person) -> Person:
        _may_edit(speaking(tx, by), person, edit)
        made = _checked(_edited(person, edit))
        keep_an_admin(tx.people(), made)
        return made

    return await take(gate, name, step, "person-changed", by=by)


async def set_active(gate: Gatehouse, name: str, *, active: bool, by: Speaker) -> Person:
    """Disable a person, whose sessions, tokens and delegations end with it; or enable again."""
    now = gate.clock.now()

    def step(tx: Tx, person: Person) -> Person:
        need_admin(speaking(tx, by), "disable and enable people")
        if person.active == active:
            raise ConflictError(f"{person.name} is {'active' if active else 'disabled'} already.")
        made = replace(person, active=active)
        keep_an_admin(tx.people(), made)
        if not active:
            end_rights(tx, person.name, at=now)
        return made

    what = "person-enabled" if active else "person-disabled"
    return await take(gate, name, step, what, by=by)


async def add_key(gate: Gatehouse, name: str, line: str, *, label: str = "", by: Speaker) -> Person:
    """Add the public key in the line of a `.pub` file, which then speaks for the person."""
    now = gate.clock.now()
    try:
        key = read_public_line(line, label=label, at=now)
    except ValueError as error:
        raise UsageError(str(error), hint="Hand in a file such as ~/.ssh/id_ed25519.pub") from error

    def step(tx: Tx, person: Person) -> Person:
        speaker = speaking(tx, by)
        need_own(speaker, person, "add keys of others")
        if speaker.name != person.name and person.has_factor:
            raise ForbiddenError(
                f"{person.name} has a passkey or a key, and adds further ones alone.",
                hint=f"Are they lost? assent people recover {person.name}",
            )
        if any(each.fingerprint == key.fingerprint for each in person.keys):
            raise ConflictError(f"{person.name} has the key {key.fingerprint} already.")
        return _checked(replace(person, keys=(*person.keys, key)))

    fields: dict[str, Json] = {"key": key.fingerprint, "kind": key.kind}
    return await take(gate, name, step, "key-added", by=by, fields=fields)


async def remove_key(gate: Gatehouse, name: str, key_id: str, *, by: Speaker) -> Person:
    """Take away the key with this fingerprint, or the passkey with this id."""

    def step(tx: Tx, person: Person) -> Person:
        need_own(speaking(tx, by), person, "remove keys of others")
        made = replace(
            person,
            keys=tuple(each for each in person.keys if each.fingerprint != key_id),
            passkeys=tuple(each for each in person.passkeys if each.id != key_id),
        )
        if made == person:
            raise NotFoundError(
                f"{person.name} has no key {key_id}.", hint=f"See: assent people keys {person.name}"
            )
        if not made.has_factor:
            # Without one, a link or the terminal's token would be enough to decide again.
            raise ForbiddenError(
                f"It is the last thing that {person.name} decides with.",
                hint=f"Add another one first. Is it lost? assent people recover {person.name}",
            )
        return made

    return await take(gate, name, step, "key-removed", by=by, fields={"key": key_id})


async def take(
    gate: Gatehouse,
    name: str,
    step: Callable[[Tx, Person], Person],
    what: str,
    *,
    by: Speaker,
    fields: Mapping[str, Json] | None = None,
) -> Person:
    """Store and record what `step` makes of the person that is stored now.

    Who has a factor needs it. Raises NotFoundError, ForbiddenError, ConflictError.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> Person:
        person = find_person(tx, name)
        need_factor(speaking(tx, by), by)
        after = step(tx, person)
        if after == person:
            return person
        made = replace(after, version=person.version + 1)
        keep_person(tx, made, what, by=by, at=now, ids=gate.ids, fields=fields)
        tx.seal(now)
        return made

    return await gate.store.write(work, durable=True)


def end_rights(tx: Tx, name: str, *, at: int) -> int:
    """Log a person out everywhere and end what others decide for them, or they for others.

    Returns how many delegations ended.
    """
    tx.drop_web_sessions(name)
    mine = [each for each in tx.delegations(now=at) if name in (each.giver, each.taker)]
    return sum(tx.revoke_delegation(each.id, at=at) for each in mine)


# --- what may be said of a person


def _may_edit(speaker: Person, person: Person, edit: Edit) -> None:
    need_own(speaker, person, "change others")
    if edit.roles or edit.no_roles:
        need_admin(speaker, "give and take roles")
    if edit.login is not None:
        need_admin(speaker, "say which user of the system somebody is")
    if edit.no_aliases:
        # Who wrote a commit cannot accept it: nobody stops being its author alone.
        need_admin(speaker, "take aliases away")


def _edited(person: Person, edit: Edit) -> Person:
    email = person.email if edit.email is None else edit.email.strip()
    old = () if email == person.email or not person.email else (person.email,)
    aliases = _without(_with(person.aliases, (*old, *edit.aliases)), edit.no_aliases)
    return replace(
        person,
        full_name=person.full_name if edit.full_name is None else edit.full_name.strip(),
        email=email,
        login=person.login if edit.login is None else edit.login.strip(),
        slack=person.slack if edit.slack is None else edit.slack.strip(),
        zone=person.zone if edit.zone is None else edit.zone,
        quiet=person.quiet if edit.quiet is None else edit.quiet,
        aliases=aliases,
        roles=tuple(role for role in _with(person.roles, edit.roles) if role not in edit.no_roles),
    )


def _with(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    stripped = (text.strip() for text in more)
    return tuple(dict.fromkeys((*known, *(text for text in stripped if text))))


def _without(known: tuple[str, ...], less: Iterable[str]) -> tuple[str, ...]:
    gone = {handle(text) for text in less}
    return tuple(text for text in known if handle(text) not in gone)


def _check_name(name: str, agents: Iterable[str]) -> None:
    if NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot be a person's name here.",
            hint="Use up to 64 letters, digits, dots, dashes and underscores: ana, ben.k",
        )
    if handle(name) in {handle(agent) for agent in (*agents, "assent", "daemon")}:
        raise UsageError(f"{name} is the name of an agent or of Assent itself.")


def _checked(person: Person) -> Person:
    """Raises UsageError for what nobody can be."""
    if person.email and EMAIL.fullmatch(person.email) is None:
        raise UsageError(f"{person.email!r} is no e-mail address.")
    for text in (person.full_name, person.login, person.slack, *person.aliases):
        if len(text) > TEXT or not text.isprintable():
            raise UsageError(
                f"{text[:40]!r} is too long, or has characters that do not show.",
                hint=f"Up to {TEXT} plain characters.",
            )
    _check_roles(person.roles)
    for span in person.quiet:
        if read_hours(span) is None:
            raise UsageError(
                f"{span!r} are no hours.", hint="Write days and a span: mon-fri 20:00-07:00"
            )
    if person.zone and zone_named(person.zone) is None:
        raise UsageError(f"{person.zone!r} is no time zone.", hint="Such as Europe/Berlin")
    if max(map(len, (person.aliases, person.roles, person.keys, person.quiet))) > MOST:
        raise UsageError(f"Of aliases, roles, keys and quiet hours {MOST} each are the most.")
    return person


def _check_roles(roles: Iterable[str]) -> None:
    for role in roles:
        if NAME.fullmatch(role) is None:
            raise UsageError(f"{role!r} cannot be a role.", hint="A role is a word: security")
        if role in GROUPS:
            raise UsageError(
                f"{role} is a group that policies know by themselves.",
                hint="Who is on call and who owns a path is in the policy, not with the person.",
            )
