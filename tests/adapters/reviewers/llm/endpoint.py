"""A language model on 127.0.0.1 that says what a test tells it to, in the providers' protocols."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fields = dict[str, Any]


@dataclass(frozen=True)
class Says:
    """The tool call that carries an answer."""

    fields: Mapping[str, Any]


@dataclass(frozen=True)
class SaysText:
    """Prose, or a refusal."""

    text: str
    refusal: bool = False


@dataclass(frozen=True)
class Fails:
    status: int


@dataclass(frozen=True)
class SendsRaw:
    body: bytes


@dataclass(frozen=True)
class NeverEnds:
    """No answer until the endpoint is closed; or, with `endless`, bytes without an end."""

    endless: bool = False


Reply = Says | SaysText | Fails | SendsRaw | NeverEnds


@dataclass
class Endpoint:
    """What is said to the n-th question, from zero on; and what was asked."""

    script: Callable[[int, str], Reply]
    url: str = ""
    asked: list[Fields] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def texts(self) -> list[str]:
        """All that was sent, question by question."""
        return [json.dumps(each, ensure_ascii=False) for each in self.asked]

    def prompts(self) -> list[str]:
        """What the user message held."""
        return [_user_text(each) for each in self.asked]


def _user_text(asked: Fields) -> str:
    said = asked["messages"] if "messages" in asked else asked["input"]
    content = next(each["content"] for each in said if each["role"] == "user")
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


@contextmanager
def serving(script: Callable[[int, str], Reply]) -> Iterator[Endpoint]:
    endpoint = Endpoint(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            endpoint.asked.append(asked)
            endpoint.paths.append(self.path)
            endpoint.headers.append({name.lower(): value for name, value in self.headers.items()})
            reply = script(len(endpoint.asked) - 1, _user_text(asked))
            try:
                self._send(reply, asked)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _send(self, reply: Reply, asked: Fields) -> None:
            match reply:
                case Fails(status):
                    self._body(status, b'{"error": {"message": "SECRET OF THE SERVER"}}')
                case SendsRaw(body):
                    self._body(200, body)
                case NeverEnds(endless=True):
                    self.send_response(200)
                    self.send_header("content-type", "application/json")
                    self.end_headers()
                    while not endpoint.closed.is_set():
                        self.wfile.write(b" " * 65_536)
                case NeverEnds():
                    endpoint.closed.wait(60)
                    self.close_connection = True
                case Says() | SaysText():
                    form = _FORMS[self.path.rpartition("/")[2]]
                    self._body(200, json.dumps(form(reply, asked)).encode())

        def _body(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            # The client's library would wait before it tries again.
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield endpoint
    finally:
        endpoint.closed.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _openai(reply: Says | SaysText, asked: Fields) -> Fields:
    message: Fields = {"role": "assistant", "content": None}
    if isinstance(reply, Says):
        message["tool_calls"] = [
            {
                "id": "call_1",
                "type": "function",
                "function": {
                    "name": asked["tools"][0]["function"]["name"],
                    "arguments": json.dumps(reply.fields),
                },
            }
        ]
    elif reply.refusal:
        message["refusal"] = reply.text
    else:
        message["content"] = reply.text
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": asked["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls" if isinstance(reply, Says) else "stop",
                "message": message,
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _anthropic(reply: Says | SaysText, asked: Fields) -> Fields:
    if isinstance(reply, Says):
        name = asked["tools"][0]["name"]
        content = [{"type": "tool_use", "id": "t1", "name": name, "input": dict(reply.fields)}]
    else:
        content = [{"type": "text", "text": reply.text}]
    stop = "tool_use" if isinstance(reply, Says) else "end_turn"
    refused = isinstance(reply, SaysText) and reply.refusal
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": content,
        "stop_reason": "refusal" if refused else stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _responses(reply: Says | SaysText, asked: Fields) -> Fields:
    if isinstance(reply, Says):
        output: Fields = {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": asked["tools"][0]["name"],
            "arguments": json.dumps(reply.fields),
            "status": "completed",
        }
    else:
        kind, key = ("refusal", "refusal") if reply.refusal else ("output_text", "text")
        output = {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": kind, key: reply.text, "annotations": []}],
        }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": asked["model"],
        "status": "completed",
        "output": [output],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
    }


_FORMS: Mapping[str, Callable[[Says | SaysText, Fields], Fields]] = {
    "completions": _openai,
    "messages": _anthropic,
    "responses": _responses,
}
