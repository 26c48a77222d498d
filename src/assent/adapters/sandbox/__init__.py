"""Commands that are not trusted, run on a commit's files: tests and the project's own checks."""

from assent.adapters.sandbox.confinement import Confinement
from assent.adapters.sandbox.runs import SandboxedTests

__all__ = ["Confinement", "SandboxedTests"]
