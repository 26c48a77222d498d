"""From an agent's edit to a proof in a clone: the acceptance is signed with a passkey, the commit
is merged, and whoever has the repository checks it, without Assent and without a network."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser.test_merge_by_page import AFTER, edit, git, house_with_work
from tests.e2e.browser.test_passkeys import Visitor, asked, person, visitor
from tests.e2e.faults.house import ASSENT, House, until

pytestmark = pytest.mark.browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_with_work(tmp_path / "house") as house:
        yield house


@pytest.fixture
def ana(house: House, chromium: Browser) -> Iterator[Visitor]:
    made = visitor(house, chromium)
    made.link()
    made.register("laptop")
    yield made
    made.context.close()
    assert made.complaints == []


def submit(house: House) -> None:
    """The agent edits a file and hands it in."""
    edit(house)
    told = house.assent("change", "submit", "--title", "Greet", "--json", env={"CLAUDECODE": "1"})
    assert told.returncode == 0, told.stderr
    until(lambda: house.client.get("/api/changes/CH-1")["asked"] or None)


def verify(
    clone: Path, given: str, *more: str, ref: tuple[str, ...] = ("--ref", "main")
) -> subprocess.CompletedProcess[str]:
    """`assent verify` as somebody runs it who has the clone and no Assent."""
    return subprocess.run(
        [*ASSENT, "verify", given, *ref, "--json", *more],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "HOME": str(clone.parent), "ASSENT_HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )


def in_clone(clone: Path, *words: str, stdin: str | None = None) -> str:
    named = ("-c", "user.name=Eve", "-c", "user.email=eve@localhost")
    done = subprocess.run(
        ["git", *named, *words], cwd=clone, input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip("\n")


def test_what_a_passkey_accepted_is_proven_in_a_clone(
    house: House, ana: Visitor, tmp_path: Path
) -> None:
    merged = f"{git(house, 'rev-parse', 'main')}..main"
    submit(house)
    ana.page.goto(ana.address("/changes/CH-1"))
    ana.page.keyboard.press("n")
    ana.page.keyboard.press("y")
    expect(ana.page.locator(".tally")).to_contain_text("1 accepted")
    ana.page.keyboard.press("a")
    signing = ana.page.get_by_role("button", name=re.compile("^Sign with your passkey and accept"))
    expect(signing).to_be_visible()
    ana.knows_who(knows=False)
    signing.focus()
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#panel-accept [data-told]")).to_contain_text("Nothing was decided.")
    ana.knows_who(knows=True)
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("[data-state]")).not_to_have_text("in review")
    until(lambda: house.client.get("/api/changes/CH-1")["state"] == "merged" or None)
    assert git(house, "show", "main:greet.py") == AFTER.rstrip("\n")
    passkey = person(house).passkeys[0].id
    until(lambda: git(house, "for-each-ref", "refs/assent/log") or None)
    until(lambda: all_appended(house) or None)
    house.stop()

    clone = tmp_path / "clone"
    in_clone(tmp_path, "clone", "-q", str(house.workspace), str(clone))
    in_clone(clone, "fetch", "-q", "origin", "+refs/assent/log:refs/assent/log")
    in_clone(clone, "branch", "-f", "main", "origin/main")
    proven = verify(clone, merged)
    assert proven.returncode == 0, proven.stdout + proven.stderr
    found: dict[str, Any] = json.loads(proven.stdout)
    answer = found["commits"][0]
    assert (answer["verdict"], answer["change"], answer["owner"]) == ("approved", "CH-1", "ana")
    assert [(each["by"], each["factor"]) for each in answer["decisions"]] == [("ana", "passkey")]
    assert answer["level"] == "present"
    assert verify(clone, merged, "--require", "present").returncode == 0

    tamper(clone, passkey)
    broken = verify(clone, merged)
    assert broken.returncode == 4, broken.stdout + broken.stderr
    assert json.loads(broken.stdout)["tampered"]


def test_a_request_that_a_passkey_approved_is_proven_in_a_clone(
    house: House, ana: Visitor, tmp_path: Path
) -> None:
    hook = asked(house)
    ana.page.goto(ana.address("/requests/REQ-1"))
    ana.ready()
    ana.page.keyboard.press("a")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator(".standing.approved")).to_be_visible()
    assert hook.said().passed
    passkey = person(house).passkeys[0].id
    until(lambda: all_appended(house) or None)
    house.stop()

    clone = tmp_path / "clone"
    in_clone(tmp_path, "clone", "-q", str(house.workspace), str(clone))
    in_clone(clone, "fetch", "-q", "origin", "+refs/assent/log:refs/assent/log")
    proven = verify(clone, "req-1", "--require", "present", ref=())
    assert proven.returncode == 0, proven.stdout + proven.stderr
    [account] = json.loads(proven.stdout)["accounts"]
    assert (account["verdict"], account["level"]) == ("approved", "present")
    [decision] = account["decisions"]
    assert (decision["by"], decision["decision"]) == ("ana", "approve")
    assert decision["factor"] == "passkey"
    assert verify(clone, "REQ-2", ref=()).returncode == 1

    tamper(clone, passkey)
    broken = verify(clone, "REQ-1", ref=())
    assert broken.returncode == 4, broken.stdout + broken.stderr


def all_appended(house: House) -> bool:
    """Whether the log of decisions holds everything that was meant for it."""
    return not house.read(lambda view: view.next_outgoing("log"))


def tamper(clone: Path, passkey: str) -> None:
    """Change one byte of the signed acceptance in the clone's log, as its newest commit has it."""
    listed = in_clone(clone, "ls-tree", "-r", "refs/assent/log").splitlines()
    for line in listed:
        mode, _, rest = line.partition(" ")
        blob, path = rest.split()[1], line.partition("\t")[2]
        text = in_clone(clone, "cat-file", "blob", blob)
        if path.endswith(".json") and passkey in text and '"kind":"webauthn"' in text:
            break
    else:
        raise AssertionError("no signed acceptance in the log")
    signed = json.loads(text)["signatures"][0]["sig"]
    other = ("A" if signed[20] != "A" else "B").join((signed[:20], signed[21:]))
    changed = in_clone(clone, "hash-object", "-w", "--stdin", stdin=text.replace(signed, other))
    in_clone(clone, "read-tree", "refs/assent/log")
    in_clone(clone, "update-index", "--cacheinfo", f"{mode},{changed},{path}")
    tree = in_clone(clone, "write-tree")
    message = in_clone(clone, "log", "-1", "--format=%B", "refs/assent/log")
    parents = in_clone(clone, "log", "-1", "--format=%P", "refs/assent/log").split()
    before = [word for parent in parents for word in ("-p", parent)]
    commit = in_clone(clone, "commit-tree", tree, *before, "-m", message)
    in_clone(clone, "update-ref", "refs/assent/log", commit)
