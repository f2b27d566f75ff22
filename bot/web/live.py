"""Live updates: a stream of the keys of episodes that changed, as server-sent events."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import cast

from aiohttp import web

from bot.errors import Trouble
from bot.web.site import SITE

STREAMS: web.AppKey[weakref.WeakSet[asyncio.Task[object]]] = web.AppKey("streams", weakref.WeakSet)
QUIET = web.AppKey("quiet", float)


async def changes(request: web.Request) -> web.StreamResponse:
    """Send each key that changes; a comment every `QUIET` seconds keeps proxies from closing the line."""
    request.app[STREAMS].add(cast("asyncio.Task[object]", asyncio.current_task()))
    site = request.app[SITE]
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    keys = with_pauses(site.log.changes(_since(request)), request.app[QUIET])
    with suppress(ConnectionResetError, Trouble):  # the reader left, or the log is down: the browser asks again
        async with aclosing(keys):
            await response.write(b"retry: 2000\n\n")
            async for key in keys:
                line = f"id: {site.clock():.3f}\ndata: {_one_line(key)}\n\n" if key else ": still here\n\n"
                await response.write(line.encode("utf-8", "replace"))
    return response


async def with_pauses(keys: AsyncIterator[str], quiet: float) -> AsyncGenerator[str, None]:
    """The keys, and an empty string whenever `quiet` seconds passed without one; closes the source at the end."""
    waiting: asyncio.Task[str] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(keys))
            done, _ = await asyncio.wait({waiting}, timeout=quiet)
            if not done:
                yield ""
                continue
            try:
                key = waiting.result()
            except StopAsyncIteration:
                return
            waiting = None
            yield key
    finally:
        if waiting:
            waiting.cancel()


async def hang_up(app: web.Application) -> None:
    """End every stream, so that stopping the bot does not wait for readers to close their pages."""
    streams = app[STREAMS]
    for stream in tuple(streams):
        stream.cancel()


def _since(request: web.Request) -> float:
    asked = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    try:
        return float(asked)
    except ValueError:
        return request.app[SITE].clock()


def _one_line(key: str) -> str:
    return key.replace("\r", " ").replace("\n", " ")
