"""What happens to a call between its proposal and its answer."""

from dataclasses import replace

import pytest

from assent.app.agents import (
    Abilities,
    AskThere,
    LetThrough,
    LetThroughChanged,
    Refuse,
    ToolFinished,
)
from assent.app.decide_request import Word, decide_request
from assent.app.question import PROMPT_MS, Waiting
from assent.app.record_outcome import record_outcome
from assent.app.submit_action import submit_action
from assent.core.actions import Command, FileEdit, Plan
from assent.core.approvals import Cause, Refusal, Request, State, Verdict
from assent.core.facts import PlanState
from assent.core.policy import AskIn
from assent.errors import NotFoundError, UnavailableError, UsageError
from tests.app.conftest import Scene, proposal
from tests.app.world import BUILT_IN, StillPolicies


async def asked(scene: Scene, text: str = "make release") -> Request:
    submitted = await submit_action(scene.gate, proposal(text))
    assert isinstance(submitted, Waiting), submitted
    return submitted.request


def approve(*, by: str = "ana", version: int | None = None) -> Word:
    return Word(verdict=Verdict.APPROVE, by=by, via="cli", version=version, confirm="read")


def reject(reason: str = "not now") -> Word:
    return Word(verdict=Verdict.REJECT, by="ana", via="web", reason=reason)


async def test_a_safe_call_passes_and_opens_nothing(scene: Scene) -> None:
    assert await submit_action(scene.gate, proposal("ls")) == LetThrough()
    assert scene.waiting() == []


async def test_a_call_that_cannot_be_recorded_is_not_answered(scene: Scene) -> None:
    scene.store.fault = "The disk is full."
    with pytest.raises(UnavailableError, match="disk is full"):
        await submit_action(scene.gate, proposal("ls"))


async def test_an_approval_passes_the_same_call_once(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, approve())
    assert await submit_action(scene.gate, proposal()) == LetThrough()
    assert scene.state(request.number) is State.CONSUMED
    assert (await asked(scene)).number != request.number


async def test_an_approval_passes_no_other_call(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, approve())
    other = await asked(scene, "make release --force")
    assert other.number != request.number
    assert scene.state(request.number) is State.APPROVED


async def test_an_approval_passes_the_call_from_a_later_run(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, approve())
    later = proposal(session_id="s2")
    assert await submit_action(scene.gate, later) == LetThrough()


async def test_the_same_open_question_is_asked_once(scene: Scene) -> None:
    assert (await asked(scene)).number == (await asked(scene)).number
    assert len(scene.waiting()) == 1


async def test_a_modified_call_passes_changed(scene: Scene) -> None:
    request = await asked(scene)
    word = Word(verdict=Verdict.MODIFY, by="ana", via="web", text="make check", confirm="1")
    await decide_request(scene.gate, request.number, word)
    assert await submit_action(scene.gate, proposal()) == LetThroughChanged(b"make check")


async def test_a_rejected_call_is_not_asked_again_for_a_while(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, reject("use make check"))
    again = await submit_action(scene.gate, proposal())
    assert isinstance(again, Refuse)
    assert "use make check" in again.message
    assert scene.waiting() == []
    scene.clock.advance(BUILT_IN.repeat_rejection_ms + 1)
    assert (await asked(scene)).number != request.number


async def test_a_rejection_binds_only_its_run(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, reject())
    other = await submit_action(scene.gate, proposal(session_id="s2"))
    assert isinstance(other, Waiting)


async def test_an_expired_approval_passes_nothing(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, approve())
    scene.clock.advance(BUILT_IN.expires_ms)
    assert (await asked(scene)).number != request.number
    assert scene.state(request.number) is State.EXPIRED


# Decisions


async def test_the_second_decision_is_told_who_was_first(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, approve(by="ana"))
    second = await decide_request(scene.gate, request.number, reject())
    assert isinstance(second, Refusal)
    assert second.cause is Cause.ALREADY_DECIDED
    assert "approved by ana at 1970-01-01" in second.message


async def test_a_stale_version_changes_nothing(scene: Scene) -> None:
    request = await asked(scene)
    refusal = await decide_request(scene.gate, request.number, approve(version=9))
    assert isinstance(refusal, Refusal)
    assert scene.state(request.number) is State.PENDING


async def test_an_unknown_request_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFoundError, match="REQ-7"):
        await decide_request(scene.gate, 7, approve())


