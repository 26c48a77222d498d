"""The user's files as the core may know them: facts about paths, policy files, whole files."""

from assent.adapters.workspace.files import LocalFiles
from assent.adapters.workspace.world import LocalWorld

__all__ = ["LocalFiles", "LocalWorld"]
