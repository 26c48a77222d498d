"""The manifests of a workspace: which programs and tasks the project itself uses."""

from assent.adapters.project.project import LocalProject
from assent.adapters.project.testing_command import find_test_command

__all__ = ["LocalProject", "find_test_command"]
