"""Changes of which nothing can come: proven by the rules of the language, never guessed."""

import json
import re
import tomllib

from assent.core.risk.edits.classes import PathClass, classes_of
from assent.core.risk.edits.diffs import hunks_of
from assent.core.risk.edits.hidden import Hiding, hiding_in
from assent.core.risk.edits.model import FileVersion
from assent.core.risk.edits.same_python import same_python
from assent.core.risk.edits.same_tokens import same_tokens

_PROSE_ENDS = (".md", ".markdown", ".rst", ".adoc", ".asciidoc", ".txt")
_EXECUTED = re.compile(
    r"^\s*(?:>>>|\.\.\s+\w|`{3,}\s*\{|~{3,}\s*\{|:{3,}|include::|`{3,}.*\bexec)"
    r"|\{%|\{\{|<%|<script|<iframe|javascript:|\bon\w+=",
    re.IGNORECASE,
)
"""Lines of prose that a tool may run or expand: examples, directives, cells, templates."""

_BINDING = re.compile(r"licen[cs]e|copying|notice|patents|cla")
"""What prose of these names says is agreed to, not explained."""

_NEVER = {PathClass.INSTRUCTIONS, PathClass.POLICY, PathClass.MANIFEST, PathClass.LOCKFILE}


def trivial_because(file: FileVersion) -> str:
    """How it is proven that nothing can come of this change; empty when it is not proven."""
    if file.also or file.before is None or file.after is None:
        return ""
    if file.before == file.after:
        return "nothing changes"
    if hiding_in(file.after.removeprefix("\ufeff")) is not Hiding.NOTHING:
        return ""
    classes = classes_of(file.path)
    if PathClass.DOCS in classes and not classes & _NEVER:
        return _prose(file)
    return _same(file.path.casefold(), file.before, file.after)


def _prose(file: FileVersion) -> str:
    """Documentation, unless a changed line, or one that takes its meaning, is run somewhere."""
    name = file.path.casefold().rsplit("/", 1)[-1]
    if ("." in name and not name.endswith(_PROSE_ENDS)) or _BINDING.match(name):
        return ""
    changed = (line.text for hunk in hunks_of(file) for line in (*hunk.removed, *hunk.added))
    return "" if any(_EXECUTED.search(line) for line in changed) else "documentation only"


def _same(name: str, before: str, after: str) -> str:
    if name.endswith((".py", ".pyi")) or name == "":
        return same_python(before, after)
    if name.endswith((".json", ".webmanifest")):
        same = _json(before) is not None and _json(before) == _json(after)
        return "formatting only: the same JSON values in the same order" if same else ""
    if name.endswith(".toml"):
        same = _toml(before) is not None and _toml(before) == _toml(after)
        return "formatting and comments only: the same TOML values" if same else ""
    return same_tokens(name, before, after)


def _json(text: str) -> str | None:
    """The values in their order, duplicates included; None when it is not plain JSON."""
    try:
        read: object = json.loads(
            text, object_pairs_hook=lambda pairs: ["{}", *pairs], parse_float=str, parse_int=str
        )
        return repr(read)
    except (ValueError, RecursionError):
        return None


def _toml(text: str) -> str | None:
    try:
        return repr(tomllib.loads(text))
    except (ValueError, RecursionError):
        return None
