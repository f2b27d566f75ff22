"""A small server that speaks Mastodon's API as the wire sees it: ids, paging, HTML, error bodies, idempotency."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.servers.faults import Faults

TOKEN = "toot-token"
BOT = "1"


@dataclass
class MastodonServer:
    """Knows one bot account, `bot@social.example`, and whatever people a test makes."""

    version: str = "4.3.1"
    software: str | None = "mastodon"
    has_v2: bool = True
    shows_front_page: bool = False
    keeps_keys: bool = True
    ignores_min_id: bool = False
    max_characters: int | None = 500
    faults: Faults = field(default_factory=Faults)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: dict[int, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    at: datetime = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        self._next_status = 113_500_000_000_000_000
        self._next_notification = 1000
        self.account("bot", bot=True)

    # what tests do

    def account(self, acct: str, *, bot: bool = False, display_name: str = "") -> str:
        number = str(len(self.accounts) + 1)
        name = acct.partition("@")[0]
        host = acct.partition("@")[2] or "social.example"
        self.accounts[number] = {
            "id": number,
            "username": name,
            "acct": acct,
            "display_name": display_name or name.title(),
            "bot": bot,
            "url": f"https://{host}/@{name}",
        }
        return number

    def who(self, acct: str) -> str:
        return next((number for number, row in self.accounts.items() if row["acct"] == acct), "") or self.account(acct)

    def status(
        self, author: str, text: str, *, parent: str | None = None, visibility: str = "public", **fields: Any
    ) -> str:
        self._next_status += 65_536
        self.at += timedelta(seconds=1)
        number = str(self._next_status)
        self.statuses[number] = {
            "id": number,
            "created_at": self.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "in_reply_to_id": parent,
            "visibility": visibility,
            "spoiler_text": "",
            "url": f"https://social.example/@x/{number}",
            "uri": f"https://social.example/users/x/statuses/{number}",
            "content": self._render(text),
            "account": self.accounts[author],
            "mentions": self._mentions(text),
            "media_attachments": [],
            "poll": None,
            **fields,
        }
        return number

    def notify(self, status: str, *, number: int | None = None, kind: str = "mention") -> int:
        if number is None:
            self._next_notification += 1
            number = self._next_notification
        row = {"id": str(number), "type": kind, "created_at": self.statuses[status]["created_at"]}
        self.notifications[number] = {**row, "account": self.statuses[status]["account"], "status": status}
        self.happened.set()
        return number

    def remove(self, status: str) -> None:
        """As Mastodon does: replies stay and stand alone, notifications vanish."""
        del self.statuses[status]
        for other in self.statuses.values():
            if other["in_reply_to_id"] == status:
                other["in_reply_to_id"] = None
        self.notifications = {number: row for number, row in self.notifications.items() if row["status"] != status}

    def replies(self, parent: str) -> list[dict[str, Any]]:
        return [
            row for row in self.statuses.values() if row["in_reply_to_id"] == parent and row["account"]["id"] == BOT
        ]

    # the wire

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware(), self._guard])
        app.add_routes(
            [
                web.get("/api/v1/accounts/verify_credentials", self._me),
                web.get("/api/v2/instance", self._instance_2),
                web.get("/api/v1/instance", self._instance_1),
                web.get("/.well-known/nodeinfo", self._nodeinfo),
                web.get("/nodeinfo/2.0", self._nodeinfo_2),
                web.get("/api/v1/notifications", self._list_notifications),
                web.get("/api/v1/accounts/{id}/statuses", self._list_statuses),
                web.get("/api/v1/statuses/{id}/context", self._context),
                web.get("/api/v1/statuses/{id}", self._show),
                web.post("/api/v1/statuses", self._post),
                web.delete("/api/v1/statuses/{id}", self._delete),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        is_open = "instance" in request.path or "nodeinfo" in request.path
        if not is_open and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        try:
            return await handler(request)
        except KeyError:
            return web.json_response({"error": "Record not found"}, status=404)
        except web.HTTPNotFound:
            if self.shows_front_page:
                return web.Response(text="<title>a page for browsers</title>", content_type="text/html")
            return web.Response(text="<h1>404</h1>", status=404, content_type="text/html")

    async def _me(self, _: web.Request) -> web.Response:
        return web.json_response({**self.accounts[BOT], "source": {"privacy": "public"}})

    async def _instance_2(self, _: web.Request) -> web.Response:
        if not self.has_v2:
            raise web.HTTPNotFound
        return web.json_response({"domain": "social.example", "version": self.version, **self._configuration()})

    async def _instance_1(self, _: web.Request) -> web.Response:
        return web.json_response({"uri": "https://social.example", "version": self.version, **self._configuration()})

    def _configuration(self) -> dict[str, Any]:
        if self.max_characters is None:
            return {}
        return {
            "configuration": {"statuses": {"max_characters": self.max_characters, "characters_reserved_per_url": 23}}
        }

    async def _nodeinfo(self, _: web.Request) -> web.Response:
        if self.software is None:
            raise web.HTTPNotFound
        return web.json_response({"links": [{"rel": "nodeinfo", "href": "https://social.example/nodeinfo/2.0"}]})

    async def _nodeinfo_2(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "2.0", "software": {"name": self.software, "version": self.version}})

    async def _list_notifications(self, request: web.Request) -> web.Response:
        kinds = request.query.getall("types[]", [])
        rows = [row for row in self.notifications.values() if not kinds or row["type"] in kinds]
        page = _page(rows, request, default=40, most=80, ignores_min_id=self.ignores_min_id)
        return web.json_response([{**row, "status": self.statuses[row["status"]]} for row in page])

    async def _list_statuses(self, request: web.Request) -> web.Response:
        rows = [row for row in self.statuses.values() if row["account"]["id"] == request.match_info["id"]]
        return web.json_response(_page(rows, request, default=20, most=40))

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response(self.statuses[request.match_info["id"]])

    async def _context(self, request: web.Request) -> web.Response:
        above, parent = [], self.statuses[request.match_info["id"]]["in_reply_to_id"]
        while parent in self.statuses and not self.statuses[parent].get("hidden"):
            above.insert(0, self.statuses[parent])
            parent = self.statuses[parent]["in_reply_to_id"]
        below, under = [], {request.match_info["id"]}
        for row in self.statuses.values():
            if row["in_reply_to_id"] in under:
                below.append(row)
                under.add(row["id"])
        return web.json_response({"ancestors": above, "descendants": below})

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = request.headers.get("Idempotency-Key", "")
        if self.keeps_keys and key in self.keys:
            return web.json_response(self.statuses[self.keys[key]])
        parent = body.get("in_reply_to_id")
        if parent is not None and parent not in self.statuses:
            return web.json_response({"error": "The post you are trying to reply to does not exist"}, status=404)
        if len(body["status"]) > (self.max_characters or 500):
            message = f"Validation failed: Text character limit of {self.max_characters or 500} exceeded"
            return web.json_response({"error": message}, status=422)
        number = self.status(BOT, body["status"], parent=parent, visibility=body.get("visibility", "public"))
        self.keys[key] = number
        return web.json_response(self.statuses[number])

    async def _delete(self, request: web.Request) -> web.Response:
        row = self.statuses[request.match_info["id"]]
        if row["account"]["id"] != BOT:
            raise KeyError
        self.remove(row["id"])
        return web.json_response(row)

    def _render(self, text: str) -> str:
        """The markup that Mastodon makes of plain text."""

        def link(found: re.Match[str]) -> str:
            name, _, host = found[1].partition("@")
            href = f"https://{host or 'social.example'}/@{name}"
            return f'<span class="h-card"><a href="{href}" class="u-url mention">@<span>{name}</span></a></span>'

        safe = re.sub(r"@([A-Za-z0-9_]+(?:@[A-Za-z0-9.\-]+)?)", link, html.escape(text))
        return "<p>" + safe.replace("\n\n", "</p><p>").replace("\n", "<br />") + "</p>"

    def _mentions(self, text: str) -> list[dict[str, Any]]:
        found = set(re.findall(r"@([A-Za-z0-9_]+(?:@[A-Za-z0-9.\-]+)?)", text))
        return [row for row in self.accounts.values() if row["acct"] in found]


def _page(
    rows: list[dict[str, Any]], request: web.Request, *, default: int, most: int, ignores_min_id: bool = False
) -> list[dict[str, Any]]:
    """Newest first, as every list there; `min_id` takes the oldest ones after it, `max_id` the newest before it."""
    limit = min(int(request.query.get("limit", default)), most)
    rows = sorted(rows, key=lambda row: int(row["id"]))
    if (max_id := request.query.get("max_id")) is not None:
        rows = [row for row in rows if int(row["id"]) < int(max_id)]
    if (min_id := request.query.get("min_id")) is not None and not ignores_min_id:
        return [row for row in rows if int(row["id"]) > int(min_id)][:limit][::-1]
    return rows[-limit:][::-1]
