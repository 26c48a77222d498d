"""Who may change what about people, and that one thing names one person."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from assent.app.people.accounts import (
    Edit,
    NewPerson,
    add_key,
    add_person,
    change_person,
    remove_key,
    set_active,
)
from assent.app.people.directory import active_names, name_of, settle_owner
from assent.app.people.rules import Speaker
from assent.core.people.model import Delegation, Factor, Passkey, Person, SshKey
from assent.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from tests.app.conftest import Scene
from tests.app.people.people_scene import ANA, AS_BEN, BEN, TERMINAL, Home, by
from tests.signing import SshSigner

OLD_KEY = SshKey("ssh-ed25519", "AAAA", "old", 0)


def line(signer: SshSigner, comment: str = "ana@laptop") -> str:
    key = signer.key
    return f"{key.kind} {key.blob} {comment}\n"


@pytest.fixture
def signer() -> SshSigner:
    return SshSigner()


# --- the first one


@pytest.mark.parametrize(
    ("named", "login", "name", "full_name"),
    [
        pytest.param("ana", "root", "ana", "", id="config"),
        pytest.param("", "ana", "ana", "", id="system-user"),
        pytest.param("Ana María", "ana", "Ana-Mar-a", "Ana María", id="no-name-here"),
        pytest.param("", "CORP\\ana", "CORP-ana", "", id="domain-user"),
        pytest.param("…", "root", "owner", "…", id="nothing-left"),
    ],
)
async def test_a_home_without_people_gets_its_first_administrator(
    named: str, login: str, name: str, full_name: str
) -> None:
    home = Home(Scene())
    assert await settle_owner(home.gate, named=named, login=login) == name
    made = home.person(name)
    assert (made.roles, made.login, made.full_name) == (("admin",), login, full_name)
    assert [entry["kind"] for entry in home.recorded()] == ["person-added"]
    assert home.told() == [name]


async def test_later_starts_add_nobody(home: Home) -> None:
    assert await settle_owner(home.gate, named="ana", login="ana") == "ana"
    assert await settle_owner(home.gate, named="", login="ben") == "ben"
    assert await settle_owner(home.gate, named="zoe", login="ana") == "zoe"
    assert active_names(home.gate.store.read(lambda view: view)) == {"ana", "ben"}
    assert home.recorded() == []


def test_whatever_a_user_is_called_there_is_a_name_for_it() -> None:
    assert name_of("x" * 100) == "x" * 64


# --- adding and changing


async def test_an_administrator_adds_people(home: Home) -> None:
    new = NewPerson(name="eve", email="eve@example.com", aliases=("@eve2", " "), roles=("ops",))
    made = await add_person(home.gate, new, TERMINAL)
    assert made == home.person("eve")
    assert (made.aliases, made.roles, made.added_by) == (("@eve2",), ("ops",), "ana")
    [entry] = home.recorded()
    assert (entry["kind"], entry["person"], entry["by"], entry["via"], entry["factor"]) == (
        "person-added",
        "eve",
        "ana",
        "cli",
        "none",
    )
    assert home.told() == ["eve"]


Act = Callable[[Home, Speaker], Awaitable[object]]

ADMIN_ONLY: dict[str, Act] = {
    "add": lambda home, who: add_person(home.gate, NewPerson(name="eve"), who),
    "change-another": lambda home, who: change_person(
        home.gate, "ana", Edit(full_name="Anna"), who
    ),
    "own-role": lambda home, who: change_person(home.gate, who.name, Edit(roles=("admin",)), who),
    "own-login": lambda home, who: change_person(home.gate, who.name, Edit(login="ana2"), who),
    "own-alias-away": lambda home, who: change_person(
        home.gate, who.name, Edit(no_aliases=("@benk",)), who
    ),
    "disable": lambda home, who: set_active(home.gate, "ana", active=False, by=who),
    "disable-oneself": lambda home, who: set_active(home.gate, who.name, active=False, by=who),
    "key-of-another": lambda home, who: add_key(home.gate, "ana", line(SshSigner()), by=who),
    "remove-key-of-another": lambda home, who: remove_key(
        home.gate, "ana", OLD_KEY.fingerprint, by=who
    ),
}


@pytest.mark.parametrize("act", ADMIN_ONLY.values(), ids=ADMIN_ONLY)
async def test_what_only_administrators_do(home: Home, act: Act) -> None:
    with pytest.raises(ForbiddenError, match="administrators"):
        await act(home, AS_BEN)
    assert (home.person("ana"), home.person("ben")) == (ANA, BEN)
    assert home.recorded() == []


@pytest.mark.parametrize("act", ADMIN_ONLY.values(), ids=ADMIN_ONLY)
@pytest.mark.parametrize(
    "who",
    [
        pytest.param(replace(BEN, roles=("admin",), active=False), id="disabled"),
        pytest.param(None, id="nobody"),
    ],
)
async def test_who_is_not_active_does_nothing(home: Home, act: Act, who: Person | None) -> None:
    if who is not None:
        await home.save(replace(who, version=2))
    name = "zoe" if who is None else "ben"
    with pytest.raises((ForbiddenError, NotFoundError)):
        await act(home, by(name, Factor.PASSKEY))
    assert home.person("ana") == ANA


async def test_people_change_themselves(home: Home) -> None:
    edit = Edit(
        full_name=" Ben K ",
        email="ben@new.example",
        aliases=("@benny",),
        quiet=("mon-fri 20:00-07:00",),
        zone="Europe/Berlin",
    )
    made = await change_person(home.gate, "ben", edit, AS_BEN)
    assert (made.full_name, made.email, made.zone) == ("Ben K", "ben@new.example", "Europe/Berlin")
    assert made.version == 2
    # Commits under the old address stay his.
    assert made.aliases == ("@benk", "ben@example.com", "@benny")


async def test_what_changes_nothing_is_not_recorded(home: Home) -> None:
    assert await change_person(home.gate, "ben", Edit(email="ben@example.com"), AS_BEN) == BEN
    assert home.recorded() == []


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(Edit(email="ben"), id="no-address"),
        pytest.param(Edit(email="b en@example.com"), id="space"),
        pytest.param(Edit(full_name="x\u202ey"), id="hidden-character"),
        pytest.param(Edit(full_name="x" * 201), id="long"),
        pytest.param(Edit(aliases=tuple(f"@b{n}" for n in range(30))), id="many"),
        pytest.param(Edit(quiet=("whenever",)), id="no-hours"),
        pytest.param(Edit(zone="Mars/Olympus"), id="no-zone"),
        pytest.param(Edit(zone="../../etc/passwd"), id="no-zone-but-a-path"),
        pytest.param(Edit(roles=("two words",)), id="no-role"),
        pytest.param(Edit(roles=("oncall",)), id="a-group-of-policies"),
        pytest.param(Edit(login="a\nb"), id="line-end"),
    ],
)
async def test_what_nobody_can_be_is_refused(home: Home, edit: Edit) -> None:
    with pytest.raises(UsageError):
        await change_person(home.gate, "ben", edit, TERMINAL)
    assert home.person("ben") == BEN


@pytest.mark.parametrize(
    "name", ["", "-x", "a b", "ana/../x", "é", "x" * 65, "plain", "Assent", "daemon"]
)
async def test_who_cannot_be_called_like_that(home: Home, name: str) -> None:
    with pytest.raises(UsageError):
        await add_person(home.gate, NewPerson(name=name), TERMINAL)


# --- one thing names one person


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(NewPerson(name="ben"), id="name"),
        pytest.param(NewPerson(name="Ben"), id="name-in-other-letters"),
        pytest.param(NewPerson(name="eve", email="BEN@example.com"), id="e-mail"),
        pytest.param(NewPerson(name="eve", aliases=("ben@example.com",)), id="e-mail-as-alias"),
        pytest.param(NewPerson(name="eve", aliases=("@BenK",)), id="alias"),
        pytest.param(NewPerson(name="eve", aliases=("@ben",)), id="name-as-alias"),
        pytest.param(NewPerson(name="benk"), id="alias-as-name"),
        pytest.param(NewPerson(name="eve", login="ana"), id="login"),
        pytest.param(NewPerson(name="eve", login="ben"), id="login-of-whom-it-is-the-name"),
        pytest.param(NewPerson(name="eve", slack="U7"), id="slack"),
    ],
)
@pytest.mark.parametrize("active", [True, False], ids=["active", "disabled"])
async def test_what_is_somebody_else_s_is_refused(home: Home, new: NewPerson, active: bool) -> None:
    await home.save(replace(BEN, slack="U7", active=active, version=2))
    with pytest.raises(ConflictError, match=r"\bben\b|\bana's"):
        await add_person(home.gate, new, TERMINAL)
    assert home.recorded() == []


@pytest.mark.parametrize("kind", ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"])
async def test_one_key_speaks_for_one_person(home: Home, kind: str) -> None:
    one = SshSigner(kind)
    await add_key(home.gate, "ben", line(one), by=AS_BEN)
    with pytest.raises(ConflictError, match="is ben's already"):
        await add_key(home.gate, "ana", line(one, "another comment"), by=TERMINAL)
    assert home.person("ana").keys == ()
    with pytest.raises(ConflictError, match="has the key"):
        await add_key(home.gate, "ben", line(one), by=by("ben", Factor.KEY))


async def test_one_key_in_another_dress_is_the_same_key(home: Home) -> None:
    plain = SshSigner()
    await add_key(home.gate, "ben", line(plain), by=AS_BEN)
    device = SshSigner("sk-ssh-ed25519@openssh.com", secret=plain.secret)
    assert device.key.fingerprint != plain.key.fingerprint
    with pytest.raises(ConflictError, match="is ben's already"):
        await add_key(home.gate, "ana", line(device), by=TERMINAL)


# --- factors


CHANGES: dict[str, Act] = {
    "add": ADMIN_ONLY["add"],
    "change": lambda home, who: change_person(home.gate, "ana", Edit(full_name="A"), who),
    "roles": lambda home, who: change_person(home.gate, "ben", Edit(roles=("ops",)), who),
    "disable": lambda home, who: set_active(home.gate, "ben", active=False, by=who),
    "key": lambda home, who: add_key(home.gate, "ana", line(SshSigner()), by=who),
    "remove-key": lambda home, who: remove_key(home.gate, "ana", OLD_KEY.fingerprint, by=who),
}


@pytest.mark.parametrize("act", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("via", ["cli", "web"])
async def test_who_has_a_factor_changes_people_only_with_it(home: Home, act: Act, via: str) -> None:
    passkey = Passkey("id", "pub", "laptop", 0)
    known = replace(ANA, keys=(OLD_KEY,), passkeys=(passkey,), version=2)
    await home.save(known)
    with pytest.raises(ForbiddenError, match="takes one of them"):
        await act(home, by("ana", via=via))
    assert (home.person("ana"), home.recorded()) == (known, [])
    await act(home, by("ana", Factor.PASSKEY, via=via))
    assert home.recorded()[-1]["factor"] == "passkey"


async def test_who_has_a_key_adds_further_ones_alone(home: Home, signer: SshSigner) -> None:
    await add_key(home.gate, "ben", line(signer), by=TERMINAL)
    with pytest.raises(ForbiddenError, match="adds further ones alone"):
        await add_key(home.gate, "ben", line(SshSigner()), by=TERMINAL)
    assert len(home.person("ben").keys) == 1


async def test_the_last_thing_one_decides_with_stays(home: Home, signer: SshSigner) -> None:
    await add_key(home.gate, "ben", line(signer), by=AS_BEN)
    key = signer.key.fingerprint
    for who in (by("ben", Factor.KEY), TERMINAL):
        with pytest.raises(ForbiddenError, match="last thing"):
            await remove_key(home.gate, "ben", key, by=who)
    other = SshSigner()
    await add_key(home.gate, "ben", line(other), by=by("ben", Factor.KEY))
    made = await remove_key(home.gate, "ben", key, by=by("ben", Factor.KEY))
    assert [each.fingerprint for each in made.keys] == [other.key.fingerprint]
    with pytest.raises(NotFoundError):
        await remove_key(home.gate, "ben", key, by=by("ben", Factor.KEY))


async def test_the_record_has_fingerprints_and_no_secret(home: Home, signer: SshSigner) -> None:
    await add_key(home.gate, "ben", line(signer), label="laptop", by=AS_BEN)
    [entry] = home.recorded()
    assert entry["keys"] == [signer.key.fingerprint]
    assert entry["key"] == signer.key.fingerprint
    assert signer.key.blob not in str(entry)
    assert home.person("ben").keys[0].label == "laptop"


# --- administrators


async def test_somebody_is_always_left_who_administers(home: Home) -> None:
    with pytest.raises(ConflictError, match="last active administrator"):
        await set_active(home.gate, "ana", active=False, by=TERMINAL)
    with pytest.raises(ConflictError, match="last active administrator"):
        await change_person(home.gate, "ana", Edit(no_roles=("admin",)), TERMINAL)
    await change_person(home.gate, "ben", Edit(roles=("admin",)), TERMINAL)
    await set_active(home.gate, "ana", active=False, by=AS_BEN)
    with pytest.raises(ConflictError, match="last active administrator"):
        await change_person(home.gate, "ben", Edit(no_roles=("admin",)), AS_BEN)


async def test_with_a_person_everything_of_theirs_ends(home: Home) -> None:
    await home.log_in("ben")
    given = Delegation("d1", "ben", "ana", home.now, home.now + 1_000)
    other = Delegation("d2", "ana", "eve", home.now, home.now + 1_000)
    for each in (given, replace(given, id="d3", giver="eve", taker="ben"), other):
        await home.scene.store.write(
            lambda tx, each=each: tx.add_delegation(each),  # type: ignore[misc]
            durable=True,
        )
    await set_active(home.gate, "ben", active=False, by=TERMINAL)
    assert home.sessions("ben") == 0
    left = home.scene.store.read(lambda view: view.delegations(now=home.now))
    assert [each.id for each in left] == ["d2"]
    with pytest.raises(ConflictError, match="disabled already"):
        await set_active(home.gate, "ben", active=False, by=TERMINAL)
    assert (await set_active(home.gate, "ben", active=True, by=TERMINAL)).active
