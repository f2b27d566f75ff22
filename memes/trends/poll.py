"""Asks the boards in their rhythm; a dead, slow or lying one harms nothing but itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from memes.trends.board import Board
from memes.trends.read import BadPayload
from memes.trends.source import Source

PATIENCE = 10.0  # seconds for one answer
LONGEST_PAUSE = 300.0  # seconds between two tries at a board that keeps failing: topics live for an hour or two


class Unreachable(Exception):
    """What `get` raises when no answer came; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What a board answered: status 304 means unchanged. `retry_after` in seconds, 0 if it did not say."""

    status: int
    body: bytes = b""
    etag: str = ""
    retry_after: float = 0.0


Get = Callable[[str, str], Awaitable[Answer]]


@dataclass(frozen=True)
class Health:
    """How one source is doing. `age` is the seconds since its last good payload, None before the first."""

    name: str
    fetched: datetime | None = None
    failures: int = 0
    problem: str = ""
    etag: str = ""
    due: datetime | None = None

    def age(self, now: datetime) -> float | None:
        """Return the seconds since the last good answer."""
        return (now - self.fetched).total_seconds() if self.fetched else None


class Poller:
    """Polls each source when it is due and hands what it reads to the board.

    `get(url, etag)` does the network; `jitter` returns a number in [0, 1) by which polls spread over a fifth of
    their interval. Give `get` its own limit of bytes too: reading refuses more than 2 MB, but only after the fact.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        board: Board,
        get: Get,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float] = random.random,
        patience: float = PATIENCE,
    ) -> None:
        """Know the sources; ask none yet."""
        self._sources = {source.name: source for source in sources}
        self._board, self._get, self._clock, self._jitter, self._patience = board, get, clock, jitter, patience
        self.health = {name: Health(name) for name in self._sources}
        self._asking: set[str] = set()

    async def poll(self) -> int:
        """Ask every source that is due, at the same time; return how many gave something new. Call it each second.

        It may be called again while a slow source has not answered: that one is left alone until it has.
        """
        now = self._clock()
        free = ((name, source) for name, source in self._sources.items() if name not in self._asking)
        due = [source for name, source in free if (self.health[name].due or now) <= now]
        self._asking |= {source.name for source in due}
        return sum(await asyncio.gather(*(self._ask_once(source) for source in due)))

    async def _ask_once(self, source: Source) -> bool:
        try:
            return await self._ask(source)
        finally:
            self._asking.discard(source.name)

    async def _ask(self, source: Source) -> bool:
        health = self.health[source.name]
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._get(source.url, health.etag)
        except (TimeoutError, OSError, Unreachable) as error:
            return self._fail(source, str(error) or "no answer in time", 0.0)
        if answer.status == 304:
            self._board.confirm(source.name, self._clock())
            return self._succeed(source, health.etag, new=False)
        if answer.status != 200:
            return self._fail(source, f"answered {answer.status}", answer.retry_after)
        now = self._clock()
        try:
            payload = source.read(answer.body, now)
        except BadPayload as error:
            return self._fail(source, str(error), 0.0)
        self._board.take(payload.items, now, trust=source.trust)
        return self._succeed(source, answer.etag, new=True)

    def _succeed(self, source: Source, etag: str, *, new: bool) -> bool:
        now = self._clock()
        self.health[source.name] = Health(source.name, fetched=now, etag=etag, due=self._after(source.interval))
        return new

    def _fail(self, source: Source, problem: str, retry_after: float) -> bool:
        health = self.health[source.name]
        # A hiccup is asked about again soon, a board that stays away ever more seldom.
        pause = min(source.interval * 2.0 ** (health.failures - 2), LONGEST_PAUSE)
        self.health[source.name] = replace(
            health,
            failures=min(health.failures + 1, 20),
            problem=problem[:200],
            etag="",
            due=self._after(min(max(pause, retry_after), 3600.0)),
        )
        return False

    def _after(self, seconds: float) -> datetime:
        spread = 1.0 + (self._jitter() - 0.5) / 5
        now = self._clock()
        return datetime.fromtimestamp(now.timestamp() + seconds * spread, now.tzinfo)
