"""What people say about a change, and what its maker is told."""

import pytest

from assent.app.agents import SessionEvent, Tell
from assent.app.changes import decide
from assent.app.changes.decide import Remark
from assent.app.changes.saying import Voice
from assent.app.changes.told import as_data, told_at_start, when_back
from assent.app.record_outcome import record_session
from assent.core.changes.landing import ejected
from assent.core.changes.lifecycle import Cause, Refusal
from assent.core.changes.model import Change, ChangeState, Stance
from assent.core.proposals import AgentSession
from assent.errors import NotFoundError, UnavailableError
from tests.app.changes.scene import ANA, NUMBERS, Stage, done, git

MORE = NUMBERS.replace("line 2 = 2", "line 2 = 200").replace("line 25 = 25", "line 25 = 250")


async def submitted(on: Stage, **said: object) -> Change:
    on.commit(numbers__txt=MORE)
    return await on.submit(**said)


def cause(outcome: Change | Refusal) -> Cause:
    assert isinstance(outcome, Refusal), outcome
    return outcome.cause


async def test_an_acceptance_is_recorded_and_sealed(on: Stage) -> None:
    made = await submitted(on)
    after = done(await decide.accept(on.gate, 1, ANA, reason="fine"))
    assert after.state is ChangeState.APPROVED
    assert on.entries(made) == ["submitted", "accepted"]
    assert not on.scene.store.read(lambda view: view.unsealed())


async def test_what_cannot_be_recorded_did_not_happen(on: Stage) -> None:
    made = await submitted(on)
    on.scene.store.fault = "disk full"
    with pytest.raises(UnavailableError):
        await decide.accept(on.gate, 1, ANA)
    on.scene.store.fault = ""
    assert on.now(made).state is ChangeState.IN_REVIEW


async def test_hunks_are_named_by_the_beginning_of_their_id_or_by_path(on: Stage) -> None:
    on.write(other__txt="new\n")
    made = await submitted(on)
    first = next(each for each in made.newest.hunks if each.path == "numbers.txt")
    after = done(await decide.accept(on.gate, 1, ANA, hunks=[first.id[:8], "other.txt"]))
    assert after.state is ChangeState.PARTLY_APPROVED
    assert len(after.acceptances[-1].hunks) == 2


@pytest.mark.parametrize("name", ["ab", "zzzzzzzz", "gone.txt", ""])
async def test_what_names_no_hunk_accepts_none(on: Stage, name: str) -> None:
    await submitted(on)
    assert cause(await decide.accept(on.gate, 1, ANA, hunks=[name])) is Cause.UNKNOWN_HUNK


async def test_what_was_looked_at_is_what_is_decided(on: Stage) -> None:
    made = await submitted(on)
    old = Voice(by="ana", via="web", version=made.version, revision=1)
    await on.submit(change=1)
    assert cause(await decide.accept(on.gate, 1, old)) is Cause.STALE_REVISION
    assert cause(await decide.send_back(on.gate, 1, old, reason="no")) is Cause.STALE_REVISION


async def test_a_part_that_cannot_stand_alone_names_what_it_needs(on: Stage) -> None:
    git(on.folder, "rm", "-q", "notes.md")
    (on.folder / "notes.md").mkdir()
    (on.folder / "notes.md" / "one.md").write_text("one\n")
    git(on.folder, "add", "-A")
    git(on.folder, "commit", "-q", "-m", "a folder now")
    made = await on.submit()
    comes = next(each for each in made.newest.hunks if each.path == "notes.md/one.md")
    refusal = await decide.accept(on.gate, 1, ANA, hunks=[comes.id])
    assert cause(refusal) is Cause.CANNOT_BE_SPLIT
    assert isinstance(refusal, Refusal)
    assert "notes.md" in refusal.message


async def test_who_made_it_does_not_accept_it(on: Stage) -> None:
    await submitted(on)
    agent = Voice(by="plain", via="cli")
    assert cause(await decide.accept(on.gate, 1, agent)) is Cause.MAKER
    taken = await decide.set_stances(on.gate, 1, agent, hunks=["numbers.txt"], stance=Stance.ACCEPT)
    assert cause(taken) is Cause.MAKER


