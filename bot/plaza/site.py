"""The plaza as a web application: one route table, strict headers, JSON errors, and a way to serve it."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from bot.errors import Misconfigured
from bot.plaza import board, people, protocol
from bot.plaza.fault import Fault
from bot.plaza.keys import ORIGIN, PEOPLE_PACE, REPLY_PACE, STOPPING, STORE, TOKEN
from bot.plaza.pace import Pace
from bot.plaza.pictures import PICTURE_BYTES
from bot.plaza.protocol import BASE, for_robot
from bot.plaza.seed import plant
from bot.plaza.store import Store

REQUEST_BYTES = PICTURE_BYTES + (64 << 10)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_LOG = logging.getLogger(__name__)

ROUTES = (
    web.get(f"{BASE}/me", for_robot(protocol.me)),
    web.get(f"{BASE}/mentions", for_robot(protocol.mentions)),
    web.get(f"{BASE}/replies", for_robot(protocol.own_replies)),
    web.get(BASE + "/posts/{id}/thread", for_robot(protocol.thread)),
    web.post(BASE + "/posts/{id}/replies", for_robot(protocol.reply)),
    web.get(BASE + "/posts/{id}/replies/mine", for_robot(protocol.my_reply)),
    web.get(BASE + "/posts/{id}/reactions", for_robot(protocol.reactions)),
    web.delete(BASE + "/posts/{id}", for_robot(protocol.delete)),
    web.get("/api/people", people.people),
    web.post("/api/me", people.choose),
    web.get("/api/posts", people.front),
    web.post("/api/posts", people.write),
    web.get("/api/posts/{id}", people.thread),
    web.delete("/api/posts/{id}", people.delete),
    web.post("/api/posts/{id}/comments", people.comment),
    web.put("/api/posts/{id}/like", people.like),
    web.delete("/api/posts/{id}/like", people.like),
    web.post("/api/pictures", people.upload),
    web.get("/media/{name}", people.show_picture),
    web.get("/events", people.events),
)


def make_plaza(
    folder: Path,
    token: str,
    *,
    public_url: str = "",
    pages: Iterable[web.AbstractRouteDef] = (),
    people_per_minute: float = 120,
    replies_per_minute: float = 60_000,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> web.Application:
    """The whole site over one data folder. `token` is the robot's; `pages` are the routes of the HTML pages.

    Raises `Misconfigured` for an empty token; at start-up, if another plaza uses the folder.
    """
    if not token.strip():
        raise Misconfigured("the plaza needs a token for its robot: set JIEGENG_PLAZA_TOKEN")
    app = web.Application(client_max_size=REQUEST_BYTES, middlewares=[say_no_in_json, refuse_other_sites])
    app[TOKEN] = token.strip()
    app[ORIGIN] = public_url.rstrip("/")
    app[PEOPLE_PACE] = Pace(people_per_minute, burst=60, clock=clock)
    app[REPLY_PACE] = Pace(replies_per_minute, burst=1000, clock=clock)
    app.add_routes([*ROUTES, web.get("/board.json", board.show(now)), *pages])
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(stop_waiting)

    async def open_store(app: web.Application) -> AsyncIterator[None]:
        with held(folder):
            store = app[STORE] = Store(folder, now=now, plant=plant)
            app[STOPPING] = asyncio.Event()
            yield
            await store.close()

    app.cleanup_ctx.append(open_store)
    return app


async def serve(
    folder: Path,
    host: str,
    port: int,
    token: str,
    *,
    public_url: str = "",
    pages: Iterable[web.AbstractRouteDef] = (),
    opened: Callable[[int], None] | None = None,
) -> None:
    """Serve the plaza until cancelled; prints nothing. `opened` hears the port (useful with port 0).

    Raises `Misconfigured` if the port or the folder is taken.
    """
    app = make_plaza(folder, token, public_url=public_url, pages=pages)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise Misconfigured(f"the plaza cannot listen on {host}:{port}: {error.strerror or error}") from error
        if opened is not None:
            opened(runner.addresses[0][1])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep the folder for this process; raises `Misconfigured` if another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "plaza.lock").open("w") as lock:
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Misconfigured(f"{folder} is used by another plaza: stop it or name another folder") from error
        yield


async def stop_waiting(app: web.Application) -> None:
    """Let long polls and event streams end at once."""
    app[STOPPING].set()
    app[STORE].bell.ring()


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """The same strict headers on every answer, streams included."""
    for header, value in HEADERS.items():
        response.headers.setdefault(header, value)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def say_no_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal and every trouble with the disk is a JSON error body with a true status."""
    try:
        return await handler(request)
    except Fault as fault:
        return fault.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return Fault(error.status, error.reason.lower().replace(" ", "_"), error.reason).response()
    except (sqlite3.Error, OSError) as error:
        _LOG.error("plaza: %s %s: %s", request.method, request.path, error)
        return Fault(500, "storage", "the plaza could not read or write its files").response()


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Another site's page may not act with a visitor's cookie: raises `Fault` 403."""
    origin = request.headers.get("Origin")
    changes_something = request.method not in ("GET", "HEAD", "OPTIONS")
    if changes_something and origin is not None and origin.partition("://")[2] != request.host:
        raise Fault(403, "other_site", "this request comes from another site")
    return await handler(request)
