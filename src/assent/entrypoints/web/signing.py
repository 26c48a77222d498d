"""What a browser has to do so that a decision is its person's, and what it signs with."""

from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request

from assent.app.ports import WebSession
from assent.core.approvals import Request as Asked
from assent.core.people.model import Factor, Person
from assent.core.policy.model import Tier
from assent.entrypoints.web.parties import party_of
from assent.entrypoints.web.site import Site
from assent.entrypoints.web.views.words import MINUTE

OFFERED = 15 * MINUTE
"""How long after a login by a link a passkey is offered."""


class Way(StrEnum):
    """How agreeing is done from here."""

    PLAIN = "plain"
    """As the tier says, without a signature."""
    PASSKEY = "passkey"
    """Signed with a passkey."""
    LOG_IN = "log-in"
    """Not before a login with the passkey."""
    TERMINAL = "terminal"
    """Only on the command line, with a key."""
    REGISTER = "register"
    """It has to be signed, and there is nothing to sign with yet."""


@dataclass(frozen=True, slots=True)
class SignView:
    way: Way
    name: str
    """What is decided: `REQ-7`."""
    next: str
    """Its page."""
    must: bool
    """Whether nothing but a signature approves it."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What the person of a session can sign with at the address that is open."""

    has_factor: bool
    has_passkey: bool
    """One of this address."""
    factor: Factor
    has_name: bool
    """Whether the address that is open can have passkeys."""

    def strip(self, *, logged_in_at: int, now: int) -> str:
        """What is said above the inbox: `log-in`, for a while `register`, or nothing."""
        if self.has_factor:
            return "log-in" if self.factor is Factor.NONE and self.has_passkey else ""
        return "register" if self.has_name and now - logged_in_at < OFFERED else ""

    def of_request(self, request: Asked) -> SignView:
        way = self.way(heavy=request.tier is not Tier.ACKNOWLEDGE, must=request.signed)
        return SignView(way, request.name, f"/requests/{request.name}", request.signed)

    def way(self, *, heavy: bool, must: bool) -> Way:
        """`heavy`: signed by whoever has a passkey; `must`: not without a signature."""
        if not self.has_factor:
            return Way.REGISTER if must else Way.PLAIN
        if self.factor is Factor.NONE:
            return Way.LOG_IN if self.has_passkey else Way.TERMINAL
        if not (heavy or must):
            return Way.PLAIN
        return Way.PASSKEY if self.has_passkey else Way.TERMINAL


def signing_here(request: Request, site: Site, session: WebSession) -> Signing:
    """What `session`'s person can sign with on the page that `request` comes from."""
    found = site.gate.store.read(lambda view: view.person(session.person))
    person = found or Person(name=session.person, added_at=0, added_by="")
    party = party_of(request, site)
    here = party is not None and any(each.rp_id == party.rp_id for each in person.passkeys)
    return Signing(
        has_factor=person.has_factor,
        has_passkey=here and site.settings.passkeys is not None,
        factor=session.factor,
        has_name=party is not None and site.settings.passkeys is not None,
    )
