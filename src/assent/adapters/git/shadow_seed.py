"""Making a shadow repository: the user's objects by hard link, the user's index by copy.

The copy keeps the index's time: git takes a file for unchanged when it is older than the index that
names it, so an index that looks newer than it is would hide edits.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git.run import Git
from assent.adapters.git.shadow_place import UserRepository, ignore_rules

ATTRIBUTES = b"* -text -eol -crlf -filter -ident -working-tree-encoding\n"
CONVERTING = ("filter", "ident", "working-tree-encoding")
"""Attributes for which git may store other bytes than the file has, of any length. Those for line
ends (`text`, `eol`, `crlf`, and `core.autocrlf`) change the length."""

# What is listed otherwise: flags that hide changes, conflicts, other repositories.
_FILES = (b"H 100644 ", b"H 100755 ")
_PLAIN = (*_FILES, b"H 120000 ")
_ENTRY = re.compile(
    rb"(?P<tag>\S) (?P<mode>\d+) (?P<blob>[0-9a-f]+) (?P<stage>\d)\t(?P<path>.*)", re.S
)
_PACK_PARTS = (".pack", ".rev", ".promisor", ".idx")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the user's index told."""

    folders: frozenset[str]
    """Folders with files that git keeps, from the root; the root is the empty name."""
    copied: int
    """Bytes of objects that could not be linked."""


