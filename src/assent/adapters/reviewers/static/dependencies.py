"""What a change does to what the project installs, and where that comes from."""

import re
from collections.abc import Iterator, Mapping, Sequence

from assent.adapters.reviewers.static.reading import Files
from assent.app.changes.ports import Subject
from assent.core.changes.dependencies import (
    LOCKS,
    MANIFESTS,
    Move,
    Moved,
    Need,
    is_manifest,
    moves,
    origins,
    spelled,
    tells_origins,
)
from assent.core.changes.findings import Reported, added_lines
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import Severity
from assent.core.risk.edits import FileVersion

RULES = {
    Move.ADDED: ("dependency-added", Severity.WARNING),
    Move.REMOVED: ("dependency-removed", Severity.INFO),
    Move.SOURCE: ("dependency-source", Severity.WARNING),
    Move.LOOSENED: ("dependency-loosened", Severity.WARNING),
    Move.CHANGED: ("dependency-changed", Severity.INFO),
}


def look(subject: Subject, files: Files) -> Iterator[Reported]:
    touched = [
        patch
        for patch in subject.patches
        if is_manifest(_name(patch.path)) or tells_origins(_name(patch.path))
    ]
    if not touched or not files.are_whole:
        return
    texts = {version.path: version for version in files.versions()}
    needing: list[str] = []
    for patch in touched:
        version = texts.get(patch.path, FileVersion(patch.path, None, None))
        if is_manifest(_name(patch.path)):
            found = moves(_name(patch.path), version.before, version.after)
            yield from _of_manifest(patch, found)
            if found is None or any(item.after != item.before for item in found):
                needing.append(patch.path)
        if tells_origins(_name(patch.path)):
            yield from _of_origins(patch, version)
    yield from _of_locks([patch.path for patch in touched], needing, subject, files)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _of_manifest(patch: FilePatch, found: Sequence[Moved] | None) -> Iterator[Reported]:
    if found is None:
        yield Reported(
            rule="manifest-unreadable",
            severity=Severity.WARNING,
            message=f"{patch.path} cannot be read as what its name says, so nobody knows what it "
            "asks for",
            path=patch.path,
        )
        return
    lines = list(added_lines(patch))
    for item in found:
        rule, severity = RULES[item.move]
        yield Reported(
            rule=rule,
            severity=severity,
            message=_said(item),
            path=patch.path,
            line=_line_of(item.name, lines),
        )


def _said(item: Moved) -> str:
    before, after = _need(item.before), _need(item.after)
    match item.move:
        case Move.ADDED:
            return f"needs {item.name} {after} from now on".replace("  ", " ")
        case Move.REMOVED:
            return f"no longer needs {item.name}"
        case Move.SOURCE:
            return f"takes {item.name} from {_origin(item.after)}, and not from " + _origin(
                item.before
            )
        case Move.LOOSENED:
            return f"takes more versions of {item.name} than before: {before} becomes {after}"
        case Move.CHANGED:
            return f"takes other versions of {item.name}: {before} becomes {after}"


def _need(need: Need | None) -> str:
    if need is None:
        return ""
    spec = need.spec or "any version"
    return f"{spec} from {need.source}" if need.source else spec


def _origin(need: Need | None) -> str:
    return need.source if need is not None and need.source else "the registry"


def _line_of(name: str, lines: Sequence[tuple[int, str]]) -> int:
    """Where the change names a package; 0 when no added line does."""
    plain = re.escape(re.sub(r"[-_.]+", "-", name))
    wanted = re.compile(rf"(?<![\w/@-]){plain}(?![\w/-])", re.IGNORECASE)
    return next(
        (number for number, line in lines if wanted.search(re.sub(r"[-_.]+", "-", line))), 0
    )


def _of_origins(patch: FilePatch, version: FileVersion) -> Iterator[Reported]:
    name = _name(patch.path)
    before = {found.host for _, found in origins(name, (version.before or "").splitlines())}
    lines = list(added_lines(patch))
    told: set[tuple[str, bool]] = set()
    for place, found in origins(name, [line for _, line in lines]):
        if (found.host, found.safe) in told:
            continue
        told.add((found.host, found.safe))
        if not found.safe:
            yield Reported(
                rule="insecure-source",
                severity=Severity.ERROR,
                message=f"installs from {found.host} by plain HTTP, where anybody on the way can "
                "put something else",
                path=patch.path,
                line=lines[place][0],
            )
        elif before and found.host not in before:
            yield Reported(
                rule="new-source",
                severity=Severity.WARNING,
                message=f"installs from {found.host}, which it did not before",
                path=patch.path,
                line=lines[place][0],
            )


def _of_locks(
    touched: Sequence[str], needing: Sequence[str], subject: Subject, files: Files
) -> Iterator[Reported]:
    """A lock file that changes alone, and a manifest whose lock file does not follow."""
    gone = {patch.path for patch in subject.patches if patch.new_mode is None}
    locks = [path for path in touched if _name(path).lower() in LOCKS and path not in gone]
    for lock in locks:
        manifest = LOCKS[_name(lock).lower()]
        folder = lock[: -len(_name(lock))]
        if not any(path.startswith(folder) and _name(path).lower() == manifest for path in touched):
            yield Reported(
                rule="lock-alone",
                severity=Severity.WARNING,
                message=f"changes what is installed, though no {manifest} asks for something else",
                path=lock,
            )
    for path in needing:
        if path not in gone and not _followed(path, locks):
            lock_there = _lock_of(path, files, _known_folders(path))
            if lock_there:
                yield Reported(
                    rule="lock-behind",
                    severity=Severity.WARNING,
                    message=f"asks for something else, and {lock_there} was not written anew",
                    path=path,
                )


def _followed(manifest: str, locks: Sequence[str]) -> bool:
    """Whether a lock file of this manifest, in its folder or above, changes too."""
    names = _locks_of(manifest)
    return any(
        _name(lock).lower() in names and manifest.startswith(lock[: -len(_name(lock))])
        for lock in locks
    )


def _locks_of(manifest: str) -> frozenset[str]:
    known: Mapping[str, frozenset[str]] = MANIFESTS
    return known.get(_name(manifest).lower(), frozenset())


def _known_folders(path: str) -> Iterator[str]:
    """The folder of a file and those above it, each with its slash."""
    parts = path.split("/")[:-1]
    for count in range(len(parts), -1, -1):
        yield "".join(f"{part}/" for part in parts[:count])


def _lock_of(manifest: str, files: Files, folders: Iterator[str]) -> str:
    """The lock file that the revision has for a manifest; empty when there is none."""
    for folder in folders:
        for name in sorted(_locks_of(manifest)):
            if files.holds(folder + spelled(name)):
                return folder + spelled(name)
    return ""
