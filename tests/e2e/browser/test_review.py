"""A change is reviewed by keyboard alone, in a real browser, on a real repository."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from assent.adapters.git.executor import GitRepositories
from assent.core.changes.model import ChangeState, HunkRef, Revision, Stance
from assent.core.risk.factors import RiskClass
from tests.e2e.browser.conftest import DESKTOP, PHONE, Visits
from tests.e2e.browser.serving import Served, WallClock, serving
from tests.entrypoints.web.change_desk import (
    AFTER,
    BEFORE,
    ChangeDesk,
    Tree,
    full,
    many,
    open_full,
)

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")
LOOKS = [
    pytest.param({"color_scheme": "light", "viewport": DESKTOP}, id="light"),
    pytest.param({"color_scheme": "dark", "viewport": DESKTOP}, id="dark"),
    pytest.param({"color_scheme": "light", "viewport": PHONE}, id="phone-light"),
    pytest.param({"color_scheme": "dark", "viewport": PHONE}, id="phone-dark"),
]


@pytest.fixture
def desk() -> ChangeDesk:
    return ChangeDesk(clock=WallClock())


@pytest.fixture
def served(desk: ChangeDesk) -> Iterator[Served]:
    with serving(desk) as inbox:
        yield inbox


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Visits]:
    visits = Visits(chromium, served)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.unexpected() == []


def git(folder: Path, *words: str) -> str:
    named = ("-c", "user.name=Ana", "-c", "user.email=ana@localhost")
    done = subprocess.run(
        ["git", *named, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, tree: Tree, message: str) -> None:
    git(folder, "rm", "-rq", "--ignore-unmatch", ".")
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


@pytest.fixture
def shop(tmp_path: Path, desk: ChangeDesk) -> Revision:
    """A revision in a real repository, in the executor's own copy of it."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, BEFORE, "the shop")
    git(folder, "checkout", "-q", "-b", "grace")
    commit(folder, AFTER, "a grace period")
    repositories = GitRepositories(tmp_path / "home")
    place = repositories.place(str(folder))
    assert place is not None
    payload = repositories.capture(place, target="main", uncommitted=False)
    patches = repositories.patches(place.repository, payload.base, payload.commit)
    desk.repositories.real = repositories
    hunks = tuple(
        HunkRef(hunk.id, patch.path, RiskClass.LOW, hunk.added, hunk.removed, hunk.new_start)
        for patch in patches
        for hunk in patch.hunks
    )
    return Revision(
        number=1,
        payload=payload,
        by="claude-code",
        session="s",
        model="opus-5",
        at=desk.clock.now(),
        risk=RiskClass.LOW,
        reasons=(),
        hunks=hunks,
    )


def test_a_change_is_reviewed_by_keyboard_alone(
    visit: Visits, served: Served, desk: ChangeDesk, shop: Revision, tmp_path: Path
) -> None:
    repository = str((tmp_path / "shop" / ".git").resolve())
    served.do(desk.change(shop, repository=repository))
    page = visit()
    keys = page.keyboard
    expect(page.locator("#live")).to_have_text("live")
    keys.press("g")
    keys.press("c")
    page.wait_for_url("**/changes")
    page.locator("a.title").focus()
    keys.press("Enter")
    page.wait_for_url("**/changes/CH-1")
    expect(page.locator("#live")).to_have_text("live")
    tally = page.locator(".tally")

    keys.press("n")
    current = page.locator("tbody.hunk.is-current")
    expect(current).to_have_count(1)
    keys.press("y")
    expect(tally).to_contain_text("1 accepted")
    expect(current).to_have_attribute("data-stance", "accept")

    keys.press("n")
    expect(current).to_have_attribute("data-stance", "")
    keys.press("-")
    expect(tally).to_contain_text("1 rejected")
    expect(page.locator("#why-reason")).to_be_focused()
    keys.type("Keep the token out")
    keys.press("Enter")
    expect(page.locator("#why-reason")).to_be_hidden()

    keys.press("j")
    keys.press("j")
    keys.press("c")
    expect(page.locator("form.say textarea")).to_be_focused()
    keys.type("Why here?")
    keys.press("Enter")
    expect(page.locator(".comment")).to_contain_text("Why here?")
    expect(tally).to_contain_text("1 accepted")

    keys.press("a")
    page.wait_for_url("**/changes/CH-1")
    expect(page.locator("[data-state]")).to_have_text("accepted in part")
    stored = desk.stored(1)
    assert stored.state is ChangeState.PARTLY_APPROVED
    assert len(stored.acceptances[0].hunks) == 1
    rejected = [said for said in stored.stances if said.stance is Stance.REJECT]
    assert [said.reason for said in rejected] == ["Keep the token out"]
    assert [said.text for said in stored.comments] == ["Why here?"]
    assert stored.comments[0].line > 0


