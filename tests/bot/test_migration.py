"""A journal that is brought to this version in a process of its own."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.journal import open_database
from bot.journal.database import newest_version
from bot.migration import migrate_aside


def version_of(journal: Path) -> str:
    with closing(sqlite3.connect(journal)) as file:
        return str(file.execute("SELECT version_num FROM alembic_version").fetchone()[0])


async def test_a_new_journal_is_migrated_by_another_process(tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite3"

    await migrate_aside(f"sqlite:///{journal}")

    assert version_of(journal) == newest_version()


async def test_only_a_journal_that_is_not_of_this_version_is_left_to_others(tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite3"
    asked: list[str] = []

    async def note(url: str) -> None:
        asked.append(url)

    for _ in range(2):
        await (await open_database(f"sqlite:///{journal}", aside=note)).close()

    assert asked == [f"sqlite:///{journal}"]
    assert version_of(journal) == newest_version()  # whoever was asked did nothing


async def test_where_no_other_process_can_do_it_the_journal_is_migrated_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal.sqlite3"
    monkeypatch.setattr(sys, "executable", "/bin/false")

    await (await open_database(f"sqlite:///{journal}", aside=migrate_aside)).close()

    assert version_of(journal) == newest_version()
