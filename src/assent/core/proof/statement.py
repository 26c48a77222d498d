"""What is signed: an in-toto Statement v1 about one decision, one merge or one change of keys.

The predicate of a decision names everything that the decision depends on, so that it fits no other
request, version, base, policy or day; a superset of gittuf's reference authorization.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from assent.core.canonical import Json, canonical

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
DECISION = "https://assent.dev/decision/v1"
"""A person's word about a request or a change."""
MERGE = "https://assent.dev/merge/v1"
"""The executor's: which ref moved from where to where, by which decisions and tests."""
KEYS = "https://assent.dev/keys/v1"
"""Who may decide from now on, and with which keys."""
POLICY = "https://assent.dev/policy/v1"
"""Which policy is in force from now on."""
DELEGATION = "https://assent.dev/delegation/v1"


@dataclass(frozen=True, slots=True)
class Subject:
    """What it is about, by digest."""

    name: str
    """`REQ-7`, `CH-4`, `refs/heads/main`, `keys`, `policy`."""
    digest: Mapping[str, str]
    """Algorithm to hexadecimal digits: `sha256` (of an action, a binding), `gitTree`,
    `gitCommit`."""


@dataclass(frozen=True, slots=True)
class Statement:
    kind: str
    """One of the predicate types above."""
    subjects: tuple[Subject, ...]
    predicate: Mapping[str, Json] = field(default_factory=dict)


def statement_bytes(statement: Statement) -> bytes:
    """The canonical payload; `read_statement` is its inverse."""
    subjects: list[Json] = [
        {"name": each.name, "digest": dict(each.digest)} for each in statement.subjects
    ]
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": statement.kind,
            "predicate": statement.predicate,
        }
    )


def read_statement(payload: bytes) -> Statement:
    """Raises ValueError when `payload` is not a statement in its canonical form."""
    try:
        fields = json.loads(payload)
        if fields["_type"] != STATEMENT_TYPE:
            raise ValueError(f"a statement of another type: {fields['_type']}")
        predicate = fields["predicate"]
        if not isinstance(predicate, dict):
            raise TypeError("the predicate is no object")
        found = Statement(
            kind=str(fields["predicateType"]),
            subjects=tuple(_read_subject(each) for each in fields["subject"]),
            predicate=predicate,
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a statement: {error!r}") from error
    if statement_bytes(found) != payload:
        raise ValueError("a statement in another form than the canonical one")
    return found


def _read_subject(fields: Mapping[str, Mapping[str, str]]) -> Subject:
    digest = {str(name): str(value) for name, value in fields["digest"].items()}
    return Subject(name=str(fields["name"]), digest=digest)
