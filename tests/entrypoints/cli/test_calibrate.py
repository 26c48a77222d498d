"""`assent review calibrate`: from an accepted policy to approvals that count, with real workers."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.store import open_reader, open_store
from assent.app.changes.calibrate import standing_of
from assent.app.ports import PolicyVersion
from assent.app.verify_ledger import verify_ledger
from assent.core.canonical import digest_of
from assent.core.policy.changes import ModelRule
from assent.entrypoints.home import find_home
from tests.adapters.git.executor_scene import User
from tests.adapters.reviewers.llm.endpoint import Fails, Reply, Says, serving
from tests.entrypoints.cli.conftest import Run

pytestmark = pytest.mark.network

PROGRAM = """\
def shift(number, by=3):
    if number > 10:
        return number + by
    return number - by
"""
TEST = "assert [shift(n) for n in (9, 10, 11)] == [6, 7, 14]"
POLICY = """\
profile = "solo"

[changes]
test = '''python3 -c "from steps import shift; {test}"'''

[changes.model]
model = "openai-chat:a-model"
base_url = "{url}/v1"
key_env = "REVIEW_KEY"
floor = 0.4
"""

_LINE = re.compile(r"^[ \d]{6} [ \d]{6} ([-+ ])(.*)$", re.MULTILINE)


def keen(_: int, prompt: str) -> Reply:
    """Condemns what is no comment and no docstring, quoting what stands there now."""
    lines = _LINE.findall(prompt)
    added = [text for sign, text in lines if sign == "+"]
    removed = any(sign == "-" for sign, _ in lines)
    harmless = not removed and all(text.strip().startswith(("#", '"""')) for text in added)
    there = [text for sign, text in lines if sign != "-" and text.strip()]
    finding = {
        "path": "steps.py",
        "start_line": 1,
        "end_line": 1,
        "quote": (added or there)[0],
        "severity": "error",
        "rule": "wrong",
        "message": "It is wrong.",
    }
    return Says(
        {
            "matches_plan": "yes",
            "why": "it does",
            "findings": [] if harmless else [finding],
            "raises_to": None,
            "verdict": "approve" if harmless else "changes",
            "summary": "Looked at.",
        }
    )


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> User:
    """A repository with a program, in which the commands run."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("REVIEW_KEY", "k")
    made = User.make(tmp_path / "repo", **{"steps.py": PROGRAM})
    monkeypatch.chdir(made.folder)
    return made


def accept(user: User, url: str) -> None:
    """A person accepted this policy for the repository."""
    text = POLICY.format(test=TEST, url=url).encode()
    home = find_home()
    home.make()

    async def work() -> None:
        store = open_store(f"sqlite:///{home.database}")
        made = PolicyVersion(str(user.folder.resolve()), digest_of(text), text, "ana", 1)
        await store.write(lambda tx: tx.accept_policy(made), durable=True)
        await store.close()

    asyncio.run(work())


def calibrate(run: Run, *words: str, cases: int = 4) -> dict[str, Any]:
    done = run("review", "calibrate", "--json", "--cases", str(cases), *words)
    assert done.err == ""
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_from_the_policy_to_approvals_that_count(run: Run, user: User) -> None:
    with serving(keen) as endpoint:
        accept(user, endpoint.url)
        rule = ModelRule(
            model="openai-chat:a-model",
            base_url=f"{endpoint.url}/v1",
            key_env="REVIEW_KEY",
            floor=0.4,
        )
        found = calibrate(run, "--only", rule.model)
    (made,) = found["reviewers"]
    assert (made["planted"], made["caught"]) == (4, 4)
    assert (made["clean"] > 0, made["alarms"]) == (True, 0)
    assert found["approvals_count"] is True
    with open_reader(f"sqlite:///{find_home().database}") as reader:
        workspace = str(user.folder.resolve())
        standing = reader.read(lambda view: standing_of(view, workspace, rule))
        assert reader.read(verify_ledger).breaks == ()
    assert standing.counts
    assert user.status() == ""


def test_in_words_with_the_static_reviewers(run: Run, user: User) -> None:
    with serving(keen) as endpoint:
        accept(user, endpoint.url)
        done = run("review", "calibrate", "--cases", "1", "--only", "secrets", "--only", "risk")
    assert "secrets  0 of 1 (0% to 95%)" in done.out
    assert "fault 1 of 1" in done.err
    assert "approvals" not in done.out
    assert endpoint.asked == []


def test_a_model_that_is_not_there_is_not_judged(run: Run, user: User) -> None:
    with serving(lambda *_: Fails(401)) as endpoint:
        accept(user, endpoint.url)
        done = run(
            *("review", "calibrate", "--cases", "1", "--only", "openai-chat:a-model"),
        )
    assert done.code == 3
    assert "status 401" in done.err
    with open_reader(f"sqlite:///{find_home().database}") as reader:
        assert reader.read(lambda view: view.entries(limit=5)) == []


def test_a_reviewer_that_is_not_there(run: Run, user: User) -> None:
    accept(user, "http://127.0.0.1:1")
    done = run("review", "calibrate", "--only", "nobody")
    assert done.code == 2
    assert "There are: secrets," in done.err


def test_without_a_policy_there_is_no_test_command(run: Run, user: User) -> None:
    done = run("review", "calibrate", "--cases", "1")
    assert done.code == 2
    assert "no test command" in done.err


def test_outside_of_a_repository(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("review", "calibrate")
    assert done.code == 2
    assert "no git repository" in done.err


@pytest.mark.parametrize(
    ("command", "decision"),
    [
        pytest.param("assent review calibrate --cases 3", "gate", id="calibrates"),
        pytest.param("assent review", "auto", id="reviews"),
    ],
)
def test_an_agent_does_not_calibrate_its_reviewers(run: Run, command: str, decision: str) -> None:
    case = json.dumps({"id": "1", "kind": "shell", "input": command})
    done = run("classify", "--jsonl", stdin=f"{case}\n".encode())
    assert json.loads(done.out)["decision"] == decision
