"""The inbox on a real port, in a thread of its own, for a browser to visit."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn

from assent.core.approvals import Request
from assent.entrypoints.web.sessions import new_login_link
from tests.entrypoints.web.desk import Desk

T = TypeVar("T")
ANSWER_S = 30


class WallClock:
    """The time of this machine, as the daemon has it."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass
class Served:
    """`desk` is worked on in the server's own event loop."""

    desk: Desk
    url: str
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(ANSWER_S)

    def login_link(self) -> str:
        return self.url + self.do(new_login_link(self.desk.gate, "ana"))

    def stored(self, number: int) -> Request:
        found = self.desk.store.read(lambda view: view.request_numbered(number))
        assert found is not None
        return found


@contextmanager
def serving(desk: Desk) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            desk.app_in_use,
            log_level="error",
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=5,
        )
        server = uvicorn.Server(config)
        loop = asyncio.new_event_loop()
        started = threading.Event()

        async def serve() -> None:
            started.set()
            await server.serve(sockets=[listening])

        def run() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(serve())

        thread = threading.Thread(target=run, name="inbox")
        thread.start()
        started.wait(ANSWER_S)
        try:
            yield Served(desk, url, loop)
        finally:
            loop.call_soon_threadsafe(desk.shutting_down.set)
            server.should_exit = True
            thread.join(ANSWER_S)
            loop.close()
