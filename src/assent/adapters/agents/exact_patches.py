"""Patches that every `apply_patch` tool applies in the same way.

The tools differ in how they search loosely, in what they do with CRLF and with a missing last line
end, and in what a chunk without old lines means. A patch that leaves them no such choice has one
result, and only such a patch is foreseen here.
"""

from assent.adapters.agents.edits import UnforeseeableEdit, read_before
from assent.adapters.agents.patches import (
    AddFile,
    Chunk,
    DeleteFile,
    Section,
    UpdateFile,
    patched_files,
    read_patch,
)
from assent.adapters.agents.payloads import UnreadablePayload, absolute
from assent.app.agents import Files
from assent.core.actions import FileChange


def exactly_patched_files(files: Files, patch: str, *, cwd: str) -> tuple[FileChange, ...]:
    """What `patch` would do in any tool, one change for each file. Raises UnforeseeableEdit."""
    touched: set[str] = set()
    for section in read_patch(patch):
        for path in _paths(section, cwd):
            if path in touched:
                raise UnforeseeableEdit(f"the patch changes {path} more than once")
            touched.add(path)
        _check(section, files, cwd)
    return patched_files(files, patch, cwd=cwd)


def _paths(section: Section, cwd: str) -> list[str]:
    moved_to = section.moved_to if isinstance(section, UpdateFile) else None
    names = [section.path] if moved_to is None else [section.path, moved_to]
    try:
        return [absolute(name, cwd=cwd) for name in names]
    except UnreadablePayload as error:
        raise UnforeseeableEdit(str(error)) from error


def _check(section: Section, files: Files, cwd: str) -> None:
    path, *moved_to = _paths(section, cwd)
    created = [path] if isinstance(section, AddFile) else moved_to
    for target in created:
        if read_before(files, target) is not None:
            raise UnforeseeableEdit(f"the patch creates {target}, which exists")
    if isinstance(section, AddFile | DeleteFile):
        return
    text = _plain_text(read_before(files, path), path)
    end = 0
    for chunk in section.chunks:
        end = _only_place(text, chunk, start=end, path=path)


def _plain_text(content: bytes | None, path: str) -> str:
    if content is None:
        raise UnforeseeableEdit(f"{path} is to be patched and does not exist")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnforeseeableEdit(f"{path} is not UTF-8") from error
    if "\r" in text or not text.endswith("\n"):
        raise UnforeseeableEdit(f"{path} does not end every line with LF")
    return text


def _only_place(text: str, chunk: Chunk, *, start: int, path: str) -> int:
    """Offset behind the one place that the chunk can mean."""
    if not chunk.old:
        raise UnforeseeableEdit(f"the patch does not say where in {path} its lines go")
    if chunk.after is not None:
        start = _only(text, (chunk.after,), start=start, path=path)
    return _only(text, chunk.old, start=start, path=path)


def _only(text: str, lines: tuple[str, ...], *, start: int, path: str) -> int:
    """Offset behind `lines`, which must be in `text` exactly once, and not before `start`."""
    lined = f"\n{text}"
    wanted = "\n" + "\n".join(lines) + "\n"
    found = lined.find(wanted)
    if found < start or lined.find(wanted, found + 1) != -1:
        raise UnforeseeableEdit(f"the lines to replace are not exactly once in {path}")
    return found + len(wanted) - 1
