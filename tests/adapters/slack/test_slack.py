"""Messages with buttons go out, and only what Slack signed just now comes in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from assent.adapters.slack.blocks import APPROVE, OPEN, REJECT, Carried, pack, unpack
from assent.adapters.slack.door import BoltDoor
from assent.adapters.slack.sender import SlackSender
from assent.app.notifications.buttons import Answer, Press, Pressed
from assent.app.notifications.ports import Message, Subject
from assent.core.approvals import Verdict
from assent.errors import UsageError
from tests.adapters.slack.slack import (
    SECRET,
    TOKEN,
    Api,
    button,
    signed,
    signing,
    slack_api,
    submission,
)

pytestmark = pytest.mark.network

LINK = "http://localhost:7422/requests/REQ-7"
CARRIED = Carried("id-7", 3, "REQ-7", "▲ high  push main", LINK)
TAKEN = Pressed("ok", is_taken=True, outcome="REQ-7 is approved by ana.")


@dataclass
class People:
    """Who decides: what was pressed, and what came of it."""

    comes: Pressed = TAKEN
    pressed: list[Press] = field(default_factory=list)

    async def press(self, what: Press) -> Pressed:
        self.pressed.append(what)
        return self.comes


@pytest.fixture
def api() -> Iterator[Api]:
    with slack_api() as found:
        yield found


def door(api: Api) -> BoltDoor:
    return BoltDoor(signing_secret=SECRET, token=TOKEN, api=api.url)


async def post(api: Api, people: People, payload: dict[str, object], **how: object) -> Answer:
    body, headers = signed(payload, **how)  # type: ignore[arg-type]
    return await door(api).answer(body, headers, people.press)


# Out


def message(*subjects: Subject) -> Message:
    return Message("m-1", "slack-app://U1", "REQ-7 waits", "body", LINK, False, subjects)


def subject(name: str = "REQ-7", *, pressed: bool = True) -> Subject:
    return Subject("out-1", "id-7" if pressed else "", name, 3, "▲ high  push main", LINK)


def shown(api: Api) -> list[list[str]]:
    """The buttons of each message that was posted."""
    return [
        [
            element["action_id"]
            for block in posted["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
        ]
        for posted in api.to("chat.postMessage")
    ]


async def test_what_can_be_decided_by_a_button_has_them(api: Api) -> None:
    found = await SlackSender(TOKEN, api=api.url).send([message(subject())])
    assert found["m-1"].is_sent
    assert shown(api) == [[OPEN, APPROVE, REJECT]]
    (posted,) = api.to("chat.postMessage")
    assert posted["channel"] == "U1"
    acts = posted["blocks"][-1]["elements"]
    assert acts[0]["url"] == LINK
    assert unpack(acts[1]["value"]) == CARRIED
    texts = [block["text"]["type"] for block in posted["blocks"][:-1]]
    assert texts == ["plain_text", "plain_text"]


async def test_what_cannot_has_only_a_link(api: Api) -> None:
    await SlackSender(TOKEN, api=api.url).send([message(subject(pressed=False))])
    assert shown(api) == [[OPEN]]


async def test_of_several_each_has_its_own_buttons(api: Api) -> None:
    some = [subject("REQ-7"), subject("REQ-8", pressed=False)]
    await SlackSender(TOKEN, api=api.url).send([message(*some)])
    assert shown(api) == [[OPEN, APPROVE, REJECT], [OPEN]]


async def test_many_are_told_in_one_message(api: Api) -> None:
    await SlackSender(TOKEN, api=api.url).send([message(*(subject() for _ in range(9)))])
    assert shown(api) == [[OPEN]]


@pytest.mark.parametrize(
    ("error", "for_good"),
    [("ratelimited", False), ("channel_not_found", True)],
)
async def test_an_error_of_slack_is_a_fault(api: Api, error: str, for_good: bool) -> None:
    api.fails["chat.postMessage"] = error
    found = await SlackSender(TOKEN, api=api.url).send([message(subject())])
    assert not found["m-1"].is_sent
    assert found["m-1"].fault == f"Slack said {error}"
    assert found["m-1"].for_good is for_good


async def test_slack_that_is_away_is_tried_again() -> None:
    with slack_api() as gone:
        url = gone.url
    found = await SlackSender(TOKEN, api=url).send([message(subject())])
    assert (found["m-1"].is_sent, found["m-1"].is_sure) == (False, False)


@pytest.mark.parametrize("url", ["slack-app://", "slack-app://a/b", "slack-app://@x"])
async def test_what_names_no_place_is_refused(api: Api, url: str) -> None:
    with pytest.raises(UsageError):
        await SlackSender(TOKEN, api=api.url).check(url)
    assert await SlackSender(TOKEN, api=api.url).check("slack-app://C01AB") == "Slack app"


# In


async def test_a_press_is_taken_and_the_message_says_so(api: Api) -> None:
    people = People()
    answer = await post(api, people, button(APPROVE, pack(CARRIED)))
    assert answer.status == 200
    assert people.pressed == [Press("U1", "id-7", 3, Verdict.APPROVE)]
    (update,) = api.to("chat.update")
    assert (update["channel"], str(update["ts"])) == ("D1", "1.1")
    assert update["text"] == TAKEN.outcome
    assert APPROVE not in json.dumps(update["blocks"])
    assert api.to("chat.postEphemeral") == []


async def test_a_press_that_is_refused_is_told_to_whoever_pressed(api: Api) -> None:
    people = People(Pressed("Assent does not know who you are."))
    await post(api, people, button(APPROVE, pack(CARRIED), user="U9"))
    (told,) = api.to("chat.postEphemeral")
    assert (told["user"], told["text"]) == ("U9", "Assent does not know who you are.")
    assert api.to("chat.update") == []


async def test_what_is_decided_already_loses_its_buttons(api: Api) -> None:
    people = People(Pressed("too late", outcome="REQ-7 is rejected by ben."))
    await post(api, people, button(APPROVE, pack(CARRIED)))
    assert api.to("chat.update")[0]["text"] == "REQ-7 is rejected by ben."
    assert api.to("chat.postEphemeral")[0]["text"] == "too late"


async def test_a_rejection_asks_why_first(api: Api) -> None:
    people = People()
    await post(api, people, button(REJECT, pack(CARRIED)))
    assert people.pressed == []
    (opened,) = api.to("views.open")
    metadata = opened["view"]["private_metadata"]
    answer = await post(api, people, submission(metadata, "use a revert commit"))
    assert answer.status == 200
    assert people.pressed == [Press("U1", "id-7", 3, Verdict.REJECT, "use a revert commit")]
    assert str(api.to("chat.update")[0]["ts"]) == "1.1"


async def test_a_rejection_without_a_reason_is_asked_again(api: Api) -> None:
    people = People()
    answer = await post(api, people, submission(pack(CARRIED), "  "))
    assert "errors" in json.loads(answer.body)
    assert people.pressed == []


async def test_following_the_link_does_nothing(api: Api) -> None:
    people = People()
    payload = button(OPEN, "")
    assert (await post(api, people, payload)).status == 200
    assert people.pressed == []


async def test_a_message_that_cannot_be_changed_undoes_no_decision(api: Api) -> None:
    people = People()
    api.fails["chat.update"] = "message_not_found"
    assert (await post(api, people, button(APPROVE, pack(CARRIED)))).status == 200
    assert len(people.pressed) == 1


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"secret": "another"}, id="wrong-secret"),
        pytest.param({"age_s": 600}, id="old"),
        pytest.param({"age_s": -600}, id="from-tomorrow"),
    ],
)
async def test_what_slack_did_not_sign_just_now_goes_no_further(
    api: Api, how: dict[str, object]
) -> None:
    people = People()
    answer = await post(api, people, button(APPROVE, pack(CARRIED)), **how)
    assert answer.status == 401
    assert people.pressed == []
    assert api.calls == []


@pytest.mark.parametrize("name", ["x-slack-signature", "x-slack-request-timestamp"])
@pytest.mark.parametrize("value", [None, "", "nonsense"])
async def test_without_its_headers_nothing_goes_further(
    api: Api, name: str, value: str | None
) -> None:
    people = People()
    body, headers = signed(button(APPROVE, pack(CARRIED)))
    del headers[name]
    headers |= {} if value is None else {name: value}
    assert (await door(api).answer(body, headers, people.press)).status == 401
    assert people.pressed == []


async def test_a_body_that_was_changed_goes_no_further(api: Api) -> None:
    people = People()
    body, headers = signed(button(APPROVE, pack(CARRIED)))
    changed = body.replace(b"id-7", b"id-8")
    assert changed != body
    assert (await door(api).answer(changed, headers, people.press)).status == 401
    assert people.pressed == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"", b"payload=nonsense"])
@pytest.mark.parametrize("secret", [SECRET, "another"])
async def test_what_cannot_be_read_decides_nothing(api: Api, body: bytes, secret: str) -> None:
    people = People()
    headers = signing(body, secret=secret)
    found = await door(api).answer(body, headers, people.press)
    assert found.status >= 400
    assert found.status == 401 or secret == SECRET
    assert people.pressed == []
