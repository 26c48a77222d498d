"""Whatever a hook is sent, every adapter gives a value, and what it cannot read is gated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents.registry import AGENTS
from assent.app.agents import Agent, Refuse, ToolProposed
from assent.core.actions import UnknownAction
from assent.core.canonical import Json
from tests.adapters.agents.conftest import MemoryFiles

agents = pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS.keys())

TEXTS = st.text(max_size=20) | st.sampled_from(["\0", "\ud800", "/", "..", "~", "-", "_", "@x"])
JSON_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)

# Names that payloads of the agents use, so that random values reach far into the parsers.
ENVELOPE = ["session_id", "sessionId", "sessionID", "cwd", "directory", "hook_event_name", "input"]
CALL = ["tool_name", "toolName", "tool", "tool_input", "toolArgs", "args", "callID", "mcp_context"]
ARGUMENTS = ["command", "path", "filePath", "file_path", "content", "file_text", "old_str"]
MORE = ["new_str", "old_string", "new_string", "oldString", "newString", "edits", "pattern"]
FILES = ["paths", "plan_filename", "transcript_path", "patchText", "patch", "server_name"]
NAMES = st.sampled_from(ENVELOPE + CALL + ARGUMENTS + MORE + FILES)
SHELLS = ["Bash", "bash", "run_shell_command", "sql", "lab-poke", "lab_poke", "mcp__lab__poke"]
EDITS = ["Write", "Edit", "write", "edit", "create", "apply_patch", "write_file", "replace"]
OTHERS = ["read", "glob", "grep", "view", "exit_plan_mode", "ExitPlanMode", "read_many_files"]
TOOLS = st.sampled_from(SHELLS + EDITS + OTHERS)
VALUES = JSON_VALUES | TOOLS | st.just("/home/dev/repo") | st.just("*** Begin Patch")
OBJECTS = st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=8), max_size=12)


def read(agent: Agent, event: str, payload: bytes) -> object:
    return agent.read(event, payload, env={}, files=MemoryFiles())


@agents
@given(payload=st.binary(max_size=200))
def test_bytes_that_are_no_payload_are_gated(agent: Agent, payload: bytes) -> None:
    for event in agent.gating_events:
        proposed = read(agent, event, payload)
        assert isinstance(proposed, ToolProposed)
        assert isinstance(proposed.proposal.action, UnknownAction)


@agents
@given(value=JSON_VALUES | OBJECTS)
def test_any_json_gives_a_value(agent: Agent, value: Json) -> None:
    payload = json.dumps(value).encode()
    for event in (*agent.gating_events, "another event"):
        assert read(agent, event, payload) is not None


@agents
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not json", id="not-json"),
        pytest.param(b"\xff\xfe{}", id="not-utf-8"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"{}", id="nothing-in-it"),
        pytest.param(b"[" * 100_000, id="deeply-nested"),
        pytest.param(b'{"cwd":"/a","cwd":"/b"}', id="a-name-twice"),
        pytest.param(b'{"cwd":NaN}', id="nan"),
        pytest.param(b'{"cwd":"' + b"a" * 17_000_000 + b'"}', id="too-large"),
    ],
)
def test_malformed_payloads_are_gated(agent: Agent, payload: bytes) -> None:
    for event in agent.gating_events:
        proposed = read(agent, event, payload)
        assert isinstance(proposed, ToolProposed)
        assert isinstance(proposed.proposal.action, UnknownAction)
        assert proposed.proposal.payload == payload


@agents
def test_an_unreadable_call_can_be_refused(agent: Agent) -> None:
    for event in agent.gating_events:
        said = agent.answer(event, b"not json", Refuse("no"))
        assert said.exit_code == 0
        assert b"no" in said.stdout
