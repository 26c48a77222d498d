"""From an agent's edit to a merged commit: a real daemon, real hooks, and a person at the page."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House, house_in, until
from tests.e2e.faults.people import put_in_force

BEFORE = "def greet(name):\n    return 'Hello, ' + name\n"
AFTER = "def greet(name):\n    return 'Hello, ' + (name or 'you')\n"
TEST = "import greet\n\nassert greet.greet('Ana') == 'Hello, Ana'\n"
POLICY = '[changes]\ntest = "python3 check.py"\n'

pytestmark = pytest.mark.browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_with_work(tmp_path / "house") as house:
        yield house


@contextmanager
def house_with_work(root: Path) -> Iterator[House]:
    """A daemon, a repository with the work of an agent to come, and a policy in force."""
    with house_in(root) as house:
        git(house, "init", "-q", "-b", "main")
        files = {"greet.py": BEFORE, "check.py": TEST, ".gitignore": "__pycache__/\n.assent/\n"}
        for name, text in files.items():
            (house.workspace / name).write_text(text)
        git(house, "add", ".")
        git(house, "commit", "-qm", "start")
        git(house, "switch", "-qc", "agent/greet")
        house.start()
        put_in_force(house, POLICY)
        yield house


def git(house: House, *words: str) -> str:
    named = ("-c", "user.name=Agent", "-c", "user.email=agent@localhost")
    done = subprocess.run(
        ["git", *named, *words], cwd=house.workspace, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip("\n")


def edit(house: House) -> None:
    """What the agent does."""
    edited = CLAUDE.call(
        "Edit",
        {
            "file_path": str(house.workspace / "greet.py"),
            "old_string": "+ name",
            "new_string": "+ (name or 'you')",
        },
        cwd=str(house.workspace),
    )
    assert house.ask(CLAUDE, edited).said().passed
    (house.workspace / "greet.py").write_text(AFTER)
    assert house.ask(CLAUDE, edited, event="PostToolUse").said().passed


def test_from_edit_to_merged_commit(house: House, chromium: Browser) -> None:
    edit(house)
    words = ("change", "submit", "--title", "Greet", "--json")
    assert house.shell(CLAUDE, " ".join(("assent", *words))).said().passed
    told = house.assent(*words, env={"CLAUDECODE": "1"})
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["agent"] == "claude-code"

    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{house.client.url}{house.client.post('/api/login-links', {})['path']}")
    page.wait_for_url(f"{house.client.url}/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/changes")
    page.locator("a.title").click()
    page.wait_for_url("**/changes/CH-1")
    expect(page.locator("[data-state]")).to_have_text("in review")
    until(lambda: house.client.get("/api/changes/CH-1")["asked"] or None)
    page.reload()
    page.keyboard.press("n")
    page.keyboard.press("y")
    expect(page.locator(".tally")).to_contain_text("1 accepted")
    page.keyboard.press("a")
    expect(page.locator("[data-state]")).not_to_have_text("in review")
    until(lambda: house.client.get("/api/changes/CH-1")["state"] == "merged" or None)
    page.reload()
    expect(page.locator("[data-state]")).to_have_text("merged")
    context.close()

    message = git(house, "log", "-1", "--format=%B", "main")
    assert "Assent-Change: CH-1" in message
    assert "Assent-Owner: ana" in message
    assert git(house, "show", "main:greet.py") == AFTER.rstrip("\n")
    assert house.assent("verify").returncode == 0
