"""Mastodon and the servers that speak its API."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp

from bot.errors import GiveUp, TryLater, Unsure
from bot.http import Refused, Remote
from bot.model import Author, Mention, Reply
from bot.platforms.mastodon_server import Server, recognise
from bot.platforms.mastodon_status import (
    REPLY_SIGHTS,
    count,
    id_order,
    media_of,
    person_of,
    post_of,
    sight_of,
    text_of,
)
from bot.platforms.wire import Unreadable, moment, name, rows, table, words
from bot.ports import ABSENT, Batch, Found, Once

PAGE = 40
CONTEXT_BYTES = 8 << 20
# Notification ids are given out before their transaction commits, so a smaller one may appear after a larger one:
# for so many seconds after news, at the start and every hour the page before the cursor is read again.
OVERLAP = 600.0
DEEP_EVERY = 3600.0
# A server allows 300 requests in five minutes (docs.joinmastodon.org, rate limits); this leaves most of them free.
LOOK_EVERY = 5.0
PAGES_AT_ONCE = 10
ANCESTORS_MISSING = 5
THREAD = 40
OWN_PAGES = 5
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
        self._next_deep = self._quiet_from = clock()

    @classmethod
    async def open(
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
    ) -> Mastodon:
        """Ask the server who we are and what it is.

        Raises `Misconfigured` for a url or token that cannot be one, `GiveUp` for a refused token and `TryLater` for
        a server that cannot be reached or does not speak Mastodon's API.
        """
        remote = Remote(session, url, token, setting=setting, deadline=deadline, now=now)
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
        """Looks every five seconds until somebody new is heard; what the overlap brings again is in every batch."""
        floor, _, last = cursor.rpartition("..")
        until = self._clock() + wait
        while True:
            batch, is_news = await self._look(floor or last, last)
            left = until - self._clock()
            if is_news or left <= 0:
                return batch
            await self._sleep(min(left, LOOK_EVERY))
            if left < LOOK_EVERY:
                return batch

    async def context(self, mention: Mention) -> Mention:
        found = await self._read_context(mention.id)
        try:
            above = [table(row) for row in rows(found.get("ancestors"))]
            above = await self._complete(above)
            thread = tuple(post_of(status) for status in above)
        except Unreadable as error:
            raise TryLater(f"the thread of {mention.key} is unreadable: {error}") from error
        root = thread[0].id if thread else ""
        if len(thread) > THREAD:
            thread = (thread[0], *thread[1 - THREAD :])
        return mention.model_copy(update={"thread": thread, "root_id": root})

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        """`text` begins with `address(mention)`; seen by the same people as the mention, never wider than unlisted."""
        body = {"status": text, "in_reply_to_id": mention.id, "visibility": REPLY_SIGHTS[mention.visibility]}
        answer = await self._remote.change("POST", "/api/v1/statuses", body, headers={"Idempotency-Key": key})
        try:
            return _reply(answer.body, text)
        except Unreadable as error:
            raise Unsure(f"the reply to {mention.key} was taken, but the answer is unreadable: {error}") from error

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        """Below the mention and among our own posts; "absent" only if both were read to their end."""
        trouble: TryLater | GiveUp | None = None
        for look in (self._find_below, self._find_among_own):
            try:
                reply = await look(mention, text)
            except (TryLater, GiveUp) as error:
                trouble = trouble or error
            else:
                if reply is not None:
                    return Found("found", reply)
        if trouble is not None:
            raise trouble
        return ABSENT

    async def delete(self, reply_id: str) -> None:
        try:
            await self._remote.change("DELETE", f"/api/v1/statuses/{quote(reply_id, safe='')}")
        except Refused as refused:
            if refused.status not in (404, 410):
                raise

    async def close(self) -> None:
        """Nothing: the session belongs to whoever passed it in."""

    # listening

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

    # reading threads

    async def _read_context(self, status_id: str) -> dict[str, object]:
        path = f"/api/v1/statuses/{quote(status_id, safe='')}/context"
        try:
            return table((await self._remote.read(path, most=CONTEXT_BYTES)).body)
        except Unreadable as error:
            raise TryLater(f"the thread around {status_id} is unreadable: {error}") from error

    async def _complete(self, above: list[dict[str, object]]) -> list[dict[str, object]]:
        """Servers leave out far ancestors: fetch a few that are missing at the top; what cannot be read is left out."""
        for _ in range(ANCESTORS_MISSING):
            parent = above[0].get("in_reply_to_id") if above else None
            if not parent:
                break
            try:
                status = table((await self._remote.read(f"/api/v1/statuses/{quote(name(parent), safe='')}")).body)
            except (GiveUp, TryLater, Unreadable):
                break
            above = [status, *above]
        return above

    # looking for our own reply

    async def _find_below(self, mention: Mention, text: str) -> Reply | None:
        try:
            found = await self._read_context(mention.id)
        except Refused as refused:
            if refused.status == 404:  # the mention is gone; our own posts can still tell
                return None
            raise
        return self._own_reply(found.get("descendants"), mention, text)

    async def _find_among_own(self, mention: Mention, text: str) -> Reply | None:
        """From the newest page, and forward from the mention, since ids grow with time."""
        reply = self._own_reply(await self._own_posts({"limit": str(PAGE)}), mention, text)
        if reply is not None:
            return reply
        low = mention.id
        for _ in range(OWN_PAGES):
            page = await self._own_posts({"min_id": low, "limit": str(PAGE)})
            if (reply := self._own_reply(page, mention, text)) is not None:
                return reply
            newest_id = max((_id_of(status) for status in page), key=id_order, default=low)
            if id_order(newest_id) <= id_order(low):
                return None
            low = newest_id
        raise TryLater(f"{self.account} posted so much since {mention.key} that not all of it was looked through")

    async def _own_posts(self, params: Mapping[str, str]) -> Sequence[object]:
        path = f"/api/v1/accounts/{quote(self._me.id, safe='')}/statuses"
        answer = await self._remote.read(path, {**params, "exclude_reblogs": "true"})
        try:
            return rows(answer.body)
        except Unreadable as error:
            raise TryLater(f"the posts of {self.account} are unreadable: {error}") from error

    def _own_reply(self, statuses: object, mention: Mention, text: str) -> Reply | None:
        try:
            for status in map(table, rows(statuses)):
                is_ours = table(status.get("account")).get("id") == self._me.id
                if is_ours and _answers(status, mention, text):
                    return _reply(status, text_of(status))
        except Unreadable as error:
            raise TryLater(f"the posts around {mention.key} are unreadable: {error}") from error
        return None


def _answers(status: Mapping[str, object], mention: Mention, text: str) -> bool:
    """Whether a status replies to the mention. When a post is deleted, its replies stand alone: their words tell."""
    parent = status.get("in_reply_to_id")
    return parent == mention.id or (parent is None and text_of(status).split() == text.split())


def _id_of(status: object) -> str:
    """A status's id, or "0" where it has none."""
    number = status.get("id") if isinstance(status, dict) else None
    return number if isinstance(number, str) and number else "0"


def _reply(status: object, text: str) -> Reply:
    fields = table(status)
    at = moment(fields.get("created_at"))
    return Reply(id=name(fields.get("id")), url=words(fields.get("url")), text=text, at=at)
