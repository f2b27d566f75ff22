"""What outlives a restore: wishes, forgotten people, tombstones and switches of the journal that is replaced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, case, delete, func, insert, select, update

from bot.journal.burial import bury, is_buried
from bot.journal.database import Database
from bot.journal.keeping import FORGOTTEN, Keeping
from bot.journal.rows import SETTLED
from bot.journal.schema import episodes, facts, insert_new, modes, now, passes, silences, tombstones
from bot.journal.seal import load_seal
from bot.model import State

BATCH = 500


@dataclass(frozen=True, slots=True)
class Legacy:
    """Rows of the journal that is replaced."""

    seal: str
    silences: Sequence[dict[str, Any]]
    tombstones: Sequence[dict[str, Any]]
    modes: Sequence[dict[str, Any]]
    forgotten: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """How many wishes and mutes were added, and how many episodes and people had to be forgotten again."""

    silences: int
    buried: int
    people: int


def read_legacy(connection: Connection) -> Legacy:
    """What the replaced journal has to say."""

    def rows(table: Table) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(select(table)).mappings()]

    known = rows(facts)
    return Legacy(
        seal=next(str(fact["value"]) for fact in known if fact["name"] == "seal"),
        silences=rows(silences),
        tombstones=rows(tombstones),
        modes=rows(modes),
        forgotten=[fact for fact in known if str(fact["name"]).startswith(FORGOTTEN)],
    )


async def take_over(database: Database, legacy: Legacy) -> CarriedOver:
    """Bring a legacy into the restored copy, and forget there whoever was forgotten since the backup."""
    keeping = Keeping(database, pause=_at_once)
    same, added = await database.erase(lambda connection: _insert(connection, legacy))
    buried, people = 0, 0
    if same:
        buried = await database.erase(_bury_again)
        names = {str(fact["name"]) for fact in legacy.forgotten}
        for person in await database.read(lambda connection: _people(connection, names)):
            await keeping.forget(person)
            people += 1
    return CarriedOver(added, buried, people)


def mark_restored(connection: Connection) -> None:
    """From now on, whatever is older than this moment is looked up before it is answered; sessions end."""
    connection.execute(delete(passes))
    connection.execute(delete(facts).where(facts.c.name == "restored"))
    connection.execute(insert(facts).values(name="restored", value="", at=now()))
    waits = episodes.c.state == State.HELD.value  # a person may still decide, until the same moment as before
    later = case((waits, episodes.c.due_at), else_=now() + SETTLED)
    is_open = episodes.c.due_at.is_not(None)
    connection.execute(update(episodes).where(is_open).values(due_at=later, owner=None, hinted_at=None))
    unsettled = is_open | (episodes.c.state == State.UNSURE.value)
    connection.execute(update(episodes).where(unsettled).values(look_first=1, version=episodes.c.version + 1))


def _insert(connection: Connection, legacy: Legacy) -> tuple[bool, int]:
    """Hashes of another journal mean nothing here; wishes and switches do."""
    same = load_seal(connection).key.hex() == legacy.seal
    plain = [row for row in legacy.silences if same or not str(row["who"]).startswith("#")]
    before = connection.scalar(select(func.count()).select_from(silences)) or 0
    _insert_all(connection, silences, plain)
    after = connection.scalar(select(func.count()).select_from(silences)) or 0
    last_id, last_at = connection.execute(
        select(func.coalesce(func.max(modes.c.id), 0), func.coalesce(func.max(modes.c.at), 0.0))
    ).one()
    if same:  # the copy is an earlier state of the very same list, so that numbers mean the same
        _insert_all(connection, modes, [row for row in legacy.modes if row["id"] > last_id])
    else:
        for row in legacy.modes:
            if row["at"] > last_at and row["cancels"] is None:
                connection.execute(insert(modes).values({name: row[name] for name in row if name != "id"}))
    if same:
        _insert_all(connection, tombstones, legacy.tombstones)
        _insert_all(connection, facts, legacy.forgotten)
    return same, after - before


def _insert_all(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        connection.execute(insert_new(connection, table, rows[start : start + BATCH]))


def _bury_again(connection: Connection) -> int:
    seal, total, last = load_seal(connection), 0, ""
    while keys := connection.scalars(
        select(episodes.c.key).where(episodes.c.key > last).order_by(episodes.c.key).limit(BATCH)
    ).all():
        last = keys[-1]
        total += bury(connection, seal, sorted(is_buried(connection, seal, keys)))
    return total


def _people(connection: Connection, names: set[str]) -> Sequence[str]:
    """Who of those that were forgotten is in the copy again."""
    if not names:
        return ()
    seal, found = load_seal(connection), set()
    rows = connection.execution_options(yield_per=BATCH).execute(select(episodes.c.account, episodes.c.mention))
    for account, text in rows:
        mention, host = json.loads(text), account.rpartition("@")[2]
        for author in (mention["author"], *(post["author"] for post in mention.get("thread", ()))):
            person = f"{author['id']}@{host}"
            if person not in found and FORGOTTEN + seal.person(person) in names:
                found.add(person)
    for who in connection.scalars(select(silences.c.who)).all():
        if FORGOTTEN + seal.person(who) in names and not who.startswith("#"):
            found.add(who)
    return sorted(found)


async def _at_once(_seconds: float) -> None:
    """Nobody else works on the copy."""
