"""A person's passkeys, as their account shows them."""

from dataclasses import dataclass

from fastapi import Request

from assent.app.ports import WebSession
from assent.core.people.model import Factor, Person
from assent.entrypoints.web.parties import page_of, party_of
from assent.entrypoints.web.site import Site


@dataclass(frozen=True, slots=True)
class PasskeyView:
    id: str
    label: str
    rp_id: str
    elsewhere: bool
    """It belongs to another address than the one that is open."""
    at: str
    moment: str
    is_last: bool
    """Nothing else speaks for the person."""


@dataclass(frozen=True, slots=True)
class PasskeysView:
    name: str
    known: tuple[PasskeyView, ...]
    may_change: bool
    has_one: bool
    """And nothing else to sign with."""
    rp_id: str
    """The host that a new one would belong to; empty where the address has no name."""
    page: str


def passkeys_view(request: Request, site: Site, session: WebSession) -> PasskeysView:
    """What `_passkeys.html` needs as `passkeys`."""
    found = site.gate.store.read(lambda view: view.person(session.person))
    person = found or Person(name=session.person, added_at=0, added_by="")
    party = party_of(request, site)
    rp_id = "" if party is None or site.settings.passkeys is None else party.rp_id
    factors = len(person.passkeys) + len(person.keys)
    context = site.context()
    return PasskeysView(
        name=person.name,
        known=tuple(
            PasskeyView(
                id=each.id,
                label=each.label,
                rp_id=each.rp_id,
                elsewhere=each.rp_id != rp_id,
                at=context.iso(each.added_at),
                moment=context.moment(each.added_at),
                is_last=factors == 1,
            )
            for each in person.passkeys
        ),
        may_change=not person.has_factor or session.factor is not Factor.NONE,
        has_one=factors == 1 and len(person.passkeys) == 1,
        rp_id=rp_id,
        page=page_of(request, site),
    )
