"""Whether a skill is only text.

A skill may run commands while it is loaded (``!`command` `` in its text), and its front matter may
set hooks; Claude Code asks its hooks about neither (seen with 2.1.329). A skill is taken for text
only when every file it could come from is found to hold neither.
"""

import posixpath
import re
from collections.abc import Iterator

from assent.app.agents import Files, UnreadableFile

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_RUNS = re.compile(rb"!\s*`|```+\s*!|^\s*['\"]?hooks['\"]?\s*:", re.MULTILINE)


def is_only_text(skill: str, *, cwd: str, config: str, files: Files) -> bool:
    """Whether `skill` is found as a file, and no file of its name runs anything.

    `config` is Claude Code's own folder. Skills of plugins and built-in ones are not found.
    """
    if not _NAME.fullmatch(skill):
        return False
    found = False
    for path in _candidates(skill, cwd=cwd, config=config):
        try:
            content = files.read(path)
        except UnreadableFile:
            return False
        if content is not None:
            if _RUNS.search(content):
                return False
            found = True
    return found


def _candidates(skill: str, *, cwd: str, config: str) -> Iterator[str]:
    folders = [config] if config else []
    folder = cwd
    while True:
        folders.append(posixpath.join(folder, ".claude"))
        if folder in ("/", ""):
            break
        folder = posixpath.dirname(folder)
    for folder in folders:
        yield posixpath.join(folder, "skills", skill, "SKILL.md")
        yield posixpath.join(folder, "commands", f"{skill}.md")
