"""A row of the episodes table to an Episode, and an Episode's values to columns."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter

from bot.model import (
    Approval,
    Draft,
    Episode,
    Mention,
    Posting,
    Reading,
    Recalled,
    Reply,
    State,
    Step,
    Tone,
    Topic,
    Verdict,
)

_MEMES = TypeAdapter(tuple[Recalled, ...])
_TOPICS = TypeAdapter(tuple[Topic, ...])
_STEPS = TypeAdapter(tuple[Step, ...])
MOST_STEPS = 60
FIRST, REST = 0, 1
# How far a platform's clock may be behind ours, and how long after a restore an earlier answer may still land: an
# intent's own time and the settling time of bot/rules.py together, both in seconds.
CLOCKS = 600.0
SETTLED = 90.0


def moment(seconds: float) -> datetime:
    """Seconds of the journal's clock as aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def heard_row(mention: Mention, at: float, *, first: bool = False, restored_at: float | None = None) -> dict[str, Any]:
    """The columns of a mention that was just heard; `first`: it goes before the others.

    What was said before the journal was restored may have been answered by the bot that the backup does not know: it
    is looked up first, and not before an answer that was under way has landed.
    """
    looks = restored_at is not None and mention.at.timestamp() < restored_at + CLOCKS
    step = Step(at=moment(at), state=State.HEARD, by="listener")
    return {
        "key": mention.key,
        "account": mention.account,
        "state": State.HEARD.value,
        "version": 0,
        "owner": None,
        "due_at": max(at, restored_at + SETTLED) if looks and restored_at is not None else at,
        "hinted_at": at,
        "tries": 0,
        "laters": 0,
        "reason": "",
        "heard_at": at,
        "updated_at": at,
        "person": mention.person,
        "root_id": mention.root,
        "root_person": mention.root_person,
        "mention": _json(mention),
        "steps": _STEPS.dump_json((step,)).decode(),
        "lane": FIRST if first else REST,
        "look_first": 1 if looks else None,
        "salt": secrets.token_hex(16),
    }


def episode_of(row: Mapping[str, Any]) -> Episode:
    """The Episode that a row tells."""
    return Episode(
        mention=Mention.model_validate_json(row["mention"]),
        state=State(row["state"]),
        version=row["version"],
        reason=row["reason"],
        reading=Reading.model_validate_json(row["reading"]) if row["reading"] else None,
        memes=_MEMES.validate_json(row["memes"]) if row["memes"] else (),
        topics=_TOPICS.validate_json(row["topics"]) if row["topics"] else (),
        draft=Draft.model_validate_json(row["draft"]) if row["draft"] else None,
        verdict=Verdict.model_validate_json(row["verdict"]) if row["verdict"] else None,
        reply=Reply.model_validate_json(row["reply"]) if row["reply"] else None,
        came_from=State(row["came_from"]) if row["came_from"] else None,
        posting=_posting_of(row),
        approval=Approval.model_validate_json(row["approval"]) if row["approval"] else None,
        tries=row["tries"],
        laters=row["laters"],
        steps=_STEPS.validate_json(row["steps"]),
        heard_at=moment(row["heard_at"]),
        updated_at=moment(row["updated_at"]),
        look_first=bool(row["look_first"]),
    )


def columns_of(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changed fields of an Episode as columns; the derived columns that pages filter by come along."""
    columns: dict[str, Any] = {}
    for name, value in changes.items():
        columns |= _COLUMNS[name](value)
    return columns


def steps_with(episode: Episode, step: Step) -> tuple[Step, ...]:
    """The story with one more line; the middle of a very long story gives way, its beginning and end stay."""
    steps = (*episode.steps, step)
    if len(steps) <= MOST_STEPS:
        return steps
    return (*steps[:10], *steps[-(MOST_STEPS - 10) :])


def steps_json(steps: Iterable[Step]) -> str:
    """The story as it is kept."""
    return _STEPS.dump_json(tuple(steps)).decode()


def _json(value: BaseModel) -> str:
    return value.model_dump_json(exclude_defaults=True)


def _json_or_none(value: BaseModel | None) -> str | None:
    return None if value is None else _json(value)


def _posting_of(row: Mapping[str, Any]) -> Posting | None:
    if row["posting_key"] is None:
        return None
    return Posting(
        key=row["posting_key"],
        text=row["posting_text"],
        digest=row["posting_hash"],
        first_at=row["posting_first_at"],
        until=row["posting_until"],
        absent_at=row["absent_at"],
    )


def _posting_columns(posting: Posting | None) -> dict[str, Any]:
    if posting is None:
        names = ("key", "text", "hash", "first_at", "until")
        return {f"posting_{name}": None for name in names} | {"absent_at": None}
    return {
        "posting_key": posting.key,
        "posting_text": posting.text,
        "posting_hash": posting.digest,
        "posting_first_at": posting.first_at,
        "posting_until": posting.until,
        "absent_at": posting.absent_at,
    }


def _reading_columns(reading: Reading | None) -> dict[str, Any]:
    """The tone that was found at work moves an episode forward, never back: the post may be sadder than its comment."""
    columns = {"reading": _json_or_none(reading), "tone": reading.tone.value if reading else None}
    return columns | ({"lane": FIRST} if reading is not None and reading.tone in {Tone.CRISIS, Tone.COMFORT} else {})


_COLUMNS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "mention": lambda value: {
        "mention": _json(value),
        "root_id": value.root,
        "root_person": value.root_person,
    },
    "reading": _reading_columns,
    "memes": lambda value: {"memes": _MEMES.dump_json(value, exclude_defaults=True).decode()},
    "topics": lambda value: {"topics": _TOPICS.dump_json(value, exclude_defaults=True).decode()},
    "draft": lambda value: {"draft": _json_or_none(value)},
    "verdict": lambda value: {"verdict": _json_or_none(value), "risk": value.risk if value else None},
    "reply": lambda value: {"reply": _json(value), "reply_id": value.id},
    "posting": _posting_columns,
    "approval": lambda value: {"approval": _json_or_none(value)},
    "came_from": lambda value: {"came_from": value.value if value else None},
    "reason": lambda value: {"reason": value},
    "look_first": lambda value: {"look_first": 1 if value else None},
}
