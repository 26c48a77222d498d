"""The decision log in a browser: on any screen and on paper; and what was read is known."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, expect

from assent.app.changes.decide import accept
from assent.app.changes.saying import Voice
from assent.core.changes.model import Change
from assent.testing import MemoryStore
from tests.e2e.browser.conftest import DESKTOP, PHONE, Visits
from tests.e2e.browser.serving import Served, WallClock, serving
from tests.entrypoints.web.change_desk import open_full
from tests.entrypoints.web.desk import ANA
from tests.entrypoints.web.test_change_log import Desk
from tests.signing import person

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.fixture
def desk() -> Desk:
    others = [person(name, roles=("security",)) for name in ("ben", "cyd", "dan")]
    return Desk(store=MemoryStore([ANA, *others]), clock=WallClock())


@pytest.fixture
def served(desk: Desk) -> Iterator[Served]:
    with serving(desk) as inbox:
        yield inbox


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Visits]:
    visits = Visits(chromium, served)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.unexpected() == []


def accepted(desk: Desk, served: Served) -> Change:
    made = served.do(open_full(desk))
    hunks = [hunk.id for hunk in made.newest.hunks]
    voice = Voice(by="ben", via="web")
    outcome = served.do(accept(desk.gate, made.number, voice, hunks=hunks, reason="false alarms"))
    assert isinstance(outcome, Change), outcome
    return outcome


@pytest.mark.parametrize(
    "look",
    [
        pytest.param({"color_scheme": "light", "viewport": DESKTOP}, id="light"),
        pytest.param({"color_scheme": "dark", "viewport": PHONE}, id="phone-dark"),
    ],
)
@pytest.mark.parametrize("path", ["", "/log"])
def test_everybody_can_read_it(
    desk: Desk, served: Served, visit: Visits, look: dict[str, Any], path: str
) -> None:
    accepted(desk, served)
    page = visit(**look)
    page.goto(f"{served.url}/changes/CH-1{path}")
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in GRAVE] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_paper_the_proofs_stand_in_full(desk: Desk, served: Served, visit: Visits) -> None:
    accepted(desk, served)
    page = visit()
    page.goto(f"{served.url}/changes/CH-1/log")
    page.emulate_media(media="print")
    assert not page.locator("header.bar").is_visible()
    code = page.locator(".proofs code").first
    content = code.evaluate("(one) => getComputedStyle(one, '::after').content")
    assert content == f'"{code.get_attribute("title")}"'


def test_what_was_gone_through_to_the_end_is_known(
    desk: Desk, served: Served, visit: Visits
) -> None:
    made = served.do(open_full(desk))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    # A folded file is opened first: what nobody unfolded nobody saw.
    for link in page.locator("section.file[data-folded=yes] a[data-show]").all():
        link.click()
    expect(page.locator("section.file[data-folded=yes]")).to_have_count(0)
    with page.expect_response(lambda answer: answer.url.endswith("/opened")) as told:
        for section in page.locator("section.file").all():
            section.locator(".file-end").scroll_into_view_if_needed()
            page.wait_for_timeout(600)
    assert told.value.ok

    def is_read() -> bool:
        kept = desk.store.read(lambda view: view.opened(made.id, "ana", made.newest.number))
        return kept is not None and kept.read

    for _ in range(100):
        if is_read():
            return
        page.wait_for_timeout(50)
    raise AssertionError("the end was not told")
