"""How commands talk to the daemon: its JSON API on loopback, as the same user."""

import fcntl
import http.client
import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assent.entrypoints.home import Home, find_home
from assent.errors import (
    AssentError,
    ConflictError,
    ForbiddenError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)

DOWN = "Assent is not running."
START = "Start it: assent up"
ANSWER_LIMIT_S = 10.0
TOKEN_NAME = "ASSENT_TOKEN"
"""The variable that holds an agent's token."""

_NAME = re.compile(r"(?:req-)?[0-9]{1,15}", re.IGNORECASE)
_ERRORS: dict[int, type[AssentError]] = {
    kind.http_status: kind
    for kind in (
        UsageError,
        ForbiddenError,
        NotFoundError,
        ConflictError,
        UnavailableError,
        IntegrityError,
    )
}
_ERRORS |= dict.fromkeys((413, 422), UsageError)


class Client:
    """One daemon's API. Every call raises UnavailableError when the daemon cannot be reached."""

    def __init__(self, home: Home) -> None:
        if not held(home):
            # What a killed daemon left behind names a port that now may be anybody's.
            raise UnavailableError(DOWN, hint=START)
        self.info = _daemon_info(home)
        self.url = str(self.info["url"])
        self.page = str(self.info.get("page", self.url))
        """Where people open it: passkeys belong to a host name, never to a number."""
        self.pid = int(self.info["pid"])
        self._host = urlsplit(self.url).netloc
        self._socket = home.api_socket
        self._token = _read_token(home)

    def get(self, path: str, *, limit_s: float = ANSWER_LIMIT_S) -> Any:
        return self._call("GET", path, None, limit_s=limit_s)

    def post(
        self, path: str, fields: Mapping[str, object], *, limit_s: float = ANSWER_LIMIT_S
    ) -> Any:
        return self._call("POST", path, json.dumps(fields).encode(), limit_s=limit_s)

    def text(self, path: str) -> str:
        """What is no JSON: a log."""
        with closing(self._connection(limit_s=ANSWER_LIMIT_S)) as connection:
            response = self._send(connection, "GET", path, None)
            try:
                body = response.read()
                if response.status >= 400:
                    raise _error(response.status, json.loads(body or b"null"))
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise self._no_answer(error) from error
        return body.decode("utf-8", "replace")

    def stream(self, path: str) -> Iterator[bytes]:
        """The lines of an event stream, until it ends."""
        with closing(self._connection(limit_s=None)) as connection:
            response = self._send(connection, "GET", path, None)
            try:
                while line := response.readline():
                    yield line
            except (OSError, http.client.HTTPException) as error:
                raise UnavailableError(DOWN, hint=START) from error

    def _call(
        self, method: str, path: str, body: bytes | None, *, limit_s: float = ANSWER_LIMIT_S
    ) -> Any:
        with closing(self._connection(limit_s=limit_s)) as connection:
            response = self._send(connection, method, path, body)
            try:
                answer = json.loads(response.read() or b"null")
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise self._no_answer(error) from error
        if response.status < 400:
            return answer
        raise _error(response.status, answer)

    def _connection(self, *, limit_s: float | None) -> http.client.HTTPConnection:
        return _Here(self._host, self._socket, limit_s)

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None
    ) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body=body, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise self._no_answer(error) from error

    def _no_answer(self, error: Exception) -> UnavailableError:
        if isinstance(error, TimeoutError):
            return UnavailableError(
                f"Assent (pid {self.pid}) runs, but does not answer.",
                hint="Stop it: assent down. Then start it: assent up",
            )
        return UnavailableError(DOWN, hint=START)


class _Here(http.client.HTTPConnection):
    """HTTP over the daemon's unix socket, which needs no network; over loopback where it is not."""

    def __init__(self, host: str, place: Path, limit_s: float | None) -> None:
        super().__init__(host, timeout=limit_s)
        self._place = place

    def connect(self) -> None:
        if not self._place.exists():
            super().connect()
            return
        here = os.open(self._place.parent, os.O_PATH | os.O_DIRECTORY) if _has_fds() else None
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(_address(self._place, here))
        finally:
            if here is not None:
                os.close(here)


def _has_fds() -> bool:
    return os.path.isdir("/proc/self/fd")


def _address(place: Path, folder: int | None) -> str:
    """A unix socket's address may have about 100 characters: by the folder's handle it is short."""
    return str(place) if folder is None else f"/proc/self/fd/{folder}/{place.name}"


def request_path(name: str, said: str = "") -> str:
    """Where the API has the request that a person calls `name`, or takes a decision about it.

    Raises NotFoundError for what names no request.
    """
    if not _NAME.fullmatch(name):
        raise NotFoundError("There is no such request.", hint="Requests are named like REQ-7.")
    return f"/api/requests/{name}/{said}".rstrip("/")


def held(home: Home) -> bool:
    """Whether a daemon holds the home's lock. The lock, not the pid, tells: pids are reused.

    Of another user's home its socket tells, which nobody else can make there.
    """
    try:
        with home.lock.open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except PermissionError:
        return not home.is_ours and home.api_socket.exists()
    return False


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
    """What shows who calls: an agent's token where one is given, else that of this user's home."""
    given = os.environ.get(TOKEN_NAME, "")
    if given:
        return given
    try:
        return home.token.read_text(encoding="utf-8").strip()
    except PermissionError as error:
        raise UnavailableError(
            f"{home.root} is another user's: commands there need a token of their own.",
            hint=f"Decide in the page; for an agent, put its token into {TOKEN_NAME}.",
        ) from error
    except OSError as error:
        raise UnavailableError(f"{home.token} cannot be read.", hint=START) from error


def _error(status: int, answer: Any) -> AssentError:
    kind = _ERRORS.get(status, UnavailableError)
    said = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(said, dict):
        return kind(str(said.get("message", "")), hint=str(said.get("hint", "")))
    return kind(f"The daemon answered with HTTP {status}.", hint="See: assent status")
