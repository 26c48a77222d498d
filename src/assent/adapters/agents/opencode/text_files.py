"""What opencode's write and edit leave in a file, to the byte (1.18.33, no formatter configured).

Both keep a byte order mark. `edit` writes old and new text with the file's line ends; when it does
not find the old text exactly once it searches loosely, which cannot be foretold.
"""

import codecs
from typing import Final

from assent.adapters.agents.edits import UnforeseeableEdit, replaced_text

_MARK: Final = "\ufeff"


def written(before: bytes | None, content: str) -> bytes:
    """The file's bytes after write."""
    marked = (before or b"").startswith(codecs.BOM_UTF8) or content.startswith(_MARK)
    mark = codecs.BOM_UTF8 if marked else b""
    return mark + content.removeprefix(_MARK).encode("utf-8")


def replaced(before: bytes | None, *, old: str, new: str, every: bool, path: str) -> bytes:
    """The file's bytes after edit. Raises UnforeseeableEdit."""
    if before is None:
        if old:
            raise UnforeseeableEdit(f"{path} is to be edited and does not exist")
        return new.encode("utf-8")
    try:
        text = before.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnforeseeableEdit(f"{path} is not text that opencode can edit") from error
    mark = _MARK if text.startswith(_MARK) else ""
    plain = text.removeprefix(_MARK)
    line_end = "\r\n" if "\r\n" in plain else "\n"
    old, new = _with(line_end, old), _with(line_end, new)
    if old == new:
        raise UnforeseeableEdit(f"the text to replace in {path} stays the same")
    if every and "$" in new:
        # JavaScript's replaceAll reads $& and its like.
        raise UnforeseeableEdit("the new text holds a $, which has a meaning when all is replaced")
    if not plain.startswith(_MARK) and new.startswith(_MARK):
        raise UnforeseeableEdit("the new text begins with a byte order mark")
    changed = replaced_text(
        plain.encode("utf-8"),
        old=old.encode("utf-8"),
        new=new.encode("utf-8"),
        path=path,
        replace_all=every,
    )
    return mark.encode("utf-8") + changed


def _with(line_end: str, text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", line_end)
