"""Two places where people call the bot, with the same handles for tests: the plaza and a Mastodon server."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import aiohttp
from aiohttp import web

from bot.platforms.http import OpenPlatform
from bot.platforms.mastodon import Mastodon
from bot.plaza.keys import STORE
from bot.plaza.site import make_plaza
from bot.ports import Platform
from tests.servers.faults import Faults
from tests.servers.mastodon import BOT, TOKEN, MastodonServer

DEADLINE = 0.6


class Place(Protocol):
    """A place in the hands of a test."""

    faults: Faults
    post_path: str

    async def open(self) -> Platform: ...
    async def stop(self) -> None: ...
    async def say(self, text: str, *, under: str | None = None, by_bot: bool = False) -> str: ...
    async def call(self, text: str, *, under: str | None = None, by_bot: bool = False) -> str: ...
    async def remove(self, post_id: str) -> None: ...
    def replies(self, post_id: str) -> list[str]: ...


class Plaza:
    """The real application on loopback."""

    post_path = "/replies"
    read_path = "/replies/mine"

    def __init__(self, folder: Path, session: aiohttp.ClientSession) -> None:
        self.faults = Faults()
        self._folder, self._session = folder, session
        self._runner: web.AppRunner | None = None

    async def open(self) -> Platform:
        self.app = make_plaza(self._folder, "plaza-token")
        self.app.middlewares.insert(0, self.faults.middleware())
        self._runner, self.url = await serve(self.app)
        self.store = self.app[STORE]
        return await self.connect()

    async def connect(self) -> Platform:
        return await OpenPlatform.open(self._session, self.url, "plaza-token", deadline=DEADLINE)

    async def stop(self) -> None:
        self.faults.over.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def say(self, text: str, *, under: str | None = None, by_bot: bool = False) -> str:
        person = next(one for one in self.store.people() if one.bot == by_bot and not one.robot)
        post = await self.store.write(person, text, parent=None if under is None else int(under))
        return str(post.id)

    async def call(self, text: str, *, under: str | None = None, by_bot: bool = False) -> str:
        return await self.say(f"@阿梗 {text}", under=under, by_bot=by_bot)

    async def remove(self, post_id: str) -> None:
        await self.store.delete(int(post_id), self.store.post(int(post_id)).author)

    def replies(self, post_id: str) -> list[str]:
        _, below = self.store.thread(self.store.post(int(post_id)).root)
        return [post.text for post in below if post.parent == int(post_id) and post.author.robot]


class Toots:
    """The small Mastodon server on loopback."""

    post_path = "/api/v1/statuses"
    read_path = "/context"

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.server = MastodonServer()
        self.faults = self.server.faults
        self._session = session
        self._runner: web.AppRunner | None = None

    async def open(self) -> Platform:
        self._runner, self.url = await serve(self.server.application())
        return await self.connect()

    async def connect(self) -> Platform:
        async def sleep(_: float) -> None:
            await self.server.happened.wait()

        return await Mastodon.open(self._session, self.url, TOKEN, deadline=DEADLINE, sleep=sleep)

    async def stop(self) -> None:
        self.faults.over.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def say(self, text: str, *, under: str | None = None, by_bot: bool = False) -> str:
        author = self.server.who("weather" if by_bot else "may@far.example")
        self.server.accounts[author]["bot"] = by_bot
        return self.server.status(author, text, parent=under)

    async def call(self, text: str, *, under: str | None = None, by_bot: bool = False) -> str:
        number = await self.say(f"@bot {text}", under=under, by_bot=by_bot)
        self.server.notify(number)
        return number

    async def remove(self, post_id: str) -> None:
        self.server.remove(post_id)

    def replies(self, post_id: str) -> list[str]:
        return [
            row["content"]
            for row in self.server.statuses.values()
            if row["in_reply_to_id"] == post_id and row["account"]["id"] == BOT
        ]


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"
