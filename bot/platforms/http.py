"""Any site that speaks our open protocol (docs/protocol.md); the plaza is one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

import aiohttp

from bot.errors import TryLater, Unsure
from bot.http import Answer, Refused, Remote
from bot.model import Author, Media, Mention, Post, Reply
from bot.platforms.wire import Unreadable, moment, name, rows, table, words
from bot.ports import ABSENT, NEVER, PERMANENT, UNKNOWN, Batch, Found, Once, Own

BASE = "/jiegeng/v1"
PAGE = 50
OWN_PAGES = 200
_LOG = logging.getLogger(__name__)
_KINDS: Mapping[object, Literal["image", "video", "audio"]] = {"image": "image", "video": "video", "audio": "audio"}
_SIGHTS: Mapping[object, Literal["public", "unlisted", "followers", "direct"]] = {
    "public": "public",
    "unlisted": "unlisted",
    "followers": "followers",
}


class OpenPlatform:
    """One account of ours on a site that speaks our open protocol. Made by `OpenPlatform.open`."""

    def __init__(self, remote: Remote, *, account: str, limit: int, once: Once) -> None:
        self._remote = remote
        self._account = account
        self._limit = limit
        self._once = once

    @classmethod
    async def open(
        cls,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        *,
        setting: str = "JIEGENG_PLAZA_TOKEN",
        deadline: float = 15.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> OpenPlatform:
        """Ask the site who we are. `url` is the site's address without the protocol's path.

        Raises `Misconfigured` for a url or token that cannot be one, `GiveUp` for a refused token and `TryLater`
        for a site that cannot be reached or does not speak the protocol.
        """
        remote = Remote(session, url, token, setting=setting, deadline=deadline, now=now)
        answer = await remote.read(f"{BASE}/me")
        try:
            me = table(answer.body)
            account, limit = name(me.get("account")), me.get("limit")
            if not isinstance(limit, int) or limit < 1:
                raise Unreadable("limit is not a whole number above 0")
        except Unreadable as error:
            raise TryLater(f"{remote.base} does not speak our protocol: {error}") from error
        return cls(remote, account=account, limit=limit, once=PERMANENT if me.get("once") == "permanent" else NEVER)

    @property
    def account(self) -> str:
        return self._account

    @property
    def once(self) -> Once:
        return self._once

    @property
    def limit(self) -> int:
        return self._limit

    def measure(self, text: str) -> int:
        """Unicode code points."""
        return len(text)

    def address(self, mention: Mention) -> str:
        """Nothing: a reply in a thread reaches its author by itself."""
        return ""

    async def start(self) -> str:
        return self._read_page(await self._remote.read(f"{BASE}/mentions")).cursor or ""

    async def mentions(self, cursor: str, *, wait: float) -> Batch:
        """No overlap is needed: the protocol promises that nothing appears at or before a cursor it gave out."""
        params = {"after": cursor, "wait": f"{wait:.3f}", "limit": str(PAGE)}
        page = self._read_page(await self._remote.read(f"{BASE}/mentions", params, longer=wait))
        return Batch(page.mentions, page.cursor if page.cursor != cursor else None)

    async def context(self, mention: Mention) -> Mention:
        answer = await self._remote.read(f"{BASE}/posts/{quote(mention.id, safe='')}/thread")
        try:
            thread = tuple(_post(row) for row in rows(table(answer.body).get("thread")))
        except Unreadable as error:
            raise TryLater(f"the thread of {mention.key} is unreadable: {error}") from error
        return mention.model_copy(update={"thread": thread})

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        answer = await self._remote.change(
            "POST",
            f"{BASE}/posts/{quote(mention.id, safe='')}/replies",
            {"text": text},
            headers={"Idempotency-Key": key},
        )
        try:
            return _reply(answer)
        except Unreadable as error:
            raise Unsure(f"the reply to {mention.key} was taken, but the answer is unreadable: {error}") from error

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        """By the idempotency key, which the site keeps for ever; raises like every read."""
        try:
            path = f"{BASE}/posts/{quote(mention.id, safe='')}/replies/mine"
            return Found("found", _reply(await self._remote.read(path, {"key": key})))
        except Refused as refused:
            # Only the site's own words count: another 404 says nothing.
            return ABSENT if refused.status == 404 and refused.code in ("no_reply", "no_post") else UNKNOWN
        except Unreadable:
            return UNKNOWN

    async def delete(self, reply_id: str) -> None:
        try:
            await self._remote.change("DELETE", f"{BASE}/posts/{quote(reply_id, safe='')}")
        except Refused as refused:
            if refused.status not in (404, 410):
                raise

    async def reactions(self, reply_id: str) -> Mapping[str, int]:
        """How often people reacted to one of our posts: {"like": 3, "reply": 1}; raises as every verb."""
        answer = await self._remote.read(f"{BASE}/posts/{quote(reply_id, safe='')}/reactions")
        try:
            counts = table(table(answer.body).get("reactions"))
        except Unreadable as error:
            raise TryLater(f"the reactions to {reply_id} are unreadable: {error}") from error
        return {words(kind): count for kind, count in counts.items() if isinstance(count, int)}

    async def own_replies(self, since: datetime) -> Sequence[Own] | None:
        """None from a site that does not know the request, which came later than the others."""
        found: list[Own] = []
        after = ""
        for _ in range(OWN_PAGES):
            params = {"since": since.isoformat(), "after": after, "limit": str(PAGE)}
            try:
                answer = await self._remote.read(f"{BASE}/replies", params)
            except Refused as refused:
                if refused.status in (404, 405, 501):
                    return None
                raise
            try:
                body = table(answer.body)
                page = [table(row) for row in rows(body.get("replies"))]
                found += [
                    Own(_reply_of(row), name(row.get("parent_id"))) for row in page if row.get("deleted") is not True
                ]
                after = words(body.get("next"))
            except Unreadable as error:
                raise TryLater(f"our own replies on {self._remote.base} are unreadable: {error}") from error
            if not after:
                break
        return found

    async def close(self) -> None:
        """Nothing: the session belongs to whoever passed it in."""

    def _read_page(self, answer: Answer) -> Batch:
        try:
            body = table(answer.body)
            found, cursor = rows(body.get("mentions")), name(body.get("cursor"))
        except Unreadable as error:
            raise TryLater(f"the mentions of {self._account} are unreadable: {error}") from error
        return Batch(tuple(mention for row in found if (mention := self._mention(row))), cursor)

    def _mention(self, row: object) -> Mention | None:
        """A mention, or None for one that nobody could answer: a page must not jam on it."""
        try:
            fields = table(row)
            return Mention(
                account=self._account,
                id=name(fields.get("id")),
                author=_author(fields.get("author")),
                text=words(fields.get("text")),
                media=_media(fields.get("media")),
                root_id=words(fields.get("root_id")),
                visibility=_SIGHTS.get(fields.get("visibility", "public"), "direct"),
                url=words(fields.get("url")),
                at=moment(fields.get("at")),
            )
        except Unreadable as error:
            _LOG.warning("%s: a mention was left out, it is unreadable: %s", self._account, error)
            return None


def _author(value: object) -> Author:
    fields = table(value)
    return Author(
        id=name(fields.get("id")),
        handle=words(fields.get("handle")),
        name=words(fields.get("name")),
        bot=fields.get("bot") is True,
    )


def _media(value: object) -> tuple[Media, ...]:
    found = [table(row) for row in rows(value if value is not None else [])]
    return tuple(
        Media(
            kind=_KINDS.get(words(media.get("kind")), "other"),
            url=words(media.get("url")),
            alt=words(media.get("alt")),
        )
        for media in found
    )


def _post(value: object) -> Post:
    fields = table(value)
    return Post(
        id=name(fields.get("id")),
        author=_author(fields.get("author")),
        text=words(fields.get("text")),
        media=_media(fields.get("media")),
        at=moment(fields.get("at")),
    )


def _reply(answer: Answer) -> Reply:
    return _reply_of(table(answer.body))


def _reply_of(fields: Mapping[str, object]) -> Reply:
    return Reply(
        id=name(fields.get("id")),
        url=words(fields.get("url")),
        text=words(fields.get("text")),
        at=moment(fields.get("at")),
    )
