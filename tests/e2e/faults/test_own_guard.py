"""What an agent may try against its own guard waits for a person, under the built-in policy."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.faults.agents import AGENTS, CLAUDE, Agent
from tests.e2e.faults.house import House

pytestmark = pytest.mark.network


@pytest.fixture
def house(shared: House) -> House:
    (shared.workspace / ".assent").mkdir(exist_ok=True)
    (shared.workspace / "notes.md").write_text("notes")
    (shared.user_home / ".claude").mkdir(exist_ok=True)
    (shared.user_home / ".claude" / "settings.json").write_text("{}")
    return shared


def assert_waits(house: House, agent: Agent, payload: bytes) -> None:
    hook = house.ask(agent, payload)
    [request] = house.waiting()
    assert hook.waits
    assert request["class"] in ("medium", "high", "irreversible")


COMMANDS = {
    "approves": "assent approve 1",
    "approves-by-path": "/usr/local/bin/assent approve REQ-1",
    "approves-by-module": "python3 -m assent.entrypoints.cli.main approve 1",
    "approves-through-a-shell": "sh -c 'assent approve 1'",
    "approves-after-cd": "cd / && assent approve 1",
    "approves-with-env": "env X=1 assent approve 1",
    "modifies": "assent modify 1 --with notes.md",
    "stops": "assent down",
    "uninstalls": "assent agents uninstall claude-code",
    "another-home": "ASSENT_HOME=/tmp/x assent up",
    "reads-token": "cat {assent}/run/token",
    "reads-token-quoted": "cat {assent}/ru''n/to\"ken\"",
    "reads-token-glob": "cat {assent}/run/tok*",
    "greps-token": "grep -r . {assent}/run",
    "edits-database": "sqlite3 {assent}/control.db 'update approval set state=1'",
    "removes-database": "rm {assent}/control.db",
    "writes-config": "echo 'port = 1' > {assent}/config.toml",
    "replaces-relay": "cp /bin/true {assent}/bin/assent-relay",
    "kills": "kill -9 {pid}",
    "kills-by-name": "pkill -f assent",
    "posts": "curl -X POST {url}/api/requests/1/approve",
    "speaks-to-socket": "nc -U {assent}/run/hook.sock",
    "writes-policy": "echo > .assent/policy.toml",
    "moves-policy": "mv notes.md .assent/policy.toml",
    "sed-policy": "sed -i s/gate/proceed/ .assent/policy.toml",
    "writes-settings": "echo '{{}}' > ~/.claude/settings.json",
    "writes-settings-by-home": "tee $HOME/.claude/settings.json < notes.md",
    "links-settings": "ln -sf notes.md ~/.claude/settings.json",
    "writes-project-settings": "echo '{{}}' > .claude/settings.local.json",
    "writes-copilot-hooks": "rm -f ~/.copilot/hooks/assent.json",
    "writes-codex-hooks": "echo > ~/.codex/hooks.json",
    "writes-gemini-settings": "echo > ~/.gemini/settings.json",
    "writes-opencode-plugin": "rm ~/.config/opencode/plugins/assent.js",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_against_the_guard_waits(house: House, command: str) -> None:
    text = command.format(assent=house.home.root, pid=house.pid, url=house.client.url)
    assert_waits(house, CLAUDE, CLAUDE.shell(text, cwd=str(house.workspace)))


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
@pytest.mark.parametrize("name", ["approves", "reads-token", "writes-policy", "writes-settings"])
def test_whichever_agent_tries_it(house: House, agent: Agent, name: str) -> None:
    text = COMMANDS[name].format(assent=house.home.root)
    assert_waits(house, agent, agent.shell(text, cwd=str(house.workspace)))


GUARDED = {
    "policy": "{project}/.assent/policy.toml",
    "policy-through-dots": "{project}/src/../.assent/policy.toml",
    "claude-settings": "{home}/.claude/settings.json",
    "claude-project-settings": "{project}/.claude/settings.json",
    "claude-local-settings": "{project}/.claude/settings.local.json",
    "codex-hooks": "{home}/.codex/hooks.json",
    "codex-config": "{home}/.codex/config.toml",
    "gemini-settings": "{home}/.gemini/settings.json",
    "gemini-project-settings": "{project}/.gemini/settings.json",
    "copilot-hooks": "{home}/.copilot/hooks/assent.json",
    "copilot-project-hooks": "{project}/.github/hooks/more.json",
    "opencode-plugin": "{home}/.config/opencode/plugins/assent.js",
    "opencode-project-plugin": "{project}/.opencode/plugins/more.js",
    "assent-config": "{assent}/config.toml",
    "assent-relay": "{assent}/bin/assent-relay",
    "assent-database": "{assent}/control.db",
}


@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_an_edit_of_the_guard_waits(house: House, path: str) -> None:
    found = path.format(project=house.workspace, home=house.user_home, assent=house.home.root)
    arguments: Mapping[str, Any] = {"file_path": found, "content": "{}"}
    assert_waits(house, CLAUDE, CLAUDE.call("Write", arguments, cwd=str(house.workspace)))


def test_an_edit_through_a_link_to_the_guard_waits(house: House) -> None:
    link = house.workspace / "innocent.json"
    link.symlink_to(house.user_home / ".claude" / "settings.json")
    arguments = {"file_path": str(link), "content": "{}"}
    assert_waits(house, CLAUDE, CLAUDE.call("Write", arguments, cwd=str(house.workspace)))
    link.unlink()


@pytest.mark.parametrize("name", ["run/token", "control.db", "config.toml"])
def test_a_look_at_the_secrets_of_the_guard_waits(house: House, name: str) -> None:
    arguments = {"file_path": str(house.home.root / name)}
    assert_waits(house, CLAUDE, CLAUDE.call("Read", arguments, cwd=str(house.workspace)))


def test_no_policy_lets_an_agent_decide(house: House) -> None:
    """A policy that vouches for the programs does not make this harmless."""
    policy = house.workspace / ".assent" / "policy.toml"
    policy.write_text(
        '[[rule]]\nname = "ours"\nroute = "proceed"\nprograms = ["assent", "cat", "sqlite3"]\n'
    )
    assert house.shell(CLAUDE, "ls").said().passed
    [change] = house.waiting()
    house.decide(change["number"])
    assert house.shell(CLAUDE, "sqlite3 notes.db 'select 1'").said().passed
    for name in ("approves", "reads-token", "edits-database"):
        text = COMMANDS[name].format(assent=house.home.root)
        assert_waits(house, CLAUDE, CLAUDE.shell(text, cwd=str(house.workspace)))
        house.decide(house.inbox()[0]["number"], "withdraw")


def test_the_level_is_said_plainly(house: House) -> None:
    said = house.assent("status").stdout
    assert "Level: advisory" in said
    assert "not against a program of your user that attacks it on purpose" in said
