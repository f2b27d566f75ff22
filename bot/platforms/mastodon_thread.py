"""Threads on servers with Mastodon's API."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from bot.errors import GiveUp, TryLater
from bot.http import Remote
from bot.model import Post
from bot.platforms.mastodon_status import post_of
from bot.platforms.wire import Unreadable, name, rows, table

CONTEXT_BYTES = 8 << 20
ANCESTORS_MISSING = 5


async def read_context(remote: Remote, status_id: str) -> Mapping[str, object]:
    """The raw context of a status: `ancestors` and `descendants`. Raises `GiveUp` if the status is gone, `TryLater`."""
    path = f"/api/v1/statuses/{quote(status_id, safe='')}/context"
    try:
        return table((await remote.read(path, most=CONTEXT_BYTES)).body)
    except Unreadable as error:
        raise TryLater(f"the thread around {status_id} is unreadable: {error}") from error


async def read_above(remote: Remote, status_id: str) -> tuple[Post, ...]:
    """What stands above a status, root first; raises like `read_context`."""
    context = await read_context(remote, status_id)
    try:
        above = [table(row) for row in rows(context.get("ancestors"))]
        return tuple(post_of(status) for status in await _complete(remote, above))
    except Unreadable as error:
        raise TryLater(f"the thread above {status_id} is unreadable: {error}") from error


async def _complete(remote: Remote, above: list[dict[str, object]]) -> list[dict[str, object]]:
    """Servers leave out far ancestors: fetch a few that are missing at the top; what cannot be read is left out."""
    for _ in range(ANCESTORS_MISSING):
        parent = above[0].get("in_reply_to_id") if above else None
        if not parent:
            break
        try:
            status = table((await remote.read(f"/api/v1/statuses/{quote(name(parent), safe='')}")).body)
            post_of(status)
        except (GiveUp, TryLater, Unreadable):
            break
        above = [status, *above]
    return above
