"""What would hide, move or act in a terminal is shown by its name, and told apart by the digest."""

import json
import os
import unicodedata
from collections.abc import Mapping
from typing import Any

import click
import pytest

from assent.entrypoints.cli.show import describe
from tests.e2e.faults.agents import AGENTS, CLAUDE, Agent
from tests.e2e.faults.house import House

pytestmark = pytest.mark.network

HOSTILE = {
    "ansi": "make release \x1b[2K\x1b[1Aecho harmless",
    "osc-title": "make release \x1b]0;owned\x07",
    "osc-link": "make \x1b]8;;http://evil.example\x1b\\release\x1b]8;;\x1b\\",
    "c1-csi": "make release \x9b2K",
    "bidi": "make \u202erelease\u202c x",
    "bidi-isolate": "make \u2066release\u2069",
    "zero-width": "make rel\u200bease",
    "joiner": "make rel\u2060ease",
    "soft-hyphen": "make re\u00adlease",
    "tags": "make release\U000e0041\U000e0042",
    "variation": "make release\ufe0f",
    "braille-blank": "make release\u2800x",
    "no-break-space": "make\u00a0release",
    "line-separator": "make release\u2028rm -rf /",
    "crlf": "make release\r\nmake other\r\n",
    "carriage-return": "make release\rmake harmless",
    "backspace": "make release\b\b\b\b\b\b\bharmless",
    "nul": "make release\x00",
    "delete": "make release\x7f",
    "private-use": "make \ue000release",
    "newlines": "make release\n\n\n\n\nrm -rf x",
}


@pytest.fixture
def house(shared: House) -> House:
    return shared


def assert_nothing_hidden(output: str) -> None:
    """Nothing in `output` acts on a terminal, hides, or moves what is around it."""
    allowed = {"Cc": "\n", "Zs": " "}
    bad = {
        char
        for char in output
        if (category := unicodedata.category(char)) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs")
        and char not in allowed.get(category, "")
    }
    assert bad == set()
    assert not any(blank in output for blank in "\u2800\ufe0f\u3164")


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
@pytest.mark.parametrize("name", ["ansi", "bidi", "zero-width", "crlf", "nul"])
def test_a_hostile_command_waits_and_is_kept_as_it_is(
    house: House, agent: Agent, name: str
) -> None:
    command = HOSTILE[name]
    house.shell(agent, command)
    [request] = house.waiting()
    action = house.request(request["number"])["action"]
    if action["kind"] == "command":
        assert action["script"] == command
    else:
        assert json.loads(action["raw"])["input"]["command"] == command


def test_a_terminal_shows_all_of_it_by_name(house: House) -> None:
    for command in HOSTILE.values():
        house.shell(CLAUDE, command)
    waiting = house.waiting(len(HOSTILE))
    for words in (["inbox"], ["log"], ["log", "--stream", "request/1"]):
        done = house.assent(*words)
        assert done.returncode == 0, done.stderr
        assert_nothing_hidden(done.stdout)
    for words in (["inbox", "--json"], ["log", "--json"]):
        assert house.assent(*words).stdout.isascii()
    for request in waiting:
        assert_nothing_hidden(shown(house, request))


def shown(house: House, request: Mapping[str, Any]) -> str:
    """What `assent show` prints, without its own colours."""
    return click.unstyle("\n".join(describe(house.request(request["number"]))))


INVISIBLE = [
    pytest.param("git push origin release", "git push origin release\u200b", id="zero-width"),
    pytest.param("git push origin release", "git push origin release ", id="trailing-space"),
    pytest.param("git push origin release", "git push origin\u00a0release", id="other-space"),
    pytest.param("git push origin release", "git push origin r\u0435lease", id="homoglyph"),
    pytest.param("git push origin caf\u00e9", "git push origin cafe\u0301", id="normal-forms"),
    pytest.param(
        "git push origin a\ngit push origin b",
        "git push origin a\r\ngit push origin b",
        id="line-ends",
    ),
    pytest.param("git push origin release", "git push origin release\u202c", id="bidi"),
    pytest.param("git push origin release", "git push origin release\ufeff", id="byte-order-mark"),
]


@pytest.mark.parametrize(("one", "other"), INVISIBLE)
def test_an_approval_is_not_for_what_only_looks_the_same(
    house: House, one: str, other: str
) -> None:
    hook = house.shell(CLAUDE, one)
    [first] = house.waiting()
    hook.process.terminate()
    hook.said()
    house.decide(first["number"])
    twin = house.shell(CLAUDE, other)
    [second] = house.waiting()
    assert twin.waits
    digests = {house.request(r["number"])["digest"] for r in (first, second)}
    assert len(digests) == 2
    assert house.shell(CLAUDE, one).said().passed


