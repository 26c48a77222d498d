"""What every request has to pass and every response carries, before any handler sees it.

The inbox listens on loopback, where any web page the person visits can send requests too. So the
Host has to be ours (DNS rebinding), and what changes anything has to come from our own pages.
"""

import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD"})

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: under it browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


class Guard:
    """ASGI middleware. Refuses foreign hosts and cross-site requests; adds the headers.

    `origin` is where a proxy with TLS leads to us, such as `https://assent.example.com`; with an
    empty one only loopback is ours.
    """

    def __init__(self, app: ASGIApp, *, origin: str = "") -> None:
        self.app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = refuse(scope, self._origin)
        if refusal is None:
            await self.app(scope, receive, send_guarded)
        else:
            await _answer(send_guarded, *refusal)


def refuse(scope: Scope, origin: str = "") -> tuple[int, str] | None:
    """Status and reason why this request goes no further, or None."""
    ours = our_origin(scope, origin)
    if ours is None:
        return 421, "This address is not Assent's. Open the one that `assent status` prints."
    if not came_from_us(scope["method"], Headers(scope=scope), ours):
        return 403, "This request came from another site, so it was not taken."
    return None


def our_origin(scope: Scope, origin: str = "") -> str | None:
    """The origin that a browser gives the page at the Host of this request; None: not ours."""
    host = Headers(scope=scope).get("host", "")
    if origin and host.lower() == origin.removeprefix("https://"):
        return origin
    return f"{scope['scheme']}://{host}" if is_ours(host, scope.get("server")) else None


def is_ours(host: str, server: tuple[str, int | None] | None) -> bool:
    """Whether a Host header names loopback and the port we listen on."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port or 80
    except ValueError:
        return False
    if name not in LOOPBACK or parts.path or parts.username is not None:
        return False
    # On the unix socket there is no port; no browser can speak to it.
    return server is not None and server[1] in (None, port)


def came_from_us(method: str, headers: Headers, origin: str) -> bool:
    """Whether one of our pages, the person, or no browser at all sent this.

    Pages on another port of this machine are `same-site` to a browser, and are not us.
    """
    site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
    if method in SAFE_METHODS:
        # Whoever follows a link comes to look; only our own pages may fetch.
        return site in (None, "same-origin", "none") or mode == "navigate"
    if site is not None and site != "same-origin":
        return False
    named = headers.get("origin")
    if named is not None:
        return named == origin
    return site is not None or "cookie" not in headers


async def _answer(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"error": {"code": "refused", "message": reason, "hint": ""}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
