"""Brings the tables to this version in a process of its own: what knows how, Alembic, takes 10 MB once it is loaded."""

from __future__ import annotations

import asyncio
import sys

from bot.child import run_errand
from bot.journal import open_database


async def migrate_aside(url: str) -> None:
    """Let a process bring the database behind a URL to this version; ends it when cancelled.

    It may fail: whoever opens the database looks again, does what is left to do, and tells what is wrong.
    """
    await run_errand("bot.migration", url)


async def _migrate(url: str) -> None:
    await (await open_database(url)).close()


if __name__ == "__main__":
    asyncio.run(_migrate(sys.stdin.readline().removesuffix("\n")))
