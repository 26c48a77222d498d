"""What is said when something cannot be done: JSON to programs, a page or a fragment to a person.

What was sent is never repeated: it can hold commands and secrets.
"""

from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from assent.core.approvals import Refusal
from assent.entrypoints.web.guard import HEADERS
from assent.entrypoints.web.sessions import NotLoggedIn
from assent.entrypoints.web.site import site_of
from assent.errors import AssentError

LOGGED_OUT = "You are not logged in here."
HOW_TO_LOG_IN = (
    "Run `assent up` or `assent status --link` in a terminal and open the link it prints."
)

_STATUS_WORDS = {
    404: ("not-found", "There is nothing at this address."),
    405: ("method", "This address does not take that."),
    413: ("too-large", "This is larger than Assent takes."),
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(NotLoggedIn, _not_logged_in)
    app.add_exception_handler(AssentError, _assent_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _crash)


def wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def is_fragment(request: Request) -> bool:
    """Whether a page asks for a part of itself."""
    return "hx-request" in request.headers


def problem(status: int, *, code: str, message: str, hint: str = "") -> JSONResponse:
    return JSONResponse(
        {"error": {"code": code, "message": message, "hint": hint}}, status_code=status
    )


def refused(refusal: Refusal, message: str) -> JSONResponse:
    """A decision that was not taken: the request stays as it is."""
    return problem(409, code=refusal.cause.value, message=message)


def _say(request: Request, status: int, fault: Mapping[str, str]) -> Response:
    if wants_json(request):
        return problem(
            status, code=fault["code"], message=fault["message"], hint=fault.get("hint", "")
        )
    template = "_fault.html" if is_fragment(request) else "fault.html"
    values = {"message": fault["message"], "hint": fault.get("hint", ""), "status": status}
    page = site_of(request).pages.render(template, values)
    return HTMLResponse(page, status_code=status)


async def _not_logged_in(request: Request, _error: Exception) -> Response:
    fault = {"code": "not-logged-in", "message": LOGGED_OUT, "hint": HOW_TO_LOG_IN}
    return _say(request, 401, fault)


async def _assent_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, AssentError):
        raise error
    fault = {"code": error.code, "message": error.message, "hint": error.hint}
    return _say(request, error.http_status, fault)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    message = "; ".join(describe_errors(error.errors())) or "This cannot be read."
    return _say(request, 422, {"code": "invalid", "message": message})


def describe_errors(errors: Sequence[Mapping[str, object]]) -> list[str]:
    """`body.version: Input should be a valid integer`, without a word of the input."""
    lines = []
    for error in errors:
        place = error.get("loc")
        parts = [str(part) for part in place] if isinstance(place, tuple) else []
        if error.get("type") == "extra_forbidden":
            # The name of a field that nobody asked for is input too.
            parts = [*parts[:-1], "(unknown field)"]
        lines.append(f"{'.'.join(parts)}: {error.get('msg', 'is not valid')}")
    return lines


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code, message = _STATUS_WORDS.get(error.status_code, ("http", "This cannot be done."))
    return _say(request, error.status_code, {"code": code, "message": message})


async def _crash(request: Request, _error: Exception) -> Response:
    """The server logs it. This answer is made outside the guard, so it brings its own headers."""
    fault = {
        "code": "error",
        "message": "Something went wrong inside Assent; nothing was decided by it.",
        "hint": "The daemon's log says more.",
    }
    response = _say(request, 500, fault)
    response.headers.update(HEADERS)
    return response
