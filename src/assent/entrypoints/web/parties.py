"""Which page a browser has open, as far as passkeys care: they belong to a host name."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from assent.app.people.passkeys import Party, PasskeyPorts
from assent.entrypoints.web.guard import our_origin
from assent.entrypoints.web.site import Site
from assent.errors import UsageError


def party_of(request: Request, site: Site) -> Party | None:
    """The page's host and origin; None where it has no name."""
    origin = our_origin(request.scope, site.settings.origin)
    name = urlsplit(origin).hostname if origin else None
    return None if origin is None or name is None or _is_number(name) else Party(name, origin)


def demand_party(request: Request, site: Site) -> Party:
    """`party_of`. Raises UsageError where there is none."""
    party = party_of(request, site)
    if party is None:
        raise UsageError(
            "Passkeys belong to a host name, and this address has none.",
            hint=f"Open {page_of(request, site)}",
        )
    return party


def page_of(request: Request, site: Site) -> str:
    """Where people open Assent: `http://localhost:7422`."""
    server = request.scope.get("server")
    port = server[1] if server is not None and server[1] is not None else 0
    return site.settings.origin or f"http://localhost:{port}"


def demand_ports(site: Site) -> PasskeyPorts:
    """Raises UsageError where this Assent was started without passkeys."""
    ports = site.settings.passkeys
    if ports is None:
        raise UsageError("There are no passkeys here.", hint="Log in by a link.")
    return ports


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