async def test_what_has_no_editable_part_cannot_be_modified(scene: Scene) -> None:
    submitted = await submit_action(scene.gate, proposal(Plan("# Plan")))
    assert isinstance(submitted, Waiting)
    word = Word(verdict=Verdict.MODIFY, by="ana", via="web", text="x")
    with pytest.raises(UsageError, match="no part that can be changed"):
        await decide_request(scene.gate, submitted.request.number, word)


async def test_a_decision_is_checkpointed(scene: Scene) -> None:
    request = await asked(scene)
    await decide_request(scene.gate, request.number, approve())
    assert not scene.store.read(lambda view: view.unsealed())


# Plans


async def test_a_plan_gates_and_what_follows_waits_for_it(scene: Scene) -> None:
    submitted = await submit_action(scene.gate, proposal(Plan("# Plan")))
    assert isinstance(submitted, Waiting)
    refused = await submit_action(scene.gate, proposal("make check"))
    assert isinstance(refused, Refuse)
    assert "plan" in refused.message
    assert await submit_action(scene.gate, proposal("ls")) == LetThrough()
    await decide_request(scene.gate, submitted.request.number, approve())
    assert isinstance(await submit_action(scene.gate, proposal("make release")), Waiting)


async def test_a_rejected_plan_lets_nothing_be_written(scene: Scene) -> None:
    submitted = await submit_action(scene.gate, proposal(Plan("# Plan")))
    assert isinstance(submitted, Waiting)
    await decide_request(scene.gate, submitted.request.number, reject())
    edit = FileEdit(changes=(), cwd="/w")
    for action in (edit, Command("make check", "/w")):
        assert isinstance(await submit_action(scene.gate, proposal(action)), Refuse)


async def test_planning_mode_lets_nothing_be_written_before_a_plan(scene: Scene) -> None:
    planning = proposal("make check")
    planning = replace(planning, session=replace(planning.session, mode="plan"))
    assert isinstance(await submit_action(scene.gate, planning), Refuse)


# The agent's own prompt


@pytest.fixture
def at_prompt(scene: Scene) -> Scene:
    scene.policies = StillPolicies(replace(BUILT_IN, ask_in=AskIn.AGENT))
    scene.agent.abilities = Abilities(ask_there=True)
    return scene


async def test_the_prompt_is_asked_where_somebody_sits_at_it(at_prompt: Scene) -> None:
    answer = await submit_action(at_prompt.gate, proposal(headless=False))
    assert isinstance(answer, AskThere)
    [request] = at_prompt.waiting()
    assert request.asked_in is AskIn.AGENT


@pytest.mark.parametrize("headless", [True, None])
async def test_nobody_known_at_the_prompt_means_the_inbox(
    at_prompt: Scene, headless: bool | None
) -> None:
    answer = await submit_action(at_prompt.gate, proposal(headless=headless))
    assert isinstance(answer, Waiting)


async def test_a_call_that_ran_was_approved_at_the_prompt(at_prompt: Scene) -> None:
    call = proposal(headless=False)
    await submit_action(at_prompt.gate, call)
    [request] = at_prompt.waiting()
    finished = ToolFinished(call.session, call.call_id, "sh", ok=True, payload=b"")
    await record_outcome(at_prompt.gate, finished)
    assert at_prompt.state(request.number) is State.CONSUMED


async def test_a_question_at_the_prompt_is_not_decided_elsewhere(at_prompt: Scene) -> None:
    await submit_action(at_prompt.gate, proposal(headless=False))
    [request] = at_prompt.waiting()
    refusal = await decide_request(at_prompt.gate, request.number, approve())
    assert isinstance(refusal, Refusal)
    assert refusal.cause is Cause.ASKED_ELSEWHERE


async def test_asking_again_at_the_prompt_voids_the_first_question(at_prompt: Scene) -> None:
    await submit_action(at_prompt.gate, proposal(headless=False))
    [first] = at_prompt.waiting()
    assert first.expires_at - first.created_at == PROMPT_MS
    await submit_action(at_prompt.gate, proposal(headless=False))
    assert at_prompt.state(first.number) is State.SUPERSEDED
    assert len(at_prompt.waiting()) == 1


async def test_plan_states_are_per_run(scene: Scene) -> None:
    submitted = await submit_action(scene.gate, proposal(Plan("# Plan")))
    assert isinstance(submitted, Waiting)
    state = scene.store.read(lambda view: view.plan_state(agent="plain", session_id="s1"))
    other = scene.store.read(lambda view: view.plan_state(agent="plain", session_id="s2"))
    assert (state, other) == (PlanState.OPEN, PlanState.NONE)
