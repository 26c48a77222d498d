"""Read an edit that an agent asks for, and a change that is submitted."""

from collections.abc import Iterator, Sequence

from assent.core.actions import EditKind, FileChange, FileEdit
from assent.core.facts import Facts
from assent.core.risk.edits.classes import PathClass, classes_of
from assent.core.risk.edits.diffs import Hunk, hunks_of, hunks_of_diff
from assent.core.risk.edits.interface import interface_signs
from assent.core.risk.edits.model import (
    SENSITIVE_EDIT,
    WORKSPACE_EDIT,
    ChangeReading,
    FileVersion,
    HunkReading,
)
from assent.core.risk.edits.signs import (
    Place,
    class_signs,
    guard_signs,
    hunk_signs,
    size_sign,
    text_signs,
)
from assent.core.risk.edits.trivial import trivial_because
from assent.core.risk.factors import PLAIN, RiskClass
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.paths import lies_in, name_in, shown
from assent.core.risk.shell import join


def inspect_edit(action: FileEdit, facts: Facts) -> tuple[Evidence, ...]:
    """Evidence about an edit beyond what its paths alone amount to."""
    found: list[Evidence] = []
    sizes: dict[str, int] = {}
    for change in action.changes:
        place = _place(change, action.cwd, facts)
        hunks = hunks_of_diff(change.diff)
        sizes[place.real] = sizes.get(place.real, 0) + _lines(hunks)
        found.extend(class_signs(place))
        if change.moved_to is not None:
            found.extend(class_signs(_place(change, action.cwd, facts, moved=True)))
        if change.kind is EditKind.DELETE:
            found.extend(_deleted_test(place))
        else:
            found.extend(text_signs(place, hunks, _whole(change)))
    size = size_sign(sizes)
    if size.risk > RiskClass.LOW:
        found.append(size)
    return tuple(dict.fromkeys(found))


def hunks_of_edit(action: FileEdit, facts: Facts) -> tuple[HunkReading, ...]:
    """The changed places of an edit, each with what stands out in it."""
    return tuple(
        reading
        for change in action.changes
        for reading in _readings(
            _place(change, action.cwd, facts), hunks_of_diff(change.diff), change.path
        )
    )


def inspect_change(files: Sequence[FileVersion]) -> ChangeReading:
    """What a whole change amounts to; paths that lead out of the repository are not followed."""
    evidence: list[Evidence] = []
    hunks: list[HunkReading] = []
    reasons: list[str] = []
    sizes: dict[str, int] = {}
    for file in files:
        place = Place(path=file.path, said=shown(file.path) or "the text", real=file.path)
        places = hunks_of(file)
        sizes[file.path] = _lines(places)
        hunks.extend(_readings(place, places, file.path))
        signs, reason = _inspect_file(file, place, places)
        evidence.extend(signs)
        reasons.append(reason)
    if files:
        evidence.append(size_sign(sizes))
    proven = bool(reasons) and all(reasons)
    if proven:
        evidence = [item for item in evidence if item.rule not in ("size", "large-edit")]
    ordered = sorted(dict.fromkeys(evidence), key=lambda item: -item.risk)
    return ChangeReading(
        evidence=tuple(ordered),
        hunks=tuple(hunks),
        trivial="; ".join(dict.fromkeys(reasons)) if proven else "",
    )


def _inspect_file(
    file: FileVersion, place: Place, hunks: Sequence[Hunk]
) -> tuple[list[Evidence], str]:
    """The evidence of one file, and how it is proven trivial."""
    marked = list(hunk_signs(place, hunks))
    reason = "" if marked else trivial_because(file)
    if reason:
        what = f"changes nothing that matters in {place.said}: {reason}"
        return [place.sign("trivial", what, PLAIN, Effect.NONE)], reason
    found = [*guard_signs(place), *class_signs(place)]
    if file.after is None:
        what = f"deletes {place.said}, which the repository keeps"
        found.extend([place.sign("delete", what, WORKSPACE_EDIT), *_deleted_test(place)])
    else:
        found.extend(text_signs(place, hunks, (file.before, file.after)))
        found.extend(interface_signs(place, file))
        found.append(place.sign("edit", f"edits {place.said}", WORKSPACE_EDIT))
    return found, ""


def _place(change: FileChange, cwd: str, facts: Facts, *, moved: bool = False) -> Place:
    """The file as it really is, from the workspace where it lies in there."""
    target = change.moved_to if moved and change.moved_to is not None else change.path
    written = join(cwd, target)
    fact = facts.paths.get(written)
    real = written if fact is None else fact.real
    inside = lies_in(real, facts.workspace)
    path = real[len(facts.workspace) :].lstrip("/") if inside else real
    return Place(path=path, said=name_in(real, facts), real=real)


def _lines(hunks: Sequence[Hunk]) -> int:
    return sum(len(hunk.removed) + len(hunk.added) for hunk in hunks)


def _whole(change: FileChange) -> tuple[str | None, str | None] | None:
    """The whole texts of a change, where its diff shows them: those of a new file."""
    if change.kind is not EditKind.CREATE:
        return None
    lines = [line.text for hunk in hunks_of_diff(change.diff) for line in hunk.added]
    return (None, "\n".join(lines))


def _deleted_test(place: Place) -> Iterator[Evidence]:
    if PathClass.TESTS in classes_of(place.path):
        yield place.sign("test-removed", f"deletes the tests in {place.said}", SENSITIVE_EDIT)


def _readings(place: Place, hunks: Sequence[Hunk], file: str) -> Iterator[HunkReading]:
    """Each place with its own evidence; what the kind of file says holds for all of them."""
    of_file = (*guard_signs(place), *class_signs(place))
    for hunk in hunks:
        evidence = (*text_signs(place, (hunk,)), *of_file)
        yield HunkReading(
            file=file,
            before_start=hunk.before_start,
            after_start=hunk.after_start,
            risk=max((item.risk for item in evidence), default=RiskClass.LOW),
            evidence=tuple(sorted(dict.fromkeys(evidence), key=lambda item: -item.risk)),
        )
