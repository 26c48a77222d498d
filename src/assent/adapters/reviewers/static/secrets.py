"""Secrets on added lines. The value is never shown."""

from collections.abc import Iterator, Sequence

from assent.adapters.reviewers.static.reading import Files
from assent.app.changes.ports import Subject
from assent.core.changes.findings import Reported, added_lines
from assent.core.changes.model import Severity
from assent.core.redact import HIDDEN
from assent.core.risk.edits import PathClass, classes_of, find_secrets
from assent.core.risk.edits.secrets import MADE_UP, Secret

BLOCK = 1_000_000
"""Characters that are looked through at once."""
SHOWN = 60
"""Characters of a line that are shown on each side of a secret."""
SAMPLES = (".example", ".sample", ".template", ".dist", ".defaults")

Numbered = tuple[int, str]


def look(subject: Subject, _files: Files) -> Iterator[Reported]:
    for patch in subject.patches:
        for block in _blocks(list(added_lines(patch))):
            text = "\n".join(line for _, line in block)
            for secret in find_secrets(text):
                yield _reported(patch.path, block, text, secret)


def _blocks(lines: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    """Lines that are looked through together: a key may stand over several."""
    start = size = 0
    for place, (_, line) in enumerate(lines):
        size += len(line) + 1
        if size > BLOCK:
            yield lines[start : place + 1]
            start, size = place + 1, 0
    if start < len(lines):
        yield lines[start:]


def _reported(path: str, block: Sequence[Numbered], text: str, secret: Secret) -> Reported:
    number = block[secret.line - 1][0]
    end = block[min(secret.line - 1 + text.count("\n", secret.start, secret.end), len(block) - 1)]
    made_up = secret.kind in MADE_UP and _holds_examples(path)
    return Reported(
        rule="secret",
        severity=Severity.WARNING if made_up else Severity.ERROR,
        message=f"adds {secret.kind}; take it out, and replace it where it is in use",
        path=path,
        line=number,
        end_line=end[0],
        quote=_masked(text, secret),
    )


def _masked(text: str, secret: Secret) -> str:
    """The line with the secret hidden, and not all of a long one."""
    start = text.rfind("\n", 0, secret.start) + 1
    end = text.find("\n", secret.end)
    behind = text[secret.end : len(text) if end < 0 else end]
    return text[start : secret.start][-SHOWN:] + HIDDEN + behind[:SHOWN]


def _holds_examples(path: str) -> bool:
    """Tests, documentation and samples, where passwords are made up as a rule."""
    classes = classes_of(path)
    return path.casefold().endswith(SAMPLES) or not classes.isdisjoint(
        (PathClass.TESTS, PathClass.DOCS)
    )
