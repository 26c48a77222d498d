"""People are told apart: what identifies one of them identifies nobody else.

Otherwise one person could count twice, or speak in the place of another.
"""

from collections.abc import Iterable, Iterator

from assent.core.people.model import Person, SshKey
from assent.core.people.public_keys import material


def login_of(person: Person) -> str:
    """The system's user who this person is: without a `login` the one of the same name."""
    return person.login or person.name


def handle(text: str) -> str:
    """How names, aliases and e-mail addresses are compared: `@Ana` is `ana`."""
    return text.strip().removeprefix("@").casefold()


def handles_of(person: Person) -> frozenset[str]:
    """All that CODEOWNERS, commits and policies can call this person."""
    return frozenset(
        handle(text) for text in (person.name, person.email, *person.aliases) if handle(text)
    )


def taken(made: Person, others: Iterable[Person]) -> str | None:
    """What of `made` belongs to somebody else, as a sentence; None when nothing does."""
    for other in others:
        if other.name != made.name:
            found = next(_shared(made, other), None)
            if found is not None:
                return f"{found} is {other.name}'s already."
    return None


def _shared(made: Person, other: Person) -> Iterator[str]:
    for text in (made.name, made.email, *made.aliases):
        if text and handle(text) in handles_of(other):
            yield text
    if login_of(made) == login_of(other):
        yield f"The system's user {login_of(made)}"
    if made.slack and made.slack == other.slack:
        yield f"The Slack id {made.slack}"
    theirs = {_dress(key) for key in other.keys}
    for key in made.keys:
        if _dress(key) in theirs:
            yield f"The key {key.fingerprint}"
    passkeys = {each.id for each in other.passkeys} | {each.public_key for each in other.passkeys}
    for passkey in made.passkeys:
        if passkey.id in passkeys or passkey.public_key in passkeys:
            yield f"The passkey {passkey.label or passkey.id}"


def _dress(key: SshKey) -> tuple[str, str]:
    try:
        return material(key)
    except ValueError:
        return key.kind, key.blob
