"""The ASGI application: pages for a person, JSON for programs, one stream for both."""

from pathlib import PurePath

from fastapi import Depends, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from assent.app.gatehouse import Gatehouse
from assent.entrypoints.web import (
    account_pages,
    api,
    change_api,
    change_forms,
    change_log_pages,
    change_pages,
    channel_api,
    channel_pages,
    checkpoint_api,
    checkpoint_pages,
    decisions,
    delegation_api,
    delegation_pages,
    export_api,
    faults,
    login,
    pages,
    passkey_api,
    people_api,
    people_pages,
    signing_forms,
    slack_api,
    standing_api,
    statement_api,
)
from assent.entrypoints.web.guard import Guard
from assent.entrypoints.web.rendering import STATIC, static_version
from assent.entrypoints.web.sessions import refuse_agents
from assent.entrypoints.web.settings import WebSettings
from assent.entrypoints.web.site import make_site

BODY_LIMIT = 64 * 1024
"""Bytes of a request's body; routes that take edited texts allow more."""


def create_app(gatehouse: Gatehouse, *, settings: WebSettings) -> FastAPI:
    """The web side of one running Assent. It must listen on loopback only."""
    app = FastAPI(
        title="Assent",
        version=settings.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=BODY_LIMIT,
        dependencies=[Depends(refuse_agents)],
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.site = make_site(gatehouse, settings)
    app.add_middleware(Guard, origin=settings.origin)
    faults.install(app)
    for router in (
        pages.router,
        change_pages.router,
        change_log_pages.router,
        signing_forms.router,
        change_forms.router,
        decisions.router,
        login.router,
        passkey_api.router,
        statement_api.router,
        export_api.router,
        people_pages.router,
        account_pages.router,
        people_api.router,
        delegation_api.router,
        delegation_pages.router,
        channel_api.router,
        channel_pages.router,
        slack_api.router,
        api.router,
        standing_api.router,
        change_api.router,
        checkpoint_pages.router,
        checkpoint_api.router,
    ):
        app.include_router(router)
    app.mount(f"/static/{static_version()}", _Static(directory=STATIC), name="static")
    return app


class _Static(StaticFiles):
    """Files whose address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200 and PurePath(path).suffix:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
