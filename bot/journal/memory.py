"""What the bot remembers of the talk around it: a leader's notes, phrases that burst, and their public uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from bot.journal.database import Database
from bot.journal.rows import moment
from bot.journal.schema import episodes, insert_into, insert_new, notes, now, phrases, silences, uses
from bot.journal.seal import Seal, load_seal
from bot.model import Mention

HEARD = 2000  # mentions read at once


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that burst. `state` is collecting, drafted or dropped; `why` says more about the last two."""

    phrase: str
    burst_at: datetime
    state: str
    why: str
    people: int
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptUse:
    """One public use: a hash of who wrote it, what, and when."""

    who: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """Notes, phrases and uses in SQL. Everybody may read; only the leader of the trends writes."""

    database: Database

    async def note(self, name: str) -> str | None:
        """The text of a note."""
        query = select(notes.c.value).where(notes.c.name == name)
        value: str | None = await self.database.read(lambda connection: connection.scalar(query))
        return value

    async def keep(self, name: str, value: str) -> None:
        """Write a note, in the place of the one before."""
        await self.database.write(lambda connection: _upsert(connection, notes, ("name",), name=name, value=value))

    async def seal(self) -> Seal:
        """The journal's seal, under which people are counted: whoever is to be forgotten can be found by it."""
        return await self.database.read(load_seal)

    async def heard_since(self, at: float) -> Sequence[tuple[Mention, float]]:
        """Mentions heard after a moment of the journal's clock, each with its own, oldest first; a page of them."""
        query = (
            select(episodes.c.mention, episodes.c.heard_at)
            .where(episodes.c.heard_at > at)
            .order_by(episodes.c.heard_at, episodes.c.key)
            .limit(HEARD)
        )
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return [(Mention.model_validate_json(row[0]), row[1]) for row in rows]

    async def now(self) -> float:
        """The journal's clock, in seconds."""
        at: float | None = await self.database.read(lambda connection: connection.scalar(select(now())))
        return at or 0.0

    async def opted_out(self) -> frozenset[str]:
        """The people who asked us to be quiet, as `id@host`."""
        query = select(silences.c.who).where(silences.c.scope.in_(("person", "posts_of")))
        return frozenset(await self.database.read(lambda connection: connection.scalars(query).all()))

    async def watch(self, phrase: str) -> None:
        """Take note that a phrase burst, and begin to collect its uses; a phrase that is known stays as it is."""

        def work(connection: Connection) -> None:
            row = {"phrase": phrase, "burst_at": now(), "state": "collecting", "why": ""}
            connection.execute(insert_new(connection, phrases, row))

        await self.database.write(work)

    async def watched(self) -> Sequence[Phrase]:
        """All phrases that burst, the newest first, with how many people used each."""
        people = select(uses.c.phrase, func.count().label("people")).group_by(uses.c.phrase).subquery()
        query = (
            select(phrases, func.coalesce(people.c.people, 0).label("people"))
            .join(people, people.c.phrase == phrases.c.phrase, isouter=True)
            .order_by(phrases.c.burst_at.desc())
        )
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return [
            Phrase(
                row.phrase,
                moment(row.burst_at),
                row.state,
                row.why,
                row.people,
                None if row.tried_at is None else moment(row.tried_at),
            )
            for row in rows
        ]

    async def judge(self, phrase: str, state: str, why: str) -> None:
        """Say what became of a phrase."""
        statement = update(phrases).where(phrases.c.phrase == phrase).values(state=state, why=why[:500], tried_at=now())
        await self.database.write(lambda connection: connection.execute(statement).rowcount)

    async def collect(self, phrase: str, found: Sequence[KeptUse]) -> None:
        """Keep uses of a phrase, the first of each person."""
        if not found:
            return
        rows = [{"phrase": phrase, "who": use.who, "text": use.text, "at": use.at.timestamp()} for use in found]

        def work(connection: Connection) -> None:
            connection.execute(insert_new(connection, uses, rows))

        await self.database.write(work)

    async def uses_of(self, phrase: str) -> Sequence[KeptUse]:
        """The kept uses of a phrase, oldest first."""
        query = (
            select(uses.c.who, uses.c.text, uses.c.at).where(uses.c.phrase == phrase).order_by(uses.c.at, uses.c.who)
        )
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return [KeptUse(row.who, row.text, moment(row.at)) for row in rows]

    async def forget_uses(self, *, before: datetime | None = None, who: str | None = None) -> int:
        """Delete uses older than a moment, or all of one person; phrases without a use that are old go with them."""
        old = uses.c.at < before.timestamp() if before else uses.c.who == who

        def work(connection: Connection) -> int:
            gone = connection.execute(delete(uses).where(old)).rowcount
            if before:
                stale = phrases.c.burst_at < before.timestamp()
                connection.execute(delete(phrases).where(stale, phrases.c.phrase.not_in(select(uses.c.phrase))))
            return gone

        return await self.database.write(work)


def _upsert(connection: Connection, table: Any, key: tuple[str, ...], **values: Any) -> None:
    row = values | {"at": now()}
    statement = insert_into(connection, table).values(row)
    new = {name: statement.excluded[name] for name in row if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=new))
