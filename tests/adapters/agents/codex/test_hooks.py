"""Codex's hooks: what each payload is read as, and the exact answers."""

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents.codex.hooks import Codex
from assent.app.agents import (
    AskThere,
    HookAnswer,
    HookEvent,
    LetThrough,
    LetThroughChanged,
    Noted,
    Park,
    Refuse,
    SessionEvent,
    ToolFinished,
    ToolProposed,
)
from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileEdit,
    FileRead,
    ToolCall,
    UnknownAction,
    Vouched,
)
from assent.core.canonical import Json, digest_of
from assent.core.proposals import Editable, Proposal
from assent.errors import UsageError
from tests.adapters.agents.conftest import REPO, MemoryFiles, Recorded

AGENT = Codex()


def encoded(payload: Mapping[str, Json]) -> bytes:
    return json.dumps(payload).encode()


def read(
    payload: bytes,
    event: str = "PreToolUse",
    *,
    files: MemoryFiles | None = None,
    env: Mapping[str, str] | None = None,
) -> HookEvent:
    return AGENT.read(event, payload, env=env or {}, files=files or MemoryFiles())


def proposed(
    payload: bytes,
    event: str = "PreToolUse",
    *,
    files: MemoryFiles | None = None,
    env: Mapping[str, str] | None = None,
) -> Proposal:
    found = read(payload, event, files=files, env=env)
    assert isinstance(found, ToolProposed)
    return found.proposal


@pytest.fixture
def call(recorded: Recorded) -> Callable[[str, Json], bytes]:
    """A recorded call with another tool and input."""
    base = recorded("bash")

    def make(tool: str, arguments: Json) -> bytes:
        return encoded({**base, "tool_name": tool, "tool_input": arguments})

    return make


def builtin(tool: str, arguments: str, vouched: Vouched = Vouched.INERT) -> ToolCall:
    return ToolCall(server="codex", tool=tool, arguments=arguments, vouched=vouched)


# --- recorded payloads --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "action"),
    [
        pytest.param("bash", Command("echo x", REPO), id="bash"),
        pytest.param(
            "bash-workdir", Command("pwd; sleep 0.1", f"{REPO}/build"), id="bash-in-a-folder"
        ),
        pytest.param("view-image", FileRead((f"{REPO}/README.md",), REPO), id="view-image"),
        pytest.param("get-goal", builtin("get_goal", "{}"), id="get-goal"),
        pytest.param("create-goal", builtin("create_goal", '{"objective":"x"}'), id="create-goal"),
        pytest.param(
            "tool-search",
            builtin("tool_search", '{"limit":3,"query":"spawn agent"}'),
            id="tool-search",
        ),
        pytest.param(
            "spawn-agent",
            builtin("spawn_agent", '{"message":"Look for dead code","task_name":"kid"}'),
            id="spawn-agent",
        ),
        pytest.param("mcp", ToolCall("lab", "poke", '{"target":"prod"}'), id="mcp"),
    ],
)
def test_recorded_calls(recorded: Recorded, name: str, action: Action) -> None:
    payload = encoded(recorded(name))
    proposal = proposed(payload)
    assert proposal.action == action
    assert proposal.payload == payload
    assert proposal.call_id != ""


def test_a_recorded_question_changes_nothing(recorded: Recorded) -> None:
    action = proposed(encoded(recorded("request-user-input"))).action
    assert isinstance(action, ToolCall)
    assert action.vouched is Vouched.INERT


def test_a_recorded_patch(recorded: Recorded) -> None:
    payload = recorded("apply-patch")
    files = MemoryFiles({f"{REPO}/a.txt": b"one\ntwo\nthree\n"})
    proposal = proposed(encoded(payload), files=files)
    assert isinstance(proposal.action, FileEdit)
    (change,) = proposal.action.changes
    assert (change.path, change.kind) == (f"{REPO}/a.txt", EditKind.UPDATE)
    assert change.diff == "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
    assert change.after == digest_of(b"one\nTWO\nthree\n")
    assert proposal.editable is not None
    assert proposal.editable.label == "patch"


def test_a_session_tells_who_and_where(recorded: Recorded) -> None:
    payload = recorded("sub-bash")
    session = proposed(encoded(payload)).session
    assert (session.agent, session.session_id) == ("codex", payload["session_id"])
    assert session.subagent == payload["agent_id"]
    assert session.model == "gpt-5.1-codex"
    assert session.mode == "bypassPermissions"
    assert session.headless is None


def test_the_workspace_does_not_follow_the_calls_folder(recorded: Recorded) -> None:
    """The model names the folder of a call; the hook runs in the session's."""
    payload = encoded({**recorded("bash"), "cwd": "/home/dev/other"})
    proposal = proposed(payload, env={"PWD": REPO})
    assert proposal.session.workspace == REPO
    assert proposal.action == Command("echo x", "/home/dev/other")


