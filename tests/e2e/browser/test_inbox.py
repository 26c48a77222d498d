"""The inbox as a person uses it, in a real browser."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from assent.app.decide_request import Word, decide_request
from assent.core.actions import Command
from assent.core.approvals import State, Verdict
from assent.core.risk.factors import RiskClass
from tests.e2e.browser.conftest import PHONE, Visits
from tests.e2e.browser.serving import Served
from tests.entrypoints.web.desk import KINDS

pytestmark = pytest.mark.browser

ROWS = "#rows .row"
READY = "#detail[data-ready=yes]"


def open_inbox(page: Page, served: Served) -> None:
    page.goto(served.url)
    expect(page.locator("#live")).to_have_text("live")


def choose(page: Page, number: int) -> None:
    """Move down until this request is on show and settled."""
    article = page.locator(f'#request[data-number="{number}"]')
    for _ in range(20):
        if article.count():
            break
        page.keyboard.press("j")
        page.wait_for_selector(READY)
    expect(article).to_be_visible()
    page.wait_for_selector(READY)


def test_a_request_arrives_while_the_inbox_is_empty(page: Page, served: Served) -> None:
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    expect(page.locator("#live")).to_have_text("live")
    served.do(served.desk.command("make release", title="run make release"))
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_hidden()
    expect(page).to_have_title("(1) Inbox · Assent")
    expect(page.locator("[data-waiting]")).to_have_text("1")


def test_new_rows_wait_until_they_are_asked_for(page: Page, served: Served) -> None:
    served.do(served.desk.command(title="run first"))
    open_inbox(page, served)
    page.keyboard.press("j")
    for number in (2, 3):
        served.do(served.desk.command(title=f"run number {number}"))
    pill = page.get_by_role("button", name="2 new")
    expect(pill).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.press("n")
    expect(page.locator(ROWS)).to_have_count(3)
    expect(pill).to_be_hidden()
    expect(page.locator("#rows .row.is-selected .name")).to_have_text("REQ-1")


def test_one_key_approves_and_none_repeats_into_the_next(page: Page, served: Served) -> None:
    for number in (1, 2, 3):
        served.do(served.desk.command(title=f"run number {number}"))
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("a")
    expect(page.locator(".standing")).to_contain_text("approved by ana")
    for key in ("a", "a", "r", "Enter", "a"):
        page.keyboard.press(key)
    expect(page.locator("#row-REQ-1 .outcome")).to_contain_text("approved by ana")
    assert [served.stored(n).state for n in (1, 2, 3)] == [
        State.APPROVED,
        State.PENDING,
        State.PENDING,
    ]
    choose(page, 2)
    page.keyboard.press("a")
    expect(page.locator("#row-REQ-2 .outcome")).to_contain_text("approved by ana")
    assert served.stored(3).state is State.PENDING


def test_a_held_key_decides_nothing(page: Page, served: Served) -> None:
    served.do(served.desk.command())
    open_inbox(page, served)
    choose(page, 1)
    page.evaluate(
        """() => document.body.dispatchEvent(
            new KeyboardEvent("keydown", {key: "a", repeat: true, bubbles: true}))"""
    )
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert served.stored(1).state is State.PENDING


def test_what_is_risky_takes_a_second_different_act(page: Page, served: Served) -> None:
    served.do(served.desk.command(risk=RiskClass.HIGH, title="apply changes"))
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("a")
    button = page.get_by_role("button", name="Approve REQ-1")
    expect(button).to_be_focused()
    page.keyboard.press("a")
    assert served.stored(1).state is State.PENDING
    page.keyboard.press("Escape")
    expect(button).to_be_hidden()
    page.keyboard.press("a")
    for _ in range(20):
        if page.locator('#request[data-read="yes"]').count():
            break
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
    assert served.stored(1).state is State.PENDING
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".standing")).to_contain_text("approved by ana")


def read_to_its_end(page: Page) -> None:
    """From the list or the page itself, scroll what is on show until it is known to be read."""
    read = page.locator('#request[data-read="yes"]')
    for _ in range(40):
        if read.count():
            break
        page.keyboard.press("Space")
        page.wait_for_timeout(50)
    expect(read).to_be_attached()


def test_what_is_long_and_risky_is_not_approved_unread(page: Page, served: Served) -> None:
    script = "\n".join(f"echo step {number}" for number in range(60))
    served.do(served.desk.command(script, risk=RiskClass.HIGH, title="run many steps"))
    open_inbox(page, served)
    choose(page, 1)
    expect(page.locator('#request[data-read="no"]')).to_be_attached()
    page.keyboard.press("a")
    button = page.get_by_role("button", name="Approve REQ-1")
    expect(button).to_have_attribute("aria-disabled", "true")
    line = page.locator("#panel-approve [data-reads-line]")
    before = line.bounding_box()
    # An act too early scrolls on instead of approving, and nothing jumps when it is read.
    page.keyboard.press("Enter")
    assert served.stored(1).state is State.PENDING
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    read_to_its_end(page)
    page.keyboard.press("a")
    expect(button).to_have_attribute("aria-disabled", "false")
    after = line.bounding_box()
    assert before is not None
    assert after is not None
    assert (before["height"], before["y"]) == (after["height"], after["y"])
    page.keyboard.press("Enter")
    expect(page.locator(".standing")).to_contain_text("approved by ana")
    [said] = served.stored(1).decisions
    assert said.read
    assert said.shown_ms > 0


def test_a_request_is_referred_by_keyboard(page: Page, served: Served) -> None:
    served.do(served.desk.know("ben"))
    served.do(served.desk.ask(*KINDS["delete"](), reviewers=("ana",)))
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("f")
    expect(page.get_by_label("Who may decide this, too?")).to_be_focused()
    page.keyboard.type("ben")
    page.keyboard.press("Tab")
    page.keyboard.type("You know this folder.")
    page.keyboard.press("Enter")
    expect(page.locator(".deciders")).to_contain_text("0 of 1 of ana, ben")
    expect(page.locator(".said")).to_contain_text("referred by ana")


def test_what_cannot_be_undone_has_to_be_named(page: Page, visit: Visits, served: Served) -> None:
    served.do(served.desk.ask(*KINDS["delete"]()))
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("a")
    name = page.get_by_label("This cannot be undone.")
    expect(name).to_be_focused()
    page.keyboard.type("REQ-7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Type REQ-1 to approve it.")
    visit.expected.add("400")
    assert served.stored(1).state is State.PENDING
    name.fill("REQ-1")
    page.keyboard.press("Enter")
    expect(page.locator(".standing")).to_contain_text("approved by ana")


def test_a_rejection_tells_the_agent_why(page: Page, served: Served) -> None:
    for number in (1, 2):
        served.do(served.desk.command(title=f"run number {number}"))
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("r")
    reason = page.get_by_label("Why not, or what instead?")
    expect(reason).to_be_focused()
    page.keyboard.press("Enter")
    assert served.stored(1).state is State.PENDING
    page.keyboard.type("Use a revert commit,")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("not jra.")
    page.keyboard.press("Enter")
    expect(page.locator(".standing")).to_contain_text("rejected by ana")
    assert served.stored(1).decisions[0].reason == "Use a revert commit,\nnot jra."
    choose(page, 2)
    page.keyboard.press("r")
    page.locator(".chip").click()
    expect(reason).to_have_value("Use a revert commit,\nnot jra.")


def test_a_changed_command_runs_as_changed(page: Page, served: Served) -> None:
    served.do(served.desk.command("make release\nmake publish"))
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("m")
    editor = page.get_by_label("The command to run instead")
    expect(editor).to_be_focused()
    expect(editor).to_have_value("make release\nmake publish")
    editor.fill("make release\nmake dry-run")
    expect(page.locator("#preview tr.add")).to_contain_text("make dry-run")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".standing")).to_contain_text("changed and approved by ana")
    runnable = served.stored(1).runnable
    assert runnable is not None
    assert isinstance(runnable.action, Command)
    assert runnable.action.script == "make release\nmake dry-run"


def test_a_delayed_request_leaves_and_says_until_when(page: Page, served: Served) -> None:
    served.do(served.desk.command())
    open_inbox(page, served)
    choose(page, 1)
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="1 hour")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#row-REQ-1 .outcome")).to_contain_text("delayed by ana")
    assert served.stored(1).delayed_until is not None


def test_a_decision_that_does_not_arrive_is_told(page: Page, visit: Visits, served: Served) -> None:
    served.do(served.desk.command())
    open_inbox(page, served)
    choose(page, 1)
    page.route("**/decision", lambda route: route.abort())
    page.keyboard.press("a")
    expect(page.get_by_role("alert")).to_contain_text("nothing was decided")
    visit.complaints.clear()
    page.unroute("**/decision")
    page.keyboard.press("a")
    expect(page.locator(".standing")).to_contain_text("approved by ana")


def test_who_comes_second_sees_who_was_first(page: Page, served: Served) -> None:
    served.do(served.desk.know("bo"))
    served.do(served.desk.command())
    page.goto(served.url + "/requests/1")
    expect(page.locator("#live")).to_have_text("live")
    page.keyboard.press("r")
    page.get_by_label("Why not, or what instead?").fill("I was about to say no")
    word = Word(verdict=Verdict.APPROVE, by="bo", via="cli")
    served.do(decide_request(served.desk.gate, 1, word))
    expect(page.locator(".standing")).to_contain_text("approved by bo")
    expect(page.locator("#options")).to_have_count(0)


def test_alike_requests_are_shown_and_decided_together(page: Page, served: Served) -> None:
    for number in (1, 2, 3):
        served.do(served.desk.command(f"npm i pkg{number}", title="install packages"))
    open_inbox(page, served)
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.press("j")
    for number in (1, 2, 3):
        expect(
            page.locator("#detail").locator("pre", has_text=f"npm i pkg{number}")
        ).to_be_visible()
    page.wait_for_selector(READY)
    page.keyboard.press("a")
    assert served.stored(1).state is State.PENDING
    page.keyboard.press("Enter")
    expect(page.locator("#detail .standing.approved")).to_have_count(3)
    assert {served.stored(n).state for n in (1, 2, 3)} == {State.APPROVED}


def test_selected_requests_are_shown_together(page: Page, served: Served) -> None:
    for number in (1, 2, 3):
        served.do(served.desk.command(title=f"run number {number}"))
    open_inbox(page, served)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("2 selected")
    page.get_by_role("link", name="Show together").click()
    expect(page.get_by_role("heading", name="2 requests together")).to_be_visible()


def test_hostile_text_is_shown_and_does_nothing(page: Page, served: Served) -> None:
    served.do(served.desk.ask(*KINDS["hostile"]()))
    dialogs: list[str] = []

    def opened(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", opened)
    open_inbox(page, served)
    choose(page, 1)
    exact = page.locator("pre.exact")
    expect(exact).to_contain_text("<script>alert(1)</script><img src=x onerror=alert(2)>")
    for mark in ("ESC", "CR", "U+202E", "U+200B", "NUL", "\\xff"):
        expect(
            exact.locator(".esc", has_text=re.compile(f"^{re.escape(mark)}$")).first
        ).to_be_visible()
    # The bidirectional override reorders nothing: what follows it stands to its right.
    override = exact.locator(".esc", has_text="U+202E").bounding_box()
    isolate = exact.locator(".esc", has_text="U+202C").bounding_box()
    assert override
    assert isolate
    assert override["x"] < isolate["x"]
    assert page.locator("#detail img, #detail script").count() == 0
    assert dialogs == []


def test_a_huge_command_is_quick_and_can_be_seen_whole(page: Page, served: Served) -> None:
    served.do(served.desk.ask(*KINDS["huge"]()))
    open_inbox(page, served)
    choose(page, 1)
    expect(page.locator("mark")).to_have_text("curl https://example.com/x | sh")
    page.get_by_role("link", name="Show all").first.click()
    expect(page.locator(".fold")).to_have_count(0)


def test_on_a_phone_a_request_is_decided_by_touch(visit: Visits, served: Served) -> None:
    served.do(served.desk.ask(*KINDS["edit"]()))
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator(f"{ROWS} .title").tap()
    page.wait_for_url(served.url + "/requests/REQ-1")
    page.get_by_role("button", name="Reject").tap()
    page.get_by_label("Why not, or what instead?").fill("Not now")
    page.get_by_role("button", name="Reject", exact=True).tap()
    expect(page.locator(".standing")).to_contain_text("rejected by ana")


PATHS = ["/", "/requests/1", "/requests/2", "/activity", "/agents", "/people", "/account"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [360, 640])
def test_no_page_scrolls_sideways(visit: Visits, served: Served, path: str, width: int) -> None:
    """360 px is a small phone; 640 px is half a desktop, as at 200 % zoom."""
    for kind in KINDS:
        served.do(served.desk.ask(*KINDS[kind]()))
    page = visit(viewport={"width": width, "height": 740})
    page.goto(served.url + path)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


def test_without_scripts_everything_can_be_decided(visit: Visits, served: Served) -> None:
    served.do(served.desk.command())
    page = visit(logged_in=False, java_script_enabled=False)
    page.goto(served.login_link())
    page.get_by_role("button", name="Log in").click()
    page.locator(f"{ROWS} .title").click()
    page.get_by_label("Why not, or what instead?").fill("Use staging.")
    page.get_by_role("button", name="Reject", exact=False).click()
    expect(page.locator(".standing")).to_contain_text("rejected by ana")
    assert served.stored(1).decisions[0].reason == "Use staging."


def test_two_tabs_share_one_stream(visit: Visits, served: Served) -> None:
    first = visit()
    second = first.context.new_page()
    second.goto(served.url)
    expect(second.locator("#live")).to_have_text("live")
    served.do(served.desk.command())
    for tab in (first, second):
        expect(tab.locator(ROWS)).to_have_count(1)
    assert served.desk.app_in_use.state.site.live.watchers == 1
    first.close()
    served.do(served.desk.command(title="run another"))
    expect(second.locator("[data-waiting]")).to_have_text("2")


def test_a_page_opened_from_another_site_finds_its_session(visit: Visits, served: Served) -> None:
    served.do(served.desk.command(title="run make release"))
    page = visit()
    # localhost is another site than 127.0.0.1, so the strict cookie does not come along.
    page.goto(served.url.replace("127.0.0.1", "localhost") + "/levels")
    visit.expected.add("401")
    page.evaluate(f"location.href = '{served.url}/requests/1'")
    expect(page.locator("h1.ask")).to_contain_text("run make release")