def test_the_second_act_is_another_one_where_it_is_high(
    visit: Visits, served: Served, desk: ChangeDesk
) -> None:
    second, fields = full(desk)
    served.do(desk.change(second, **{**fields, "verdicts": ()}))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    page.keyboard.press("a")
    expect(page.locator("#panel-accept")).to_be_visible()
    assert desk.stored(1).state is ChangeState.IN_REVIEW
    page.keyboard.press("Escape")
    expect(page.locator("#panel-accept")).to_be_hidden()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator("[data-state]")).to_have_text("accepted")
    assert desk.stored(1).state is ChangeState.APPROVED


def test_sending_back_takes_a_reason(visit: Visits, served: Served, desk: ChangeDesk) -> None:
    served.do(open_full(desk))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    page.keyboard.press("r")
    page.keyboard.type("No back doors")
    page.keyboard.press("Enter")
    expect(page.locator("[data-state]")).to_have_text("sent back")
    assert desk.stored(1).verdicts[-1].summary == "No back doors"


def test_a_held_key_marks_nothing_again(visit: Visits, served: Served, desk: ChangeDesk) -> None:
    served.do(open_full(desk))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    page.keyboard.press("n")
    page.evaluate(
        """() => document.body.dispatchEvent(
             new KeyboardEvent("keydown", { key: "y", bubbles: true, repeat: true }))"""
    )
    page.keyboard.press("u")
    expect(page.locator("tbody.hunk.is-current")).to_have_attribute("data-stance", "")
    assert desk.stored(1).stances == ()


def test_more_lines_colours_and_folded_files_come_when_asked_for(
    visit: Visits, served: Served, desk: ChangeDesk
) -> None:
    served.do(open_full(desk))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    first = page.locator("section.file").first
    expect(first.locator("td i.k").first).to_be_visible()
    before = first.locator("tr[id]").count()
    page.keyboard.press("n")
    page.keyboard.press("e")
    expect(first.locator("tr.more").first).to_be_attached()
    numbers = [
        int(one)
        for one in first.locator("tr[id] td[data-n]:nth-child(2)").evaluate_all(
            "cells => cells.map((cell) => cell.dataset.n)"
        )
    ]
    assert numbers == sorted(set(numbers))
    assert first.locator("tr[id]").count() > before
    lock = page.locator("#F5")
    expect(lock.locator("table")).to_have_count(0)
    lock.locator("[data-show]").click()
    expect(lock.locator("table")).to_have_count(1)


def test_the_whole_file_opens_at_the_line(visit: Visits, served: Served, desk: ChangeDesk) -> None:
    served.do(open_full(desk))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    page.keyboard.press("n")
    page.keyboard.press("o")
    page.wait_for_url("**/changes/CH-1/files/4?revision=2#L*")
    expect(page.locator("tr:target")).to_have_count(1)


def test_a_page_hears_that_its_change_moved_on(
    visit: Visits, served: Served, desk: ChangeDesk
) -> None:
    change = served.do(open_full(desk))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    expect(page.locator("#live")).to_have_text("live")
    served.do(desk.put(change, state=ChangeState.QUEUED))
    expect(page.locator("#moved-on")).to_contain_text("it is in the queue")


