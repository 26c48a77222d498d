"""Checkpoints with the real daemon, the real relay and real git, from the call to the undo."""

from contextlib import suppress

import pytest

from assent.errors import AssentError
from tests.e2e.checkpoints.conftest import Site, git
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import until

pytestmark = pytest.mark.network

SNEAKY = {"b.py": "sneaky\n", "c.py": "new\n"}


def test_a_call_has_a_checkpoint_and_an_undo_brings_it_back(site: Site) -> None:
    site.writes("a.py", "ONE\n", call="c1", beside={})
    site.writes("made.py", "made\n", call="c2", beside={})
    rows = [row for row in site.checkpoints() if row["call"]]
    assert [(row["call"], row["differs"]) for row in rows] == [("c2", 1), ("c1", 2)]

    shown = site.house.assent("undo", "--dry-run")
    assert "delete  made.py" in shown.stdout
    assert site.text("made.py") == "made\n"

    name = rows[-1]["name"]
    unsure = site.house.assent("undo", name)
    assert unsure.returncode == 2
    assert "--yes" in unsure.stderr
    done = site.house.assent("undo", name, "--yes")
    assert done.returncode == 0, done.stderr
    assert site.texts() == {"a.py": "one\n", "b.py": "two\n"}
    back = done.stdout.strip().rsplit(" ", 1)[-1]
    assert done.stdout.strip().endswith(f"To take this back: assent undo {back}")
    assert site.house.assent("undo", back, "--yes").returncode == 0
    assert site.texts() == {"a.py": "ONE\n", "b.py": "two\n", "made.py": "made\n"}
    assert site.house.inbox() == []


def test_only_one_file_goes_back(site: Site) -> None:
    site.writes("a.py", "ONE\n", call="c1", beside={})
    site.writes("b.py", "TWO\n", call="c2", beside={})
    first = site.checkpoints()[-1]["name"]
    assert site.house.assent("undo", first, "--path", "b.py", "--yes").returncode == 0
    assert site.texts() == {"a.py": "ONE\n", "b.py": "two\n"}
    elsewhere = site.house.assent("undo", first, "--path", "../x", "--yes")
    assert elsewhere.returncode == 2


def test_the_users_repository_is_not_touched(site: Site) -> None:
    before = (git(site.project, "for-each-ref"), git(site.project, "stash", "list"))
    index = (site.project / ".git" / "index").read_bytes()
    site.writes("a.py", "ONE\n", call="c1", beside={})
    assert site.house.assent("undo", "--yes").returncode == 0
    assert (git(site.project, "for-each-ref"), git(site.project, "stash", "list")) == before
    assert (site.project / ".git" / "index").read_bytes() == index


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_what_went_past_the_hooks_holds_the_agent_until_a_person_answers(
    site: Site, verdict: str
) -> None:
    site.writes("a.py", "ONE\n", call="c1", beside=SNEAKY)
    asked = site.asked()
    assert asked["title"] == "2 files changed that no approved action explains"
    shown = site.house.assent("show", str(asked["number"])).stdout
    assert "+sneaky" in shown
    assert "reject to undo" in shown

    held = site.proposes("a.py", "1\n", call="c2")
    assert site.reads().said().passed
    assert held.waits
    site.house.decide(asked["number"], verdict)
    assert held.said().passed
    kept = verdict == "approve"
    if not kept:
        site.settled("undone")
    expected = {"a.py": "ONE\n", **(SNEAKY if kept else {"b.py": "two\n"})}
    assert site.texts() == expected
    (site.project / "a.py").write_text("1\n")
    site.ended("a.py", "1\n", call="c2")
    assert site.proposes("a.py", "2\n", call="c3").said().passed
    assert site.house.inbox() == []


@pytest.mark.parametrize("calls", [0, 2, 5])
def test_what_was_rejected_is_undone_though_the_daemon_is_killed(site: Site, calls: int) -> None:
    site.writes("a.py", "ONE\n", call="c1", beside=SNEAKY)
    asked = site.asked()
    site.left.write_text(f"{calls}\n")
    with suppress(AssentError):
        site.house.decide(asked["number"], "reject")
    daemon = site.house.daemon
    assert daemon is not None
    # With more calls than an undo takes, it is done, and nothing is killed.
    until(lambda: daemon.poll() is not None or site.house.entries("undone"))
    site.left.unlink(missing_ok=True)
    if daemon.poll() is not None:
        site.house.start()
    site.settled("undone")
    assert site.texts() == {"a.py": "ONE\n", "b.py": "two\n"}
    assert site.proposes("a.py", "1\n", call="c2").said().passed
    safety = [row for row in site.checkpoints() if row["occasion"] == "undo"]
    assert safety
    assert site.house.verify().breaks == ()


def test_an_agent_may_not_undo(site: Site) -> None:
    site.writes("a.py", "ONE\n", call="c1", beside={})
    asks = site.house.shell(CLAUDE, "assent undo --yes")
    [request] = site.house.waiting()
    assert request["class"] == "irreversible"
    site.house.decide(request["number"], "reject", reason="no")
    assert not asks.said().passed


def test_where_no_checkpoints_are_made_agents_work_as_before(site: Site) -> None:
    home = site.house.user_home
    arguments = {"file_path": str(home / "x.txt"), "content": "x\n"}
    payload = CLAUDE.call("Write", arguments, cwd=str(home))
    said = site.house.ask(CLAUDE, payload).said()
    assert said.passed, said.text
    [entry] = site.house.entries("proceeded")
    assert "home" in entry["no_checkpoint"]


def test_a_git_that_fails_makes_the_call_wait(site: Site) -> None:
    site.writes("a.py", "ONE\n", call="c1", beside={})
    shadows = site.house.home.root / "shadows"
    for shadow in shadows.glob("*.git"):
        (shadow / "HEAD").write_text("broken")
    hook = site.proposes("a.py", "1\n", call="c2")
    asked = site.asked()
    assert asked["rule"] == "no-checkpoint"
    site.house.decide(asked["number"])
    assert hook.said().passed
