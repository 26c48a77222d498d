"""What every store promises of changes and of checkpoints of work trees."""

from dataclasses import replace

import pytest

from assent.app.ports import Look, Store, Tx
from assent.core.changes.lifecycle import Says, returned
from assent.core.changes.model import (
    Change,
    ChangeState,
    Comment,
    HunkId,
    HunkStance,
    Opinion,
    Stance,
    ValuePayload,
)
from assent.core.checkpoints import Occasion, Skipped, Snapshot, WorktreeCheckpoint
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError
from tests.core.changes.changes import (
    change,
    finding,
    hunk,
    revision,
    until_merging,
    verdict,
)
from tests.core.strategies import NASTY


def numbered(number: int, **fields: object) -> Change:
    return replace(change(), id=f"id-{number}", number=number, **fields)  # type: ignore[arg-type]


FULL = replace(
    until_merging(change(), "a"),
    verdicts=(
        verdict(Opinion.CHANGES, finding("x"), raises_to=RiskClass.HIGH),
        verdict(number=1, reviewer="other", counts=False),
    ),
    comments=(Comment(id="c", by="ana", at=1, revision=1, text="why?", path="a", line=3),),
    stances=(HunkStance(HunkId("a" * 8), Stance.REJECT, "ana", 1, 1, "no"),),
)
"""A change with something of everything."""


