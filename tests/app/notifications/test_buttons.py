"""A button in Slack decides what it is hand enough for, and as whoever it is known to be."""

from dataclasses import replace
from typing import Any

import pytest

from assent.app.notifications.buttons import Press, Pressed, press
from assent.core.approvals import Request, State, Verdict
from assent.core.people.model import Factor, Passkey, Person
from assent.core.policy.model import Tier
from tests.app.notifications.desk import HOUR, Desk, person

ANA = person("ana", slack="U1")
BEN = person("ben", slack="U2")


async def pressed(desk: Desk, request: Request, **how: Any) -> Pressed:
    what = Press("U1", request.id, request.version, Verdict.APPROVE)
    return await press(desk.gate, replace(what, **how))


def stored(desk: Desk, request: Request) -> Request:
    found = desk.gate.store.read(lambda view: view.request(request.id))
    assert found is not None
    return found


async def test_an_approval_counts_and_says_where_it_came_from(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    asked = await desk.ask("ana")
    found = await pressed(desk, asked)
    assert found.is_taken
    assert found.outcome.startswith("REQ-1 is approved by ana")
    said = stored(desk, asked).decisions[-1]
    assert (said.by, said.via, said.factor) == ("ana", "slack", Factor.NONE)


async def test_a_rejection_carries_its_reason(desk: Desk) -> None:
    await desk.add(ANA)
    asked = await desk.ask("ana")
    found = await pressed(desk, asked, verdict=Verdict.REJECT, reason="use a revert commit")
    assert found.is_taken
    assert stored(desk, asked).state is State.REJECTED
    assert stored(desk, asked).decisions[-1].reason == "use a revert commit"


async def test_where_others_have_to_agree_too_it_stays_open(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    asked = await desk.ask("ana", "ben", quorum=2)
    found = await pressed(desk, asked)
    assert "others are still to agree" in found.outcome
    assert stored(desk, asked).state is State.PENDING


@pytest.mark.parametrize(
    ("people", "user"),
    [
        pytest.param([ANA], "U9", id="nobody"),
        pytest.param([replace(ANA, active=False), BEN], "U1", id="not-active"),
        pytest.param([ANA, replace(BEN, slack="U1")], "U1", id="two"),
        pytest.param([replace(ANA, slack=""), BEN], "", id="empty"),
    ],
)
async def test_whoever_is_not_known_decides_nothing_and_is_told_how(
    desk: Desk, people: list[Person], user: str
) -> None:
    await desk.add(*people)
    asked = await desk.ask("ana", "ben")
    found = await pressed(desk, asked, user=user)
    assert not found.is_taken
    assert f"--slack {user}" in found.says
    assert stored(desk, asked) == asked


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
@pytest.mark.parametrize(
    ("how", "whose"),
    [
        pytest.param({"tier": Tier.REVIEW}, {}, id="to-be-read"),
        pytest.param({"tier": Tier.APPROVE}, {}, id="to-be-typed"),
        pytest.param({"signed": True}, {}, id="to-be-signed"),
        pytest.param({}, {"passkeys": (Passkey("p", "k", "laptop", 1),)}, id="has-a-passkey"),
    ],
)
async def test_what_takes_more_of_a_hand_is_not_decided_by_a_button(
    desk: Desk, verdict: Verdict, how: dict[str, Any], whose: dict[str, Any]
) -> None:
    """Also of a message that was sent before the person had a passkey."""
    await desk.add(replace(ANA, **whose))
    asked = await desk.ask("ana", **how)
    found = await pressed(desk, asked, verdict=verdict, reason="no")
    assert found == Pressed("REQ-1 cannot be decided by a button: open it.")
    assert stored(desk, asked) == asked


async def test_another_version_than_that_of_the_message_is_not_decided(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    asked = await desk.ask("ana", "ben", quorum=2)
    await desk.say(asked, "ben")
    found = await pressed(desk, asked)
    assert not found.is_taken
    assert "changed while you looked" in found.says
    assert found.outcome == ""


async def test_what_is_decided_stays_so_and_is_told(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    asked = await desk.ask("ana", "ben")
    await desk.say(asked, "ben", Verdict.REJECT)
    found = await pressed(desk, asked)
    assert not found.is_taken
    assert found.outcome.startswith("REQ-1 is rejected by ben")


async def test_whoever_is_not_asked_decides_nothing(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    asked = await desk.ask("ben")
    found = await pressed(desk, asked)
    assert not found.is_taken
    assert stored(desk, asked) == asked


async def test_whose_agent_asks_does_not_approve_it(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    asked = await desk.ask("ana", "ben", asker="ana", separate=True)
    assert not (await pressed(desk, asked)).is_taken


async def test_what_has_expired_is_not_decided(desk: Desk) -> None:
    await desk.add(ANA)
    asked = await desk.ask("ana")
    desk.scene.clock.advance(25 * HOUR)
    assert not (await pressed(desk, asked)).is_taken


async def test_a_request_that_is_gone(desk: Desk) -> None:
    await desk.add(ANA)
    asked = await desk.ask("ana")
    found = await pressed(desk, replace(asked, id="another"))
    assert (found.is_taken, found.outcome) == (False, "This request is gone.")


async def test_what_cannot_be_recorded_is_not_decided(desk: Desk) -> None:
    await desk.add(ANA)
    asked = await desk.ask("ana")
    desk.scene.store.fault = "the disk is full"
    found = await pressed(desk, asked)
    assert not found.is_taken
    assert "the disk is full" in found.says
