"""Edits, reads, tool calls and plans."""

import pytest

from assent.core.actions import (
    Action,
    EditKind,
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    Vouched,
    unknown_action,
)
from assent.core.canonical import Digest
from assent.core.risk import Effect, RiskClass, assess
from tests.core.risk.stage import WORKSPACE, facts_for

_AFTER = Digest("sha256:after")
_DIFF = "--- a\n+++ b\n@@ -1 +1,2 @@\n-old\n+new\n+more\n"


def edit(path: str, kind: EditKind = EditKind.UPDATE, moved_to: str | None = None) -> FileEdit:
    change = FileChange(path, kind, before=_AFTER, after=_AFTER, diff=_DIFF, moved_to=moved_to)
    return FileEdit(changes=(change,), cwd=WORKSPACE)


@pytest.mark.parametrize(
    ("path", "effect", "risk"),
    [
        pytest.param("src/app.py", Effect.WORKSPACE_WRITE, RiskClass.LOW, id="source"),
        pytest.param(
            "/w/project/new/deep.py", Effect.WORKSPACE_WRITE, RiskClass.LOW, id="absolute"
        ),
        pytest.param("CLAUDE.md", Effect.WORKSPACE_WRITE, RiskClass.MEDIUM, id="agent-notes"),
        pytest.param(".env.example", Effect.WORKSPACE_WRITE, RiskClass.LOW, id="sample-of-secrets"),
        pytest.param(
            "src/secrets.py", Effect.WORKSPACE_WRITE, RiskClass.MEDIUM, id="code-about-secrets"
        ),
        pytest.param("../x.py", Effect.OUTSIDE_WRITE, RiskClass.HIGH, id="outside"),
        pytest.param("/etc/hosts", Effect.OUTSIDE_WRITE, RiskClass.HIGH, id="system"),
        pytest.param("~/.zshrc", Effect.OUTSIDE_WRITE, RiskClass.HIGH, id="shell-start"),
        pytest.param(".env", Effect.CREDENTIAL, RiskClass.HIGH, id="env"),
        pytest.param(".env.local", Effect.CREDENTIAL, RiskClass.HIGH, id="env-local"),
        pytest.param("deploy/prod.pem", Effect.CREDENTIAL, RiskClass.HIGH, id="key"),
        pytest.param("config/credentials.yml", Effect.CREDENTIAL, RiskClass.HIGH, id="credentials"),
        pytest.param(".git/hooks/pre-push", Effect.CODE_EXEC, RiskClass.HIGH, id="hook"),
        pytest.param("sub/.git/config", Effect.CODE_EXEC, RiskClass.HIGH, id="git-config"),
        pytest.param(".gitattributes", Effect.CODE_EXEC, RiskClass.HIGH, id="attributes"),
        pytest.param(".husky/pre-commit", Effect.CODE_EXEC, RiskClass.HIGH, id="husky"),
        pytest.param(".github/workflows/ci.yml", Effect.CODE_EXEC, RiskClass.HIGH, id="ci"),
        pytest.param("Jenkinsfile", Effect.CODE_EXEC, RiskClass.HIGH, id="jenkins"),
        pytest.param(".vscode/tasks.json", Effect.CODE_EXEC, RiskClass.HIGH, id="editor-tasks"),
        pytest.param(
            ".assent/policy.toml", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="policy"
        ),
        pytest.param(
            ".github/copilot/settings.json",
            Effect.POLICY_SELF,
            RiskClass.IRREVERSIBLE,
            id="copilot",
        ),
        pytest.param(
            ".claude/settings.json", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="claude"
        ),
        pytest.param(
            ".CLAUDE/Settings.json", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="case"
        ),
        pytest.param(
            ".claude./a.json", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="trailing-dot"
        ),
        pytest.param(
            "\uff0eclaude/a.json", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="fullwidth"
        ),
        pytest.param("pkg/.cursor/x", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="nested"),
        pytest.param(
            "~/.codex/hooks.json", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, id="codex-home"
        ),
        pytest.param(
            "~/.local/share/assent/control.db",
            Effect.POLICY_SELF,
            RiskClass.IRREVERSIBLE,
            id="own-state",
        ),
        pytest.param("a\u202eb.py", Effect.UNKNOWN, RiskClass.HIGH, id="bidi"),
        pytest.param("a\nb.py", Effect.WORKSPACE_WRITE, RiskClass.LOW, id="line-break"),
        pytest.param("a\udcff.py", Effect.UNKNOWN, RiskClass.HIGH, id="not-unicode"),
    ],
)
def test_edits(path: str, effect: Effect, risk: RiskClass) -> None:
    action = edit(path)
    worst = assess(action, facts_for(action)).evidence[0]
    assert (worst.effect, worst.risk) == (effect, risk)


