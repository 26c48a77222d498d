"""Reading shell scripts: what they would run, as far as their text tells."""

from assent.core.risk.shell.folders import join
from assent.core.risk.shell.model import (
    FRESH_PATH,
    GLOB_CHARACTERS,
    PLAIN_VARIABLES,
    REPOSITORY_ROOT,
    UNKNOWN_FOLDER,
    Folders,
    Problem,
    Redirect,
    Script,
    Simple,
    Word,
)
from assent.core.risk.shell.reader import read_script
from assent.core.risk.shell.text import hides

__all__ = [
    "FRESH_PATH",
    "GLOB_CHARACTERS",
    "PLAIN_VARIABLES",
    "REPOSITORY_ROOT",
    "UNKNOWN_FOLDER",
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
