"""A person who lost everything that speaks for them begins anew."""

from dataclasses import replace

from assent.app.gatehouse import Gatehouse
from assent.app.people.accounts import end_rights
from assent.app.people.records import keep_person
from assent.app.people.rules import TERMINAL, Speaker, find_person, need_admin, speaking
from assent.app.ports import Tx
from assent.core.canonical import Digest, Json
from assent.core.people.model import Person
from assent.errors import ConflictError, ForbiddenError

RECOVERED = "recovered"


async def recover_person(
    gate: Gatehouse, name: str, *, link: Digest, expires_at: int, by: Speaker
) -> Person:
    """Drop a person's passkeys and keys, sessions and delegations, and let them log in by a link.

    The one change of keys that nobody signs: it takes the terminal of the home, where an
    administrator could change the records anyway, and stands in the record as what it is.
    `link` is the digest of the one-time link's token.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> Person:
        if by.via != TERMINAL:
            raise ForbiddenError(
                "People are recovered at the terminal only.",
                hint=f"On the machine where Assent runs: assent people recover {name}",
            )
        need_admin(speaking(tx, by), "recover people")
        person = find_person(tx, name)
        if not person.active:
            raise ConflictError(
                f"{name} is disabled.", hint=f"Enable first: assent people enable {name}"
            )
        made = replace(person, passkeys=(), keys=(), version=person.version + 1)
        fields: dict[str, Json] = {
            "signed": False,
            "dropped_keys": [key.fingerprint for key in person.keys],
            "dropped_passkeys": [passkey.id for passkey in person.passkeys],
            "ended_sessions": len(tx.web_sessions(name)),
            "ended_delegations": end_rights(tx, name, at=now),
        }
        keep_person(tx, made, RECOVERED, by=by, at=now, ids=gate.ids, fields=fields)
        tx.add_login(link, person=name, expires_at=expires_at)
        tx.seal(now)
        return made

    return await gate.store.write(work, durable=True)
