"""The manifests of a workspace: which programs and tasks the project itself uses."""

from assent.adapters.project.project import LocalProject

__all__ = ["LocalProject"]
