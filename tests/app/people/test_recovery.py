"""Recovery, one-time links, sessions and agents' tokens."""

from dataclasses import replace

import pytest

from assent.app.people.accounts import set_active
from assent.app.people.recovery import recover_person
from assent.app.people.rules import Speaker
from assent.app.people.sessions import (
    begin_session,
    end_session,
    end_sessions,
    looked_at,
    make_link,
    session_id,
)
from assent.app.people.tokens import (
    add_token,
    revoke_token,
    token_shown,
    tokens_in_force,
)
from assent.core.canonical import Digest, digest_text
from assent.core.people.model import AgentToken, Delegation, Factor, Passkey, Person, SshKey
from assent.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from tests.app.people.people_scene import AS_BEN, BEN, DAY, TERMINAL, Home, by

LINK = digest_text("a link")
KEY = SshKey("ssh-ed25519", "AAAA", "lost", 0)
PASSKEY = Passkey("id", "pub", "lost", 0)


async def recover(home: Home, who: Speaker = TERMINAL, name: str = "ben") -> Person:
    return await recover_person(home.gate, name, link=LINK, expires_at=home.now + 1_000, by=who)


async def taken(home: Home, link: Digest = LINK) -> str | None:
    return await home.scene.store.write(lambda tx: tx.take_login(link, now=home.now), durable=True)


# --- recovery


async def test_who_lost_everything_begins_anew(home: Home) -> None:
    await home.save(replace(BEN, keys=(KEY,), passkeys=(PASSKEY,), version=2))
    await home.log_in("ben")
    given = Delegation("d1", "ben", "ana", home.now, home.now + 1_000)
    await home.scene.store.write(lambda tx: tx.add_delegation(given), durable=True)
    made = await recover(home)
    assert not made.has_factor
    assert made == home.person("ben")
    assert home.sessions("ben") == 0
    assert home.scene.store.read(lambda view: view.delegations(now=home.now)) == []
    assert await taken(home) == "ben"
    assert await taken(home) is None
    entry = home.recorded()[-1]
    assert entry["kind"] == "recovered"
    assert entry["signed"] is False
    assert (entry["by"], entry["via"], entry["factor"]) == ("ana", "cli", "none")
    assert entry["dropped_keys"] == [KEY.fingerprint]
    assert entry["dropped_passkeys"] == ["id"]
    assert (entry["ended_sessions"], entry["ended_delegations"]) == (1, 1)


async def test_an_administrator_recovers_themselves_too(home: Home) -> None:
    await home.save(replace(home.person("ana"), keys=(KEY,), version=2))
    assert not (await recover(home, name="ana")).has_factor


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(by("ana", Factor.PASSKEY), id="in-a-browser"),
        pytest.param(by("ben", via="cli"), id="no-administrator"),
        pytest.param(by("zoe", via="cli"), id="nobody"),
    ],
)
async def test_recovery_is_an_administrator_s_at_the_terminal(home: Home, who: Speaker) -> None:
    known = replace(BEN, keys=(KEY,), version=2)
    await home.save(known)
    with pytest.raises(ForbiddenError):
        await recover(home, who)
    assert home.person("ben") == known
    assert await taken(home) is None


async def test_who_is_disabled_or_unknown_is_not_recovered(home: Home) -> None:
    await set_active(home.gate, "ben", active=False, by=TERMINAL)
    with pytest.raises(ConflictError, match="disabled"):
        await recover(home)
    with pytest.raises(NotFoundError):
        await recover(home, name="zoe")
    assert await taken(home) is None


# --- links


@pytest.mark.parametrize(
    ("name", "who"),
    [
        pytest.param("ana", TERMINAL, id="oneself-at-the-terminal"),
        pytest.param("ben", TERMINAL, id="an-administrator-for-anybody"),
        pytest.param("ben", by("ana", Factor.PASSKEY), id="an-administrator-in-a-browser"),
    ],
)
async def test_who_may_make_a_link(home: Home, name: str, who: Speaker) -> None:
    await make_link(home.gate, name, link=LINK, expires_at=home.now + 1_000, by=who)
    assert await taken(home) == name
    assert home.recorded()[-1]["kind"] == "link-made"


async def test_who_may_make_none(home: Home) -> None:
    async def refused(name: str, who: Speaker) -> None:
        with pytest.raises((ForbiddenError, ConflictError, NotFoundError)):
            await make_link(home.gate, name, link=LINK, expires_at=home.now + 1_000, by=who)
        assert await taken(home) is None

    await refused("ana", AS_BEN)
    await refused("zoe", TERMINAL)
    await home.save(replace(home.person("ana"), keys=(KEY,), version=2))
    # With a factor, an administrator gets into nobody else's account without it.
    await refused("ben", TERMINAL)
    await set_active(home.gate, "ben", active=False, by=by("ana", Factor.KEY))
    await refused("ben", by("ana", Factor.KEY))
    await make_link(home.gate, "ana", link=LINK, expires_at=home.now + 1_000, by=TERMINAL)
    assert await taken(home) == "ana"


