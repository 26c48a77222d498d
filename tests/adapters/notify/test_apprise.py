"""Messages are sent by apprise in a process of its own, to servers that do what servers do."""

import email
import email.policy
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from assent.adapters.notify.messages import Job, Posting, Printed
from assent.adapters.notify.process import AppriseNotifier, environment
from assent.app.notifications.ports import Delivery, Message, Subject
from assent.errors import UnavailableError, UsageError
from tests.adapters.notify.receivers import mail_server, web

pytestmark = pytest.mark.network

LINK = "http://localhost:7422/requests/REQ-7"


def message(url: str, id_: str = "m-1", *, title: str = "REQ-7 waits for you") -> Message:
    return Message(
        id=id_,
        url=url,
        title=title,
        body=f"▲ high  push main\n{LINK}",
        link=LINK,
        is_urgent=False,
        subjects=(Subject("out-1", "", "REQ-7", 1, "push main", LINK),),
    )


async def send(url: str, *, limit_s: float = 40.0, command: Sequence[str] = ()) -> Delivery:
    how = {"command": command} if command else {}
    notifier = AppriseNotifier({}, limit_s=limit_s, **how)
    return (await notifier.send([message(url)]))["m-1"]


# HTTP


async def test_a_json_webhook_gets_the_text_and_the_ids() -> None:
    with web() as server:
        assert (await send(f"json://{server.place}/hook")).is_sent
    (posted,) = server.posted
    assert posted.path == "/hook"
    told = posted.json
    assert told["title"] == "REQ-7 waits for you"
    assert LINK in told["message"]
    assert (told["id"], told["ids"], told["names"]) == ("m-1", ["out-1"], ["REQ-7"])


async def test_ntfy_gets_the_text() -> None:
    with web(answer=b'{"id":"x"}') as server:
        assert (await send(f"ntfy://{server.place}/topic")).is_sent
    assert "▲ high  push main" in str(server.posted[0].json)


async def test_teams_gets_the_text_by_tls(tmp_path: Path) -> None:
    with web(tls=tmp_path) as server:
        assert (await send(f"workflows://{server.place}/flow/signature?verify=no")).is_sent
    assert "push main" in server.posted[0].body.decode()


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    with web(tls=tmp_path) as server:
        found = await send(f"jsons://{server.place}/hook")
    assert not found.is_sent
    assert found.is_sure
    assert server.posted == []


@pytest.mark.parametrize(
    ("plugin", "url", "answer"),
    [
        pytest.param(
            "discord.NotifyDiscord",
            f"discord://{'1' * 18}/{'a' * 68}",
            b"{}",
            id="discord",
        ),
        pytest.param(
            "slack.NotifySlack",
            "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
            b"ok",
            id="slack",
        ),
    ],
)
async def test_a_service_with_an_address_of_its_own_gets_the_text(
    plugin: str, url: str, answer: bytes
) -> None:
    module, _, name = plugin.partition(".")
    with web(answer=answer) as server:
        there = (
            f"import apprise.plugins.{module} as p; from assent.adapters.notify import worker; "
            f"p.{name}.notify_url = p.{name}.webhook_url = 'http://{server.place}/in'; "
            "worker.main()"
        )
        found = await send(url, command=(sys.executable, "-c", there))
        assert found.is_sent, found
    assert "push main" in server.posted[0].body.decode()


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_an_error_of_the_server_is_told_by_its_number(status: int) -> None:
    with web(status=status) as server:
        found = await send(f"json://{server.place}/hook/s3cret")
    assert found == Delivery(is_sent=False, fault=f"the server answered {status}")


async def test_a_redirect_is_not_followed() -> None:
    with web(status=307) as server:
        assert not (await send(f"json://{server.place}/hook")).is_sent
    assert len(server.posted) == 1


async def test_a_server_that_is_away_surely_took_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = await send(f"json://127.0.0.1:{taken.getsockname()[1]}/s3cret")
    assert found == Delivery(is_sent=False, fault="the server cannot be reached safely")


async def test_of_a_server_that_does_not_answer_nothing_is_sure() -> None:
    with web(status=None) as server:
        found = await send(f"json://{server.place}/hook?rto=0.2")
    assert found == Delivery(is_sent=False, fault="the server took too long", is_sure=False)


async def test_when_time_is_up_the_rest_is_not_known_and_what_was_sent_is() -> None:
    sent = Printed(id="quick", is_sent=True).model_dump_json()
    slow = f"import time; print({sent!r}, flush=True); print('half', end='', flush=True)"
    command = (sys.executable, "-c", f"{slow}; time.sleep(600)")
    notifier = AppriseNotifier({}, limit_s=4.0, command=command)
    found = await notifier.send([message("json://x/", "quick"), message("json://y/", "slow")])
    assert found["quick"].is_sent
    assert found["slow"] == Delivery(is_sent=False, fault="no answer within 4 s", is_sure=False)


