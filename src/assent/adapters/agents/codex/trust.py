"""Codex's record of the hooks its user trusts, in `config.toml`.

    [hooks.state."/home/dev/.codex/hooks.json:pre_tool_use:0:0"]
    trusted_hash = "sha256:..."

Codex skips a hook that is not recorded so, without a word. The hash is over the handler as Codex
normalises it, the name holds the group's and the handler's index (seen with 0.169.0).
"""

import json
import re
import tomllib
from collections.abc import Mapping, Set

import tomlkit
from tomlkit.exceptions import TOMLKitError

from assent.adapters.agents.json_text import OutOfForm
from assent.core.canonical import Json, digest_of


def event_key(event: str) -> str:
    """`PreToolUse` as Codex spells it in names and hashes: `pre_tool_use`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()


def trusted_hash(event: str, *, command: str, timeout: int, matcher: str | None) -> str:
    """The hash that Codex computes for a command hook."""
    handler: Json = {"async": False, "command": command, "timeout": timeout, "type": "command"}
    identity: dict[str, Json] = {"event_name": event_key(event), "hooks": [handler]}
    if matcher is not None:
        identity["matcher"] = matcher
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return str(digest_of(text.encode("utf-8")))


def with_trust(config: str, trusted: Mapping[str, str]) -> str:
    """`config` with these hashes recorded, by name of the hook. Raises OutOfForm."""
    found = states(config)
    wanted = {name: {"trusted_hash": value} for name, value in trusted.items()}
    if all(found.get(name) == state for name, state in wanted.items()):
        return config
    try:
        document = tomlkit.parse(config)
        hooks = document.setdefault("hooks", tomlkit.table(is_super_table=True))
        recorded = hooks.setdefault("state", tomlkit.table(is_super_table=True))
        for name, state in wanted.items():
            table = tomlkit.table()
            table.update(state)
            recorded[name] = table
        return _checked(tomlkit.dumps(document), {**found, **wanted})
    except (TOMLKitError, ValueError, TypeError, AttributeError) as error:
        raise OutOfForm("its `hooks` are written in a form that cannot be added to") from error


def without_trust(config: str, names: Set[str]) -> str:
    """`config` without the records of these hooks. Raises OutOfForm."""
    found = states(config)
    if not found.keys() & names:
        return config
    try:
        document = tomlkit.parse(config)
        hooks = document["hooks"]
        for name in found.keys() & names:
            del hooks["state"][name]
        if not hooks["state"]:
            del hooks["state"]
        if not hooks:
            del document["hooks"]
        left = {name: state for name, state in found.items() if name not in names}
        return _checked(tomlkit.dumps(document), left)
    except (TOMLKitError, ValueError, TypeError, AttributeError) as error:
        raise OutOfForm("its `hooks` are written in a form that cannot be changed") from error


def states(config: str) -> dict[str, object]:
    """What `config` records, by name of the hook. Raises OutOfForm when it is not TOML."""
    try:
        data = tomllib.loads(config)
    except tomllib.TOMLDecodeError as error:
        raise OutOfForm(f"it is not TOML: {error}") from error
    hooks = data.get("hooks", {})
    found = hooks.get("state", {}) if isinstance(hooks, dict) else {}
    if not isinstance(found, dict):
        raise OutOfForm("`hooks.state` in it is not a table")
    return found


def hooks_are_off(config: str) -> bool:
    """Whether `config` switches Codex's hooks off altogether."""
    features = tomllib.loads(config).get("features", {})
    return isinstance(features, dict) and False in (
        features.get("hooks"),
        features.get("codex_hooks"),
    )


def _checked(config: str, expected: Mapping[str, object]) -> str:
    """`config`, after another parser has found in it just what was meant."""
    if states(config) != expected:
        raise ValueError("the file would not say what was meant")
    return config
