"""Puts a hook file into Copilot CLI's user folder, and takes it out again."""

import json
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from assent.adapters.agents import json_text, settings_file
from assent.adapters.agents.copilot.hooks import (
    HOOK_TIMEOUT_S,
    NAME,
    POST_TOOL,
    POST_TOOL_FAILURE,
    PRE_TOOL,
    SESSION_END,
    SESSION_START,
    Copilot,
)
from assent.app.agents import Change, Dialect, HookStatus, Surroundings
from assent.core.canonical import Json
from assent.errors import UnavailableError

INFORMING: Final = (POST_TOOL, POST_TOOL_FAILURE, SESSION_START, SESSION_END)
INFORMING_TIMEOUT_S: Final = 30

HOME_VARIABLE: Final = "COPILOT_HOME"
SETTINGS: Final = ("settings.json", "config.json")
PROJECT_SETTINGS: Final = (".github/copilot/settings.json", ".claude/settings.json")
SWITCHED_OFF: Final = "disableAllHooks"

MARK: Final = f" {NAME} {PRE_TOOL}".encode()
"""In the command of every version of our file."""


class CopilotInstaller:
    """Installs `~/.copilot/hooks/assent.json`, or in the folder that COPILOT_HOME names."""

    agent = NAME

    def status(self, here: Surroundings) -> HookStatus:
        file = _managed(here)
        state = settings_file.state_of([file])
        hindrances = () if state == "absent" else _hindrances(_all_settings(here))
        return HookStatus(
            agent=NAME,
            title=Copilot.title,
            found=_found(here),
            state="altered" if hindrances else state,
            files=(file.path,),
            notes=hindrances,
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
    named = here.env.get(HOME_VARIABLE)
    return Path(named) if named else here.home / ".copilot"


def _found(here: Surroundings) -> str:
    program = shutil.which("copilot", path=here.env.get("PATH", ""))
    if program:
        return program
    return str(_folder(here)) if _folder(here).is_dir() else ""


def _managed(here: Surroundings) -> settings_file.ManagedFile:
    return settings_file.own_file(
        _folder(here) / "hooks" / "assent.json",
        what=f"a file of hooks for {', '.join((PRE_TOOL, *INFORMING))}",
        content=_content(here),
        mark=MARK,
    )


def _content(here: Surroundings) -> bytes:
    def hook(dialect: Dialect, event: str, timeout_s: int) -> list[Json]:
        argv = here.relay(dialect, NAME, event, Copilot.forwarded_env)
        return [{"type": "command", "bash": shlex.join(argv), "timeoutSec": timeout_s}]

    hooks = {
        PRE_TOOL: hook("json", PRE_TOOL, HOOK_TIMEOUT_S),
        **{event: hook("observe", event, INFORMING_TIMEOUT_S) for event in INFORMING},
    }
    return json.dumps({"version": 1, "hooks": hooks}, indent=2).encode("ascii") + b"\n"


def _all_settings(here: Surroundings) -> Iterator[Path]:
    """The files in which hooks can be switched off: the user's, and the project's."""
    yield from (_folder(here) / name for name in SETTINGS)
    if here.project is not None:
        in_project = (here.project / name for name in PROJECT_SETTINGS)
        yield from (path for path in in_project if path.is_file())


def _hindrances(paths: Iterable[Path]) -> tuple[str, ...]:
    """What in these settings keeps the hooks from running, one sentence each."""
    notes = []
    for path in paths:
        try:
            content = settings_file.read(path)
            settings = json_text.parse((content or b"").decode("utf-8"))
        except (UnavailableError, UnicodeDecodeError, json_text.NotPlainJson):
            # Copilot CLI allows comments here; a switch that is only mentioned is worth a look.
            if _mentions(path, SWITCHED_OFF):
                notes.append(f"{path} mentions {SWITCHED_OFF}: see that it is not true.")
            continue
        if settings.get(SWITCHED_OFF) is True:
            notes.append(
                f"{path} sets {SWITCHED_OFF}, so Copilot CLI runs no hooks; remove that entry."
            )
    return tuple(notes)


def _mentions(path: Path, name: str) -> bool:
    try:
        return name.encode() in (settings_file.read(path) or b"")
    except UnavailableError:
        return True
