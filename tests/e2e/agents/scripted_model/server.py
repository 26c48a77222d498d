"""The HTTP server: takes a request in any of the four formats, plays the script, records it.

The log has one JSON object a line and request: `api`, `script` (null for the agent's own side
requests, such as making a title), `step` (tool results so far), `results` (their texts), `tools`
(names on offer), `raw` (the request as it came), `reply` (what the model answered).
"""

import dataclasses
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import anthropic, chat, gemini, responses
from .conversation import Conversation, Part, Text, flat
from .steps import JsonObject, Script, step_at
from .vocabulary import Desk, reply

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Play:
    """What the server plays: for which agent, in which directory, which scripts by name."""

    agent: str
    workdir: str
    scripts: Mapping[str, Script]

    def parts(self, conversation: Conversation) -> tuple[Part, ...]:
        script = self.scripts.get(conversation.script() or "")
        if script is None or not conversation.tools:
            return (Text("ok"),)
        step = step_at(script, len(conversation.results))
        return reply(self.agent, step, Desk(conversation, self.workdir))


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, play: Play, log: Path) -> None:
        super().__init__((HOST, port), _Handler)
        self._play = play
        self._log = log
        self._lock = threading.Lock()

    def take(self, api: str, conversation: Conversation) -> tuple[Part, ...]:
        """The model's answer, recorded before it is sent."""
        parts = self._play.parts(conversation)
        row = {
            "api": api,
            "script": conversation.script(),
            "step": len(conversation.results),
            "results": conversation.results,
            "tools": [tool.name for tool in conversation.tools],
            "raw": conversation.raw,
            "reply": [dataclasses.asdict(part) for part in parts],
        }
        with self._lock, self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        return parts


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it)
        """Silence: the server's log is the only record."""

    def do_HEAD(self) -> None:
        self._send(b"", "text/plain")

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [], "has_more": False})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        try:
            self._post(self.path.partition("?")[0], body)
        except (BrokenPipeError, ConnectionResetError):
            # The agent may hang up whenever it likes, most of all when a test kills it.
            self.close_connection = True

    def _post(self, path: str, body: JsonObject) -> None:
        if path.endswith("/messages"):
            self._anthropic(body)
        elif path.endswith("/responses"):
            self._responses(body)
        elif path.endswith("/chat/completions"):
            self._chat(body)
        elif path.endswith((":generateContent", ":streamGenerateContent")):
            self._gemini(body, stream=path.endswith(":streamGenerateContent"))
        else:
            self._json({"input_tokens": 10, "totalTokens": 10})

    def _anthropic(self, body: JsonObject) -> None:
        conversation = anthropic.read(body, flat(body))
        parts = self.server.take("anthropic", conversation)
        if conversation.stream:
            self._events(_named(anthropic.events(conversation, parts)))
        else:
            self._json(anthropic.answer(conversation, parts))

    def _responses(self, body: JsonObject) -> None:
        conversation = responses.read(body, flat(body))
        parts = self.server.take("responses", conversation)
        if conversation.stream:
            self._events(_named(responses.events(conversation, parts)))
        else:
            self._json(responses.answer(conversation, parts))

    def _chat(self, body: JsonObject) -> None:
        conversation = chat.read(body, flat(body))
        parts = self.server.take("chat", conversation)
        if conversation.stream:
            chunks = [_data(event) for event in chat.events(conversation, parts)]
            self._events([*chunks, "data: [DONE]\n\n"])
        else:
            self._json(chat.answer(conversation, parts))

    def _gemini(self, body: JsonObject, *, stream: bool) -> None:
        conversation = gemini.read(body, flat(body), stream=stream)
        parts = self.server.take("gemini", conversation)
        if stream:
            self._events(_data(event) for event in gemini.events(conversation, parts))
        else:
            self._json(gemini.answer(conversation, parts))

    def _events(self, events: Iterable[str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(event.encode())
        self.close_connection = True

    def _json(self, value: JsonObject) -> None:
        self._send(json.dumps(value).encode(), "application/json")

    def _send(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _data(event: JsonObject) -> str:
    return f"data: {json.dumps(event)}\n\n"


def _named(events: Iterable[JsonObject]) -> Iterable[str]:
    return (f"event: {event['type']}\n{_data(event)}" for event in events)
