"""A log and keys that live in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from bot.errors import TryLater
from bot.journal.switch import InForce, Schedule, Switch
from bot.model import Episode, State
from bot.web.ports import Action
from tests.bot.web.episodes import NOW

OUTCOME: dict[Action, State] = {
    "approve": State.APPROVED,
    "reject": State.REJECTED,
    "there": State.POSTED,
    "again": State.POSTING,
    "drop": State.SKIPPED,
    "undo": State.HELD,
}


class FakeLog:
    def __init__(self, episodes: Iterable[Episode] = ()) -> None:
        self.episodes = {episode.key: episode for episode in episodes}
        self.readers: set[asyncio.Queue[str]] = set()
        self.asked: list[dict[str, object]] = []
        self.decided: list[tuple[str, str, str, str | None]] = []
        self.extra: dict[str, float] = {}
        self.said: list[tuple[str, float]] = []
        self.room = lambda _episode: 120
        self.switches = [Switch(1, "normal", NOW.timestamp() - 9000, "first start", "")]
        self.down = False

    async def waiting(self) -> list[Episode]:
        if self.down:
            raise TryLater("the database does not answer")
        rows = sorted(self.episodes.values(), key=lambda row: (row.heard_at, row.key))
        return [row for row in rows if row.state in {State.HELD, State.UNSURE}]

    async def in_force(self) -> InForce:
        return Schedule(0, tuple(self.switches)).at(NOW.timestamp())

    async def planned(self) -> Sequence[Switch]:
        return Schedule(0, tuple(self.switches)).planned(NOW.timestamp())

    async def switched(self) -> list[dict[str, Any]]:
        return [
            {
                "id": row.id, "mode": row.mode, "at": row.at, "until": row.until, "by": row.by, "why": row.why,
                "cancels": None, "daily_from": row.daily and row.daily[0], "daily_for": row.daily and row.daily[1],
            }
            for row in reversed(self.switches)
        ]  # fmt: skip

    async def set_mode(self, mode: str, *, by: str, why: str, lasts: float | None = None) -> None:
        at = NOW.timestamp()
        until = None if lasts is None else at + lasts
        self.switches.append(Switch(len(self.switches) + 1, mode, at, by, why, until=until))

    async def cancel_mode(self, id_: int, *, by: str, why: str = "") -> bool:
        before = len(self.switches)
        self.switches = [row for row in self.switches if row.id != id_]
        return len(self.switches) < before

    def put(self, episode: Episode) -> None:
        self.episodes[episode.key] = episode
        for reader in self.readers:
            reader.put_nowait(episode.key)

    async def page(self, *, limit: int = 50, before: str | None = None, **wanted: object) -> list[Episode]:
        if self.down:
            raise TryLater("the database does not answer")
        self.asked.append(wanted)
        rows = sorted(self.episodes.values(), key=lambda row: (row.heard_at, row.key), reverse=True)
        if before:
            last = self.episodes[before]
            rows = [row for row in rows if (row.heard_at, row.key) < (last.heard_at, last.key)]
        return [row for row in rows if self._fits(row, wanted)][:limit]

    async def episode(self, key: str) -> Episode | None:
        return self.episodes.get(key)

    async def figures(self) -> dict[str, float]:
        if self.down:
            raise TryLater("the database does not answer")
        states = [row.state for row in self.episodes.values()]
        return {
            "held": states.count(State.HELD),
            "unsure": states.count(State.UNSURE),
            "today.posted": states.count(State.POSTED),
            **self.extra,
        }

    async def changes(self, after: float) -> AsyncIterator[str]:
        reader: asyncio.Queue[str] = asyncio.Queue()
        self.readers.add(reader)
        try:
            while True:
                yield await reader.get()
                if self.down:
                    raise TryLater("the database does not answer")
        finally:
            self.readers.discard(reader)

    async def decide(
        self,
        key: str,
        action: Action,
        by: str,
        text: str | None = None,
        version: int | None = None,
        *,
        because: str = "",
        grace: float = 0.0,
    ) -> str | None:
        episode = self.episodes.get(key)
        if episode is None or episode.version != version:
            return "somebody else decided this <first>"
        self.decided.append((key, action, by, text))
        self.said.append((because, grace))
        self.put(episode.model_copy(update={"state": OUTCOME[action], "version": episode.version + 1}))
        return None

    @staticmethod
    def _fits(row: Episode, wanted: dict[str, object]) -> bool:
        words = row.mention.text + (row.reply.text if row.reply else "")
        return (
            wanted.get("platform", row.mention.account) == row.mention.account
            and wanted.get("state", row.state) == row.state
            and wanted.get("tone", row.reading and row.reading.tone) == (row.reading and row.reading.tone)
            and wanted.get("risk", row.verdict and row.verdict.risk) == (row.verdict and row.verdict.risk)
            and str(wanted.get("text", "")) in words
            and wanted.get("since", row.heard_at) <= row.heard_at  # type: ignore[operator]
            and ("until" not in wanted or row.heard_at < wanted["until"])  # type: ignore[operator]
        )


class FakeKeys:
    def __init__(self, *tokens: str) -> None:
        self.tokens = set(tokens)
        self.sessions: set[str] = set()

    async def redeem(self, token: str) -> bool:
        good = token in self.tokens
        self.tokens.discard(token)
        return good

    async def open(self) -> str:
        session = f"session-{len(self.sessions)}-0123456789abcdef"
        self.sessions.add(session)
        return session

    async def valid(self, session: str) -> bool:
        return session in self.sessions

    async def close(self, session: str) -> None:
        self.sessions.discard(session)
