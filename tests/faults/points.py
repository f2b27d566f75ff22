"""Lines of the bot at which a process stops itself, if the rig has laid a trap there: a SIGSTOP that cannot miss."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from bot.journal import episodes
from bot.journal.episodes import Episodes
from bot.platforms.http import OpenPlatform
from bot.ports import Refused

# Where a process can be caught. `heard` is in the middle of a transaction: whoever stops there holds its locks.
POINTS = {
    "heard": "between the cursor and the mentions",
    "written": "after the model, before the draft is stored",
    "intent": "between the durable intent and the request",
    "request": "just before the request leaves",
    "answer": "between the platform's answer and its being written down",
}


class Traps:
    """The rig's side: lay a trap, and see who was caught."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    async def catch(self, point: str, patience: float) -> int | None:
        """The id of the process that has stopped itself there, or None if nobody came by in so many seconds."""
        trap = self._folder / point
        trap.touch()
        try:
            async with asyncio.timeout(patience):
                while not (caught := list(self._folder.glob(f"{point}.*"))):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            try:
                trap.unlink()
            except FileNotFoundError:  # in the very last moment
                caught = list(self._folder.glob(f"{point}.*"))
            else:
                return None
        number = int(caught[0].suffix[1:])
        caught[0].unlink()
        return number


def open_points(folder: Path) -> None:
    """The processes' side: teach the bot's own code to look for traps on these lines. For this process and its forks."""

    def pause(point: str) -> None:
        try:
            (folder / point).rename(folder / f"{point}.{os.getpid()}")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGSTOP)

    _insert_heard, intend, post = episodes._insert_heard, Episodes.intend, OpenPlatform.post

    def insert_heard(connection: Any, mentions: Any, *rest: Any) -> Any:
        if mentions:
            pause("heard")
        return _insert_heard(connection, mentions, *rest)

    @wraps(intend)
    async def paused_intend(*args: Any, **kwargs: Any) -> Any:
        intended = await intend(*args, **kwargs)
        if not isinstance(intended, Refused):
            pause("intent")
        return intended

    @wraps(post)
    async def paused_post(*args: Any, **kwargs: Any) -> Any:
        pause("request")
        reply = await post(*args, **kwargs)
        pause("answer")
        return reply

    vars(episodes).update(_insert_heard=insert_heard)
    Episodes.intend = paused_intend  # type: ignore[method-assign]
    OpenPlatform.post = paused_post  # type: ignore[method-assign]
    PAUSE.append(pause)


# What the writer calls when it has written; it stands in this module because the writer is ours (worker.py).
PAUSE: list[Callable[[str], None]] = []
