"""Mastodon and the servers that speak its API."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp

from bot.errors import TryLater, Unsure
from bot.http import Refused, Remote
from bot.model import Author, Mention, Post, Reply
from bot.platforms.mastodon_search import Search, read_own, reply_of
from bot.platforms.mastodon_server import Server, recognise
from bot.platforms.mastodon_status import (
    REPLY_SIGHTS,
    count,
    id_order,
    may_be_counted,
    media_of,
    person_of,
    post_of,
    sight_of,
    text_of,
)
from bot.platforms.mastodon_thread import read_above
from bot.platforms.wire import Unreadable, moment, name, rows, table, words
from bot.ports import ABSENT, Batch, Found, Once, Own
from bot.walls import Meter

PAGE = 40
# Notification ids are given out before their transaction commits, so a smaller one may appear after a larger one:
# for so many seconds after news, at the start and every hour the page before the cursor is read again.
OVERLAP = 600.0
DEEP_EVERY = 3600.0
# A server allows 300 requests in five minutes (see bot/walls.py); this leaves most of them free.
LOOK_EVERY = 5.0
PAGES_AT_ONCE = 10
THREAD = 40
_LOG = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Mastodon:
    """One account of ours on a server with Mastodon's API. Made by `Mastodon.open`.

    A cursor is `FLOOR..ID`: the last notification we know of, and the one at the first start, before which nothing
    is ours to answer.
    """

    def __init__(
        self,
        remote: Remote,
        server: Server,
        me: Author,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._remote = remote
        self._server = server
        self._me = me
        self._clock = clock
        self._sleep = sleep
        # These only save work: a restart looks back at once.
        self._known: frozenset[str] = frozenset()
        self._next_deep = self._quiet_from = self._next_look = clock()

    @classmethod
    async def open(  # noqa: PLR0913 - a test moves the clocks, the root brings the rest
        cls,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        *,
        setting: str = "JIEGENG_MASTODON_TOKEN",
        deadline: float = 15.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        meter: Meter | None = None,
    ) -> Mastodon:
        """Ask the server who we are and what it is.

        Raises `Misconfigured` for a url or token that cannot be one, `GiveUp` for a refused token and `TryLater` for
        a server that cannot be reached or does not speak Mastodon's API.
        """
        remote = Remote(session, url, token, setting=setting, deadline=deadline, now=now, meter=meter)
        answer = await remote.read("/api/v1/accounts/verify_credentials")
        try:
            me = person_of(answer.body)
        except Unreadable as error:
            raise TryLater(f"{remote.base} does not speak Mastodon's API: {error}") from error
        return cls(remote, await recognise(remote), me, clock=clock, sleep=sleep)

    @property
    def account(self) -> str:
        return f"{self._me.handle.partition('@')[0]}@{self._server.host}"

    @property
    def once(self) -> Once:
        return self._server.once

    @property
    def limit(self) -> int:
        return self._server.limit

    def measure(self, text: str) -> int:
        return count(text, self._server.url_length)

    def address(self, mention: Mention) -> str:
        """Without the author's handle in front a reply notifies nobody."""
        return f"@{mention.author.handle} "

    async def start(self) -> str:
        found = await self._notifications({"limit": "1"})
        newest = found[0][0] if found else "0"
        return f"{newest}..{newest}"

    async def mentions(self, cursor: str, *, wait: float) -> Batch:
        """Looks every five seconds until there is news; what the overlap brings again is in every batch."""
        floor, _, last = cursor.rpartition("..")
        until, batch = self._clock() + wait, None
        while batch is None or self._next_look <= until:
            await self._sleep_until(min(self._next_look, until))
            batch, is_news = await self._look(floor or last, last)
            self._next_look = self._clock() + LOOK_EVERY
            if is_news:
                return batch
        await self._sleep_until(until)
        return batch

    async def context(self, mention: Mention) -> Mention:
        above = await read_above(self._remote, mention.id)
        root = above[0].id if above else ""
        if len(above) > THREAD:
            above = (above[0], *above[1 - THREAD :])
        return mention.model_copy(update={"thread": above, "root_id": root})

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        """`text` begins with `address(mention)`; seen by the same people as the mention, never wider than unlisted."""
        body = {"status": text, "in_reply_to_id": mention.id, "visibility": REPLY_SIGHTS[mention.visibility]}
        answer = await self._remote.change("POST", "/api/v1/statuses", body, headers={"Idempotency-Key": key})
        try:
            return reply_of(answer.body, text)
        except Unreadable as error:
            raise Unsure(f"the reply to {mention.key} was taken, but the answer is unreadable: {error}") from error

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        """Below the mention and among our own posts; "absent" only if both were read to their end."""
        reply = await Search(self._remote, self._me.id, mention.id, text).run()
        return ABSENT if reply is None else Found("found", reply)

    async def delete(self, reply_id: str) -> None:
        try:
            await self._remote.change("DELETE", f"/api/v1/statuses/{quote(reply_id, safe='')}")
        except Refused as refused:
            if refused.status not in (404, 410):
                raise

    async def own_replies(self, since: datetime) -> Sequence[Own]:
        """From the newest back to `since`, or through the newest thousand."""
        return await read_own(self._remote, self._me.id, since)

    async def timeline(self, after: str) -> tuple[Sequence[Post], str]:
        """The local public timeline after an id, oldest first; people who do not want to be found are left out."""
        params = {"local": "true", "limit": str(PAGE)} | ({"min_id": after} if after else {})
        answer = await self._remote.read("/api/v1/timelines/public", params)
        try:
            found = sorted((table(row) for row in rows(answer.body)), key=lambda row: id_order(name(row.get("id"))))
            return [post_of(row) for row in found if may_be_counted(row)], name(found[-1]["id"]) if found else after
        except Unreadable as error:
            raise TryLater(f"the timeline of {self.account} is unreadable: {error}") from error

    async def close(self) -> None:
        """Nothing: the session belongs to whoever passed it in."""

    async def _sleep_until(self, then: float) -> None:
        pause = then - self._clock()
        if pause > 0:
            await self._sleep(pause)

    async def _look(self, floor: str, last: str) -> tuple[Batch, bool]:
        """Everything after the cursor and the overlap before it, oldest first, and whether any of it is news."""
        now, newest = self._clock(), last
        found = dict(await self._notifications({"max_id": last, "limit": str(PAGE)})) if self._looks_back(now) else {}
        found = {number: row for number, row in found.items() if id_order(number) > id_order(floor)}
        for _ in range(PAGES_AT_ONCE):
            page = await self._notifications({"min_id": newest, "limit": str(PAGE)})
            fresh = {number: row for number, row in page if id_order(number) > id_order(newest)}
            if not fresh:
                break
            found.update(fresh)
            newest = max(fresh, key=id_order)
        is_news = not self._known.issuperset(found)
        if is_news:
            self._quiet_from = now + OVERLAP
        self._known = frozenset(found)
        heard = [mention for number in sorted(found, key=id_order) if (mention := self._mention(found[number]))]
        return Batch(tuple(heard), f"{floor}..{newest}" if newest != last else None), is_news

    def _looks_back(self, now: float) -> bool:
        """Only while there is something going on, and once an hour anyway: looking back is a whole page."""
        if now >= self._next_deep:
            self._next_deep = now + DEEP_EVERY
            return True
        return now < self._quiet_from

    async def _notifications(self, params: Mapping[str, str]) -> list[tuple[str, object]]:
        """One page of notifications as (id, notification), those without an id left out."""
        answer = await self._remote.read("/api/v1/notifications", {"types[]": "mention", **params})
        try:
            return [(name(row.get("id")), row) for row in rows(answer.body) if isinstance(row, dict)]
        except Unreadable as error:
            raise TryLater(f"the notifications of {self.account} are unreadable: {error}") from error

    def _mention(self, row: object) -> Mention | None:
        """A mention, or None for what nobody could answer: a page must not jam on it."""
        try:
            notification = table(row)
            # A server that does not know the filter sends likes and follows too.
            if notification.get("type") != "mention" or not notification.get("status"):
                return None
            status = table(notification["status"])
            author = person_of(status.get("account"))
            if author.id == self._me.id:
                return None
            return Mention(
                account=self.account,
                id=name(status.get("id")),
                author=author,
                text=text_of(status),
                media=media_of(status),
                visibility=sight_of(status),
                url=words(status.get("url")),
                at=moment(status.get("created_at")),
            )
        except Unreadable as error:
            _LOG.warning("%s: a notification was left out, it is unreadable: %s", self.account, error)
            return None
