"""Gemini CLI: recorded payloads become actions, and answers are said in its JSON."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from assent.adapters.agents.gemini.hooks import Gemini
from assent.app.agents import (
    AskThere,
    HookAnswer,
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
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    ToolCall,
    UnknownAction,
    Vouched,
)
from assent.core.canonical import Json, digest_of
from assent.core.proposals import Proposal
from assent.errors import UsageError
from tests.adapters.agents.conftest import MemoryFiles

PAYLOADS = Path(__file__).parent / "payloads"
REPO = "/home/dev/repo"
PLANS = "/home/dev/.gemini/tmp/repo/22493357-9494-4924-a0c8-a29760997953/plans"
ENV = {"GEMINI_PLANS_DIR": PLANS}
PLAN = "# Plan\n1. write hello.py\n2. run it\n"
HELLO = 'print("hello from the scripted model")\n'

gemini = Gemini()


def recorded(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def proposal(
    payload: bytes, *, files: Mapping[str, bytes] | None = None, env: Mapping[str, str] = ENV
) -> Proposal:
    event = gemini.read("BeforeTool", payload, env=env, files=MemoryFiles(dict(files or {})))
    assert isinstance(event, ToolProposed)
    return event.proposal


def call(tool: str, arguments: Mapping[str, Json], **more: Json) -> bytes:
    return json.dumps(
        {
            "session_id": "s",
            "transcript_path": "/home/dev/.gemini/tmp/repo/chats/session.jsonl",
            "cwd": REPO,
            "hook_event_name": "BeforeTool",
            "timestamp": "2026-11-20T19:12:36.177Z",
            "tool_name": tool,
            "tool_input": arguments,
            **more,
        }
    ).encode()


def create(path: str, content: str) -> FileEdit:
    diff = f"@@ -0,0 +1,{content.count(chr(10))} @@\n".replace("+1,1 ", "+1 ")
    diff += "".join(f"+{line}\n" for line in content.splitlines())
    after = digest_of(content.encode())
    return FileEdit((FileChange(path, EditKind.CREATE, None, after, diff),), REPO)


def inert(tool: str, arguments: str) -> ToolCall:
    return ToolCall("gemini", tool, arguments, vouched=Vouched.INERT)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("run_shell_command", Command("python3 hello.py", REPO)),
        ("write_file", create(f"{REPO}/hello.py", HELLO)),
        ("write_plan", create(f"{PLANS}/plan.md", PLAN)),
        ("read_file", FileRead((f"{REPO}/README.md",), REPO)),
        ("list_directory", FileRead((f"{REPO}/.",), REPO)),
        ("glob", FileRead((REPO,), REPO)),
        ("grep_search", FileRead((REPO,), REPO)),
        ("exit_plan_mode", Plan(PLAN, f"{PLANS}/plan.md")),
        ("mcp", ToolCall("lab", "poke", '{"target":"prod"}')),
        (
            "web_fetch",
            ToolCall(
                "gemini",
                "web_fetch",
                '{"prompt":"get http://127.0.0.1:9/x"}',
                vouched=Vouched.NETWORK_READ,
            ),
        ),
        ("google_web_search", inert("google_web_search", '{"query":"q"}')),
        ("update_topic", inert("update_topic", '{"strategic_intent":"x"}')),
        ("enter_plan_mode", inert("enter_plan_mode", '{"reason":"r"}')),
        (
            "write_todos",
            inert(
                "write_todos",
                '{"todos":[{"description":"write hello.py","status":"pending"},'
                '{"description":"run it","status":"pending"}]}',
            ),
        ),
        (
            "invoke_agent",
            inert(
                "invoke_agent",
                '{"agent_name":"generalist","prompt":"Please do the child task [[child]]"}',
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_calls(name: str, action: Action) -> None:
    files = {f"{PLANS}/plan.md": PLAN.encode()} if name == "exit_plan_mode" else {}
    read = proposal(recorded(name), files=files)
    assert read.action == action
    assert read.session.workspace == read.session.cwd == REPO
    assert read.session.session_id
    assert read.session.headless is None


def test_a_recorded_replacement_shows_the_file_as_it_will_be() -> None:
    read = proposal(recorded("replace"), files={f"{REPO}/README.md": b"# scratch\n"})
    assert isinstance(read.action, FileEdit)
    (change,) = read.action.changes
    assert (change.path, change.kind) == (f"{REPO}/README.md", EditKind.UPDATE)
    assert change.before == digest_of(b"# scratch\n")
    assert change.after == digest_of(b"# SCRATCH\n")
    assert change.diff == "@@ -1 +1 @@\n-# scratch\n+# SCRATCH\n"


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        pytest.param(
            "run_shell_command",
            {"command": "pwd", "dir_path": "build"},
            Command("pwd", f"{REPO}/build"),
            id="shell-in-a-folder",
        ),
        pytest.param(
            "run_shell_command",
            {"command": "pwd", "directory": "/srv"},
            Command("pwd", "/srv"),
            id="shell-in-a-folder-by-its-older-name",
        ),
        pytest.param(
            "read_many_files",
            {"include": ["src/**/*.py", "/etc/*"]},
            FileRead((f"{REPO}/src", "/etc"), REPO),
            id="many-files",
        ),
        pytest.param(
            "glob",
            {"pattern": "*.py", "dir_path": "src"},
            FileRead((f"{REPO}/src",), REPO),
            id="glob-in-a-folder",
        ),
        pytest.param(
            "search_file_content",
            {"pattern": "x", "path": "/etc"},
            FileRead(("/etc",), REPO),
            id="search-by-its-older-name",
        ),
        pytest.param(
            "save_memory",
            {"fact": "f"},
            ToolCall("gemini", "save_memory", '{"fact":"f"}'),
            id="memory-is-not-vouched-for",
        ),
        pytest.param(
            "complete_task",
            {"result": {"response": "done"}},
            inert("complete_task", '{"result":{"response":"done"}}'),
            id="a-sub-agent-may-end",
        ),
    ],
)
def test_calls(tool: str, arguments: Mapping[str, Json], action: Action) -> None:
    assert proposal(call(tool, arguments)).action == action


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("new_tool", {"x": 1}, id="unknown-tool"),
        pytest.param("mcp_lab_poke", {}, id="mcp-name-without-its-context"),
        pytest.param("run_shell_command", {}, id="no-command"),
        pytest.param("run_shell_command", {"command": ["ls"]}, id="command-of-another-type"),
        pytest.param("run_shell_command", {"command": "a\ud800"}, id="not-unicode"),
        pytest.param("write_file", {"file_path": "@x", "content": "y"}, id="path-with-an-at"),
        pytest.param("write_file", {"file_path": "a\0b", "content": "y"}, id="path-with-nul"),
        pytest.param("write_file", {"file_path": "", "content": "y"}, id="empty-path"),
        pytest.param(
            "replace",
            {"file_path": "elsewhere.txt", "old_string": "", "new_string": "x"},
            id="relative-path-of-no-file",
        ),
        pytest.param(
            "replace",
            {"file_path": f"{REPO}/a", "old_string": "similar", "new_string": "x"},
            id="text-that-is-not-there",
        ),
        pytest.param("glob", {"pattern": "*/../../*"}, id="pattern-that-leads-out"),
    ],
)
def test_calls_that_cannot_be_foretold_are_gated(tool: str, arguments: Mapping[str, Json]) -> None:
    read = proposal(call(tool, arguments), files={f"{REPO}/a": b"text\n"})
    assert isinstance(read.action, UnknownAction)
    assert read.tool == tool
    assert read.session.cwd == REPO


def test_a_tool_of_a_server_is_not_taken_for_a_built_in_one() -> None:
    context: Json = {"server_name": "evil", "tool_name": "read_file"}
    payload = call("read_file", {"file_path": "x"}, mcp_context=context)
    assert proposal(payload).action == ToolCall("evil", "read_file", '{"file_path":"x"}')


def test_an_unreadable_call_is_known_again_when_it_is_retried() -> None:
    first = proposal(call("new_tool", {"x": 1}))
    again = proposal(call("new_tool", {"x": 1}, timestamp="2026-11-20T20:00:00.000Z"))
    other = proposal(call("new_tool", {"x": 2}))
    assert first.subject == again.subject != other.subject


class TestPlans:
    @pytest.mark.parametrize(
        ("name", "env"),
        [
            pytest.param("plan.md", {"GEMINI_PLANS_DIR": "/p/plans"}, id="name"),
            pytest.param(" /p/plans/plan.md ", {"GEMINI_PLANS_DIR": "/p/plans"}, id="absolute"),
            pytest.param("plans/plan.md", {"GEMINI_PLANS_DIR": f"{REPO}/plans"}, id="in-the-repo"),
            pytest.param("plan.md", {}, id="beside-the-transcript"),
        ],
    )
    def test_the_file_is_the_one_the_tool_reads(self, name: str, env: Mapping[str, str]) -> None:
        folder = env.get("GEMINI_PLANS_DIR", "/home/dev/.gemini/tmp/repo/s/plans")
        said: dict[str, Json] = {"plan_filename": name, "plan_path": "/home/dev/other.md"}
        files = {f"{folder}/plan.md": b"the plan", "/home/dev/other.md": b"a decoy"}
        read = proposal(call("exit_plan_mode", said), files=files, env=env)
        assert read.action == Plan("the plan", f"{folder}/plan.md")
        assert read.editable is None

    @pytest.mark.parametrize("name", ["../plan.md", "/etc/passwd", "", "a\0b"])
    def test_a_file_outside_the_folder_is_gated(self, name: str) -> None:
        files = {"/etc/passwd": b"x", "/p/plan.md": b"x"}
        read = proposal(
            call("exit_plan_mode", {"plan_filename": name}),
            files=files,
            env={"GEMINI_PLANS_DIR": "/p/plans"},
        )
        assert isinstance(read.action, UnknownAction)

    def test_a_plan_that_cannot_be_shown_is_gated(self) -> None:
        assert isinstance(proposal(recorded("exit_plan_mode")).action, UnknownAction)


class TestOtherEvents:
    @pytest.mark.parametrize(
        ("name", "tool", "ok"),
        [
            ("write_file_after", "write_file", True),
            ("run_shell_command_after", "run_shell_command", None),
            ("invoke_agent_after", "invoke_agent", True),
            ("web_fetch_failed", "web_fetch", False),
        ],
    )
    def test_a_call_that_ended(self, name: str, tool: str, ok: bool | None) -> None:
        event = gemini.read("AfterTool", recorded(name), env={}, files=MemoryFiles())
        assert isinstance(event, ToolFinished)
        assert (event.tool, event.ok) == (tool, ok)

    def test_a_call_and_its_end_share_an_id(self) -> None:
        event = gemini.read("AfterTool", recorded("write_file_after"), env={}, files=MemoryFiles())
        assert isinstance(event, ToolFinished)
        assert event.call_id == proposal(recorded("write_file")).call_id

    def test_a_run_that_began(self) -> None:
        payload = recorded("session_start")
        event = gemini.read("SessionStart", payload, env={}, files=MemoryFiles())
        assert isinstance(event, SessionEvent)
        assert event.what == "start"

    def test_a_payload_of_another_event_is_gated(self) -> None:
        payload = recorded("session_start")
        event = gemini.read("BeforeTool", payload, env={}, files=MemoryFiles())
        assert isinstance(event, ToolProposed)
        assert isinstance(event.proposal.action, UnknownAction)


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "stdout"),
        [
            pytest.param(LetThrough(), b"{}\n", id="let-through"),
            pytest.param(Refuse("no"), b'{"decision":"deny","reason":"no"}\n', id="refuse"),
            pytest.param(AskThere("ask"), b'{"decision":"deny","reason":"ask"}\n', id="never-asks"),
            pytest.param(Park("park"), b'{"decision":"deny","reason":"park"}\n', id="never-parks"),
            pytest.param(
                Noted(),
                b'{"decision":"deny","reason":"Assent has no decision on this call."}\n',
                id="nothing-to-say",
            ),
            pytest.param(
                LetThroughChanged(call("run_shell_command", {"command": "ls"})),
                b'{"hookSpecificOutput":{"hookEventName":"BeforeTool",'
                b'"tool_input":{"command":"ls"}}}\n',
                id="changed",
            ),
        ],
    )
    def test_before_a_call(self, answer: HookAnswer, stdout: bytes) -> None:
        payload = call("run_shell_command", {"command": "rm -r build"})
        said = gemini.answer("BeforeTool", payload, answer)
        assert (said.exit_code, said.stdout, said.stderr) == (0, stdout, b"")

    @pytest.mark.parametrize("event", ["AfterTool", "SessionStart", "SessionEnd"])
    def test_events_that_only_inform_are_answered_with_silence(self, event: str) -> None:
        said = gemini.answer(event, b"{}", Noted())
        assert (said.exit_code, said.stdout, said.stderr) == (0, b"", b"")

    @pytest.mark.parametrize(
        "instead",
        [
            pytest.param(b"not json", id="unreadable"),
            pytest.param(call("write_file", {"command": "ls"}), id="another-tool"),
            pytest.param(call("run_shell_command", {}), id="an-argument-dropped"),
        ],
    )
    def test_a_change_that_cannot_be_handed_over_is_a_refusal(self, instead: bytes) -> None:
        payload = call("run_shell_command", {"command": "ls"})
        said = gemini.answer("BeforeTool", payload, LetThroughChanged(instead))
        assert b'"decision":"deny"' in said.stdout


class TestChanges:
    @pytest.mark.parametrize(
        ("payload", "label", "text"),
        [
            pytest.param(recorded("run_shell_command"), "command", "ls", id="command"),
            pytest.param(recorded("write_file"), "content", "x = 1\r\n\u2028", id="content"),
            pytest.param(recorded("replace"), "new text", "", id="new-text"),
            pytest.param(recorded("mcp"), "arguments", '{"target": "test"}', id="arguments"),
        ],
    )
    def test_a_changed_call_is_read_as_it_was_changed(
        self, payload: bytes, label: str, text: str
    ) -> None:
        files = {f"{REPO}/README.md": b"# scratch\n"}
        changed = gemini.change(payload, text)
        before, after = proposal(payload, files=files), proposal(changed, files=files)
        assert before.editable is not None
        assert after.editable is not None
        assert before.editable.label == after.editable.label == label
        if label == "arguments":
            assert json.loads(after.editable.text) == json.loads(text)
        else:
            assert after.editable.text == text
        assert after.subject != before.subject
        assert after.session == before.session

    @pytest.mark.parametrize(
        ("payload", "text"),
        [
            pytest.param(recorded("exit_plan_mode"), "another plan", id="plan"),
            pytest.param(recorded("mcp"), "not json", id="not-json"),
            pytest.param(recorded("mcp"), "[]", id="not-an-object"),
            pytest.param(recorded("mcp"), "{}", id="argument-dropped"),
            pytest.param(recorded("mcp"), '{"target": "\ud800"}', id="not-unicode"),
            pytest.param(b"not json", "x", id="unreadable"),
        ],
    )
    def test_what_cannot_be_changed_is_refused(self, payload: bytes, text: str) -> None:
        with pytest.raises(UsageError):
            gemini.change(payload, text)
