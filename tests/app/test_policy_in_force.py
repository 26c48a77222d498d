"""A policy file changes nothing until a person has accepted it."""

import pytest

from assent.app.decide_request import Word, decide_request
from assent.app.policy_in_force import begin_policy, policy_given, policy_in_force
from assent.core.actions import PolicyEdit
from assent.core.approvals import State, Verdict
from assent.core.canonical import digest_of
from assent.errors import ConflictError
from tests.app.conftest import Scene
from tests.app.world import BUILT_IN, WORKSPACE

ACCEPT = Word(verdict=Verdict.APPROVE, by="ana", via="web", confirm="REQ-1")


async def in_force(scene: Scene) -> str:
    return (await policy_in_force(scene.gate, WORKSPACE)).digest


async def test_without_a_file_the_built_in_policy_holds(scene: Scene) -> None:
    assert await in_force(scene) == BUILT_IN.digest
    assert scene.waiting() == []


async def test_a_file_is_asked_about_once_and_changes_nothing(scene: Scene) -> None:
    scene.world.policy = b"mine"
    assert await in_force(scene) == BUILT_IN.digest
    assert await in_force(scene) == BUILT_IN.digest
    [request] = scene.waiting()
    action = request.proposal.action
    assert isinstance(action, PolicyEdit)
    assert action.after == digest_of(b"mine")


async def test_an_accepted_file_is_in_force_at_once(scene: Scene) -> None:
    scene.world.policy = b"mine"
    await in_force(scene)
    await decide_request(scene.gate, 1, ACCEPT)
    assert await in_force(scene) == digest_of(b"mine")
    assert scene.state(1) is State.CONSUMED
    assert scene.waiting() == []


async def test_whoever_looked_before_it_was_accepted_asks_nobody_again(scene: Scene) -> None:
    scene.world.policy = b"mine"
    await in_force(scene)
    await decide_request(scene.gate, 1, ACCEPT)
    await policy_given(scene.gate, WORKSPACE, None)
    assert scene.waiting() == []


async def test_the_accepted_text_holds_when_the_file_changes_again(scene: Scene) -> None:
    scene.world.policy = b"mine"
    await in_force(scene)
    scene.world.policy = b"theirs"
    await decide_request(scene.gate, 1, ACCEPT)
    assert await in_force(scene) == digest_of(b"mine")
    assert [request.number for request in scene.waiting()] == [2]


async def test_a_rejected_file_is_not_asked_about_again(scene: Scene) -> None:
    scene.world.policy = b"mine"
    await in_force(scene)
    word = Word(verdict=Verdict.REJECT, by="ana", via="web", reason="too loose")
    await decide_request(scene.gate, 1, word)
    assert await in_force(scene) == BUILT_IN.digest
    assert scene.waiting() == []


async def test_the_first_change_is_shown_against_the_built_in_file(scene: Scene) -> None:
    scene.world.policy = b"one\ntwo\nthree\n"
    await in_force(scene)
    [asked] = scene.waiting()
    assert isinstance(asked.proposal.action, PolicyEdit)
    lines = asked.proposal.action.diff.splitlines()[2:]
    assert [line for line in lines if line[0] in "+-"] == ["+three"]


async def test_a_file_that_is_no_policy_is_not_asked_about(scene: Scene) -> None:
    scene.world.policy = b"broken"
    assert await in_force(scene) == BUILT_IN.digest
    assert scene.waiting() == []


async def test_the_first_policy_begins_with_whoever_set_it_up(scene: Scene) -> None:
    scene.world.policy = b"mine"
    await begin_policy(scene.gate, WORKSPACE, by="ana", seen=digest_of(b"mine"))
    assert await in_force(scene) == digest_of(b"mine")
    assert scene.waiting() == []


async def test_only_what_was_shown_begins_and_only_once(scene: Scene) -> None:
    scene.world.policy = b"theirs"
    with pytest.raises(ConflictError, match="not the one that was shown"):
        await begin_policy(scene.gate, WORKSPACE, by="ana", seen=digest_of(b"mine"))
    assert await in_force(scene) == BUILT_IN.digest
    await begin_policy(scene.gate, WORKSPACE, by="ana", seen=digest_of(b"theirs"))
    scene.world.policy = b"mine"
    with pytest.raises(ConflictError, match="in force here already"):
        await begin_policy(scene.gate, WORKSPACE, by="ana", seen=digest_of(b"mine"))
    assert await in_force(scene) == digest_of(b"theirs")
