"""Copilot CLI: recorded payloads become actions, and answers are said in its JSON."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from assent.adapters.agents.copilot.hooks import MAX_OUTPUT, Copilot
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
HELLO = 'print("hello from the scripted model")\n'
HELLO_FILE = FileEdit(
    (
        FileChange(
            f"{REPO}/hello.py",
            EditKind.CREATE,
            None,
            digest_of(HELLO.encode()),
            f"@@ -0,0 +1 @@\n+{HELLO}",
        ),
    ),
    REPO,
)
A_PATCH = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\n"

copilot = Copilot()


def recorded(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def proposal(
    payload: bytes,
    *,
    files: Mapping[str, bytes] | None = None,
    env: Mapping[str, str] | None = None,
) -> Proposal:
    memory = MemoryFiles(dict(files or {}))
    event = copilot.read("preToolUse", payload, env=env or {}, files=memory)
    assert isinstance(event, ToolProposed)
    return event.proposal


def call(tool: str, arguments: Json, **more: Json) -> bytes:
    said: dict[str, Json] = {"sessionId": "s", "timestamp": 1, "cwd": REPO, "toolName": tool}
    return json.dumps({**said, "toolArgs": arguments, **more}).encode()


def inert(tool: str, arguments: str) -> ToolCall:
    return ToolCall("copilot", tool, arguments, vouched=Vouched.INERT)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("bash", Command("python3 hello.py", REPO)),
        ("bash_of_subagent", Command("rm -rf build", REPO)),
        ("create", HELLO_FILE),
        ("apply_patch", HELLO_FILE),
        ("view", FileRead((f"{REPO}/README.md",), REPO)),
        ("grep", FileRead((REPO,), REPO)),
        ("glob", FileRead((REPO,), REPO)),
        ("mcp", ToolCall("lab", "poke", '{"target":"prod"}')),
        ("sql", inert("sql", '{"description":"d","query":"select 1"}')),
        ("list_bash", inert("list_bash", "{}")),
        ("stop_bash", inert("stop_bash", '{"shellId":"s1"}')),
        (
            "task",
            inert(
                "task",
                '{"agent_type":"general-purpose","description":"child","mode":"sync",'
                '"name":"kid","prompt":"Please do the child task [[child]]"}',
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_calls(name: str, action: Action) -> None:
    read = proposal(recorded(name))
    assert read.action == action
    assert read.session.workspace == read.session.cwd == REPO
    assert read.call_id


def test_a_recorded_edit_shows_the_file_as_it_will_be() -> None:
    read = proposal(recorded("edit"), files={f"{REPO}/README.md": b"# scratch\n"})
    assert isinstance(read.action, FileEdit)
    (change,) = read.action.changes
    assert (change.path, change.kind) == (f"{REPO}/README.md", EditKind.UPDATE)
    assert change.after == digest_of(b"# SCRATCH\n")


def test_a_recorded_call_of_no_tool_is_gated() -> None:
    assert isinstance(proposal(recorded("unknown")).action, UnknownAction)


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        pytest.param("bash", '{"command": "ls"}', Command("ls", REPO), id="arguments-as-text"),
        pytest.param(
            "bash",
            {"command": "ls", "mode": "async", "shellId": "s"},
            Command("ls", REPO),
            id="in-the-background",
        ),
        pytest.param(
            "write_bash",
            {"sessionId": "s", "input": "rm -r x{enter}"},
            Command("rm -r x{enter}", REPO, interactive=True),
            id="typed-into-a-shell",
        ),
        pytest.param("create", {"path": "hello.py", "file_text": HELLO}, HELLO_FILE, id="relative"),
        pytest.param(
            "str_replace_editor",
            {"command": "create", "path": "hello.py", "file_text": HELLO},
            HELLO_FILE,
            id="editor-creates",
        ),
        pytest.param(
            "str_replace_editor",
            {"command": "view", "path": "/etc/passwd"},
            FileRead(("/etc/passwd",), REPO),
            id="editor-views",
        ),
        pytest.param(
            "rg",
            {"pattern": "x", "paths": ["src", "/etc"]},
            FileRead((f"{REPO}/src", "/etc"), REPO),
            id="many-folders",
        ),
        pytest.param(
            "glob",
            {"pattern": "*", "paths": "src"},
            FileRead((f"{REPO}/src",), REPO),
            id="glob-in-a-folder",
        ),
        pytest.param(
            "web_fetch",
            {"url": "https://example.com"},
            ToolCall(
                "copilot",
                "web_fetch",
                '{"url":"https://example.com"}',
                vouched=Vouched.NETWORK_READ,
            ),
            id="fetch",
        ),
        pytest.param(
            "github-mcp-server-list_issues",
            {},
            ToolCall("github-mcp-server", "list_issues", "{}"),
            id="built-in-server",
        ),
        pytest.param(
            "my-server-poke", {}, ToolCall("mcp", "my-server-poke", "{}"), id="server-not-told"
        ),
        pytest.param(
            "sql",
            {"query": "ATTACH '/x.db' AS x"},
            ToolCall("copilot", "sql", '{"query":"ATTACH \'/x.db\' AS x"}'),
            id="sql-that-reaches-out",
        ),
        pytest.param(
            "store_memory",
            {"fact": "f"},
            ToolCall("copilot", "store_memory", '{"fact":"f"}'),
            id="memory-is-not-vouched-for",
        ),
    ],
)
def test_calls(tool: str, arguments: Json, action: Action) -> None:
    assert proposal(call(tool, arguments)).action == action


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("new_tool", {"x": 1}, id="unknown-tool"),
        pytest.param("bash", {}, id="no-command"),
        pytest.param("bash", "not json", id="arguments-not-json"),
        pytest.param("bash", [], id="arguments-a-list"),
        pytest.param("bash", None, id="no-arguments"),
        pytest.param("-poke", {}, id="no-server"),
        pytest.param("create", {"path": f"{REPO}/a", "file_text": "x"}, id="exists"),
        pytest.param(
            "edit", {"path": f"{REPO}/a", "old_str": "similar", "new_str": ""}, id="loose"
        ),
        pytest.param("str_replace_editor", {"command": "undo_edit", "path": "a"}, id="undo"),
        pytest.param("apply_patch", "no patch", id="no-patch"),
        pytest.param("apply_patch", A_PATCH, id="patch-over-a-file"),
    ],
)
def test_calls_that_cannot_be_foretold_are_gated(tool: str, arguments: Json) -> None:
    read = proposal(call(tool, arguments), files={f"{REPO}/a": b"text\n"})
    assert isinstance(read.action, UnknownAction)
    assert read.session.cwd == REPO


def test_an_unreadable_call_is_known_again_when_it_is_retried() -> None:
    first, again = (proposal(call("new_tool", {"x": 1}, timestamp=at)) for at in (1, 2))
    assert first.subject == again.subject != proposal(call("new_tool", {"x": 2})).subject


class TestSessions:
    def test_a_sub_agent_belongs_to_the_run_of_its_parent(self) -> None:
        session = proposal(recorded("bash_of_subagent")).session
        assert session.session_id == "2a5c142b-4a13-46df-a885-d473ff44c0c5"
        assert session.subagent == "0c040ae3-0deb-4c5b-b4a8-3409fea98899"

    def test_the_project_is_the_workspace(self) -> None:
        env = {"COPILOT_PROJECT_DIR": "/srv/project"}
        assert proposal(recorded("bash"), env=env).session.workspace == "/srv/project"

    @pytest.mark.parametrize(
        ("env", "headless"), [({}, True), ({"COPILOT_LOADER_PID": "7"}, False)]
    )
    def test_whether_somebody_sits_there(self, env: Mapping[str, str], headless: bool) -> None:
        assert proposal(recorded("bash"), env=env).session.headless is headless


class TestOtherEvents:
    @pytest.mark.parametrize(
        ("event", "name", "tool", "ok"),
        [
            ("postToolUse", "edit_after", "edit", True),
            ("postToolUse", "bash_after", "bash", None),
            ("postToolUseFailure", "edit", "edit", False),
        ],
    )
    def test_a_call_that_ended(self, event: str, name: str, tool: str, ok: bool | None) -> None:
        ended = copilot.read(event, recorded(name), env={}, files=MemoryFiles())
        assert isinstance(ended, ToolFinished)
        assert (ended.tool, ended.ok) == (tool, ok)

    def test_a_call_and_its_end_share_an_id(self) -> None:
        ended = copilot.read("postToolUse", recorded("bash_after"), env={}, files=MemoryFiles())
        assert isinstance(ended, ToolFinished)
        assert ended.call_id == proposal(recorded("bash")).call_id

    @pytest.mark.parametrize(
        ("event", "name", "what"),
        [("sessionStart", "session_start", "start"), ("sessionEnd", "session_end", "end")],
    )
    def test_a_run(self, event: str, name: str, what: str) -> None:
        read = copilot.read(event, recorded(name), env={}, files=MemoryFiles())
        assert isinstance(read, SessionEvent)
        assert read.what == what


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "stdout"),
        [
            pytest.param(LetThrough(), b"{}\n", id="let-through"),
            pytest.param(
                Refuse("no"),
                b'{"permissionDecision":"deny","permissionDecisionReason":"no"}\n',
                id="refuse",
            ),
            pytest.param(
                AskThere("risky"),
                b'{"permissionDecision":"ask","permissionDecisionReason":"risky"}\n',
                id="ask",
            ),
            pytest.param(
                Park("later"),
                b'{"permissionDecision":"deny","permissionDecisionReason":"later"}\n',
                id="never-parks",
            ),
            pytest.param(
                Noted(),
                b'{"permissionDecision":"deny",'
                b'"permissionDecisionReason":"Assent has no decision on this call."}\n',
                id="nothing-to-say",
            ),
            pytest.param(
                LetThroughChanged(call("bash", {"command": "ls"})),
                b'{"modifiedArgs":{"command":"ls"}}\n',
                id="changed",
            ),
            pytest.param(
                LetThroughChanged(call("bash", '{"command":"ls"}')),
                b'{"modifiedArgs":{"command":"ls"}}\n',
                id="changed-as-text",
            ),
        ],
    )
    def test_before_a_call(self, answer: HookAnswer, stdout: bytes) -> None:
        said = copilot.answer("preToolUse", call("bash", {"command": "rm -r x"}), answer)
        assert (said.exit_code, said.stdout, said.stderr) == (0, stdout, b"")

    def test_a_changed_patch_is_handed_over_as_bare_text(self) -> None:
        payload = call("apply_patch", A_PATCH)
        said = copilot.answer("preToolUse", payload, LetThroughChanged(payload))
        assert json.loads(said.stdout) == {"modifiedArgs": A_PATCH}

    @pytest.mark.parametrize("event", ["postToolUse", "sessionStart", "sessionEnd"])
    def test_events_that_only_inform_are_answered_with_silence(self, event: str) -> None:
        said = copilot.answer(event, b"{}", Noted())
        assert (said.exit_code, said.stdout, said.stderr) == (0, b"", b"")

    @pytest.mark.parametrize(
        "instead",
        [
            pytest.param(b"not json", id="unreadable"),
            pytest.param(call("create", {"command": "ls"}), id="another-tool"),
            pytest.param(call("bash", {"command": "x" * MAX_OUTPUT}), id="too-large"),
        ],
    )
    def test_a_change_that_cannot_be_handed_over_is_a_refusal(self, instead: bytes) -> None:
        payload = call("bash", {"command": "ls"})
        said = copilot.answer("preToolUse", payload, LetThroughChanged(instead))
        assert b'"permissionDecision":"deny"' in said.stdout
        assert len(said.stdout) < 200


class TestChanges:
    @pytest.mark.parametrize(
        ("payload", "label", "text"),
        [
            pytest.param(recorded("bash"), "command", "ls", id="command"),
            pytest.param(call("bash", '{"command": "ls"}'), "command", "pwd", id="as-text"),
            pytest.param(recorded("create"), "content", "x = 1\r\n", id="content"),
            pytest.param(recorded("edit"), "new text", "", id="new-text"),
            pytest.param(recorded("apply_patch"), "patch", A_PATCH, id="patch"),
            pytest.param(recorded("mcp"), "arguments", '{"other": 1}', id="arguments"),
        ],
    )
    def test_a_changed_call_is_read_as_it_was_changed(
        self, payload: bytes, label: str, text: str
    ) -> None:
        files = {f"{REPO}/README.md": b"# scratch\n"}
        changed = copilot.change(payload, text)
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
            pytest.param(recorded("mcp"), "not json", id="not-json"),
            pytest.param(recorded("mcp"), "[]", id="not-an-object"),
            pytest.param(call("bash", {}), "ls", id="nothing-to-change"),
            pytest.param(b"not json", "x", id="unreadable"),
        ],
    )
    def test_what_cannot_be_changed_is_refused(self, payload: bytes, text: str) -> None:
        with pytest.raises(UsageError):
            copilot.change(payload, text)
