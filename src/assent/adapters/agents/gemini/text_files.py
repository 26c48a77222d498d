"""What Gemini CLI's write_file and replace leave in a file, to the byte (0.61.0).

Both give every line CRLF when the file has one CRLF anywhere. `replace` works on text with LF,
replaces every occurrence, and keeps a last line end as it was. When it does not find the old text
exactly it searches loosely, and then asks a model: that cannot be foretold.
"""

import re
from dataclasses import dataclass
from typing import Final

from assent.adapters.agents.edits import UnforeseeableEdit, replaced_text

_LINE_END: Final = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Replacement:
    old: str
    new: str
    every: bool
    expected: int | None = None
    """How often the old text should be there, in versions that ask for it."""


def written(before: bytes | None, content: str) -> bytes:
    """The file's bytes after write_file."""
    if before and b"\r\n" in before:
        content = _LINE_END.sub("\r\n", content)
    return content.encode("utf-8")


def replaced(before: bytes | None, edit: Replacement, *, path: str) -> bytes:
    """The file's bytes after replace. Raises UnforeseeableEdit."""
    if before is None:
        if edit.old:
            raise UnforeseeableEdit(f"{path} is to be edited and does not exist")
        return edit.new.encode("utf-8")
    try:
        text = before.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnforeseeableEdit(f"{path} is not text that Gemini CLI can edit") from error
    plain = _with_lf(text)
    changed = _replaced(plain, edit, path=path)
    if plain.endswith("\n") and not changed.endswith("\n"):
        changed = f"{changed}\n"
    elif not plain.endswith("\n"):
        changed = changed.removesuffix("\n")
    return (_LINE_END.sub("\r\n", changed) if "\r\n" in text else changed).encode("utf-8")


def _replaced(plain: str, edit: Replacement, *, path: str) -> str:
    old, new = _with_lf(edit.old), _with_lf(edit.new)
    if old == new:
        raise UnforeseeableEdit(f"the text to replace in {path} stays the same")
    found = plain.count(old) if old else 0
    if edit.expected is not None and edit.expected != found:
        raise UnforeseeableEdit(f"the text to replace is in {path} {found} times")
    changed = replaced_text(
        plain.encode("utf-8"),
        old=old.encode("utf-8"),
        new=new.encode("utf-8"),
        path=path,
        replace_all=edit.every or edit.expected is not None,
    )
    return changed.decode("utf-8")


def _with_lf(text: str) -> str:
    return text.replace("\r\n", "\n")
