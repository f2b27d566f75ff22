"""Every episode one after the other, however many there are, in constant memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import and_, or_, select

from bot.journal.database import Database
from bot.journal.rows import episode_of
from bot.journal.schema import episodes
from bot.model import Episode, State


async def stream(
    database: Database,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    state: State | None = None,
    page: int = 500,
) -> AsyncIterator[Episode]:
    """Episodes heard in [since, until), oldest first, read `page` at a time in transactions of their own.

    What changes meanwhile may be shown in its older or its newer form; nothing is shown twice or left out.
    """
    query = select(*episodes.c).order_by(episodes.c.heard_at, episodes.c.key).limit(page)
    if since is not None:
        query = query.where(episodes.c.heard_at >= since.timestamp())
    if until is not None:
        query = query.where(episodes.c.heard_at < until.timestamp())
    if state is not None:
        query = query.where(episodes.c.state == state.value)
    further = query
    while True:
        asked = further
        rows = await database.read(lambda connection, asked=asked: connection.execute(asked).all())  # type: ignore[misc]
        for row in rows:
            yield episode_of(row._asdict())
        if len(rows) < page:
            return
        at, key = rows[-1].heard_at, rows[-1].key
        further = query.where(
            or_(episodes.c.heard_at > at, and_(episodes.c.heard_at == at, episodes.c.key > key)),
            episodes.c.heard_at >= at,
        )
