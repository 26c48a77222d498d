"""Reading differences from git: which paths change, and how, hunk by hunk.

Paths, modes and blobs come from the raw difference, never from the headers of a patch. No
attribute, configuration or replaced object of the repository changes what is shown: nothing is
run, and no text is hidden by being called binary.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from assent.adapters.git.run import Git
from assent.core.changes.hunks import SUBMODULE, SYMLINK, Entry, FilePatch, read_patch
from assent.core.risk.edits import FileVersion
from assent.errors import UnavailableError

CONTEXT = 3
"""Lines of context. Ids of hunks are those of this context; with another they are others."""
SNIFFED = 8000
"""A file with a NUL in its first bytes is binary: the rule of git itself."""
READABLE = 8 * 1024 * 1024
"""Bytes of a file up to which it is read. A larger one counts as binary."""
AT_ONCE = 64 * 1024 * 1024
"""Bytes of files that are read by one process, and held at once where only a part is looked at."""
RENAMES = 400
"""Up to so many files that come and go are held against each other to tell renames."""
RENAMES_LIMIT_S = 10.0

_TREES = ("diff-tree", "-r", "--full-index", "--ignore-submodules=none", "--no-color")
_PATCH = (
    *("-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--submodule=short"),
    *("--diff-algorithm=myers", "--indent-heuristic", "--inter-hunk-context=0"),
    *("--src-prefix=a/", "--dst-prefix=b/", "-O/dev/null"),
)
_BLOCK = re.compile(rb"^diff --git ", re.MULTILINE)
_INDEX = re.compile(rb"^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: \d+)?$", re.MULTILINE)
_BINARY = re.compile(rb"^Binary files .* differ$", re.MULTILINE)
_RECORD = re.compile(r":(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]\d*")


def patches(git: Git, base: str, commit: str, *, context: int = CONTEXT) -> tuple[FilePatch, ...]:
    """The difference between two commits or trees, file by file, in git's order of paths.

    Raises UnavailableError when git fails.
    """
    entries = read_entries(git, base, commit)
    if not entries:
        return ()
    texts = _texts(git, (base, commit), entries, context=context)
    bases = read_blobs(git, _bases(entries, texts), limit=READABLE)
    read = [
        _read(entry, texts[entry.path], bases.get(entry.old_blob or "") or b"") for entry in entries
    ]
    return _with_renames(git, (base, commit), read)


def read_entries(git: Git, base: str, commit: str) -> tuple[Entry, ...]:
    """The paths that differ between two commits or trees, without their content."""
    items = git.items(*_TREES, "-z", "--raw", "--no-renames", "-O/dev/null", *_ends(base, commit))
    return tuple(_entry(items[at], items[at + 1]) for at in range(0, len(items), 2))


def _ends(base: str, commit: str) -> tuple[str, ...]:
    return ("--end-of-options", base, commit)


def _entry(record: str, path: str) -> Entry:
    found = _RECORD.fullmatch(record)
    if found is None:
        raise UnavailableError(f"git diff-tree printed something unknown: {record!r}.")
    old_mode, new_mode, old_blob, new_blob = found.groups()
    there, comes = old_mode != "000000", new_mode != "000000"
    return Entry(
        path=path,
        old_mode=old_mode if there else None,
        new_mode=new_mode if comes else None,
        old_blob=old_blob if there else None,
        new_blob=new_blob if comes else None,
    )


# Texts


def _texts(
    git: Git, ends: tuple[str, str], entries: Sequence[Entry], *, context: int
) -> dict[str, list[bytes]]:
    """What git prints for each path."""
    words = ("-c", f"core.bigFileThreshold={READABLE}", *_TREES, *_PATCH, f"-U{context}")
    texts = _blocks(git.output(*words, *_ends(*ends)), entries)
    called = [entry for entry in entries if any(map(_called_binary, texts[entry.path]))]
    binary = _binaries(git, [name for entry in called for name in _names(entry)])
    for entry in called:
        if binary.isdisjoint(_names(entry)):
            shown = git.output(*words, "--text", *_ends(*ends), "--", entry.path)
            texts.update(_blocks(shown, [entry]))
    return texts


def _binaries(git: Git, names: Iterable[str]) -> set[str]:
    """Which blobs are binary by their content, whatever attributes say; the larger ones are."""
    return {
        name
        for name, content in _each_blob(git, names, limit=READABLE)
        if content is None or has_nul(content)
    }


def _called_binary(text: bytes) -> bool:
    return _BINARY.search(text[: _head(text)]) is not None


def _blocks(printed: bytes, entries: Iterable[Entry]) -> dict[str, list[bytes]]:
    """The blocks of each path: one, or two when it changes its type."""
    starts = [found.start() for found in _BLOCK.finditer(printed)]
    ends = [*starts[1:], len(printed)]
    blocks = [printed[start:end] for start, end in zip(starts, ends, strict=True)]
    found: dict[str, list[bytes]] = {}
    at = 0
    for entry in entries:
        size = 2 if entry.retyped else 1
        found[entry.path] = blocks[at : at + size]
        at += size
        _check(entry, found[entry.path])
    if at != len(blocks):
        raise UnavailableError("git diff-tree printed more than the paths that differ.")
    return found


def _check(entry: Entry, blocks: Sequence[bytes]) -> None:
    """That the blocks are those of the entry: by the blobs that they name."""
    named = [_INDEX.search(block[: _head(block)]) for block in blocks]
    old, new = ((blob or "").encode() for blob in (entry.old_blob, entry.new_blob))
    pairs = [(b"", b"") if found is None else found.groups() for found in named]
    expected = [(old, b""), (b"", new)] if entry.retyped else [(old, new)]
    same = [tuple(side.strip(b"0") and side for side in pair) for pair in pairs] == expected
    if not same and not (entry.old_blob == entry.new_blob and named == [None]):
        raise UnavailableError(f"git diff-tree did not print {entry.path!r} where it was expected.")


def _head(block: bytes) -> int:
    """Where the header of a block ends."""
    at = block.find(b"\n@@ ")
    return len(block) if at < 0 else at + 1


def _bases(entries: Iterable[Entry], texts: Mapping[str, Sequence[bytes]]) -> Iterator[str]:
    """The old files that hunks are put into."""
    for entry in entries:
        if entry.plain and entry.old_blob and not any(map(_called_binary, texts[entry.path])):
            yield entry.old_blob


def _read(entry: Entry, blocks: Sequence[bytes], base: bytes) -> FilePatch:
    try:
        return read_patch(entry, blocks, base)
    except ValueError as error:
        raise UnavailableError(f"git diff-tree printed something unknown: {error}.") from error


def has_nul(content: bytes) -> bool:
    """git's own rule for what is binary."""
    return b"\0" in content[:SNIFFED]