def checkpoint(number: int, workspace: str = "/w", **fields: object) -> WorktreeCheckpoint:
    made = WorktreeCheckpoint(
        id=f"cp-{number}",
        number=number,
        workspace=workspace,
        at=number,
        occasion=Occasion.CALL,
        snapshot=Snapshot(
            tree="t", commit="c", skipped=(Skipped("big", "larger than 50 MB"),), whole=False
        ),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


async def add(store: Store, *made: Change) -> None:
    def work(tx: Tx) -> None:
        for each in made:
            tx.add_change(each)

    await store.write(work, durable=True)


async def save(store: Store, made: Change) -> None:
    await store.write(lambda tx: tx.save_change(made), durable=True)


async def note_look(store: Store, change_id: str, person: str, look: Look) -> None:
    await store.write(lambda tx: tx.note_look(change_id, person, look), durable=False)


async def add_checkpoints(store: Store, *made: WorktreeCheckpoint) -> None:
    def work(tx: Tx) -> None:
        for each in made:
            tx.add_worktree_checkpoint(each)

    await store.write(work, durable=True)


class ChangeContract:
    @pytest.mark.parametrize(
        "made",
        [
            pytest.param(FULL, id="with-everything"),
            pytest.param(replace(change(), title=NASTY, plan=NASTY), id="odd-text"),
            pytest.param(
                change(
                    replace(
                        revision(hunk("a", path=NASTY)),
                        payload=ValuePayload("data", "/w/x", "", None, NASTY),
                    )
                ),
                id="a-value",
            ),
        ],
    )
    async def test_a_change_comes_back_as_it_was(self, store: Store, made: Change) -> None:
        await add(store, made)
        assert store.read(lambda view: view.change(made.id)) == made
        assert store.read(lambda view: view.change_numbered(made.number)) == made
        assert store.read(lambda view: view.change("other")) is None
        assert store.read(lambda view: view.change_numbered(99)) is None

    async def test_only_the_next_version_of_a_change_is_stored(self, store: Store) -> None:
        made = change()
        await add(store, made)
        after = returned(made, Says(by="ana", at=2, reason="no"))
        assert isinstance(after, Change)
        await store.write(lambda tx: tx.save_change(after), durable=True)
        for stale in (after, made, replace(after, version=4)):
            with pytest.raises(ConflictError, match="CH-1 changed"):
                await save(store, stale)
        with pytest.raises(ConflictError):
            await store.write(lambda tx: tx.save_change(numbered(7, version=2)), durable=True)
        assert store.read(lambda view: view.change(made.id)) == after

    async def test_a_change_is_added_once(self, store: Store) -> None:
        await add(store, numbered(1))
        for again in (
            numbered(1),
            replace(numbered(1), id="other"),
            replace(numbered(2), id="id-1"),
        ):
            with pytest.raises(ConflictError):
                await add(store, again)

    async def test_numbers_of_changes_go_up_and_are_given_once(self, store: Store) -> None:
        async def number() -> int:
            return await store.write(lambda tx: tx.next_change_number(), durable=True)

        assert [await number() for _ in range(3)] == [1, 2, 3]

    async def test_changes_are_listed_by_what_is_open(self, store: Store) -> None:
        states = [
            ChangeState.MERGED,
            ChangeState.IN_REVIEW,
            ChangeState.ABANDONED,
            ChangeState.QUEUED,
            ChangeState.REVERTED,
        ]
        made = [numbered(n, state=state) for n, state in enumerate(states, start=1)]
        made[3] = replace(made[3], repository="/other/.git")
        await add(store, *made)

        def listed(**said: object) -> list[int]:
            found = store.read(lambda view: view.changes(limit=9, **said))  # type: ignore[arg-type]
            return [each.number for each in found]

        assert listed() == [5, 4, 3, 2, 1]
        assert listed(is_open=True) == [4, 2]
        assert listed(is_open=False) == [5, 3, 1]
        assert listed(before=4) == [3, 2, 1]
        first = store.read(lambda view: view.changes(limit=1, is_open=True))
        assert [each.number for each in first] == [4]
        still = store.read(lambda view: view.open_changes())
        assert [each.number for each in still] == [2, 4]
        here = store.read(lambda view: view.open_changes("/w/.git"))
        assert [each.number for each in here] == [2]
        assert store.read(lambda view: view.count_open_changes()) == 2

    async def test_a_change_that_closes_is_no_longer_open(self, store: Store) -> None:
        made = numbered(1)
        await add(store, made)
        closed = replace(made, state=ChangeState.ABANDONED, version=2)
        await store.write(lambda tx: tx.save_change(closed), durable=True)
        assert store.read(lambda view: view.open_changes()) == []

    async def test_looks_are_kept_by_person_and_change(self, store: Store) -> None:
        await add(store, numbered(1), numbered(2))
        for change_id, person, look in (
            ("id-1", "ana", Look(1, 5)),
            ("id-1", "ben", Look(2, 6)),
            ("id-1", "ana", Look(3, 7)),
        ):
            await note_look(store, change_id, person, look)
        assert store.read(lambda view: view.looked("id-1", "ana")) == Look(3, 7)
        assert store.read(lambda view: view.looked("id-1", "ben")) == Look(2, 6)
        assert store.read(lambda view: view.looked("id-2", "ana")) is None

    async def test_checkpoints_of_a_work_tree_are_kept_apart(self, store: Store) -> None:
        made = [
            checkpoint(1, title=NASTY, explains=None, closed_at=9, after="t2"),
            checkpoint(2, "/v"),
            checkpoint(3, explains=("src", NASTY), session="s", agent="a", call="c"),
            checkpoint(4),
        ]
        await add_checkpoints(store, *made)
        assert store.read(lambda view: view.worktree_checkpoint(3)) == made[2]
        assert store.read(lambda view: view.worktree_checkpoint(9)) is None

        def listed(limit: int = 9, before: int | None = None) -> list[int]:
            found = store.read(
                lambda view: view.worktree_checkpoints("/w", limit=limit, before=before)
            )
            return [each.number for each in found]

        assert listed() == [4, 3, 1]
        assert listed(limit=1) == [4]
        assert listed(before=4) == [3, 1]

    async def test_what_is_at_work_is_found_until_it_ends(self, store: Store) -> None:
        await add_checkpoints(store, checkpoint(1), checkpoint(2), checkpoint(3, "/v"))

        def at_work() -> list[int]:
            return [each.number for each in store.read(lambda v: v.unclosed_checkpoints("/w"))]

        assert at_work() == [1, 2]
        ended = checkpoint(1, closed_at=5, after="t")
        await store.write(lambda tx: tx.save_worktree_checkpoint(ended), durable=True)
        assert at_work() == [2]
        assert store.read(lambda view: view.worktree_checkpoint(1)) == ended

    async def test_work_trees_with_checkpoints_are_listed_newest_first(self, store: Store) -> None:
        await add_checkpoints(store, checkpoint(1, "/w"), checkpoint(2, "/v"), checkpoint(3, "/w"))
        assert store.read(lambda view: view.checkpointed_workspaces()) == ["/w", "/v"]

    async def test_old_checkpoints_make_room(self, store: Store) -> None:
        await add_checkpoints(
            store, *(checkpoint(n, "/v" if n == 2 else "/w") for n in range(1, 6))
        )
        await store.write(lambda tx: tx.drop_worktree_checkpoints("/w", below=4), durable=True)

        def is_kept(number: int) -> bool:
            return store.read(lambda view: view.worktree_checkpoint(number)) is not None

        assert [number for number in range(1, 6) if is_kept(number)] == [2, 4, 5]

    async def test_numbers_of_checkpoints_go_up(self, store: Store) -> None:
        async def number() -> int:
            return await store.write(lambda tx: tx.next_checkpoint_number(), durable=True)

        assert [await number() for _ in range(2)] == [1, 2]
