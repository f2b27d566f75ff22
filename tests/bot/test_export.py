"""Episodes as lines: whole as JSON, harmless as a table, and never all of them in memory at once."""

from __future__ import annotations

import csv
import io
import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bot.export import COLUMNS, as_csv, as_jsonl
from bot.journal import Episodes, open_database, stream
from bot.journal.schema import episodes as rows
from bot.model import Episode
from tests.fakes import World, mention


async def all_of(lines: AsyncIterator[str]) -> str:
    return "".join([line async for line in lines])


async def told(world: World) -> AsyncIterator[Episode]:
    async for episode in stream(world.journal.database):
        yield episode


async def test_a_line_of_json_is_the_whole_episode(world: World) -> None:
    await world.hear(mention("@阿梗 两行\n字"))
    await world.settle()

    (line,) = (await all_of(as_jsonl(told(world)))).splitlines()

    assert Episode.model_validate_json(line) == await world.episode()
    assert json.loads(line)["mention"]["text"] == "@阿梗 两行\n字"


async def test_a_table_reads_back_with_commas_quotes_and_line_breaks(world: World) -> None:
    text = '他说,"今天"\n真好'
    await world.hear(mention(text))
    await world.settle()

    names, row = csv.reader(io.StringIO(await all_of(as_csv(told(world))), newline=""))

    assert tuple(names) == COLUMNS
    found = dict(zip(names, row, strict=True))
    assert (found["text"], found["state"], found["tone"]) == (text, "posted", "banter")
    assert found["reply"].endswith("（AI生成）")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@阿梗 在吗", "+1", "-1", "\t=1"])
async def test_no_cell_is_a_formula(world: World, text: str) -> None:
    await world.hear(mention(text))

    _names, row = csv.reader(io.StringIO(await all_of(as_csv(told(world))), newline=""))

    assert row[COLUMNS.index("text")] == f"'{text}"


async def many(journal: Episodes, count: int) -> None:
    """Copies of one long row under other keys."""
    await journal.begin("阿梗@plaza", "0")
    await journal.hear("阿梗@plaza", "0", "1", [mention("@阿梗 " + "啊" * 700)])
    first = dict(await journal.database.read(lambda connection: connection.execute(select(rows)).mappings().one()))
    for start in range(0, count, 5000):
        batch = [first | {"key": f"k{number}"} for number in range(start, min(count, start + 5000))]
        await journal.database.write(lambda connection, batch=batch: connection.execute(insert(rows), batch).rowcount)


async def test_no_more_than_a_page_is_ever_read_ahead(journal: Episodes) -> None:
    await many(journal, 60)
    asked = 0
    real = journal.database.read

    async def counted(work: object) -> object:
        nonlocal asked
        asked += 1
        return await real(work)  # type: ignore[arg-type]

    journal.database.read = counted  # type: ignore[method-assign]
    lines = as_jsonl(stream(journal.database, page=10))
    for _ in range(15):
        await anext(lines)

    assert asked == 2


@pytest.mark.real
async def test_fifty_thousand_episodes_need_no_more_memory_than_two_thousand(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/journal.sqlite3")
    journal = Episodes(database)
    await journal.open()
    await many(journal, 50_000)
    two_thousand = stream(database)
    for _ in range(2000):
        await anext(two_thousand)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    count = 0
    async for _line in as_jsonl(stream(database)):
        count += 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    await database.close()

    assert count == 50_001
    assert grown < 10_000, f"{grown} KB more than {before} KB"