@pytest.mark.parametrize(
    ("action", "title", "risk"),
    [
        pytest.param(edit("a.py"), "edit a.py +2 -1", RiskClass.LOW, id="update"),
        pytest.param(
            edit("a.py", EditKind.CREATE), "create a.py +2 -1", RiskClass.LOW, id="create"
        ),
        pytest.param(edit("a.py", EditKind.DELETE), "delete a.py", RiskClass.HIGH, id="delete"),
        pytest.param(
            edit("a.py", EditKind.MOVE, "b.py"), "move a.py to b.py", RiskClass.LOW, id="move"
        ),
        pytest.param(
            edit("a.py", EditKind.MOVE, ".git/x"),
            "move a.py to .git/x",
            RiskClass.HIGH,
            id="move-bad",
        ),
        pytest.param(
            FileEdit((edit("a").changes + edit(".env").changes), WORKSPACE),
            "edit 2 files",
            RiskClass.HIGH,
            id="several",
        ),
        pytest.param(FileEdit((), WORKSPACE), "edit 0 files", RiskClass.HIGH, id="none"),
        pytest.param(FileRead(("a.py",), WORKSPACE), "read a.py", RiskClass.TRIVIAL, id="read"),
        pytest.param(FileRead((".env",), WORKSPACE), "read .env", RiskClass.HIGH, id="read-secret"),
        pytest.param(FileRead(("~/.ssh/x",), WORKSPACE), "read ~/.ssh/x", RiskClass.HIGH, id="ssh"),
        pytest.param(
            FileRead(("~/.cargo/registry/a.rs",), WORKSPACE),
            "read ~/.cargo/registry/a.rs",
            RiskClass.TRIVIAL,
            id="dependency-source",
        ),
        pytest.param(
            FileRead(("~/.config/x",), WORKSPACE),
            "read ~/.config/x",
            RiskClass.MEDIUM,
            id="dot-home",
        ),
        pytest.param(FileRead((), WORKSPACE), "read 0 files", RiskClass.HIGH, id="read-none"),
        pytest.param(
            Plan("\n# Add login\n\n1. do"),
            "follow its plan: Add login",
            RiskClass.MEDIUM,
            id="plan",
        ),
        pytest.param(
            ToolCall("github", "create_issue", "{}"),
            "call github/create_issue",
            RiskClass.MEDIUM,
            id="mcp",
        ),
        pytest.param(
            ToolCall("claude-code", "TodoWrite", "{}", vouched=Vouched.INERT),
            "call claude-code/TodoWrite",
            RiskClass.TRIVIAL,
            id="inert",
        ),
        pytest.param(
            ToolCall("claude-code", "WebFetch", "{}", vouched=Vouched.NETWORK_READ),
            "call claude-code/WebFetch",
            RiskClass.LOW,
            id="fetch",
        ),
        pytest.param(
            PolicyEdit(WORKSPACE, _AFTER, _AFTER, ""),
            "change the policy",
            RiskClass.IRREVERSIBLE,
            id="policy",
        ),
        pytest.param(
            unknown_action("codex", tool="new_tool", payload=b"\xff", reason="not JSON"),
            "use new_tool",
            RiskClass.HIGH,
            id="unknown",
        ),
    ],
)
def test_titles_and_classes(action: Action, title: str, risk: RiskClass) -> None:
    found = assess(action, facts_for(action))
    assert (found.title, found.risk) == (title, risk)


def test_the_agents_own_plan_file_is_not_its_settings() -> None:
    action = edit("~/.claude/plans/login.md")
    plan_paths = ("/home/u/.claude/plans",)
    assert assess(action, facts_for(action, plan_paths=plan_paths)).risk is RiskClass.LOW
    assert assess(action, facts_for(action)).risk is RiskClass.IRREVERSIBLE
