"""Where one is told: on the page, by the API; and where Slack posts what was pressed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest

from assent.app.gatehouse import Gatehouse
from assent.app.notifications.buttons import Answer, Press, Pressing
from assent.app.notifications.channels import shown_url
from assent.app.notifications.ports import Delivery, Message
from assent.app.notifications.work import NotifyWork
from assent.core.approvals import State, Verdict
from assent.core.people.model import Person, SshKey
from assent.core.policy.model import Tier
from assent.errors import UsageError
from assent.testing import FixedClock
from tests.entrypoints.web.conftest import ORIGIN
from tests.entrypoints.web.desk import Desk, edit

URL = "jsons://hooks.example.com/s3cret?token=s3cret"
CHANNELS = "/api/people/ana/channels"
KEY = SshKey(kind="ssh-ed25519", blob="AAAA", label="laptop", added_at=1)


@dataclass
class FakeNotifier:
    delivery: Delivery = field(default_factory=lambda: Delivery(is_sent=True))
    sent: list[Message] = field(default_factory=list)

    async def send(self, messages: Sequence[Message]) -> Mapping[str, Delivery]:
        self.sent += messages
        return {message.id: self.delivery for message in messages}

    async def check(self, url: str) -> str:
        if url.startswith("nonsense"):
            raise UsageError("Nothing can be sent to this address from here.")
        return "JSON"


@dataclass
class ToldDesk(Desk):
    notifier: FakeNotifier = field(default_factory=FakeNotifier)

    @property
    def gate(self) -> Gatehouse:
        return replace(super().gate, notifier=self.notifier)

    def ana(self) -> Person:
        found = self.store.read(lambda view: view.person("ana"))
        assert found is not None
        return found

    async def save(self, **how: Any) -> None:
        made = replace(self.ana(), version=self.ana().version + 1, **how)
        await self.store.write(lambda tx: tx.save_person(made), durable=True)

    def told_of_people(self) -> list[bytes]:
        return [entry.body for entry in self.store.read(lambda view: list(view.chain("people")))]


@pytest.fixture
def desk() -> ToldDesk:
    return ToldDesk()


def form(**fields: str) -> dict[str, str]:
    return {"url": URL, "label": "phone", "worst": "high", **fields}


# The page


async def test_a_channel_is_added_and_shown_without_its_secret(
    desk: ToldDesk, ana: httpx2.AsyncClient
) -> None:
    answer = await ana.post("/channels/add", data=form())
    assert (answer.status_code, answer.headers["location"]) == (303, "/channels#channels")
    page = (await ana.get("/channels")).text
    assert "phone" in page
    assert "jsons://hooks.example.com/…" in page
    assert "s3cret" not in page
    (made,) = desk.ana().channels
    assert (made.url, made.worst_only.word, made.urgent) == (URL, "high", False)
    assert all(b"s3cret" not in body for body in desk.told_of_people())


async def test_without_channels_the_page_says_so(ana: httpx2.AsyncClient) -> None:
    assert "You are told nowhere" in (await ana.get("/channels")).text


async def test_what_is_no_address_is_told_on_the_page(
    desk: ToldDesk, ana: httpx2.AsyncClient
) -> None:
    answer = await ana.post("/channels/add", data=form(url="nonsense:x"))
    assert answer.status_code == 400
    assert "Nothing can be sent to this address" in answer.text
    assert desk.ana().channels == ()


@pytest.mark.parametrize(
    ("act", "fields", "after"),
    [
        pytest.param("pause", {}, {"paused": True}, id="pause"),
        pytest.param("save", {"worst": "low", "urgent": "true"}, {"urgent": True}, id="save"),
    ],
)
async def test_a_channel_is_changed(
    desk: ToldDesk,
    ana: httpx2.AsyncClient,
    act: str,
    fields: dict[str, str],
    after: dict[str, object],
) -> None:
    await ana.post("/channels/add", data=form())
    known = desk.ana().channels[0]
    answer = await ana.post("/channels/change", data={"id": known.id, "act": act, **fields})
    assert answer.status_code == 303
    (made,) = desk.ana().channels
    assert {name: getattr(made, name) for name in after} == after


async def test_a_channel_is_removed(desk: ToldDesk, ana: httpx2.AsyncClient) -> None:
    await ana.post("/channels/add", data=form())
    known = desk.ana().channels[0]
    await ana.post("/channels/change", data={"id": known.id, "act": "remove"})
    assert desk.ana().channels == ()


@pytest.mark.parametrize(
    ("delivery", "says"),
    [
        pytest.param(Delivery(is_sent=True), "The message was taken", id="sent"),
        pytest.param(
            Delivery(is_sent=False, fault="the server answered 500"),
            "Nothing was sent: the server answered 500",
            id="not-sent",
        ),
    ],
)
async def test_a_channel_is_tried(
    desk: ToldDesk, ana: httpx2.AsyncClient, delivery: Delivery, says: str
) -> None:
    await ana.post("/channels/add", data=form())
    desk.notifier.delivery = delivery
    known = desk.ana().channels[0]
    page = await ana.post("/channels/change", data={"id": known.id, "act": "test"})
    assert says in page.text
    assert desk.notifier.sent[-1].url == URL


async def test_who_has_a_key_changes_channels_only_with_it(
    desk: ToldDesk, ana: httpx2.AsyncClient
) -> None:
    """The browser was logged in by a link, which anything that runs as Ana can make."""
    await ana.post("/channels/add", data=form())
    await desk.save(keys=(KEY,))
    known = desk.ana().channels
    answers = [
        await ana.post("/channels/add", data=form(url="json://evil.example/")),
        await ana.post("/channels/change", data={"id": known[0].id, "act": "remove"}),
        await ana.post("/channels/change", data={"id": known[0].id, "act": "pause"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert desk.ana().channels == known
    assert "Log in with your passkey" in (await ana.get("/channels")).text


async def test_what_is_told_of_a_channel_that_fails_is_on_the_page(
    desk: ToldDesk, ana: httpx2.AsyncClient
) -> None:
    await ana.post("/channels/add", data=form(worst="trivial"))
    await desk.ask(*edit())
    desk.notifier.delivery = Delivery(is_sent=False, fault="the server answered 500")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(10_000)
    await NotifyWork(desk.gate, desk.notifier, link="http://localhost").once()
    assert "phone: the server answered 500" in (await ana.get("/channels")).text


async def test_nobody_sees_channels_without_being_logged_in(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/channels")).status_code == 401
    assert (await stranger.get(CHANNELS)).status_code == 401


# The API


async def test_channels_by_the_api(desk: ToldDesk, cli: httpx2.AsyncClient) -> None:
    made = (await cli.post(CHANNELS, json={"url": URL, "worst": "high"})).json()
    (known,) = made["channels"]
    assert (known["label"], known["worst"], known["shown"]) == (
        "JSON",
        "high",
        "jsons://hooks.example.com/…",
    )
    end = known["id"][-8:]
    assert (await cli.post(f"{CHANNELS}/test", json={"id": end})).json() == {
        "sent": True,
        "fault": "",
    }
    paused = await cli.post(f"{CHANNELS}/change", json={"id": end, "paused": True})
    assert paused.json()["channels"][0]["paused"] is True
    assert "s3cret" not in (await cli.get(CHANNELS)).text
    assert (await cli.post(f"{CHANNELS}/remove", json={"id": "JSON"})).json()["channels"] == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(CHANNELS, {"url": URL, "worst": "awful"}, 400, id="no-class"),
        pytest.param(CHANNELS, {"url": "nonsense:x"}, 400, id="no-address"),
        pytest.param(CHANNELS, {"url": "slack-app://"}, 400, id="not-known-in-slack"),
        pytest.param(f"{CHANNELS}/remove", {"id": "none"}, 404, id="no-channel"),
        pytest.param("/api/people/ben/channels", {"url": URL}, 403, id="of-another"),
        pytest.param("/api/people/zoe/channels", {"url": URL}, 404, id="of-nobody"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    desk: ToldDesk, cli: httpx2.AsyncClient, path: str, body: dict[str, object], status: int
) -> None:
    await desk.know("ben")
    assert (await cli.post(path, json=body)).status_code == status
    assert desk.ana().channels == ()


async def test_nobody_is_told_twice_at_one_address(desk: ToldDesk, cli: httpx2.AsyncClient) -> None:
    await cli.post(CHANNELS, json={"url": URL})
    assert (await cli.post(CHANNELS, json={"url": URL})).status_code == 409
    assert len(desk.ana().channels) == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mailto://user:pa%40ss@mail.example.com?to=a@b.c", "mailto://mail.example.com/…"),
        ("mailto://user:p@ss@mail.example.com/x", "mailto://mail.example.com/…"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajk/#general", "slack://…"),
        ("sendgrid://SG.key.part:me@example.com", "sendgrid://…"),
        ("ntfys://ntfy.sh/secret-topic", "ntfys://…"),
        ("json://s3cret", "json://…"),
        ("https://discord.com/api/webhooks/1/s3cret", "https://…"),
        ("nonsense", "nonsense://…"),
    ],
)
def test_of_an_address_only_what_is_no_secret_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


# Slack


@dataclass
class FakeDoor:
    """Lets everything in that says so."""

    pressed: list[object] = field(default_factory=list)
    request: str = ""

    async def answer(self, body: bytes, headers: dict[str, str], press: Pressing) -> Answer:
        if headers.get("x-slack-signature") != "v0=ok":
            return Answer(401)
        made = await press(Press("U1", self.request, 1, Verdict.APPROVE))
        self.pressed.append(made)
        return Answer(200, "{}", "application/json")


@pytest.fixture
async def slack(desk: ToldDesk) -> AsyncIterator[tuple[FakeDoor, httpx2.AsyncClient]]:
    """Slack, which comes by the proxy."""
    door = FakeDoor()
    app = desk.app(slack=door, origin="https://assent.example.com")
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    base = "https://assent.example.com"
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        yield door, client


async def test_what_slack_signed_decides(
    desk: ToldDesk, slack: tuple[FakeDoor, httpx2.AsyncClient]
) -> None:
    door, client = slack
    asked = await desk.command()
    assert asked.tier is Tier.ACKNOWLEDGE
    await desk.save(slack="U1")
    door.request = asked.id
    answer = await client.post("/slack/events", headers={"x-slack-signature": "v0=ok"})
    assert answer.status_code == 200
    found = desk.store.read(lambda view: view.request(asked.id))
    assert found is not None
    assert found.state is State.APPROVED


async def test_what_it_did_not_sign_does_not(
    slack: tuple[FakeDoor, httpx2.AsyncClient],
) -> None:
    door, client = slack
    assert (await client.post("/slack/events", content=b"payload={}")).status_code == 401
    assert door.pressed == []


async def test_slack_comes_by_the_configured_host_alone(
    slack: tuple[FakeDoor, httpx2.AsyncClient],
) -> None:
    door, client = slack
    headers = {"x-slack-signature": "v0=ok", "host": "evil.example.com"}
    assert (await client.post("/slack/events", headers=headers)).status_code == 421
    assert door.pressed == []


async def test_without_an_own_app_there_is_nothing_there(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.post(f"{ORIGIN}/slack/events")).status_code == 404
