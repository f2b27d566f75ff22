"""Asks the boards while we lead, shares what they say with all workers, and takes in what a leader shared."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

import aiohttp

from memes.card import Lifecycle
from memes.shelf import Shelf
from memes.trends.board import Board
from memes.trends.poll import Answer, Get, Poller, Unreachable
from memes.trends.read import LARGEST
from memes.trends.sheet import Sheet, Today, make_sheet
from memes.trends.source import Source

SHEET = "trends"
LEASE = 15.0  # seconds; another process goes on so soon after a leader died
SHARE_EVERY = 10.0  # seconds after which a sheet is shared again, so that an emptied Redis fills
KEEP_EVERY = 60.0  # seconds between two notes for the command line and for the next leader
AGENT = "jiegeng (self-hosted; polls public boards once a minute or less)"


class Shared(Protocol):
    """What all workers share, and who leads (the queue)."""

    async def lead(self, account: str, owner: str, seconds: float) -> bool: ...
    async def share(self, name: str, text: str, version: str) -> None: ...
    async def shared(self, name: str, known: str = "") -> tuple[str, str] | None: ...


class Notes(Protocol):
    """What a leader leaves behind (the journal)."""

    async def note(self, name: str) -> str | None: ...
    async def keep(self, name: str, value: str) -> None: ...


@dataclass(kw_only=True)
class Scout:
    """One of us asks the boards. Call `step` about every second; it does nothing while somebody else leads.

    `screen` says whether a text may be shown; what it rejects is never stored. `states` are lifecycles that the look
    at our own stream found; they travel with the topics. `jitter` gives numbers in [0, 1).
    """

    name: str
    sources: Sequence[Source]
    shared: Shared
    notes: Notes
    get: Get
    clock: Callable[[], datetime]
    screen: Callable[[str], bool] | None = None
    jitter: Callable[[], float] = random.random
    states: dict[str, Lifecycle] = field(default_factory=dict)
    board: Board = field(init=False)
    leads: bool = False
    _poller: Poller = field(init=False)
    _asking: set[asyncio.Task[int]] = field(default_factory=set)
    _said: str = ""
    _shared_at: datetime | None = None
    _kept_at: datetime | None = None

    def __post_init__(self) -> None:
        self.board = Board(screen=self.screen)
        self._poller = Poller(self.sources, self.board, self.get, clock=self.clock, jitter=self.jitter)

    async def step(self) -> None:
        """Take or renew the lead, ask every board that is due, and share what changed."""
        if not await self.shared.lead(SHEET, self.name, LEASE):
            self.leads = False
            return
        if not self.leads:
            await self._take_over()
        # Tasks of their own, so that a slow board keeps nobody waiting, neither the other boards nor the lead.
        self._asking.add(asyncio.create_task(self._poller.poll(), name="boards"))
        done, self._asking = await asyncio.wait(self._asking, timeout=0.5)
        await self._share()
        for task in done:
            task.result()

    async def close(self) -> None:
        """Let go of boards that have not answered yet."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        self._asking = set()

    def set_states(self, states: Mapping[str, Lifecycle]) -> None:
        """Let cards take the life that our own stream showed; workers learn of it with the next sheet."""
        self.states = dict(states)

    async def _take_over(self) -> None:
        """Begin where the last leader stood: what is known of old topics, and of cards."""
        text = await self.notes.note(SHEET)
        if text:
            with suppress(ValueError):
                sheet = Sheet.model_validate_json(text)
                self.board.adopt(sheet.topics, self.clock())
                self.states.update(sheet.states)
        self.leads = True

    async def _share(self) -> None:
        now = self.clock()
        sheet = make_sheet(self.board, self.sources, self._poller.health, now, self.states)
        said = hashlib.sha256(sheet.model_copy(update={"made": None}).model_dump_json().encode()).hexdigest()[:20]
        rested = self._shared_at is None or (now - self._shared_at).total_seconds() >= SHARE_EVERY
        if said != self._said or rested:
            text = sheet.model_dump_json(exclude_defaults=True)
            await self.shared.share(SHEET, text, f"{self.name}:{said}")
            self._said, self._shared_at = said, now
            if self._kept_at is None or (now - self._kept_at).total_seconds() >= KEEP_EVERY:
                await self.notes.keep(SHEET, text)
                self._kept_at = now


@dataclass
class Follower:
    """Keeps one worker's `today` and its cards at what the leader shared last. Call `step` every second or two."""

    shared: Shared
    today: Today
    shelf: Shelf | None = None
    _version: str = ""
    _states: Mapping[str, Lifecycle] = field(default_factory=dict)

    async def step(self) -> bool:
        """Take in a new sheet; return whether there was one. Screening and indexing happen in a thread."""
        found = await self.shared.shared(SHEET, self._version)
        if found is None:
            return False
        text, self._version = found
        taken = await asyncio.to_thread(self.today.take, text)
        states = self.today.sheet.states
        if taken and self.shelf is not None and states != self._states:
            await asyncio.to_thread(self.shelf.set_states, states)
            self._states = dict(states)
        return taken


def asker(session: aiohttp.ClientSession) -> Get:
    """What a scout asks with: one GET, at most 2 MB, three hops, and no cookie that a board could set."""
    return partial(_ask, session)


async def _ask(session: aiohttp.ClientSession, url: str, etag: str) -> Answer:
    headers = {"User-Agent": AGENT, "Accept": "application/json, application/xml;q=0.9, */*;q=0.5"}
    if etag:
        headers["If-None-Match"] = etag
    method = "POST" if url.endswith("/api/hashtags/trend") else "GET"  # Misskey takes all of its calls as POST
    try:
        async with session.request(
            method, url, headers=headers, json={} if method == "POST" else None, max_redirects=3
        ) as response:
            body = bytearray()
            if response.status == 200:
                async for chunk in response.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > LARGEST:
                        raise Unreachable(f"more than {LARGEST:,} bytes")
            return Answer(response.status, bytes(body), response.headers.get("ETag", ""), _pause(response.headers))
    except (aiohttp.ClientError, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from error


def _pause(headers: Mapping[str, str]) -> float:
    asked = headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() and len(asked) < 7 else 0.0
