"""What a tool call amounts to: its pin, its name and its arguments."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import ToolCall, Vouched
from assent.core.canonical import digest_of
from assent.core.facts import Facts, PinnedTool
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.findings import Finding, Touch, Use
from assent.core.risk.model import Effect, Evidence, Scope
from assent.core.risk.tools import grade_tool, inspect_tool

CWD = "/w/project"
SCHEMA = digest_of(b"schema")
AWS = "AKIA" + "QWERTYUIOPASDFGH"


def shell(script: str, cwd: str) -> tuple[Finding, ...]:
    """Tells which script would be read, and where."""
    risk = typical(RiskClass.HIGH)
    return (Evidence("shell", Effect.UNKNOWN, risk, f"{script} in {cwd}", (0, 1)),)


def facts(*, read_only: bool | None = None, server: str = "files", tool: str = "look") -> Facts:
    pin = {} if read_only is None else {(server, tool): PinnedTool(SCHEMA, read_only, "Ana")}
    return Facts(CWD, "/home/u", "/home/u/.assent", pinned_tools=pin)


def call(tool: str = "look", /, **arguments: object) -> ToolCall:
    return ToolCall("files", tool, json.dumps(arguments), SCHEMA)


def inspect(action: ToolCall, known: Facts | None = None) -> tuple[Finding, ...]:
    return inspect_tool(action, known or facts(), cwd=CWD, read_shell=shell)


def evidence(action: ToolCall) -> dict[str, Evidence]:
    return {item.rule: item for item in inspect(action) if isinstance(item, Evidence)}


# --- how far the tool is known


@pytest.mark.parametrize(
    ("vouched", "risk"),
    [
        (Vouched.INERT, RiskClass.TRIVIAL),
        (Vouched.READ, RiskClass.TRIVIAL),
        (Vouched.NETWORK_READ, RiskClass.LOW),
        (Vouched.NOTHING, RiskClass.MEDIUM),
    ],
)
def test_what_the_agent_vouches_for(vouched: Vouched, risk: RiskClass) -> None:
    assert grade_tool(replace(call(), vouched=vouched), facts()).risk is risk


def test_a_pinned_tool_that_only_reads_is_a_read() -> None:
    found = grade_tool(call(), facts(read_only=True))
    assert (found.risk, found.effect) == (RiskClass.LOW, Effect.NETWORK)


def test_a_pinned_tool_that_may_change_things_can_be_allowed_by_its_name() -> None:
    found = grade_tool(call(), facts(read_only=False))
    assert (found.risk, found.scope) == (RiskClass.MEDIUM, Scope("tool", "files/look"))


@pytest.mark.parametrize("schema", [digest_of(b"other"), None])
def test_a_pin_does_not_hold_for_another_schema(schema: str | None) -> None:
    changed = ToolCall("files", "look", "{}", digest_of(b"other") if schema else None)
    found = grade_tool(changed, facts(read_only=True))
    assert (found.rule, found.risk, found.scope) == ("changed-tool", RiskClass.MEDIUM, None)


@pytest.mark.parametrize(("server", "tool"), [("files", "look2"), ("other", "look")])
def test_a_pin_does_not_hold_for_another_name(server: str, tool: str) -> None:
    found = grade_tool(ToolCall(server, tool, "{}", SCHEMA), facts(read_only=True))
    assert (found.rule, found.risk) == ("unknown-tool", RiskClass.MEDIUM)


# --- what its name says


@pytest.mark.parametrize("tool", ["delete_repo", "dropTable", "fs.remove", "list_and_delete"])
def test_a_name_that_warns_raises_the_class(tool: str) -> None:
    assert evidence(call(tool))["tool-name"].risk is RiskClass.HIGH


@pytest.mark.parametrize("tool", ["send_message", "publishPost", "deploy"])
def test_a_name_that_reaches_others_raises_the_class(tool: str) -> None:
    assert evidence(call(tool))["tool-name"].effect is Effect.EXTERNAL


@pytest.mark.parametrize("tool", ["get_deleted_items", "list_files", "look", "resend"])
def test_an_ordinary_name_says_nothing(tool: str) -> None:
    assert "tool-name" not in evidence(call(tool))


# --- what its arguments say


@pytest.mark.parametrize(
    ("tool", "arguments", "path", "use"),
    [
        ("read_file", {"path": "a.py"}, f"{CWD}/a.py", Use.READ),
        ("readFile", {"filePath": "/etc/x"}, "/etc/x", Use.READ),
        ("list_directory", {"path": "sub"}, f"{CWD}/sub", Use.LIST),
        ("search_files", {"path": "src"}, f"{CWD}/src", Use.SEARCH),
        ("write_file", {"file_path": "a.py"}, f"{CWD}/a.py", Use.WRITE),
        ("delete_file", {"path": "a.py"}, f"{CWD}/a.py", Use.DELETE),
        ("frobnicate", {"path": "a.py"}, f"{CWD}/a.py", Use.WRITE),
        ("get", {"options": {"paths": ["a", "b"]}}, f"{CWD}/b", Use.READ),
        ("read", {"destination": "/etc/x"}, "/etc/x", Use.WRITE),
        ("read", {"url": "file:///etc/passwd"}, "/etc/passwd", Use.READ),
        ("read", {"path": "~/.ssh/id_rsa"}, "~/.ssh/id_rsa", Use.READ),
    ],
)
def test_paths_are_used(tool: str, arguments: dict[str, object], path: str, use: Use) -> None:
    assert Touch(path, use) in inspect(call(tool, **arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"command": "rm -rf x"}, f"rm -rf x in {CWD}"),
        ({"command": ["rm", "-rf", "a b"]}, f"rm -rf 'a b' in {CWD}"),
        ({"command": "rm x", "cwd": "sub"}, f"rm x in {CWD}/sub"),
        ({"steps": [{"cmd": "rm x"}]}, f"rm x in {CWD}"),
        ({"commands": ["ls", "rm x"]}, f"ls\nrm x in {CWD}"),
    ],
)
def test_commands_are_read_as_shell(arguments: dict[str, object], says: str) -> None:
    found = evidence(call(**arguments))["shell"]
    assert (found.what, found.span) == (says, None)


@pytest.mark.parametrize(
    ("arguments", "worst"),
    [
        ({"sql": "select 1"}, RiskClass.MEDIUM),
        ({"query": "select 1"}, RiskClass.MEDIUM),
        ({"sql": "drop table a"}, RiskClass.IRREVERSIBLE),
        ({"query": "drop table a"}, RiskClass.IRREVERSIBLE),
        ({"query": "where to drop a table"}, RiskClass.MEDIUM),
        ({"query": "mutation { addStar }"}, RiskClass.HIGH),
        ({"code": "f(1);"}, RiskClass.HIGH),
        ({"code": "US"}, RiskClass.MEDIUM),
        ({"url": "http://169.254.169.254/latest/meta-data"}, RiskClass.HIGH),
        ({"text": f"the key is {AWS}"}, RiskClass.HIGH),
        ({"text": "abc\u202edef"}, RiskClass.HIGH),
        ({"text": "words"}, RiskClass.MEDIUM),
        ({}, RiskClass.MEDIUM),
    ],
)
def test_arguments_raise_the_class(arguments: dict[str, object], worst: RiskClass) -> None:
    assert max(item.risk for item in evidence(call(**arguments)).values()) is worst


def test_a_secret_is_named_and_never_shown() -> None:
    found = inspect(call(text=AWS))
    assert any(isinstance(item, Evidence) and "an AWS access key" in item.what for item in found)
    assert all(AWS not in item.what for item in found if isinstance(item, Evidence))


def test_arguments_that_cannot_be_read_gate() -> None:
    for arguments in ("{", "[" * 100_000, json.dumps([str(n) for n in range(2_000)])):
        action = ToolCall("files", "look", arguments, SCHEMA)
        assert evidence(action)["unreadable"].risk is RiskClass.HIGH


def test_a_secret_in_an_address_to_fetch_is_found() -> None:
    fetch = replace(call(url=f"https://example.org/?k={AWS}"), vouched=Vouched.NETWORK_READ)
    assert max(item.risk for item in evidence(fetch).values()) is RiskClass.HIGH


# --- properties

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
tools = st.text(max_size=12) | st.sampled_from(("read", "delete_all", "send"))


@given(tools, JSON, st.sampled_from((None, True, False)))
def test_a_name_and_arguments_never_lower_the_class(
    tool: str, arguments: object, pinned: bool | None
) -> None:
    action = ToolCall("files", tool, json.dumps(arguments), SCHEMA)
    known = facts(read_only=pinned, tool=tool)
    found = inspect_tool(action, known, cwd=CWD, read_shell=shell)
    assert grade_tool(action, known) in found


@given(tools, st.text(max_size=40))
def test_any_text_is_taken_as_arguments(tool: str, arguments: str) -> None:
    assert inspect(ToolCall("files", tool, arguments))