def make_shadow(
    place: Path, workspace: str, *, repository: UserRepository, home: Path, limit_s: float
) -> Seeded:
    """Make the shadow repository at `place`, which is not there yet."""
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/assent/cp", "info"):
        (place / folder).mkdir(parents=True, mode=0o700)
    (place / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    (place / "config").write_text(_config(repository), encoding="utf-8")
    (place / "info" / "attributes").write_bytes(ATTRIBUTES)
    (place / "info" / "exclude").write_bytes(ignore_rules(repository, workspace, home))
    folders: frozenset[str] = frozenset({""})
    if repository.git_dir is not None and repository.is_top(workspace):
        _copy_index(repository.git_dir, place)
    # After the index: what it names was written before it.
    copied = link_objects(repository, place)
    if (place / "index").exists():
        git = Git(place, Path(workspace), limit_s=limit_s)
        folders = _plain_index(git, repository, workspace)
    return Seeded(folders, copied)


def _config(repository: UserRepository) -> str:
    known = repository.object_format == "sha256"
    lines = [
        "[core]",
        f"repositoryformatversion = {int(known)}",
        "bare = false",
        "filemode = true",
        "autocrlf = false",
        "fsync = none",
        "compression = 1",
        "protectNTFS = false",
        "protectHFS = false",
        "attributesFile = /dev/null",
        "excludesFile = /dev/null",
        *(
            f"{key} = {repository.config[f'core.{key}']}"
            for key in ("ignorecase", "precomposeunicode")
            if repository.config.get(f"core.{key}") in ("true", "false")
        ),
        "[index]",
        "sparse = false",
        "[gc]",
        "auto = 0",
    ]
    if known:
        lines += ["[extensions]", "objectFormat = sha256"]
    return "\n".join(lines) + "\n"


def _copy_index(git_dir: Path, place: Path) -> None:
    for shared in git_dir.glob("sharedindex.*"):
        shutil.copy2(shared, place / shared.name)
    try:
        with (git_dir / "index").open("rb") as source, (place / "index").open("xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            found = os.fstat(source.fileno())
    except FileNotFoundError:
        return
    os.utime(place / "index", ns=(found.st_atime_ns, found.st_mtime_ns))


def link_objects(repository: UserRepository, place: Path) -> int:
    """Give the shadow what the user's repository has and it has not; bytes copied, not linked."""
    if repository.common_dir is None:
        return 0
    source, target = repository.common_dir / "objects", place / "objects"
    if not source.is_dir():
        return 0
    _take_alternates(source, target)
    copied = 0
    with os.scandir(source) as entries:
        shards = [entry.name for entry in entries if re.fullmatch("[0-9a-f]{2}", entry.name)]
    for shard in shards:
        (target / shard).mkdir(mode=0o700, exist_ok=True)
        copied += sum(_link(one, target / shard) for one in _files(source / shard))
    packs = [one for one in _files(source / "pack") if os.path.splitext(one.name)[1] in _PACK_PARTS]
    # A pack is found by its .idx, so that comes last.
    packs.sort(key=lambda one: _PACK_PARTS.index(os.path.splitext(one.name)[1]))
    return copied + sum(_link(one, target / "pack") for one in packs)


def _files(folder: Path) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return [one for one in entries if not one.name.startswith("tmp_")]
    except FileNotFoundError:
        return []


def _link(source: "os.DirEntry[str]", folder: Path) -> int:
    target = f"{folder}/{source.name}"
    try:
        os.link(source.path, target)
    except (FileExistsError, FileNotFoundError):
        return 0
    except OSError:
        # Another file system, or a kind of it without links.
        shutil.copyfile(source.path, f"{target}.part")
        os.replace(f"{target}.part", target)
        return os.stat(target).st_size
    return 0


def _take_alternates(source: Path, target: Path) -> None:
    try:
        named = (source / "info" / "alternates").read_bytes()
    except OSError:
        return
    places = [os.path.join(os.fsencode(source), line) for line in named.splitlines() if line]
    (target / "info" / "alternates").write_bytes(b"".join(place + b"\n" for place in places))


# The index


def _plain_index(git: Git, repository: UserRepository, workspace: str) -> frozenset[str]:
    """Make the copied index one of raw files without flags; the folders that it names.

    What is to be looked at anew gets an entry without times, which matches no file.
    """
    listed = git.run("ls-files", "-v", "-s", "-z")
    if listed.returncode != 0:
        # A broken index: the checkpoints begin without it.
        (git.git_dir / "index").unlink()
        return frozenset({""})
    listing = listed.stdout
    odd = [line for line in listing.split(b"\0") if not line.startswith(_PLAIN)]
    renewed = [entry for line in odd for entry in _renewed(line, workspace)]
    folders = _folders(listing)
    attributes = _attribute_files(repository, workspace, folders)
    if attributes or repository.config.get("core.autocrlf", "false") != "false":
        rules = b"".join(place.read_bytes() for place in attributes if place.is_file())
        renewed += _converted(git, repository, listing=listing, rules=rules)
    if renewed:
        git.output("update-index", "-z", "--index-info", given=b"".join(renewed))
    return folders


def _folders(listing: bytes) -> frozenset[str]:
    parents = {path.rpartition(b"/")[0] for path in re.findall(rb"\t([^\0]+)\0", listing)}
    found = {""}
    left = [os.fsdecode(parent) for parent in parents]
    while left:
        folder = left.pop()
        if folder not in found:
            found.add(folder)
            left.append(folder.rpartition("/")[0])
    return frozenset(found)


def _renewed(line: bytes, workspace: str) -> Iterator[bytes]:
    """An entry as `update-index --index-info` reads it: without flags, or gone (mode 0)."""
    entry = _ENTRY.fullmatch(line)
    if entry is None:
        return
    there = os.path.lexists(os.path.join(os.fsencode(workspace), entry["path"]))
    if entry["mode"] == b"160000" or (entry["tag"] == b"S" and not there):
        yield b"0 %s 0\t%s\0" % (b"0" * len(entry["blob"]), entry["path"])
    elif entry["stage"] == b"0":
        yield b"%s %s 0\t%s\0" % (entry["mode"], entry["blob"], entry["path"])


def _attribute_files(
    repository: UserRepository, workspace: str, folders: Iterable[str]
) -> list[Path]:
    """Those that are there."""
    places = [repository.personal("attributesfile", "attributes"), Path("/etc/gitattributes")]
    if repository.common_dir is not None:
        places.append(repository.common_dir / "info" / "attributes")
    places += [Path(workspace, folder, ".gitattributes") for folder in folders]
    return [place for place in places if place.exists()]


def _converted(
    git: Git, repository: UserRepository, *, listing: bytes, rules: bytes
) -> list[bytes]:
    """Entries of which git may store other bytes than the file has."""
    entries = (line.partition(b"\t") for line in listing.split(b"\0") if line.startswith(_FILES))
    blobs = {path: tuple(facts.split(b" ")[1:3]) for facts, _, path in entries}
    named: set[bytes] = set()
    if any(name.encode() in rules for name in CONVERTING):
        named = _with_attributes(git, repository, paths=list(blobs))
    left = {path: blob for path, (_, blob) in blobs.items() if path not in named}
    return [
        b"%s %s 0\t%s\0" % (*blobs[path], path) for path in (*named, *_of_other_size(git, left))
    ]


def _with_attributes(git: Git, repository: UserRepository, *, paths: Sequence[bytes]) -> set[bytes]:
    """The paths with an attribute of `CONVERTING`."""
    assert repository.git_dir is not None
    attributes = repository.personal("attributesfile", "attributes")
    users = Git(repository.git_dir, git.work_tree, {"GIT_ATTR_NOSYSTEM": "0"}, git.limit_s)
    said = users.output(
        *("-c", f"core.attributesFile={attributes}", "check-attr", "-z", "--stdin", *CONVERTING),
        given=b"".join(path + b"\0" for path in paths),
    ).split(b"\0")
    return {
        path
        for path, value in zip(said[0::3], said[2::3], strict=False)
        if value not in (b"unspecified", b"unset")
    }


def _of_other_size(git: Git, blobs: Mapping[bytes, bytes]) -> list[bytes]:
    """Paths whose file is not as long as its blob."""
    if not blobs:
        return []
    given = b"".join(blob + b"\n" for blob in blobs.values())
    sizes = git.output("cat-file", "--batch-check=%(objectsize)", given=given).splitlines()
    root = os.fsencode(str(git.work_tree))
    return [
        path
        for path, size in zip(blobs, sizes, strict=True)
        if size != b"%d" % _size_of(root + b"/" + path)
    ]


def _size_of(path: bytes) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return -1
