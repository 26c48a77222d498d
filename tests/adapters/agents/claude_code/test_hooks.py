"""Claude Code's hooks: what each payload is read as, and the exact answers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents.claude_code.hooks import ClaudeCode
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
    SettingsChange,
    ToolFinished,
    ToolProposed,
)
from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileEdit,
    FileRead,
    Plan,
    ToolCall,
    UnknownAction,
    Vouched,
)
from assent.core.canonical import Json, digest_of
from assent.core.proposals import Editable, Proposal
from assent.errors import UsageError
from tests.adapters.agents.conftest import REPO, MemoryFiles, Recorded

AGENT = ClaudeCode()

HEADLESS = {"CLAUDE_CODE_SESSION_ATTENDED": "0", "CLAUDE_CODE_ENTRYPOINT": "sdk-cli"}


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


def proposed(payload: bytes, **options: object) -> Proposal:
    event = read(payload, **options)  # type: ignore[arg-type]
    assert isinstance(event, ToolProposed)
    return event.proposal


@pytest.fixture
def call(recorded: Recorded) -> Callable[[str, Json], bytes]:
    """A recorded call with another tool and input."""
    base = recorded("read")

    def make(tool: str, arguments: Json) -> bytes:
        return encoded({**base, "tool_name": tool, "tool_input": arguments})

    return make


def builtin(tool: str, vouched: Vouched, arguments: str = "{}") -> ToolCall:
    return ToolCall(server="claude-code", tool=tool, arguments=arguments, vouched=vouched)


# --- recorded payloads --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "action"),
    [
        pytest.param("bash", Command("rm -rf build", REPO), id="bash"),
        pytest.param("bash-background", Command("sleep 1", REPO), id="bash-background"),
        pytest.param("read", FileRead((f"{REPO}/nb.ipynb",), REPO), id="read"),
        pytest.param(
            "web-fetch",
            builtin(
                "WebFetch",
                Vouched.NETWORK_READ,
                '{"prompt":"Summarise","url":"https://example.invalid/docs"}',
            ),
            id="web-fetch",
        ),
        pytest.param(
            "tool-search",
            builtin("ToolSearch", Vouched.INERT, '{"max_results":3,"query":"select:WebFetch"}'),
            id="tool-search",
        ),
        pytest.param(
            "skill", builtin("Skill", Vouched.NOTHING, '{"skill":"release"}'), id="unknown-skill"
        ),
        pytest.param("mcp", ToolCall("lab", "poke", '{"target":"prod"}'), id="mcp"),
        pytest.param(
            "exit-plan-mode",
            Plan(
                "# Plan\n1. write hello.py\n2. run it\n", "/home/dev/.claude/plans/wild-gadget.md"
            ),
            id="plan",
        ),
    ],
)
def test_recorded_calls(recorded: Recorded, name: str, action: Action) -> None:
    payload = encoded(recorded(name))
    proposal = proposed(payload)
    assert proposal.action == action
    assert proposal.payload == payload
    assert proposal.call_id.startswith("toolu_")


def test_a_recorded_write(recorded: Recorded) -> None:
    files = MemoryFiles({f"{REPO}/crlf.txt": b"one\r\n"})
    proposal = proposed(encoded(recorded("write")), files=files)
    assert isinstance(proposal.action, FileEdit)
    (change,) = proposal.action.changes
    assert (change.path, change.kind) == (f"{REPO}/crlf.txt", EditKind.UPDATE)
    assert (change.before, change.after) == (digest_of(b"one\r\n"), digest_of(b"a\nb\n"))
    assert change.diff == "@@ -1 +1,2 @@\n-one\r\n+a\n+b\n"
    assert proposal.editable == Editable("content", "a\nb\n")


def test_a_recorded_edit(recorded: Recorded) -> None:
    files = MemoryFiles({f"{REPO}/build/out.o": b"artefact\n"})
    proposal = proposed(encoded(recorded("edit")), files=files)
    assert isinstance(proposal.action, FileEdit)
    assert proposal.action.changes[0].diff == "@@ -1 +1 @@\n-artefact\n+x\n"
    assert proposal.editable == Editable("new text", "x")


def test_a_recorded_notebook_edit(recorded: Recorded) -> None:
    notebook = {"cells": [{"cell_type": "code", "id": "c1", "source": ["print(1)"]}]}
    files = MemoryFiles({f"{REPO}/nb.ipynb": json.dumps(notebook).encode()})
    action = proposed(encoded(recorded("notebook-edit")), files=files).action
    assert isinstance(action, FileEdit)
    assert '+   "source": "print(2)",' in action.changes[0].diff


def test_a_sub_agents_call_names_it(recorded: Recorded) -> None:
    assert proposed(encoded(recorded("sub-bash"))).session.subagent != ""
    assert proposed(encoded(recorded("bash"))).session.subagent == ""


def test_a_session_tells_who_and_where(recorded: Recorded) -> None:
    payload = recorded("bash")
    session = proposed(encoded(payload)).session
    assert (session.agent, session.session_id) == ("claude-code", payload["session_id"])
    assert (session.cwd, session.workspace) == (REPO, REPO)
    assert session.mode == "default"


def test_the_workspace_does_not_follow_the_agents_own_cd(recorded: Recorded) -> None:
    payload = encoded({**recorded("bash"), "cwd": "/home/dev/other"})
    session = proposed(payload, env={"CLAUDE_PROJECT_DIR": f"{REPO}/src"}).session
    assert (session.cwd, session.workspace) == ("/home/dev/other", REPO)


def test_the_agents_words_stand_apart(recorded: Recorded) -> None:
    assert proposed(encoded(recorded("bash"))).prose == "Remove the build folder"


def test_other_recorded_events(recorded: Recorded) -> None:
    start = read(encoded(recorded("session-start")), "SessionStart")
    end = read(encoded(recorded("session-end")), "SessionEnd")
    assert isinstance(start, SessionEvent)
    assert isinstance(end, SessionEvent)
    assert (start.what, end.what) == ("start", "end")
    change = read(encoded(recorded("config-change")), "ConfigChange")
    assert isinstance(change, SettingsChange)
    assert change.source == "user_settings"
    assert change.path == "/home/dev/.claude/settings.json"
    finished = read(encoded(recorded("post-edit")), "PostToolUse")
    assert isinstance(finished, ToolFinished)
    assert (finished.tool, finished.ok) == ("Edit", True)
    failed = {**recorded("post-edit"), "hook_event_name": "PostToolUseFailure"}
    event = read(encoded(failed), "PostToolUseFailure")
    assert isinstance(event, ToolFinished)
    assert event.ok is False


@pytest.mark.parametrize(
    ("env", "headless"),
    [
        pytest.param(HEADLESS, True, id="print-mode"),
        pytest.param(
            {"CLAUDE_CODE_SESSION_ATTENDED": "1", "CLAUDE_CODE_ENTRYPOINT": "cli"},
            False,
            id="at-the-prompt",
        ),
        pytest.param(
            {"CLAUDE_CODE_SESSION_ATTENDED": "1", "CLAUDE_CODE_ENTRYPOINT": "sdk-cli"},
            False,
            id="attended-wins",
        ),
        pytest.param(
            {"CLAUDE_CODE_SESSION_ATTENDED": "0", "CLAUDE_CODE_ENTRYPOINT": "cli"},
            None,
            id="signs-differ",
        ),
        pytest.param({"CLAUDE_CODE_SESSION_ATTENDED": "0"}, None, id="one-sign-only"),
        pytest.param({"CLAUDE_CODE_ENTRYPOINT": "cli"}, False, id="older-version-at-the-prompt"),
        pytest.param({"CLAUDE_CODE_ENTRYPOINT": "sdk-py"}, None, id="older-version-without"),
        pytest.param({}, None, id="nothing-told"),
    ],
)
def test_whether_somebody_sits_there(
    recorded: Recorded, env: dict[str, str], headless: bool | None
) -> None:
    assert proposed(encoded(recorded("bash")), env=env).session.headless is headless


# --- the table of tools -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        pytest.param("Glob", {"pattern": "**/*.py"}, FileRead((REPO,), REPO), id="glob"),
        pytest.param(
            "Glob",
            {"pattern": "*.pem", "path": "/etc/ssl"},
            FileRead(("/etc/ssl",), REPO),
            id="glob-elsewhere",
        ),
        pytest.param(
            "Glob", {"pattern": "/etc/ssl/*.pem"}, FileRead(("/etc/ssl",), REPO), id="glob-absolute"
        ),
        pytest.param("Grep", {"pattern": "x"}, FileRead((REPO,), REPO), id="grep"),
        pytest.param(
            "Grep",
            {"pattern": "x", "path": "src"},
            FileRead((f"{REPO}/src",), REPO),
            id="grep-path",
        ),
        pytest.param("LS", {"path": "/etc"}, FileRead(("/etc",), REPO), id="ls"),
        pytest.param(
            "NotebookRead",
            {"notebook_path": "a.ipynb"},
            FileRead((f"{REPO}/a.ipynb",), REPO),
            id="notebook-read",
        ),
        pytest.param(
            "LSP",
            {"operation": "hover", "filePath": "a.py"},
            FileRead((f"{REPO}/a.py",), REPO),
            id="lsp",
        ),
        pytest.param("Monitor", {"command": "tail -f x"}, Command("tail -f x", REPO), id="monitor"),
        pytest.param(
            "Monitor",
            {"ws": {"url": "wss://x"}},
            builtin("Monitor", Vouched.NOTHING, '{"ws":{"url":"wss://x"}}'),
            id="monitor-socket",
        ),
        pytest.param("TodoWrite", {}, builtin("TodoWrite", Vouched.INERT), id="to-do"),
        pytest.param("Agent", {}, builtin("Agent", Vouched.INERT), id="sub-agent"),
        pytest.param(
            "Agent",
            {"isolation": "remote"},
            builtin("Agent", Vouched.NOTHING, '{"isolation":"remote"}'),
            id="sub-agent-on-another-machine",
        ),
        pytest.param("Task", {}, builtin("Task", Vouched.INERT), id="sub-agent-of-old"),
        pytest.param("WebSearch", {}, builtin("WebSearch", Vouched.INERT), id="web-search"),
        pytest.param("KillShell", {}, builtin("KillShell", Vouched.INERT), id="kill-own-shell"),
        pytest.param(
            "ExitWorktree", {}, builtin("ExitWorktree", Vouched.NOTHING), id="may-discard-work"
        ),
        pytest.param(
            "CronCreate", {}, builtin("CronCreate", Vouched.NOTHING), id="outlives-the-session"
        ),
        pytest.param(
            "ReadMcpResourceTool",
            {},
            builtin("ReadMcpResourceTool", Vouched.NOTHING),
            id="mcp-resource",
        ),
        pytest.param(
            "mcp__a__b__c", {}, ToolCall("a", "b__c", "{}"), id="mcp-tool-with-underscores"
        ),
    ],
)
def test_tools(
    call: Callable[[str, Json], bytes], tool: str, arguments: Json, action: Action
) -> None:
    assert proposed(call(tool, arguments)).action == action


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        pytest.param("PowerShell", {"command": "ls"}, "not known", id="unknown-tool"),
        pytest.param("bash", {"command": "ls"}, "not known", id="other-case"),
        pytest.param("mcp__server", {}, "no MCP server", id="mcp-without-tool"),
        pytest.param("mcp____tool", {}, "no MCP server", id="mcp-without-server"),
        pytest.param("Bash", {}, "command is missing", id="no-command"),
        pytest.param("Bash", {"command": ["ls"]}, "an array, not text", id="command-as-list"),
        pytest.param("Write", {"file_path": "", "content": ""}, "empty", id="empty-path"),
        pytest.param("Write", {"file_path": "a\0b", "content": ""}, "NUL", id="nul-in-path"),
        pytest.param("Write", {"file_path": "f"}, "content is missing", id="no-content"),
        pytest.param(
            "Write", {"file_path": "f", "content": "\ud800"}, "not valid Unicode", id="surrogate"
        ),
        pytest.param("Read", {"file_path": 5}, "a number, not text", id="path-as-number"),
        pytest.param(
            "Edit",
            {"file_path": "missing", "old_string": "a", "new_string": "b"},
            "does not exist",
            id="edit-of-nothing",
        ),
        pytest.param(
            "Edit",
            {"file_path": "f", "old_string": "zzz", "new_string": "b"},
            "not in",
            id="edit-that-does-not-apply",
        ),
        pytest.param("MultiEdit", {"file_path": "f", "edits": [1]}, "not an object", id="edits"),
        pytest.param(
            "NotebookEdit",
            {"notebook_path": "n.ipynb", "new_source": "x", "edit_mode": "insert"},
            "foretold",
            id="inserted-cell-gets-a-random-id",
        ),
        pytest.param("Glob", {"pattern": "*/../../*"}, "other folders", id="glob-climbs-out"),
        pytest.param("ExitPlanMode", {}, "no plan", id="plan-without-text"),
    ],
)
def test_what_cannot_be_read_is_gated(
    call: Callable[[str, Json], bytes], tool: str, arguments: Json, reason: str
) -> None:
    payload = call(tool, arguments)
    proposal = proposed(payload, files=MemoryFiles({f"{REPO}/f": b"aa\n"}))
    assert isinstance(proposal.action, UnknownAction)
    assert reason in proposal.action.reason
    assert proposal.tool == tool
    assert proposal.session.workspace == REPO
    assert proposal.payload == payload


def test_a_file_that_cannot_be_read_gates_the_write(call: Callable[[str, Json], bytes]) -> None:
    files = MemoryFiles(unreadable=frozenset({f"{REPO}/f"}))
    action = proposed(call("Write", {"file_path": "f", "content": "x"}), files=files).action
    assert isinstance(action, UnknownAction)


def test_a_plan_that_is_only_named_is_read_from_its_file(
    call: Callable[[str, Json], bytes],
) -> None:
    path = "/home/dev/.claude/plans/a.md"
    files = MemoryFiles({path: b"# From the file\n"})
    action = proposed(call("ExitPlanMode", {"planFilePath": path}), files=files).action
    assert action == Plan("# From the file\n", path)


def test_a_skill_that_is_only_text_changes_nothing(call: Callable[[str, Json], bytes]) -> None:
    files = MemoryFiles({"/home/dev/.claude/skills/tidy/SKILL.md": b"Tidy up."})
    payload = call("Skill", {"skill": "tidy"})
    action = proposed(payload, files=files, env={"HOME": "/home/dev"}).action
    assert isinstance(action, ToolCall)
    assert action.vouched is Vouched.INERT


def test_the_retry_of_an_unreadable_call_has_the_same_digest(recorded: Recorded) -> None:
    first = {**recorded("read"), "tool_name": "New", "tool_use_id": "toolu_1"}
    again = {**first, "tool_use_id": "toolu_2", "prompt_id": "another"}
    assert proposed(encoded(first)).subject == proposed(encoded(again)).subject


# --- hostile payloads ---------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["PreToolUse", "ConfigChange", "PostToolUse", "Unheard"])
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"{}", id="no-members"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
        pytest.param(b'{"session_id": 5}', id="wrong-type"),
        pytest.param(b'{"session_id": "s", "cwd": "relative"}', id="relative-folder"),
        pytest.param(b'{"session_id": "s", "cwd": "/a\\u0000b"}', id="nul-in-folder"),
        pytest.param(b'{"a": ' + b"[" * 50_000, id="deep"),
        pytest.param(b'{"a": "' + b"x" * 10_000_000 + b'"}', id="10-MB"),
        pytest.param(b"x" * (16 * 1024 * 1024 + 1), id="over-16-MiB"),
    ],
)
def test_hostile_payloads_are_gated(event: str, payload: bytes) -> None:
    proposal = proposed(payload, event=event)
    assert isinstance(proposal.action, UnknownAction)
    assert proposal.action.raw_digest == digest_of(payload)


def test_a_payload_of_another_event_is_gated(recorded: Recorded) -> None:
    assert isinstance(proposed(encoded(recorded("session-start"))).action, UnknownAction)


@given(st.binary(max_size=100), st.sampled_from(["PreToolUse", "ConfigChange", "SessionEnd"]))
def test_any_bytes_are_answered(payload: bytes, event: str) -> None:
    proposed(payload, event=event)
    for answer in (LetThrough(), LetThroughChanged(payload), Refuse("no"), Park("later")):
        output = AGENT.answer(event, payload, answer)
        assert output.exit_code == 0
        assert output.stdout == b"" or json.loads(output.stdout)


# --- changing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "text", "changed"),
    [
        pytest.param(
            "Bash",
            {"command": "rm x", "description": "d"},
            "rm -i x",
            {"command": "rm -i x", "description": "d"},
            id="command",
        ),
        pytest.param(
            "Write",
            {"file_path": "f", "content": "a"},
            "b\r\n\U0001f600",
            {"file_path": "f", "content": "b\r\n\U0001f600"},
            id="content",
        ),
        pytest.param(
            "Edit",
            {"file_path": "f", "old_string": "a", "new_string": "b", "replace_all": True},
            "",
            {"file_path": "f", "old_string": "a", "new_string": "", "replace_all": True},
            id="new-text",
        ),
        pytest.param(
            "ExitPlanMode",
            {"plan": "a", "planFilePath": "/p.md"},
            "b",
            {"plan": "b", "planFilePath": "/p.md"},
            id="plan",
        ),
        pytest.param(
            "mcp__lab__poke", {"target": "prod"}, '{"target": "test"}', {"target": "test"}, id="mcp"
        ),
        pytest.param(
            "Read", {"file_path": "/a"}, '{"file_path": "/b"}', {"file_path": "/b"}, id="arguments"
        ),
    ],
)
def test_changing_and_handing_over(
    call: Callable[[str, Json], bytes],
    tool: str,
    arguments: dict[str, Json],
    text: str,
    changed: Json,
) -> None:
    files = MemoryFiles({f"{REPO}/f": b"aa\n"})
    payload = call(tool, arguments)
    new = AGENT.change(payload, text)
    assert json.loads(new) == {**json.loads(payload), "tool_input": changed}
    editable = proposed(new, files=files).editable
    assert editable is not None
    assert editable.label == proposed(payload, files=files).editable.label  # type: ignore[union-attr]
    if editable.label != "arguments":
        assert editable.text == text
    if tool != "ExitPlanMode":
        answer = json.loads(AGENT.answer("PreToolUse", payload, LetThroughChanged(new)).stdout)
        assert answer["hookSpecificOutput"]["permissionDecision"] == "allow"
        assert answer["hookSpecificOutput"]["updatedInput"] == changed


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        pytest.param("mcp__a__b", {}, "[]", id="arguments-as-array"),
        pytest.param("mcp__a__b", {}, "{", id="arguments-not-json"),
        pytest.param("mcp__a__b", {}, '{"a": 1, "a": 2}', id="arguments-twice"),
        pytest.param("Bash", {"command": 5}, "ls", id="nothing-to-change"),
        pytest.param("ExitPlanMode", {}, "# Plan", id="plan-without-text"),
        pytest.param("Bash", "ls", "ls", id="input-not-an-object"),
    ],
)
def test_a_change_that_does_not_fit(
    call: Callable[[str, Json], bytes], tool: str, arguments: Json, text: str
) -> None:
    with pytest.raises(UsageError):
        AGENT.change(call(tool, arguments), text)


def test_nothing_can_be_changed_in_what_cannot_be_read() -> None:
    with pytest.raises(UsageError):
        AGENT.change(b"\xff", "ls")


# --- answering ----------------------------------------------------------------------------------

TOOL = b'{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":'


@pytest.mark.parametrize(
    ("event", "answer", "stdout"),
    [
        pytest.param("PreToolUse", LetThrough(), TOOL + b'"allow"}}\n', id="let-through"),
        pytest.param(
            "PreToolUse",
            Refuse('no "x" \u2713'),
            TOOL + b'"deny","permissionDecisionReason":"no \\"x\\" \\u2713"}}\n',
            id="refuse",
        ),
        pytest.param(
            "PreToolUse",
            AskThere("why"),
            TOOL + b'"ask","permissionDecisionReason":"why"}}\n',
            id="ask-there",
        ),
        pytest.param(
            "PreToolUse",
            Park("REQ-1"),
            TOOL + b'"defer","permissionDecisionReason":"REQ-1"}}\n',
            id="park",
        ),
        pytest.param(
            "PreToolUse",
            Noted(),
            TOOL + b'"deny","permissionDecisionReason":"Assent has no decision on this call."}}\n',
            id="no-decision-is-a-refusal",
        ),
        pytest.param("ConfigChange", LetThrough(), b"", id="settings-may-change"),
        pytest.param(
            "ConfigChange",
            Refuse("locked"),
            b'{"decision":"block","reason":"locked"}\n',
            id="settings-stay",
        ),
        pytest.param(
            "ConfigChange",
            Park("later"),
            b'{"decision":"block","reason":"later"}\n',
            id="settings-stay-when-parked",
        ),
        pytest.param(
            "ConfigChange",
            Noted(),
            b'{"decision":"block","reason":"Assent keeps the settings as they are."}\n',
            id="settings-stay-without-decision",
        ),
        pytest.param("PostToolUse", Refuse("no"), b"", id="too-late-to-refuse"),
        pytest.param("SessionStart", Noted(), b"", id="noted"),
    ],
)
def test_answers(recorded: Recorded, event: str, answer: HookAnswer, stdout: bytes) -> None:
    output = AGENT.answer(event, encoded(recorded("bash")), answer)
    assert (output.exit_code, output.stdout, output.stderr) == (0, stdout, b"")


def test_a_sub_agents_call_is_refused_instead_of_parked(recorded: Recorded) -> None:
    """A deferred call of a sub-agent is lost: nothing can be resumed."""
    output = AGENT.answer("PreToolUse", encoded(recorded("sub-bash")), Park("REQ-1"))
    assert b'"permissionDecision":"deny"' in output.stdout


def test_an_accepted_plan_is_not_asked_about_again(recorded: Recorded) -> None:
    """Claude Code leaves out its own dialog only when it is handed the input."""
    payload = recorded("exit-plan-mode")
    said = json.loads(AGENT.answer("PreToolUse", encoded(payload), LetThrough()).stdout)
    assert said["hookSpecificOutput"]["updatedInput"] == payload["tool_input"]


def test_a_changed_call_that_cannot_be_read_is_refused(recorded: Recorded) -> None:
    output = AGENT.answer("PreToolUse", encoded(recorded("bash")), LetThroughChanged(b"{"))
    assert b'"permissionDecision":"deny"' in output.stdout


# --- a plan that a person changed ---------------------------------------------------------------


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / ".claude" / "plans" / "wild-gadget.md"
    path.parent.mkdir(parents=True)
    path.write_text("# Old\n")
    return path


def hand_over(recorded: Recorded, path: Path, shown: str = "# Old\n") -> str:
    arguments: dict[str, Json] = {"plan": shown, "planFilePath": str(path)}
    payload = encoded({**recorded("exit-plan-mode"), "tool_input": arguments})
    new = AGENT.change(payload, "# New\n")
    output = AGENT.answer("PreToolUse", payload, LetThroughChanged(new))
    return str(json.loads(output.stdout)["hookSpecificOutput"]["permissionDecision"])


def test_a_changed_plan_is_written_to_its_file(recorded: Recorded, plan: Path) -> None:
    """The model is told what the file holds, whatever the answer says."""
    assert hand_over(recorded, plan) == "allow"
    assert plan.read_text() == "# New\n"
    assert hand_over(recorded, plan) == "allow"


def test_a_plan_file_with_another_plan_is_not_written_over(recorded: Recorded, plan: Path) -> None:
    assert hand_over(recorded, plan, shown="# Another\n") == "deny"
    assert plan.read_text() == "# Old\n"


@pytest.mark.parametrize("name", ["notes.txt", "../plans.md", "missing.md", "../plans/x/../a.md"])
def test_only_a_plan_file_is_written(recorded: Recorded, plan: Path, name: str) -> None:
    path = plan.parent / name
    if path.parent.is_dir() and name != "missing.md":
        path.write_text("# Old\n")
    assert hand_over(recorded, path) == "deny"


def test_a_symlink_is_no_plan_file(recorded: Recorded, plan: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("# Old\n")
    link = plan.parent / "link.md"
    link.symlink_to(target)
    assert hand_over(recorded, link) == "deny"
    assert target.read_text() == "# Old\n"


# --- what it promises ---------------------------------------------------------------------------


def test_it_answers_before_the_hook_times_out() -> None:
    assert AGENT.abilities.max_wait_ms < 86_400_000
    assert AGENT.gating_events == {"PreToolUse", "ConfigChange"}
