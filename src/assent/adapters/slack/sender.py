"""Sends messages with buttons by an own app in Slack."""

import asyncio
from collections.abc import Mapping, Sequence

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from assent.adapters.slack import blocks
from assent.adapters.slack.blocks import Carried
from assent.app.notifications.ports import Delivery, Message, Subject
from assent.errors import UsageError

LIMIT_S = 8
AT_ONCE = 4
FEW = 5
"""Of more subjects than these one message tells, without buttons."""
_FOR_GOOD = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "account_inactive", "user_not_found"}
)


class SlackSender:
    """Implements Notifier for `slack-app://WHERE`: a member's id, or a channel's."""

    def __init__(self, token: str, *, api: str) -> None:
        self._client = WebClient(token=token, base_url=api, timeout=LIMIT_S)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def send(self, messages: Sequence[Message]) -> Mapping[str, Delivery]:
        found = await asyncio.gather(*(self._one(message) for message in messages))
        return {message.id: delivery for message, delivery in zip(messages, found, strict=True)}

    async def check(self, url: str) -> str:
        if not place_of(url).isalnum():
            raise UsageError(
                "This names no place in Slack.", hint="Write slack-app:// or slack-app://C0123ABCD"
            )
        return "Slack app"

    async def _one(self, message: Message) -> Delivery:
        async with self._places:
            return await asyncio.to_thread(self._post, message)

    def _post(self, message: Message) -> Delivery:
        place = place_of(message.url)
        pressed = [each for each in message.subjects if each.request]
        try:
            if pressed and len(message.subjects) <= FEW:
                for subject in message.subjects:
                    self._post_subject(place, message, subject)
            else:
                shown = blocks.message(message.title, message.body, link=message.link)
                self._client.chat_postMessage(channel=place, text=message.title, blocks=shown)
        except SlackApiError as error:
            said = str(error.response.get("error", ""))
            fault = f"Slack said {said[:40]}" if said.isidentifier() else "Slack did not take it"
            return Delivery(is_sent=False, fault=fault, for_good=said in _FOR_GOOD)
        # Its client raises what sockets and HTTP raise.
        except OSError as error:
            fault = f"Slack cannot be reached ({type(error).__name__})"
            return Delivery(is_sent=False, fault=fault, is_sure=False)
        return Delivery(is_sent=True)

    def _post_subject(self, place: str, message: Message, subject: Subject) -> None:
        carried = Carried(
            subject.request, subject.version, subject.name, subject.line, subject.link
        )
        single = len(message.subjects) == 1
        title = message.title if single else f"{subject.name} waits for you"
        body = message.body if single else subject.line
        shown = blocks.message(
            title, body, link=subject.link, buttons=carried if subject.request else None
        )
        self._client.chat_postMessage(channel=place, text=title, blocks=shown)


def place_of(url: str) -> str:
    return url.partition("://")[2].strip("/")