def _with_renames(
    git: Git, ends: tuple[str, str], read: Sequence[FilePatch]
) -> tuple[FilePatch, ...]:
    gone = any(patch.new_mode is None for patch in read)
    if not gone or not any(patch.old_mode is None for patch in read):
        return tuple(read)
    words = (*_TREES, "-z", "--raw", "-M", f"-l{RENAMES}", "--diff-filter=R")
    try:
        items = replace(git, limit_s=RENAMES_LIMIT_S).items(*words, *_ends(*ends))
    except UnavailableError:
        return tuple(read)  # Renames are only told: what differs is known without them.
    renamed = {items[at + 2]: items[at + 1] for at in range(0, len(items), 3)}
    return tuple(replace(patch, renamed_from=renamed.get(patch.path, "")) for patch in read)


# Contents


def read_blobs(git: Git, names: Iterable[str], *, limit: int) -> dict[str, bytes | None]:
    """The contents of blobs by their names; None for those of more than `limit` bytes."""
    return dict(_each_blob(git, names, limit=limit))


def _each_blob(git: Git, names: Iterable[str], *, limit: int) -> Iterator[tuple[str, bytes | None]]:
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return
    printed = git.output("cat-file", "--batch-check=%(objectsize)", given=_lines(wanted))
    part: list[str] = []
    total = 0
    for name, size in zip(wanted, map(int, printed.split()), strict=True):
        if size > limit:
            yield name, None
            continue
        if total + size > AT_ONCE:
            yield from _contents(git.output("cat-file", "--batch", given=_lines(part)))
            part, total = [], 0
        part.append(name)
        total += size
    yield from _contents(git.output("cat-file", "--batch", given=_lines(part)))


def _lines(names: Sequence[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode("ascii")


def _contents(printed: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(printed):
        end = printed.index(b"\n", at)
        name, _, size = printed[at:end].decode("ascii").split(" ")
        yield name, printed[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)


def versions(git: Git, base: str, commit: str) -> tuple[FileVersion, ...]:
    """The files that differ between two commits or trees, as texts; without those of which a side
    is larger than `READABLE`.

    Bytes that are not UTF-8 stand as surrogates, so that different files are different texts. Of a
    binary file both texts are empty, and `also` says `binary`.
    """
    entries = read_entries(git, base, commit)
    found = read_blobs(git, [name for each in entries for name in _names(each)], limit=READABLE)
    return tuple(
        _version(entry, found)
        for entry in entries
        if all(found[name] is not None for name in _names(entry))
    )


def _names(entry: Entry) -> Iterator[str]:
    """The blobs of both sides. A submodule's is a commit of another repository."""
    for mode, name in ((entry.old_mode, entry.old_blob), (entry.new_mode, entry.new_blob)):
        if name is not None and mode != SUBMODULE:
            yield name


def _version(entry: Entry, found: Mapping[str, bytes | None]) -> FileVersion:
    binary = any(has_nul(found[name] or b"") for name in _names(entry))

    def text(mode: str | None, name: str | None) -> str | None:
        if mode is None or name is None:
            return None
        if mode == SUBMODULE:
            return f"Subproject commit {name}\n"
        return "" if binary else (found[name] or b"").decode("utf-8", "surrogateescape")

    return FileVersion(
        path=entry.path,
        before=text(entry.old_mode, entry.old_blob),
        after=text(entry.new_mode, entry.new_blob),
        also=_also(entry, binary=binary),
    )


def _also(entry: Entry, *, binary: bool) -> str:
    modes = (entry.old_mode, entry.new_mode)
    if SUBMODULE in modes:
        return "submodule"
    if SYMLINK in modes:
        return "symlink"
    if binary:
        return "binary"
    return "mode" if None not in modes and entry.old_mode != entry.new_mode else ""


def blob(git: Git, commit: str, path: str, *, limit: int = READABLE) -> bytes | None:
    """A file's bytes in a commit or tree; None when there is no file, or one above `limit`."""
    if not path:
        return None
    for item in git.items("ls-tree", "-z", "--full-tree", commit, "--", path):
        about, _, found = item.partition("\t")
        _, kind, name = about.split(" ")
        if found == path and kind == "blob":
            return read_blobs(git, [name], limit=limit)[name]
    return None
