"""Two platforms as processes of their own: the plaza, idempotent for ever, and a site that forgets every key."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from bot.plaza.site import make_plaza

BASE = "/jiegeng/v1"
TOKEN = "toy-token"


class Forgetful:
    """The open protocol with `once: none`: a key means nothing here, and each request makes a post."""

    def __init__(self) -> None:
        self.mentions: list[dict[str, object]] = []
        self.replies: dict[str, list[dict[str, object]]] = {}
        self.heard = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get(f"{BASE}/me", self.me),
                web.get(f"{BASE}/mentions", self.page),
                web.get(BASE + "/posts/{id}/thread", self.thread),
                web.post(BASE + "/posts/{id}/replies", self.reply),
                web.get(BASE + "/posts/{id}/replies/mine", self.mine),
                web.post("/stage/mentions", self.mention),
                web.get("/stage/replies", self.everything),
            ]
        )
        return app

    async def me(self, _: web.Request) -> web.Response:
        who = {"id": "0", "account": "阿梗@forgetful", "handle": "阿梗", "name": "阿梗", "host": "forgetful"}
        return web.json_response({**who, "limit": 500, "once": "none"})

    async def page(self, request: web.Request) -> web.Response:
        if "after" not in request.query:
            return web.json_response({"mentions": [], "cursor": str(len(self.mentions))})
        after = int(request.query["after"])
        if after == len(self.mentions):
            self.heard.clear()
            try:
                async with asyncio.timeout(float(request.query.get("wait", "0"))):
                    await self.heard.wait()
            except TimeoutError:
                pass
        found = self.mentions[after : after + int(request.query.get("limit", "50"))]
        return web.json_response({"mentions": found, "cursor": str(after + len(found))})

    async def thread(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        return web.json_response({"post": self.mentions[number - 1], "thread": []})

    async def reply(self, request: web.Request) -> web.Response:
        there = request.match_info["id"]
        standing = self.replies.setdefault(there, [])
        reply: dict[str, object] = {"id": f"{there}-{len(standing) + 1}", "text": (await request.json())["text"]}
        reply |= {"at": _now(), "url": "", "parent_id": there}
        standing.append(reply)
        return web.json_response(reply, status=201)

    async def mine(self, request: web.Request) -> web.Response:
        standing = self.replies.get(request.match_info["id"])
        if not standing:
            return web.json_response({"error": {"code": "no_reply", "message": "nothing of yours"}}, status=404)
        return web.json_response(standing[0])

    async def mention(self, request: web.Request) -> web.Response:
        said = await request.json()
        number = str(len(self.mentions) + 1)
        author = {"id": said["who"], "handle": said["who"], "name": said["who"], "bot": False}
        here = {"id": number, "author": author, "text": said["text"], "media": [], "root_id": number}
        self.mentions.append(here | {"visibility": "public", "url": "", "at": _now()})
        self.heard.set()
        return web.json_response({"id": number})

    async def everything(self, _: web.Request) -> web.Response:
        return web.json_response({there: [one["id"] for one in made] for there, made in self.replies.items()})


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def serve(kind: str, folder: Path, port: int) -> None:
    """One of the two platforms on a loopback port, until killed."""
    plaza = make_plaza(folder, TOKEN, people_per_minute=1e6, replies_per_minute=1e6)
    app = plaza if kind == "plaza" else Forgetful().app()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
