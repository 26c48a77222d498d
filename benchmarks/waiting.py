"""What 100,000 requests that wait for somebody cost a daemon that has nothing else to do."""

import asyncio
import http.client
import time
from collections.abc import Awaitable, Sequence
from functools import partial
from urllib.parse import urlsplit

from assent.adapters.agents.registry import AGENTS
from assent.app import requests
from assent.app.agents import ToolProposed
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.core.approvals import Request
from assent.core.canonical import digest_of
from assent.core.facts import Facts
from assent.core.risk import assess
from assent.entrypoints.cli.client import Client
from assent.entrypoints.cli.up import login_link
from assent.entrypoints.home import Config
from assent.entrypoints.wiring import open_gatehouse
from benchmarks.house import AGENT, EVENT, SAFE, House, bash_payload, running_house
from benchmarks.loopback import bearer, caller
from benchmarks.measure import Timings, interleaved, nothing
from benchmarks.process import cpu_seconds, rss_mb
from benchmarks.report import Row

WAITING, AT_ONCE = 100_000, 2_000
IDLE_S, QUICK_IDLE_S = 10.0, 1.0
PAGES, CALLS = 30, 200
WEEK_MS = 7 * 24 * 3_600_000


def run(*, quick: bool) -> Sequence[Row]:
    number = 200 if quick else WAITING
    with running_house(lambda place: asyncio.run(_fill(place, number))) as (place, client):
        return [
            _idle(client, QUICK_IDLE_S if quick else IDLE_S, number),
            *asyncio.run(_pages(place, client, number, pages=2 if quick else PAGES)),
            _call(place, number, rounds=3 if quick else CALLS),
            Row(f"daemon with {number:,} waiting, resident", rss_mb(client.pid), "MB"),
        ]


async def _fill(place: House, number: int) -> None:
    """Requests as agents would have opened them, each for another folder to delete."""
    gate = open_gatehouse(place.home, Config())
    try:
        for start in range(0, number, AT_ONCE):
            batch = range(start, min(start + AT_ONCE, number))
            work = partial(_open, gate=gate, place=place, batch=batch)
            await gate.store.write(work, durable=False)
    finally:
        await gate.store.close()


def _open(tx: Tx, *, gate: Gatehouse, place: House, batch: range) -> None:
    now, catalog = gate.clock.now(), gate.policies.default().catalog
    for each in batch:
        command = f"rm -rf build/{each}"
        payload = bash_payload(command, place.workspace, call=f"toolu_{each}")
        event = AGENTS[AGENT].read(EVENT, payload, env={}, files=gate.files)
        assert isinstance(event, ToolProposed)
        proposal = event.proposal
        known = Facts(proposal.session.workspace, home="", assent_home="", catalog=catalog)
        facts = gate.world.facts(proposal.action, proposal.session, known)
        request = Request(
            id=gate.ids.new(),
            number=tx.next_number(),
            proposal=proposal,
            assessment=assess(proposal.action, facts),
            rule="not-safe",
            why="it is not known to be safe",
            policy=digest_of(b""),
            created_at=now,
            expires_at=now + WEEK_MS,
        )
        requests.open_request(tx, request, now)


def _idle(client: Client, seconds: float, number: int) -> Row:
    time.sleep(seconds)  # The first checkpoint after the start covers all that was filled in.
    before, started = cpu_seconds(client.pid), time.monotonic()
    time.sleep(seconds)
    spent = time.monotonic() - started
    used = (cpu_seconds(client.pid) - before) / spent * 100
    return Row(
        f"idle with {number:,} waiting, of one core",
        used,
        "%",
        at_most=1,
        detail=f"over {spent:.0f} s",
    )


async def _pages(place: House, client: Client, number: int, *, pages: int) -> Sequence[Row]:
    cookie = await _log_in(client)
    inbox, listing = [], []
    async with (
        caller(client.url, f"Cookie: {cookie}\r\n") as browser,
        caller(client.url, bearer(place.home)) as program,
    ):
        for _ in range(pages):
            inbox.append(await _timed(browser.fetch("GET", "/")))
            listing.append(await _timed(program.fetch("GET", "/api/requests?state=waiting")))
    page, answer = Timings.of(inbox), Timings.of(listing)
    return [
        Row(f"inbox page, {number:,} waiting, p50", page.p50, "ms", at_most=50, detail=str(page)),
        Row(f"inbox as JSON, {number:,} waiting, p50", answer.p50, "ms", detail=str(answer)),
    ]


async def _timed(fetching: Awaitable[tuple[int, bytes]]) -> int:
    started = time.perf_counter_ns()
    status, body = await fetching
    taken = time.perf_counter_ns() - started
    if status != 200:
        raise RuntimeError(f"the daemon answered {status}: {body[:200]!r}")
    return taken


async def _log_in(client: Client) -> str:
    """A browser's cookie, by the one-time link."""
    link = urlsplit(login_link(client))
    token = link.path.rpartition("/")[2]
    connection = http.client.HTTPConnection(link.netloc)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://{link.netloc}",
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("POST", "/login", body=f"token={token}", headers=headers)
    answer = connection.getresponse()
    cookie = answer.getheader("Set-Cookie") or ""
    connection.close()
    if answer.status != 303:
        raise RuntimeError(f"logging in was answered with {answer.status}")
    return cookie.partition(";")[0]


def _call(place: House, number: int, *, rounds: int) -> Row:
    """A call that proceeds does not notice how much waits."""
    call = place.hook(place.relay, place.payload(SAFE))
    base, hook = interleaved(rounds, nothing().must_run, call.must_run)
    return Row(
        f"hook call / true, {number:,} waiting, p50",
        hook.p50 / base.p50,
        "x",
        detail=f"{hook}; /bin/true {base}",
    )
