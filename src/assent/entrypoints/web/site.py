"""What the handlers work with: the gatehouse, the settings, the templates and the live stream."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from assent.app.gatehouse import Gatehouse
from assent.app.ports import View
from assent.core.proof.levels import Outlook, outlook
from assent.entrypoints.web.differences import Differences
from assent.entrypoints.web.live import Live
from assent.entrypoints.web.rendering import Pages
from assent.entrypoints.web.settings import WebSettings
from assent.entrypoints.web.views.changes import moved_on
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.inbox import row_of
from assent.entrypoints.web.views.standing import can_be_decided, outcome


@dataclass(frozen=True, slots=True)
class Site:
    gate: Gatehouse
    settings: WebSettings
    pages: Pages
    live: Live
    differences: Differences = field(default_factory=Differences)

    def context(self) -> Context:
        return _context(self.gate, self.settings)

    def outlook(self, name: str) -> Outlook:
        """How much this person's decisions prove here, and what would raise it."""
        person = self.gate.store.read(lambda view: view.person(name))
        return outlook(
            has_human_factor=person is not None and person.has_human_factor,
            apart=self.settings.apart(),
        )


def make_site(gate: Gatehouse, settings: WebSettings) -> Site:
    pages = Pages()

    def describe(view: View, request_id: str) -> dict[str, object] | None:
        """What watchers are told of a changed request: its state, and its row for the inbox."""
        request = view.request(request_id)
        if request is None:
            return None
        context = _context(gate, settings)
        waits = request.delayed_until is None and can_be_decided(request, context)
        return {
            "number": request.number,
            "name": request.name,
            "version": request.version,
            "state": request.state.value,
            "outcome": outcome(request),
            "waits": waits,
            "row": pages.render("_row.html", {"row": row_of(request, context)}),
        }

    def describe_change(view: View, change_id: str) -> dict[str, object] | None:
        """What watchers are told of a change that moved on."""
        change = view.change(change_id)
        return None if change is None else moved_on(change)

    live = Live(
        gate.store,
        describe=describe,
        describe_change=describe_change,
        shutting_down=settings.shutting_down,
    )
    return Site(gate, settings, pages, live)


def _context(gate: Gatehouse, settings: WebSettings) -> Context:
    return Context(now=gate.clock.now(), agents=gate.agents, zone=settings.zone)


def site_of(request: Request) -> Site:
    site = request.app.state.site
    if not isinstance(site, Site):
        raise TypeError("the application was not made by create_app")
    return site


async def _site(request: Request) -> Site:
    # A dependency that is not async is run in a thread of its own.
    return site_of(request)


OurSite = Annotated[Site, Depends(_site)]