async def test_its_maker_is_told_what_to_change(on: Stage) -> None:
    made = await submitted(on)
    first, second = made.newest.hunks
    done(
        await decide.comment(on.gate, 1, ANA, Remark(text="why 250?", path="numbers.txt", line=26))
    )
    after = done(
        await decide.send_back(on.gate, 1, ANA, reason="only the first", hunks=[second.id])
    )
    assert after.state is ChangeState.CHANGES_REQUESTED
    told = when_back(after)
    assert "ana asks for changes: only the first" in told
    assert "numbers.txt:26: ana: why 250?" in told
    assert "ana rejects this hunk" in told
    assert "assent change submit --change CH-1" in told
    points = as_data(after)["points"]
    assert isinstance(points, list)
    assert [point["kind"] for point in points if isinstance(point, dict)] == [
        "comment",
        "rejected",
    ]
    assert first.id not in {each.hunk for each in after.stances}


async def test_an_agent_that_starts_hears_what_came_back(on: Stage) -> None:
    await submitted(on)
    read = on.scene.store.read
    assert read(lambda view: told_at_start(view, str(on.folder))) == ""
    done(await decide.send_back(on.gate, 1, ANA, reason="shorter"))
    assert "shorter" in read(lambda view: told_at_start(view, str(on.folder)))
    assert read(lambda view: told_at_start(view, "/elsewhere")) == ""
    await on.submit(change=1)
    assert read(lambda view: told_at_start(view, str(on.folder))) == ""


async def test_what_could_not_be_merged_says_how_to_go_on(on: Stage) -> None:
    made = await submitted(on)
    accepted = done(await decide.accept(on.gate, 1, ANA))
    out = ejected(accepted, at=3_000_000, why="it conflicts with what is in `main`")
    assert isinstance(out, Change)
    await on.scene.store.write(lambda tx: tx.save_change(out), durable=True)
    told = when_back(on.now(made))
    assert "it could not be merged: it conflicts" in told
    assert "bring `main` into your branch" in told
    again = done(await decide.merge_again(on.gate, 1, ANA))
    assert again.state is ChangeState.QUEUED


async def test_comments_drafts_and_giving_up(on: Stage) -> None:
    made = await submitted(on, draft=True)
    assert made.state is ChangeState.DRAFT
    said = done(await decide.comment(on.gate, 1, ANA, Remark(text="soon?")))
    comment_id = said.comments[0].id
    assert done(await decide.resolve(on.gate, 1, ANA, comment_id=comment_id)).comments[0].resolved
    assert done(await decide.make_ready(on.gate, 1, ANA)).state is ChangeState.IN_REVIEW
    assert done(await decide.abandon(on.gate, 1, ANA)).state is ChangeState.ABANDONED
    assert cause(await decide.accept(on.gate, 1, ANA)) is Cause.WRONG_STATE
    assert on.entries(made) == ["submitted", "commented", "resolved", "ready", "abandoned"]


async def test_what_somebody_looked_at_is_remembered(on: Stage) -> None:
    made = await submitted(on)
    await decide.mark_seen(on.gate, 1, Voice(by="ana", via="web", revision=1))
    await on.submit(change=1)
    await decide.mark_seen(on.gate, 1, Voice(by="ana", via="web", revision=2))
    look = on.scene.store.read(lambda view: view.looked(made.id, "ana"))
    assert look is not None


async def test_an_unknown_change_is_said_to_be_unknown(on: Stage) -> None:
    with pytest.raises(NotFoundError, match="CH-9"):
        await decide.accept(on.gate, 9, ANA)


async def test_the_start_of_a_run_tells_it(on: Stage) -> None:
    await submitted(on)
    done(await decide.send_back(on.gate, 1, ANA, reason="shorter"))
    session = AgentSession("plain", "s2", str(on.folder), str(on.folder))
    answer = await record_session(on.gate, SessionEvent(session, "start"))
    assert isinstance(answer, Tell)
    assert "CH-1 (Count on) came back to you" in answer.message
