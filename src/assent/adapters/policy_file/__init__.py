"""Policy files: TOML text to the core's `Policy`, with errors that say where and what to do."""

from assent.adapters.policy_file.reader import (
    BUILT_IN,
    PolicyFiles,
    default_policy,
    json_schema,
    parse_policy,
    starting_text,
)
from assent.adapters.policy_file.values import PROFILES

__all__ = [
    "BUILT_IN",
    "PROFILES",
    "PolicyFiles",
    "default_policy",
    "json_schema",
    "parse_policy",
    "starting_text",
]
