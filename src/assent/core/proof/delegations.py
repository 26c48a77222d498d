"""What is signed when somebody lets another decide in their name."""

from assent.core.canonical import Json, canonical, digest_of
from assent.core.people.model import Delegation
from assent.core.proof.decisions import Moment
from assent.core.proof.statement import DELEGATION, Statement, Subject
from assent.core.redact import redact


def delegation_statement(delegation: Delegation, moment: Moment, *, via: str) -> Statement:
    """What the giver says. Of when it was given only `moment` counts."""
    limits: dict[str, Json] = {
        "giver": delegation.giver,
        "taker": delegation.taker,
        "until": delegation.until,
        "worst": delegation.worst.word,
        "paths": list(delegation.paths),
        "workspace": delegation.workspace,
    }
    digest = digest_of(canonical(limits)).removeprefix("sha256:")
    said: dict[str, Json] = {
        "by": delegation.giver,
        "via": via,
        "reason": redact(delegation.reason),
        # In the words of other statements, for whoever reads before signing.
        "decision": "delegate to",
        "person": delegation.taker,
        "risk": delegation.worst.word,
    }
    return Statement(
        DELEGATION,
        (Subject("delegation", {"sha256": digest}),),
        {**limits, **{name: value for name, value in said.items() if value}, **moment.fields()},
    )
