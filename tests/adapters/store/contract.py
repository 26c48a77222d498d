"""What every store promises. A test class inherits this and provides the fixture `store`."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from assent.app.ports import AcceptedPrograms, Event, PolicyVersion, Standing, Store, Tx, WebSession
from assent.app.verify_ledger import verify_ledger
from assent.core.approvals import (
    Cause,
    Decision,
    Receipt,
    Refusal,
    Request,
    State,
    Verdict,
    consume,
)
from assent.core.canonical import digest_of
from assent.core.deciding import decide
from assent.core.due import Timer, TimerKind, expire, timers_of
from assent.core.facts import PlanState
from assent.core.grants import Grant, GrantKind
from assent.core.ledger import Checkpoint, heads_in
from assent.core.policy.model import AskIn
from assent.core.project import Accepted
from assent.errors import ConflictError, UnavailableError
from tests.adapters.store.samples import decision, proposal, request, with_texts
from tests.core.strategies import NASTY

TOKEN = digest_of(b"token")
OTHER_TOKEN = digest_of(b"other token")


async def add(store: Store, *requests: Request) -> None:
    def work(tx: Tx) -> None:
        for each in requests:
            tx.add_request(each)

    await store.write(work, durable=True)


async def save(store: Store, changed: Request) -> None:
    await store.write(lambda tx: tx.save_request(changed), durable=True)


async def note(store: Store, stream: str) -> None:
    await store.write(lambda tx: tx.append(stream, "noted", at=1, fields={}), durable=True)


async def accept(store: Store, version: PolicyVersion) -> None:
    await store.write(lambda tx: tx.accept_policy(version), durable=True)


async def set_plan(store: Store, state: PlanState) -> None:
    await store.write(
        lambda tx: tx.set_plan_state(agent="a", session_id="s", state=state, at=1), durable=True
    )


async def step(store: Store, request_id: str, move: Callable[[Request], object]) -> Request:
    """Store the next version of a request, which must not be refused."""

    def work(tx: Tx) -> Request:
        stored = tx.request(request_id)
        assert stored is not None
        moved = move(stored)
        assert isinstance(moved, Request)
        tx.save_request(moved)
        return moved

    return await store.write(work, durable=True)


def say(verdict: Verdict, *, at: int = 2_000) -> Callable[[Request], object]:
    return lambda stored: decide(stored, decision(stored, verdict, at=at))


def numbers(requests: Sequence[Request]) -> list[int]:
    return [each.number for each in requests]


class Boom(Exception):
    """Something of the caller's own."""


def grant(name: str, *, workspace: str = "/w", until: int | None = None) -> Grant:
    return Grant(
        id=name,
        workspace=workspace,
        kind=GrantKind.PROGRAM,
        what=("bd",),
        by="ana",
        request=1,
        created_at=1,
        until=until,
    )


def accepted(text: str = "bd", *, workspace: str = "/w") -> AcceptedPrograms:
    tasks = frozenset({("npm", text, "", TOKEN)})
    return AcceptedPrograms(workspace, Accepted(frozenset({text}), tasks), by=text, at=1)


