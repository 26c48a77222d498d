"""From an agent's edit over its reviewers and a person to the merge, by the command line alone."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.faults.house import House, house_in

pytestmark = pytest.mark.network

POLL_S = 0.05
POLICY = """\
[changes]
test = "grep -q five numbers.txt"

[[changes.check]]
name = "words"
command = "! grep -Hn TODO {paths}"
severity = "error"

[[team]]
name = "no-shouting"
forbid = "[A-Z]{12}"
message = "write in lower case"
"""
AGENT = {"CLAUDECODE": "1"}


class Scene:
    """A repository and the people and agents that work in it."""

    def __init__(self, house: House, root: Path) -> None:
        self.house, self.root = house, root

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env=self.house.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def run(self, *words: str, agent: bool = False) -> subprocess.CompletedProcess[str]:
        return self.house.assent(*words, cwd=self.root, env=AGENT if agent else {})

    def show(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.house.client.get(f"/api/changes/{name}")
        return found

    def until(self, name: str, state: str, *, asked: bool = False) -> dict[str, Any]:
        while True:
            change = self.show(name)
            if change["state"] == state and (change["asked"] or not asked):
                return change
            time.sleep(POLL_S)

    def write(self, file: str, text: str) -> None:
        (self.root / file).write_text(text, encoding="utf-8")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with house_in(tmp_path / "house") as house:
        house.start()
        root = tmp_path / "repo"
        (root / ".assent").mkdir(parents=True)
        made = Scene(house, root)
        made.git("init", "-q", "-b", "main")
        made.git("config", "user.name", "Ana")
        made.git("config", "user.email", "ana@example.org")
        made.write(".assent/policy.toml", POLICY)
        made.write("numbers.txt", "one\ntwo\nthree\n")
        made.git("add", "-A")
        made.git("commit", "-q", "-m", "start")
        made.git("checkout", "-q", "-b", "work")
        yield made


def accept_policy(scene: Scene) -> None:
    scene.write("numbers.txt", "draft\n")
    assert scene.run("change", "submit", "--draft").returncode == 0
    [request] = scene.house.waiting()
    scene.house.decide(request["number"])
    scene.write("numbers.txt", "one\ntwo\nthree\n")


def test_the_rules_of_a_local_review_are_those_that_a_person_accepted(scene: Scene) -> None:
    scene.write("numbers.txt", "one\ntwo\nTODO three\nWHYSOLOUDNOW\n")
    before = scene.run("review")
    assert (before.returncode, "TODO" in before.stdout) == (0, False)
    accept_policy(scene)
    scene.write("numbers.txt", "one\ntwo\nTODO three\nWHYSOLOUDNOW\n")
    done = scene.run("review")
    assert done.returncode == 1, done.stderr
    assert "numbers.txt:4: write in lower case" in done.stdout
    assert "TODO three" in done.stdout
    scene.write(".assent/policy.toml", "")
    assert scene.run("review").returncode == 1
    scene.house.stop()
    assert scene.run("review").returncode == 1


def test_an_agent_hands_in_is_sent_back_and_gets_it_merged(scene: Scene) -> None:
    accept_policy(scene)
    scene.write("numbers.txt", "one\ntwo\nTODO three\nfour\n")
    handed_in = scene.run("change", "submit", "--title", "Count on", "--wait", agent=True)
    assert handed_in.returncode == 1, handed_in.stderr
    assert "Your run ends here" in handed_in.stdout
    assert "came back to you" in handed_in.stdout
    assert "numbers.txt:3: check:words: TODO three" in handed_in.stdout
    name = handed_in.stdout.split()[0]
    [verdict] = [each for each in scene.show(name)["verdicts"] if each["reviewer"] == "check:words"]
    assert verdict["opinion"] == "changes"
    assert verdict["made_with"].startswith("`! grep -Hn TODO {paths}`, ")

    scene.write("numbers.txt", "one\ntwo\nthree\nfour\nfive\n")
    again = scene.run("change", "submit", "--change", name, "--json", agent=True)
    assert json.loads(again.stdout)["revision"] == 2
    change = scene.until(name, "in_review", asked=True)
    assert change["findings"] == []
    assert scene.run("change", "accept", name, "--all", agent=True).returncode == 2
    assert scene.run("change", "accept", name, "--all").returncode == 0
    scene.until(name, "merged")
    assert scene.git("show", "main:numbers.txt").splitlines()[-1] == "five"
    assert "Assent-Owner: ana" in scene.git("log", "-1", "--format=%B", "main")


def test_who_waits_hears_the_end_though_assent_was_killed_in_between(scene: Scene) -> None:
    accept_policy(scene)
    scene.write("numbers.txt", "one\ntwo\nthree\nfour\nfive\n")
    ended: list[subprocess.CompletedProcess[str]] = []
    words = ("change", "submit", "--title", "Count on", "--wait")
    waiting = threading.Thread(target=lambda: ended.append(scene.run(*words)))
    waiting.start()
    name = ""
    while not name:
        found = scene.house.client.get("/api/changes")["changes"]
        name = next((each["name"] for each in found if each["title"] == "Count on"), "")
        time.sleep(POLL_S)
    scene.until(name, "in_review", asked=True)
    scene.house.kill()
    scene.house.start()
    assert scene.run("change", "accept", name, "--all").returncode == 0
    waiting.join()
    assert ended[0].returncode == 0, ended[0].stderr
    assert "merged" in ended[0].stdout.splitlines()[-1]
