"""`assent delegate`, `assent refer` and `assent people oncall`, against a running daemon."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Run

pytestmark = pytest.mark.network


@pytest.fixture
def two(house: House, run: Run) -> Iterator[House]:
    """Ana's house, with Ben in it."""
    people = json.loads(run("people", "--json").out)
    if "ben" not in [person["name"] for person in people]:
        assert run("people", "add", "ben", "--role", "security", "--no-link").code == 0
    yield house
    (house.home.root / "oncall.txt").unlink(missing_ok=True)


def test_a_delegation_is_given_listed_and_ended(two: House, run: Run) -> None:
    given = run("delegate", "--to", "ben", "--for", "8h", "--class", "medium", "--path", "src/**")
    assert given.code == 0, given.err
    assert "ben decides for ana, up to medium, about src/**, until" in given.out
    assert given.out.strip().endswith("the server says so")
    listed = run("delegate", "list").out
    assert "ben decides for ana" in listed
    short = listed.split()[0]
    [made] = json.loads(run("delegate", "list", "--json").out)["given"]
    assert made["id"].endswith(short)
    ended = run("delegate", "revoke", short)
    assert ended.code == 0, ended.err
    assert "revoked" in ended.out
    assert run("delegate", "revoke", short).code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param((), 2, "Who is to decide?", id="nobody-named"),
        pytest.param(("--to", "ana"), 2, "to themselves", id="oneself"),
        pytest.param(("--to", "zoe"), 1, "There is no zoe here", id="stranger"),
        pytest.param(("--to", "ben", "--for", "30d"), 1, "at most 14 days", id="too-long"),
        pytest.param(("--to", "ben", "--for", "soon"), 2, "is not a time", id="no-time"),
        pytest.param(("--to", "ben", "--class", "awful"), 2, "awful", id="no-class"),
    ],
)
def test_what_is_not_given_says_why(
    two: House, run: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = run("delegate", *words)
    assert answer.code == code
    assert said in answer.err


def test_an_agent_delegates_nothing(two: House, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    answer = run("delegate", "--to", "ben")
    assert answer.code == 2
    assert "run by Claude Code" in answer.err


def test_a_request_is_referred_and_shown_with_who_decides(two: House, run: Run) -> None:
    two.shell(CLAUDE, "frobnicate --all")
    [request] = two.waiting()
    number = str(request["number"])
    shown = run("show", number).out
    assert "anybody who has access, alone" in shown
    assert f"assent refer {number} --to NAME" in shown
    referred = run("refer", number, "--to", "@security", "--reason", "you know it")
    assert referred.code == 0, referred.err
    [said] = json.loads(run("show", number, "--json").out)["decisions"]
    assert (said["verdict"], said["to"], said["reason"]) == ("refer", ["ben"], "you know it")
    assert run("refer", number, "--to", "@nobody").code == 2


@pytest.mark.parametrize(
    ("text", "code", "out", "err"),
    [
        pytest.param("mon-sun 00:00-24:00 ben", 0, ": ben", "", id="ben"),
        pytest.param("mon-sun 00:00-24:00 zoe", 1, ": zoe", "zoe is no active person", id="zoe"),
        pytest.param("mon 9-17 ben", 1, ": nobody", "oncall.txt line 1: ", id="faulty"),
        pytest.param(None, 1, ": nobody", "there is no schedule", id="no-file"),
    ],
)
def test_who_is_on_call(
    two: House, run: Run, text: str | None, code: int, out: str, err: str
) -> None:
    if text is not None:
        (two.home.root / "oncall.txt").write_text(text, encoding="utf-8")
    answer = run("people", "oncall")
    assert answer.code == code
    assert out in answer.out
    assert err in answer.err


def test_who_will_be_on_call(two: House, run: Run) -> None:
    schedule = "2026-12-24 00:00 .. 2026-12-27 00:00 ben"
    (two.home.root / "oncall.txt").write_text(schedule, encoding="utf-8")
    found = json.loads(run("people", "oncall", "--at", "2026-12-25T12:00+00:00", "--json").out)
    assert found == {"names": ["ben"], "faults": [], "unknown": []}
