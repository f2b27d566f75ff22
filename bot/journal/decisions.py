"""What a person decides about an episode, carried out in one transaction, and what is to be learnt from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.journal.rows import columns_of, episode_of, steps_json, steps_with
from bot.journal.schema import actions, episodes, lessons, now
from bot.model import REJECTIONS, Approval, Episode, Reply, State, Step, Verdict, digest_of, doubts_of

HELD_AGAIN = 24 * 3600.0
UNDO = 600.0
TAUGHT = {"approve": "good", "reject": "bad", "undo": "undone"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided, when, and what the filter said of the text under the mode of that moment.

    `grace` is how many seconds an approval waits before it may go out, so that it can be taken back.
    """

    action: str
    by: str
    at: datetime
    text: str = ""
    because: str = ""
    grace: float = 0.0
    mode: str = ""
    verdict: Verdict | None = None


def carry_out(connection: Connection, key: str, version: int | None, decision: Decision) -> str | None:
    """Change the episode, or return a sentence why not. It must be at `version`, if one is given."""
    # Locked, or on PostgreSQL somebody could move it between this look and our write.
    row = connection.execute(select(*episodes.c).where(episodes.c.key == key).with_for_update()).first()
    if row is None:
        return f"there is no episode {key}"
    episode = episode_of(row._asdict())
    if version is not None and version != episode.version:
        return f"it has moved on meanwhile and is now {episode.state.value}; look again"
    decided = _DECISIONS.get((episode.state, decision.action))
    if decided is None:
        return f"an episode that is {episode.state.value} cannot be answered with {decision.action!r}"
    if decision.because and decision.because not in REJECTIONS:
        return f"{decision.because!r} is no reason; choose one of {', '.join(REJECTIONS)}"
    if decision.action == "undo" and not _may_undo(connection, episode, row._asdict()):
        return "it is too late to take that back"
    columns = decided(episode, decision)
    step = Step(at=decision.at, state=State(columns["state"]), by=decision.by, note=f"decided: {decision.action}")
    connection.execute(
        update(episodes)
        .where(episodes.c.key == key, episodes.c.version == episode.version)
        .values(
            version=episode.version + 1,
            updated_at=now(),
            owner=None,
            hinted_at=None,
            steps=steps_json(steps_with(episode, step)),
            **columns,
        )
    )
    told = {"by": decision.by, "action": decision.action, "key": key, "note": decision.text or decision.because}
    connection.execute(insert(actions).values(at=now(), **told))
    if decision.action in TAUGHT:
        connection.execute(insert(lessons).values(at=now(), **_lesson(episode, decision)))
    return None


def load_lessons(connection: Connection) -> Sequence[Mapping[str, Any]]:
    """The newest lesson of each episode that was not taken back, oldest first, without names and keys."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in connection.execute(select(lessons).order_by(lessons.c.id)).mappings():
        newest.pop(row["key"], None)
        if row["label"] != TAUGHT["undo"]:
            newest[row["key"]] = dict(row)
    return [_without_names(row) for row in newest.values()]


def _without_names(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in {"id", "key", "by", "found"}}
    return told | {"found": json.loads(row["found"])}


def _lesson(episode: Episode, decision: Decision) -> dict[str, Any]:
    verdict, draft, reading = episode.verdict, episode.draft, episode.reading
    text = draft.text if draft else ""
    edited = decision.text if decision.action == "approve" and decision.text not in {"", text} else None
    # What had to be edited was not good as it stood.
    return {
        "by": decision.by,
        "key": episode.key,
        "label": "bad" if edited is not None else TAUGHT[decision.action],
        "because": decision.because,
        "note": decision.text if decision.action == "reject" else "",
        "text": text,
        "edited": edited,
        "post": episode.mention.post.text,
        "comment": episode.mention.text if episode.mention.thread else "",
        "tone": reading.tone.value if reading else "",
        "found": json.dumps(sorted({f"{reason.code}:{reason.risk}" for reason in verdict.reasons} if verdict else ())),
        "mode": verdict.mode if verdict else "",
        "versions": verdict.versions if verdict else "",
    }


def _may_undo(connection: Connection, episode: Episode, row: Mapping[str, Any]) -> bool:
    """An approval can be taken back until somebody may take it up, a rejection for ten minutes."""
    moment = connection.scalar(select(now())) or 0.0
    if episode.state is State.APPROVED:
        return row["owner"] is None and row["due_at"] is not None and row["due_at"] > moment
    return bool(row["updated_at"] > moment - UNDO)


def _approve(episode: Episode, decision: Decision) -> dict[str, Any]:
    draft, verdict = episode.draft, decision.verdict or episode.verdict
    if draft is not None and decision.text and decision.text != draft.text:
        draft = draft.model_copy(update={"text": decision.text, "at": decision.at})
    approval = Approval(
        by=decision.by,
        digest=digest_of(draft.text if draft else ""),
        mode=decision.mode,
        found=doubts_of(verdict) if verdict else (),
        at=decision.at,
    )
    changes = {"draft": draft, "approval": approval, "verdict": verdict}
    return {"state": State.APPROVED.value, "due_at": now() + decision.grace} | columns_of(changes)


def _reject(_episode: Episode, decision: Decision) -> dict[str, Any]:
    why = "; ".join(filter(None, ("rejected by a person", decision.because, decision.text)))
    return {"state": State.REJECTED.value, "due_at": None, "reason": why}


def _undo(episode: Episode, _decision: Decision) -> dict[str, Any]:
    verdict = episode.verdict
    why = "; ".join(dict.fromkeys(reason.why for reason in verdict.reasons[:3])) if verdict else ""
    taken_back = {"state": State.HELD.value, "due_at": now() + HELD_AGAIN, "reason": why}
    return taken_back | columns_of({"approval": None})


def _there(episode: Episode, decision: Decision) -> dict[str, Any]:
    words, link = episode.posting.text if episode.posting else "", decision.text
    reply = Reply(id=link.rstrip("/").rpartition("/")[2], url=link if "://" in link else "", text=words, at=decision.at)
    return {"state": State.POSTED.value, "due_at": None, "posted_at": now()} | columns_of({"reply": reply})


def _again(_episode: Episode, _decision: Decision) -> dict[str, Any]:
    return {"state": State.APPROVED.value, "due_at": now()} | columns_of({"posting": None, "came_from": None})


def _drop(_episode: Episode, decision: Decision) -> dict[str, Any]:
    return {"state": State.SKIPPED.value, "due_at": None, "reason": decision.text or "dropped by a person"}


_DECISIONS: Mapping[tuple[State, str], Callable[[Episode, Decision], dict[str, Any]]] = {
    (State.HELD, "approve"): _approve,
    (State.HELD, "reject"): _reject,
    (State.APPROVED, "undo"): _undo,
    (State.REJECTED, "undo"): _undo,
    (State.UNSURE, "there"): _there,
    (State.UNSURE, "again"): _again,
    (State.UNSURE, "drop"): _drop,
}
