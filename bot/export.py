"""Episodes as lines for other programs: JSON as they are, or a table for people who count."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping

from bot.model import Episode

COLUMNS = (
    "key", "account", "heard_at", "updated_at", "state", "reason", "tone", "risk", "person", "handle", "text", "url",
    "writer", "persona", "meme", "tokens_in", "tokens_out", "cost", "reply", "reply_url", "reply_at",
)  # fmt: skip


async def as_jsonl(episodes: AsyncIterator[Episode]) -> AsyncIterator[str]:
    """One JSON object a line, with everything that the journal knows."""
    async for episode in episodes:
        yield episode.model_dump_json() + "\n"


async def as_csv(episodes: AsyncIterator[Episode]) -> AsyncIterator[str]:
    """A line of names, then a line an episode (RFC 4180)."""
    yield _line(COLUMNS)
    async for episode in episodes:
        row = _row(episode)
        yield _line(tuple(_harmless(row[name]) for name in COLUMNS))


FORMATS: Mapping[str, Callable[[AsyncIterator[Episode]], AsyncIterator[str]]] = {"jsonl": as_jsonl, "csv": as_csv}


def _row(episode: Episode) -> dict[str, object]:
    mention, draft, reply, reading = episode.mention, episode.draft, episode.reply, episode.reading
    return {
        "key": episode.key,
        "account": mention.account,
        "heard_at": episode.heard_at.isoformat(),
        "updated_at": episode.updated_at.isoformat(),
        "state": episode.state.value,
        "reason": episode.reason,
        "tone": reading.tone.value if reading else "",
        "risk": episode.verdict.risk if episode.verdict else "",
        "person": mention.person,
        "handle": mention.author.handle,
        "text": mention.text,
        "url": mention.url,
        "writer": draft.writer if draft else "",
        "persona": draft.persona if draft else "",
        "meme": draft.meme if draft else "",
        "tokens_in": draft.tokens_in if draft else "",
        "tokens_out": draft.tokens_out if draft else "",
        "cost": draft.cost if draft else "",
        "reply": reply.text if reply else "",
        "reply_url": reply.url if reply else "",
        "reply_at": reply.at.isoformat() if reply else "",
    }


def _harmless(value: object) -> object:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _line(values: tuple[object, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(values)
    return buffer.getvalue()
