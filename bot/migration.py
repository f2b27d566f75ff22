"""Brings the tables to this version in a process of its own: what knows how, Alembic, takes 10 MB once it is loaded."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from bot.journal import open_database


async def migrate_aside(url: str) -> None:
    """Let a process bring the database behind a URL to this version; ends it when cancelled.

    It may fail: whoever opens the database looks again, does what is left to do, and tells what is wrong.
    """
    with suppress(OSError):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.migration",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await process.communicate(url.encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _migrate(url: str) -> None:
    await (await open_database(url)).close()


if __name__ == "__main__":
    asyncio.run(_migrate(sys.stdin.read()))
