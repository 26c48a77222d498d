"""How long a browser needs for the review page of a large change, against diff2html.

Settled is the second frame after everything was loaded and laid out, counted from the start of the
navigation. Both sides have the difference at hand, render from scratch and take turns.
"""

import os
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.measure import NS_PER_MS, Timings
from benchmarks.report import Row
from benchmarks.rival import NotInstalled, install, rival
from tests.e2e.browser.serving import Served, WallClock, serving
from tests.entrypoints.web.change_desk import ChangeDesk, as_text, many

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ROUNDS = {1_000: 5, 10_000: 5, 100_000: 2}
SIZES = tuple(ROUNDS)
LONG_MS = 600_000
"""diff2html takes most of a minute for the largest; its colours are left out there."""

_SETTLED = """
async () => {
  if (document.readyState !== "complete") {
    await new Promise((done) => addEventListener("load", done, { once: true }));
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
}
"""


@dataclass
class Taken:
    """Milliseconds of the rounds of one size."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    coloured: list[float] = field(default_factory=list)
    layout: list[float] = field(default_factory=list)
    first_byte: list[float] = field(default_factory=list)


def run(*, quick: bool) -> Sequence[Row]:
    if not Path(CHROMIUM).exists():
        return [Row("review page", 0, "ms", detail=f"not measured: there is no {CHROMIUM}")]
    try:
        bundles = install()
        missing = ""
    except NotInstalled as error:
        bundles, missing = None, str(error)
    rows: list[Row] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for lines in SIZES[:1] if quick else SIZES:
            before, after = many(lines)
            taken = Taken()
            desk = ChangeDesk(clock=WallClock())
            with serving(desk) as served:
                served.do(desk.change(desk.revision(before, after)))
                rounds = 1 if quick else ROUNDS[lines]
                if bundles is None:
                    for _ in range(rounds):
                        _ours(browser, served, taken)
                else:
                    with rival(bundles, as_text(before, after)) as address:
                        for _ in range(rounds):
                            _ours(browser, served, taken)
                            taken.theirs.append(_theirs(browser, address))
                        if lines < SIZES[-1]:
                            taken.coloured.append(_theirs(browser, f"{address}/highlight"))
            rows += _rows(lines, taken, missing)
        browser.close()
    return rows


def _ours(browser: Browser, served: Served, taken: Taken) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(served.login_link())
    page.wait_for_url(f"{served.url}/")
    address = f"{served.url}/changes/CH-1"
    # The first byte is that of a first visitor; afterwards the difference is at hand, as for them.
    served.desk.app_in_use.state.site.differences.forget()
    taken.first_byte.append(_first_byte(context, address))
    metrics = context.new_cdp_session(page)
    metrics.send("Performance.enable")
    page.goto(address, wait_until="commit", timeout=LONG_MS)
    page.set_default_timeout(LONG_MS)
    taken.ours.append(float(page.evaluate(_SETTLED)))
    found = {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}
    taken.layout.append(1_000 * (found["LayoutDuration"] + found["RecalcStyleDuration"]))
    context.close()


def _first_byte(context: BrowserContext, address: str) -> float:
    """Until the page's first byte is there, without a browser."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())
    asked = urllib.request.Request(address, headers={"Cookie": cookies})
    started = time.perf_counter_ns()
    with urllib.request.urlopen(asked) as answer:
        answer.read(1)
        taken = time.perf_counter_ns() - started
        answer.read()
    return taken / NS_PER_MS


def _theirs(browser: Browser, address: str) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(LONG_MS)
    page.goto(address, wait_until="commit", timeout=LONG_MS)
    page.wait_for_load_state("load", timeout=LONG_MS)
    taken = float(page.evaluate("() => window.settled"))
    context.close()
    return taken


def _rows(lines: int, taken: Taken, missing: str) -> list[Row]:
    ours = _median(taken.ours)
    size = f"{lines // 1000}k lines"
    detail = f"ours {ours:.0f} ms, first byte {_median(taken.first_byte):.0f} ms"
    rows = []
    if taken.theirs:
        theirs = _median(taken.theirs)
        detail += f"; diff2html {theirs:.0f} ms"
        if taken.coloured:
            detail += f", with its colours {_median(taken.coloured):.0f} ms"
        budget = 0.1 if lines > 1_000 else None
        rows.append(
            Row(f"review of {size} / diff2html", ours / theirs, "x", at_most=budget, detail=detail)
        )
    else:
        rows.append(Row(f"review of {size}", ours, "ms", detail=f"{detail}; {missing}"))
    rows.append(
        Row(
            f"layout and style of {size}",
            _median(taken.layout) / 1000,
            "s",
            at_most=1 if lines >= SIZES[-1] else None,
        )
    )
    return rows


def _median(values: Sequence[float]) -> float:
    return Timings(tuple(sorted(values))).p50