def test_other_recorded_events(recorded: Recorded) -> None:
    start = read(encoded(recorded("session-start")), "SessionStart")
    assert isinstance(start, SessionEvent)
    assert start.what == "start"
    finished = read(encoded(recorded("post-bash")), "PostToolUse")
    assert isinstance(finished, ToolFinished)
    assert (finished.tool, finished.ok) == ("Bash", None)


# --- the table of tools -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        pytest.param("Bash", {"command": ["ls", "-l"]}, Command(("ls", "-l"), REPO), id="argv"),
        pytest.param(
            "shell",
            {"command": ["bash", "-lc", "ls"], "workdir": "src"},
            Command(("bash", "-lc", "ls"), f"{REPO}/src"),
            id="shell-of-old",
        ),
        pytest.param("exec_command", {"cmd": "ls"}, Command("ls", REPO), id="exec-command"),
        pytest.param(
            "exec_command",
            {"cmd": "ls", "tty": True},
            Command("ls", REPO, interactive=True),
            id="terminal",
        ),
        pytest.param(
            "Bash", {"command": "bash"}, Command("bash", REPO, interactive=True), id="bare-shell"
        ),
        pytest.param(
            "write_stdin",
            {"chars": "rm"},
            builtin("write_stdin", '{"chars":"rm"}', Vouched.NOTHING),
            id="typing",
        ),
        pytest.param("update_plan", {}, builtin("update_plan", "{}"), id="to-do-list"),
        pytest.param("wait_agent", {}, builtin("wait_agent", "{}"), id="wait"),
    ],
)
def test_tools(
    call: Callable[[str, Json], bytes], tool: str, arguments: Json, action: Action
) -> None:
    assert proposed(call(tool, arguments)).action == action


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        pytest.param("exec", {"input": "1"}, "not known", id="unknown-tool"),
        pytest.param("bash", {"command": "ls"}, "not known", id="other-case"),
        pytest.param("mcp__lab", {}, "no MCP server", id="mcp-without-tool"),
        pytest.param("Bash", {}, "command is missing", id="no-command"),
        pytest.param("Bash", {"command": []}, "empty", id="empty-argv"),
        pytest.param("Bash", {"command": ""}, "empty", id="empty-script"),
        pytest.param("Bash", {"command": ["ls", 5]}, "a number, not text", id="argv-of-numbers"),
        pytest.param("Bash", {"command": "ls", "tty": "yes"}, "not a boolean", id="tty-as-text"),
        pytest.param("Bash", {"command": "\udcff"}, "not valid Unicode", id="lone-surrogate"),
        pytest.param("view_image", {"path": ""}, "empty", id="empty-path"),
        pytest.param("apply_patch", {"command": "nonsense"}, "does not begin", id="no-patch"),
        pytest.param(
            "apply_patch",
            {"command": "*** Begin Patch\n*** Update File: f\n@@\n-x\n+y\n*** End Patch"},
            "does not exist",
            id="patch-that-does-not-apply",
        ),
    ],
)
def test_what_cannot_be_read_is_gated(
    call: Callable[[str, Json], bytes], tool: str, arguments: Json, reason: str
) -> None:
    proposal = proposed(call(tool, arguments))
    assert isinstance(proposal.action, UnknownAction)
    assert reason in proposal.action.reason
    assert proposal.tool == tool
    assert proposal.session.workspace == REPO


# --- hostile payloads ---------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["PreToolUse", "PostToolUse", "SessionStart", "Unheard"])
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"{}", id="no-members"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
        pytest.param(b'{"session_id": "s", "cwd": "relative"}', id="relative-folder"),
        pytest.param(b'{"a": ' + b"[" * 50_000, id="deep"),
        pytest.param(b'{"a": "' + b"x" * 10_000_000 + b'"}', id="10-MB"),
    ],
)
def test_hostile_payloads_are_gated(event: str, payload: bytes) -> None:
    proposal = proposed(payload, event)
    assert isinstance(proposal.action, UnknownAction)
    assert proposal.action.raw_digest == digest_of(payload)


def test_a_payload_of_another_event_is_gated(recorded: Recorded) -> None:
    assert isinstance(proposed(encoded(recorded("session-start"))).action, UnknownAction)


@given(st.binary(max_size=100))
def test_any_bytes_are_answered(payload: bytes) -> None:
    proposed(payload)
    for answer in (LetThrough(), LetThroughChanged(payload), Refuse("no"), Park("later")):
        output = AGENT.answer("PreToolUse", payload, answer)
        assert output.exit_code == 0
        assert output.stdout == b"" or json.loads(output.stdout)


