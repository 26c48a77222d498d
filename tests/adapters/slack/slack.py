"""Slack's side: an API on loopback that remembers what it was asked, and posts that it signed."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-not-a-token"


@dataclass
class Api:
    port: int = 0
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fails: dict[str, str] = field(default_factory=dict)
    """Methods that are answered with an error."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def to(self, method: str) -> list[dict[str, Any]]:
        return [fields for called, fields in self.calls if called == method]


@contextmanager
def slack_api() -> Iterator[Api]:
    state = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            method = self.path.removeprefix("/api/")
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            state.calls.append((method, _fields(self.headers.get("content-type", ""), raw)))
            error = state.fails.get(method)
            answer = {"ok": error is None, "ts": "1.1", "channel": "D1", "user_id": "UBOT"}
            answer |= {"team_id": "T1", "bot_id": "B1", "url": state.url, "team": "t", "user": "b"}
            body = json.dumps(answer if error is None else {**answer, "error": error}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _fields(kind: str, raw: bytes) -> dict[str, Any]:
    if "json" in kind:
        found: dict[str, Any] = json.loads(raw)
        return found
    return {key: _plain(values[0]) for key, values in parse_qs(raw.decode()).items()}


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def signed(
    payload: dict[str, Any], *, secret: str = SECRET, age_s: int = 0
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a post with this payload."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return body, signing(body, secret=secret, age_s=age_s)


def signing(body: bytes, *, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    at = str(int(time.time()) - age_s)
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": at,
        "x-slack-signature": f"v0={digest}",
    }


def button(action: str, value: str, *, user: str = "U1") -> dict[str, Any]:
    """What is posted when somebody presses a button."""
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "somebody", "team_id": "T1"},
        "team": {"id": "T1", "domain": "x"},
        "api_app_id": "A1",
        "token": "x",
        "trigger_id": "t.1",
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "D1"},
        "channel": {"id": "D1", "name": "directmessage"},
        "actions": [{"type": "button", "action_id": action, "block_id": "assent", "value": value}],
    }


def submission(metadata: str, reason: str, *, user: str = "U1") -> dict[str, Any]:
    """What is posted when somebody sends the form off."""
    return {
        "type": "view_submission",
        "user": {"id": user, "username": "somebody", "team_id": "T1"},
        "team": {"id": "T1", "domain": "x"},
        "api_app_id": "A1",
        "token": "x",
        "view": {
            "type": "modal",
            "callback_id": "assent_reject",
            "private_metadata": metadata,
            "state": {"values": {"reason": {"text": {"value": reason}}}},
        },
    }