def test_the_queue_follows_by_itself(visit: Visits, served: Served, desk: ChangeDesk) -> None:
    change = served.do(open_full(desk, state=ChangeState.QUEUED, queued_at=1))
    page = visit()
    page.goto(f"{served.url}/queue")
    expect(page.locator("#live")).to_have_text("live")
    expect(page.locator(".queued .state")).to_have_text("in the queue")
    served.do(desk.put(change, state=ChangeState.TESTING))
    expect(page.locator(".queued .state")).to_have_text("being tested")


def test_everything_works_without_scripts(visit: Visits, served: Served, desk: ChangeDesk) -> None:
    served.do(open_full(desk))
    page = visit()
    link = served.login_link()
    plain = visit(logged_in=False, java_script_enabled=False)
    plain.goto(link)
    plain.get_by_role("button", name="Log in").click()
    plain.goto(f"{served.url}/changes/CH-1")
    plain.locator("tbody.hunk").nth(1).get_by_role("button", name="Accept").click()
    expect(plain.locator(".tally")).to_contain_text("1 accepted")
    plain.locator("tbody.hunk").nth(1).get_by_role("link", name="Comment").click()
    plain.locator("#say textarea").fill("Without scripts")
    plain.locator("#say button.primary").click()
    expect(plain.locator(".comment")).to_contain_text("Without scripts")
    plain.locator("#return-reason").fill("Not so")
    plain.get_by_role("button", name="Send back").click()
    expect(plain.locator("[data-state]")).to_have_text("sent back")
    page.close()


def check(page: Page) -> None:
    results = Axe().run(page)
    assert [
        (violation["id"], node["html"][:200], node["failureSummary"])
        for violation in results.response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_a_serious_finding(
    visit: Visits, served: Served, desk: ChangeDesk, look: dict[str, Any]
) -> None:
    page = visit(**look)
    for path in ("/changes", "/queue"):
        page.goto(served.url + path)
        check(page)
    change = served.do(open_full(desk))
    served.do(open_full(desk, state=ChangeState.EJECTED, ejected="it conflicts in a.py"))
    served.do(desk.change(change.newest, state=ChangeState.TESTING, queued_at=1))
    for path in ("/changes", "/changes?state=closed", "/queue", "/changes/CH-2"):
        page.goto(served.url + path)
        check(page)
    for query in ("", "?view=split", "?revision=1", "?space=fold"):
        page.goto(f"{served.url}/changes/CH-1{query}")
        page.locator("section.file").first.scroll_into_view_if_needed()
        expect(page.locator("section.file").first.locator("td i").first).to_be_attached()
        check(page)
    page.goto(f"{served.url}/changes/CH-1")
    for key in ("n", "y", "c"):
        page.keyboard.press(key)
    check(page)
    page.keyboard.press("Escape")
    for key in ("-", "Escape", "r", "Escape", "?"):
        page.keyboard.press(key)
        check(page)
    page.goto(f"{served.url}/changes/CH-1/files/4")
    check(page)


def test_two_hundred_percent_zoom_keeps_everything_in_reach(
    visit: Visits, served: Served, desk: ChangeDesk
) -> None:
    served.do(open_full(desk))
    page = visit(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page.goto(f"{served.url}/changes/CH-1")
    check(page)
    page.keyboard.press("n")
    expect(page.locator("tbody.hunk.is-current .marks")).to_be_in_viewport()


def test_ten_thousand_lines_can_be_walked_through(
    visit: Visits, served: Served, desk: ChangeDesk
) -> None:
    served.do(desk.change(desk.revision(*many(10_000))))
    page = visit()
    page.goto(f"{served.url}/changes/CH-1")
    for key in "nnny]]]yn":
        page.keyboard.press(key)
    expect(page.locator("tbody.hunk.is-current")).to_be_in_viewport()
    expect(page.locator(".tally")).to_contain_text("2 accepted")
