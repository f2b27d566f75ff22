"""Switching to stopped in one process stops another one within two seconds: with real processes and a real clock."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.journal import Desk, Episodes, open_database

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = await open_database(f"sqlite:///{tmp_path / 'journal.sqlite3'}")
    journal = Episodes(database)
    await journal.open()
    yield Desk(journal)
    await database.close()


@pytest.fixture
async def chatty(desk: Desk, tmp_path: Path) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.bot.chatty", str(tmp_path / "journal.sqlite3"))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)
    yield process
    process.kill()
    await process.wait()


async def posts(process: Process, seconds: float) -> list[float]:
    """When replies were posted in the next so many seconds."""
    assert process.stdout is not None
    found: list[float] = []
    ends = time.time() + seconds
    while (left := ends - time.time()) > 0:
        try:
            found.append(float(await asyncio.wait_for(process.stdout.readline(), left)))
        except TimeoutError:
            break
    return found


async def test_a_stop_in_one_process_stops_another_within_two_seconds(desk: Desk, chatty: Process) -> None:
    assert chatty.stdout is not None
    for _ in range(3):
        assert await asyncio.wait_for(chatty.stdout.readline(), 30)

    await desk.set_mode("stopped", by="admin", why="something is wrong")
    stopped = time.time()
    late = [at - stopped for at in await posts(chatty, 3.0)]

    assert chatty.returncode is None, "it has to be alive and silent"
    assert [delay for delay in late if delay > 2.0] == []
    print(f"last post {max(late, default=0.0):+.3f} s after the switch")  # noqa: T201 - the figure

    await desk.set_mode("normal", by="admin", why="mended")
    assert await asyncio.wait_for(chatty.stdout.readline(), 10), "what stops must also start again"
