"""Time denies and brings back; it never approves."""

from assent.app.decide_request import Word, decide_request
from assent.app.run_timers import run_timers
from assent.app.submit_action import submit_action
from assent.core.approvals import Request, State, Verdict
from tests.app.conftest import Scene, proposal
from tests.app.world import BUILT_IN

HOUR = 3_600_000


async def test_a_question_nobody_answers_is_denied(scene: Scene) -> None:
    await submit_action(scene.gate, proposal())
    scene.clock.advance(BUILT_IN.expires_ms - 1)
    assert await run_timers(scene.gate) == 0
    scene.clock.advance(1)
    assert await run_timers(scene.gate) == 1
    assert scene.state(1) is State.EXPIRED
    assert await run_timers(scene.gate) == 0


async def test_an_approval_nobody_uses_lapses(scene: Scene) -> None:
    await submit_action(scene.gate, proposal())
    await decide_request(
        scene.gate, 1, Word(verdict=Verdict.APPROVE, by="ana", via="cli", confirm="read")
    )
    scene.clock.advance(BUILT_IN.expires_ms)
    await run_timers(scene.gate)
    assert scene.state(1) is State.EXPIRED


async def test_a_delayed_request_leaves_the_inbox_and_comes_back(scene: Scene) -> None:
    await submit_action(scene.gate, proposal())
    until = scene.clock.now() + HOUR
    word = Word(verdict=Verdict.DELAY, by="ana", via="web", until=until)
    delayed = await decide_request(scene.gate, 1, word)
    assert isinstance(delayed, Request)
    assert scene.waiting() == []
    scene.clock.advance(HOUR)
    await run_timers(scene.gate)
    assert [request.number for request in scene.waiting()] == [1]


async def test_a_request_delayed_past_its_expiry_can_still_be_decided(scene: Scene) -> None:
    await submit_action(scene.gate, proposal())
    until = scene.clock.now() + BUILT_IN.expires_ms + HOUR
    word = Word(verdict=Verdict.DELAY, by="ana", via="web", until=until)
    await decide_request(scene.gate, 1, word)
    scene.clock.advance(BUILT_IN.expires_ms + HOUR)
    await run_timers(scene.gate)
    decided = await decide_request(
        scene.gate, 1, Word(verdict=Verdict.APPROVE, by="ana", via="cli", confirm="read")
    )
    assert isinstance(decided, Request)
    assert decided.state is State.APPROVED
