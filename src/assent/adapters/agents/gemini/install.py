"""Puts the hooks into Gemini CLI's user settings, and takes them out again."""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from assent.adapters.agents import hook_groups, json_text, settings_file
from assent.adapters.agents.gemini.hooks import (
    HOOK_TIMEOUT_MS,
    NAME,
    POST_TOOL,
    PRE_TOOL,
    SESSION_END,
    SESSION_START,
    Gemini,
)
from assent.app.agents import Change, Dialect, HookStatus, Surroundings
from assent.core.canonical import Json
from assent.errors import UnavailableError

INFORMING: Final = (POST_TOOL, SESSION_START, SESSION_END)
INFORMING_TIMEOUT_MS: Final = 30_000

HOME_VARIABLE: Final = "GEMINI_CLI_HOME"
"""Names the folder that holds `.gemini`, instead of the user's home."""

FAILED: Final = "Assent's hook failed, so this call was not let through. Check it: assent status"

KNOWN_GAPS: Final = (
    "Gemini CLI runs no hooks in a folder it does not trust, and none when started with --acp.",
)


class GeminiInstaller:
    """Installs into `~/.gemini/settings.json`."""

    agent = NAME

    def status(self, here: Surroundings) -> HookStatus:
        path = _settings(here)
        state = settings_file.state_of([_managed(here)])
        hindrances = () if state == "absent" else (*_hindrances(path), *_in_project(here))
        return HookStatus(
            agent=NAME,
            title=Gemini.title,
            found=_found(here),
            state="altered" if hindrances else state,
            files=(path,),
            notes=hindrances if state == "absent" else (*hindrances, *KNOWN_GAPS),
        )

    def preview(self, here: Surroundings) -> Sequence[Change]:
        return settings_file.pending([_managed(here)])

    def install(self, here: Surroundings) -> HookStatus:
        settings_file.install([_managed(here)], here.assent_home / "backups" / NAME)
        return self.status(here)

    def uninstall(self, here: Surroundings) -> HookStatus:
        settings_file.uninstall([_managed(here)], here.assent_home / "backups" / NAME)
        return self.status(here)


def _settings(here: Surroundings) -> Path:
    named = here.env.get(HOME_VARIABLE)
    return (Path(named) if named else here.home) / ".gemini" / "settings.json"


def _found(here: Surroundings) -> str:
    program = shutil.which("gemini", path=here.env.get("PATH", ""))
    if program:
        return program
    folder = _settings(here).parent
    return str(folder) if folder.is_dir() else ""


def _managed(here: Surroundings) -> settings_file.ManagedFile:
    groups = _groups(here)
    return settings_file.json_file(
        _settings(here),
        what=f"adds hooks for {', '.join(groups)}; your own entries stay as they are",
        merge=lambda text: hook_groups.with_groups(text, groups, agent=NAME),
        without=lambda text: hook_groups.without_groups(text, agent=NAME),
    )


def _groups(here: Surroundings) -> dict[str, Json]:
    def command(dialect: Dialect, event: str) -> str:
        return shlex.join(here.relay(dialect, NAME, event, Gemini.forwarded_env))

    gating = _group(closed(command("exit2", PRE_TOOL)), HOOK_TIMEOUT_MS)
    informing = {
        event: _group(command("observe", event), INFORMING_TIMEOUT_MS) for event in INFORMING
    }
    return {PRE_TOOL: gating, **informing}


def closed(command: str) -> str:
    """`command`, refusing also when it is missing, is killed or crashes.

    Gemini CLI runs the call unless a hook exits with 2 and says something.
    """
    return f'{command} || {{ [ $? -eq 2 ] || echo "{FAILED}" >&2; exit 2; }}'


def _group(command: str, timeout_ms: int) -> Json:
    handler: Json = {
        "type": "command",
        "name": "assent",
        "command": command,
        "timeout": timeout_ms,
    }
    return {"matcher": "*", "hooks": [handler]}


def _in_project(here: Surroundings) -> tuple[str, ...]:
    """What in the project's own settings keeps the hooks from running."""
    path = None if here.project is None else here.project / ".gemini" / "settings.json"
    is_other = path is not None and path.is_file() and path != _settings(here)
    return _hindrances(path) if path is not None and is_other else ()


def _hindrances(path: Path) -> tuple[str, ...]:
    """What in these settings keeps the hooks from running, one sentence each."""
    try:
        content = settings_file.read(path)
        settings = json_text.parse((content or b"").decode("utf-8"))
    except (UnavailableError, UnicodeDecodeError, json_text.NotPlainJson) as error:
        return (f"{path} cannot be read: {error}.",)
    switches = settings.get("hooksConfig")
    if not isinstance(switches, Mapping):
        return ()
    notes = []
    if switches.get("enabled") is False:
        notes.append(f"{path} sets hooksConfig.enabled to false; remove that entry.")
    disabled = switches.get("disabled")
    if isinstance(disabled, list) and any(_names_ours(name) for name in disabled):
        notes.append(f"{path} lists Assent's hook in hooksConfig.disabled; remove it there.")
    return tuple(notes)


def _names_ours(name: Json) -> bool:
    return isinstance(name, str) and (name == "assent" or hook_groups.starts_relay(name, NAME))
