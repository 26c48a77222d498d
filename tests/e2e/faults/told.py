"""A webhook receiver that is sometimes down, and remembers what it was sent and took."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Post:
    """One message as it arrived."""

    person: str
    id: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    at: float
    title: str


@dataclass
class Receiver:
    port: int = 0
    is_up: bool = True
    took: list[Post] = field(default_factory=list)
    refused: int = 0
    on_post: Callable[[], None] | None = None
    """Called once, after a message was taken and before its sender knows."""

    def url(self, person: str) -> str:
        return f"json://127.0.0.1:{self.port}/{person}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    state, lock = Receiver(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                answer = self._take(body)
                called, state.on_post = state.on_post, None
            if called is not None and answer == 200:
                called()
            self.send_response(answer)
            self.send_header("content-length", "0")
            self.end_headers()

        def _take(self, body: dict[str, object]) -> int:
            if not state.is_up:
                state.refused += 1
                return 503
            ids, names = body["ids"], body["names"]
            assert isinstance(ids, list)
            assert isinstance(names, list)
            state.took.append(
                Post(
                    self.path.strip("/"),
                    str(body["id"]),
                    tuple(ids),
                    tuple(names),
                    time.time(),
                    str(body["title"]),
                )
            )
            return 200

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
