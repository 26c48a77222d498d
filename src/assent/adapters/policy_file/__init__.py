"""Policy files: TOML text to the core's `Policy`, with errors that say where and what to do."""

from assent.adapters.policy_file.reader import BUILT_IN, PolicyFiles, default_policy, parse_policy

__all__ = ["BUILT_IN", "PolicyFiles", "default_policy", "parse_policy"]
