"""A small board server: a replayed day of invented titles, and every way in which a board can misbehave."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from aiohttp.test_utils import TestServer

FAULTS = ("slow", "html", "busy", "broken", "nonsense", "empty", "huge", "bomb", "loop", "cut", "stale", "binary")


@dataclass
class BoardServer:
    """`rows` says what stands on the good board now. `/fault/NAME` misbehaves as its name says; `asked` counts."""

    rows: Callable[[], list[dict[str, object]]]
    clock: Callable[[], datetime]
    asked: dict[str, int] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.get("/board", self._good), web.get("/fault/{name}", self._bad)])
        return app

    async def open(self, stack: AsyncExitStack) -> str:
        server = TestServer(self.app())
        await server.start_server()
        stack.push_async_callback(server.close)
        stack.callback(self.over.set)
        return str(server.make_url("")).rstrip("/")

    async def _good(self, request: web.Request) -> web.Response:
        self.asked["board"] = self.asked.get("board", 0) + 1
        self.agents.add(request.headers.get("User-Agent", ""))
        body = {"updateTime": self.clock().isoformat(), "data": self.rows()}
        etag = f'"{hash(str(body["data"]))}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.json_response(body, headers={"ETag": etag})

    async def _bad(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked[name] = self.asked.get(name, 0) + 1
        if name == "slow":
            await self.over.wait()
        if name == "cut" and request.transport is not None:
            request.transport.abort()
        answers: dict[str, Callable[[], web.Response]] = {
            "html": lambda: web.Response(text="<!doctype html><h1>please log in</h1>", content_type="text/html"),
            "busy": lambda: web.Response(status=429, headers={"Retry-After": "600"}),
            "broken": lambda: web.Response(status=500, text="oops"),
            "nonsense": lambda: web.json_response({"data": [1, None, {"title": 7.5}, {"title": ["x"]}]}),
            "empty": lambda: web.Response(text=""),
            "huge": lambda: web.Response(body=b'{"data": [' + b'{"title": "a"},' * 400_000 + b"{}]}"),
            "bomb": lambda: web.Response(
                body=gzip.compress(b" " * 300_000_000, 1), headers={"Content-Encoding": "gzip"}
            ),
            "loop": lambda: web.Response(status=302, headers={"Location": "/fault/loop"}),
            "stale": lambda: web.json_response({"updateTime": 1_600_000_000, "data": [{"title": "老黄历", "hot": 1}]}),
            "binary": lambda: web.Response(body=bytes(range(256)) * 50),
        }
        return answers.get(name, lambda: web.Response(status=404))()
