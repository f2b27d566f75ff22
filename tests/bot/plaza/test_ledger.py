"""One writer that commits in groups."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.plaza.fault import Fault
from bot.plaza.ledger import Ledger


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    ledger = Ledger(tmp_path / "x.db")
    yield ledger
    await ledger.close()


def fact(name: str, value: str = "x"):  # type: ignore[no-untyped-def]
    def work(db: sqlite3.Connection) -> str:
        db.execute("INSERT INTO facts VALUES (?, ?)", (name, value))
        return name

    return work


def names(ledger: Ledger) -> list[str]:
    return [row["name"] for row in ledger.reader.execute("SELECT name FROM facts ORDER BY name")]


async def test_what_was_written_is_read_at_once_and_is_durable(ledger: Ledger, tmp_path: Path) -> None:
    assert await ledger.write(fact("a")) == "a"
    assert names(ledger) == ["a"]
    other = sqlite3.connect(tmp_path / "x.db")
    assert other.execute("SELECT count(*) FROM facts").fetchone() == (1,)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    assert ledger._writer.execute("PRAGMA synchronous").fetchone()[0] == 2


async def test_many_writes_share_a_commit_and_each_gets_its_own_answer(ledger: Ledger) -> None:
    commits: list[str] = []
    ledger._writer.set_trace_callback(lambda line: commits.append(line) if line == "COMMIT" else None)
    answers = await asyncio.gather(*(ledger.write(fact(str(number))) for number in range(50)))
    assert answers == [str(number) for number in range(50)]
    assert len(commits) < 5


async def test_a_refusal_undoes_one_piece_of_work_only(ledger: Ledger) -> None:
    def refuse(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO facts VALUES ('bad', 'x')")
        raise Fault(422, "no", "no")

    outcomes = await asyncio.gather(
        ledger.write(fact("a")), ledger.write(refuse), ledger.write(fact("b")), return_exceptions=True
    )
    assert isinstance(outcomes[1], Fault)
    assert names(ledger) == ["a", "b"]


async def test_a_broken_piece_of_work_is_heard_of_by_all_and_the_ledger_goes_on(ledger: Ledger) -> None:
    def break_it(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO nowhere VALUES (1)")

    outcomes = await asyncio.gather(ledger.write(fact("a")), ledger.write(break_it), return_exceptions=True)
    assert all(isinstance(outcome, sqlite3.Error) for outcome in outcomes)
    assert names(ledger) == []
    await ledger.write(fact("b"))
    assert names(ledger) == ["b"]


async def test_a_writer_that_went_away_does_not_hold_up_the_others(ledger: Ledger) -> None:
    gone = asyncio.create_task(ledger.write(fact("a")))
    await asyncio.sleep(0)
    gone.cancel()
    assert await ledger.write(fact("b")) == "b"
    assert names(ledger) == ["a", "b"]


async def test_the_bell_rings_after_the_commit(ledger: Ledger) -> None:
    bell = ledger.bell.listen()
    await ledger.write(fact("a"))
    await asyncio.wait_for(bell.wait(), 5)
    assert names(ledger) == ["a"]
    assert not ledger.bell.listen().is_set()