# --- changing -----------------------------------------------------------------------------------

PATCH = "*** Begin Patch\n*** Add File: g\n+x\n*** End Patch\n"


@pytest.mark.parametrize(
    ("tool", "arguments", "text", "changed"),
    [
        pytest.param("Bash", {"command": "rm x"}, "ls", {"command": "ls"}, id="command"),
        pytest.param("exec_command", {"cmd": "a"}, "b", {"cmd": "b"}, id="exec-command"),
        pytest.param("apply_patch", {"command": "a"}, PATCH, {"command": PATCH}, id="patch"),
        pytest.param("mcp__a__b", {"x": 1}, '{"x": 2}', {"x": 2}, id="mcp"),
    ],
)
def test_changing_and_handing_over(
    call: Callable[[str, Json], bytes],
    tool: str,
    arguments: dict[str, Json],
    text: str,
    changed: Json,
) -> None:
    payload = call(tool, arguments)
    new = AGENT.change(payload, text)
    assert json.loads(new) == {**json.loads(payload), "tool_input": changed}
    editable = proposed(new).editable
    assert editable is not None
    assert editable.text == (text if tool != "mcp__a__b" else json.dumps(changed, indent=2))
    said = json.loads(AGENT.answer("PreToolUse", payload, LetThroughChanged(new)).stdout)
    assert said == {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "allow",
            "updatedInput": changed,
        }
    }


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("Bash", {"command": ["ls"]}, id="argument-vector"),
        pytest.param("apply_patch", {}, id="no-patch"),
        pytest.param("mcp__a__b", {}, id="arguments-not-json"),
        pytest.param("Bash", [], id="input-not-an-object"),
    ],
)
def test_a_change_that_does_not_fit(
    call: Callable[[str, Json], bytes], tool: str, arguments: Json
) -> None:
    with pytest.raises(UsageError):
        AGENT.change(call(tool, arguments), "not json")


def test_an_argument_vector_is_not_offered_for_editing(
    call: Callable[[str, Json], bytes],
) -> None:
    assert proposed(call("Bash", {"command": ["ls"]})).editable is None
    assert proposed(call("Bash", {"command": "ls"})).editable == Editable("command", "ls")


# --- answering ----------------------------------------------------------------------------------

DENY = (
    b'{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",'
    b'"permissionDecisionReason":'
)


@pytest.mark.parametrize(
    ("event", "answer", "stdout"),
    [
        pytest.param("PreToolUse", LetThrough(), b"", id="silence-lets-through"),
        pytest.param("PreToolUse", Refuse('no "x"'), DENY + b'"no \\"x\\""}}\n', id="refuse"),
        pytest.param("PreToolUse", AskThere("why"), DENY + b'"why"}}\n', id="cannot-ask"),
        pytest.param("PreToolUse", Park("REQ-1"), DENY + b'"REQ-1"}}\n', id="cannot-park"),
        pytest.param(
            "PreToolUse",
            Refuse("  "),
            DENY + b'"Assent has not let this call through."}}\n',
            id="a-denial-needs-a-reason",
        ),
        pytest.param(
            "PreToolUse",
            Noted(),
            DENY + b'"Assent has not let this call through."}}\n',
            id="no-decision-is-a-refusal",
        ),
        pytest.param(
            "PreToolUse",
            LetThroughChanged(b"{"),
            DENY + b'"Assent could not hand over the changed call."}}\n',
            id="change-that-cannot-be-read",
        ),
        pytest.param("PostToolUse", Refuse("no"), b"", id="too-late-to-refuse"),
        pytest.param("SessionStart", Noted(), b"", id="noted"),
    ],
)
def test_answers(recorded: Recorded, event: str, answer: HookAnswer, stdout: bytes) -> None:
    output = AGENT.answer(event, encoded(recorded("bash")), answer)
    assert (output.exit_code, output.stdout, output.stderr) == (0, stdout, b"")


@given(st.text(), st.sampled_from([LetThrough(), Noted(), Refuse(""), AskThere("x"), Park("x")]))
def test_never_a_bare_allow_and_never_ask(text: str, answer: HookAnswer) -> None:
    """Codex runs a call that is answered in a way it does not know."""
    for said in (answer, Refuse(text)):
        stdout = AGENT.answer("PreToolUse", b"{}", said).stdout
        assert b'"allow"' not in stdout
        assert b'"ask"' not in stdout
        if stdout:
            output = json.loads(stdout)["hookSpecificOutput"]
            assert output["permissionDecisionReason"].strip()


def test_it_answers_before_the_hook_times_out() -> None:
    assert AGENT.abilities.max_wait_ms < 86_400_000
    assert not AGENT.abilities.ask_there
    assert not AGENT.abilities.park
