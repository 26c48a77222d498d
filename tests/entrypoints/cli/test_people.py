"""`assent people`, against a running daemon and with OpenSSH's own keys."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assent.entrypoints.cli.change_calls import SIGNS
from tests.e2e.faults.house import House, house_in
from tests.entrypoints.cli.conftest import Run

pytestmark = pytest.mark.network


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A home of its own: who is here would be in the way of other tests."""
    with house_in(tmp_path / "house") as house:
        house.start()
        monkeypatch.setenv("ASSENT_HOME", str(house.home.root))
        for sign in (name for names in SIGNS.values() for name in names):
            monkeypatch.delenv(sign, raising=False)
        yield house


def listed(run: Run) -> dict[str, Any]:
    return {each["name"]: each for each in json.loads(run("people", "--json").out)}


def made_key(folder: Path, name: str) -> Path:
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@pc", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def test_the_first_person_is_there_and_adds_others(home: House, run: Run) -> None:
    [first] = listed(run).values()
    assert (first["name"], first["roles"], first["factor"]) == ("ana", ["admin"], "none")
    added = run("people", "add", "ben", "--email", "ben@example.com", "--role", "security")
    assert added.code == 0, added.err
    assert re.search(r"once and within 10 minutes: http://localhost:\d+/login/[\w-]+", added.out)
    assert "/login/" not in run("people", "add", "eve", "--no-link").out
    assert listed(run)["ben"]["roles"] == ["security"]
    assert re.search(r"^ben +security +no key +ben@example.com$", run("people").out, re.MULTILINE)
    again = run("people", "add", "ben")
    assert (again.code, "There is a ben already" in again.err) == (1, True)
    shared = run("people", "add", "zoe", "--email", "ben@example.com")
    assert (shared.code, "ben's already" in shared.err) == (1, True)


def test_people_are_changed_disabled_and_enabled(home: House, run: Run) -> None:
    run("people", "add", "ben", "--no-link")
    changed = run("people", "change", "ben", "--full-name", "Ben", "--role", "ops")
    assert "ops" in changed.out
    quiet = run("people", "change", "ben", "--quiet", "mon-fri 20:00-07:00", "--no-role", "ops")
    assert quiet.code == 0
    ben = listed(run)["ben"]
    assert (ben["full_name"], ben["roles"], ben["quiet"]) == ("Ben", [], ["mon-fri 20:00-07:00"])
    assert run("people", "change", "ben", "--no-quiet").code == 0
    assert listed(run)["ben"]["quiet"] == []
    assert run("people", "change", "ben").code == 2
    assert "Disabled" in run("people", "disable", "ben").out
    assert "disabled" in run("people").out
    assert run("people", "link", "ben").code == 1
    assert run("people", "enable", "ben").code == 0
    last = run("people", "disable", "ana")
    assert (last.code, "last active administrator" in last.err) == (1, True)
    assert run("people", "link", "nobody").code == 1


def test_with_a_key_people_are_changed_by_signature(home: House, run: Run, tmp_path: Path) -> None:
    ana, ben = (made_key(tmp_path, name) for name in ("ana", "ben"))
    assert run("people", "add", "ben", "--no-link").code == 0
    assert run("people", "keys", "add", "ben", f"{ben}.pub", "--label", "desk").code == 0
    assert "desk" in run("people", "keys", "ben").out
    assert run("people", "keys", "add", "ana", f"{ana}.pub").code == 0
    unsigned = run("people", "change", "ben", "--role", "ops")
    assert (unsigned.code, "--sign" in unsigned.err) == (1, True)
    signed = run("people", "change", "ben", "--role", "ops", "--sign", str(ana))
    assert signed.code == 0, signed.err
    assert "To be signed: ana: change ben" in signed.err
    wrong = run("people", "change", "ben", "--role", "dev", "--sign", str(ben))
    assert (wrong.code, "no key of ana" in wrong.err) == (2, True)
    own = run("people", "change", "ben", "--full-name", "Ben", "--sign", str(ben), "--as", "ben")
    assert own.code == 0, own.err
    more = run("people", "change", "ben", "--role", "admin", "--sign", str(ben), "--as", "ben")
    assert (more.code, "administrators" in more.err) == (1, True)
    assert (listed(run)["ben"]["roles"], listed(run)["ben"]["full_name"]) == (["ops"], "Ben")
    [key] = listed(run)["ben"]["keys"]
    last = run("people", "keys", "remove", "ben", key["fingerprint"], "--sign", str(ana))
    assert (last.code, "last thing" in last.err) == (1, True)
    factors = [each.get("factor") for each in home.entries("person-changed")]
    assert factors == ["key", "key"]


def test_who_lost_a_key_is_recovered_at_the_terminal(home: House, run: Run, tmp_path: Path) -> None:
    key = made_key(tmp_path, "ana")
    run("people", "keys", "add", "ana", f"{key}.pub")
    refused = run("people", "recover", "ana", stdin=b"no\n")
    assert (refused.code, listed(run)["ana"]["factor"]) == (1, "key")
    recovered = run("people", "recover", "ana", "--yes")
    assert recovered.code == 0, recovered.err
    assert "/login/" in recovered.out
    assert listed(run)["ana"]["factor"] == "none"
    [entry] = home.entries("recovered")
    assert (entry["signed"], entry["via"]) == (False, "cli")
    assert run("people", "keys", "ana").out.strip() == "ana has no key and no passkey."


def test_sessions_and_tokens(home: House, run: Run) -> None:
    assert "logged in nowhere" in run("people", "sessions", "ana").out
    assert "0 browsers" in run("people", "logout", "ana").out
    added = run("people", "token", "add", "ci-bot", "--for", "2d", "--workspace", ".")
    token = added.out.strip()
    assert re.fullmatch(r"assent-agent-[\w-]{40,}", token)
    [found] = json.loads(run("people", "token", "list", "--json").out)
    assert found["agent"] == "ci-bot"
    assert found["workspace"].startswith("/")
    shown = run("people", "token", "list").out
    assert "ci-bot" in shown
    assert token not in shown
    assert run("people", "token", "revoke", found["id"][-6:]).code == 0
    assert run("people", "token", "list").out.strip() == "No tokens."


AGENT_TRIES = [
    ("add", "eve"),
    ("link", "ana"),
    ("recover", "ana", "--yes"),
    ("disable", "ana"),
    ("logout", "ana"),
    ("token", "add", "bot"),
    ("change", "ana", "--role", "ops"),
]


def test_an_agent_says_nothing_about_people(
    home: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    for words in AGENT_TRIES:
        refused = run("people", *words)
        assert refused.code == 2, words
        assert "A person says who decides" in refused.err, words
    assert run("people").code == 0
