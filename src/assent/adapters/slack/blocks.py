"""What a message with buttons looks like in Slack, and what its buttons carry."""

import json
from dataclasses import asdict, dataclass
from typing import Any

APPROVE, REJECT, OPEN = "assent_approve", "assent_reject", "assent_open"
REASON, REASON_TEXT = "reason", "text"
_TEXT = 2_900
"""Characters of a block's text; Slack takes 3,000."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a button, and the form behind it, know of the message that they are in."""

    request: str
    version: int
    name: str
    line: str
    link: str
    channel: str = ""
    ts: str = ""


def pack(carried: Carried) -> str:
    return json.dumps(asdict(carried), separators=(",", ":"))


def unpack(text: str) -> Carried:
    """Raises ValueError for what no button of ours carries."""
    try:
        return Carried(**json.loads(text))
    except TypeError as error:
        raise ValueError("not what a button of ours carries") from error


def message(
    title: str, body: str, *, link: str, buttons: Carried | None = None
) -> list[dict[str, Any]]:
    """Blocks of one message. Texts are plain: Slack makes nothing of what is in them."""
    acts: list[dict[str, Any]] = []
    if link:
        acts.append({**_button("Open", OPEN), "url": link})
    if buttons is not None:
        value = pack(buttons)
        acts.append({**_button("Approve", APPROVE), "style": "primary", "value": value})
        acts.append({**_button("Reject", REJECT), "style": "danger", "value": value})
    blocks = [_section(title), _section(body)]
    if acts:
        blocks.append({"type": "actions", "block_id": "assent", "elements": acts})
    return [block for block in blocks if block]


def decided(carried: Carried, outcome: str) -> list[dict[str, Any]]:
    """The same message once there is nothing left to press."""
    return message(outcome, carried.line, link=carried.link)


def form(carried: Carried) -> dict[str, Any]:
    """Asks for the reason of a rejection, which the agent reads."""
    return {
        "type": "modal",
        "callback_id": REJECT,
        "private_metadata": pack(carried),
        "title": _plain(f"Reject {carried.name}"[:24]),
        "submit": _plain("Reject"),
        "close": _plain("Back"),
        "blocks": [
            _section(carried.line),
            {
                "type": "input",
                "block_id": REASON,
                "label": _plain("Why? The agent reads it."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON_TEXT,
                    "multiline": True,
                    "max_length": 2_000,
                },
            },
        ],
    }


def _button(text: str, action: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _plain(text)}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text[:_TEXT])} if text else {}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
