"""Where text ends: the one place in which what people wrote is deleted from the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.journal.audit import note_erased
from bot.journal.prepared import first_row
from bot.journal.rows import episode_of
from bot.journal.schema import actions, episodes, insert_new, lessons, silences, tombstones
from bot.journal.seal import MARK, Seal
from bot.model import Draft

DAY = 86400.0
BURIED = select(tombstones.c.digest).where(tombstones.c.digest == bindparam("its_digest"))


def bury(connection: Connection, seal: Seal, keys: Sequence[str]) -> int:
    """Turn episodes into tombstones: figures stay, every word and every name goes. Returns how many there were.

    All text of an episode lies in its row, in the notes of `actions` under its key and in the `lessons` that a review
    drew from it; they end here and nowhere else, in the caller's transaction. Actions stay, under the tombstone's
    digest, and the audit chain notes that this was an erasure. A key without a row is no error.
    """
    if not keys:
        return 0
    columns = (
        episodes.c.key,
        episodes.c.account,
        episodes.c.state,
        episodes.c.tone,
        episodes.c.risk,
        episodes.c.heard_at,
        episodes.c.reply_id,
        episodes.c.draft,
    )
    query = select(*columns).where(episodes.c.key.in_(keys)).order_by(episodes.c.key).with_for_update()
    rows = connection.execute(query).all()
    if rows:
        connection.execute(insert_new(connection, tombstones, [_stone(seal, row._asdict()) for row in rows]))
    for key in connection.scalars(select(actions.c.key).where(actions.c.key.in_(keys)).distinct()).all():
        sealed = {"key": MARK + seal.of(key), "note": ""}
        connection.execute(update(actions).where(actions.c.key == key).values(sealed))
    told = [*keys, *(f"crisis in {key}" for key in keys)]
    connection.execute(update(silences).where(silences.c.because.in_(told)).values(because=""))
    note_erased(connection, keys)
    connection.execute(delete(lessons).where(lessons.c.key.in_(keys)))
    connection.execute(delete(episodes).where(episodes.c.key.in_(keys)))
    return len(rows)


def is_buried(connection: Connection, seal: Seal, keys: Sequence[str]) -> set[str]:
    """Which of these keys have a tombstone: they were answered or ended once, and are never taken up again."""
    digests = {seal.of(key): key for key in keys}
    if connection.dialect.name == "sqlite":
        # No journey to a server, so one look each is cheaper than a list of values, which is filled in anew each time.
        return {key for digest, key in digests.items() if first_row(connection, BURIED, {"its_digest": digest})}
    found = connection.scalars(select(tombstones.c.digest).where(tombstones.c.digest.in_(list(digests))))
    return {digests[digest] for digest in found}


def without_person(row: Mapping[str, Any], seal: Seal, person: str) -> dict[str, Any]:
    """An open episode under somebody else's post as columns without that person's words and name.

    Our draft and what came of the feeling stay, or the mention of a third person would never be answered.
    """
    episode = episode_of(row)
    number, _, host = person.rpartition("@")
    sealed = seal.person(person).rpartition("@")[0]
    mention = episode.mention
    thread = tuple(
        post.model_copy(update={"author": post.author.model_copy(update=_nobody(sealed)), "text": "", "media": ()})
        if post.author.id == number
        else post
        for post in mention.thread
    )
    mention = mention.model_copy(update={"thread": thread})
    changed: dict[str, Any] = {
        "mention": mention.model_dump_json(exclude_defaults=True),
        "root_person": f"{mention.post.author.id}@{host}",
    }
    if episode.reading is not None:
        reading = episode.reading.model_copy(
            update={"post": episode.reading.post.model_copy(update={"cues": ()}), "pictures": ""}
        )
        changed["reading"] = reading.model_dump_json(exclude_defaults=True)
    return changed


def _nobody(sealed: str) -> dict[str, object]:
    return {"id": sealed, "handle": "", "name": ""}


def _stone(seal: Seal, row: Mapping[str, Any]) -> dict[str, Any]:
    draft = Draft.model_validate_json(row["draft"]) if row["draft"] else None
    return {
        "digest": seal.of(row["key"]),
        "account": row["account"],
        "state": row["state"],
        "tone": row["tone"],
        "risk": row["risk"],
        "day": int(row["heard_at"] // DAY),
        "reply": seal.reply(row["account"], row["reply_id"]) if row["reply_id"] else None,
        "tokens_in": draft.tokens_in if draft else 0,
        "tokens_out": draft.tokens_out if draft else 0,
        "cost": draft.cost if draft else 0.0,
    }
