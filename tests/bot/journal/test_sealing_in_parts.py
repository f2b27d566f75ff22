"""What has ended is looked up beside the writers and sealed in small parts."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import Connection, text

from bot.journal import audit as chain
from bot.journal.audit import PART, Audit, append, find_unsealed
from bot.journal.database import Database
from tests.fakes import World, mention

MANY = 2 * PART + 7


class Short:
    """A database that notes how many entries each write of its chain appended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.appended: list[int | None] = []

    async def read(self, work):  # type: ignore[no-untyped-def]
        return await self._database.read(work)

    async def write(self, work):  # type: ignore[no-untyped-def]
        self.appended.append(await self._database.write(work))
        return self.appended[-1]


@pytest.fixture
async def busy(world: World) -> World:
    """A journal in which many mentions have ended, and nothing is sealed but the first switch."""
    await Audit(world.journal.database).seal()
    mentions = [mention(id=f"m{number}") for number in range(MANY)]
    await world.journal.begin(mentions[0].account, "0")
    await world.journal.hear(mentions[0].account, "0", "1", mentions)
    ended = "UPDATE episodes SET state = 'skipped', due_at = NULL"
    await world.journal.database.write(lambda connection: connection.execute(text(ended)).rowcount)
    return world


async def test_no_part_is_long_and_nothing_is_left_out(busy: World) -> None:
    database = Short(busy.journal.database)

    assert await Audit(database).seal() == MANY  # type: ignore[arg-type]

    report = await Audit(busy.journal.database).verify()
    assert database.appended == [PART, PART, 7]
    assert (report.faults, report.entries, report.unsealed) == ((), MANY + 1, 0)


async def test_what_another_worker_sealed_meanwhile_is_not_sealed_twice(busy: World) -> None:
    database = busy.journal.database
    found = await database.read(lambda connection: find_unsealed(connection, "jiegeng"))
    await Audit(database).seal()

    assert await database.write(partial(append, entries=found)) == 0
    assert (await Audit(database).verify()).entries == MANY + 1


async def test_while_somebody_else_seals_nothing_is_appended_out_of_order(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter([True, False, True])
    monkeypatch.setattr(chain, "_take_turn", lambda _connection: next(turns))

    assert await Audit(busy.journal.database).seal() == PART

    monkeypatch.undo()
    assert await Audit(busy.journal.database).seal() == MANY - PART
    assert (await Audit(busy.journal.database).verify()).faults == ()


async def test_switches_are_sealed_with_all_that_was_found_beside_them(busy: World) -> None:
    def switch(connection: Connection) -> int:
        rows = "INSERT INTO modes (mode, at, by, why) VALUES ('heightened', :at, 'x', '')"
        return connection.execute(text(rows), [{"at": 2e9}, {"at": 1e9}]).rowcount

    await busy.journal.database.write(switch)
    database = Short(busy.journal.database)

    await Audit(database).seal()  # type: ignore[arg-type]

    assert database.appended == [MANY + 2]
