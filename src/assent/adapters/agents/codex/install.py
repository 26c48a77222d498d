"""Puts the hooks into Codex's `hooks.json`, with the trust that Codex wants recorded for them."""

import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from assent.adapters.agents import hook_groups, settings_file
from assent.adapters.agents.codex import trust
from assent.adapters.agents.codex.hooks import (
    CODEX_HOME,
    HOOK_TIMEOUT_S,
    NAME,
    POST_TOOL,
    PRE_TOOL,
    SESSION_START,
    Codex,
)
from assent.adapters.agents.json_text import OutOfForm
from assent.app.agents import Change, Dialect, HookStatus, Surroundings
from assent.core.canonical import Json
from assent.errors import UnavailableError

INFORMING_TIMEOUT_S: Final = 30

HOOKS: Final[tuple[tuple[str, Dialect, int, str | None], ...]] = (
    (PRE_TOOL, "exit2", HOOK_TIMEOUT_S, "*"),
    (POST_TOOL, "observe", INFORMING_TIMEOUT_S, "*"),
    (SESSION_START, "observe", INFORMING_TIMEOUT_S, None),
)
"""Event, the relay's dialect, time-out in seconds, matcher."""

INFORMING: Final = frozenset({POST_TOOL, SESSION_START})


class CodexInstaller:
    """Installs into `~/.codex`, or the folder that CODEX_HOME names."""

    agent = NAME

    def status(self, here: Surroundings) -> HookStatus:
        files = _managed(here)
        state = settings_file.state_of(files)
        notes = () if state == "absent" else _notes(here)
        return HookStatus(
            agent=NAME,
            title=Codex.title,
            found=_found(here),
            state="altered" if notes and state == "installed" else state,
            files=tuple(file.path for file in files),
            notes=notes,
        )

    def preview(self, here: Surroundings) -> Sequence[Change]:
        return settings_file.pending(_managed(here))

    def install(self, here: Surroundings) -> HookStatus:
        settings_file.install(_managed(here), here.assent_home / "backups" / NAME)
        return self.status(here)

    def uninstall(self, here: Surroundings) -> HookStatus:
        settings_file.uninstall(_managed(here), here.assent_home / "backups" / NAME)
        return self.status(here)


def _folder(here: Surroundings) -> Path:
    """Codex's folder as Codex spells it: a named one with its symlinks resolved."""
    named = here.env.get(CODEX_HOME)
    return Path(os.path.realpath(named)) if named else here.home / ".codex"


def _found(here: Surroundings) -> str:
    program = shutil.which("codex", path=here.env.get("PATH", ""))
    if program:
        return program
    return str(_folder(here)) if _folder(here).is_dir() else ""


def _managed(here: Surroundings) -> tuple[settings_file.ManagedFile, ...]:
    """The two files; trust comes first, because without it the hooks are skipped in silence."""
    hooks_path = _folder(here) / "hooks.json"
    config_path = _folder(here) / "config.toml"
    groups = _groups(here)

    def merged_hooks(text: str) -> str:
        return hook_groups.with_groups(text, groups, agent=NAME)

    def trusted(config: str) -> str:
        return trust.with_trust(config, _trusted(merged_hooks(_text(hooks_path)), hooks_path, here))

    def untrusted(config: str) -> str:
        return trust.without_trust(config, _names(_text(hooks_path), hooks_path).keys())

    return (
        settings_file.text_file(
            config_path,
            what=f"records that you trust the hooks in {hooks_path}, so that Codex runs them",
            merge=trusted,
            without=untrusted,
        ),
        settings_file.json_file(
            hooks_path,
            what=f"adds hooks for {', '.join(groups)}; your own entries stay as they are",
            merge=merged_hooks,
            without=lambda text: hook_groups.without_groups(text, agent=NAME),
        ),
    )


def _text(path: Path) -> str:
    content = settings_file.read(path) or b""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise OutOfForm(f"{path} is not UTF-8") from error


def _command(here: Surroundings, dialect: Dialect, event: str) -> str:
    argv = here.relay(dialect, NAME, event, Codex.forwarded_env)
    return shlex.join(argv) if event in INFORMING else hook_groups.closed(argv)


def _groups(here: Surroundings) -> dict[str, Json]:
    groups: dict[str, Json] = {}
    for event, dialect, timeout, matcher in HOOKS:
        handler: Json = {
            "type": "command",
            "command": _command(here, dialect, event),
            "timeout": timeout,
        }
        pattern: dict[str, Json] = {} if matcher is None else {"matcher": matcher}
        groups[event] = {**pattern, "hooks": [handler]}
    return groups


def _names(hooks: str, path: Path) -> dict[str, str]:
    """Codex's name for each hook of ours in the text of `hooks.json`, and its event."""
    places = {
        event: hook_groups.place_of_ours(hooks, event, agent=NAME)
        for event in hook_groups.our_groups(hooks, agent=NAME)
    }
    return {
        f"{path}:{trust.event_key(event)}:{place[0]}:{place[1]}": event
        for event, place in places.items()
        if place is not None
    }


def _trusted(hooks: str, path: Path, here: Surroundings) -> dict[str, str]:
    hashes = {
        event: trust.trusted_hash(
            event, command=_command(here, dialect, event), timeout=timeout, matcher=matcher
        )
        for event, dialect, timeout, matcher in HOOKS
    }
    return {name: hashes[event] for name, event in _names(hooks, path).items()}


def _notes(here: Surroundings) -> tuple[str, ...]:
    config = _folder(here) / "config.toml"
    try:
        text = _text(config)
        recorded = trust.states(text)
        names = _names(_text(_folder(here) / "hooks.json"), _folder(here) / "hooks.json")
        off = trust.hooks_are_off(text)
    except (UnavailableError, OutOfForm) as error:
        return (f"The hooks of Codex cannot be checked: {error}.",)
    notes = []
    if off:
        notes.append(
            f"{config} switches hooks off, so Codex runs none of these; remove that entry."
        )
    if not names.keys() <= recorded.keys():
        notes.append(
            "Codex skips hooks that are not trusted; install them again, or trust them with /hooks"
            " inside Codex."
        )
    return tuple(notes)
