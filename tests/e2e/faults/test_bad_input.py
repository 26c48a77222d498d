"""What no agent should send: gated or denied, recorded, and never a stack trace to the agent."""

import json

import pytest

from tests.e2e.faults.agents import AGENTS, CLAUDE, Agent
from tests.e2e.faults.house import House

pytestmark = pytest.mark.network

MEGABYTE = 1024 * 1024

agents = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


@pytest.fixture
def house(shared: House) -> House:
    return shared


PAYLOADS = [
    pytest.param(b"", id="empty"),
    pytest.param(b"rm -rf build", id="not-json"),
    pytest.param(b'{"session_id": "\xff\xfe"}', id="not-utf-8"),
    pytest.param(b"\x00\x01\x1b[31m", id="control-bytes"),
    pytest.param(b"[" * 200_000, id="deeply-nested"),
    pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="deeply-nested-objects"),
    pytest.param(b"[]", id="an-array"),
    pytest.param(b'{"tool_input": {}, "args": {}, "toolArgs": {}}', id="nothing-known"),
    pytest.param(b'{"session_id":"a","session_id":"b"}', id="a-name-twice"),
    pytest.param(b"9" * 100_000, id="a-huge-number"),
    pytest.param(b'"' + b"x" * (10 * MEGABYTE) + b'"', id="10-MB-of-text"),
]


def assert_plain_refusal(text: str) -> None:
    assert "Traceback" not in text
    assert "Error" not in text
    assert "File " not in text
    assert "\x1b" not in text


@agents
@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_unreadable_call_waits_for_a_person(house: House, agent: Agent, payload: bytes) -> None:
    hook = house.ask(agent, payload)
    [request] = house.waiting()
    assert request["agent"] == agent.name
    shown = house.request(request["number"])
    assert shown["action"]["kind"] == "unknown"
    house.decide(request["number"], "reject", reason="not readable")
    said = hook.said()
    assert not said.passed
    assert "not readable" in said.reason
    assert_plain_refusal(said.text)


@agents
@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_unreadable_report_is_recorded_and_asks_nobody(
    house: House, agent: Agent, payload: bytes
) -> None:
    before = len(house.entries("unreadable"))
    said = house.ask(agent, payload, event=agent.after).said()
    assert (said.code, said.out, said.err) == (0, b"", b"")
    assert len(house.entries("unreadable")) == before + 1
    assert house.inbox() == []


@agents
def test_a_call_over_the_limit_is_denied_and_recorded(house: House, agent: Agent) -> None:
    before = len(house.entries("too-large"))
    said = house.ask(agent, b" " * (17 * MEGABYTE)).said()
    assert not said.passed
    assert "16 MiB" in said.reason
    assert len(house.entries("too-large")) == before + 1


@agents
@pytest.mark.parametrize("event", ["BeforeEverything", "\udcff", "x" * 50_000])
def test_an_unknown_event_is_denied_and_recorded(house: House, agent: Agent, event: str) -> None:
    before = len(house.entries("unknown-event"))
    payload = agent.shell("ls", cwd=str(house.workspace))
    argv = house.relays["compiled"].argv(
        socket=house.home.socket, dialect="exit2", agent=agent.name, event=event
    )
    said = house.start_hook(agent, argv, payload).said()
    assert (said.code, said.out) == (2, b"")
    assert "does not know the event" in said.text
    assert_plain_refusal(said.text)
    assert len(house.entries("unknown-event")) == before + 1


@agents
def test_an_unknown_tool_waits_for_a_person(house: House, agent: Agent) -> None:
    payload = agent.call("LaunchRocket", {"now": True}, cwd=str(house.workspace))
    hook = house.ask(agent, payload)
    [request] = house.waiting()
    assert "LaunchRocket" in json.dumps(house.request(request["number"]))
    house.decide(request["number"], "reject", reason="no rockets")
    assert not hook.said().passed


@agents
def test_an_unreadable_call_passes_once_approved(house: House, agent: Agent) -> None:
    payload = agent.call("LaunchRocket", {"now": agent.name}, cwd=str(house.workspace))
    hook = house.ask(agent, payload)
    [request] = house.waiting()
    house.decide(request["number"])
    assert hook.said().passed
    house.ask(agent, payload)
    assert house.waiting()[0]["number"] != request["number"]


@pytest.mark.parametrize("agent", ["cursor", "", "claude-code\n", "\udcff", "assent"])
def test_an_unknown_agent_is_denied(house: House, agent: str) -> None:
    argv = house.relays["compiled"].argv(
        socket=house.home.socket, dialect="exit2", agent=agent, event="PreToolUse"
    )
    said = house.start_hook(CLAUDE, argv, b"{}").said()
    assert (said.code, said.out) == (2, b"")


@agents
def test_a_10_MB_edit_waits_for_a_person(house: House, agent: Agent) -> None:  # noqa: N802
    hook = house.ask(agent, edit_of(agent, house, "x" * (10 * MEGABYTE)))
    [request] = house.waiting()
    house.decide(request["number"], "reject", reason="too much")
    assert not hook.said().passed


def edit_of(agent: Agent, house: House, content: str) -> bytes:
    path = str(house.user_home / "outside.txt")
    patch = f"*** Begin Patch\n*** Add File: {path}\n+{content}\n*** End Patch"
    tool, arguments = {
        "claude-code": ("Write", {"file_path": path, "content": content}),
        "codex": ("apply_patch", {"command": patch}),
        "gemini": ("write_file", {"file_path": path, "content": content}),
        "copilot": ("create", {"path": path, "file_text": content}),
        "opencode": ("write", {"filePath": path, "content": content}),
    }[agent.name]
    return agent.call(tool, arguments, cwd=str(house.workspace))


@agents
def test_a_1_MB_command_waits_and_passes_as_approved(house: House, agent: Agent) -> None:  # noqa: N802
    command = "make release " + " ".join(f"target-{n}" for n in range(MEGABYTE // 12))
    hook = house.shell(agent, command)
    [request] = house.waiting()
    house.decide(request["number"])
    assert hook.said().passed


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("$(" * 20_000, id="substitutions"),
        pytest.param("(" * 20_000 + ")" * 20_000, id="subshells"),
        pytest.param("if true; then " * 5_000, id="ifs"),
        pytest.param("echo " + "'a'\"b\"" * 150_000, id="quotes"),
        pytest.param("ls;" * 300_000, id="many-commands"),
        pytest.param("cat <<E\n" * 50_000, id="here-documents"),
        pytest.param("eval " * 100_000 + "ls", id="evals"),
        pytest.param("sh -c '" * 3_000, id="shells-in-shells"),
        pytest.param("x" * MEGABYTE, id="one-word"),
        pytest.param("{a,b}" * 100_000, id="braces"),
        pytest.param("a|" * 200_000 + "b", id="pipeline"),
    ],
)
def test_a_monstrous_command_waits_and_others_are_served(house: House, command: str) -> None:
    hook = house.shell(CLAUDE, command)
    [request] = house.waiting()
    assert house.shell(CLAUDE, "ls").said().passed
    house.decide(request["number"], "reject", reason="no")
    said = hook.said()
    assert not said.passed
    assert "no" in said.reason
