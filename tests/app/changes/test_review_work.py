"""What Assent does with changes by itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from assent.app.changes import decide
from assent.app.changes.told import when_back
from assent.app.changes.work import ReviewWork, give_up, see_to
from assent.core.changes.flow import whose_turn
from assent.core.changes.lifecycle import review_started
from assent.core.changes.model import (
    Change,
    ChangeState,
    Finding,
    Opinion,
    ReviewerKind,
    Severity,
    TreePayload,
)
from assent.core.policy.changes import LINES, ChangeRules
from assent.core.risk.factors import RiskClass
from assent.errors import UnavailableError
from tests.app.changes.scene import ANA, NUMBERS, Says, Stage, done, stage
from tests.app.conftest import Scene

MORE = NUMBERS.replace("line 2 = 2", "line 2 = 200").replace("line 25 = 25", "line 25 = 250")
LLM = ReviewerKind.LLM


async def low(on: Stage, *, agent: str = "plain") -> Change:
    on.commit(numbers__txt=MORE)
    return await on.submit(agent=agent)


async def test_what_is_trivial_goes_into_the_queue(on: Stage) -> None:
    on.commit(notes__md="# Notes\n\nMore.\n")
    after = await on.see_to(await on.submit())
    assert after.state is ChangeState.QUEUED
    assert (after.acceptances[-1].via, after.acceptances[-1].by) == ("policy", "policy")
    assert on.entries(after) == ["submitted", "review-started", "reviewed", "accepted", "queued"]


async def test_what_is_low_needs_the_model(on: Stage) -> None:
    on.bench.model = Says("model", kind=LLM)
    after = await on.see_to(await low(on))
    assert after.state is ChangeState.QUEUED
    assert [each.kind for each in after.verdicts] == [ReviewerKind.STATIC, LLM]


async def test_without_a_model_a_person_is_asked(on: Stage) -> None:
    after = await on.see_to(await low(on))
    assert after.state is ChangeState.IN_REVIEW
    assert "no language model" in after.asked
    assert whose_turn(after).who == "person"
    assert after.reviewing == ()


@pytest.mark.parametrize("broken", ["check", "model"])
async def test_a_reviewer_that_fails_approves_nothing(on: Stage, broken: str) -> None:
    on.bench.checks = [Says(breaks=broken == "check")]
    on.bench.model = Says("model", kind=LLM, breaks=broken == "model")
    after = await on.see_to(await low(on))
    assert after.state is ChangeState.IN_REVIEW
    assert after.verdicts[-1].opinion is Opinion.INCONCLUSIVE
    assert after.asked


async def test_a_reviewer_cannot_speak_for_another(on: Stage) -> None:
    class Liar(Says):
        async def review(self, subject):  # type: ignore[no-untyped-def]
            return replace(await Says("ana", kind=ReviewerKind.PERSON).review(subject), revision=9)

    on.bench.checks = [Liar()]
    after = await on.see_to(await low(on))
    said = after.verdicts[-1]
    assert (said.reviewer, said.kind, said.revision) == ("secrets", ReviewerKind.STATIC, 1)


async def test_the_model_may_raise_the_class(on: Stage) -> None:
    on.bench.model = Says("model", kind=LLM, raises_to=RiskClass.HIGH)
    after = await on.see_to(await low(on))
    assert (after.newest.risk, after.state) == (RiskClass.HIGH, ChangeState.IN_REVIEW)
    assert "high" in after.asked


async def test_reviewers_are_given_the_whole_subject(on: Stage) -> None:
    on.bench.model = Says("model", kind=LLM)
    made = await on.see_to(await low(on))
    (subject,) = on.bench.model.seen
    assert subject.change.id == made.id
    assert [patch.path for patch in subject.patches] == ["numbers.txt"]
    assert [each.reviewer for each in subject.earlier] == ["secrets"]
    assert subject.patches[0].hunks[0].id == made.newest.hunks[0].id


async def test_nobody_looks_twice_at_the_same_revision(on: Stage) -> None:
    made = await low(on)
    await on.see_to(made)
    await on.see_to(made)
    assert len(on.bench.checks[0].seen) == 1
    await on.submit(change=1)
    await on.see_to(made)
    assert len(on.bench.checks[0].seen) == 2


async def test_a_change_that_is_too_large_is_said_to_its_maker(tmp_path: Path) -> None:
    lines = {**LINES, RiskClass.LOW: 3}
    on = stage(tmp_path, Scene(), rules=ChangeRules(lines=lines))
    on.bench.model = Says("model", kind=LLM)
    on.commit(numbers__txt=MORE, other__txt="one\ntwo\n")
    after = await on.see_to(await on.submit())
    assert "3 are the most" in after.asked
    assert after.comments[-1].by == "assent"
    assert "could be split" in after.comments[-1].text
    assert on.bench.model.seen == []


async def test_what_came_back_too_often_waits_for_a_person(on: Stage) -> None:
    made = await low(on)
    for number in range(3):
        done(await decide.send_back(on.gate, 1, ANA, reason=f"no {number}"))
        await on.submit(change=1)
    after = await on.see_to(made)
    assert "sent back 3 times" in after.asked
    assert after.verdicts[-1].kind is ReviewerKind.PERSON


async def test_an_accepted_part_is_built_before_it_waits(on: Stage) -> None:
    made = await low(on)
    first = made.newest.hunks[0].id
    done(await decide.accept(on.gate, 1, ANA, hunks=[first]))
    after = await on.see_to(made)
    assert after.state is ChangeState.QUEUED
    assert after.part is not None
    assert isinstance(after.newest.payload, TreePayload)
    assert after.part.tree not in (after.newest.payload.tree, after.newest.payload.base)
    assert after.part.revision == 1


@pytest.mark.parametrize(
    ("agent", "state"),
    [("claude-code", ChangeState.CHANGES_REQUESTED), ("", ChangeState.IN_REVIEW)],
)
async def test_an_error_found_by_a_check_goes_back_to_an_agent(
    on: Stage, agent: str, state: ChangeState
) -> None:
    wrong = Finding("f", "secrets", "key", Severity.ERROR, "a key", path="numbers.txt", line=3)
    on.bench.checks = [Says(findings=(wrong,), opinion=Opinion.CHANGES)]
    on.bench.model = Says("model", kind=LLM)
    after = await on.see_to(await low(on, agent=agent))
    assert after.state is state
    assert on.bench.model.seen == []
    if agent:
        assert after.returned == 1
        assert "numbers.txt:3" in when_back(after)


async def test_a_review_that_a_kill_ended_is_made_again(on: Stage) -> None:
    on.commit(notes__md="# Notes\n\nMore.\n")
    made = await on.submit()
    begun = review_started(made, ["secrets"], at=2_000_000)
    assert isinstance(begun, Change)
    await on.scene.store.write(lambda tx: tx.save_change(begun), durable=True)
    after = await on.see_to(made)
    assert (after.state, after.reviewing) == (ChangeState.QUEUED, ())


async def test_two_processes_accept_and_queue_it_once(on: Stage) -> None:
    on.commit(notes__md="# Notes\n\nMore.\n")
    made = await on.submit()
    await asyncio.gather(*(see_to(on.gate, made.id) for _ in range(4)))
    after = await on.see_to(made)
    assert after.state is ChangeState.QUEUED
    assert len(after.acceptances) == 1
    assert on.entries(made).count("accepted") == on.entries(made).count("queued") == 1


async def test_what_cannot_be_had_now_is_tried_again(on: Stage) -> None:
    made = await low(on)
    gone = on.folder.parent / "assent" / "repos"
    gone.rename(gone.with_name("away"))
    gone.write_text("")
    with pytest.raises(UnavailableError):
        await see_to(on.gate, made.id)
    assert not on.now(made).asked
    gone.unlink()
    gone.with_name("away").rename(gone)
    assert (await on.see_to(made)).verdicts


async def test_a_person_hears_of_what_cannot_be_reviewed(on: Stage) -> None:
    made = await low(on)
    await give_up(on.gate, made.id, UnavailableError("The disk is full."))
    assert "The disk is full" in on.now(made).asked


async def test_the_loop_sees_to_what_is_there_and_to_what_comes(on: Stage) -> None:
    on.commit(notes__md="# Notes\n\nMore.\n")
    first = await on.submit()
    work = asyncio.create_task(ReviewWork(on.gate).run())
    try:
        await until(on, first, ChangeState.QUEUED)
        second = await on.submit(title="Once more")
        await until(on, second, ChangeState.QUEUED)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def until(on: Stage, change: Change, state: ChangeState) -> None:
    moved = asyncio.Event()
    on.scene.store.on_commit(lambda _: moved.set())
    async with asyncio.timeout(30):
        while on.now(change).state is not state:
            await moved.wait()
            moved.clear()
