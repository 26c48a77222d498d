"""How commands talk to the daemon: its JSON API on loopback, as the same user."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from assent.entrypoints.home import Home, find_home
from assent.errors import (
    AssentError,
    ConflictError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)

DOWN = "Assent is not running."
START = "Start it: assent up"
ANSWER_LIMIT_S = 30.0

_ERRORS = {
    kind.http_status: kind
    for kind in (UsageError, NotFoundError, ConflictError, UnavailableError, IntegrityError)
}


class Client:
    """One daemon's API. Every call raises UnavailableError when the daemon cannot be reached."""

    def __init__(self, home: Home) -> None:
        self.info = _daemon_info(home)
        self.url = str(self.info["url"])
        self.pid = int(self.info["pid"])
        self._host = urlsplit(self.url).netloc
        self._token = _read_token(home)

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, fields: Mapping[str, object]) -> Any:
        return self._call("POST", path, json.dumps(fields).encode())

    def stream(self, path: str) -> Iterator[bytes]:
        """The lines of an event stream, until it ends."""
        response = self._send("GET", path, None, limit_s=None)
        while line := response.readline():
            yield line

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        response = self._send(method, path, body, limit_s=ANSWER_LIMIT_S)
        answer = json.loads(response.read() or b"null")
        if response.status < 400:
            return answer
        raise _error(response.status, answer)

    def _send(
        self, method: str, path: str, body: bytes | None, *, limit_s: float | None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._host, timeout=limit_s)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body=body, headers=headers)
            return connection.getresponse()
        except OSError as error:
            raise UnavailableError(DOWN, hint=START) from error


def connect() -> Client:
    """The daemon of this user's home."""
    return Client(find_home())


def _daemon_info(home: Home) -> dict[str, Any]:
    try:
        info = json.loads(home.daemon_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnavailableError(DOWN, hint=START) from error
    if not isinstance(info, dict) or not {"url", "pid"} <= info.keys():
        raise UnavailableError(DOWN, hint=START)
    return info


def _read_token(home: Home) -> str:
    try:
        return home.token.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UnavailableError(f"{home.token} cannot be read.", hint=START) from error


def _error(status: int, answer: Any) -> AssentError:
    kind = _ERRORS.get(status, UnavailableError)
    said = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(said, dict):
        return kind(str(said.get("message", "")), hint=str(said.get("hint", "")))
    return kind(f"The daemon answered with HTTP {status}.", hint="See: assent status")
