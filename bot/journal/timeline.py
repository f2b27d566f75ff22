"""The daily audit: what stands on a platform under our name, held against what the journal says was posted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.journal.episodes import Episodes
from bot.journal.rows import moment
from bot.journal.schema import episodes, facts, insert_new, now, tombstones
from bot.journal.seal import Seal, load_seal
from bot.model import State
from bot.ports import Own

FACT = "audit:"
BATCH = 500


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit of one account saw.

    `checked` replies stand there; `found` are keys of episodes that did not know of their reply and are posted now;
    `doubled` keys that have a second one; `strange` ids of replies to something that was never heard; `missing` is
    how many posted replies do not stand there any more, deleted by somebody.
    """

    checked: int = 0
    found: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    missing: int = 0


async def audit_since(journal: Episodes, wanted: datetime) -> datetime:
    """No audit looks behind the birth of the journal: what stood there before is not its business."""
    query = select(facts.c.at).where(facts.c.name == "seal")
    born = await journal.database.read(lambda connection: connection.scalars(query).one())
    return max(wanted, moment(born))


async def audit(journal: Episodes, account: str, own: Sequence[Own], since: datetime) -> Audited:
    """Hold our replies on a platform since a moment against the journal, and keep what came out of it.

    A reply that an episode did not know of is evidence: the episode is posted. A second one raises the alarm.
    """
    known: set[str] = set()
    for start in range(0, len(own), BATCH):
        ids = [one.reply.id for one in own[start : start + BATCH]]
        known |= await journal.database.read(lambda connection, ids=ids: _known(connection, account, ids))  # type: ignore[misc]
    found, doubled, strange = [], [], []
    for one in own:
        if one.reply.id in known:
            continue
        key = f"{account}:{one.parent}"
        match await journal.database.read(lambda connection, key=key: _said_of(connection, key)):  # type: ignore[misc]
            case "nothing":
                strange.append(one.reply.id)
            case "posted":
                await journal.late(key, one.reply, by="audit")
                doubled.append(key)
            case _:
                await journal.late(key, one.reply, by="audit")
                found.append(key)
    oldest = min([one.reply.at for one in own], default=since)
    standing = {one.reply.id for one in own}
    missing = await journal.database.read(
        lambda connection: _missing(connection, account, max(since, oldest), standing)
    )
    result = Audited(len(own), tuple(found), tuple(doubled), tuple(strange), missing)
    await journal.database.write(lambda connection: _keep(connection, account, result))
    return result


def read_audits(connection: Connection) -> Mapping[str, float]:
    """The last audits of all accounts in sum: `audit.age` (seconds, of the oldest), `audit.checked`, …; or nothing."""
    query = select(facts.c.value, (now() - facts.c.at).label("age")).where(
        facts.c.name.startswith(FACT, autoescape=True)
    )
    rows = connection.execute(query).all()
    if not rows:
        return {}
    told = [json.loads(row.value) for row in rows]
    names = ("checked", "found", "doubled", "strange", "missing")
    sums = {f"audit.{name}": float(sum(_number(one[name]) for one in told)) for name in names}
    return sums | {"audit.age": float(max(row.age for row in rows))}


def _number(value: object) -> int:
    return len(value) if isinstance(value, list) else int(str(value))


def _known(connection: Connection, account: str, ids: Sequence[str]) -> set[str]:
    rows = select(episodes.c.reply_id).where(episodes.c.account == account, episodes.c.reply_id.in_(ids))
    found = {str(reply) for reply in connection.scalars(rows)}
    seal = load_seal(connection)
    sealed = {seal.reply(account, reply): reply for reply in ids if reply not in found}
    stones = select(tombstones.c.reply).where(tombstones.c.reply.in_(list(sealed)))
    return found | {sealed[reply] for reply in connection.scalars(stones)}


def _said_of(connection: Connection, key: str) -> str:
    """`posted` with another reply, `open` or ended without one, or `nothing` at all."""
    row = connection.execute(select(episodes.c.state).where(episodes.c.key == key)).first()
    if row is not None:
        return "posted" if row.state == State.POSTED.value else "open"
    seal: Seal = load_seal(connection)
    stone = connection.execute(select(tombstones.c.reply).where(tombstones.c.digest == seal.of(key))).first()
    if stone is None:
        return "nothing"
    return "posted" if stone.reply else "open"


def _missing(connection: Connection, account: str, since: datetime, standing: set[str]) -> int:
    """Replies that were posted a while ago and do not stand there; the last minutes are still under way."""
    query = select(episodes.c.reply_id).where(
        episodes.c.account == account,
        episodes.c.state == State.POSTED.value,
        episodes.c.updated_at > since.timestamp(),
        episodes.c.posted_at > since.timestamp(),
        episodes.c.posted_at < now() - 600.0,
    )
    return sum(reply not in standing for reply in connection.scalars(query))


def _keep(connection: Connection, account: str, result: Audited) -> None:
    value = json.dumps(asdict(result), ensure_ascii=False)
    connection.execute(insert_new(connection, facts, {"name": FACT + account, "value": value, "at": now()}))
    connection.execute(update(facts).where(facts.c.name == FACT + account).values(value=value, at=now()))
