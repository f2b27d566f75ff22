"""How long text is kept: purging what is old, and forgetting a person."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update

from bot.journal.burial import DAY, bury, without_person
from bot.journal.database import Database
from bot.journal.schema import episodes, facts, insert_new, now, silences, uses
from bot.journal.seal import Seal, load_seal
from bot.model import FINAL

_FINAL = tuple(state.value for state in FINAL)
_WHOSE = select(episodes.c.key, episodes.c.person, episodes.c.state)
FORGOTTEN = "forgotten:"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted: a person's own episodes, and those of others that told of the person's posts."""

    own: int
    others: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """Deletes text in small steps, so that no mention has to wait for it. `step` is how many episodes one takes."""

    database: Database
    pause: Callable[[float], Awaitable[None]]
    step: int = 200

    async def purge(self, days: float) -> int:
        """Bury what ended more than so many days ago; 0 days keeps all. Returns how many. What is open is kept."""
        if days <= 0:
            return 0
        old = (
            select(episodes.c.key)
            .where(episodes.c.updated_at < now() - days * DAY, episodes.c.state.in_(_FINAL))
            .order_by(episodes.c.updated_at)
            .limit(self.step)
        )

        def work(connection: Connection) -> int:
            return bury(connection, load_seal(connection), connection.scalars(old).all())

        total = 0
        while buried := await self.database.erase(work):
            total += buried
            await self.pause(0.2)
        return total

    async def find(self, name: str) -> Sequence[str]:
        """The people (`id@host`) behind `id@host` or `handle@host`."""
        handle, _, host = name.removeprefix("@").rpartition("@")
        told = '%"author":{"id":%' + _escaped(f'"handle":{_as_json(handle)}') + "%"
        exact = select(episodes.c.person).where(episodes.c.person == name).limit(1)
        by_handle = select(episodes.c.mention).where(episodes.c.mention.like(told, escape="\\"))

        def work(connection: Connection) -> Sequence[str]:
            if connection.scalar(exact) is not None:
                return [name]
            silent = select(silences.c.who).where(silences.c.who == name).limit(1)
            if connection.scalar(silent) is not None:
                return [name]
            found = set()
            for text in connection.scalars(by_handle.execution_options(yield_per=500)):
                mention = json.loads(text)
                where = str(mention["account"]).rpartition("@")[2]
                authors = [mention["author"], *(post["author"] for post in mention.get("thread", ()))]
                found |= {f"{one['id']}@{where}" for one in authors if one["handle"] == handle and where == host}
            return sorted(found)

        return await self.database.read(work)

    async def forget(self, person: str) -> Forgotten:
        """Delete everything about one person (`id@host`) for good.

        Their episodes become tombstones, in whatever state they are; so do ended episodes of others that show the
        person's posts, and open ones lose those posts. Wishes and mutes of the person stay as keyed hashes, and so
        does the fact that they were forgotten, for the next restore.
        """

        def first(connection: Connection) -> None:
            seal = load_seal(connection)
            fact = {"name": FORGOTTEN + seal.person(person), "value": "", "at": now()}
            connection.execute(insert_new(connection, facts, fact))
            seal_silences(connection, seal, person)
            connection.execute(uses.delete().where(uses.c.who == seal.person(person)))

        await self.database.erase(first)
        own = await self._until_none(_WHOSE.where(episodes.c.person == person), person)
        others = await self._until_none(_showing(person), person)
        await self.database.compact()
        return Forgotten(own, others)

    async def _until_none(self, query: Select[Any], person: str) -> int:
        def work(connection: Connection) -> int:
            seal = load_seal(connection)
            rows = connection.execute(query.limit(self.step)).all()
            bury(connection, seal, [row.key for row in rows if row.person == person or row.state in _FINAL])
            for row in rows:
                _take_out(connection, seal, row.key, person)
            return len(rows)

        total = 0
        while done := await self.database.erase(work):
            total += done
            await self.pause(0.05)
        return total


def seal_silences(connection: Connection, seal: Seal, person: str) -> None:
    """Keep a person's wishes without their name."""
    mine = [silences.c.host == person.rpartition("@")[2], silences.c.scope != "thread", silences.c.who == person]
    for row in connection.execute(select(silences).where(*mine)).all():
        sealed = {"who": seal.person(person), "because": ""}
        there = select(func.count()).where(
            silences.c.host == row.host, silences.c.scope == row.scope, silences.c.who == sealed["who"]
        )
        one = [silences.c.host == row.host, silences.c.scope == row.scope, silences.c.who == person]
        if connection.scalar(there):
            connection.execute(silences.delete().where(*one))
        else:
            connection.execute(update(silences).where(*one).values(sealed))


def _showing(person: str) -> Select[Any]:
    """Episodes of others in whose thread the person stands; their id is the first field of an author."""
    number, _, host = person.rpartition("@")
    shown = (
        "%" + f'"author":{{"id":{_as_json(number)},'.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    )
    return _WHOSE.where(
        episodes.c.account.like("%@" + _escaped(host), escape="\\"),
        or_(episodes.c.root_person == person, episodes.c.mention.like(shown, escape="\\")),
    )


def _take_out(connection: Connection, seal: Seal, key: str, person: str) -> None:
    row = connection.execute(select(*episodes.c).where(episodes.c.key == key).with_for_update()).first()
    if row is not None:
        changed = without_person(row._asdict(), seal, person)
        connection.execute(
            update(episodes).where(episodes.c.key == key).values(version=episodes.c.version + 1, **changed)
        )


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _escaped(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