HOSTILE_FIELDS = "\x1b[2J\u202eevil\u200b\r\n\x07"


def test_every_field_an_agent_fills_is_shown_by_name(house: House) -> None:
    arguments = {"command": "make release", "description": HOSTILE_FIELDS}
    cwd = f"{house.workspace}/{HOSTILE_FIELDS}"
    payload = json.loads(CLAUDE.call("Bash", arguments, cwd=cwd, session=HOSTILE_FIELDS))
    payload |= {"model": HOSTILE_FIELDS, "permission_mode": HOSTILE_FIELDS}
    house.ask(CLAUDE, json.dumps(payload).encode())
    [request] = house.waiting()
    house.decide(request["number"], "delay", until=2_000_000_000_000, reason=HOSTILE_FIELDS)
    assert_nothing_hidden(shown(house, request))
    for words in (["show", request["name"]], ["log"]):
        assert_nothing_hidden(house.assent(*words).stdout)
    house.decide(request["number"], "withdraw", reason=HOSTILE_FIELDS)
    assert_nothing_hidden(shown(house, request))


def test_an_unknown_tool_with_a_hostile_name_is_shown_by_name(house: House) -> None:
    payload = CLAUDE.call(HOSTILE_FIELDS, {HOSTILE_FIELDS: 1}, cwd=str(house.workspace))
    house.ask(CLAUDE, payload)
    [request] = house.waiting()
    assert_nothing_hidden(shown(house, request))
    assert_nothing_hidden(house.assent("inbox").stdout)


def test_a_workspace_whose_name_is_not_utf_8_is_gated(house: House) -> None:
    folder = os.fsencode(house.root) + b"/caf\xe9"
    os.makedirs(folder + b"/.git", exist_ok=True)
    payload = CLAUDE.call("Bash", {"command": "make"}, cwd="CWD")
    hook = house.ask(CLAUDE, payload.replace(b"CWD", folder))
    [request] = house.waiting()
    assert hook.waits
    assert_nothing_hidden(shown(house, request))


def test_a_lone_surrogate_in_a_payload_is_gated(house: House) -> None:
    payload = CLAUDE.call("Bash", {"command": "ls \udcff"}, cwd=str(house.workspace))
    hook = house.ask(CLAUDE, payload)
    [request] = house.waiting()
    assert hook.waits
    assert_nothing_hidden(shown(house, request))


def test_an_edit_shows_hidden_characters_of_the_file_and_of_the_change(house: House) -> None:
    path = house.user_home / "notes.txt"
    path.write_bytes(b"old \x1b[2J hidden \xe2\x80\xae\r\n")
    arguments = {"file_path": str(path), "content": f"new {HOSTILE_FIELDS}\r\n"}
    house.ask(CLAUDE, CLAUDE.call("Write", arguments, cwd=str(house.workspace)))
    [request] = house.waiting()
    text = shown(house, request)
    assert_nothing_hidden(text)
    assert "[ESC]" in text
    assert "[U+202E]" in text


def test_an_edit_of_a_binary_file_says_what_becomes_of_it(house: House) -> None:
    path = house.user_home / "image.bin"
    path.write_bytes(bytes(range(256)))
    arguments = {"file_path": str(path), "content": "text"}
    house.ask(CLAUDE, CLAUDE.call("Write", arguments, cwd=str(house.workspace)))
    [request] = house.waiting()
    text = shown(house, request)
    assert_nothing_hidden(text)
    assert "sha256:" in text or "text" in text


def test_a_1_MB_command_is_shown_whole(house: House) -> None:  # noqa: N802
    command = "make release " + "\u200b" * 1000 + "x" * 1_000_000 + " last-word"
    house.shell(CLAUDE, command)
    [request] = house.waiting()
    text = shown(house, request)
    assert_nothing_hidden(text)
    assert "last-word" in text
    assert len(house.assent("inbox").stdout) < 10_000


def test_a_terminal_of_another_encoding_gets_escapes_not_a_crash(house: House) -> None:
    house.shell(CLAUDE, "git push origin caf\u00e9 \u4e2d")
    [request] = house.waiting()
    done = house.assent("show", request["name"], env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert "\\u4e2d" in done.stdout
