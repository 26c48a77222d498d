"""Buttons in Slack at a real daemon: the message goes out, the press comes back, and counts."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from assent.adapters.slack.blocks import APPROVE
from tests.adapters.slack.slack import SECRET, TOKEN, Api, button, signed, slack_api
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House, house_in, until
from tests.e2e.faults.people import put_in_force, with_git

pytestmark = pytest.mark.network

PUBLIC = "assent.example.com"
POLICY = """
profile = "solo"

[[rule]]
name = "light"
route = "gate"
programs = ["deploy light"]
effects = ["unknown"]
tier = "acknowledge"

[[rule]]
name = "read"
route = "gate"
programs = ["deploy read"]
effects = ["unknown"]
tier = "review"
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with slack_api() as found:
        yield found


@pytest.fixture(scope="module")
def house(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Ana is told in Slack, by an app of her own."""
    with house_in(tmp_path_factory.mktemp("slack") / "house") as made:
        with made.home.config_file.open("a") as config:
            config.write(f'origin = "https://{PUBLIC}"\nnotify_every_s = 0\n\n[slack]\n')
            config.write(f'signing_secret = "{SECRET}"\nbot_token = "{TOKEN}"\n')
            config.write(f'api = "{api.url}"\n')
        with_git(made)
        made.start()
        put_in_force(made, POLICY)
        made.client.post("/api/people/ana/change", {"slack": "U1"})
        made.client.post("/api/people/ana/channels", {"url": "slack-app://", "label": "Slack"})
        yield made


def posted(api: Api, name: str) -> dict[str, Any]:
    """The message about a request, once it is there."""
    return until(
        lambda: next(
            (each for each in api.to("chat.postMessage") if name in str(each["text"])), None
        )
    )


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """What each button carries, by its name."""
    acts = next(block for block in message["blocks"] if block["type"] == "actions")
    return {each["action_id"]: each.get("value", "") for each in acts["elements"]}


def slack_posts(
    house: House, payload: dict[str, Any], *, host: str = PUBLIC, secret: str = SECRET
) -> int:
    body, headers = signed(payload, secret=secret)
    connection = http.client.HTTPConnection(urlsplit(house.client.url).netloc, timeout=20)
    try:
        connection.request("POST", "/slack/events", body, {**headers, "Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_is_pressed_in_slack_lets_the_call_run(house: House, api: Api) -> None:
    hook = house.shell(CLAUDE, "deploy light 1")
    (asked,) = house.waiting()
    message = posted(api, asked["name"])
    assert message["channel"] == "U1"
    assert f"https://{PUBLIC}/requests/{asked['name']}" in str(message["blocks"])
    press = button(APPROVE, buttons(message)[APPROVE])
    assert slack_posts(house, press, secret="another") == 401
    assert slack_posts(house, press, host="evil.example.com") == 421
    assert slack_posts(house, {**press, "user": {"id": "U9"}}) == 200
    assert "does not know who you are" in api.to("chat.postEphemeral")[-1]["text"]
    assert house.request(asked["number"])["state"] == "pending"
    assert slack_posts(house, press) == 200
    said = hook.said()
    assert said.passed, house.home.log.read_text()[-4000:]
    assert "approved by ana" in api.to("chat.update")[-1]["text"]
    (decided,) = house.entries("decided")
    assert (decided["by"], decided["via"], decided["level"]) == ("ana", "slack", "advisory")
    assert slack_posts(house, press) == 200
    assert len(house.entries("decided")) == 1


def test_what_has_to_be_read_has_no_button_but_the_link(house: House, api: Api) -> None:
    house.shell(CLAUDE, "deploy read 1")
    (asked,) = house.waiting()
    assert APPROVE not in buttons(posted(api, asked["name"]))
    house.decide(asked["number"], "reject", reason="no")
