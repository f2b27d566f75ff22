"""A webhook that remembers what it was called with, and fails as it is told."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass
class Webhook:
    """Serves `/hook` on loopback; used as an async context manager.

    `script` is taken from the left, one for each call: a status, or "hang" (never answers until the server stops);
    an empty script means 204.
    """

    script: deque[int | str] = field(default_factory=deque)
    calls: list[dict[str, Any]] = field(default_factory=list)
    base: str = ""
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._hook)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """Every alert of every call, in order."""
        return [alert for call in self.calls for alert in call["alerts"]]

    async def _hook(self, request: web.Request) -> web.Response:
        self.calls.append(await request.json())
        step = self.script.popleft() if self.script else 204
        if step == "hang":
            await self._over.wait()
        return web.Response(status=step if isinstance(step, int) else 204)
