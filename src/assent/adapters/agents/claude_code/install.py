"""Puts the hooks into Claude Code's user settings, and takes them out again."""

import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from assent.adapters.agents import hook_groups, json_text, settings_file
from assent.adapters.agents.claude_code.hooks import (
    CONFIG_CHANGE,
    CONFIG_DIR,
    HOOK_TIMEOUT_S,
    NAME,
    POST_TOOL,
    POST_TOOL_FAILURE,
    PRE_TOOL,
    SESSION_END,
    SESSION_START,
    ClaudeCode,
)
from assent.app.agents import Change, Dialect, HookStatus, Surroundings
from assent.core.canonical import Json
from assent.errors import UnavailableError

GATING: Final = (PRE_TOOL, CONFIG_CHANGE)
INFORMING: Final = (POST_TOOL, POST_TOOL_FAILURE, SESSION_START, SESSION_END)
INFORMING_TIMEOUT_S: Final = 30

SWITCHED_OFF: Final = "disableAllHooks"
MANAGED_ONLY: Final = "allowManagedHooksOnly"
PROJECT_SETTINGS: Final = ("settings.json", "settings.local.json")
"""In `.claude` of a project; they count before the user's."""


class ClaudeCodeInstaller:
    """Installs into `~/.claude/settings.json`, or the folder that CLAUDE_CONFIG_DIR names."""

    agent = NAME

    def status(self, here: Surroundings) -> HookStatus:
        path = _settings(here)
        state = settings_file.state_of([_managed(here)])
        notes = _notes(path, state, here.project)
        return HookStatus(
            agent=NAME,
            title=ClaudeCode.title,
            found=_found(here),
            state="altered" if notes and state == "installed" else state,
            files=(path,),
            notes=notes,
        )

    def preview(self, here: Surroundings) -> Sequence[Change]:
        return settings_file.pending([_managed(here)])

    def install(self, here: Surroundings) -> HookStatus:
        settings_file.install([_managed(here)], here.assent_home / "backups" / NAME)
        return self.status(here)

    def uninstall(self, here: Surroundings) -> HookStatus:
        settings_file.uninstall([_managed(here)], here.assent_home / "backups" / NAME)
        return self.status(here)


def _folder(here: Surroundings) -> Path:
    named = here.env.get(CONFIG_DIR)
    return Path(named) if named else here.home / ".claude"


def _settings(here: Surroundings) -> Path:
    return _folder(here) / "settings.json"


def _found(here: Surroundings) -> str:
    program = shutil.which("claude", path=here.env.get("PATH", ""))
    if program:
        return program
    return str(_folder(here)) if _folder(here).is_dir() else ""


def _managed(here: Surroundings) -> settings_file.ManagedFile:
    groups = _groups(here)
    return settings_file.json_file(
        _settings(here),
        what=f"adds hooks for {', '.join(groups)}; your own entries stay as they are",
        merge=lambda text: hook_groups.with_groups(text, groups, agent=NAME),
        without=lambda text: hook_groups.without_groups(text, agent=NAME),
    )


def _groups(here: Surroundings) -> dict[str, Json]:
    def handler(dialect: Dialect, event: str) -> dict[str, Json]:
        argv = here.relay(dialect, NAME, event, ClaudeCode.forwarded_env)
        return {"type": "command", "command": shlex.join(argv)}

    def gating(event: str) -> dict[str, Json]:
        # Without onFailure a hook that crashes, is missing or takes too long lets the call run.
        limits: dict[str, Json] = {"timeout": HOOK_TIMEOUT_S, "onFailure": "block"}
        return handler("exit2", event) | limits

    def informing(event: str) -> dict[str, Json]:
        return handler("observe", event) | {"timeout": INFORMING_TIMEOUT_S}

    return {
        **{event: _group(gating(event)) for event in GATING},
        **{event: _group(informing(event)) for event in INFORMING},
    }


def _group(handler: Json) -> Json:
    return {"matcher": "*", "hooks": [handler]}


def _notes(path: Path, state: str, project: Path | None) -> tuple[str, ...]:
    """What in the user's or the project's settings keeps the hooks from running."""
    try:
        content = settings_file.read(path)
        settings = json_text.parse((content or b"").decode("utf-8"))
    except (UnavailableError, UnicodeDecodeError, json_text.NotPlainJson) as error:
        return (f"{path} cannot be read: {error}.",)
    if state == "absent":
        return ()
    switches = [(path, name) for name in (SWITCHED_OFF, MANAGED_ONLY) if settings.get(name) is True]
    switches += [(file, SWITCHED_OFF) for file in _switching_off(project) if file != path]
    return tuple(
        f"{file} sets {name}, so Claude Code runs none of these hooks; remove that entry."
        for file, name in switches
    )


def _switching_off(project: Path | None) -> Iterator[Path]:
    """The project's settings that switch hooks off, or seem to and cannot be read."""
    folders = () if project is None else (project / ".claude",)
    for path in (folder / name for folder in folders for name in PROJECT_SETTINGS):
        if not path.is_file():
            continue
        try:
            text = (settings_file.read(path) or b"").decode("utf-8")
            if json_text.parse(text).get(SWITCHED_OFF) is True:
                yield path
        except (UnavailableError, UnicodeDecodeError, json_text.NotPlainJson):
            yield path
