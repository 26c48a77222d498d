"""Changing who may decide, and with what, takes a passkey used for it: a copied cookie has none."""

from fastapi import Request

from assent.app.people.passkeys import ProofWanted, check_proof
from assent.core.people.model import Factor
from assent.entrypoints.web.parties import demand_party, demand_ports
from assent.entrypoints.web.sessions import BrowserSession, Caller
from assent.entrypoints.web.site import OurSite, Site
from assent.errors import ForbiddenError

PROOF = "x-assent-proof"
"""The header in which a page's script sends what the passkey answered."""
FREE = frozenset(
    {
        "/account/sessions/end",
        "/account/delegations/{delegation_id}/revoke",
        "/people/{name}/logout",
        "/people/tokens/revoke",
    }
)
"""What only takes away."""


async def demand_proof(request: Request, site: OurSite, session: BrowserSession) -> None:
    """Of a router: its forms want a proof of whoever logged in with a passkey.

    Raises ForbiddenError, as `check_proof` does; those who came by a link are refused by the use
    cases.
    """
    route = getattr(request.scope.get("route"), "path", "")
    if request.method != "POST" or route in FREE or session.factor is Factor.NONE:
        return
    if has_passkey(site, session.person):
        proof = request.headers.get(PROOF, "")
        if not proof:
            raise ProofWanted
        ports, party = demand_ports(site), demand_party(request, site)
        await check_proof(site.gate, ports, party, session, proof=proof)


def demand_signed(site: Site, who: Caller) -> None:
    """The same for programs, which sign the change itself. Raises ForbiddenError."""
    if who.via == "web" and who.factor is not Factor.NONE and has_passkey(site, who.person):
        raise ForbiddenError(
            "Changing who may decide, or with what, takes your signature.",
            hint="What to sign: POST to the same address with /statement. Or do it on the page.",
        )


def has_passkey(site: Site, name: str) -> bool:
    person = site.gate.store.read(lambda view: view.person(name))
    return person is not None and bool(person.passkeys)
