"""Reading shell scripts: what they would run, as far as their text tells."""

from assent.core.risk.shell.reader import (
    Folders,
    Problem,
    Redirect,
    Script,
    Simple,
    hides,
    join,
    read_script,
)
from assent.core.risk.shell.words import GLOB_CHARACTERS, Word

__all__ = [
    "GLOB_CHARACTERS",
    "Folders",
    "Problem",
    "Redirect",
    "Script",
    "Simple",
    "Word",
    "hides",
    "join",
    "read_script",
]
