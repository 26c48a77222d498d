"""How each agent is started against the scripted model: its configuration, arguments, environment.

Everything is set for an agent whose own safeguards are off (bypass, full access, yolo), so that
nothing but the hooks under test stands in the way. No hook is configured here.
"""

import enum
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .scene import Scene
from .scripted_model.vocabulary import MCP_SERVER

HERE = Path(__file__).resolve().parent
MODEL_PORT = 8099
_MODEL_URL = f"http://127.0.0.1:{MODEL_PORT}"
_NO_KEY = "not-a-key"
OPENCODE_VERSION = "1.18.33"


class Mode(enum.Enum):
    """EXEC runs the prompt headless. PLAN starts in plan mode (Claude Code and Gemini). YES and NO
    are runs in a terminal, with somebody who gives that answer to the first question at the
    agent's own prompt (Claude Code and Copilot); they go on until they are killed."""

    EXEC = "exec"
    PLAN = "plan"
    YES = "yes"
    NO = "no"


_TYPED = {Mode.YES: "\r", Mode.NO: "\x1b"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A new session with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Resume:
    """A session of an earlier run goes on where it stopped (Claude Code, after a deferred call)."""

    session: str


Opening: TypeAlias = Prompt | Resume


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line and the variables that it needs beside PATH and HOME."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Recipe:
    configure: Callable[[Scene], None]
    launch: Callable[[Scene, Mode, Opening], Launch]


def configure(scene: Scene) -> None:
    """Write the agent's configuration, as its user would have it before installing Assent."""
    _RECIPES[scene.agent].configure(scene)


def launch(scene: Scene, mode: Mode, *, opening: Opening, args: Sequence[str] = ()) -> Launch:
    """The command line for a session. `args` are added to the agent's own arguments."""
    made = _RECIPES[scene.agent].launch(scene, mode, opening)
    return Launch((*made.argv, *args), made.env)


def search_path(scene: Scene) -> str:
    """PATH inside the run: the agents' programs, node and the system's own folders."""
    node = shutil.which("node")
    folders = [str(scene.agents.programs), "/usr/local/bin", "/usr/bin", "/bin"]
    return ":".join([*folders, str(Path(node).parent)] if node else folders)


def _text(opening: Opening) -> str:
    if isinstance(opening, Resume):
        raise ValueError("only a headless Claude Code session is resumed here")
    return opening.text


def _in_terminal(made: Launch, mode: Mode, *, question: str) -> Launch:
    terminal = (sys.executable, str(HERE / "terminal.py"), question, _TYPED[mode])
    return Launch((*terminal, *made.argv), {**made.env, "TERM": "xterm-256color"})


def _mcp_command(scene: Scene) -> list[str]:
    return [sys.executable, str(HERE / "mcp_server.py"), str(scene.mcp_log)]


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _configure_claude_code(scene: Scene) -> None:
    program, *arguments = _mcp_command(scene)
    server = {"type": "stdio", "command": program, "args": arguments}
    # What Claude Code would ask in a terminal before it begins.
    asked_before = {
        "hasCompletedOnboarding": True,
        "bypassPermissionsModeAccepted": True,
        "customApiKeyResponses": {"approved": [_NO_KEY], "rejected": []},
        "projects": {str(scene.repo): {"hasTrustDialogAccepted": True}},
    }
    _write_json(scene.home / ".claude.json", {"mcpServers": {MCP_SERVER: server}, **asked_before})


def _launch_claude_code(scene: Scene, mode: Mode, opening: Opening) -> Launch:
    env = {
        "ANTHROPIC_BASE_URL": _MODEL_URL,
        "ANTHROPIC_API_KEY": _NO_KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        # All tools are offered at once instead of through a search.
        "ENABLE_TOOL_SEARCH": "false",
        # Root may use the bypass mode only inside a sandbox.
        "IS_SANDBOX": "1",
    }
    program = str(scene.agents.programs / "claude")
    stream = ("--output-format", "stream-json", "--verbose")
    if mode is Mode.PLAN:
        control = (sys.executable, str(HERE / "claude_control.py"), _text(opening))
        return Launch((*control, program, *stream, "--permission-mode", "plan"), env)
    if mode in _TYPED:
        argv = (program, "--permission-mode", "bypassPermissions", _text(opening))
        return _in_terminal(Launch(argv, env), mode, question="Do you want to proceed?")
    words = ("--resume", opening.session) if isinstance(opening, Resume) else (opening.text,)
    return Launch((program, "-p", *words, *stream, "--permission-mode", "bypassPermissions"), env)


def _configure_codex(scene: Scene) -> None:
    program, *arguments = (json.dumps(word) for word in _mcp_command(scene))
    folder = scene.home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f"""\
model = "gpt-5.5"
model_provider = "{MCP_SERVER}"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.{MCP_SERVER}]
name = "scripted"
base_url = "{_MODEL_URL}/v1"
wire_api = "responses"
env_key = "SCRIPTED_MODEL_KEY"

[mcp_servers.{MCP_SERVER}]
command = {program}
args = [{", ".join(arguments)}]

[projects.{json.dumps(str(scene.repo))}]
trust_level = "trusted"
""",
        encoding="utf-8",
    )


