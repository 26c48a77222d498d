"""Gemini generateContent."""

import uuid
from collections.abc import Iterator, Sequence

from .conversation import Call, Conversation, Part, Text, Tool, flat
from .steps import JsonObject


def read(body: JsonObject, raw: str, *, stream: bool) -> Conversation:
    parts = [
        (content.get("role"), part)
        for content in body.get("contents") or []
        for part in content.get("parts") or []
    ]
    return Conversation(
        model="gemini",
        stream=stream,
        prompts=tuple(part["text"] for role, part in parts if role == "user" and "text" in part),
        results=tuple(
            flat(part["functionResponse"].get("response"))
            for _, part in parts
            if "functionResponse" in part
        ),
        tools=tuple(
            Tool(function["name"])
            for tool in body.get("tools") or []
            for function in tool.get("functionDeclarations") or []
        ),
        raw=raw,
    )


def answer(conversation: Conversation, parts: Sequence[Part]) -> JsonObject:
    candidate = {
        "content": {"role": "model", "parts": [_part(part) for part in parts]},
        "finishReason": "STOP",
        "index": 0,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "totalTokenCount": 15,
        },
        "modelVersion": conversation.model,
        "responseId": uuid.uuid4().hex,
    }


def events(conversation: Conversation, parts: Sequence[Part]) -> Iterator[JsonObject]:
    yield answer(conversation, parts)


def _part(part: Part) -> JsonObject:
    match part:
        case Text(text):
            return {"text": text}
        case Call(name, arguments):
            call = {"name": name, "args": arguments, "id": uuid.uuid4().hex}
            return {"functionCall": call}
