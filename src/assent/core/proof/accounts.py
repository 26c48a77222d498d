"""What is signed when somebody changes people or keys at a terminal."""

from collections.abc import Mapping

from assent.core.canonical import Json, canonical, digest_of
from assent.core.proof.decisions import Moment
from assent.core.proof.statement import Statement, Subject

ACCOUNT = "https://assent.dev/account/v1"
"""A person's word about a person: who may decide, and with what."""

WORDS = {
    "keys": "add a key of",
    "keys/remove": "remove a key of",
    "link": "make a login link for",
}
"""How it reads, where its name does not say it."""


def account_statement(
    what: str, person: str, fields: Mapping[str, Json], *, by: str, via: str, moment: Moment
) -> Statement:
    """That `by` does `what` (`add`, `change`, `keys`, …) about `person`, with these fields."""
    said: dict[str, Json] = {
        "decision": WORDS.get(what, what),
        "person": person,
        "fields": dict(fields),
    }
    digest = digest_of(canonical(said)).removeprefix("sha256:")
    return Statement(
        ACCOUNT,
        (Subject("people", {"sha256": digest}),),
        {**said, "by": by, "via": via, **moment.fields()},
    )
