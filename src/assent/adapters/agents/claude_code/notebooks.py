"""What Claude Code's NotebookEdit leaves in a notebook, to the byte (seen with 2.1.329).

It parses the file and writes it anew with one space of indentation. Replacing a cell's source and
deleting a cell can be foretold; an inserted cell gets a random id, so that edit is unforeseeable.
"""

import json
import re
from collections.abc import Mapping, Sequence

from assent.adapters.agents.edits import UnforeseeableEdit
from assent.adapters.agents.payloads import UnreadablePayload, is_array, is_object, read_json
from assent.core.canonical import Json

_POSITION = re.compile(r"cell-(\d{1,6})")
_EXACT_IN_JS = 2**53


def source_replaced(before: bytes | None, *, cell: str, source: str, path: str) -> bytes:
    """The notebook with the source of `cell` replaced. Raises UnforeseeableEdit."""
    notebook, cells, index = _find(before, cell, path)
    old = cells[index]
    if not is_object(old):
        raise UnforeseeableEdit(f"{path} is not a notebook")
    new: dict[str, Json] = {**old, "source": source}
    if old.get("cell_type") == "code":
        new |= {"execution_count": None, "outputs": []}
    return _written({**notebook, "cells": [*cells[:index], new, *cells[index + 1 :]]}, before)


def cell_deleted(before: bytes | None, *, cell: str, path: str) -> bytes:
    """The notebook without `cell`. Raises UnforeseeableEdit."""
    notebook, cells, index = _find(before, cell, path)
    return _written({**notebook, "cells": [*cells[:index], *cells[index + 1 :]]}, before)


def _find(
    before: bytes | None, cell: str, path: str
) -> tuple[Mapping[str, Json], Sequence[Json], int]:
    """The notebook, its cells, and the index of the one with that id, or position `cell-N`."""
    if before is None:
        raise UnforeseeableEdit(f"{path} is to be edited and does not exist")
    try:
        notebook = read_json(before)
    except UnreadablePayload as error:
        raise UnforeseeableEdit(f"{path} is not a notebook") from error
    cells = notebook.get("cells") if is_object(notebook) else None
    if not is_object(notebook) or not is_array(cells) or b"\r" in before:
        raise UnforeseeableEdit(f"{path} is not a notebook")
    if not _same_in_js(notebook):
        raise UnforeseeableEdit(f"{path} holds JSON that Claude Code would write differently")
    ids = [item.get("id") if is_object(item) else None for item in cells]
    position = _POSITION.fullmatch(cell)
    if cell in ids:
        return notebook, cells, ids.index(cell)
    if position is not None and int(position[1]) < len(cells):
        return notebook, cells, int(position[1])
    raise UnforeseeableEdit(f"{path} has no cell {cell!r}")


def _same_in_js(value: Json) -> bool:
    """Whether JavaScript, having parsed `value`, writes the same JSON as Python."""
    match value:
        case bool() | None | str():
            return True
        case int():
            return abs(value) <= _EXACT_IN_JS
        case float():
            return not value.is_integer() and "e" not in repr(value)
        case Mapping():
            # JavaScript moves names that look like numbers to the front.
            return all(not key.isdigit() and _same_in_js(item) for key, item in value.items())
        case _:
            return all(_same_in_js(item) for item in value)


def _written(notebook: Mapping[str, Json], before: bytes | None) -> bytes:
    last = "\n" if before is not None and before.endswith(b"\n") else ""
    try:
        return (json.dumps(notebook, indent=1, ensure_ascii=False) + last).encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnforeseeableEdit("the notebook holds text that is not valid Unicode") from error
