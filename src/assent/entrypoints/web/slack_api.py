"""Where Slack posts what was pressed. Not part of our API: only what Slack signed is taken."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from assent.app.notifications.buttons import Press, Pressed, press
from assent.entrypoints.web.site import OurSite

router = APIRouter()


@router.post("/slack/events")
async def events(request: Request, site: OurSite) -> Response:
    """Without an own app in Slack there is nothing here."""
    door = site.settings.slack
    if door is None:
        raise HTTPException(404)

    async def pressed(what: Press) -> Pressed:
        return await press(site.gate, what)

    body = await request.body()
    answer = await door.answer(body, dict(request.headers.items()), pressed)
    return Response(answer.body, status_code=answer.status, media_type=answer.kind)
