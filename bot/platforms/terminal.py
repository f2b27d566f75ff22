"""The terminal as a platform: one mention goes in, one reply comes out, and nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Mention, Reply
from bot.ports import ABSENT, PERMANENT, Batch, Found, Once


@dataclass(slots=True)
class Terminal:
    """Keeps what was said to us and what we said, in memory."""

    clock: Callable[[], datetime]
    account: str = "阿梗@terminal"
    limit: int = 500
    once: Once = PERMANENT
    heard: list[Mention] = field(default_factory=list)
    said: dict[str, Reply] = field(default_factory=dict)

    def measure(self, text: str) -> int:
        return len(text)

    def address(self, mention: Mention) -> str:
        return ""

    async def start(self) -> str:
        return "0"

    async def mentions(self, cursor: str, *, wait: float) -> Batch:
        return Batch(tuple(self.heard[int(cursor) :]), str(len(self.heard)))

    async def context(self, mention: Mention) -> Mention:
        return mention

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        return self.said.setdefault(key, Reply(id=mention.id, text=text, at=self.clock()))

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        return Found("found", self.said[key]) if key in self.said else ABSENT

    async def delete(self, reply_id: str) -> None:
        self.said = {key: reply for key, reply in self.said.items() if reply.id != reply_id}

    async def close(self) -> None:
        self.heard.clear()
