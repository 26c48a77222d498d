"""OpenAI Responses."""

import json
import uuid
from collections.abc import Iterator, Sequence

from .conversation import Call, Conversation, Part, Text, Tool, flat
from .steps import JsonObject


def read(body: JsonObject, raw: str) -> Conversation:
    given = body.get("input") or []
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    offered = list(body.get("tools") or [])
    prompts: list[str] = []
    results: list[str] = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message" and item.get("role") == "user":
            prompts.append(flat(item.get("content")))
        elif kind == "additional_tools":
            offered += item.get("tools") or []
        elif kind.endswith("_output"):
            results.append(flat(item.get("output", item)))
    return Conversation(
        model=str(body.get("model")),
        stream=bool(body.get("stream")),
        prompts=tuple(prompts),
        results=tuple(results),
        tools=tuple(tool for row in offered for tool in _tools(row)),
        raw=raw,
    )


def answer(conversation: Conversation, parts: Sequence[Part]) -> JsonObject:
    return _response(conversation, [_item(part) for part in parts])


def events(conversation: Conversation, parts: Sequence[Part]) -> Iterator[JsonObject]:
    response = answer(conversation, parts)
    started = {**response, "status": "in_progress", "output": []}
    yield {"type": "response.created", "sequence_number": 0, "response": started}
    number = 1
    for index, item in enumerate(response["output"]):
        for event in _item_events(item):
            yield {**event, "sequence_number": number, "output_index": index}
            number += 1
    yield {"type": "response.completed", "sequence_number": number, "response": response}


def _tools(row: JsonObject) -> Iterator[Tool]:
    if row.get("type") == "namespace":
        for inner in row["tools"]:
            yield Tool(inner["name"], namespace=row["name"])
    else:
        yield Tool(row.get("name") or row["type"], freeform=row.get("type") == "custom")


def _response(conversation: Conversation, items: list[JsonObject]) -> JsonObject:
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": conversation.model,
        "output": items,
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 15,
        },
    }


def _item(part: Part) -> JsonObject:
    match part:
        case Text(text):
            content = {"type": "output_text", "text": text, "annotations": []}
            return {
                "type": "message",
                "id": f"msg_{uuid.uuid4().hex}",
                "role": "assistant",
                "status": "completed",
                "content": [content],
            }
        case Call(name, arguments, namespace):
            item: JsonObject = {
                "call_id": f"call_{uuid.uuid4().hex}",
                "name": name,
                "status": "completed",
            }
            if namespace is not None:
                item["namespace"] = namespace
            if isinstance(arguments, str):
                return {
                    **item,
                    "type": "custom_tool_call",
                    "id": f"ctc_{uuid.uuid4().hex}",
                    "input": arguments,
                }
            return {
                **item,
                "type": "function_call",
                "id": f"fc_{uuid.uuid4().hex}",
                "arguments": json.dumps(arguments),
            }


def _item_events(item: JsonObject) -> Iterator[JsonObject]:
    started = {**item, "status": "in_progress"}
    if "arguments" in item:
        started["arguments"] = ""
    yield {"type": "response.output_item.added", "item": started}
    if item["type"] == "function_call":
        of_call = {"item_id": item["id"]}
        arguments = item["arguments"]
        yield {
            "type": "response.function_call_arguments.delta",
            "delta": arguments,
            **of_call,
        }
        yield {
            "type": "response.function_call_arguments.done",
            "arguments": arguments,
            "name": item["name"],
            **of_call,
        }
    elif item["type"] == "message":
        yield {
            "type": "response.output_text.delta",
            "item_id": item["id"],
            "content_index": 0,
            "delta": item["content"][0]["text"],
            "logprobs": [],
        }
    yield {"type": "response.output_item.done", "item": item}
