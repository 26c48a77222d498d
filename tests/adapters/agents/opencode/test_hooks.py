"""opencode: what our plugin sends becomes actions, and answers are as the plugin reads them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from assent.adapters.agents.opencode.hooks import Opencode
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
BEFORE = "tool.execute.before"
AFTER = "tool.execute.after"

opencode = Opencode()


def recorded(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def proposal(payload: bytes, *, files: Mapping[str, bytes] | None = None) -> Proposal:
    event = opencode.read(BEFORE, payload, env={}, files=MemoryFiles(dict(files or {})))
    assert isinstance(event, ToolProposed)
    return event.proposal


def call(tool: str, args: Json, *, call_id: str = "c1") -> bytes:
    said: Json = {"tool": tool, "sessionID": "ses_1", "callID": call_id}
    return json.dumps(
        {"input": said, "args": args, "directory": REPO, "worktree": REPO, "headless": False}
    ).encode()


def built_in(tool: str, arguments: str, vouched: Vouched = Vouched.INERT) -> ToolCall:
    return ToolCall("opencode", tool, arguments, vouched=vouched)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("bash", Command("echo hi; pwd", REPO)),
        ("bash_in_folder", Command("pwd", f"{REPO}/build")),
        ("bash_of_subagent", Command("rm -rf build", REPO)),
        (
            "write",
            FileEdit(
                (
                    FileChange(
                        f"{REPO}/a.txt",
                        EditKind.CREATE,
                        None,
                        digest_of(b"a\nfoo\nb\n"),
                        "@@ -0,0 +1,3 @@\n+a\n+foo\n+b\n",
                    ),
                ),
                REPO,
            ),
        ),
        ("read", FileRead((f"{REPO}/a.txt",), REPO)),
        ("glob", FileRead((REPO,), REPO)),
        ("grep", FileRead((REPO,), REPO)),
        ("mcp", ToolCall("lab", "poke", '{"target":"prod"}')),
        (
            "todowrite",
            built_in(
                "todowrite", '{"todos":[{"content":"x","priority":"high","status":"pending"}]}'
            ),
        ),
        (
            "webfetch",
            built_in("webfetch", '{"url":"http://127.0.0.1:9/"}', Vouched.NETWORK_READ),
        ),
        (
            "task",
            built_in(
                "task",
                '{"description":"child","prompt":"Please do the child task [[child]]",'
                '"subagent_type":"general"}',
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_calls(name: str, action: Action) -> None:
    read = proposal(recorded(name))
    assert read.action == action
    assert read.session.workspace == read.session.cwd == REPO
    assert read.session.headless is True
    assert read.call_id.startswith("call_")


def test_a_recorded_edit_shows_the_file_as_it_will_be() -> None:
    read = proposal(recorded("edit"), files={f"{REPO}/a.txt": b"a\nfoo\nb\n"})
    assert isinstance(read.action, FileEdit)
    (change,) = read.action.changes
    assert (change.path, change.kind) == (f"{REPO}/a.txt", EditKind.UPDATE)
    assert change.after == digest_of(b"a\nbar\nb\n")


def test_a_recorded_loose_edit_is_gated() -> None:
    read = proposal(recorded("edit_loose"), files={f"{REPO}/a.txt": b"a\nbar\nb\n"})
    assert isinstance(read.action, UnknownAction)


@pytest.mark.parametrize(
    ("tool", "args", "action"),
    [
        pytest.param(
            "multiedit",
            {
                "filePath": "a",
                "edits": [
                    {"oldString": "text", "newString": "one"},
                    {"oldString": "one", "newString": "two", "replaceAll": True},
                ],
            },
            FileEdit(
                (
                    FileChange(
                        f"{REPO}/a",
                        EditKind.UPDATE,
                        digest_of(b"text\n"),
                        digest_of(b"two\n"),
                        "@@ -1 +1 @@\n-text\n+two\n",
                    ),
                ),
                REPO,
            ),
            id="many-edits",
        ),
        pytest.param(
            "apply_patch",
            {"patchText": "*** Begin Patch\n*** Delete File: a\n*** End Patch\n"},
            FileEdit(
                (
                    FileChange(
                        f"{REPO}/a",
                        EditKind.DELETE,
                        digest_of(b"text\n"),
                        None,
                        "@@ -1 +0,0 @@\n-text\n",
                    ),
                ),
                REPO,
            ),
            id="patch",
        ),
        pytest.param("list", {"path": "src"}, FileRead((f"{REPO}/src",), REPO), id="list"),
        pytest.param(
            "my_server_poke", {}, ToolCall("mcp", "my_server_poke", "{}"), id="server-not-told"
        ),
        pytest.param(
            "read_mcp_resource",
            {"server": "s"},
            built_in("read_mcp_resource", '{"server":"s"}', Vouched.NOTHING),
            id="resource-is-not-vouched-for",
        ),
    ],
)
def test_calls(tool: str, args: Json, action: Action) -> None:
    assert proposal(call(tool, args), files={f"{REPO}/a": b"text\n"}).action == action


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        pytest.param("deploy", {}, id="custom-tool"),
        pytest.param("execute", {"code": "x"}, id="code-mode"),
        pytest.param("_", {}, id="no-name"),
        pytest.param("bash", {"command": 5}, id="command-of-another-type"),
        pytest.param("bash", None, id="no-arguments"),
        pytest.param("multiedit", {"filePath": "none", "edits": []}, id="no-edits"),
    ],
)
def test_calls_that_cannot_be_foretold_are_gated(tool: str, args: Json) -> None:
    read = proposal(call(tool, args))
    assert isinstance(read.action, UnknownAction)
    assert read.session.cwd == REPO


def test_an_unreadable_call_is_known_again_when_it_is_retried() -> None:
    first, again = (proposal(call("deploy", {"x": 1}, call_id=name)) for name in ("c1", "c2"))
    assert first.subject == again.subject != proposal(call("deploy", {"x": 2})).subject


def test_a_sub_agent_belongs_to_the_run_of_its_parent() -> None:
    session = proposal(recorded("bash_of_subagent")).session
    assert session.session_id == "ses_e0578a7beffeNN5s7MQ5bX5ueg"
    assert session.subagent == "ses_e05781dd7ffeugeHNi5LELxQvl"


def test_whether_somebody_sits_there_is_not_told_outside_a_run() -> None:
    assert proposal(call("bash", {"command": "ls"})).session.headless is None


class TestOtherEvents:
    @pytest.mark.parametrize(
        ("payload", "tool", "ok"),
        [
            pytest.param(recorded("write_after"), "write", True, id="write"),
            pytest.param(recorded("bash_after"), "bash", True, id="bash"),
            pytest.param(
                recorded("bash_after").replace(b'"exit":0', b'"exit":1'), "bash", False, id="failed"
            ),
            pytest.param(
                recorded("bash_after").replace(b'"exit":0,', b""), "bash", None, id="stopped"
            ),
        ],
    )
    def test_a_call_that_ended(self, payload: bytes, tool: str, ok: bool | None) -> None:
        ended = opencode.read(AFTER, payload, env={}, files=MemoryFiles())
        assert isinstance(ended, ToolFinished)
        assert (ended.tool, ended.ok) == (tool, ok)
        assert ended.call_id.startswith("call_")

    def test_a_run_that_began(self) -> None:
        payload = recorded("session_created")
        event = opencode.read("session.created", payload, env={}, files=MemoryFiles())
        assert isinstance(event, SessionEvent)
        assert event.what == "start"


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "stdout"),
        [
            pytest.param(LetThrough(), b'{"decision":"proceed"}\n', id="let-through"),
            pytest.param(Refuse("no"), b'{"decision":"deny","reason":"no"}\n', id="refuse"),
            pytest.param(AskThere("ask"), b'{"decision":"deny","reason":"ask"}\n', id="never-asks"),
            pytest.param(Park("park"), b'{"decision":"deny","reason":"park"}\n', id="never-parks"),
            pytest.param(
                Noted(),
                b'{"decision":"deny","reason":"Assent has no decision on this call."}\n',
                id="nothing-to-say",
            ),
            pytest.param(
                LetThroughChanged(call("bash", {"command": "ls"})),
                b'{"decision":"change","args":{"command":"ls"}}\n',
                id="changed",
            ),
        ],
    )
    def test_before_a_call(self, answer: HookAnswer, stdout: bytes) -> None:
        said = opencode.answer(BEFORE, call("bash", {"command": "rm -r x"}), answer)
        assert (said.exit_code, said.stdout, said.stderr) == (0, stdout, b"")

    @pytest.mark.parametrize("event", [AFTER, "session.created"])
    def test_events_that_only_inform_are_answered_with_silence(self, event: str) -> None:
        said = opencode.answer(event, b"{}", Noted())
        assert (said.exit_code, said.stdout, said.stderr) == (0, b"", b"")

    @pytest.mark.parametrize("instead", [b"not json", call("write", {"command": "ls"})])
    def test_a_change_that_cannot_be_handed_over_is_a_refusal(self, instead: bytes) -> None:
        payload = call("bash", {"command": "ls"})
        said = opencode.answer(BEFORE, payload, LetThroughChanged(instead))
        assert b'"decision":"deny"' in said.stdout


class TestChanges:
    @pytest.mark.parametrize(
        ("payload", "label", "text"),
        [
            pytest.param(recorded("bash"), "command", "ls", id="command"),
            pytest.param(recorded("write"), "content", "x = 1\r\n", id="content"),
            pytest.param(recorded("edit"), "new text", "", id="new-text"),
            pytest.param(recorded("mcp"), "arguments", '{"other": 1}', id="arguments"),
        ],
    )
    def test_a_changed_call_is_read_as_it_was_changed(
        self, payload: bytes, label: str, text: str
    ) -> None:
        files = {f"{REPO}/a.txt": b"a\nfoo\nb\n"}
        changed = opencode.change(payload, text)
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
            pytest.param(call("bash", {}), "ls", id="nothing-to-change"),
            pytest.param(b"not json", "x", id="unreadable"),
        ],
    )
    def test_what_cannot_be_changed_is_refused(self, payload: bytes, text: str) -> None:
        with pytest.raises(UsageError):
            opencode.change(payload, text)
