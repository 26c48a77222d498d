"""People are told of what waits for them: once, on their channels, when they want to be told."""

from dataclasses import replace
from typing import Any

import pytest

from assent.app.notifications import news
from assent.app.notifications.items import Occasion, read_item
from assent.app.notifications.ports import Delivery
from assent.app.notifications.work import LEASE_MS
from assent.app.ports import Sending
from assent.core.approvals import Decision, Request, State, Verdict
from assent.core.changes.model import Change, ChangeState, Revision, TreePayload
from assent.core.people.model import Channel, Delegation, Need, Passkey
from assent.core.policy.model import AskIn, Tier
from assent.core.risk.factors import RiskClass
from tests.app.notifications.desk import BROKEN, HOUR, LINK, Desk, channel, names, person

MINUTE = 60_000
DAY = 24 * HOUR
ANA = person("ana", channel("a"))
BEN = person("ben", channel("b"))
UNSURE = Delivery(is_sent=False, fault="the server took too long", is_sure=False)


# Who


async def test_those_who_can_decide_are_told_with_a_link_to_look(desk: Desk) -> None:
    await desk.add(ANA, BEN, person("eve", channel("e")), person("kim"))
    await desk.ask("ana", "kim", also=(Need("@security", ("ben",)),))
    sent = await desk.later()
    assert {each.url for each in sent} == {ANA.channels[0].url, BEN.channels[0].url}
    assert {each.link for each in sent} == {f"{LINK}/requests/REQ-1"}
    assert {each["person"] for each in desk.told(1)} == {"ana", "ben"}


async def test_where_nobody_is_named_everybody_is_told(desk: Desk) -> None:
    await desk.add(ANA, BEN, person("gone", channel("g"), active=False))
    await desk.ask()
    assert len(await desk.later()) == 2


@pytest.mark.parametrize(
    ("how", "told"),
    [
        pytest.param({}, {"ana", "ben"}, id="in-force"),
        pytest.param({"worst": RiskClass.LOW}, {"ana"}, id="too-grave"),
        pytest.param({"workspace": "/other"}, {"ana"}, id="elsewhere"),
        pytest.param({"until": 1_000_001}, {"ana"}, id="over"),
        pytest.param({"giver": "eve"}, {"ana"}, id="of-somebody-else"),
    ],
)
async def test_whoever_may_decide_for_one_of_them_is_told_too(
    desk: Desk, how: dict[str, Any], told: set[str]
) -> None:
    await desk.add(ANA, BEN, person("eve"))
    given = Delegation("d1", "ana", "ben", created_at=1, until=desk.now + DAY)
    await desk.store(lambda tx: tx.add_delegation(replace(given, **how)))
    await desk.ask("ana")
    await desk.later()
    assert {each["person"] for each in desk.told(1)} == told


async def test_without_channels_nothing_is_put_into_the_outbox(desk: Desk) -> None:
    await desk.add(person("ana"))
    await desk.ask()
    assert desk.rows(Sending.NEW) == []


async def test_what_the_agent_asks_at_its_own_prompt_is_no_news(desk: Desk) -> None:
    await desk.add(ANA)
    await desk.ask("ana", asked_in=AskIn.AGENT)
    assert await desk.later() == []


