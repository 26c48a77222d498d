"""Puts our plugin into opencode's user folder, and takes it out again."""

import json
import shutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from assent.adapters.agents import settings_file
from assent.adapters.agents.opencode.hooks import (
    NAME,
    POST_TOOL,
    PRE_TOOL,
    SESSION_CREATED,
    Opencode,
)
from assent.app.agents import Change, HookStatus, Surroundings

HOME_VARIABLE: Final = "XDG_CONFIG_HOME"
WITHOUT_PLUGINS: Final = "OPENCODE_PURE"

ARGV: Final = '"@RELAY@"'
MARK: Final = b"// Assent's gate for opencode"
"""First words of every version of the plugin."""

KNOWN_GAPS: Final = (
    "opencode started with --pure or OPENCODE_PURE loads no plugins, so Assent sees nothing.",
    "opencode fetches @opencode-ai/plugin at its first start with a plugin and hangs offline.",
)


class OpencodeInstaller:
    """Installs `~/.config/opencode/plugins/assent.js`, or under XDG_CONFIG_HOME."""

    agent = NAME

    def status(self, here: Surroundings) -> HookStatus:
        file = _managed(here)
        state = settings_file.state_of([file])
        hindrances = () if state == "absent" else _hindrances(here)
        return HookStatus(
            agent=NAME,
            title=Opencode.title,
            found=_found(here),
            state="altered" if hindrances else state,
            files=(file.path,),
            notes=() if state == "absent" else (*hindrances, *KNOWN_GAPS),
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
    return (Path(named) if named else here.home / ".config") / "opencode"


def _found(here: Surroundings) -> str:
    program = shutil.which("opencode", path=here.env.get("PATH", ""))
    if program:
        return program
    return str(_folder(here)) if _folder(here).is_dir() else ""


def _hindrances(here: Surroundings) -> tuple[str, ...]:
    if here.env.get(WITHOUT_PLUGINS, "").lower() not in ("1", "true"):
        return ()
    return (f"{WITHOUT_PLUGINS} is set, so opencode loads no plugin; unset it.",)


def _managed(here: Surroundings) -> settings_file.ManagedFile:
    return settings_file.own_file(
        _folder(here) / "plugins" / "assent.js",
        what="a plugin that shows each call to Assent before it runs",
        content=_plugin(here).encode("utf-8"),
        mark=MARK,
    )


def _plugin(here: Surroundings) -> str:
    """The plugin with the relay's argument vectors in it."""
    names = Opencode.forwarded_env
    argv = {
        "before": here.relay("exit2", NAME, PRE_TOOL, names),
        "after": here.relay("observe", NAME, POST_TOOL, names),
        "session": here.relay("observe", NAME, SESSION_CREATED, names),
    }
    source = files(__package__).joinpath("plugin.js").read_text(encoding="utf-8")
    return source.replace(ARGV, json.dumps(argv, indent=2), 1)
