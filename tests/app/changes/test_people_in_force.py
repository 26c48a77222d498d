"""The queue and taking back ask again who counts, as policy and people are at that moment."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from assent.app.changes import decide
from assent.app.changes.decide import accept
from assent.app.changes.revert import start_revert
from assent.app.changes.saying import Voice
from assent.core.changes.lifecycle import Cause, Refusal
from assent.core.changes.model import Change, ChangeState
from assent.core.people.model import Factor, Person
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import Wanted
from assent.core.risk.factors import RiskClass
from tests.app.changes.merging_scene import COMMAND, Merging, merging
from tests.signing import SshSigner, person

RULES = ChangeRules(test=COMMAND, window=4)
TWO = replace(RULES, needs=dict.fromkeys(RiskClass, (Wanted(("ana", "ben"), 2),)))
APART = replace(RULES, separate=True)


@pytest.fixture
def on(tmp_path: Path) -> Merging:
    return merging(tmp_path)


async def save(on: Merging, *people: Person) -> None:
    def work(tx: object) -> None:
        for each in people:
            known = tx.person(each.name)  # type: ignore[attr-defined]
            version = 1 if known is None else known.version + 1
            tx.save_person(replace(each, version=version))  # type: ignore[attr-defined]

    await on.scene.store.write(work, durable=True)


def voice(by: str, **more: Factor) -> Voice:
    return Voice(by=by, via="cli", **more)  # type: ignore[arg-type]


async def test_who_left_since_takes_it_out_of_the_queue(on: Merging) -> None:
    await save(on, person("ana"), person("ben"))
    change = await on.ready("one", **{"b.txt": "b\n"})
    await save(on, person("ana", active=False))
    await on.queue.settle()
    now = on.now(change)
    assert now.state is ChangeState.EJECTED
    assert "no longer lets ana accept it" in now.ejected


async def test_needs_that_were_raised_since_take_it_out(on: Merging) -> None:
    await save(on, person("ana"), person("ben"))
    change = await on.ready("one", **{"b.txt": "b\n"})
    on.rules(TWO)
    await on.queue.settle()
    assert "1 more of ana, ben (ben)" in on.now(change).ejected


async def test_of_two_who_say_the_same_at_once_both_are_heard_once(on: Merging) -> None:
    await save(on, person("ana"), person("ben"))
    on.rules(TWO)
    on.user.on_branch("one", **{"b.txt": "b\n"})
    change = await on.submit("one")
    outcomes = await asyncio.gather(
        *(accept(on.gate, change.number, voice(by)) for by in ("ana", "ana", "ben", "ben"))
    )
    refused = [each.cause for each in outcomes if isinstance(each, Refusal)]
    assert len(refused) == 2
    assert set(refused) <= {Cause.SAME_PERSON_TWICE, Cause.WRONG_STATE}
    now = on.now(change)
    assert now.state is ChangeState.APPROVED
    assert sorted(each.by for each in now.acceptances) == ["ana", "ben"]


# Taking back


async def landed(on: Merging) -> Change:
    change = await on.ready("one", **{"b.txt": "b\n"})
    await on.queue.settle()
    assert on.now(change).state is ChangeState.MERGED
    return change


async def test_what_takes_back_waits_for_the_others(on: Merging) -> None:
    await save(on, person("ana"), person("ben"))
    change = await landed(on)
    on.rules(TWO)
    made = await start_revert(on.gate, change.number, voice("ana"))
    assert isinstance(made, Change), made
    assert (made.state, made.awaited) == (ChangeState.IN_REVIEW, ("ben",))
    again = await accept(on.gate, made.number, voice("ben"))
    assert isinstance(again, Change), again
    assert again.state is ChangeState.APPROVED


async def test_who_asks_for_it_does_not_accept_it_alone_where_that_is_apart(on: Merging) -> None:
    await save(on, person("ana"), person("ben"))
    change = await landed(on)
    on.rules(APART)
    made = await start_revert(on.gate, change.number, voice("ben"))
    assert isinstance(made, Change), made
    assert made.state is ChangeState.IN_REVIEW
    assert made.acceptances == ()
    assert "ben handed it in" in made.asked
    other = await accept(on.gate, made.number, voice("ana"))
    assert isinstance(other, Change), other
    assert other.state is ChangeState.APPROVED


async def test_taking_back_takes_the_factor(on: Merging) -> None:
    await save(on, person("ana"), person("ben", SshSigner()))
    change = await landed(on)
    refusal = await start_revert(on.gate, change.number, voice("ben"))
    assert isinstance(refusal, Refusal)
    assert refusal.cause is Cause.NEEDS_FACTOR
    with_it = await start_revert(on.gate, change.number, voice("ben", factor=Factor.PASSKEY))
    assert isinstance(with_it, Change), with_it


async def test_merging_again_accepts_nothing(on: Merging) -> None:
    await save(on, person("ana"), person("ben"))
    change = await on.ready("one", **{"b.txt": "b\n"})
    on.rules(TWO)
    await on.queue.settle()
    again = await decide.merge_again(on.gate, change.number, voice("ben"))
    assert isinstance(again, Change), again
    await on.queue.settle()
    assert "1 more of ana, ben (ben)" in on.now(change).ejected
