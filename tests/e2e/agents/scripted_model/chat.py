"""OpenAI Chat Completions."""

import json
import uuid
from collections.abc import Iterator, Sequence

from .conversation import Call, Conversation, Part, Text, Tool, flat
from .steps import JsonObject

_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def read(body: JsonObject, raw: str) -> Conversation:
    messages = body.get("messages", [])
    return Conversation(
        model=str(body.get("model")),
        stream=bool(body.get("stream")),
        prompts=tuple(flat(row.get("content")) for row in messages if row["role"] == "user"),
        results=tuple(flat(row.get("content")) for row in messages if row["role"] == "tool"),
        tools=tuple(Tool(row["function"]["name"]) for row in body.get("tools") or []),
        raw=raw,
    )


def answer(conversation: Conversation, parts: Sequence[Part]) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": _text(parts) or None}
    calls = _calls(parts)
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": _finish(calls)}
    return {
        **_envelope(conversation, "chat.completion"),
        "choices": [choice],
        "usage": _USAGE,
    }


def events(conversation: Conversation, parts: Sequence[Part]) -> Iterator[JsonObject]:
    envelope = _envelope(conversation, "chat.completion.chunk")

    def chunk(delta: JsonObject, finish: str | None = None) -> JsonObject:
        return {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    calls = _calls(parts)
    yield chunk({"role": "assistant", "content": _text(parts)})
    for index, call in enumerate(calls):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    yield chunk({}, _finish(calls))
    yield {**envelope, "choices": [], "usage": _USAGE}


def _envelope(conversation: Conversation, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": 1,
        "model": conversation.model,
    }


def _text(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def _calls(parts: Sequence[Part]) -> list[JsonObject]:
    return [
        {
            "id": f"call_{uuid.uuid4().hex}",
            "type": "function",
            "function": {"name": part.name, "arguments": json.dumps(part.arguments)},
        }
        for part in parts
        if isinstance(part, Call)
    ]


def _finish(calls: Sequence[JsonObject]) -> str:
    return "tool_calls" if calls else "stop"
