"""What an edit would change: secrets, weaker tests and checks, sensitive files, and what is proven
to be trivial. Pure; nothing is read but the texts."""

from assent.core.risk.edits.classes import PathClass, classes_of
from assent.core.risk.edits.inspect import hunks_of_edit, inspect_change, inspect_edit
from assent.core.risk.edits.model import ChangeReading, FileVersion, HunkReading
from assent.core.risk.edits.secrets import Secret, find_secrets

__all__ = [
    "ChangeReading",
    "FileVersion",
    "HunkReading",
    "PathClass",
    "Secret",
    "classes_of",
    "find_secrets",
    "hunks_of_edit",
    "inspect_change",
    "inspect_edit",
]
