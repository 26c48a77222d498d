"""What Slack sends: buttons and forms, checked for its signature and its time by slack-bolt."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App, BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from assent.adapters.slack import blocks
from assent.adapters.slack.blocks import Carried
from assent.adapters.slack.sender import LIMIT_S
from assent.app.notifications.buttons import Answer, Press, Pressed, Pressing
from assent.core.approvals import Verdict

DECIDE_S = 10.0
_HEADERS = frozenset({"content-type", "x-slack-signature", "x-slack-request-timestamp"})


class BoltDoor:
    """Implements SlackDoor. The work of one request is done in a thread of its own."""

    def __init__(self, *, signing_secret: str, token: str, api: str) -> None:
        self._client = WebClient(token=token, base_url=api, timeout=LIMIT_S)
        self._verifier = SignatureVerifier(signing_secret)
        quiet = logging.getLogger("assent.slack")
        # Its errors hold what was sent.
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        self._app = App(
            logger=quiet,
            client=self._client,
            signing_secret=signing_secret,
            token_verification_enabled=False,
            process_before_response=True,
        )
        self._app.action(blocks.OPEN)(_opened)
        self._app.action(blocks.APPROVE)(self._approved)
        self._app.action(blocks.REJECT)(self._rejecting)
        self._app.view(blocks.REJECT)(self._rejected)

    async def answer(self, body: bytes, headers: dict[str, str], press: Pressing) -> Answer:
        loop = asyncio.get_running_loop()

        def wait(pressed: Press) -> Pressed:
            return asyncio.run_coroutine_threadsafe(_as_coroutine(press, pressed), loop).result(
                DECIDE_S
            )

        # slack-bolt checks it too, but not before it has read what was sent.
        if not self._is_from_slack(body, headers):
            return Answer(401)
        kept: dict[str, str | Sequence[str]] = {
            name: value for name, value in headers.items() if name.lower() in _HEADERS
        }
        try:
            request = BoltRequest(body=body.decode(), headers=kept, context={"press": wait})
        except ValueError:
            return Answer(400)
        answered = await asyncio.to_thread(self._app.dispatch, request)
        kind = answered.first_headers().get("content-type", "text/plain")
        return Answer(answered.status, answered.body or "", kind)

    def _is_from_slack(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            return self._verifier.is_valid_request(body, headers)
        except ValueError:  # no number as its time, or no text as its body
            return False

    def _approved(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        ack()
        carried = _carried(body)
        self._decide(carried, body["user"]["id"], Verdict.APPROVE, context=context)

    def _rejecting(self, ack: Ack, body: Mapping[str, Any]) -> None:
        ack()
        view = blocks.form(_carried(body))
        self._client.views_open(trigger_id=body["trigger_id"], view=view)

    def _rejected(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        view = body["view"]
        reason = view["state"]["values"][blocks.REASON][blocks.REASON_TEXT]["value"] or ""
        if not reason.strip():
            ack(response_action="errors", errors={blocks.REASON: "The agent reads it: say why."})
            return
        ack()
        carried = blocks.unpack(view["private_metadata"])
        self._decide(carried, body["user"]["id"], Verdict.REJECT, reason=reason, context=context)

    def _decide(
        self,
        carried: Carried,
        user: str,
        verdict: Verdict,
        *,
        context: Mapping[str, Any],
        reason: str = "",
    ) -> None:
        pressed: Pressed = context["press"](
            Press(user, carried.request, carried.version, verdict, reason)
        )
        try:
            if pressed.outcome:
                self._client.chat_update(
                    channel=carried.channel,
                    ts=carried.ts,
                    text=pressed.outcome,
                    blocks=blocks.decided(carried, pressed.outcome),
                )
            if not pressed.is_taken:
                self._client.chat_postEphemeral(
                    channel=carried.channel, user=user, text=pressed.says
                )
        except (SlackApiError, OSError):
            # What was decided is decided; the message stays as it was, and its buttons are refused.
            logging.getLogger(__name__).warning("a message in Slack could not be changed")


async def _as_coroutine(press: Pressing, pressed: Press) -> Pressed:
    return await press(pressed)


def _opened(ack: Ack) -> None:
    """A link was followed; there is nothing to be done here."""
    ack()


def _carried(body: Mapping[str, Any]) -> Carried:
    """What the button that was pressed carries, and where its message is."""
    known = blocks.unpack(body["actions"][0]["value"])
    place, ts = body["container"]["channel_id"], body["container"]["message_ts"]
    return Carried(
        known.request, known.version, known.name, known.line, known.link, str(place), str(ts)
    )
