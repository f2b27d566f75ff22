"""Who may see what: sessions, sealed forms, strict headers, and a friendly page for every refusal."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from bot.errors import Trouble
from bot.web.site import MODE, SESSION, SITE, render, seal
from bot.web.words import WORDS

log = logging.getLogger(__name__)

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "jiegeng"
WITH_MODE = ("/", "/episode", "/review", "/mode")
OPEN = ("/sign-in", "/health", "/metrics", "/language", "/static/", "/look/")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def shield(request: web.Request, response: web.StreamResponse) -> None:
    """Put the strict headers on every response; pages are never kept by a cache."""
    response.headers.update(HEADERS)
    if not request.path.startswith(("/static/", "/look/")):
        response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def explain(request: web.Request, handler: Respond) -> web.StreamResponse:
    """Turn refusals and trouble into pages with their true status."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if f"trouble.{refusal.status}" not in WORDS:
            raise
        return render(request, "trouble.html", refusal.status, status_code=refusal.status)
    except Trouble:
        return render(request, "trouble.html", 503, status_code=503)
    except ConnectionError:  # the reader left
        raise
    except Exception:  # a bug: told in the terminal, and to the reader in the look of the house
        log.exception("%s %s: a bug; the page could not be made", request.method, request.path)
        return render(request, "trouble.html", 500, status_code=500)


@web.middleware
async def admit(request: web.Request, handler: Respond) -> web.StreamResponse:
    """Let in who has an open session; everybody else learns how to get a link."""
    session = request.cookies.get(COOKIE, "")
    if session and await request.app[SITE].keys.valid(session):
        request[SESSION] = session
        if request.path in WITH_MODE:
            with suppress(Trouble):  # the page itself will say that the journal is away
                request[MODE] = (await request.app[SITE].log.in_force()).mode
    elif not request.path.startswith(OPEN):
        return render(request, "sign_in.html", 401, used=False)
    return await handler(request)


@web.middleware
async def check_seal(request: web.Request, handler: Respond) -> web.StreamResponse:
    """Refuse a form that does not come from a page of this session."""
    if request.method == "POST":
        try:
            given = str((await request.post()).get("seal", ""))
        except (ValueError, LookupError):  # a body that is no form, or in an encoding that does not exist
            raise web.HTTPBadRequest from None
        if not hmac.compare_digest(given.encode("utf-8", "replace"), seal(request.get(SESSION, "")).encode()):
            raise web.HTTPForbidden
    return await handler(request)
