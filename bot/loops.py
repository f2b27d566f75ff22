"""Loops that keep the bot alive: the one place where any error is caught, told, and lived through."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.errors import Misconfigured, Trouble

log = logging.getLogger(__name__)

LONGEST_REST = 60.0
# Twenty seconds after we are told to stop everything is closed; so many of them are for posts in flight.
DRAIN = 16.0


@dataclass(slots=True)
class Watch:
    """Remembers how a step went last, so that the same trouble is told once and not every second."""

    name: str
    told: str = ""
    rest: float = 1.0

    async def over(self, step: Callable[[], Awaitable[object]]) -> bool:
        """Take a step; False if it failed. A failure on purpose is one line; any other is a bug, with its traceback."""
        try:
            await step()
        except Misconfigured:
            raise
        except Trouble as trouble:
            if str(trouble) != self.told:
                log.warning("%s: %s; trying again", self.name, trouble)
            self.told = str(trouble)
        except Exception:  # the one broad except: a bug must be seen and must not stop the bot
            log.exception("%s: a bug; going on", self.name)
            self.told = ""
        else:
            if self.told:
                log.info("%s: all is well again", self.name)
            self.told, self.rest = "", 1.0
            return True
        return False

    async def pause(self) -> None:
        """Rest a little longer after each failure in a row: 1 s, 2 s, … 60 s."""
        await asyncio.sleep(self.rest)
        self.rest = min(LONGEST_REST, self.rest * 2)


def make_loop() -> asyncio.AbstractEventLoop:
    """An event loop: uvloop's where it is installed, which takes a twentieth off what a reply costs."""
    try:
        import uvloop  # noqa: PLC0415 - not there on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def forever(step: Callable[[], Awaitable[object]], *, name: str, every: float = 0.0) -> None:
    """Take a step again and again until cancelled, `every` so many seconds when it goes well."""
    watch, task = Watch(name), asyncio.current_task()
    # A library that takes our cancellation for an error of its own must not keep the bot from stopping.
    while task is None or not task.cancelling():
        if await watch.over(step):
            await asyncio.sleep(every)
        else:
            await watch.pause()
    raise asyncio.CancelledError


@dataclass(slots=True)
class Crew:
    """Takes hints and answers so many of them at the same time."""

    take: Callable[[int, float], Awaitable[Sequence[str]]]
    answer: Callable[[str], Awaitable[None]]
    at_once: int
    wait: float = 2.0
    drain: float = DRAIN
    _watch: Watch = field(default_factory=lambda: Watch("worker"))
    _running: set[asyncio.Task[bool]] = field(default_factory=set)

    async def step(self) -> None:
        """Take as many hints as there are hands free, or wait for a hand."""
        free = self.at_once - len(self._running)
        if free == 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return
        for key in await self.take(min(free, 64), self.wait):
            task = asyncio.create_task(self._watch.over(lambda key=key: self.answer(key)), name=f"answer {key}")  # type: ignore[misc]
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def run(self) -> None:
        """Work until cancelled; then let posts in flight come home, at most `drain` seconds long."""
        try:
            await forever(self.step, name="worker")
        finally:
            running = set(self._running)
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running, timeout=self.drain)
