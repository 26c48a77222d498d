"""The outbox: what is claimed is leased, what fails is tried again, and in the end it is dead."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assent.app import outbox
from assent.app.outbox import OutboxWork
from assent.app.ports import Outgoing, Sending
from tests.app.conftest import Scene

DAY = 24 * 3_600_000


def row(number: int, *, place: str = "p", run_at: int = 0, kind: str = "log") -> Outgoing:
    return Outgoing(
        id=f"{number:04}",
        kind=kind,
        dedup=f"{kind}/{number}",
        place=place,
        body=b"{}",
        created_at=1_000_000,
        run_at=run_at,
    )


async def put(scene: Scene, *rows: Outgoing) -> None:
    await scene.store.write(lambda tx: [tx.add_outgoing(each) for each in rows], durable=True)


async def save(scene: Scene, made: Outgoing) -> None:
    await scene.store.write(lambda tx: tx.save_outgoing(made), durable=True)


async def nothing(_claimed: Sequence[Outgoing]) -> None:
    """Handles nothing."""


def ids(claimed: Sequence[Outgoing]) -> list[str]:
    return [each.id for each in claimed]


async def test_of_each_place_only_the_oldest_is_taken_and_then_the_next(scene: Scene) -> None:
    await put(scene, row(1, place="a"), row(2, place="a"), row(3, place="b"))
    work = OutboxWork(scene.gate, "log", nothing)
    claimed = await work.claim()
    assert ids(claimed) == ["0001", "0003"]
    assert not await work.claim()
    await save(scene, outbox.done(claimed[0]))
    assert ids(await work.claim()) == ["0002"]


async def test_in_order_what_is_put_off_holds_up_what_came_later(scene: Scene) -> None:
    await put(scene, row(1, run_at=scene.clock.at + DAY), row(2))
    assert list(await OutboxWork(scene.gate, "log", nothing).claim()) == []
    assert ids(await OutboxWork(scene.gate, "log", nothing, in_order=False).claim()) == ["0002"]


async def test_other_kinds_are_left_alone(scene: Scene) -> None:
    await put(scene, row(1, kind="notify"))
    assert await OutboxWork(scene.gate, "log", nothing).claim() == ()


async def test_what_is_due_soon_is_taken_along_once_anything_is_due(scene: Scene) -> None:
    await put(scene, row(1, run_at=scene.clock.at + 5_000))
    work = OutboxWork(scene.gate, "log", nothing, in_order=False, ahead_ms=20_000)
    assert await work.claim() == ()
    await put(scene, row(2))
    assert ids(await work.claim()) == ["0001", "0002"]


async def test_whoever_claimed_has_it_until_the_lease_ends(scene: Scene) -> None:
    await put(scene, row(1))
    work = OutboxWork(scene.gate, "log", nothing)
    (first,) = await work.claim()
    scene.clock.advance(outbox.LEASE_MS - 1)
    assert await work.claim() == ()
    assert scene.store.read(lambda view: view.outgoing("0001")) == first
    scene.clock.advance(1)
    (second,) = await work.claim()
    assert (first.attempts, second.attempts) == (1, 2)
    ours = await scene.store.write(
        lambda tx: (outbox.is_ours(tx, first), outbox.is_ours(tx, second)), durable=False
    )
    assert ours == (False, True)


async def test_what_is_done_is_nobodys(scene: Scene) -> None:
    await put(scene, row(1))
    (claimed,) = await OutboxWork(scene.gate, "log", nothing).claim()
    await save(scene, outbox.done(claimed))
    assert not await scene.store.write(lambda tx: outbox.is_ours(tx, claimed), durable=False)


def test_pauses_grow_and_all_of_them_fit_into_three_days() -> None:
    pauses = [outbox.pause_ms(attempts) for attempts in range(1, outbox.MOST_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert pauses[:3] == [5_000, 15_000, 45_000]
    assert sum(pauses) < outbox.LONGEST_MS
    assert outbox.pause_ms(10_000) == outbox.LONGEST_PAUSE_MS


@pytest.mark.parametrize(
    ("attempts", "age", "state"),
    [
        pytest.param(1, 0, Sending.NEW, id="first"),
        pytest.param(11, 0, Sending.NEW, id="last-but-one"),
        pytest.param(12, 0, Sending.DEAD, id="twelfth"),
        pytest.param(2, 3 * DAY, Sending.DEAD, id="three-days"),
    ],
)
def test_a_failure_is_tried_again_until_it_is_enough(
    attempts: int, age: int, state: Sending
) -> None:
    claimed = replace(row(1), attempts=attempts)
    now = claimed.created_at + age
    failed = outbox.failed(claimed, "x" * 1_000, now=now)
    assert failed.state is state
    assert len(failed.fault) == outbox.FAULT_LENGTH
    if state is Sending.NEW:
        assert failed.run_at == now + outbox.pause_ms(attempts)


def test_what_is_of_no_use_is_given_up_at_once() -> None:
    assert outbox.failed(row(1), "no", now=1, for_good=True).state is Sending.DEAD


def test_what_is_put_off_was_no_attempt() -> None:
    off = outbox.put_off(replace(row(1), attempts=3), until=9)
    assert (off.attempts, off.run_at, off.state) == (2, 9, Sending.NEW)
