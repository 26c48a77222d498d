"""Every page passes axe without serious findings: light, dark, wide and narrow."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from assent.core.people.model import Delegation, Need, Rung
from assent.core.risk.factors import RiskClass
from tests.e2e.browser.conftest import DESKTOP, PHONE, Visits
from tests.e2e.browser.serving import Served
from tests.entrypoints.web.desk import KINDS

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")
LOOKS = [
    pytest.param({"color_scheme": "light", "viewport": DESKTOP}, id="light"),
    pytest.param({"color_scheme": "dark", "viewport": DESKTOP}, id="dark"),
    pytest.param({"color_scheme": "light", "viewport": PHONE}, id="phone-light"),
    pytest.param({"color_scheme": "dark", "viewport": PHONE}, id="phone-dark"),
]


def check(page: Page) -> None:
    results = Axe().run(page)
    assert [
        (violation["id"], node["html"][:200], node["failureSummary"])
        for violation in results.response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ] == []


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_a_serious_finding(visit: Visits, served: Served, look: dict[str, Any]) -> None:
    page = visit(**look)
    check(page)
    for kind in KINDS:
        served.do(served.desk.ask(*KINDS[kind]()))
    for risk in RiskClass:
        served.do(served.desk.command(risk=risk, title=f"run something {risk.word}"))
    paths = ["/", *(f"/requests/{n}" for n in (1, 2, 3, 4, 6, 8, 10)), "/together?n=1&n=2"]
    for path in [*paths, "/activity", "/agents", "/people", "/account", "/levels", "/requests/99"]:
        page.goto(served.url + path)
        check(page)
    visit.expected.add("404")


@pytest.mark.parametrize("look", LOOKS)
def test_who_decides_has_no_serious_finding(
    visit: Visits, served: Served, look: dict[str, Any]
) -> None:
    served.do(served.desk.know("ben", "eve"))
    needs = Need("@security", ("eve",), 1), Need("@dba", (), 1)
    asked = served.desk.ask(
        *KINDS["delete"](),
        reviewers=("ana", "ben", "zoe"),
        quorum=2,
        also=needs,
        asker="ben",
        ladder=(Rung(3_600_000, ("eve",)),),
    )
    served.do(asked)
    now = served.desk.clock.now()
    made = Delegation("d", giver="ana", taker="ben", created_at=now, until=now + 1_000_000)
    served.do(served.desk.store.write(lambda tx: tx.add_delegation(made), durable=True))
    page = visit(**look)
    for path in ("/requests/1", "/account"):
        page.goto(served.url + path)
        for part in page.locator("details > summary").all():
            part.click()
        check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_no_form_has_a_serious_finding(visit: Visits, served: Served, look: dict[str, Any]) -> None:
    served.do(served.desk.know("ben"))
    served.do(served.desk.ask(*KINDS["delete"]()))
    page = visit(**look)
    page.goto(served.url + "/requests/1")
    for act in ("approve", "reject", "modify", "delay", "refer"):
        page.locator(f'[data-act="{act}"]').click()
        check(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    check(page)
