"""Folders, followed through `cd` by their names alone."""

from assent.core.risk.shell.model import REPOSITORY_ROOT, UNKNOWN_FOLDER, Folders


def join(folder: str, path: str) -> str:
    """`path` as seen from `folder`; nothing is resolved. `~` is left to who knows the home."""
    if path == "~" or path.startswith(("/", "~/")):
        return path
    return f"{folder.rstrip('/')}/{path}"


def entered(folders: Folders, path: str) -> Folders:
    """Where `cd path` leads. The shell forgets symlinks before `..`, the kernel does not."""
    found: list[str] = []
    for folder in folders:
        written = join(folder, path)
        if written.startswith(UNKNOWN_FOLDER):
            found.append(UNKNOWN_FOLDER)
        elif ".." not in path.split("/"):
            found.append(written)
        elif written.startswith(REPOSITORY_ROOT):
            found.append(_forget_parents(written))
        else:
            found += [written, _forget_parents(written)]
    return tuple(found)


def _forget_parents(path: str) -> str:
    """Drop `..` and what stands before it, without asking where symlinks lead."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and kept and kept[-1] not in ("", "~"):
            kept.pop()
        elif part != ".":
            kept.append(part)
    forgotten = "/".join(kept) or "/"
    if path.startswith(REPOSITORY_ROOT) and not forgotten.startswith(REPOSITORY_ROOT):
        return UNKNOWN_FOLDER
    return forgotten
