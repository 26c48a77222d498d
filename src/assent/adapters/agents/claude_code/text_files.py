"""What Claude Code's Write and Edit leave in a file, to the byte (seen with 2.1.329).

Both keep the encoding that a byte order mark shows (UTF-8 with a mark, UTF-16 little-endian).
Write then stores its content as it is. Edit works on text with LF and gives every line the line
end that prevails in the file's first 4096 characters.
"""

import codecs
from dataclasses import dataclass
from typing import Final

from assent.adapters.agents.edits import UnforeseeableEdit, replaced_text

HEAD: Final = 4096
"""Where Claude Code looks for the prevailing line end: characters, or bytes; both must agree."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement of an Edit or MultiEdit."""

    old: str
    new: str
    every: bool


def written(before: bytes | None, content: str) -> bytes:
    """The file's bytes after a Write. Raises UnforeseeableEdit."""
    mark, encoding = _encoding(before or b"")
    if mark and content.startswith("\ufeff"):
        raise UnforeseeableEdit("both the file and the new content begin with a byte order mark")
    return mark + content.encode(encoding)


def edited(before: bytes | None, replacements: tuple[Replacement, ...], *, path: str) -> bytes:
    """The file's bytes after replacements, one after the other. Raises UnforeseeableEdit.

    Claude Code also finds text whose quotes are typographic where the old text has plain ones;
    how it then writes the new text is not computed here.
    """
    if not before and replacements and replacements[0].old == "":
        return edited(replacements[0].new.encode("utf-8"), replacements[1:], path=path)
    if before is None:
        raise UnforeseeableEdit(f"{path} is to be edited and does not exist")
    mark, encoding = _encoding(before)
    try:
        text = before[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise UnforeseeableEdit(f"{path} is not text that Claude Code can edit") from error
    if not replacements:
        return before
    line_end = _line_end(text, before, path=path)
    plain = text.replace("\r\n", "\n")
    for replacement in replacements:
        plain = _replaced(plain, replacement, path)
    if line_end == "\r\n":
        plain = plain.replace("\r\n", "\n").replace("\n", "\r\n")
    return mark + plain.encode(encoding)


def _replaced(text: str, replacement: Replacement, path: str) -> str:
    old = replacement.old
    found = text.count(old) if old else 0
    if found > 1 and not replacement.every:
        raise UnforeseeableEdit(f"the text to replace is in {path} {found} times")
    # Removing the text of a line removes the line.
    if replacement.new == "" and not old.endswith("\n") and f"{old}\n" in text:
        old = f"{old}\n"
    changed = replaced_text(
        text.encode("utf-8"),
        old=old.encode("utf-8"),
        new=replacement.new.encode("utf-8"),
        path=path,
        replace_all=replacement.every,
    )
    return changed.decode("utf-8")


def _encoding(before: bytes) -> tuple[bytes, str]:
    if before.startswith(codecs.BOM_UTF16_LE):
        return codecs.BOM_UTF16_LE, "utf-16-le"
    if before.startswith(codecs.BOM_UTF8):
        return codecs.BOM_UTF8, "utf-8"
    return b"", "utf-8"


def _line_end(text: str, before: bytes, *, path: str) -> str:
    crlf = text.count("\r\n")
    if crlf in (0, text.count("\n")):
        return "\r\n" if crlf else "\n"
    by_characters = _prevails(text[:HEAD])
    if by_characters != _prevails(before[:HEAD].decode("utf-8", "replace")):
        raise UnforeseeableEdit(f"{path} mixes line ends")
    return "\r\n" if by_characters else "\n"


def _prevails(head: str) -> bool:
    """Whether most lines end in CRLF."""
    crlf = head.count("\r\n")
    return crlf > head.count("\n") - crlf
