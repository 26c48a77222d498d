"""What every store promises of people, what they signed, and what leaves the house."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from assent.app.ports import Opened, Outgoing, Sending, Store, Tx, WebSession
from assent.core.canonical import Digest, digest_of
from assent.core.people.model import (
    AgentToken,
    Channel,
    Delegation,
    Factor,
    Passkey,
    Person,
    SshKey,
)
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError
from tests.core.strategies import NASTY

ANA = Person("ana", added_at=1, added_by="daemon")
FULL = Person(
    name="ben",
    added_at=2,
    added_by="ana",
    full_name=NASTY,
    email="ben@example.com",
    aliases=("@ben", NASTY),
    roles=("admin", "security"),
    login="ben",
    slack="U1",
    active=False,
    passkeys=(Passkey("id", "key", NASTY, 3, sign_count=4, rp_id="assent.example"),),
    keys=(SshKey("ssh-ed25519", "AAAA", NASTY, 5),),
    channels=(Channel("c", f"ntfy://{NASTY}", NASTY, 6, RiskClass.HIGH, urgent=True, paused=True),),
    quiet=("mon-fri 20:00-07:00",),
    zone="Europe/Berlin",
)
"""Somebody with something of everything."""
GIVEN = Delegation(
    id="d1",
    giver="ana",
    taker="ben",
    created_at=10,
    until=100,
    worst=RiskClass.MEDIUM,
    paths=("src/**",),
    workspace=NASTY,
    reason=NASTY,
    factor=Factor.TOUCH,
    envelope="sha256:1",
)
TOKEN = AgentToken("t1", "bot", digest_of(b"secret"), "ana", 10, 100, workspace=NASTY)


async def do(store: Store, work: Callable[[Tx], object]) -> object:
    return await store.write(work, durable=True)


def session(name: str, *, at: int = 10, person: str = "ana", until: int = 100) -> WebSession:
    return WebSession(
        token_hash=digest_of(name.encode()),
        person=person,
        created_at=at,
        expires_at=until,
        factor=Factor.PASSKEY,
        browser=NASTY,
        seen_at=at,
    )


def outgoing(id_: str, *, place: str = "ana", kind: str = "notify", run_at: int = 10) -> Outgoing:
    return Outgoing(
        id=id_,
        kind=kind,
        dedup=f"{kind}/{id_}",
        place=place,
        body=b'{"a":1}',
        created_at=5,
        run_at=run_at,
    )


async def send(store: Store, *made: Outgoing) -> None:
    for each in made:
        assert await do(store, lambda tx, each=each: tx.add_outgoing(each))  # type: ignore[misc]


async def claim(store: Store, now: int, *, limit: int = 10, in_order: bool = True) -> list[str]:
    found = await store.write(
        lambda tx: tx.claim_outgoing(
            "notify", now=now, until=now + 50, limit=limit, in_order=in_order
        ),
        durable=True,
    )
    return [each.id for each in found]


class PeopleContract:
    # People

    async def test_a_person_comes_back_as_they_were(self, store: Store) -> None:
        await do(store, lambda tx: tx.save_person(FULL))
        await do(store, lambda tx: tx.save_person(ANA))
        assert store.read(lambda view: view.person("ben")) == FULL
        assert store.read(lambda view: view.person("eve")) is None
        assert list(store.read(lambda view: view.people())) == [ANA, FULL]

    async def test_only_the_next_version_of_a_person_is_stored(self, store: Store) -> None:
        await do(store, lambda tx: tx.save_person(ANA))
        after = replace(ANA, roles=("admin",), version=2)
        await do(store, lambda tx: tx.save_person(after))
        for stale in (ANA, after, replace(ANA, version=4), replace(ANA, name="eve", version=2)):
            with pytest.raises(ConflictError):
                await do(store, lambda tx, stale=stale: tx.save_person(stale))  # type: ignore[misc]
        assert store.read(lambda view: view.people()) == [after]

    async def test_of_two_changes_at_once_one_is_refused(self, store: Store) -> None:
        await do(store, lambda tx: tx.save_person(ANA))
        changes = [replace(ANA, email=f"{n}@example.com", version=2) for n in range(4)]
        ended = await asyncio.gather(
            *(do(store, lambda tx, made=made: tx.save_person(made)) for made in changes),  # type: ignore[misc]
            return_exceptions=True,
        )
        assert sum(isinstance(each, ConflictError) for each in ended) == 3

    # Sessions

    async def test_sessions_are_listed_by_person_and_ended(self, store: Store) -> None:
        mine = [session("a", at=10), session("b", at=20)]
        for each in (*mine, session("c", person="ben")):
            await do(store, lambda tx, each=each: tx.add_web_session(each))  # type: ignore[misc]
        assert list(store.read(lambda view: view.web_sessions("ana"))) == mine[::-1]
        await do(store, lambda tx: tx.touch_web_session(mine[0].token_hash, at=30))
        touched = store.read(lambda view: view.web_session(mine[0].token_hash))
        assert touched == replace(mine[0], seen_at=30)
        await do(store, lambda tx: tx.touch_web_session(digest_of(b"gone"), at=30))
        await do(store, lambda tx: tx.drop_web_sessions("ana"))
        assert store.read(lambda view: view.web_sessions("ana")) == []
        assert len(store.read(lambda view: view.web_sessions("ben"))) == 1

    # Delegations

    async def test_a_delegation_is_in_force_until_it_ends(self, store: Store) -> None:
        await do(store, lambda tx: tx.add_delegation(GIVEN))
        await do(store, lambda tx: tx.add_delegation(replace(GIVEN, id="d2", until=50)))
        for now, ids in ((49, ["d1", "d2"]), (50, ["d1"]), (99, ["d1"]), (100, [])):
            found = store.read(lambda view, now=now: view.delegations(now=now))  # type: ignore[misc]
            assert [each.id for each in found] == ids
        assert store.read(lambda view: view.delegation("d1")) == GIVEN
        assert store.read(lambda view: view.delegation("d9")) is None

    async def test_a_delegation_is_revoked_once(self, store: Store) -> None:
        await do(store, lambda tx: tx.add_delegation(GIVEN))
        assert await do(store, lambda tx: tx.revoke_delegation("d1", at=20))
        assert not await do(store, lambda tx: tx.revoke_delegation("d1", at=21))
        assert not await do(store, lambda tx: tx.revoke_delegation("d9", at=21))
        known = store.read(lambda view: view.delegation("d1"))
        assert known == replace(GIVEN, revoked_at=20)
        assert store.read(lambda view: view.delegations(now=20)) == []

    async def test_one_that_is_over_cannot_be_revoked(self, store: Store) -> None:
        await do(store, lambda tx: tx.add_delegation(GIVEN))
        assert not await do(store, lambda tx: tx.revoke_delegation("d1", at=100))

    async def test_delegations_are_found_by_who_gave_or_took_them(self, store: Store) -> None:
        for id_, giver, taker in (("d1", "ana", "ben"), ("d2", "eve", "ana"), ("d3", "eve", "ben")):
            made = replace(GIVEN, id=id_, giver=giver, taker=taker)
            await do(store, lambda tx, made=made: tx.add_delegation(made))  # type: ignore[misc]
        of = {name: [each.id for each in _of(store, name)] for name in ("ana", "ben", "zoe")}
        assert of == {"ana": ["d2", "d1"], "ben": ["d3", "d1"], "zoe": []}
        assert [each.id for each in _of(store, "ana", limit=1)] == ["d2"]

    # Agents' tokens

    async def test_a_token_is_found_by_its_hash_and_revoked_once(self, store: Store) -> None:
        await do(store, lambda tx: tx.add_agent_token(TOKEN))
        assert store.read(lambda view: view.agent_token(digest_of(b"secret"))) == TOKEN
        assert store.read(lambda view: view.agent_token(digest_of(b"other"))) is None
        assert await do(store, lambda tx: tx.revoke_agent_token("t1", at=20))
        assert not await do(store, lambda tx: tx.revoke_agent_token("t1", at=21))
        assert not await do(store, lambda tx: tx.revoke_agent_token("t9", at=21))
        assert store.read(lambda view: view.agent_tokens()) == [replace(TOKEN, revoked_at=20)]

    # What was opened

    async def test_the_newest_of_what_is_known_of_a_reading_counts(self, store: Store) -> None:
        first = Opened("r1", "ana", 1, at=10, shown_ms=500)
        later = Opened("r1", "ana", 1, at=20, shown_ms=2_000, read=True)
        other = Opened("r1", "ana", 2, at=30)
        for each in (first, later, other):
            await do(store, lambda tx, each=each: tx.note_opened(each))  # type: ignore[misc]
        assert store.read(lambda view: view.opened("r1", "ana", 1)) == later
        assert store.read(lambda view: view.opened("r1", "ana", 2)) == other
        assert store.read(lambda view: view.opened("r1", "ben", 1)) is None

    # Signed statements

    async def test_a_signed_statement_is_kept_as_it_is_and_used_once(self, store: Store) -> None:
        body, digest = b'{"payload":"\\u0000"}', digest_of(b"payload")
        await keep(store, digest, body, at=10)
        assert store.read(lambda view: view.envelope(digest)) == body
        assert store.read(lambda view: view.envelope(digest_of(b"other"))) is None
        with pytest.raises(ConflictError):
            await keep(store, digest, b"another", at=11)
        assert store.read(lambda view: view.envelope(digest)) == body

    async def test_statements_are_listed_by_what_they_are_about(self, store: Store) -> None:
        for number, at in ((1, 30), (2, 10), (3, 20)):
            await keep(store, digest_of(b"%d" % number), b"%d" % number, at=at)
        await keep(store, digest_of(b"4"), b"4", at=1, about="request/2")
        assert list(store.read(lambda view: view.envelopes("request/1"))) == [b"2", b"3", b"1"]
        assert store.read(lambda view: view.envelopes("request/9")) == []

    # What leaves the house

    async def test_nothing_goes_out_twice(self, store: Store) -> None:
        await send(store, outgoing("1"))
        again = replace(outgoing("2"), dedup="notify/1")
        assert not await do(store, lambda tx: tx.add_outgoing(again))
        assert store.read(lambda view: view.outgoing("1")) == outgoing("1")
        assert store.read(lambda view: view.outgoing("2")) is None

    async def test_what_is_due_is_claimed_the_oldest_first_one_of_each_place(
        self, store: Store
    ) -> None:
        await send(
            store,
            outgoing("1"),
            outgoing("2"),
            outgoing("3", place="ben"),
            outgoing("4", place="eve", run_at=99),
            outgoing("5", kind="log"),
        )
        assert await claim(store, 9) == []
        assert await claim(store, 10, limit=1) == ["1"]
        # The oldest of `ana` is under way: what came later waits for it.
        assert await claim(store, 11) == ["3"]
        assert await claim(store, 12, in_order=False) == ["2"]
        taken = store.read(lambda view: view.outgoing("1"))
        assert taken is not None
        assert (taken.attempts, taken.run_at) == (1, 60)
        assert await claim(store, 60) == ["1"]

    async def test_what_was_sent_is_no_longer_due_and_is_forgotten_later(
        self, store: Store
    ) -> None:
        await send(store, outgoing("1"), outgoing("2"))
        done = replace(outgoing("1"), state=Sending.SENT, attempts=1)
        dead = replace(outgoing("2"), state=Sending.DEAD, attempts=12, fault=NASTY)
        for each in (done, dead):
            await do(store, lambda tx, each=each: tx.save_outgoing(each))  # type: ignore[misc]
        assert await claim(store, 1_000) == []
        assert store.read(lambda view: view.next_outgoing("notify")) is None
        assert list(store.read(lambda view: view.outgoing_in(Sending.DEAD, limit=9))) == [dead]
        assert store.read(lambda view: view.outgoing_in(Sending.DEAD, limit=9, kind="log")) == []
        await do(store, lambda tx: tx.drop_outgoing(kind="notify", before=6))
        assert store.read(lambda view: view.outgoing("1")) is None
        assert store.read(lambda view: view.outgoing("2")) == dead

    async def test_the_next_one_due_is_known_by_kind(self, store: Store) -> None:
        await send(
            store,
            outgoing("1", run_at=30),
            outgoing("2", place="ben", run_at=20),
            outgoing("3", kind="log", run_at=1),
        )
        assert store.read(lambda view: view.next_outgoing("notify")) == 20
        assert store.read(lambda view: view.next_outgoing("log")) == 1
        assert store.read(lambda view: view.next_outgoing("other")) is None

    async def test_what_is_rolled_back_leaves_nothing(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            tx.save_person(ANA)
            tx.add_delegation(GIVEN)
            tx.add_agent_token(TOKEN)
            tx.add_outgoing(outgoing("1"))
            tx.add_envelope(digest_of(b"x"), b"x", about="people", at=1)
            raise ConflictError("no")

        with pytest.raises(ConflictError):
            await store.write(work, durable=True)
        left = store.read(
            lambda view: (
                *view.people(),
                *view.delegations(now=1),
                *view.agent_tokens(),
                *view.outgoing_in(Sending.NEW, limit=9),
                *view.envelopes("people"),
            )
        )
        assert left == ()


def _of(store: Store, name: str, *, limit: int = 10) -> list[Delegation]:
    return list(store.read(lambda view: view.delegations_of(name, limit=limit)))


async def keep(
    store: Store, digest: Digest, body: bytes, *, at: int, about: str = "request/1"
) -> None:
    await do(store, lambda tx: tx.add_envelope(digest, body, about=about, at=at))