# --- sessions


async def test_one_session_or_all_are_ended(home: Home) -> None:
    one, two, three = [await home.log_in("ben", nth=nth) for nth in range(3)]
    await end_session(home.gate, "ben", session_id(two), by=AS_BEN)
    left = looked_at(home.gate, "ben", by=AS_BEN)
    assert {each.token_hash for each in left} == {one.token_hash, three.token_hash}
    assert await end_sessions(home.gate, "ben", by=AS_BEN, but=one.token_hash) == 1
    assert looked_at(home.gate, "ben", by=TERMINAL) == [one]
    assert await end_sessions(home.gate, "ben", by=TERMINAL) == 1
    assert await end_sessions(home.gate, "ben", by=TERMINAL) == 0
    with pytest.raises(NotFoundError):
        await end_session(home.gate, "ben", session_id(one), by=AS_BEN)


async def test_of_others_only_administrators_see_and_end_them(home: Home) -> None:
    made = await home.log_in("ana")
    for attempt in (
        lambda: end_session(home.gate, "ana", session_id(made), by=AS_BEN),
        lambda: end_sessions(home.gate, "ana", by=AS_BEN),
    ):
        with pytest.raises(ForbiddenError):
            await attempt()
    with pytest.raises(ForbiddenError):
        looked_at(home.gate, "ana", by=AS_BEN)
    assert home.sessions("ana") == 1
    with pytest.raises(NotFoundError):
        await end_session(home.gate, "ben", session_id(made), by=AS_BEN)


async def test_a_session_that_is_over_is_not_listed(home: Home) -> None:
    await home.log_in("ben")
    home.scene.clock.advance(30 * DAY)
    assert looked_at(home.gate, "ben", by=AS_BEN) == []


async def test_nobody_disabled_is_logged_in(home: Home) -> None:
    made = await home.log_in("ben")
    await set_active(home.gate, "ben", active=False, by=TERMINAL)
    with pytest.raises(ForbiddenError):
        await home.scene.store.write(lambda tx: begin_session(tx, made), durable=True)
    assert home.sessions("ben") == 0


# --- agents' tokens


SECRET = digest_text("assent-agent-x")


async def token(home: Home, who: Speaker = AS_BEN, **given: object) -> AgentToken:
    said = {"agent": "ci-bot", "token": SECRET, "workspace": "", "for_ms": DAY, **given}
    agent = str(said.pop("agent"))
    return await add_token(home.gate, agent, by=who, **said)  # type: ignore[arg-type]


def shown(home: Home, secret: Digest = SECRET) -> AgentToken | None:
    return home.scene.store.read(lambda view: token_shown(view, secret, now=home.now))


async def test_a_token_holds_for_its_time(home: Home) -> None:
    made = await token(home)
    assert shown(home) == made
    assert shown(home, digest_text("other")) is None
    home.scene.clock.advance(DAY - 1)
    assert shown(home) == made
    home.scene.clock.advance(1)
    assert shown(home) is None
    assert home.scene.store.read(lambda view: tokens_in_force(view, now=home.now)) == []


async def test_a_token_stops_with_the_person_who_made_it(home: Home) -> None:
    await token(home)
    await set_active(home.gate, "ben", active=False, by=TERMINAL)
    assert shown(home) is None
    await set_active(home.gate, "ben", active=True, by=TERMINAL)
    assert shown(home) is not None


async def test_a_token_is_taken_back_by_who_made_it_or_an_administrator(home: Home) -> None:
    mine = await token(home)
    other = await token(home, TERMINAL, token=digest_text("2"))
    with pytest.raises(ForbiddenError):
        await revoke_token(home.gate, other.id, by=AS_BEN)
    await revoke_token(home.gate, mine.id[-6:], by=TERMINAL)
    assert shown(home) is None
    with pytest.raises(NotFoundError):
        await revoke_token(home.gate, mine.id, by=AS_BEN)
    with pytest.raises(NotFoundError):
        await revoke_token(home.gate, "", by=TERMINAL)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"agent": "CI bot"}, id="no-name"),
        pytest.param({"agent": "ben"}, id="a-person"),
        pytest.param({"agent": "benk"}, id="a-person-s-alias"),
        pytest.param({"for_ms": 0}, id="no-time"),
        pytest.param({"for_ms": 367 * DAY}, id="too-long"),
    ],
)
async def test_what_no_token_is_made_for(home: Home, given: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        await token(home, AS_BEN, **given)
    assert home.recorded() == []


async def test_the_record_never_holds_the_token(home: Home) -> None:
    made = await token(home)
    [entry] = home.recorded()
    assert entry["token"] == made.id
    assert SECRET not in str(entry)