async def test_one_broken_channel_does_not_touch_the_others() -> None:
    with web() as well, web(status=500) as broken:
        urls = {"a": broken.place, "b": well.place, "c": broken.place, "d": well.place}
        found = await AppriseNotifier({}).send(
            [message(f"json://{place}/", id_) for id_, place in urls.items()]
        )
    assert {id_: each.is_sent for id_, each in found.items()} == {
        "a": False,
        "b": True,
        "c": False,
        "d": True,
    }


# E-mail


def mail(port: int, *, mode: str = "insecure") -> str:
    return f"mailto://127.0.0.1:{port}?from=assent@example.com&to=ana@example.com&mode={mode}"


async def test_a_mail_has_the_same_id_whenever_it_is_sent() -> None:
    async with mail_server() as server:
        for _ in range(2):
            assert (await send(mail(server.port))).is_sent
    made = [
        email.message_from_bytes(each.content, policy=email.policy.default)
        for each in server.taken
        if isinstance(each.content, bytes)
    ]
    assert [str(each["Message-ID"]) for each in made] == ["<m-1@127.0.0.1>"] * 2
    assert made[0]["Subject"] == "REQ-7 waits for you"
    text = made[0].get_body(("plain", "html"))
    assert text is not None
    assert "push main" in text.get_content()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param("451 busy, ask later", 451, id="4xx"),
        pytest.param("554 no", 554, id="5xx"),
    ],
)
async def test_a_mail_server_that_refuses_is_told_by_its_number(answer: str, code: int) -> None:
    async with mail_server(answer=answer) as server:
        found = await send(mail(server.port))
    assert found == Delivery(is_sent=False, fault=f"the server answered {code}")


async def test_where_a_server_offers_no_encryption_nothing_goes_out_in_the_clear() -> None:
    async with mail_server() as server:
        found = await send(mail(server.port, mode="starttls"))
    assert not found.is_sent
    assert server.taken == []


async def test_a_mail_server_that_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = await send(mail(taken.getsockname()[1]))
    assert not found.is_sent
    assert found.is_sure


async def test_a_mail_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        found = await send(mail(port) + "&cto=0.2")
    assert found == Delivery(is_sent=False, fault="the server took too long", is_sure=False)


# Addresses


@pytest.mark.parametrize(
    ("url", "service"),
    [
        pytest.param("json://127.0.0.1:1/", "JSON", id="json"),
        pytest.param("mailto://u:p@example.com?to=ana@example.com", "Email", id="mail"),
        pytest.param("ntfys://example.com/topic", "ntfy", id="ntfy"),
    ],
)
async def test_an_address_is_looked_at_without_sending(url: str, service: str) -> None:
    assert service.lower() in (await AppriseNotifier({}).check(url)).lower().replace("-", "")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "file:///etc/passwd", "https://example.com/x", "slack://too/few"],
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="Nothing can be sent"):
        await AppriseNotifier({}).check(url)


# The process


async def test_a_worker_that_does_not_start_is_a_fault_of_every_message() -> None:
    notifier = AppriseNotifier({}, command=("/nonexistent/python",))
    found = await notifier.send([message("json://127.0.0.1:1/")])
    assert not found["m-1"].is_sent
    assert "does not start" in found["m-1"].fault
    with pytest.raises(UnavailableError):
        await notifier.check("json://127.0.0.1:1/")


async def test_of_a_worker_that_dies_nothing_is_sure() -> None:
    notifier = AppriseNotifier({}, command=(sys.executable, "-c", "raise SystemExit(9)"))
    found = await notifier.send([message("json://127.0.0.1:1/")])
    assert not found["m-1"].is_sure


def test_the_worker_gets_proxies_and_nothing_else_of_the_environment() -> None:
    environ = {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "SLACK_BOT_TOKEN": "a secret",
        "AWS_SECRET_ACCESS_KEY": "another",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus",
    }
    mailed = Job(limit_s=1, postings=[Posting(id="1", url="mailto://x", title="", body="")])
    shown = Job(limit_s=1, postings=[Posting(id="1", url="dbus://", title="", body="")])
    assert set(environment(mailed, environ)) == {"HTTPS_PROXY", "PATH", "HOME", "PYTHONUTF8"}
    assert "DBUS_SESSION_BUS_ADDRESS" in environment(shown, environ)
    assert "SLACK_BOT_TOKEN" not in environment(shown, environ)
