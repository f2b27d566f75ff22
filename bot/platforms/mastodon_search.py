"""Looking for our own reply on servers with Mastodon's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.errors import GiveUp, TryLater
from bot.http import Refused, Remote
from bot.model import Reply
from bot.platforms.mastodon_status import id_order, text_of
from bot.platforms.mastodon_thread import read_context
from bot.platforms.wire import Unreadable, moment, name, rows, table, words
from bot.ports import Own

PAGE = 40
OWN_PAGES = 5
TIMELINE_PAGES = 25


@dataclass(frozen=True, slots=True)
class Search:
    """The reply of one account (`me`, its id) to one mention (its id), which had this text."""

    remote: Remote
    me: str
    mention: str
    text: str

    async def run(self) -> Reply | None:
        """Look below the mention and among our own posts.

        None only if both were read to their end. Raises `TryLater` or `GiveUp` where neither found it and one could
        not be read.
        """
        trouble: TryLater | GiveUp | None = None
        is_gone = False
        try:
            context = await read_context(self.remote, self.mention)
            if (reply := self._pick(context.get("descendants"))) is not None:
                return reply
        except Refused as refused:
            is_gone, trouble = refused.status == 404, None if refused.status == 404 else refused
        except TryLater as later:
            trouble = later
        reply = await self._among_own(by_words=is_gone)
        if reply is None and trouble is not None:
            raise trouble
        return reply

    async def _among_own(self, *, by_words: bool) -> Reply | None:
        """From the newest page, and forward from the mention, since ids grow with time."""
        reply = self._pick(await self._own_posts({}), by_words=by_words)
        if reply is not None:
            return reply
        low = self.mention
        for _ in range(OWN_PAGES):
            page = await self._own_posts({"min_id": low})
            if (reply := self._pick(page, by_words=by_words)) is not None:
                return reply
            newest = max((_id_of(status) for status in page), key=id_order, default=low)
            if id_order(newest) <= id_order(low):
                return None
            low = newest
        raise TryLater(f"we posted so much since {self.mention} that not all of it was looked through")

    async def _own_posts(self, params: Mapping[str, str]) -> Sequence[object]:
        path = f"/api/v1/accounts/{quote(self.me, safe='')}/statuses"
        answer = await self.remote.read(path, {**params, "limit": str(PAGE), "exclude_reblogs": "true"})
        try:
            return rows(answer.body)
        except Unreadable as error:
            raise TryLater(f"our own posts are unreadable: {error}") from error

    def _pick(self, statuses: object, *, by_words: bool = False) -> Reply | None:
        try:
            for status in map(table, rows(statuses)):
                is_ours = table(status.get("account")).get("id") == self.me
                if is_ours and (status.get("in_reply_to_id") == self.mention or (by_words and self._says_it(status))):
                    return reply_of(status, text_of(status))
        except Unreadable as error:
            raise TryLater(f"the posts around {self.mention} are unreadable: {error}") from error
        return None

    def _says_it(self, status: Mapping[str, object]) -> bool:
        """When a post is deleted its replies stand alone, and only their words tell whom they answered."""
        is_alone = status.get("in_reply_to_id") is None and id_order(_id_of(status)) > id_order(self.mention)
        return is_alone and text_of(status).split() == self.text.split()


async def read_own(remote: Remote, me: str, since: datetime) -> Sequence[Own]:
    """Our own replies since a moment, newest first; raises `TryLater` or `GiveUp`."""
    found: list[Own] = []
    params: dict[str, str] = {}
    for _ in range(TIMELINE_PAGES):
        path = f"/api/v1/accounts/{quote(me, safe='')}/statuses"
        answer = await remote.read(path, {**params, "limit": str(PAGE), "exclude_reblogs": "true"})
        try:
            page = [table(row) for row in rows(answer.body)]
            read = [(reply_of(row, text_of(row)), row.get("in_reply_to_id")) for row in page]
        except Unreadable as error:
            raise TryLater(f"our own posts are unreadable: {error}") from error
        found += [Own(reply, words(parent)) for reply, parent in read if parent and reply.at >= since]
        if not read or read[-1][0].at < since:
            break
        params = {"max_id": min((reply.id for reply, _parent in read), key=id_order)}
    return found


def reply_of(status: object, text: str) -> Reply:
    """A status of ours as a reply; raises `Unreadable`."""
    fields = table(status)
    at = moment(fields.get("created_at"))
    return Reply(id=name(fields.get("id")), url=words(fields.get("url")), text=text, at=at)


def _id_of(status: object) -> str:
    """A status's id, or "0" where it has none."""
    number = status.get("id") if isinstance(status, dict) else None
    return number if isinstance(number, str) and number else "0"