class StoreContract:
    """The promises of `Store`, `Tx` and `View`."""

    # --- requests -------------------------------------------------------------------------------

    async def test_a_request_is_found_again(self, store: Store) -> None:
        asked = request(7)
        await add(store, asked)
        assert store.read(lambda view: view.request(asked.id)) == asked
        assert store.read(lambda view: view.request_numbered(7)) == asked
        assert store.read(lambda view: view.request("nobody")) is None
        assert store.read(lambda view: view.request_numbered(8)) is None

    async def test_any_text_is_kept_and_found(self, store: Store) -> None:
        asked = with_texts(request(1), NASTY)
        await add(store, asked)
        session = asked.proposal.session
        live = store.read(
            lambda view: view.live_request(
                agent=session.agent, workspace=NASTY, subject=asked.subject
            )
        )
        assert live == asked
        await store.write(
            lambda tx: tx.set_plan_state(agent=NASTY, session_id=NASTY, state=PlanState.OPEN, at=1),
            durable=True,
        )
        assert store.read(lambda view: view.plan_state(agent=NASTY, session_id=NASTY)) == "open"
        entry = await store.write(
            lambda tx: tx.append(NASTY, NASTY, at=1, fields={NASTY: NASTY}), durable=True
        )
        assert store.read(lambda view: list(view.chain(NASTY))) == [entry]
        assert store.read(lambda view: view.entries(stream=NASTY, limit=9)) == [entry]
        await store.write(lambda tx: tx.publish(NASTY, NASTY, at=1), durable=True)
        (event,) = store.read(lambda view: view.events(after=0, limit=9))
        assert (event.topic, event.subject) == (NASTY, NASTY)
        await store.write(
            lambda tx: tx.accept_policy(PolicyVersion(NASTY, TOKEN, b"\0\xff", NASTY, 1)),
            durable=True,
        )
        policy = store.read(lambda view: view.policy_in_force(NASTY))
        assert policy == PolicyVersion(NASTY, TOKEN, b"\0\xff", NASTY, 1)
        await store.write(lambda tx: tx.add_login(TOKEN, person=NASTY, expires_at=9), durable=True)
        assert await store.write(lambda tx: tx.take_login(TOKEN, now=1), durable=True) == NASTY

    async def test_long_names_are_no_obstacle(self, store: Store) -> None:
        long = "\u00e9" * 100_000
        asked = with_texts(request(1), long)
        await add(store, asked)
        session = asked.proposal.session
        assert (
            store.read(
                lambda view: view.live_request(
                    agent=session.agent, workspace=long, subject=asked.subject
                )
            )
            == asked
        )
        entry = await store.write(
            lambda tx: tx.append(long, "noted", at=1, fields={}), durable=True
        )
        again = await store.write(
            lambda tx: tx.append(entry.stream, "noted", at=2, fields={}), durable=True
        )
        assert store.read(lambda view: list(view.chain(long))) == [entry, again]

    async def test_numbers_count_up(self, store: Store) -> None:
        def two(tx: Tx) -> tuple[int, int]:
            return tx.next_number(), tx.next_number()

        assert await store.write(two, durable=True) == (1, 2)
        assert await store.write(lambda tx: tx.next_number(), durable=True) == 3

    @pytest.mark.parametrize(
        "twin",
        [
            pytest.param(request(1), id="same-request"),
            pytest.param(replace(request(1), id="other"), id="same-number"),
            pytest.param(replace(request(1), number=2), id="same-id"),
        ],
    )
    async def test_a_request_is_added_once(self, store: Store, twin: Request) -> None:
        await add(store, request(1))
        with pytest.raises(ConflictError, match="in the store already"):
            await add(store, twin)

    async def test_only_the_next_version_is_stored(self, store: Store) -> None:
        asked = request(1)
        await add(store, asked)
        for stale in (replace(asked, version=version, why="changed") for version in (1, 3)):
            with pytest.raises(ConflictError, match="REQ-1 changed"):
                await save(store, stale)
        assert store.read(lambda view: view.request(asked.id)) == asked
        with pytest.raises(ConflictError):
            await save(store, replace(request(2), version=2))

    async def test_waiting_are_pending_and_not_delayed_oldest_first(self, store: Store) -> None:
        await add(store, *(request(number) for number in (3, 1, 2, 5, 4)))
        await step(store, request(2).id, say(Verdict.DELAY))
        await step(store, request(4).id, say(Verdict.APPROVE))
        assert store.read(lambda view: numbers(view.waiting(limit=9))) == [1, 3, 5]
        assert store.read(lambda view: numbers(view.waiting(limit=1))) == [1]
        assert store.read(lambda view: numbers(view.waiting(limit=9, after=1))) == [3, 5]
        assert store.read(lambda view: view.count_waiting()) == 3
        assert store.read(lambda view: numbers(view.delayed(limit=9))) == [2]

    async def test_delayed_come_soonest_back_first(self, store: Store) -> None:
        await add(store, *(request(number) for number in (1, 2, 3)))
        for number, at in ((1, 3_000), (2, 2_000), (3, 2_500)):
            await step(store, request(number).id, say(Verdict.DELAY, at=at))
        assert store.read(lambda view: numbers(view.delayed(limit=2))) == [2, 3]

    async def test_recent_are_closed_newest_first_in_pages(self, store: Store) -> None:
        await add(store, *(request(number) for number in range(1, 6)))
        for number in (1, 2, 4):
            await step(store, request(number).id, say(Verdict.REJECT))
        assert store.read(lambda view: numbers(view.recent(limit=2))) == [4, 2]
        assert store.read(lambda view: numbers(view.recent(limit=2, before=2))) == [1]

    async def test_live_is_the_oldest_pending_or_approved_of_this_action(
        self, store: Store
    ) -> None:
        asked = request(1)
        await add(
            store,
            asked,
            request(2, proposal(session_id="s2")),
            request(3, proposal("make other")),
            request(4, proposal(workspace="/v")),
            request(5, proposal(agent="codex")),
        )

        def live() -> list[int]:
            found = store.read(
                lambda view: view.live_request(
                    agent="claude-code", workspace="/w", subject=asked.subject
                )
            )
            return [] if found is None else [found.number]

        assert live() == [1]
        await step(store, asked.id, say(Verdict.APPROVE))
        assert live() == [1]
        await step(store, request(2).id, say(Verdict.DELAY))
        await step(store, asked.id, lambda stored: _used(stored)[0])
        assert live() == [2]
        await step(store, request(2).id, say(Verdict.REJECT, at=2_500))
        assert live() == []

    async def test_rejections_are_counted_for_a_run_and_a_time(self, store: Store) -> None:
        await add(
            store,
            request(1),
            request(2, proposal("make other")),
            request(3, proposal(session_id="s2")),
            request(4),
        )
        for number, at in ((1, 2_000), (2, 3_000), (3, 3_000)):
            await step(store, request(number).id, say(Verdict.REJECT, at=at))

        def rejections(since: int) -> int:
            return store.read(
                lambda view: view.rejections(agent="claude-code", session_id="s1", since=since)
            )

        assert [rejections(since) for since in (1_000, 2_000, 2_001, 3_001)] == [2, 2, 1, 0]

    async def test_rejected_is_the_newest_of_this_action_in_this_run(self, store: Store) -> None:
        asked = request(1)
        await add(
            store,
            asked,
            request(2),
            request(3, proposal(session_id="s2")),
            request(4, proposal("make other")),
            request(5),
        )
        for number, at in ((1, 2_000), (2, 1_500), (3, 2_500), (4, 2_500)):
            await step(store, request(number).id, say(Verdict.REJECT, at=at))
        await step(store, request(5).id, say(Verdict.WITHDRAW, at=2_600))

        def rejected(since: int) -> list[int]:
            found = store.read(
                lambda view: view.rejected_request(
                    agent="claude-code", session_id="s1", subject=asked.subject, since=since
                )
            )
            return [] if found is None else [found.number]

        assert rejected(1_000) == [1]
        assert rejected(2_000) == [1]
        assert rejected(2_001) == []

    async def test_prompted_is_the_pending_one_of_this_very_call(self, store: Store) -> None:
        prompted = replace(request(2), asked_in=AskIn.AGENT)
        await add(store, request(1), prompted)

        def found(call_id: str = "c1", session_id: str = "s1") -> Request | None:
            return store.read(
                lambda view: view.prompted_request(
                    agent="claude-code", session_id=session_id, call_id=call_id
                )
            )

        assert found() == prompted
        assert found(call_id="c2") is None
        assert found(session_id="s2") is None
        await step(store, prompted.id, lambda stored: expire(stored, version=1, now=999_999))
        assert found() is None

    # --- what stands beside the policy ----------------------------------------------------------

    async def test_the_last_accepted_programs_stand(self, store: Store) -> None:
        for text in ("old", NASTY):
            await store.write(
                lambda tx, text=text: tx.accept_programs(accepted(text)),  # type: ignore[misc]
                durable=True,
            )
        assert store.read(lambda view: view.standing("/w", now=1).programs) == accepted(NASTY)
        assert store.read(lambda view: view.standing("/v", now=1).programs) is None

    async def test_grants_stand_until_they_end_or_are_revoked(self, store: Store) -> None:
        first, second = grant("1", until=5), replace(grant("2"), session=NASTY, by=NASTY)

        def work(tx: Tx) -> None:
            for each in (second, first, grant("3", workspace="/v")):
                tx.add_grant(each)

        await store.write(work, durable=True)
        assert store.read(lambda view: view.standing("/w", now=4).grants) == (first, second)
        assert store.read(lambda view: view.standing("/w", now=5).grants) == (second,)

        async def revoke(of: Grant, at: int) -> bool:
            return await store.write(lambda tx: tx.revoke_grant(of, at=at), durable=True)

        assert not await revoke(first, 5)
        assert await revoke(second, 6)
        assert not await revoke(second, 7)
        assert store.read(lambda view: view.standing("/w", now=1).grants) in ((), (first,))

    async def test_every_change_of_what_stands_is_a_new_version(self, store: Store) -> None:
        def version(workspace: str = "/w") -> int:
            return store.read(lambda view: view.standing_version(workspace))

        assert version() == 0
        changes: list[Callable[[Tx], object]] = [
            lambda tx: tx.accept_programs(accepted()),
            lambda tx: tx.add_grant(grant("1")),
            lambda tx: tx.revoke_grant(grant("1"), at=2),
            lambda tx: tx.accept_programs(accepted("other")),
            lambda tx: tx.add_precedent(
                agent="a", workspace="/w", effects=frozenset({"delete"}), at=1
            ),
        ]
        seen = {0}
        for change in changes:
            await store.write(change, durable=True)
            assert version() not in seen
            assert store.read(lambda view: view.standing("/w", now=1).version) == version()
            seen.add(version())
        assert version("/v") == 0

    async def test_written_paths_are_per_run_and_keep_what_was_known_first(
        self, store: Store
    ) -> None:
        async def write(paths: dict[str, bool], session_id: str = "s1") -> None:
            await store.write(
                lambda tx: tx.add_written(agent="a", session_id=session_id, paths=paths, at=1),
                durable=False,
            )

        def known(session_id: str = "s1") -> object:
            return dict(
                store.read(lambda view: view.written_paths(agent="a", session_id=session_id))
            )

        assert known() == {}
        await write({"/w/a": True, NASTY: False})
        await write({"/w/a": False, "/w/b": False})
        await write({})
        assert known() == {"/w/a": True, NASTY: False, "/w/b": False}
        assert known("s2") == {}

    async def test_precedent_is_per_agent_and_workspace(self, store: Store) -> None:
        for effects in (frozenset({"delete"}), frozenset({"delete", "install"})):
            await store.write(
                lambda tx, effects=effects: tx.add_precedent(  # type: ignore[misc]
                    agent="a", workspace="/w", effects=effects, at=1
                ),
                durable=False,
            )
        found = store.read(
            lambda view: [
                view.precedent(agent=agent, workspace=workspace)
                for agent, workspace in (("a", "/w"), ("b", "/w"), ("a", "/v"))
            ]
        )
        assert found == [frozenset({"delete", "install"}), frozenset(), frozenset()]

    # --- transactions ---------------------------------------------------------------------------

    async def test_an_exception_takes_everything_back(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            number = tx.next_number()
            tx.add_request(request(number))
            tx.set_timers(request(number).id, timers_of(request(number)))
            tx.append("s", "noted", at=1, fields={})
            tx.seal(1)
            tx.publish("request", "r", at=1)
            tx.set_plan_state(agent="a", session_id="s", state=PlanState.OPEN, at=1)
            tx.accept_policy(PolicyVersion("/w", TOKEN, b"", "ana", 1))
            tx.accept_programs(accepted())
            tx.add_grant(grant("1"))
            tx.add_written(agent="a", session_id="s", paths={"/w/a": True}, at=1)
            tx.add_precedent(agent="a", workspace="/w", effects=frozenset({"delete"}), at=1)
            tx.add_web_session(WebSession(TOKEN, "ana", 1, 2))
            tx.add_login(TOKEN, person="ana", expires_at=9)
            raise Boom

        with pytest.raises(Boom):
            await store.write(work, durable=True)
        view_is_empty = store.read(
            lambda view: (
                view.request_numbered(1),
                view.next_due(),
                view.heads(),
                list(view.checkpoints()),
                view.last_event(),
                view.plan_state(agent="a", session_id="s"),
                view.policy_in_force("/w"),
                view.web_session(TOKEN),
            )
        )
        assert view_is_empty == (None, None, [], [], 0, PlanState.NONE, None, None)
        stands = store.read(
            lambda view: (
                view.standing("/w", now=1),
                dict(view.written_paths(agent="a", session_id="s")),
                view.precedent(agent="a", workspace="/w"),
            )
        )
        assert stands == (Standing(), {}, frozenset())
        assert await store.write(lambda tx: tx.take_login(TOKEN, now=1), durable=True) is None

    async def test_a_failing_write_leaves_its_neighbours_alone(self, store: Store) -> None:
        def work(number: int) -> Callable[[Tx], int]:
            def run(tx: Tx) -> int:
                shared = tx.append("shared", "noted", at=number, fields={})
                tx.append(f"own/{number}", "noted", at=number, fields={})
                tx.publish("ledger", f"own/{number}", at=number)
                if number % 3 == 0:
                    tx.add_request(request(number))
                if number % 4 >= 2:
                    assert len(list(tx.chain("shared"))) == shared.seq
                if number % 2:
                    raise Boom
                return number

            return run

        results = await asyncio.gather(
            *(store.write(work(number), durable=number % 5 == 0) for number in range(1, 61)),
            return_exceptions=True,
        )
        kept = [number for number in range(1, 61) if number % 2 == 0]
        assert [result for result in results if not isinstance(result, Boom)] == kept
        assert sum(isinstance(result, Boom) for result in results) == 30
        assert store.read(verify_ledger).breaks == ()
        assert len(store.read(lambda view: list(view.chain("shared")))) == 30
        assert {head.stream for head in store.read(lambda view: view.heads())} == {
            "shared",
            *(f"own/{number}" for number in kept),
        }
        events = store.read(lambda view: view.events(after=0, limit=99))
        assert sorted(event.at for event in events) == kept
        waiting = store.read(lambda view: numbers(view.waiting(limit=99)))
        assert waiting == [number for number in kept if number % 3 == 0]

    async def test_reads_of_a_transaction_see_its_own_writes(self, store: Store) -> None:
        await store.write(lambda tx: tx.append("s", "asked", at=1, fields={}), durable=True)

        def work(tx: Tx) -> None:
            asked = request(tx.next_number())
            tx.add_request(asked)
            assert tx.request(asked.id) == asked
            assert numbers(tx.waiting(limit=9)) == [1]
            entry = tx.append("s", "proceeded", at=2, fields={})
            assert [each.seq for each in tx.chain("s")] == [1, 2]
            assert tx.entries(limit=1) == [entry]
            assert tx.tally(since=0).proceeded == 1
            assert tx.unsealed()
            assert tx.seal(3) is not None
            assert not tx.unsealed()
            assert len(list(tx.checkpoints())) == 1
            tx.publish("request", asked.id, at=2)
            (event,) = tx.events(after=0, limit=9)
            assert event.seq == tx.last_event()
            tx.set_timers(asked.id, timers_of(asked))
            assert tx.next_due() == asked.expires_at

        await store.write(work, durable=True)
        assert store.read(verify_ledger).breaks == ()

    async def test_nothing_is_written_after_closing(self, store: Store) -> None:
        await add(store, request(1))
        await store.close()
        await store.close()
        with pytest.raises(UnavailableError, match="closed"):
            await add(store, request(2))

    async def test_closing_finishes_what_was_begun(self, store: Store) -> None:
        writes = [
            asyncio.ensure_future(
                store.write(lambda tx: tx.append("s", "noted", at=1, fields={}), durable=True)
            )
            for _ in range(50)
        ]
        await asyncio.sleep(0)
        await store.close()
        assert sorted(entry.seq for entry in await asyncio.gather(*writes)) == list(range(1, 51))

    # --- decisions at once ----------------------------------------------------------------------

    async def test_of_twenty_decisions_at_once_one_wins(self, store: Store) -> None:
        asked = request(1)
        await add(store, asked)

        def vote(number: int) -> Callable[[Tx], Request | Refusal]:
            verdict = Verdict.APPROVE if number % 2 else Verdict.REJECT
            said = replace(decision(asked, verdict), by=f"person {number}")
            return lambda tx: _decide(tx, asked.id, said)

        async def vote_all(some: range) -> list[Request | Refusal]:
            votes = (store.write(vote(number), durable=True) for number in some)
            return list(await asyncio.gather(*votes))

        here = asyncio.gather(*(store.write(vote(number), durable=True) for number in range(10)))
        elsewhere = asyncio.gather(
            *(
                asyncio.to_thread(asyncio.run, vote_all(range(number, number + 2)))
                for number in range(10, 20, 2)
            )
        )
        outcomes = [*await here, *(each for some in await elsewhere for each in some)]
        winners = [each for each in outcomes if isinstance(each, Request)]
        refusals = [each for each in outcomes if isinstance(each, Refusal)]
        assert (len(winners), len(refusals)) == (1, 19)
        assert {refusal.cause for refusal in refusals} == {Cause.ALREADY_DECIDED}
        winner = winners[0].decisions[-1].by
        assert all(winner in refusal.message for refusal in refusals)
        assert store.read(lambda view: view.request(asked.id)) == winners[0]

    async def test_an_approval_is_consumed_once_whoever_asks(self, store: Store) -> None:
        asked = request(1)
        await add(store, asked)
        await step(store, asked.id, say(Verdict.APPROVE))

        def use(tx: Tx) -> Receipt | None:
            live = tx.live_request(agent="claude-code", workspace="/w", subject=asked.subject)
            if live is None:
                return None
            outcome = consume(live, subject=asked.subject, now=3_000)
            if isinstance(outcome, Refusal):
                return None
            tx.save_request(outcome[0])
            return outcome[1]

        receipts = await asyncio.gather(*(store.write(use, durable=True) for _ in range(20)))
        assert len([each for each in receipts if each is not None]) == 1

    async def test_one_question_is_opened_for_one_action(self, store: Store) -> None:
        asked = request(1)

        def ask(place: int) -> Callable[[Tx], Request]:
            def work(tx: Tx) -> Request:
                live = tx.live_request(agent="claude-code", workspace="/w", subject=asked.subject)
                if live is not None:
                    return live
                number = tx.next_number()
                mine = replace(request(number), id=f"id {place}")
                tx.add_request(mine)
                return mine

            return work

        opened = await asyncio.gather(
            *(store.write(ask(place), durable=True) for place in range(20))
        )
        assert len({each.id for each in opened}) == 1
        assert store.read(lambda view: view.count_waiting()) == 1

    # --- timers ---------------------------------------------------------------------------------

    async def test_timers_are_replaced_and_come_due_in_order(self, store: Store) -> None:
        def timers(request_id: str, *due: tuple[TimerKind, int]) -> list[Timer]:
            return [Timer(request_id, 1, kind, at) for kind, at in due]

        def work(tx: Tx) -> None:
            tx.set_timers("a", timers("a", (TimerKind.EXPIRE, 50)))
            tx.set_timers("b", timers("b", (TimerKind.EXPIRE, 30), (TimerKind.RESUME, 10)))
            tx.set_timers("a", timers("a", (TimerKind.EXPIRE, 20)))

        await store.write(work, durable=True)
        assert store.read(lambda view: view.next_due()) == 10

        def due(now: int, limit: int = 9) -> list[tuple[str, str]]:
            found = store.read(lambda view: view.due_timers(now=now, limit=limit))
            return [(timer.request_id, timer.kind.value) for timer in found]

        assert due(9) == []
        assert due(20) == [("b", "resume"), ("a", "expire")]
        assert due(99, limit=1) == [("b", "resume")]

        def drop(tx: Tx) -> None:
            first, *_ = tx.due_timers(now=99, limit=9)
            tx.drop_timer(first)
            tx.drop_timer(replace(first, kind=TimerKind.EXPIRE, version=7))
            tx.set_timers("a", ())

        await store.write(drop, durable=True)
        assert due(99) == [("b", "expire")]
        assert store.read(lambda view: view.next_due()) == 30

    # --- ledger ---------------------------------------------------------------------------------

    async def test_entries_form_one_chain_for_each_stream(self, store: Store) -> None:
        def append(stream: str) -> Callable[[Tx], object]:
            return lambda tx: tx.append(stream, "noted", at=1, fields={"x": stream})

        streams = ["a", "b"] * 10
        await asyncio.gather(*(store.write(append(stream), durable=False) for stream in streams))
        verified = store.read(verify_ledger)
        assert (verified.streams, verified.entries, verified.breaks) == (2, 20, ())
        assert store.read(lambda view: [head.seq for head in view.heads()]) == [10, 10]
        assert store.read(lambda view: view.headless_streams()) == []

    async def test_entries_are_paged_newest_first(self, store: Store) -> None:
        for stream in ("a", "b", "a", "a"):
            await note(store, stream)

        def page(stream: str | None = None, before: str | None = None) -> list[tuple[str, int]]:
            found = store.read(lambda view: view.entries(stream=stream, limit=2, before=before))
            return [(entry.stream, entry.seq) for entry in found]

        last = store.read(lambda view: view.entries(limit=2))[-1]
        assert page() == [("a", 3), ("a", 2)]
        assert page(before=last.hash) == [("b", 1), ("a", 1)]
        assert page("a") == [("a", 3), ("a", 2)]
        assert page("a", last.hash) == [("a", 1)]
        assert page(before="sha256:nothing") == []

    async def test_a_checkpoint_names_the_heads_that_moved(self, store: Store) -> None:
        def append(*streams: str) -> Callable[[Tx], None]:
            def work(tx: Tx) -> None:
                for stream in streams:
                    tx.append(stream, "noted", at=1, fields={})

            return work

        async def seal() -> list[str] | None:
            made = await store.write(lambda tx: tx.seal(5), durable=True)
            return None if made is None else [head.stream for head in heads_in(made)]

        assert await seal() is None
        assert not store.read(lambda view: view.unsealed())
        await store.write(append("a", "b"), durable=True)
        assert store.read(lambda view: view.unsealed())
        assert await seal() == ["a", "b"]
        assert await seal() is None
        await store.write(append("b", "c"), durable=True)
        assert await seal() == ["b", "c"]
        assert store.read(lambda view: [each.number for each in view.checkpoints()]) == [1, 2]
        assert store.read(verify_ledger).breaks == ()

    async def test_entries_of_a_period_come_in_the_order_of_recording(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            for at in range(1, 8):
                tx.append(f"s{at % 2}", "asked" if at % 3 else "noted", at=at, fields={"n": at})

        await store.write(work, durable=True)

        def numbers_of(*kinds: str) -> list[int]:
            found = store.read(lambda view: list(view.recorded(kinds, since=2, until=7)))
            return [json.loads(entry.body)["n"] for entry in found]

        assert numbers_of("asked") == [2, 4, 5]
        assert numbers_of("noted", "asked") == [2, 3, 4, 5, 6]
        assert numbers_of("decided") == []

    async def test_the_last_checkpoint(self, store: Store) -> None:
        assert store.read(lambda view: view.last_checkpoint()) is None
        for number in (1, 2):

            def work(tx: Tx, number: int = number) -> Checkpoint | None:
                tx.append("s", "noted", at=number, fields={})
                return tx.seal(number)

            made = await store.write(work, durable=True)
            assert store.read(lambda view: view.last_checkpoint()) == made

    async def test_a_checkpoint_names_any_number_of_heads(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            for number in range(601):
                tx.append(f"s{number}", "noted", at=1, fields={})

        await store.write(work, durable=True)
        made = await store.write(lambda tx: tx.seal(2), durable=True)
        assert made is not None
        assert len(heads_in(made)) == 601
        assert not store.read(lambda view: view.unsealed())
        assert store.read(verify_ledger).breaks == ()

    async def test_checkpoints_beside_appends_form_one_chain(self, store: Store) -> None:
        def record(number: int) -> Callable[[Tx], None]:
            def work(tx: Tx) -> None:
                tx.append(f"s{number % 7}", "noted", at=number, fields={})
                tx.append(f"s{number % 3}", "noted", at=number, fields={})
                if number % 2:
                    tx.seal(number)

            return work

        await asyncio.gather(*(store.write(record(number), durable=False) for number in range(60)))
        await store.write(lambda tx: tx.seal(99), durable=True)
        verified = store.read(verify_ledger)
        assert (verified.entries, verified.breaks) == (120, ())
        assert not store.read(lambda view: view.unsealed())

    async def test_the_tally_counts_since_a_moment(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            for at, kind in enumerate(("proceeded", "notified", "refused", "session-start"), 10):
                tx.append("s", kind, at=at, fields={})
            for number in (1, 2, 3):
                tx.add_request(request(number, created_at=number * 10))

        await store.write(work, durable=True)
        await step(store, request(1).id, say(Verdict.REJECT, at=15))
        await step(store, request(2).id, say(Verdict.APPROVE, at=40))

        def counts(since: int) -> tuple[int, int, int, int]:
            tally = store.read(lambda view: view.tally(since=since))
            return tally.proceeded, tally.asked, tally.rejected, tally.refused

        assert counts(0) == (2, 3, 1, 1)
        assert counts(11) == (1, 2, 1, 1)
        assert counts(16) == (0, 2, 0, 0)

    # --- events ---------------------------------------------------------------------------------

    async def test_events_are_read_on_from_a_place(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            for subject in "abc":
                tx.publish("request", subject, at=1)

        await store.write(work, durable=True)
        events = store.read(lambda view: view.events(after=0, limit=9))
        assert [event.subject for event in events] == ["a", "b", "c"]
        assert store.read(lambda view: view.last_event()) == events[-1].seq
        assert store.read(lambda view: view.events(after=events[0].seq, limit=1)) == [events[1]]

    async def test_a_reader_misses_no_event_of_concurrent_writers(self, store: Store) -> None:
        def publish(writer: int, number: int) -> Callable[[Tx], None]:
            def work(tx: Tx) -> None:
                tx.publish("request", f"{writer}.{number}.first", at=1)
                tx.append(f"stream {writer}", "noted", at=1, fields={})
                tx.publish("request", f"{writer}.{number}.second", at=1)

            return work

        async def writer(name: int) -> None:
            for number in range(15):
                await store.write(publish(name, number), durable=False)

        seen: list[Event] = []

        def follow() -> None:
            after = seen[-1].seq if seen else 0
            seen.extend(store.read(lambda view: view.events(after=after, limit=1_000)))

        writing = asyncio.gather(*(writer(name) for name in range(16)))
        while not writing.done():
            follow()
            await asyncio.sleep(0)
        await writing
        follow()
        assert len(seen) == 16 * 15 * 2
        assert len({event.subject for event in seen}) == len(seen)

    async def test_listeners_hear_in_their_own_loop_of_what_is_committed(
        self, store: Store
    ) -> None:
        heard: asyncio.Queue[tuple[object, Sequence[str]]] = asyncio.Queue()

        def listen(events: Sequence[Event]) -> None:
            subjects = [event.subject for event in events]
            known = store.read(lambda view: view.request(subjects[0]))
            assert known is not None
            heard.put_nowait((asyncio.get_running_loop(), subjects))

        store.on_commit(listen)

        def fail(tx: Tx) -> None:
            tx.publish("request", "never", at=1)
            raise Boom

        def work(tx: Tx) -> None:
            tx.add_request(request(1))
            tx.publish("request", request(1).id, at=1)

        with pytest.raises(Boom):
            await store.write(fail, durable=True)

        async def elsewhere() -> None:
            await store.write(work, durable=True)

        await asyncio.to_thread(asyncio.run, elsewhere())
        assert await heard.get() == (asyncio.get_running_loop(), [request(1).id])

    # --- people and plans -----------------------------------------------------------------------

    async def test_a_login_link_works_once_and_in_time(self, store: Store) -> None:
        def add_both(tx: Tx) -> None:
            tx.add_login(TOKEN, person="ana", expires_at=100)
            tx.add_login(OTHER_TOKEN, person="ben", expires_at=100)

        await store.write(add_both, durable=True)
        taken = await asyncio.gather(
            *(store.write(lambda tx: tx.take_login(TOKEN, now=99), durable=True) for _ in range(10))
        )
        assert sorted(taken, key=str) == [*[None] * 9, "ana"]
        late = await store.write(lambda tx: tx.take_login(OTHER_TOKEN, now=100), durable=True)
        assert late is None
        unknown = digest_of(b"?")
        assert await store.write(lambda tx: tx.take_login(unknown, now=1), durable=True) is None

    async def test_web_sessions_are_kept_until_dropped_or_expired(self, store: Store) -> None:
        mine, other = WebSession(TOKEN, "ana", 10, 50), WebSession(OTHER_TOKEN, "ben", 60, 90)
        await store.write(lambda tx: tx.add_web_session(mine), durable=True)
        assert store.read(lambda view: view.web_session(TOKEN)) == mine
        await store.write(lambda tx: tx.add_web_session(other), durable=True)
        assert store.read(lambda view: view.web_session(TOKEN)) is None
        await store.write(lambda tx: tx.drop_web_session(OTHER_TOKEN), durable=True)
        assert store.read(lambda view: view.web_session(OTHER_TOKEN)) is None

    async def test_the_last_accepted_policy_is_in_force(self, store: Store) -> None:
        versions = [
            PolicyVersion("/w", digest_of(text), text, "ana", at)
            for at, text in ((9, b"one"), (8, b"two"))
        ]
        for version in versions:
            await accept(store, version)
        assert store.read(lambda view: view.policy_in_force("/w")) == versions[1]
        assert store.read(lambda view: view.policy_in_force("/v")) is None

    async def test_the_plan_of_a_run_moves(self, store: Store) -> None:
        for state in (PlanState.OPEN, PlanState.APPROVED):
            await set_plan(store, state)
            assert store.read(lambda view: view.plan_state(agent="a", session_id="s")) is state
        assert store.read(lambda view: view.plan_state(agent="a", session_id="t")) == "none"


def _decide(tx: Tx, request_id: str, said: Decision) -> Request | Refusal:
    stored = tx.request(request_id)
    assert stored is not None
    outcome = decide(stored, said)
    if isinstance(outcome, Request):
        tx.save_request(outcome)
    return outcome


def _used(approved: Request) -> tuple[Request, Receipt]:
    outcome = consume(approved, subject=approved.subject, now=3_000)
    assert not isinstance(outcome, Refusal)
    assert outcome[0].state is State.CONSUMED
    return outcome