async def test_whoever_asks_is_not_told_where_they_may_not_decide(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    await desk.ask("ana", "ben", asker="ana", separate=True)
    await desk.later()
    assert [each["person"] for each in desk.told(1)] == ["ben"]


async def test_a_piece_of_news_is_told_once(desk: Desk) -> None:
    await desk.add(ANA)
    made = await desk.ask("ana")
    again = await desk.gate.store.write(
        lambda tx: news.tell_of_request(tx, made, Occasion.OPENED, now=desk.now), durable=True
    )
    assert again == 0
    assert len(await desk.later()) == 1
    assert await desk.later(HOUR) == []


# What no longer matters


async def test_what_was_decided_before_it_was_sent_is_not_sent(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    made = await desk.ask("ana", "ben")
    await desk.say(made, "ben")
    assert await desk.later() == []
    assert len(desk.rows(Sending.SENT)) == 2
    assert desk.told(1) == []


async def test_whoever_has_spoken_is_not_told_while_others_are_awaited(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    made = await desk.ask("ana", "ben", quorum=2)
    await desk.say(made, "ben")
    await desk.later()
    assert [each["person"] for each in desk.told(1)] == ["ana"]


async def test_what_is_decided_between_two_tries_is_not_tried_again(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    desk.notifier.answers[ANA.channels[0].url] = BROKEN
    made = await desk.ask("ana", "ben")
    assert len(await desk.later()) == 2
    await desk.say(made, "ben")
    assert await desk.later(DAY) == []
    assert desk.rows(Sending.NEW) == []


async def test_whoever_is_no_longer_active_is_not_told(desk: Desk) -> None:
    await desk.add(ANA)
    await desk.ask("ana")
    await desk.add(replace(ANA, active=False, version=2))
    assert await desk.later() == []


# Together, and not too often


async def test_what_comes_together_goes_out_in_one_message(desk: Desk) -> None:
    await desk.add(ANA)
    for _ in range(3):
        await desk.ask("ana")
    assert names(await desk.later()) == [["REQ-1", "REQ-2", "REQ-3"]]


async def test_many_that_are_alike_become_a_digest(desk: Desk) -> None:
    await desk.add(ANA)
    for number in range(7):
        await desk.ask("ana", risk=RiskClass.HIGH if number == 4 else RiskClass.LOW)
    (sent,) = await desk.later()
    assert sent.title == "▲ high: 7 wait for you"
    assert sent.link == f"{LINK}/"
    assert len(sent.subjects) == 7


async def test_a_channel_is_used_once_a_minute_but_for_what_is_irreversible(desk: Desk) -> None:
    await desk.add(ANA)
    await desk.ask("ana")
    assert names(await desk.later()) == [["REQ-1"]]
    await desk.ask("ana")
    await desk.ask("ana", risk=RiskClass.IRREVERSIBLE)
    assert names(await desk.later(10_000)) == [["REQ-3"]]
    assert await desk.later(40_000) == []
    assert names(await desk.later(20_001)) == [["REQ-2"]]


async def test_what_waits_for_its_turn_counts_as_no_attempt(desk: Desk) -> None:
    await desk.add(ANA)
    await desk.ask("ana")
    await desk.later()
    await desk.ask("ana")
    await desk.later(5_000)
    (row,) = desk.rows(Sending.NEW)
    assert row.attempts == 0


# What a person wants of a channel


@pytest.mark.parametrize(
    ("how", "risk", "told"),
    [
        pytest.param({}, RiskClass.TRIVIAL, True, id="all"),
        pytest.param({"worst_only": RiskClass.HIGH}, RiskClass.MEDIUM, False, id="too-small"),
        pytest.param({"worst_only": RiskClass.HIGH}, RiskClass.HIGH, True, id="bad-enough"),
        pytest.param({"paused": True}, RiskClass.IRREVERSIBLE, False, id="paused"),
    ],
)
async def test_a_channel_takes_what_it_is_for(
    desk: Desk, how: dict[str, Any], risk: RiskClass, told: bool
) -> None:
    await desk.add(person("ana", channel("a", **how)))
    await desk.ask("ana", risk=risk)
    assert bool(await desk.later()) is told
    assert desk.rows(Sending.NEW) == []


@pytest.mark.parametrize(
    ("urgent", "risk", "at_once"),
    [
        pytest.param(False, RiskClass.HIGH, False, id="can-wait"),
        pytest.param(True, RiskClass.HIGH, False, id="not-bad-enough"),
        pytest.param(False, RiskClass.IRREVERSIBLE, False, id="not-on-this-channel"),
        pytest.param(True, RiskClass.IRREVERSIBLE, True, id="urgent"),
    ],
)
async def test_in_quiet_hours_only_what_is_urgent_is_sent(
    desk: Desk, urgent: bool, risk: RiskClass, at_once: bool
) -> None:
    desk.scene.clock.at = 1_700_000_000_000  # a Tuesday, 22:13 UTC
    quiet = ("mon-sun 20:00-24:00", "mon-sun 00:00-07:00")
    await desk.add(person("ana", channel("a", urgent=urgent), quiet=quiet))
    await desk.ask("ana", risk=risk)
    assert bool(await desk.later()) is at_once
    assert bool(await desk.later(8 * HOUR)) is False
    assert bool(await desk.later(HOUR)) is not at_once


# Channels that break


async def test_one_broken_channel_does_not_repeat_the_others(desk: Desk) -> None:
    ana = person("ana", channel("well"), channel("broken"))
    await desk.add(ana)
    broken = ana.channels[1].url
    desk.notifier.answers[broken] = BROKEN
    await desk.ask("ana")
    assert len(await desk.later()) == 2
    assert [each.url for each in await desk.later(5 * MINUTE)] == [broken]
    del desk.notifier.answers[broken]
    assert [each.url for each in await desk.later(HOUR)] == [broken]
    assert await desk.later(DAY) == []
    assert [each["channels"] for each in desk.told(1)] == [["Hook well"], ["Hook broken"]]
    assert [row.fault for row in desk.rows(Sending.SENT)] == [""]


async def test_in_the_end_it_is_dead_and_people_see_why(desk: Desk) -> None:
    await desk.add(ANA)
    desk.notifier.answers[ANA.channels[0].url] = BROKEN
    await desk.ask("ana", expires_at=desk.now + 90 * DAY)
    tries = 0
    for _ in range(200):
        tries += len(await desk.later(HOUR))
    (dead,) = desk.rows(Sending.DEAD)
    assert tries <= 12
    assert dead.fault == "Hook a: the server answered 500"
    assert "s3cret" not in dead.fault
    assert desk.told(1) == []


async def test_an_address_that_is_none_is_given_up_at_once(desk: Desk) -> None:
    await desk.add(ANA)
    desk.notifier.answers[ANA.channels[0].url] = Delivery(
        is_sent=False, fault="no address", for_good=True
    )
    await desk.ask("ana")
    await desk.later()
    assert len(desk.rows(Sending.DEAD)) == 1


async def test_a_channel_that_was_removed_meanwhile_holds_nothing_up(desk: Desk) -> None:
    await desk.add(ANA)
    desk.notifier.answers[ANA.channels[0].url] = BROKEN
    await desk.ask("ana")
    await desk.later()
    await desk.add(replace(ANA, channels=(), version=2))
    await desk.later(HOUR)
    assert [row.state for row in desk.rows(Sending.SENT)] == [Sending.SENT]


# Daemons that die


async def test_what_was_claimed_by_a_killed_daemon_is_sent_after_its_lease(desk: Desk) -> None:
    await desk.add(ANA)
    await desk.ask("ana")
    desk.scene.clock.advance(5_000)
    assert await desk.work._outbox.claim()
    desk.restart()
    assert await desk.later(1_000) == []
    assert names(await desk.later(LEASE_MS + MINUTE)) == [["REQ-1"]]
    assert len(desk.told(1)) == 1


async def test_a_message_that_may_have_been_sent_is_sent_again_as_it_was(desk: Desk) -> None:
    await desk.add(ANA)
    desk.notifier.answers[ANA.channels[0].url] = UNSURE
    await desk.ask("ana")
    await desk.ask("ana")
    (first,) = await desk.later()
    await desk.ask("ana")
    desk.restart()
    desk.notifier.answers.clear()
    sent = await desk.later(MINUTE)
    assert (sent[0].id, names(sent)[0]) == (first.id, ["REQ-1", "REQ-2"])
    assert names(await desk.later(2 * MINUTE)) == [["REQ-3"]]


async def test_what_surely_was_not_sent_goes_out_with_what_came_since(desk: Desk) -> None:
    await desk.add(ANA)
    desk.notifier.answers[ANA.channels[0].url] = BROKEN
    await desk.ask("ana")
    await desk.later()
    await desk.ask("ana")
    desk.notifier.answers.clear()
    assert names(await desk.later(2 * MINUTE)) == [["REQ-1", "REQ-2"]]


async def test_whoever_comes_back_late_changes_nothing(desk: Desk) -> None:
    """A daemon that slept with a message in its hands, while another one took it over."""
    await desk.add(ANA)
    await desk.ask("ana")
    desk.scene.clock.advance(5_000)
    late = await desk.work._outbox.claim()
    other = Desk(desk.scene, desk.notifier)
    assert len(await other.later(LEASE_MS + MINUTE)) == 1
    await desk.work.tell(late)
    assert len(desk.notifier.sent) == 1
    assert len(desk.told(1)) == 1


# Other news


def decided(request: Request, **how: Any) -> Request:
    said = Decision(
        verdict=Verdict.APPROVE,
        by="ben",
        at=2,
        version=1,
        subject=request.subject,
    )
    return replace(
        request,
        state=State.APPROVED,
        version=2,
        decisions=(replace(said, **how),),
    )


async def test_whoever_let_others_decide_is_told_what_was_decided_in_their_name(
    desk: Desk,
) -> None:
    await desk.add(ANA, BEN)
    made = decided(await desk.ask("eve"), in_name_of="ana")
    await desk.gate.store.write(
        lambda tx: news.tell_of_decision(tx, made, now=desk.now), durable=True
    )
    (sent,) = await desk.later()
    assert sent.title == "◆ medium: REQ-1 was decided in your name"


async def test_whose_agent_asked_is_told_what_others_decided(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    made = replace(decided(await desk.ask("eve")), asker="ana")
    own = replace(made, asker="ben")
    await desk.gate.store.write(
        lambda tx: (
            news.tell_of_decision(tx, own, now=desk.now),
            news.tell_of_decision(tx, made, now=desk.now),
        ),
        durable=True,
    )
    assert [each.url for each in await desk.later()] == [ANA.channels[0].url]


async def test_to_whom_it_is_referred_is_told(desk: Desk) -> None:
    await desk.add(ANA, BEN)
    made = await desk.ask("eve")
    said = replace(decided(made, verdict=Verdict.REFER, to=("ana",)), state=State.PENDING)
    await desk.store(lambda tx: tx.save_request(said))
    await desk.store(lambda tx: news.tell_of_decision(tx, said, now=desk.now))
    (sent,) = await desk.later()
    assert sent.title == "◆ medium: REQ-1 was referred to you"


async def test_security_is_told_on_all_channels_in_the_night_too(desk: Desk) -> None:
    ana = person(
        "ana",
        channel("paused", paused=True),
        channel("worst", worst_only=RiskClass.IRREVERSIBLE),
        quiet=("mon-sun 00:00-24:00",),
    )
    await desk.add(ana)
    await desk.gate.store.write(
        lambda tx: news.tell_of_security(tx, ana, "a new passkey: laptop", now=desk.now),
        durable=True,
    )
    sent = await desk.later(0)
    assert len(sent) == 2
    assert "a new passkey: laptop" in sent[0].body
    assert sent[0].link == f"{LINK}/account"


def change() -> Change:
    revision = Revision(
        number=1,
        payload=TreePayload("b", "c", "t"),
        by="plain",
        session="s",
        model="",
        at=1,
        risk=RiskClass.HIGH,
        reasons=(),
        hunks=(),
    )
    return Change(
        id="change-1",
        number=4,
        title="pay: rounds half up",
        plan="",
        plan_approved=False,
        workspace="/w/shop",
        repository="/w/shop/.git",
        branch="agent/x",
        target="main",
        owner="ben",
        agent="plain",
        state=ChangeState.IN_REVIEW,
        version=1,
        created_at=1,
        updated_at=1,
        revisions=(revision,),
    )


@pytest.mark.parametrize(
    ("how", "is_told"),
    [
        pytest.param({}, True, id="waits"),
        pytest.param({"awaited": ("ana",)}, True, id="waits-for-her"),
        pytest.param({"awaited": ("ben",)}, False, id="waits-for-others"),
        pytest.param({"state": ChangeState.MERGED}, False, id="merged-meanwhile"),
    ],
)
async def test_a_change_that_waits_is_told_while_it_does(
    desk: Desk, how: dict[str, Any], is_told: bool
) -> None:
    await desk.add(ANA)
    await desk.store(lambda tx: tx.add_change(replace(change(), **how)))
    await desk.store(
        lambda tx: news.tell_of_change(
            tx, change(), Occasion.CHANGE_WAITS, to=("ana",), risk=RiskClass.HIGH, now=desk.now
        )
    )
    sent = await desk.later()
    assert bool(sent) is is_told
    if sent:
        assert sent[0].title == "▲ high: CH-4 waits for you"
        assert "in shop" in sent[0].body
        assert sent[0].link == f"{LINK}/changes/CH-4"


# Buttons


@pytest.mark.parametrize(
    ("how", "whose", "pressed"),
    [
        pytest.param({}, {"slack": "U1"}, True, id="can"),
        pytest.param({}, {}, False, id="not-linked"),
        pytest.param({"tier": Tier.REVIEW}, {"slack": "U1"}, False, id="to-be-read"),
        pytest.param({"tier": Tier.APPROVE}, {"slack": "U1"}, False, id="to-be-typed"),
        pytest.param({"signed": True}, {"slack": "U1"}, False, id="to-be-signed"),
        pytest.param(
            {},
            {"slack": "U1", "passkeys": (Passkey("p", "k", "laptop", 1),)},
            False,
            id="has-a-passkey",
        ),
    ],
)
async def test_a_button_is_offered_where_it_is_hand_enough(
    desk: Desk, how: dict[str, Any], whose: dict[str, Any], pressed: bool
) -> None:
    await desk.add(person("ana", channel("a"), **whose))
    await desk.ask("ana", **how)
    (sent,) = await desk.later()
    assert bool(sent.subjects[0].request) is pressed
    assert sent.subjects[0].version == 1


# What stands in the outbox


async def test_no_secret_and_no_payload_is_in_the_outbox(desk: Desk) -> None:
    await desk.add(ANA)
    await desk.ask("ana", title="push with token=ghp_0123456789abcdefghijABCDEFGHIJ" + "x" * 300)
    (row,) = desk.rows(Sending.NEW)
    item = read_item(row.body)
    assert "ghp_" not in item.title
    assert len(item.title) <= news.TITLE
    assert b"json://" not in row.body
    assert row.place == "ana"


async def test_records_name_the_channel_by_its_label(desk: Desk) -> None:
    await desk.add(person("ana", Channel("a", "json://h.example/s3cret", "Phone", 1)))
    await desk.ask("ana")
    await desk.later()
    (told,) = desk.told(1)
    assert (told["person"], told["channels"], told["occasion"]) == ("ana", ["Phone"], "opened")
    assert "s3cret" not in str(told)
