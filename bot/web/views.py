"""The pages: log, episode, sign-in, and the forms with which a person decides."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlencode

from aiohttp import web

from bot.errors import Trouble
from bot.web.filters import Filter, read_filter
from bot.web.guard import COOKIE
from bot.web.ports import Action
from bot.web.site import SESSION, SITE, render, zone

ROWS = 50
NONE = dict.fromkeys(("oldest", "held", "unsure", "doubled", "lost", "backlog", "left_out", "today.posted"), 0.0)
WEEK = 7 * 86400
YEAR = 365 * 86400
ACTIONS: tuple[Action, ...] = get_args(Action)


async def log(request: web.Request) -> web.Response:
    """The list of episodes, newest first, with the figures above it."""
    site, asked = request.app[SITE], _filter(request)
    rows = await site.log.page(**asked.wanted, limit=ROWS)
    older = asked.but(before=rows[-1].key) if len(rows) == ROWS else ""
    figures = NONE | dict(await site.log.figures())
    return render(request, "log.html", rows=rows, asked=asked, older=older, figures=figures)


async def episode(request: web.Request) -> web.Response:
    """One episode, told from the first word heard to the reply."""
    return await _story(request, request.query.get("key", ""), done="done" in request.query)


async def decide(request: web.Request) -> web.Response:
    """Carry out what the admin decided; a refusal is told on the episode's page with status 409."""
    form = await request.post()
    key, action, version = (str(form.get(name, "")) for name in ("key", "action", "version"))
    if action not in ACTIONS or not version.isdecimal():
        raise web.HTTPBadRequest
    text = str(form.get("text", "")).replace("\r\n", "\n").strip() or None
    decided = request.app[SITE].log.decide(key, action, by="admin", text=text, version=int(version))
    if refusal := await decided:
        return await _story(request, key, status=409, refusal=refusal)
    raise web.HTTPSeeOther("/episode?" + urlencode({"key": key, "done": action}, errors="replace"))


async def sign_in(request: web.Request) -> web.Response:
    """Redeem a one-time link; without one, say how to get it."""
    keys, token = request.app[SITE].keys, request.query.get("token", "")
    if not token or not await keys.redeem(token):
        return render(request, "sign_in.html", 403 if token else 200, used=bool(token))
    # A page that moves on by itself, not a redirect: after a link from another site, a strict cookie stays at home.
    response = render(request, "welcome.html")
    _keep(request, response, COOKIE, await keys.open(), WEEK)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """Close the session."""
    await request.app[SITE].keys.close(request.get(SESSION, ""))
    response = web.HTTPSeeOther("/")
    response.del_cookie(COOKIE)
    raise response


async def language(request: web.Request) -> web.Response:
    """Remember the reader's language and go back to where they were, never to another site."""
    back = request.query.get("back", "/")
    inside = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    response = web.HTTPSeeOther(back if inside else "/")
    response.set_cookie("lang", "en" if request.query.get("to") == "en" else "zh", max_age=YEAR, samesite="Lax")
    raise response


async def health(request: web.Request) -> web.Response:
    """Whether the log can be read: 200 or 503, for machines."""
    try:
        await request.app[SITE].log.figures()
    except Trouble:
        return web.json_response({"status": "trouble"}, status=503)
    return web.json_response({"status": "ok"})


async def _story(
    request: web.Request, key: str, status: int = 200, refusal: str = "", *, done: bool = False
) -> web.Response:
    found = await request.app[SITE].log.episode(key)
    if found is None:
        raise web.HTTPNotFound
    return render(request, "episode.html", status, episode=found, refusal=refusal, done=done)


def _filter(request: web.Request) -> Filter:
    try:
        return read_filter(request.query, request.app[SITE].clock(), zone(request))
    except ValueError:
        raise web.HTTPBadRequest from None


def _keep(request: web.Request, response: web.Response, cookie: str, value: str, age: int) -> None:
    secure = request.secure or request.app[SITE].secure
    response.set_cookie(cookie, value, max_age=age, httponly=True, samesite="Strict", secure=secure)
