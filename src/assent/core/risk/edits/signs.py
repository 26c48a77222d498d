"""What stands out in the changed places of one file: evidence, whatever shows the change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assent.core.risk.edits.classes import PathClass, classes_of
from assent.core.risk.edits.diffs import Hunk, Line
from assent.core.risk.edits.hidden import Hiding, hiding_in
from assent.core.risk.edits.manifests import destroys, lifecycle_scripts, new_dependencies
from assent.core.risk.edits.model import SECRET_EDIT, SENSITIVE_EDIT, WORKSPACE_EDIT
from assent.core.risk.edits.secrets import MADE_UP, find_secrets
from assent.core.risk.edits.weaker import weaker_checks, weaker_tests
from assent.core.risk.factors import Factors, Reach, Reversibility, Sensitivity
from assent.core.risk.model import Effect, Evidence

MOST_LINES = 800
"""Changed lines of one action above which nobody can be expected to have read them all."""
MOST_FILES = 20

_CODE = Factors(Reversibility.EFFORT, Reach.MACHINE)
_EFFORT = Factors(Reversibility.EFFORT, Reach.WORKSPACE)
_INSTALL = Factors(Reversibility.EFFORT, Reach.WORKSPACE)
_GUARD = Factors(Reversibility.EASY, Reach.MACHINE, sensitivity=Sensitivity.GUARD)

_CLASSES: tuple[tuple[PathClass, str, str], ...] = (
    (PathClass.INSTRUCTIONS, "agent-instructions", "which agents read as instructions"),
    (PathClass.CI, "ci", "which checks or delivers changes"),
    (PathClass.INFRA, "infrastructure", "which says what runs where"),
    (PathClass.MIGRATION, "migration", "a migration of a database"),
    (PathClass.LOCKFILE, "lockfile", "which fixes what is installed"),
    (PathClass.VENDORED, "vendored", "a copy of others' code"),
    (PathClass.SENSITIVE, "sensitive-path", "which is about signing in, rights, secrets or money"),
)
"""The classes that a person wants to have seen, with the rule that says so."""

_SAMPLE_ENDS = (".example", ".sample", ".template", ".dist", ".defaults")
_FEW_SECRETS = 5
"""Secrets of one file that are told one by one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file as it is spoken of."""

    path: str
    """From the workspace or the repository."""
    said: str
    """For a person."""
    real: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def sign(
        self, rule: str, what: str, factors: Factors, effect: Effect = Effect.WORKSPACE_WRITE
    ) -> Evidence:
        return Evidence(rule=rule, effect=effect, factors=factors, what=what, path=self.real)


def class_signs(place: Place) -> Iterator[Evidence]:
    """What the kind of the file says about an edit of it."""
    classes = classes_of(place.path)
    for kind, rule, says in _CLASSES:
        if kind in classes:
            yield place.sign(rule, f"edits {place.said}, {says}", SENSITIVE_EDIT)
    if PathClass.GENERATED in classes:
        what = f"edits {place.said}, which looks generated and may be overwritten"
        yield place.sign("generated", what, WORKSPACE_EDIT)


def guard_signs(place: Place) -> Iterator[Evidence]:
    """That the file decides about agents, or runs by itself: for edits whose path nobody judged."""
    if PathClass.POLICY in classes_of(place.path):
        what = f"edits {place.said}, which decides what agents may do"
        yield place.sign("policy-self", what, _GUARD, Effect.POLICY_SELF)


def text_signs(
    place: Place,
    hunks: Sequence[Hunk],
    texts: tuple[str | None, str | None] | None = None,
) -> Iterator[Evidence]:
    """What the changed lines say. `texts` are the whole texts, where they are known."""
    classes = classes_of(place.path)
    yield from hunk_signs(place, hunks)
    if PathClass.TESTS in classes:
        for rule, what in weaker_tests(hunks):
            yield place.sign(rule, f"{what} in {place.said}", SENSITIVE_EDIT)
    for rule, what in weaker_checks(hunks, classes):
        factors = WORKSPACE_EDIT if rule == "check-suppressed" else SENSITIVE_EDIT
        yield place.sign(rule, f"{what} in {place.said}", factors)
    if PathClass.MANIFEST in classes:
        yield from _manifest_signs(place, hunks, texts)
    if PathClass.MIGRATION in classes:
        for statement in destroys(hunks):
            what = f"adds a migration that takes data away in {place.said}: {statement}"
            yield place.sign("destructive-migration", what, _EFFORT)


def hunk_signs(place: Place, hunks: Sequence[Hunk]) -> Iterator[Evidence]:
    """Secrets and hidden characters on added lines."""
    added = [line for hunk in hunks for line in hunk.added]
    yield from _secret_signs(place, added)
    yield from _hidden_signs(place, added)


def _secret_signs(place: Place, added: Sequence[Line]) -> Iterator[Evidence]:
    found = find_secrets("\n".join(line.text for line in added))
    for secret in found[:_FEW_SECRETS]:
        number = added[secret.line - 1].number if secret.line <= len(added) else secret.line
        what = f"adds {secret.kind} to {place.said}, line {number}"
        if secret.kind in MADE_UP and _holds_examples(place):
            yield place.sign("secret-added", what, SENSITIVE_EDIT)
        else:
            yield place.sign("secret-added", what, SECRET_EDIT, Effect.CREDENTIAL)
    if len(found) > _FEW_SECRETS:
        what = f"adds {len(found) - _FEW_SECRETS} more secrets to {place.said}"
        yield place.sign("secret-added", what, SECRET_EDIT, Effect.CREDENTIAL)


def _holds_examples(place: Place) -> bool:
    """Tests, documentation and samples, where passwords are made up as a rule."""
    classes = classes_of(place.path)
    sample = place.name.casefold().endswith(_SAMPLE_ENDS)
    return sample or not classes.isdisjoint((PathClass.TESTS, PathClass.DOCS))


def _hidden_signs(place: Place, added: Sequence[Line]) -> Iterator[Evidence]:
    worst, where = Hiding.NOTHING, 0
    for line in added:
        text = line.text.removeprefix("\ufeff") if line.number == 1 else line.text
        hiding = hiding_in(text)
        if hiding is Hiding.DECEIVING or (hiding is Hiding.UNSEEN and worst is Hiding.NOTHING):
            worst, where = hiding, line.number
        if worst is Hiding.DECEIVING:
            break
    if worst is Hiding.DECEIVING:
        what = f"adds text to {place.said} that reads otherwise than it looks, line {where}"
        yield place.sign("hidden-text", what, _CODE, Effect.UNKNOWN)
    elif worst is Hiding.UNSEEN:
        what = f"adds invisible characters to {place.said}, line {where}"
        yield place.sign("hidden-text", what, SENSITIVE_EDIT)


def _manifest_signs(
    place: Place, hunks: Sequence[Hunk], texts: tuple[str | None, str | None] | None
) -> Iterator[Evidence]:
    names = new_dependencies(place.name, hunks, texts)
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        listed = ", ".join(name[:60] for name in names[:5])
        what = f"adds the dependency {listed}{more} to {place.said}"
        yield place.sign("new-dependency", what, _INSTALL, Effect.INSTALL)
    if place.name.casefold() == "package.json":
        for script in lifecycle_scripts(hunks):
            what = f"sets a script in {place.said} that runs by itself at {script}"
            yield place.sign("lifecycle-script", what, _CODE, Effect.CODE_EXEC)


def size_sign(sizes: Mapping[str, int]) -> Evidence:
    """How large an edit is, from the changed lines of each real path; a reason to look above what
    can be read. It is about the file that changes most."""
    lines, files = sum(sizes.values()), len(sizes)
    what = f"changes {lines:,} line{'s' if lines != 1 else ''}"
    what += f" in {files:,} files" if files != 1 else ""
    large = lines > MOST_LINES or files > MOST_FILES
    return Evidence(
        rule="large-edit" if large else "size",
        effect=Effect.WORKSPACE_WRITE,
        factors=SENSITIVE_EDIT if large else WORKSPACE_EDIT,
        what=what,
        path=max(sizes, key=lambda path: sizes[path], default=""),
    )