def _launch_codex(scene: Scene, mode: Mode, opening: Opening) -> Launch:
    program = str(scene.agents.programs / "codex")
    argv = (program, "exec", "--json", "--dangerously-bypass-approvals-and-sandbox", _text(opening))
    return Launch(argv, {"SCRIPTED_MODEL_KEY": _NO_KEY})


def _configure_copilot(scene: Scene) -> None:
    program, *arguments = _mcp_command(scene)
    server = {"type": "local", "command": program, "args": arguments, "tools": ["*"]}
    folder = scene.home / ".copilot"
    _write_json(folder / "config.json", {"trustedFolders": [str(scene.repo)]})
    _write_json(folder / "mcp-config.json", {"mcpServers": {MCP_SERVER: server}})


def _launch_copilot(scene: Scene, mode: Mode, opening: Opening) -> Launch:
    program = str(scene.agents.programs / "copilot")
    env = {
        "COPILOT_OFFLINE": "true",
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_PROVIDER_BASE_URL": f"{_MODEL_URL}/v1",
        "COPILOT_PROVIDER_API_KEY": _NO_KEY,
        "COPILOT_PROVIDER_WIRE_API": "completions",
        "COPILOT_MODEL": "gpt-4.1",
    }
    if mode in _TYPED:
        argv = (program, "--allow-all-tools", "-i", _text(opening))
        question = "Do you want to allow this tool call?"
        return _in_terminal(Launch(argv, env), mode, question=question)
    return Launch((program, "--no-color", "--allow-all-tools", "-p", _text(opening)), env)


def _configure_gemini(scene: Scene) -> None:
    program, *arguments = _mcp_command(scene)
    settings = {
        "security": {
            "auth": {"selectedType": "gemini-api-key"},
            "folderTrust": {"enabled": False},
        },
        "general": {"enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
        "mcpServers": {MCP_SERVER: {"command": program, "args": arguments}},
    }
    _write_json(scene.home / ".gemini" / "settings.json", settings)


def _launch_gemini(scene: Scene, mode: Mode, opening: Opening) -> Launch:
    program = str(scene.agents.programs / "gemini")
    env = {
        "GEMINI_API_KEY": _NO_KEY,
        "GOOGLE_GEMINI_BASE_URL": _MODEL_URL,
        # The agent would else start itself a second time with more memory.
        "GEMINI_CLI_NO_RELAUNCH": "true",
    }
    approval = "plan" if mode is Mode.PLAN else "yolo"
    model = ("-m", "gemini-2.5-pro", "--output-format", "stream-json")
    return Launch((program, *model, "--approval-mode", approval, "-p", _text(opening)), env)


def _configure_opencode(scene: Scene) -> None:
    model = {"name": "scripted", "tool_call": True, "limit": {"context": 100_000, "output": 4096}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "scripted",
        "options": {"baseURL": f"{_MODEL_URL}/v1", "apiKey": _NO_KEY},
        "models": {"scripted": model},
    }
    settings = {
        "autoupdate": False,
        "share": "disabled",
        "provider": {"lab": provider},
        "model": "lab/scripted",
        "small_model": "lab/scripted",
        "mcp": {MCP_SERVER: {"type": "local", "command": _mcp_command(scene), "enabled": True}},
    }
    folder = scene.home / ".config" / "opencode"
    _write_json(folder / "opencode.json", settings)
    # With a plugin there, opencode first installs its plugin interface, and without a network it
    # would wait for ever. This is what it takes for "installed"; a plugin of ours imports nothing.
    (folder / "node_modules").mkdir()
    interface = {"dependencies": {"@opencode-ai/plugin": OPENCODE_VERSION}}
    lock = {"name": "opencode", "lockfileVersion": 3, "packages": {"": interface}}
    _write_json(folder / "package.json", interface)
    _write_json(folder / "package-lock.json", lock)


def _launch_opencode(scene: Scene, mode: Mode, opening: Opening) -> Launch:
    program = str(scene.agents.programs / "opencode")
    env = {
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    }
    return Launch((program, "run", "--format", "json", _text(opening)), env)


_RECIPES: Mapping[str, _Recipe] = {
    "claude-code": _Recipe(_configure_claude_code, _launch_claude_code),
    "codex": _Recipe(_configure_codex, _launch_codex),
    "copilot": _Recipe(_configure_copilot, _launch_copilot),
    "gemini": _Recipe(_configure_gemini, _launch_gemini),
    "opencode": _Recipe(_configure_opencode, _launch_opencode),
}
