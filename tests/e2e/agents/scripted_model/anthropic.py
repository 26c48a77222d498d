"""Anthropic Messages."""

import json
import uuid
from collections.abc import Iterator, Sequence

from .conversation import Call, Conversation, Part, Text, Tool, flat
from .steps import JsonObject


def read(body: JsonObject, raw: str) -> Conversation:
    prompts: list[str] = []
    results: list[str] = []
    for message in body.get("messages", []):
        if message.get("role") != "user":
            continue
        content = message["content"]
        if isinstance(content, str):
            prompts.append(content)
            continue
        prompts += [block["text"] for block in content if block["type"] == "text"]
        results += [flat(block["content"]) for block in content if block["type"] == "tool_result"]
    return Conversation(
        model=str(body.get("model")),
        stream=bool(body.get("stream")),
        prompts=tuple(prompts),
        results=tuple(results),
        tools=tuple(Tool(tool["name"]) for tool in body.get("tools", [])),
        raw=raw,
    )


def answer(conversation: Conversation, parts: Sequence[Part]) -> JsonObject:
    blocks = [_block(part) for part in parts]
    return {
        **_message(conversation),
        "content": blocks,
        "stop_reason": _stop_reason(blocks),
    }


def events(conversation: Conversation, parts: Sequence[Part]) -> Iterator[JsonObject]:
    blocks = [_block(part) for part in parts]
    yield {"type": "message_start", "message": _message(conversation)}
    for index, block in enumerate(blocks):
        yield from _block_events(index, block)
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": _stop_reason(blocks), "stop_sequence": None},
        "usage": {"output_tokens": 20},
    }
    yield {"type": "message_stop"}


def _message(conversation: Conversation) -> JsonObject:
    return {
        "id": f"msg_{uuid.uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": conversation.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "output_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }


def _block(part: Part) -> JsonObject:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Call(name, arguments):
            return {
                "type": "tool_use",
                "id": f"toolu_{uuid.uuid4().hex}",
                "name": name,
                "input": arguments,
            }


def _block_events(index: int, block: JsonObject) -> Iterator[JsonObject]:
    start: JsonObject
    delta: JsonObject
    if block["type"] == "text":
        start = {**block, "text": ""}
        delta = {"type": "text_delta", "text": block["text"]}
    else:
        start = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _stop_reason(blocks: Sequence[JsonObject]) -> str:
    return "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "end_turn"
