"""Who has a page of a change open, how they logged in, and what they can sign with there."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from assent.core.people.model import Factor
from assent.entrypoints.web.sessions import BrowserSession
from assent.entrypoints.web.signing import Signing, SignView, signing_here
from assent.entrypoints.web.site import OurSite


@dataclass(frozen=True, slots=True)
class Visitor:
    person: str
    factor: Factor
    signing: Signing

    def of_change(self, name: str, *, heavy: bool, must: bool) -> SignView:
        """How accepting `CH-4` is done from here. `heavy`: signed where that can be done; `must`:
        not without a signature."""
        way = self.signing.way(heavy=heavy, must=must)
        return SignView(way, name, f"/changes/{name}", must)


def visitor(request: Request, site: OurSite, session: BrowserSession) -> Visitor:
    return Visitor(session.person, session.factor, signing_here(request, site, session))


Visits = Annotated[Visitor, Depends(visitor)]
