"""Tells a human at once what cannot wait: one small JSON to a webhook, beside the line in the log."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

import aiohttp

log = logging.getLogger(__name__)

MOST_WAITING = 200
"""Alerts that are kept while the webhook is away; what comes on top is only counted."""
MOST_IN_ONE = 20
"""Alerts that one request carries."""
KNOWN = 1000
"""The newest alerts that are remembered, so that a step that is tried again does not tell the same twice."""
LONGEST_TEXT = 500
PAUSES = (1.0, 5.0, 25.0)
"""Seconds before each further try; after the last one the alert is given up, and the log says so."""
_PATIENCE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert on its way: what kind, of which episode, in our own words; `said` is the person's text or empty."""

    kind: str
    key: str
    note: str
    said: str
    at: datetime


@dataclass(slots=True)
class Alerts:
    """Calls a webhook, never in the way of a reply: `alert` only notes, and a task of its own sends.

    The first alert goes out at once; those of the following `rest` seconds travel together in one request. Each
    request has a `deadline` in seconds and is tried at most four times. `pages` is where a person reaches the admin
    pages; `tells_text` is whether what the person wrote may travel too. Without a `webhook` the log is all there is.
    """

    session: aiohttp.ClientSession | None = None
    webhook: str = ""
    pages: str = ""
    tells_text: bool = False
    deadline: float = 10.0
    rest: float = 30.0
    pauses: tuple[float, ...] = PAUSES
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _waiting: deque[Notice] = field(default_factory=deque)
    _told: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=KNOWN))
    _left_out: int = 0
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _sending: asyncio.Task[None] | None = None

    def alert(self, kind: str, key: str, note: str, *, said: str = "") -> None:
        """Note that a human should look at an episode; returns at once, and the same alert counts only once."""
        if (kind, key, note) in self._told:
            return
        self._told.append((kind, key, note))
        log.error("%s: %s: %s; a human should look", key, kind, note)
        if not self.webhook or self.session is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._left_out += 1
            return
        self._waiting.append(Notice(kind, key, note, said if self.tells_text else "", self.now()))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all(), name="alerts")

    async def close(self, patience: float = 5.0) -> None:
        """Send what waits, without rests, for at most `patience` seconds; the rest is left to the log."""
        self._hurry.set()
        task = self._sending
        if task is None or task.done():
            return
        await asyncio.wait({task}, timeout=patience)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            log.error("alerts that did not reach the webhook before the stop: %d", len(self._waiting) or 1)

    async def _send_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST_IN_ONE, len(self._waiting)))]
            more, self._left_out = self._left_out, 0
            await self._send(batch, more)
            await self._pause(self.rest)

    async def _send(self, batch: list[Notice], more: int) -> None:
        body = json.dumps(self._body(batch, more), ensure_ascii=False).encode("utf-8", "replace")
        why = ""
        for pause in (0.0, *self.pauses):
            if pause:
                await self._pause(pause)
            why, again = await self._call(body)
            if not why:
                return
            if not again:
                break
        keys = ", ".join(notice.key for notice in batch)
        log.error("the alert webhook did not take %d alerts (%s): %s", len(batch), why, keys)

    async def _call(self, body: bytes) -> tuple[str, bool]:
        """What went wrong, or an empty string; and whether another try may help. The address is never told: it may
        hold a secret."""
        assert self.session is not None  # noqa: S101 - without one nothing is queued
        try:
            async with (
                asyncio.timeout(self.deadline),
                self.session.post(
                    self.webhook, data=body, headers={"Content-Type": "application/json"}, allow_redirects=False
                ) as answer,
            ):
                status = answer.status
        except TimeoutError:
            return "time-out", True
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return type(error).__name__, True
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return "", False
        return f"status {status}", status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PATIENCE

    def _body(self, batch: list[Notice], more: int) -> dict[str, object]:
        """`text` is what chat services show; `alerts` is for programs; `more` counts what there was no room for."""
        alerts = [self._entry(notice) for notice in batch]
        lines = [f"[{entry['kind']}] {entry['note']} · {entry['link'] or entry['key']}" for entry in alerts]
        lines += [f"… +{more}"] if more else []
        return {"source": "jiegeng", "text": "\n".join(lines), "alerts": alerts, "more": more}

    def _entry(self, notice: Notice) -> dict[str, str]:
        link = f"{self.pages}/episode?key={quote(notice.key, safe='', errors='replace')}" if self.pages else ""
        entry = {"kind": notice.kind, "key": notice.key, "note": notice.note, "link": link}
        entry["at"] = notice.at.isoformat(timespec="seconds")
        return entry | ({"said": notice.said[:LONGEST_TEXT]} if notice.said else {})

    async def _pause(self, seconds: float) -> None:
        """Rest, unless we are about to stop."""
        if self._hurry.is_set():
            return
        rest, hurry = asyncio.ensure_future(self.sleep(seconds)), asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait({rest, hurry}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest.cancel()
            hurry.cancel()
