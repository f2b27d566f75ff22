"""A plaza on loopback and somebody who visits it with a browser's manners."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.plaza.keys import STORE
from bot.plaza.site import make_plaza
from tests.bot.platforms.places import serve

TOKEN = "plaza-token"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Visitor:
    """Holds a cookie jar, and the robot's token when asked to."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._folder, self._options = folder, options

    async def __aenter__(self) -> Visitor:
        self.app = make_plaza(self._folder, TOKEN, **self._options)
        self._runner, self.url = await serve(self.app)
        self.store = self.app[STORE]
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self._runner.cleanup()

    async def ask(self, method: str, path: str, *, robot: bool = False, **options: Any) -> tuple[int, Any]:
        headers = {**({"Authorization": f"Bearer {TOKEN}"} if robot else {}), **options.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **options) as response:
            body = await response.json() if response.content_type == "application/json" else await response.read()
            return response.status, body

    async def get(self, path: str, **options: Any) -> Any:
        return (await self.ask("GET", path, **options))[1]

    async def post(self, text: str, **fields: Any) -> dict[str, Any]:
        return (await self.ask("POST", "/api/posts", json={"text": text, **fields}))[1]

    async def comment(self, under: str, text: str) -> dict[str, Any]:
        return (await self.ask("POST", f"/api/posts/{under}/comments", json={"text": text}))[1]

    async def reply(self, under: str, text: str, key: str | None) -> tuple[int, Any]:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.ask(
            "POST", f"/jiegeng/v1/posts/{under}/replies", robot=True, json={"text": text}, headers=headers
        )

    async def upload(self, data: bytes, alt: str = "一只猫", name: str = "cat.png") -> tuple[int, Any]:
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(data), filename=name, content_type="image/png")
        form.add_field("alt", alt)
        return await self.ask("POST", "/api/pictures", data=form)


def runner_of(visitor: Visitor) -> web.AppRunner:
    return visitor._runner
