"""Chromium, the inbox on a real port, and pages that report what the browser complains about."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.browser.serving import Served, WallClock, serving
from tests.entrypoints.web.desk import Desk

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}

WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Nothing but our own pages on loopback is opened, also where only root is at home.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(Desk(clock=WallClock())) as inbox:
        yield inbox


@dataclass
class Visits:
    """Opens logged-in pages and keeps what the browser had to say about them."""

    browser: Browser
    served: Served
    complaints: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)
    """HTTP statuses that a test brings about: Chromium reports each as an error."""
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(self, *, logged_in: bool = True, **options: Any) -> Page:
        context = self.browser.new_context(**{"viewport": DESKTOP, **options})
        self.contexts.append(context)
        page = context.new_page()
        page.add_init_script(WATCH_POLICY)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        if logged_in:
            page.goto(self.served.login_link())
            page.wait_for_url(self.served.url + "/")
        return page

    def unexpected(self) -> list[str]:
        return [
            said
            for said in self.complaints
            if not any(f"responded with a status of {status} " in said for status in self.expected)
        ]

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Visits]:
    visits = Visits(chromium, served)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.unexpected() == []


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """Ana's inbox on a desktop."""
    return visit()
