"""What Copilot CLI's create and edit leave in a file, to the byte (seen with 1.0.102).

`edit` takes line ends in the new text for those of the file. When it does not find the old text
exactly it searches loosely, which cannot be foretold.
"""

from assent.adapters.agents.edits import UnforeseeableEdit, replaced_text


def created(before: bytes | None, content: str, *, path: str) -> bytes:
    """The file's bytes after create. Raises UnforeseeableEdit."""
    if before is not None:
        raise UnforeseeableEdit(f"{path} exists, and create is for new files")
    return content.encode("utf-8")


def replaced(before: bytes | None, *, old: str, new: str, path: str) -> bytes:
    """The file's bytes after edit. Raises UnforeseeableEdit."""
    if before is None:
        raise UnforeseeableEdit(f"{path} is to be edited and does not exist")
    try:
        text = before.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnforeseeableEdit(f"{path} is not text that Copilot CLI can edit") from error
    if "\r" in old + new:
        raise UnforeseeableEdit("the edit holds carriage returns")
    if _line_end(text, old + new, path=path) == "\n":
        return _only(text, old, new, path=path).encode("utf-8")
    plain = _only(text.replace("\r\n", "\n"), old, new, path=path)
    return plain.replace("\n", "\r\n").encode("utf-8")


def _line_end(text: str, edit: str, *, path: str) -> str:
    crlf = text.count("\r\n")
    if crlf == 0 or "\n" not in edit:
        return "\n"
    if crlf != text.count("\n"):
        raise UnforeseeableEdit(f"{path} mixes line ends")
    return "\r\n"


def _only(text: str, old: str, new: str, *, path: str) -> str:
    changed = replaced_text(
        text.encode("utf-8"), old=old.encode("utf-8"), new=new.encode("utf-8"), path=path
    )
    return changed.decode("utf-8")
