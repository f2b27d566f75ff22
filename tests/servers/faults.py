"""Scripted trouble on the wire, as a middleware for any test server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Faults:
    """What goes wrong next: each scripted kind happens once, to the first request that fits.

    Before the request is carried out: `busy` (429, 7 s), `closed` (503, 7 s), `cut` (connection closed), `unauthorized`,
    `strange` (404 from something in between), `moved`.
    After it was carried out: `drop` (no answer), `slow` (none for now), `broken` (500), `garbage`, `half` (broken JSON),
    `short` (fewer bytes than announced), `huge` (3 MB), `empty`, `shapeless` (JSON of another shape).
    """

    script: list[tuple[str, str, str]] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, kind: str, *, method: str = "", path: str = "") -> None:
        self.script.append((kind, method, path))

    def middleware(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        @web.middleware
        async def trouble(request: web.Request, handler: Handler) -> web.StreamResponse:
            for entry in self.script:
                kind, method, path = entry
                if method in ("", request.method) and path in request.path:
                    self.script.remove(entry)
                    self.happened.append(kind)
                    return _before(kind, request) or await self._after(kind, request, await handler(request))
            return await handler(request)

        return trouble

    async def _after(self, kind: str, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        assert isinstance(answer, web.Response)
        text = answer.text or ""
        if kind == "slow":
            await self.over.wait()
            return answer
        if kind == "drop":
            return _cut(request)
        if kind == "short":
            stream = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(text) + 100)})
            await stream.prepare(request)
            await stream.write(text.encode()[:20])
            _cut(request)
            return stream
        bodies = {
            "broken": ("<h1>oops</h1>", 500),
            "garbage": ("<!doctype html><title>hi</title>", 200),
            "half": (text[: max(1, len(text) // 2)], answer.status),
            "huge": ('{"id": "' + "x" * (3 << 20) + '"}', answer.status),
            "empty": ("", 200),
            "shapeless": ('[{"id": []}, 7, null]', 200),
        }
        body, status = bodies[kind]
        return web.Response(text=body, status=status, content_type="application/json")


def _before(kind: str, request: web.Request) -> web.Response | None:
    if kind == "busy":
        return web.json_response({"error": "Too many requests"}, status=429, headers={"Retry-After": "7"})
    if kind == "closed":
        return web.Response(text="be right back", status=503, headers={"Retry-After": "7"})
    if kind == "unauthorized":
        return web.json_response({"error": "The access token is invalid"}, status=401)
    if kind == "strange":
        return web.Response(text="<h1>default backend - 404</h1>", status=404, content_type="text/html")
    if kind == "moved":
        return web.Response(status=301, headers={"Location": "https://elsewhere.example/"})
    return _cut(request) if kind == "cut" else None


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
