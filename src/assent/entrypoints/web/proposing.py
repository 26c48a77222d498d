"""What an agent with a token may hand in and look at: what is its own, where it may propose."""

import asyncio

from assent.app.changes import records
from assent.app.gatehouse import Gatehouse
from assent.app.people.tokens import is_own_change, is_own_request
from assent.core.approvals import Request
from assent.core.changes.model import Change
from assent.entrypoints.web.sessions import Caller
from assent.errors import ForbiddenError, NotFoundError


def sees_request(who: Caller, request: Request) -> bool:
    """People see all requests, an agent those that it asked."""
    return not who.agent or is_own_request(request, agent=who.agent, workspace=who.workspace)


def sees_change(who: Caller, change: Change) -> bool:
    """People see all changes, an agent those that it made."""
    return not who.agent or is_own_change(change, agent=who.agent, workspace=who.workspace)


def demand_change(who: Caller, change: Change) -> Change:
    """Raises NotFoundError for one that is none of the caller's business."""
    if not sees_change(who, change):
        raise NotFoundError(f"There is no {change.name}.", hint="Agents see what they made.")
    return change


def demand_request(who: Caller, request: Request) -> Request:
    """Raises NotFoundError for one that is none of the caller's business."""
    if not sees_request(who, request):
        raise NotFoundError(f"There is no {request.name}.", hint="Agents see what they asked.")
    return request


async def demand_place(
    gate: Gatehouse, who: Caller, *, cwd: str, agent: str, owner: str, change: int | None
) -> None:
    """Raises ForbiddenError where an agent names another maker, owner or place than its own."""
    if not who.agent:
        return
    if agent not in ("", who.agent) or owner not in ("", who.person):
        raise ForbiddenError(
            f"This token is {who.agent}'s, and {who.person} answers for it.",
            hint="Leave `agent` and `owner` out.",
        )
    if who.workspace:
        place = await asyncio.to_thread(gate.files.workspace_of, cwd)
        if place != who.workspace:
            raise ForbiddenError(
                f"This token is for {who.workspace} only.",
                hint="Ask for another one: assent people token add",
            )
    if change is not None:
        demand_change(who, gate.store.read(lambda view: records.find(view, change)))
