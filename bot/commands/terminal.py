"""What all commands share: the terminal, exit codes, and the journal opened for one look."""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from bot import show
from bot.errors import Misconfigured
from bot.loops import make_loop
from bot.model import Episode
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.journal import Episodes

out = Console()
err = Console(stderr=True)

OK, MISCONFIGURED, TROUBLE, NOT_FOUND = 0, 2, 1, 3
STOP_WITHIN = 20.0
_MOST_HEAPS = -8  # M_ARENA_MAX of mallopt(3)


def fail(why: str, code: int) -> NoReturn:
    """End the command with one line and an exit code."""
    err.print(Text.assemble(("✗ ", "red"), why), soft_wrap=True)
    sys.exit(code)


def show_episode(episode: Episode, *, json: bool) -> None:
    """One episode, as a story or as JSON."""
    if json:
        sys.stdout.write(episode.model_dump_json() + "\n")
    else:
        out.print(show.story(episode))


def _stop_hard() -> NoReturn:
    """Something does not let go: end as if killed, which loses nothing, rather than stay for ever."""
    err.print(f"✗ not everything stopped within {STOP_WITHIN:g} s; ended all the same, and the next start goes on")
    os._exit(TROUBLE)


def write_rows(rows: Sequence[Mapping[str, Any]], to: Path | None, what: str) -> None:
    """One JSON object a line, into a file, which is told, or without one into the terminal."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if to is None:
        sys.stdout.write(lines)
        return
    to.write_text(lines, encoding="utf-8")
    out.print(f"{len(rows)} {what} in {to}")


def run_until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run what stays up, on the fastest loop there is, until somebody tells us to stop."""
    _share_one_heap()
    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(until_told_to_stop(work))


def _share_one_heap() -> None:
    """Let all threads allocate from one heap: heaps of their own hold 10 MB more, and they seldom run side by side."""
    with suppress(OSError, AttributeError):  # glibc alone has several
        ctypes.CDLL(None).mallopt(_MOST_HEAPS, 1)


async def until_told_to_stop(work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGINT or SIGTERM; then cancel, and wait until everything is closed, at most STOP_WITHIN seconds."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        task.cancel()
        loop.call_later(STOP_WITHIN, _stop_hard)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    try:
        await task
    except asyncio.CancelledError:
        err.print("stopped; the next start goes on where this one stood")
    except BaseExceptionGroup as group:
        wrong = group.split(Misconfigured)[0]
        if wrong is None:
            raise
        raise wrong.exceptions[0] from group


@asynccontextmanager
async def open_journal(settings: Settings) -> AsyncIterator[Episodes]:
    """The journal alone, for a command that looks or decides; closed behind it."""
    from bot.journal import Episodes, open_database  # noqa: PLC0415 - half a second that only some commands need

    database = await open_database(settings.journal_url)
    try:
        journal = Episodes(database)
        await journal.open()
        yield journal
    finally:
        await database.close()


async def find_episode(settings: Settings, key: str) -> Episode | None:
    """The episode of a key."""
    async with open_journal(settings) as journal:
        return await journal.episode(key)


def log_to_terminal(level: str) -> None:
    """Our own log lines, and only the warnings of libraries."""
    handler = RichHandler(console=err, show_path=False, markup=False, rich_tracebacks=False)
    logging.basicConfig(level=level, format="%(message)s", datefmt="%H:%M:%S", handlers=[handler])
    for chatty in ("httpx", "httpcore", "openai", "alembic", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
