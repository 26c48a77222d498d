"""An export by the page: asked for on /activity, downloaded, and whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.gatehouse import Gatehouse
from assent.app.proof.ports import ProofPorts
from assent.entrypoints.exports import check_export
from tests.e2e.browser.conftest import PHONE
from tests.e2e.browser.serving import Served, WallClock, serving
from tests.entrypoints.web.desk import Desk

pytestmark = pytest.mark.browser


@dataclass
class SigningDesk(Desk):
    key: Path = Path()

    @property
    def gate(self) -> Gatehouse:
        proof = ProofPorts(CheckedSignatures(), ServerKeyFile(self.key))
        return replace(super().gate, proof=proof)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "server.key"


@pytest.fixture
def served(key: Path) -> Iterator[Served]:
    with serving(SigningDesk(clock=WallClock(), key=key)) as inbox:
        yield inbox


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_is_downloaded(
    served: Served, visit: Callable[..., Page], key: Path, tmp_path: Path, form: str
) -> None:
    served.do(served.desk.command())
    page = visit(viewport=PHONE)
    page.goto(served.url + "/activity")
    page.get_by_text("Export", exact=True).first.click()
    page.get_by_label("From").fill("2020-01-01")
    page.locator("select[name=format]").select_option(form)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export").click()
    path = tmp_path / "export"
    downloading.value.save_as(path)
    found = check_export(path, signatures=CheckedSignatures(), key=ServerKeyFile(key).public)
    assert found.counts["requests"] == 1
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
